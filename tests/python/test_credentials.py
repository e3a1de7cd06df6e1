"""Keys of user mappings, roles assumed with them, and who may use what."""

import psycopg
import pytest
from faults import server as faults
from faults.clients import KEYS, ROWS, SCAN, create_table, options_clause

ROLE = {
    "role_arn": "arn:aws:iam::123456789012:role/reader",
    "external_id": "outside+inside=both",
    "role_session_name": "a-session",
    "role_duration": "20min",
}


@pytest.fixture
def superuser(postgresql, database):
    with postgresql.connect(database) as connection:
        yield connection


@pytest.fixture
def role_session(superuser, service):
    """A connection whose mapping names a role."""
    create_table(superuser, service.endpoint_url, KEYS | ROLE, max_attempts=2)
    return superuser


def signers(service, operation="Scan"):
    """The access key ids that requests of the operation were signed with."""
    return [
        request.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        for request in service.requests
        if request.operation == operation
    ]


def failure(connection, statement=SCAN):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement).fetchall()
    return raised.value


# Roles


def test_requests_are_signed_by_the_role(role_session, service):
    assert role_session.execute(SCAN).fetchall() == ROWS
    assert signers(service, "AssumeRole") == ["AKIDFAULTS"]
    assert signers(service) == ["ASIAROLE1"]
    assert service.requests[-1].headers["x-amz-security-token"] == "token of role 1"
    asked = service.requests[0].body
    assert asked["RoleArn"] == ROLE["role_arn"]
    assert asked["ExternalId"] == ROLE["external_id"]
    assert asked["RoleSessionName"] == ROLE["role_session_name"]
    assert asked["DurationSeconds"] == "1200"


def test_session_of_a_role_serves_many_statements(role_session, service):
    for _ in range(3):
        role_session.execute(SCAN).fetchall()
    assert service.count("AssumeRole") == 1


def test_session_about_to_expire_is_not_used(role_session, service):
    service.script("AssumeRole", faults.assume_role(1, 240), faults.assume_role(2))
    for _ in range(2):
        assert role_session.execute(SCAN).fetchall() == ROWS
    assert signers(service, "DescribeTable") == ["ASIAROLE1"]
    assert signers(service) == ["ASIAROLE2", "ASIAROLE2"]


def test_aging_session_serves_while_the_next_one_is_asked_for(role_session, service):
    service.script("AssumeRole", faults.assume_role(1, 720), faults.assume_role(2))
    while signers(service)[-1:] != ["ASIAROLE2"] and len(signers(service)) < 50:
        assert role_session.execute(SCAN).fetchall() == ROWS
    assert signers(service)[0] == "ASIAROLE1"
    assert signers(service)[-1] == "ASIAROLE2"
    assert service.count("AssumeRole") == 2


def test_failed_refresh_leaves_a_good_session_in_use(role_session, service):
    service.script(
        "AssumeRole", faults.assume_role(1, 720), faults.refuse_role(403, "AccessDenied")
    )
    for _ in range(5):
        assert role_session.execute(SCAN).fetchall() == ROWS
    assert set(signers(service)) == {"ASIAROLE1"}


def test_session_that_the_service_calls_expired_is_renewed_once(role_session, service):
    service.script("AssumeRole", faults.assume_role(1), faults.assume_role(2))
    role_session.execute(SCAN).fetchall()
    service.script("Scan", faults.refuse(400, "ExpiredTokenException"))
    assert role_session.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["ASIAROLE1", "ASIAROLE1", "ASIAROLE2"]
    service.script("Scan", *[faults.refuse(400, "ExpiredTokenException")] * 2)
    assert failure(role_session).sqlstate == "28000"


def test_refused_role(role_session, service):
    service.script("AssumeRole", faults.refuse_role(403, "AccessDenied", "not you"))
    error = failure(role_session)
    assert error.sqlstate == "42501"
    assert error.diag.message_primary == "AWS STS AssumeRole failed: not you"
    assert role_session.execute(SCAN).fetchall() == ROWS


WRITES = {
    "PutItem": "INSERT INTO faults VALUES ('new')",
    "DeleteItem": "DELETE FROM faults WHERE id = 'key 0'",
    "BatchWriteItem": "INSERT INTO overwritten VALUES ('new')",
    "TransactWriteItems": "INSERT INTO pending VALUES ('new')",
}


