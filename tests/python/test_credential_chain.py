"""The chain of credentials in a backend: files, containers, instances, web identities, commands."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from environment.postgresql import running_postgresql
from faults import server as faults
from faults.clients import KEYS, ROWS, SCAN, create_table, descriptors, options_clause
from faults.server import CONTAINER, INSTANCE, INSTANCE_ROLES, INSTANCE_TOKEN, FaultServer

LIMIT_SECONDS = 0.1
WAIT_SECONDS = 10
ROLE_ARN = "arn:aws:iam::123456789012:role/reader"
AMBIENT = {"credentials_required": "true"}
SIGNALS = (1 << 31) - 1  # 1 to 31; the next two are the C library's own
AGING, EXPIRING = 720, 240  # seconds: between the refreshes that are advised and due; past both


@pytest.fixture(scope="module")
def metadata():
    """DynamoDB, STS, and the services that hand out credentials."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def service(metadata):
    metadata.forget_scripts()
    metadata.requests.clear()
    metadata.reached.clear()
    return metadata


class Files:
    """A directory that the server's account can read and write."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return self.directory / name

    def write(self, name, text, mode=0o644):
        self.path(name).write_text(text)
        self.path(name).chmod(mode)
        return str(self.path(name))


@pytest.fixture(scope="module")
def files():
    directory = Path(tempfile.mkdtemp(prefix="credentials.", dir="/tmp"))
    directory.chmod(0o777)
    try:
        yield Files(directory)
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def postgresql(metadata, files):
    """A server in a container on an instance, with a config file."""
    environment = {
        "AWS_CONFIG_FILE": files.write("config", ""),
        "AWS_SHARED_CREDENTIALS_FILE": str(files.path("credentials")),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{metadata.endpoint_url}/container/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": files.write("container_token", "first"),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    with running_postgresql("chain-postgresql", environment=environment) as server:
        yield server


@pytest.fixture
def superuser(postgresql, database):
    with postgresql.connect(database) as connection:
        yield connection


@pytest.fixture
def container_session(superuser, service):
    create_table(superuser, service.endpoint_url, AMBIENT, max_attempts=2)
    return superuser


@pytest.fixture
def profile_session(superuser, service, files):
    """Makes a connection whose mapping names the profile "app" of the config file."""

    def make(lines, **mapping):
        files.write("config", lines)
        create_table(
            superuser, service.endpoint_url, {"profile": "app"} | mapping, request_timeout="60s"
        )
        return superuser

    return make


def signers(service, operation="Scan"):
    return [
        request.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
        for request in service.requests
        if request.operation == operation
    ]


def requests_of(service, operation):
    return [request for request in service.requests if request.operation == operation]


def failure(connection, statement=SCAN):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement).fetchall()
    return raised.value


def assert_no_credentials(connection, *reasons):
    error = failure(connection)
    assert error.sqlstate == "28000"
    assert error.diag.message_primary.startswith("no AWS credentials for DynamoDB ")
    for reason in reasons:
        assert reason in error.diag.message_detail
    return error


def metadata_answer(source, number, seconds=3600):
    document = faults.credential_document(source, number, seconds)
    return lambda conversation: conversation.answer(document)


# Containers


def test_container(container_session, service):
    assert container_session.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["ASIACONTAINER1"]
    assert service.requests[-1].headers["x-amz-security-token"] == "token of CONTAINER 1"
    assert container_session.execute(SCAN).fetchall() == ROWS
    (asked,) = requests_of(service, CONTAINER)
    assert asked.headers["authorization"] == "first"


def test_role_assumed_with_a_containers_credentials(superuser, service):
    role = {"role_arn": ROLE_ARN}
    create_table(superuser, service.endpoint_url, AMBIENT | role)
    assert superuser.execute(SCAN).fetchall() == ROWS
    assert signers(service, "AssumeRole") == ["ASIACONTAINER1"]
    assert signers(service) == ["ASIAROLE1"]


def test_token_file_is_read_each_time(container_session, service, files):
    service.script(CONTAINER, metadata_answer("CONTAINER", 1, EXPIRING))
    files.write("container_token", "before")
    assert container_session.execute("SELECT count(*) FROM faults").fetchall()
    files.write("container_token", "after")
    assert container_session.execute(SCAN).fetchall() == ROWS
    tokens = [request.headers["authorization"] for request in requests_of(service, CONTAINER)]
    assert tokens[0] == "before"
    assert tokens[-1] in ("before", "after")
    service.script(CONTAINER, metadata_answer("CONTAINER", 1, EXPIRING))
    service.script("Scan", faults.refuse(400, "ExpiredTokenException"))
    assert container_session.execute(SCAN).fetchall() == ROWS
    assert requests_of(service, CONTAINER)[-1].headers["authorization"] == "after"


def test_container_is_asked_again(container_session, service):
    service.script(CONTAINER, faults.answer_bytes(b"", 503), faults.answer_bytes(b'{"half":'))
    assert container_session.execute(SCAN).fetchall() == ROWS
    assert service.count(CONTAINER) == 3


def test_container_that_refuses(container_session, service):
    service.script(CONTAINER, faults.answer_bytes(b"a secret", 403))
    error = assert_no_credentials(container_session, "container (HTTP status 403)")
    assert "secret" not in str(error)
    assert service.count(CONTAINER) == 1
    assert service.count(INSTANCE_TOKEN) == 0  # what is configured and fails ends the chain
    assert container_session.execute(SCAN).fetchall() == ROWS


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (faults.answer_bytes(b'{"AccessKeyId": "a", "SecretAccessKey": "b"}'), "no expiration"),
        (faults.answer_bytes(b"a secret", 500), "HTTP status 500"),
        (faults.answer_bytes(b"a secret", 429), "HTTP status 429"),
        (faults.reset_at_once, "container ("),
        (faults.not_http, "container ("),
    ],
)
def test_container_that_fails(container_session, service, behaviour, reason):
    service.script(CONTAINER, *[behaviour] * 3)
    error = assert_no_credentials(container_session, reason)
    assert "secret" not in str(error)
    assert service.count(CONTAINER) == 3


def test_container_with_credentials_that_have_expired(container_session, service):
    service.script(CONTAINER, *[metadata_answer("CONTAINER", 1, -1)] * 3)
    assert_no_credentials(container_session, "have expired")


# Expiry, refresh, and who shares it


def test_credentials_about_to_expire_are_not_used(container_session, service):
    service.script(CONTAINER, metadata_answer("CONTAINER", 1, EXPIRING))
    service.script(CONTAINER, metadata_answer("CONTAINER", 2))
    assert container_session.execute(SCAN).fetchall() == ROWS
    assert signers(service, "DescribeTable") == ["ASIACONTAINER1"]
    assert signers(service) == ["ASIACONTAINER2"]


def test_aging_credentials_serve_meanwhile(container_session, service):
    service.script(CONTAINER, metadata_answer("CONTAINER", 1, AGING), faults.stall)
    for _ in range(3):
        assert container_session.execute(SCAN).fetchall() == ROWS
    service.wait_until_reached()
    assert set(signers(service)) == {"ASIACONTAINER1"}


def test_short_credentials_are_not_asked_for_at_every_turn(container_session, service):
    service.script(CONTAINER, *[metadata_answer("CONTAINER", n, EXPIRING) for n in range(1, 9)])
    for _ in range(5):
        assert container_session.execute(SCAN).fetchall() == ROWS
    assert service.count(CONTAINER) == 2


def test_requests_under_way_together_share_a_refresh(container_session, service):
    container_session.execute(SCAN).fetchall()
    container_session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD scan_segments '4')")
    together = threading.Barrier(4, timeout=WAIT_SECONDS)

    def expire_together(conversation):
        together.wait()
        conversation.refuse(400, "ExpiredTokenException")

    # Once it is known how large pages are, requests are under way together.
    service.script("Scan", *[faults.page(faults.ITEMS, "more")] * 4, *[expire_together] * 4)
    service.script(CONTAINER, metadata_answer("CONTAINER", 2))
    container_session.execute(SCAN).fetchall()
    assert service.count(CONTAINER) == 2
    assert signers(service)[-8:] == ["ASIACONTAINER1"] * 4 + ["ASIACONTAINER2"] * 4


def test_changed_mapping_looks_again(container_session, service):
    container_session.execute(SCAN).fetchall()
    container_session.execute(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (SET credentials_required 'yes')"
    )
    container_session.execute(SCAN).fetchall()
    assert service.count(CONTAINER) == 2


def test_keys_of_a_file_that_have_been_replaced(profile_session, service, files):
    config = "[profile app]\naws_access_key_id = {}\naws_secret_access_key = s\n"
    session = profile_session(config.format("AKIAOLD"))
    session.execute(SCAN).fetchall()
    files.write("config", config.format("AKIANEW"))
    service.script("Scan", faults.refuse(403, "UnrecognizedClientException"))
    assert session.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["AKIAOLD", "AKIAOLD", "AKIANEW"]


# Instances

ROLE_OF_INSTANCE = """
[profile app]
role_arn = arn:aws:iam::123456789012:role/app
credential_source = Ec2InstanceMetadata
"""


def test_instance(profile_session, service):
    session = profile_session(ROLE_OF_INSTANCE)
    assert session.execute(SCAN).fetchall() == ROWS
    assert signers(service, "AssumeRole") == ["ASIAINSTANCE1"]
    (asked,) = requests_of(service, INSTANCE_TOKEN)
    assert asked.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    for operation in (INSTANCE_ROLES, INSTANCE):
        (asked,) = requests_of(service, operation)
        assert asked.headers["x-aws-ec2-metadata-token"] == "metadata-token=="


def test_instance_is_asked_again(profile_session, service):
    service.script(INSTANCE_TOKEN, faults.answer_bytes(b"", 503))
    service.script(INSTANCE, faults.answer_bytes(b"{"), faults.answer_bytes(b"", 429))
    assert profile_session(ROLE_OF_INSTANCE).execute(SCAN).fetchall() == ROWS
    assert service.count(INSTANCE) == 3


def test_instance_without_version_2_is_not_asked_by_version_1(profile_session, service):
    service.script(INSTANCE_TOKEN, faults.answer_bytes(b"", 404))
    session = profile_session(ROLE_OF_INSTANCE)
    error = assert_no_credentials(session, "instance metadata (HTTP status 404)")
    assert "aws_access_key_id" in error.diag.message_hint
    assert service.count(INSTANCE_ROLES) == service.count(INSTANCE) == 0


@pytest.mark.parametrize(
    ("operation", "answer", "reason"),
    [
        (INSTANCE_ROLES, b"", "the instance has no role"),
        (INSTANCE_ROLES, b"../../x", "name of the instance's role is none"),
        (INSTANCE, b'{"Code": "AssumeRoleUnauthorizedAccess"}', "another code"),
        (INSTANCE_TOKEN, b"a\r\nx-more: b", "token of the metadata service is none"),
        (INSTANCE, b"x" * 2_000_000, "exceeds the size"),
    ],
)
def test_instance_that_answers_nonsense(profile_session, service, operation, answer, reason):
    service.script(operation, *[faults.answer_bytes(answer)] * 3)
    assert_no_credentials(profile_session(ROLE_OF_INSTANCE), reason)


# Roles of profiles, web identities

CHAIN = """
[profile app]
role_arn = arn:aws:iam::123456789012:role/app
source_profile = middle
external_id = outside
role_session_name = of-app
duration_seconds = 1800

