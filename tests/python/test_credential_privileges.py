"""No way leads a role that is no superuser to the credentials of the machine, unless a superuser
says so. Each way that looks like one is tried."""

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from environment.postgresql import running_postgresql
from faults.clients import KEYS, ROWS, SCAN, create_table, options_clause
from faults.server import CONTAINER, FaultServer

SERVICES = ("dynamodb", "kms", "sqs", "sts", "streams")
ENDPOINTS = ("endpoint_url", *(f"{service}_endpoint_url" for service in SERVICES))
CREATE_SERVER = (
    "CREATE SERVER mine FOREIGN DATA WRAPPER dynamodb_kms_fdw OPTIONS (region 'eu-west-1'"
)
CREATE_MAPPING = "CREATE USER MAPPING FOR CURRENT_USER SERVER"
ALTER_MAPPING = "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS"
ROLE = "arn:aws:iam::123456789012:role/little"


@pytest.fixture(scope="module")
def machine():
    """What the machine's credentials come from, and where they would be collected."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def service(machine):
    machine.forget_scripts()
    machine.requests.clear()
    return machine


@pytest.fixture(scope="module")
def directory():
    path = Path(tempfile.mkdtemp(prefix="privileges.", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture(scope="module")
def postgresql(machine, directory):
    """A server whose machine has credentials."""
    config = directory / "config"
    config.write_text("")
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{machine.endpoint_url}/container/credentials",
        "AWS_CONFIG_FILE": str(config),
    }
    with running_postgresql("privileges-postgresql", environment=environment) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE eve LOGIN")
            connection.execute("CREATE ROLE chief LOGIN SUPERUSER")
        yield server


@pytest.fixture
def superuser(postgresql, database, service):
    """A superuser's connection; the machine's credentials read the table `faults`, which everybody
    may select from, on a server that everybody may use."""
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, {"credentials_required": "true"})
        connection.execute("GRANT SELECT ON faults TO PUBLIC")
        connection.execute("GRANT USAGE ON FOREIGN SERVER aws TO PUBLIC")
        connection.execute("GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_kms_fdw TO PUBLIC")
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        yield connection


@pytest.fixture
def eve(superuser, postgresql, database):
    with postgresql.connect(database, user="eve") as connection:
        yield connection


def error_of(connection, statement):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement)
    return raised.value


def assert_denied(connection, statement):
    assert error_of(connection, statement).sqlstate == "42501"


def assert_no_keys(connection, statement=SCAN):
    error = error_of(connection, statement)
    assert error.sqlstate == "28000"
    assert error.diag.message_primary.startswith("AWS credentials are required")


def was_used(service):
    """Whether the machine's credentials were asked for or signed anything."""
    asked = service.count(CONTAINER)
    return asked or any("ASIA" in str(request.headers) for request in service.requests)


# A mapping of one's own


def test_superuser_reads_by_the_machines_credentials(superuser, service):
    assert superuser.execute(SCAN).fetchall() == ROWS
    assert was_used(service)


def test_mapping_without_keys(eve, service):
    eve.execute(f"{CREATE_MAPPING} aws")
    assert_no_keys(eve)
    eve.execute(f"{ALTER_MAPPING} (ADD role_arn '{ROLE}')")
    assert_no_keys(eve)
    assert not was_used(service)


@pytest.mark.parametrize(
    "option",
    [
        "profile 'default'",
        "config_file '/etc/passwd'",
        "credentials_file '/etc/passwd'",
        "credentials_required 'false'",
        "credentials_required 'off'",
        "credentials_required '0'",
        "credentials_required 'N'",
    ],
)
def test_options_of_superusers(eve, option, service):
    assert_denied(eve, f"{CREATE_MAPPING} aws OPTIONS ({option})")
    eve.execute(f"{CREATE_MAPPING} aws OPTIONS (credentials_required 'true')")
    action = "SET" if "required" in option else "ADD"
    assert_denied(eve, f"{ALTER_MAPPING} ({action} {option})")
    assert_no_keys(eve)
    assert not was_used(service)


