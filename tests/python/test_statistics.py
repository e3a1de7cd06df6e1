"""What requests have cost, and what of them is logged."""

import re

import psycopg
import pytest
from conftest import create_server
from faults import server as faults
from faults.clients import KEYS, SCAN, options_clause
from faults.server import refuse

COLUMNS = """server, service, operation, requests, retries, throttles, errors, bytes_in, bytes_out,
    capacity_units, cache_hits, cache_misses"""


def statistics(connection):
    """The rows by server, service and operation, each a dictionary of the rest."""
    cursor = connection.execute(f"SELECT {COLUMNS} FROM dynamodb_kms_stats()")
    names = [column.name for column in cursor.description[3:]]
    rows = cursor.fetchall()
    found = {row[:3]: dict(zip(names, row[3:], strict=True)) for row in rows}
    assert len(found) == len(rows)
    return found


# --- counting -------------------------------------------------------------------------------------


def test_nothing_was_asked_yet(session):
    assert statistics(session) == {}


def test_attempts_and_their_ends_are_counted(session, service):
    throttled = refuse(400, "ThrottlingException")
    service.script("Scan", throttled, throttled, refuse(500, "InternalServerError"))
    session.execute(SCAN)
    service.script("GetItem", refuse(400, "AccessDeniedException"))
    with pytest.raises(psycopg.Error):
        session.execute("SELECT value FROM faults WHERE id = 'key 1'")
    session.execute("SELECT value FROM faults WHERE id = 'key 1'")
    found = statistics(session)
    scan = found["aws", "dynamodb", "Scan"]
    assert (scan["requests"], scan["retries"], scan["throttles"], scan["errors"]) == (4, 3, 2, 0)
    assert scan["capacity_units"] == 0.5
    get = found["aws", "dynamodb", "GetItem"]
    assert (get["requests"], get["retries"], get["throttles"], get["errors"]) == (2, 0, 0, 1)
    assert found["aws", "dynamodb", "DescribeTable"]["requests"] == 1
    assert len(found) == 3


def test_bytes_are_those_of_bodies(session, service):
    body = b'{"Items": [], "Count": 0, "ScannedCount": 0}'
    service.script("Scan", faults.answer_bytes(body))
    session.execute(SCAN)
    scan = statistics(session)["aws", "dynamodb", "Scan"]
    assert scan["bytes_in"] == len(body)
    (request,) = [request for request in service.requests if request.operation == "Scan"]
    assert scan["bytes_out"] == int(request.headers["content-length"])


def test_counts_are_the_servers_and_the_sessions(session, service, postgresql, database):
    """Roles of one session share them; servers and sessions do not."""
    server = options_clause({"region": "eu-central-1", "endpoint_url": service.endpoint_url})
    session.execute(f"CREATE SERVER other FOREIGN DATA WRAPPER dynamodb_kms_fdw {server}")
    session.execute(f"CREATE USER MAPPING FOR CURRENT_USER SERVER other {options_clause(KEYS)}")
    session.execute(
        "CREATE FOREIGN TABLE more (id text) SERVER other OPTIONS (table_name 'faults')"
    )
    session.execute("CREATE ROLE statistics_reader")
    try:
        session.execute("GRANT USAGE ON FOREIGN SERVER aws TO statistics_reader")
        session.execute("GRANT SELECT ON faults TO statistics_reader")
        session.execute("GRANT EXECUTE ON FUNCTION dynamodb_kms_stats TO statistics_reader")
        mapping = options_clause(KEYS)
        session.execute(f"CREATE USER MAPPING FOR statistics_reader SERVER aws {mapping}")
        session.execute(SCAN)
        session.execute("SELECT id FROM more")
        session.execute("SET ROLE statistics_reader")
        session.execute(SCAN)
        # of the server that it may not use the role sees nothing
        assert {server for server, _, _ in statistics(session)} == {"aws"}
        assert statistics(session)["aws", "dynamodb", "Scan"]["requests"] == 2
        session.execute("RESET ROLE")
        assert statistics(session)["other", "dynamodb", "Scan"]["requests"] == 1
        with postgresql.connect(database) as another:
            assert statistics(another) == {}
        session.execute("DROP SERVER other CASCADE")
        assert {server for server, _, _ in statistics(session)} == {"aws"}
    finally:
        session.execute("RESET ROLE")
        session.execute("DROP OWNED BY statistics_reader")
        session.execute("DROP ROLE statistics_reader")


def test_the_function_is_nobodys_by_default(session):
    session.execute("CREATE ROLE statistics_stranger")
    session.execute("SET ROLE statistics_stranger")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        statistics(session)
    session.execute("RESET ROLE")
    session.execute("DROP ROLE statistics_stranger")


def test_counts_survive_changes_of_server_and_mapping(session):
    session.execute(SCAN)
    session.execute("ALTER SERVER aws OPTIONS (ADD max_attempts '2')")
    session.execute(SCAN)
    assert statistics(session)["aws", "dynamodb", "Scan"]["requests"] == 2


# --- on an emulator -------------------------------------------------------------------------------

MODES = ["statement", "transaction"]


@pytest.fixture
def written(postgresql, database, moto):
    """A connection to moto, with a table for each mode and one with an encrypted column."""
    client = moto.client()
    kms = moto.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        for mode in MODES:
            connection.execute(
                f"CREATE FOREIGN TABLE {mode}_table (id text OPTIONS (key 'hash'), n int, v text)"
                f" SERVER aws OPTIONS (table_name 'statistics_{mode}', write_mode '{mode}')"
            )
            connection.execute(f"SELECT dynamodb_create_table('{mode}_table')")
        connection.execute(
            "CREATE FOREIGN TABLE secrets (id text, v text OPTIONS (kms_encrypted 'true'))"
            f" SERVER aws OPTIONS (table_name 'statistics_statement', kms_key_id '{key_id}')"
        )
        yield connection
        for mode in MODES:
            client.delete_table(TableName=f"statistics_{mode}")