[profile middle]
role_arn = arn:aws:iam::123456789012:role/middle
source_profile = base

[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret of base
"""


def test_roles_one_with_the_others_credentials(profile_session, service):
    service.script("AssumeRole", faults.assume_role(1), faults.assume_role(2))
    assert profile_session(CHAIN).execute(SCAN).fetchall() == ROWS
    assert signers(service, "AssumeRole") == ["AKIABASE", "ASIAROLE1"]
    assert signers(service) == ["ASIAROLE2"]
    first, second = (request.body for request in requests_of(service, "AssumeRole"))
    assert first["RoleArn"].endswith("role/middle")
    assert second["RoleArn"].endswith("role/app")
    assert second["ExternalId"] == "outside"
    assert second["RoleSessionName"] == "of-app"
    assert second["DurationSeconds"] == "1800"


def test_role_that_sts_refuses(profile_session, service):
    service.script("AssumeRole", faults.assume_role(1))
    service.script("AssumeRole", faults.refuse_role(403, "AccessDenied", "not you"))
    error = failure(profile_session(CHAIN))
    assert error.sqlstate == "42501"
    assert error.diag.message_primary == "AWS STS AssumeRole failed: not you"


def test_role_whose_answer_is_cut_is_asked_for_again(profile_session, service):
    service.script("AssumeRole", faults.answer_bytes(faults.assumed_role(1)[:200]))
    assert profile_session(CHAIN).execute(SCAN).fetchall() == ROWS
    assert signers(service, "AssumeRole") == ["AKIABASE", "AKIABASE", "ASIAROLE1"]


def test_profiles_in_a_circle(profile_session, service):
    session = profile_session(CHAIN.replace("= base", "= app"))
    assert_no_credentials(session, "leads back")
    assert not service.requests


def web_identity(files):
    token = files.write("web_token", "header.claims.signature")
    role = "role_arn = arn:aws:iam::123456789012:role/web"
    return f"[profile app]\n{role}\nweb_identity_token_file = {token}\n"


def test_web_identity(profile_session, service, files):
    session = profile_session(web_identity(files))
    assert session.execute(SCAN).fetchall() == ROWS
    (asked,) = requests_of(service, "AssumeRoleWithWebIdentity")
    assert asked.body["WebIdentityToken"] == "header.claims.signature"
    assert "authorization" not in asked.headers
    assert signers(service) == ["ASIAROLE1"]


def test_web_identity_is_read_each_time(profile_session, service, files):
    session = profile_session(web_identity(files))
    session.execute(SCAN).fetchall()
    files.write("web_token", "another")
    service.script("Scan", faults.refuse(400, "ExpiredTokenException"))
    assert session.execute(SCAN).fetchall() == ROWS
    asked = requests_of(service, "AssumeRoleWithWebIdentity")
    assert [request.body["WebIdentityToken"] for request in asked][1:] == ["another"]


def test_web_identity_without_its_file(profile_session, files):
    lines = web_identity(files)
    files.path("web_token").unlink()
    assert_no_credentials(profile_session(lines), "web_token", "No such file or directory")


def test_roles_of_motos_sts(superuser, service, files, moto):
    """moto's STS gives keys for what we ask as it does for what boto3 asks."""
    lines = CHAIN + web_identity(files).replace("profile app", "profile web")
    config = files.write("config", lines)
    for number, profile in enumerate(("app", "web")):
        superuser.execute("DROP SERVER IF EXISTS aws CASCADE")
        mapping = {"profile": profile, "config_file": config}
        create_table(superuser, service.endpoint_url, mapping, sts_endpoint_url=moto.endpoint_url)
        assert superuser.execute(SCAN).fetchall() == ROWS
        assert signers(service)[number].startswith("ASIA")
    assert service.count("AssumeRole") == 0


# Files


def test_files_of_the_mapping(superuser, service, files):
    keys = "[app]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n"
    mine = files.write("my_credentials", keys)
    files.write("config", "")
    create_table(superuser, service.endpoint_url, {"credentials_file": mine, "profile": "app"})
    superuser.execute(SCAN).fetchall()
    assert signers(service) == ["AKIAMINE"]


@pytest.mark.parametrize("option", ["config_file", "credentials_file"])
def test_file_of_the_mapping_that_is_missing(superuser, service, files, option):
    missing = str(files.path("missing"))
    create_table(superuser, service.endpoint_url, {option: missing})
    assert_no_credentials(superuser, f'file "{missing}" (No such file or directory)')


def test_file_that_is_a_pipe_does_not_hold_up(superuser, service, files):
    pipe = files.path("pipe")
    os.mkfifo(pipe)
    create_table(superuser, service.endpoint_url, {"config_file": str(pipe)})
    assert_no_credentials(superuser, "it is not a regular file")
    pipe.unlink()


def test_wrong_line_of_a_file_is_not_shown(profile_session, service):
    session = profile_session("[profile app]\nsecret line\n")
    error = assert_no_credentials(session, "line is neither a section nor a property, line 2")
    assert "secret" not in error.diag.message_detail


def test_links_that_were_tried(profile_session, files):
    error = assert_no_credentials(profile_session("[profile other]\n"))
    assert error.diag.message_detail == (
        f'Tried: file "{files.path("credentials")}" (No such file or directory), '
        'profile "app" (no file has it).'
    )


# Commands


def command(line, name="app"):
    return f"[profile {name}]\ncredential_process = {line}\n"


def document_file(files, number=1):
    text = str(faults.credential_document("COMMAND", number)).replace("'", '"')
    return files.write("document", text)


def test_command(profile_session, service, files):
    session = profile_session(command(f'cat "{document_file(files)}"'))
    assert session.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["ASIACOMMAND1"]
    assert service.requests[-1].headers["x-amz-security-token"] == "token of COMMAND 1"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("false", "credential_process (it ended with status 1)"),
        ("/nonexistent/command", "could not be started: No such file or directory"),
        ("sh -c 'kill -9 $$'", "it was ended by signal 9"),
        ("head -c 2000000 /dev/zero", "it writes too much"),
        ("true", "document is empty"),
        ("echo a secret", "no JSON object"),
        ("sh -c 'echo a secret >&2; exit 3'", "it ended with status 3"),
        ("echo {} ; cat DOCUMENT", "text goes on"),
        ("cat $HOME", "it ended with status 1"),
    ],
)
def test_command_that_gives_nothing(profile_session, files, line, reason):
    session = profile_session(command(line.replace("DOCUMENT", document_file(files))))
    error = assert_no_credentials(session, reason)
    assert "a secret" not in str(error)