def test_command_is_no_option(eve):
    error = error_of(eve, f"{CREATE_MAPPING} aws OPTIONS (credential_process 'id')")
    assert error.sqlstate == "HV00D"


def test_profile_that_a_superuser_named_is_not_enough(superuser, eve, service):
    superuser.execute("CREATE USER MAPPING FOR eve SERVER aws OPTIONS (profile 'default')")
    assert_no_keys(eve)
    assert_denied(eve, f"{ALTER_MAPPING} (SET profile 'other')")
    assert_denied(eve, f"{ALTER_MAPPING} (ADD config_file '/etc/passwd')")
    eve.execute(f"{ALTER_MAPPING} (DROP profile)")
    assert_no_keys(eve)
    assert not was_used(service)


# A mapping that a superuser has opened


@pytest.fixture
def opened(superuser):
    """Eve may use the machine's credentials, for one role of AWS's."""
    options = options_clause({"credentials_required": "false", "role_arn": ROLE})
    superuser.execute(f"CREATE USER MAPPING FOR eve SERVER aws {options}")


def test_what_a_superuser_has_opened_works(opened, eve, service):
    assert eve.execute(SCAN).fetchall() == ROWS
    assert service.requests[-1].headers["x-amz-security-token"] == "token of role 1"


@pytest.mark.parametrize(
    "action",
    [
        "DROP role_arn",
        "SET role_arn 'arn:aws:iam::123456789012:role/large'",
        "ADD external_id 'other'",
        "ADD profile 'default'",
        "ADD config_file '/etc/passwd'",
        "SET credentials_required 'no'",
    ],
)
def test_opened_mapping_cannot_be_changed(opened, eve, action):
    assert_denied(eve, f"{ALTER_MAPPING} ({action})")


def test_opened_mapping_can_only_be_closed(opened, eve, service):
    eve.execute(f"{ALTER_MAPPING} (DROP credentials_required)")
    assert_no_keys(eve)
    assert_denied(eve, f"{ALTER_MAPPING} (ADD credentials_required 'false')")
    eve.execute("DROP USER MAPPING FOR CURRENT_USER SERVER aws")
    assert_denied(eve, f"{CREATE_MAPPING} aws OPTIONS (credentials_required 'false')")
    assert not was_used(service)


def test_opened_mapping_runs_no_command(superuser, eve, directory):
    (directory / "config").write_text("[default]\ncredential_process = touch /tmp/eve\n")
    superuser.execute(
        "CREATE USER MAPPING FOR eve SERVER aws OPTIONS (credentials_required 'false')"
    )
    try:
        error = error_of(eve, SCAN)
    finally:
        (directory / "config").write_text("")
    assert error.sqlstate == "28000"
    assert "credential_process may not be run" in error.diag.message_detail


# Endpoints that collect


@pytest.mark.parametrize("option", ENDPOINTS)
def test_endpoint_of_ones_own_server(eve, option, service):
    assert_denied(eve, f"{CREATE_SERVER}, {option} '{service.endpoint_url}')")
    eve.execute(f"{CREATE_SERVER})")
    assert_denied(eve, f"ALTER SERVER mine OPTIONS (ADD {option} '{service.endpoint_url}')")


def test_endpoint_allowed_by_oneself(eve, service):
    """The server takes any setting of a library that is not loaded yet, and forgets it then."""
    eve.execute(f"SET dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'")
    assert_denied(eve, f"{CREATE_SERVER}, endpoint_url '{service.endpoint_url}')")
    assert eve.execute("SHOW dynamodb_kms_fdw.allowed_endpoints").fetchall() == [("",)]
    assert_denied(eve, f"SET dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'")


@pytest.mark.parametrize(
    "setting", ["ALTER ROLE eve SET", "ALTER ROLE eve IN DATABASE {} SET", "ALTER DATABASE {} SET"]
)
@pytest.mark.parametrize("loaded", [False, True])
def test_endpoint_allowed_for_ones_next_session(eve, database, service, setting, loaded):
    if loaded:
        eve.execute(f"{CREATE_SERVER})")
    assert_denied(
        eve,
        f"{setting.format(database)} dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'",
    )