@pytest.mark.parametrize(("operation", "statement"), WRITES.items())
def test_role_refused_to_writers(role_session, service, operation, statement):
    for name, mode in {"overwritten": "overwrite", "pending": "transaction"}.items():
        role_session.execute(
            f"CREATE FOREIGN TABLE {name} (id text) SERVER aws"
            f" OPTIONS (table_name 'faults', write_mode '{mode}')"
        )
    refused = faults.refuse_role(403, "AccessDenied", "not you")
    service.script("AssumeRole", faults.assume_role(1), refused, refused)
    service.script(operation, faults.refuse(400, "ExpiredTokenException"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
        role_session.execute(statement)
    assert raised.value.diag.message_primary == "AWS STS AssumeRole failed: not you"


def test_role_is_tried_again(role_session, service):
    service.script("AssumeRole", faults.refuse_role(503, "ServiceUnavailable"))
    assert role_session.execute(SCAN).fetchall() == ROWS


def test_malformed_answer_about_a_role(role_session, service):
    behaviour = faults.answer_bytes(b"<AssumeRoleResponse/>")
    service.script("AssumeRole", behaviour, behaviour)
    assert failure(role_session).sqlstate == "08P01"


def test_cancel_while_the_role_is_asked_for(role_session, service):
    service.script("AssumeRole", faults.stall)
    role_session.execute("SET statement_timeout = '200ms'")
    assert failure(role_session).sqlstate == "57014"
    # The request to STS goes on for the statements to come, and so does its timeout.
    role_session.execute("RESET statement_timeout")
    role_session.execute("ALTER SERVER aws OPTIONS (ADD request_timeout '5s')")
    assert role_session.execute(SCAN).fetchall() == ROWS


# Explicit keys


def test_session_token_of_the_mapping_is_sent(superuser, service):
    create_table(superuser, service.endpoint_url, KEYS | {"aws_session_token": "a token"})
    superuser.execute(SCAN).fetchall()
    assert service.requests[-1].headers["x-amz-security-token"] == "a token"


def test_mapping_without_keys(superuser, service):
    create_table(superuser, service.endpoint_url)
    drops = ", ".join(f"DROP {option}" for option in KEYS)
    superuser.execute(f"ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS ({drops})")
    error = failure(superuser)
    assert error.sqlstate == "28000"
    assert "aws_access_key_id" in error.diag.message_hint
    assert not service.requests


def test_mapping_that_is_missing(superuser, service):
    create_table(superuser, service.endpoint_url)
    superuser.execute("DROP USER MAPPING FOR CURRENT_USER SERVER aws")
    assert failure(superuser).sqlstate == "42704"


@pytest.fixture
def reader(superuser, service):
    """A role that is no superuser and may read the table; the connection acts as it."""
    create_table(superuser, service.endpoint_url)
    superuser.execute("DROP ROLE IF EXISTS faults_reader")
    superuser.execute("CREATE ROLE faults_reader")
    superuser.execute("GRANT SELECT ON faults TO faults_reader")
    superuser.execute("GRANT USAGE ON FOREIGN SERVER aws TO faults_reader")
    yield superuser
    superuser.execute("RESET ROLE")
    superuser.execute("DROP OWNED BY faults_reader CASCADE")
    superuser.execute("DROP ROLE faults_reader")


def test_role_without_a_mapping_has_no_credentials(reader):
    reader.execute("SET ROLE faults_reader")
    assert failure(reader).sqlstate == "42704"


def test_role_with_keys_of_its_own(reader, service):
    keys = options_clause(KEYS | {"aws_access_key_id": "AKIDREADER"})
    reader.execute(f"CREATE USER MAPPING FOR faults_reader SERVER aws {keys}")
    reader.execute("SET ROLE faults_reader")
    assert reader.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["AKIDREADER"]


def test_keys_of_the_public_mapping_serve_everybody(reader, service):
    keys = options_clause(KEYS | {"aws_access_key_id": "AKIDPUBLIC"})
    reader.execute(f"CREATE USER MAPPING FOR PUBLIC SERVER aws {keys}")
    reader.execute("SET ROLE faults_reader")
    assert reader.execute(SCAN).fetchall() == ROWS
    assert signers(service) == ["AKIDPUBLIC"]


@pytest.mark.parametrize("options", ["", "OPTIONS (credentials_required 'false')"])
def test_role_without_keys_gets_nobody_else_s(reader, service, options):
    reader.execute(SCAN).fetchall()
    reader.execute(f"CREATE USER MAPPING FOR faults_reader SERVER aws {options}")
    reader.execute("SET ROLE faults_reader")
    error = failure(reader)
    assert error.sqlstate == "28000"
    assert signers(service) == ["AKIDFAULTS"]


def test_endpoint_of_a_server_that_no_superuser_owns(reader, service):
    reader.execute("GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_kms_fdw TO faults_reader")
    reader.execute("ALTER SERVER aws OWNER TO faults_reader")
    error = failure(reader)
    assert error.sqlstate == "42501"
    assert "allowed_endpoints" in error.diag.message_hint
    reader.execute(f"SET dynamodb_kms_fdw.allowed_endpoints = '{service.endpoint_url}'")
    assert reader.execute(SCAN).fetchall() == ROWS
    reader.execute("ALTER SERVER aws OWNER TO CURRENT_USER")


# The log


def test_log_shows_operations_and_no_secret(role_session, service, postgresql):
    role_session.execute("SET dynamodb_kms_fdw.log_requests = on")
    where = "SELECT id FROM faults WHERE id = 'key 3'"
    assert role_session.execute(where).fetchall() == [("key 3",)]
    log = postgresql.log_path.read_text()
    assert "DynamoDB GetItem of table faults: status 200" in log
    assert "AWS STS AssumeRole: status 200" in log
    for secret in ("key 3", "secret of", "token of", "AWS4-HMAC"):
        assert secret not in log.rpartition("AssumeRole: status")[2]