def test_command_inherits_no_descriptor_and_no_handler(profile_session, files):
    script = (
        f"ls /proc/self/fd > {files.path('descriptors')}; "
        f'grep -E "Sig(Blk|Ign)" /proc/self/status > {files.path("signals")}; '
        f"cat {document_file(files)}"
    )
    session = profile_session(command(f"sh -c '{script}'"))
    assert session.execute(SCAN).fetchall() == ROWS
    # ls has the directory open.
    assert files.path("descriptors").read_text().split() == ["0", "1", "2", "3"]
    masks = [int(line.split()[1], 16) for line in files.path("signals").read_text().splitlines()]
    assert [mask & SIGNALS for mask in masks] == [0, 0]


def test_command_that_is_slow_to_end(profile_session, files):
    document = document_file(files)
    session = profile_session(command(f"sh -c 'cat {document}; exec >&-; sleep 0.1'"))
    assert session.execute(SCAN).fetchall() == ROWS


def test_command_that_does_not_end_in_time(profile_session, files):
    session = profile_session(command(sleeping_command(files)))
    session.execute("ALTER SERVER aws OPTIONS (SET request_timeout '300ms')")
    assert_no_credentials(session, "it did not end in time")
    wait_for_end(process_of_command(files))


def test_nothing_is_left_behind(profile_session, service, files):
    """Descriptors and children of the backend, after steps that went well and that did not."""
    lines = [command(f"cat {document_file(files)}"), command("false"), command("/nonexistent")]
    lines += [ROLE_OF_INSTANCE, command("head -c 2000000 /dev/zero"), web_identity(files)]
    session = profile_session("")
    mapping = "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS"
    session.execute(f"{mapping} (ADD role_session_name 'one', ADD role_arn '{ROLE_ARN}')")

    def go_round(number):
        for text in lines:
            files.write("config", text)
            session.execute(f"{mapping} (SET role_session_name 'number{number}')")
            with contextlib.suppress(psycopg.Error):
                session.execute(SCAN).fetchall()
        return len(descriptors(session))

    first = go_round(1)
    assert [go_round(number) for number in (2, 3, 4)] == [first] * 3
    process_id = session.info.backend_pid
    assert not Path(f"/proc/{process_id}/task/{process_id}/children").read_text()