def test_endpoint_allowed_by_the_connection(superuser, postgresql, database, service):
    option = f"-c dynamodb_kms_fdw.allowed_endpoints={service.endpoint_url}"
    with postgresql.connect(database, user="eve", options=option) as connection:
        assert_denied(connection, f"{CREATE_SERVER}, endpoint_url '{service.endpoint_url}')")


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example@{}",
        "https://good.example:443@{}",
        "https://good.example.{}",
        "https://{}/https://good.example",
        "https://{}#good.example",
        "https://{}?good.example",
        "http://good.example",
        "https://good.example:8443",
        "https://good.example/path",
        "https://good.example\\@{}",
        "https://good.example, https://{}",
        "file:///etc/passwd",
        "gopher://{}",
        "//{}",
        "",
    ],
)
def test_endpoint_that_looks_like_one_that_is_allowed(superuser, postgresql, database, url):
    superuser.execute(
        "ALTER ROLE eve SET dynamodb_kms_fdw.allowed_endpoints = 'https://good.example'"
    )
    try:
        with postgresql.connect(database, user="eve") as eve:
            error = error_of(eve, f"{CREATE_SERVER}, endpoint_url '{url.format('evil.example')}')")
            assert error.sqlstate in ("42501", "HV024")
            eve.execute(f"{CREATE_SERVER}, endpoint_url 'https://good.example')")
    finally:
        superuser.execute("ALTER ROLE eve RESET ALL")


def test_endpoint_of_a_server_that_was_given(superuser, opened, eve, service):
    """What a superuser has set stays a superuser's word only as long as the server is one's."""
    superuser.execute("ALTER SERVER aws OWNER TO eve")
    assert_denied(eve, f"ALTER SERVER aws OPTIONS (SET endpoint_url '{service.endpoint_url}/x')")
    assert_denied(eve, "ALTER SERVER aws OPTIONS (ADD use_fips 'true')")
    assert_denied(eve, SCAN)
    assert_denied(superuser, SCAN)
    assert not was_used(service)


def test_servers_of_others_cannot_be_changed(eve):
    assert_denied(eve, "ALTER SERVER aws OPTIONS (SET region 'eu-west-2')")
    assert_denied(eve, "ALTER SERVER aws OWNER TO eve")
    assert_denied(eve, "ALTER SERVER aws RENAME TO mine")
    assert_denied(eve, "DROP SERVER aws")


def test_wrappers_without_checks_cannot_be_made(eve):
    handler = "HANDLER dynamodb_kms_fdw_handler NO VALIDATOR"
    assert_denied(eve, f"CREATE FOREIGN DATA WRAPPER unchecked {handler}")
    assert_denied(eve, "ALTER FOREIGN DATA WRAPPER dynamodb_kms_fdw NO VALIDATOR")
    assert_denied(eve, "ALTER FOREIGN DATA WRAPPER dynamodb_kms_fdw OWNER TO eve")


@pytest.mark.parametrize("mapped", ["postgres", "PUBLIC", "chief"])
def test_mappings_of_others_cannot_be_changed(superuser, eve, mapped):
    assert_denied(eve, f"CREATE USER MAPPING IF NOT EXISTS FOR {mapped} SERVER aws")
    superuser.execute(f"CREATE USER MAPPING IF NOT EXISTS FOR {mapped} SERVER aws")
    assert_denied(
        eve, f"ALTER USER MAPPING FOR {mapped} SERVER aws OPTIONS (ADD role_arn '{ROLE}')"
    )
    assert_denied(eve, f"DROP USER MAPPING FOR {mapped} SERVER aws")