def units(connection, operation):
    return statistics(connection).get(("aws", "dynamodb", operation), {}).get("capacity_units", 0)


def test_capacity_of_reads_and_writes_is_what_dynamodb_says(written, moto):
    """moto says of each, in its own way, what boto3 shows of the same request."""
    client = moto.client()
    item = {"id": {"S": "x"}, "v": {"S": "y" * 3000}}
    answer = client.put_item(
        TableName="statistics_statement", Item=item, ReturnConsumedCapacity="TOTAL"
    )
    put = answer["ConsumedCapacity"]["CapacityUnits"]
    before = units(written, "PutItem")
    written.execute("INSERT INTO statement_table VALUES ('a', 1, 'b'), ('c', 2, 'd')")
    assert units(written, "PutItem") == before + 2 * put
    answer = client.scan(TableName="statistics_statement", ReturnConsumedCapacity="TOTAL")
    scan = answer["ConsumedCapacity"]["CapacityUnits"]
    assert scan > 0
    written.execute("SELECT * FROM statement_table").fetchall()
    assert units(written, "Scan") == scan


def test_capacity_of_a_transaction(session, service):
    def committed(conversation):
        capacity = [{"TableName": "faults", "CapacityUnits": 6.0}]
        conversation.answer({"ConsumedCapacity": capacity})

    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD write_mode 'transaction')")
    service.script("TransactWriteItems", committed)
    session.execute("INSERT INTO faults VALUES ('new', 1)")
    found = statistics(session)["aws", "dynamodb", "TransactWriteItems"]
    assert (found["requests"], found["capacity_units"]) == (1, 6.0)


def test_plaintexts_that_are_had_again_are_hits(written, moto):
    """One ciphertext in two items is decrypted once."""
    client = moto.client()
    written.execute("INSERT INTO secrets VALUES ('a', 'x')")
    stored = client.get_item(TableName="statistics_statement", Key={"id": {"S": "a"}})["Item"]
    client.put_item(TableName="statistics_statement", Item=stored | {"id": {"S": "b"}})
    assert written.execute("SELECT v FROM secrets").fetchall() == [("x",), ("x",)]
    decrypt = statistics(written)["aws", "kms", "Decrypt"]
    assert (decrypt["requests"], decrypt["cache_hits"], decrypt["cache_misses"]) == (1, 1, 1)


# --- the log --------------------------------------------------------------------------------------

LINE = re.compile(
    r"(DynamoDB|AWS KMS) (\w+)( of table (\S+))?: status (\d+), ([\d.]+) ms, attempt "
)


def test_the_log_names_requests_and_shows_nothing_of_them(written, postgresql):
    """Whatever is written, read, encrypted or refused, no key and no value is in the log."""
    key, value, secret = "recognisable-key", "recognisable-value", "recognisable-plaintext"
    begun = len(postgresql.log_path.read_text())
    written.execute("SET log_statement = 'none'")
    written.execute("SET log_min_error_statement = 'panic'")
    written.execute("SET log_min_messages = 'log'")
    written.execute("SET dynamodb_kms_fdw.log_requests = on")
    for mode in MODES:
        table = f"{mode}_table"
        written.execute(f"INSERT INTO {table} VALUES ('{key}', 4711, '{value}')")
        written.execute(f"UPDATE {table} SET v = '{value}-2' WHERE v LIKE '{value}%'")
        written.execute(f"SELECT * FROM {table} WHERE v = '{value}-2'").fetchall()
        with written.cursor().copy(f"COPY {table} (id, v) FROM STDIN") as copy:
            copy.write_row((f"{key}-2", value))
        written.execute(f"DELETE FROM {table} WHERE id = '{key}'")
    written.execute(f"INSERT INTO secrets VALUES ('{key}-3', '{secret}')")
    assert written.execute(f"SELECT v FROM secrets WHERE id = '{key}-3'").fetchone() == (secret,)
    log = postgresql.log_path.read_text()[begun:]
    logged = [LINE.search(line) for line in log.splitlines() if "attempt" in line]
    operations = {(match[1], match[2], match[4]) for match in logged}
    for table in ("statistics_statement", "statistics_transaction"):
        assert ("DynamoDB", "Scan", table) in operations
    for operation in ("PutItem", "UpdateItem", "DeleteItem"):
        assert ("DynamoDB", operation, "statistics_statement") in operations
    assert ("DynamoDB", "TransactWriteItems", "statistics_transaction") in operations
    assert {("AWS KMS", "Encrypt", None), ("AWS KMS", "Decrypt", None)} <= operations
    assert {match[5] for match in logged} == {"200"}
    assert "recognisable" not in log
    assert "4711" not in log


def test_refusals_with_items_are_not_logged_either(written, postgresql):
    begun = len(postgresql.log_path.read_text())
    written.execute("SET log_min_error_statement = 'panic'")
    written.execute("SET log_min_messages = 'fatal'")
    written.execute("INSERT INTO statement_table VALUES ('recognisable', 1, 'recognisable')")
    written.execute("SET log_min_messages = 'log'")
    written.execute("SET dynamodb_kms_fdw.log_requests = on")
    written.execute(
        "INSERT INTO statement_table VALUES ('recognisable', 2, 'recognisable')"
        " ON CONFLICT DO NOTHING"
    )
    log = postgresql.log_path.read_text()[begun:]
    assert "DynamoDB PutItem of table statistics_statement: status 400" in log
    assert "recognisable" not in log