# Cancel


def sleeping_command(files):
    files.path("process_id").unlink(missing_ok=True)
    return f"sh -c 'echo $$ > {files.path('new_id')}; mv {files.path('new_id')} " + (
        f"{files.path('process_id')}; sleep 60; true'"
    )


def wait_until(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.001)


def process_of_command(files):
    wait_until(files.path("process_id").exists, "the command does not start")
    return int(files.path("process_id").read_text())


def is_running(process_id):
    """Also false for a process that has ended and was not waited for."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_for_end(process_id):
    wait_until(lambda: not is_running(process_id), "the command does not end")


class Statement:
    """Runs in a thread of its own."""

    def __init__(self, connection):
        self.error = None
        self._thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
        self._thread.start()

    def _run(self, connection):
        try:
            connection.execute(SCAN).fetchall()
        except psycopg.Error as error:
            self.error = error
        self.ended_at = time.monotonic()

    def seconds_until_end(self, since):
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive(), "the statement does not end"
        return self.ended_at - since


def stuck_in(operation, config):
    """A step in which a service does not answer."""

    def prepare(service, files):
        service.reached.clear()
        service.script(operation, faults.stall)
        return config(files) if callable(config) else config, service.wait_until_reached

    return prepare


def stuck_in_command(service, files):
    return command(sleeping_command(files)), lambda: process_of_command(files)


STEPS = {
    "container": stuck_in(CONTAINER, "[profile app]\nregion = eu-central-1\n"),
    "instance token": stuck_in(INSTANCE_TOKEN, ROLE_OF_INSTANCE),
    "instance role": stuck_in(INSTANCE_ROLES, ROLE_OF_INSTANCE),
    "instance document": stuck_in(INSTANCE, ROLE_OF_INSTANCE),
    "role": stuck_in("AssumeRole", CHAIN),
    "web identity": stuck_in("AssumeRoleWithWebIdentity", web_identity),
    "command": stuck_in_command,
}


@pytest.mark.parametrize("step", STEPS)
def test_cancel(superuser, service, files, step):
    seconds = []
    while len(seconds) < 3 and min(seconds, default=LIMIT_SECONDS) >= LIMIT_SECONDS:
        lines, wait = STEPS[step](service, files)
        config = files.write("config", lines)
        superuser.execute("DROP SERVER IF EXISTS aws CASCADE")
        mapping = {"profile": "app", "config_file": config}
        create_table(superuser, service.endpoint_url, mapping, request_timeout="60s")
        statement = Statement(superuser)
        wait()
        cancelled_at = time.monotonic()
        superuser.cancel()
        seconds.append(statement.seconds_until_end(cancelled_at))
        assert statement.error.sqlstate == "57014"
        service.forget_scripts()
    assert min(seconds) < LIMIT_SECONDS, seconds


def test_cancel_ends_the_command(profile_session, files):
    session = profile_session(command(sleeping_command(files)))
    statement = Statement(session)
    process_id = process_of_command(files)
    session.cancel()
    statement.seconds_until_end(time.monotonic())
    wait_for_end(process_id)
    files.write("config", command(f"cat {document_file(files)}"))
    assert session.execute(SCAN).fetchall() == ROWS


def test_error_that_is_caught_ends_the_command(profile_session, files):
    session = profile_session(command(sleeping_command(files)))
    session.execute("SET statement_timeout = '1s'")
    session.execute("""DO $$ BEGIN
        PERFORM * FROM faults;
    EXCEPTION WHEN query_canceled THEN
        NULL;
    END $$""")
    wait_for_end(process_of_command(files))


def test_command_ends_with_the_backend(profile_session, postgresql, files):
    session = profile_session(command(sleeping_command(files)))
    statement = Statement(session)
    process_id = process_of_command(files)
    with postgresql.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s)", (session.info.backend_pid,))
    statement.seconds_until_end(time.monotonic())
    wait_for_end(process_id)


# The environment


@pytest.fixture
def connection_to(metadata):
    """Makes a connection to a server with that environment, with a table read by no keys."""
    with contextlib.ExitStack() as stack:

        def connect(environment, mapping=AMBIENT):
            server = stack.enter_context(running_postgresql("environment", environment=environment))
            name = stack.enter_context(server.database())
            connection = stack.enter_context(server.connect(name))
            create_table(connection, metadata.endpoint_url, mapping)
            return connection

        yield connect


def test_keys_of_the_environment(connection_to, service, files):
    environment = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "of the environment"}
    config = files.write("config", command("false"))
    connection = connection_to(environment | {"AWS_CONFIG_FILE": config})
    assert connection.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["AKIAENV"]
    connection.execute("ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (ADD profile 'app')")
    assert_no_credentials(connection, "credential_process")  # a named profile precedes


def test_web_identity_of_the_environment(connection_to, service, files):
    environment = {
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": files.write("web_token", "of the pod"),
    }
    connection = connection_to(environment)
    assert connection.execute(SCAN).fetchall() == ROWS
    (asked,) = requests_of(service, "AssumeRoleWithWebIdentity")
    assert asked.body["WebIdentityToken"] == "of the pod"


def test_instance_as_the_last_link(connection_to, service):
    environment = {
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    connection = connection_to(environment)
    assert connection.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["ASIAINSTANCE1"]


def test_nothing_anywhere(connection_to):
    error = assert_no_credentials(connection_to({}))
    assert error.diag.message_detail == (
        "Tried: environment (AWS_ACCESS_KEY_ID is not set), "
        'file "/nonexistent/.aws/config" (No such file or directory), '
        'file "/nonexistent/.aws/credentials" (No such file or directory), '
        'profile "default" (no file has it), '
        "container (no variable names its endpoint), "
        "instance metadata (AWS_EC2_METADATA_DISABLED is set)."
    )


def test_region_of_a_signature_is_the_servers(superuser, service):
    """Whatever the host is called."""
    url = f"http://dynamodb.us-west-2.localhost:{service.port}"
    create_table(superuser, url, AMBIENT)
    assert superuser.execute(SCAN).fetchall() == ROWS
    assert "/eu-central-1/dynamodb/aws4_request" in service.requests[-1].headers["authorization"]


def test_explicit_keys_look_nowhere(superuser, service):
    create_table(superuser, service.endpoint_url, KEYS)
    assert superuser.execute(SCAN).fetchall() == ROWS
    assert service.count(CONTAINER) == 0


def test_keys_and_profile_exclude_each_other(superuser, service):
    create_table(superuser, service.endpoint_url, KEYS)
    with pytest.raises(psycopg.Error) as raised:
        superuser.execute(
            "ALTER USER MAPPING FOR CURRENT_USER SERVER aws "
            + options_clause({"profile": "app"}).replace("(", "(ADD ")
        )
    assert raised.value.sqlstate == "HV00D"