def test_mappings_on_a_server_that_was_given(superuser, opened, eve, service):
    """A server's owner makes mappings for anybody; none of them opens the machine's credentials."""
    superuser.execute("ALTER SERVER aws OWNER TO eve")
    for mapped in ("eve", "postgres"):
        statement = f"ALTER USER MAPPING FOR {mapped} SERVER aws OPTIONS"
        assert_denied(eve, f"{statement} (ADD profile 'default')")
        assert_denied(eve, f"{statement} (ADD config_file '/etc/passwd')")
        assert_denied(eve, f"{statement} (SET credentials_required 'false')")
    assert_denied(eve, "CREATE USER MAPPING FOR PUBLIC SERVER aws OPTIONS (profile 'default')")
    assert_denied(eve, SCAN)
    assert_denied(superuser, SCAN)
    assert not was_used(service)


# A superuser on somebody's server


@pytest.mark.parametrize("mapped", ["PUBLIC", "postgres", "eve"])
def test_superuser_who_reads_somebodys_table(superuser, eve, service, mapped):
    """Eve chooses server, table and mapping; a superuser only selects."""
    eve.execute(f"{CREATE_SERVER})")
    eve.execute(f"CREATE USER MAPPING FOR {mapped} SERVER mine")
    eve.execute("CREATE FOREIGN TABLE bait (id text) SERVER mine")
    eve.execute("GRANT SELECT ON bait TO PUBLIC")
    error = error_of(superuser, "SELECT * FROM bait")
    assert error.sqlstate == ("42704" if mapped == "eve" else "28000")
    assert not was_used(service)


def test_server_that_was_given_away(superuser, eve, service):
    assert superuser.execute(SCAN).fetchall() == ROWS
    superuser.execute(f"SET dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'")
    superuser.execute("ALTER SERVER aws OWNER TO eve")
    assert_no_keys(superuser)
    superuser.execute("ALTER SERVER aws OWNER TO CURRENT_USER")
    assert superuser.execute(SCAN).fetchall() == ROWS


# One mapping for everybody, one session for several roles


@pytest.fixture
def shared(superuser):
    """The mapping is everybody's, and its credentials are in the session's memory."""
    superuser.execute("DROP USER MAPPING FOR CURRENT_USER SERVER aws")
    superuser.execute("CREATE USER MAPPING FOR PUBLIC SERVER aws")
    assert superuser.execute(SCAN).fetchall() == ROWS
    return superuser


@pytest.mark.parametrize("become", ["SET ROLE eve", "SET SESSION AUTHORIZATION eve"])
def test_another_role_in_the_same_session(shared, become):
    shared.execute(f"PREPARE reading AS {SCAN}")
    assert shared.execute("EXECUTE reading").fetchall() == ROWS
    shared.execute(become)
    assert_no_keys(shared)
    assert_no_keys(shared, "EXECUTE reading")
    shared.execute("RESET SESSION AUTHORIZATION")
    shared.execute("RESET ROLE")
    assert shared.execute(SCAN).fetchall() == ROWS


def test_another_session(shared, eve):
    assert_no_keys(eve)


def test_role_that_was_a_superuser(shared):
    shared.execute("SET SESSION AUTHORIZATION chief")
    assert shared.execute(SCAN).fetchall() == ROWS
    shared.execute("RESET SESSION AUTHORIZATION")
    try:
        shared.execute("ALTER ROLE chief NOSUPERUSER")
        shared.execute("SET SESSION AUTHORIZATION chief")
        assert_no_keys(shared)
    finally:
        shared.execute("RESET SESSION AUTHORIZATION")
        shared.execute("ALTER ROLE chief SUPERUSER")


def test_owner_of_the_server_who_was_a_superuser(shared, service):
    shared.execute(f"SET dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'")
    shared.execute("ALTER SERVER aws OWNER TO chief")
    assert shared.execute(SCAN).fetchall() == ROWS
    try:
        shared.execute("ALTER ROLE chief NOSUPERUSER")
        assert_no_keys(shared)
    finally:
        shared.execute("ALTER ROLE chief SUPERUSER")


def test_view_is_read_as_its_owner(shared, eve):
    eve.execute(f"CREATE VIEW of_eve AS {SCAN}")
    assert_no_keys(shared, "SELECT * FROM of_eve")
    shared.execute(f"CREATE VIEW of_invoker WITH (security_invoker) AS {SCAN}")
    shared.execute(f"CREATE VIEW of_superuser AS {SCAN}")
    shared.execute("GRANT SELECT ON of_invoker, of_superuser TO eve")
    assert_no_keys(eve, "SELECT * FROM of_invoker")
    assert eve.execute("SELECT * FROM of_superuser").fetchall() == ROWS  # a superuser's word


def test_function_runs_as_its_owner(shared, eve):
    eve.execute(
        "CREATE FUNCTION of_eve() RETURNS bigint SECURITY DEFINER LANGUAGE sql "
        "AS 'SELECT count(*) FROM public.faults'"
    )
    assert_no_keys(shared, "SELECT of_eve()")
    for statement in ("RESET ROLE", "SET ROLE postgres", "RESET SESSION AUTHORIZATION"):
        eve.execute(
            "CREATE OR REPLACE FUNCTION becoming() RETURNS bigint LANGUAGE plpgsql "
            f"SECURITY DEFINER AS $$ BEGIN {statement}; RETURN of_eve(); END $$"
        )
        assert error_of(shared, "SELECT becoming()").sqlstate in ("42501", "28000")
    assert_denied(eve, "SET ROLE postgres")
    assert_denied(eve, "SET SESSION AUTHORIZATION postgres")


def test_rule_writes_as_its_owner(shared, eve):
    """A superuser writes to a table whose owner has put another behind it."""
    shared.execute("GRANT INSERT ON faults TO eve")
    eve.execute("CREATE TABLE of_eve (id text)")
    eve.execute(
        "CREATE RULE onwards AS ON INSERT TO of_eve DO INSTEAD"
        " INSERT INTO public.faults (id) VALUES (new.id)"
    )
    assert_no_keys(shared, "INSERT INTO of_eve VALUES ('a')")


def test_materialized_view_is_refreshed_as_its_owner(shared, eve):
    eve.execute(f"CREATE MATERIALIZED VIEW of_eve AS {SCAN} WITH NO DATA")
    assert_no_keys(shared, "REFRESH MATERIALIZED VIEW of_eve")


def test_event_triggers_are_the_superusers(eve):
    eve.execute("CREATE FUNCTION spying() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'")
    assert_denied(eve, "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION spying()")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM messages",
        "DELETE FROM messages",
        "INSERT INTO messages VALUES ('a')",
        "INSERT INTO later VALUES ('a')",
        "SELECT * FROM changes",
    ],
)
def test_queues_and_streams(shared, eve, service, statement):
    """Also what is left to a commit takes the credentials of whoever has said it."""
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/messages"
    shared.execute(f"""
        CREATE FOREIGN TABLE messages (body text) SERVER aws OPTIONS (queue_url '{url}');
        CREATE FOREIGN TABLE later (body text) SERVER aws
            OPTIONS (queue_url '{url}', write_mode 'transaction');
        CREATE FOREIGN TABLE changes (event_id text) SERVER aws OPTIONS (stream_of 'faults');
        GRANT ALL ON messages, later, changes TO eve;
    """)
    requests = len(service.requests)
    assert_no_keys(eve, statement)
    shared.execute("SET ROLE eve")
    assert_no_keys(shared, statement)
    assert len(service.requests) == requests


def test_statements_that_run_as_the_tables_owner(shared, eve):
    eve.execute("CREATE FOREIGN TABLE of_eve (id text) SERVER aws OPTIONS (table_name 'faults')")
    assert_no_keys(shared, "ANALYZE of_eve")


def test_other_roads_to_the_server(shared, eve):
    assert_no_keys(eve, "IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public")
    shared.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO eve")
    assert_no_keys(eve, "SELECT kms_encrypt('aws', 'alias/app', 'text')")
    assert_no_keys(eve, "EXPLAIN SELECT * FROM faults WHERE id = 'a'")


def test_keys_of_ones_own_always_work(shared, eve, service):
    eve.execute(f"{CREATE_MAPPING} aws {options_clause(KEYS)}")
    assert eve.execute(SCAN).fetchall() == ROWS
    assert "Credential=AKIDFAULTS/" in service.requests[-1].headers["authorization"]
