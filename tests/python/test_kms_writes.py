"""Encrypted columns as they are written: boto3 reads what we wrote, on both emulators."""

import threading
import time
from decimal import Decimal

import psycopg
import pytest
from encrypted_columns import SECRET, ciphertext_of, declare, encrypted, error_of, one
from faults import server as faults

pytest_plugins = ["encrypted_columns"]

BOUND = """v text OPTIONS (kms_encrypted 'true',
    kms_encryption_context '{"table": "users", "id": "$id", "n": "$n"}')"""


@pytest.fixture
def stored(dynamodb, table):
    """Gives an item of the table as boto3 reads it."""
    client = dynamodb.client()

    def get(item_id):
        found = client.get_item(TableName=table[0], Key={"id": {"S": item_id}}, ConsistentRead=True)
        return found.get("Item")

    return get


@pytest.fixture
def bound(encrypting, table):
    """A table whose ciphertexts are bound to key and number of the item."""
    declare(encrypting, table[0], f"n numeric, other text, {BOUND}")
    return encrypting


def opened(kms, value, **context):
    answer = kms.decrypt(CiphertextBlob=value["B"], EncryptionContext=context)
    return answer["Plaintext"].decode()


def context_of(item_id, number):
    return {"table": "users", "id": item_id, "n": number}


VALUES = {
    "text": (SECRET, SECRET),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",) * 2,
    "numeric": (Decimal("-1234567890.01230"), "-1234567890.0123"),
    "int": (42, "42"),
    "boolean": (True, "true"),
    "date": ("2026-11-25", "2026-11-25"),
    "jsonb": ('{"b": [1, "x"], "a": null}', '{"a": null, "b": [1, "x"]}'),
    "json": ('{"b":1}', '{"b":1}'),
}


@pytest.mark.parametrize("type_name", VALUES)
def test_each_type_is_written(encrypting, table, stored, kms, key, type_name):
    value, plaintext = VALUES[type_name]
    declare(encrypting, table[0], f"v {type_name} OPTIONS (kms_encrypted 'true')")
    insert = f"INSERT INTO t VALUES ('x', %s::{type_name}), ('null', NULL)"
    encrypting.execute(insert, (str(value),))
    assert opened(kms, stored("x")["v"]) == plaintext
    assert set(stored("null")) == {"id"}
    shown = one(encrypting, "SELECT v::text FROM t WHERE id = 'x'")
    assert shown == one(encrypting, f"SELECT %s::{type_name}::text", str(value)).rstrip(
        "0" if type_name == "numeric" else ""
    )


def test_bytes_are_written(encrypting, table, stored, kms, key):
    declare(encrypting, table[0], "v bytea OPTIONS (kms_encrypted 'true')")
    encrypting.execute("INSERT INTO t VALUES ('x', %s)", (b"\x00\xff" * 9,))
    answer = kms.decrypt(CiphertextBlob=stored("x")["v"]["B"])
    assert (answer["Plaintext"], answer["KeyId"]) == (b"\x00\xff" * 9, key)


def test_contexts_are_bound_to_the_item(bound, stored, kms, key):
    bound.execute("INSERT INTO t (id, n, v) VALUES ('x €', 100.50, %s)", (SECRET,))
    assert opened(kms, stored("x €")["v"], **context_of("x €", "100.5")) == SECRET
    assert one(bound, "SELECT v FROM t") == SECRET


def test_what_a_context_is_made_of_cannot_be_null(bound, stored, key):
    error = error_of(bound, "INSERT INTO t (id, v) VALUES ('x', %s) RETURNING id", SECRET)
    assert error.sqlstate == "22004" and '"n"' in str(error) and SECRET not in str(error)
    assert stored("x") is None


def test_an_update_encrypts_what_it_assigns(bound, stored, kms, key):
    bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first')")
    before = stored("x")
    bound.execute("UPDATE t SET other = 'b' WHERE id = 'x'")
    assert stored("x") == before | {"other": {"S": "b"}}
    bound.execute("UPDATE t SET v = 'second' WHERE id = 'x'")
    assert opened(kms, stored("x")["v"], **context_of("x", "1")) == "second"
    bound.execute("UPDATE t SET v = v || '!' WHERE v = 'second'")
    assert opened(kms, stored("x")["v"], **context_of("x", "1")) == "second!"
    bound.execute("UPDATE t SET v = NULL WHERE id = 'x'")
    assert "v" not in stored("x")
    bound.execute("UPDATE t SET v = 'third', n = 2 WHERE id = 'x'")
    assert opened(kms, stored("x")["v"], **context_of("x", "2")) == "third"
    assert one(bound, "SELECT v FROM t") == "third"


def test_what_a_ciphertext_is_bound_to_stays(bound, stored, key):
    bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first')")
    before = stored("x")
    for assignment in ("n = 2", "n = NULL", "id = 'y'", "id = 'y', n = 1"):
        error = error_of(bound, f"UPDATE t SET {assignment} RETURNING id")
        assert error.sqlstate == "0A000" and '"v"' in error.diag.message_hint
    with pytest.raises(psycopg.Error) as raised:
        bound.execute("UPDATE t SET n = 2 WHERE id = 'x'")
    assert raised.value.sqlstate == "0A000"
    bound.execute("UPDATE t SET n = 1, other = 'b'")
    assert stored("x") == before | {"other": {"S": "b"}}
    assert stored("y") is None


def test_an_item_moves_with_a_new_ciphertext(bound, stored, kms, key):
    bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first')")
    bound.execute("UPDATE t SET id = 'y', v = 'second' WHERE id = 'x'")
    assert stored("x") is None
    assert opened(kms, stored("y")["v"], **context_of("y", "1")) == "second"
    assert stored("y")["other"] == {"S": "a"}


def test_other_columns_of_a_moved_item_keep_their_ciphertexts(encrypting, table, stored, key):
    declare(encrypting, table[0], "v text OPTIONS (kms_encrypted 'true')")
    encrypting.execute("INSERT INTO t VALUES ('x', 'first')")
    before = stored("x")["v"]
    encrypting.execute("UPDATE t SET id = 'y'")
    assert stored("y")["v"] == before


def test_contexts_follow_the_stored_spelling(encrypting, table, stored, kms, key):
    """A time that others stored with another offset is that time, but not that text."""
    name, put = table
    moment = "2026-11-25T12:00:00+02:00"
    put(id={"S": "x"}, at={"S": moment}, v=encrypted(kms, key, "first", at=moment))
    declare(
        encrypting,
        name,
        """at timestamptz,
        v text OPTIONS (kms_encrypted 'true', kms_encryption_context '{"at": "$at"}')""",
    )
    assert one(encrypting, "SELECT v FROM t") == "first"
    encrypting.execute("UPDATE t SET v = 'second'")
    assert stored("x")["at"] == {"S": moment}
    assert opened(kms, stored("x")["v"], at=moment) == "second"
    assert one(encrypting, "SELECT v FROM t") == "second"


def test_triggers_see_and_change_plaintexts(bound, stored, kms, key):
    bound.execute("""CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN NEW.v := NEW.v || ' by trigger'; RETURN NEW; END$$""")
    bound.execute(
        "CREATE TRIGGER mark BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION mark()"
    )
    bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first')")
    assert opened(kms, stored("x")["v"], **context_of("x", "1")) == "first by trigger"
    bound.execute("UPDATE t SET other = 'b'")
    assert one(bound, "SELECT v FROM t") == "first by trigger by trigger"
    assert stored("x")["other"] == {"S": "b"}


def test_many_rows_at_once(bound, key):
    bound.execute("INSERT INTO t SELECT 'x' || n, n, NULL, 'v' || n FROM generate_series(1, 200) n")
    rows = bound.execute("SELECT id, n, v FROM t").fetchall()
    assert sorted(rows) == sorted((f"x{n}", n, f"v{n}") for n in range(1, 201))
    with bound.cursor() as cursor, cursor.copy("COPY t (id, n, v) FROM STDIN") as copy:
        for number in range(50):
            copy.write_row((f"c{number}", number, f"copied {number}"))
    assert one(bound, "SELECT count(*) FROM t WHERE v LIKE 'copied%%'", *()) == 50
    returned = bound.execute("UPDATE t SET v = 'u' || n WHERE n < 10 RETURNING id, v").fetchall()
    assert len(returned) == 19 and all(v.startswith("u") for _, v in returned)
    bound.execute("DELETE FROM t WHERE v LIKE 'u%'")
    assert one(bound, "SELECT count(*) FROM t") == 231


def test_a_duplicate_is_one(bound, key):
    bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first')")
    insert = "INSERT INTO t VALUES ('x', 1, 'a', 'other'), ('y', 1, 'a', 'second')"
    assert error_of(bound, f"{insert} RETURNING id").sqlstate == "23505"
    bound.execute("DELETE FROM t WHERE id = 'y'")
    assert bound.execute(f"{insert} ON CONFLICT DO NOTHING").rowcount == 1
    assert bound.execute("SELECT id, v FROM t ORDER BY id").fetchall() == [
        ("x", "first"),
        ("y", "second"),
    ]


# A role whose key policy forbids something


@pytest.fixture
def writable(scripted, service):
    """DynamoDB's answers to writes, with the requests kept."""
    faults.RESULTS.setdefault("PutItem", lambda body: {})
    faults.RESULTS.setdefault("UpdateItem", lambda body: {})
    return scripted


def denied(count=9):
    return [faults.refuse(400, "AccessDeniedException")] * count


def test_who_may_not_decrypt_inserts_and_updates(writable, service):
    service.script("Decrypt", *denied())
    items = [{"id": {"S": "x"}, "value": ciphertext_of("old")}]
    service.script("Scan", *[faults.page(items)] * 9)
    service.script("Query", *[faults.page(items)] * 9)
    writable.execute("INSERT INTO faults VALUES ('new', 'secret')")
    assert service.requests[-1].body["Item"]["value"] == ciphertext_of("secret")
    writable.execute("UPDATE faults SET value = 'secret' WHERE id <> 'y'")
    assert service.count("Decrypt") == 0
    assert (
        ciphertext_of("secret") in service.requests[-1].body["ExpressionAttributeValues"].values()
    )
    error = error_of(writable, "SELECT value FROM faults")
    assert error.sqlstate == "42501" and "alias/scripted" in error.diag.message_detail


def test_who_may_not_encrypt_stores_nothing(writable, service):
    service.script("Encrypt", *denied(1))
    error = error_of(writable, "INSERT INTO faults VALUES ('new', %s) RETURNING id", SECRET)
    assert error.sqlstate == "42501" and "alias/scripted" in error.diag.message_detail
    assert SECRET not in str(error)
    assert service.count("PutItem") == 0


def test_a_failure_says_what_was_stored(writable, service):
    def deny_the_third(conversation):
        is_third = conversation.request.body["Plaintext"] == faults.base64_of(b"c")
        (denied(1)[0] if is_third else faults.answer_properly)(conversation)

    service.script("Encrypt", *[deny_the_third] * 4)
    error = error_of(
        writable, "INSERT INTO faults VALUES ('1', 'a'), ('2', 'b'), ('3', 'c'), ('4', 'd')"
    )
    assert error.sqlstate == "42501"
    assert "Rows that the statement has stored: 2." in error.diag.message_detail
    assert service.count("PutItem") == 2


def test_a_cancel_reaches_an_encryption(writable, service):
    service.script("Encrypt", faults.stall)
    failure = []

    def insert():
        with pytest.raises(psycopg.Error) as raised:
            writable.execute("INSERT INTO faults VALUES ('1', 'a')")
        failure.append((raised.value.sqlstate, time.monotonic()))

    thread = threading.Thread(target=insert)
    thread.start()
    service.wait_until_reached()
    cancelled = time.monotonic()
    writable.cancel()
    thread.join()
    assert failure[0][0] == "57014" and failure[0][1] - cancelled < 0.1
    assert service.count("PutItem") == 0


def test_nothing_secret_is_logged(writable, service, postgresql):
    """Whatever goes wrong, and however much is logged, as long as secrets are parameters."""
    start = postgresql.log_path.stat().st_size
    secret = "hunter2 of the log"
    writable.execute("""SET dynamodb_kms_fdw.log_requests = on; SET log_min_messages = debug5;
        SET log_parameter_max_length_on_error = 0; SET log_parameter_max_length = 0;
        SET log_statement = 'all'; SET log_error_verbosity = verbose;
        SET debug_print_plan = on""")
    items = [{"id": {"S": "x"}, "value": ciphertext_of(secret)}]
    service.script("Scan", *[faults.page(items)] * 9)
    service.script("Encrypt", *denied(1))
    error_of(writable, "INSERT INTO faults VALUES ('1', %s) RETURNING id", secret)
    writable.execute("INSERT INTO faults VALUES ('2', %s)", (secret,))
    assert one(writable, "SELECT value FROM faults") == secret
    writable.execute("ALTER FOREIGN TABLE faults ALTER COLUMN value TYPE int")
    error_of(writable, "SELECT value FROM faults")
    error_of(writable, "SELECT kms_decrypt('aws', %s::bytea)", b"\xa5" + secret.encode())
    with postgresql.log_path.open() as log:
        log.seek(start)
        logged = log.read()
    assert "KMS Encrypt: status 400" in logged and "does not fit type integer" in logged
    assert "hunter2" not in logged and secret.encode().hex() not in logged


BAD_VALUES = {"repeat('x', 4097)": "54000", "''": "22023"}


@pytest.mark.parametrize("value", BAD_VALUES)
def test_what_kms_does_not_encrypt(writable, service, value):
    error = error_of(writable, f"INSERT INTO faults VALUES ('new', {value}) RETURNING id")
    assert error.sqlstate == BAD_VALUES[value]
    assert 'column "value"' in error.diag.context
    assert service.count("Encrypt") == service.count("PutItem") == 0


def test_rows_are_encrypted_together(writable, service):
    writable.execute("ALTER SERVER aws OPTIONS (ADD max_connections '16')")
    barrier = threading.Barrier(16, timeout=faults.WAIT_SECONDS)

    def together(conversation):
        barrier.wait()
        faults.answer_properly(conversation)

    service.script("Encrypt", *[together] * 16)
    writable.execute("INSERT INTO faults SELECT n::text, 'v' || n FROM generate_series(1, 40) n")
    puts = [r.body["Item"] for r in service.requests if r.operation == "PutItem"]
    assert sorted(int(item["id"]["S"]) for item in puts) == list(range(1, 41))
    assert all(item["value"] == ciphertext_of("v" + item["id"]["S"]) for item in puts)


def test_a_guard_bounds_encryption(writable, service):
    writable.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_kms_calls '5')")
    insert = "INSERT INTO faults SELECT n::text, 'v' FROM generate_series(1, {}) n"
    writable.execute(insert.format(5))
    with pytest.raises(psycopg.Error) as raised:
        writable.execute(insert.format(6))
    assert raised.value.sqlstate == "53400"


def test_explain_shows_calls(writable, service):
    query = "EXPLAIN (ANALYZE, FORMAT JSON) INSERT INTO faults VALUES ('a', 'x'), ('b', NULL)"
    assert one(writable, query)[0]["Plan"]["KMS Calls"] == 1


# Rows that are written when the transaction commits


def test_a_transaction_reads_and_commits_its_own_ciphertexts(bound, stored, kms, key):
    bound.execute("ALTER FOREIGN TABLE t OPTIONS (ADD write_mode 'transaction')")
    with bound.transaction():
        bound.execute("INSERT INTO t VALUES ('x', 1, 'a', 'first'), ('y', 2, 'b', 'second')")
        assert one(bound, "SELECT v FROM t WHERE id = 'x'") == "first"
        assert stored("x") is None
        with bound.transaction(force_rollback=True):
            bound.execute("UPDATE t SET v = 'rolled back' WHERE id = 'x'")
            assert one(bound, "SELECT v FROM t WHERE id = 'x'") == "rolled back"
        bound.execute("UPDATE t SET v = v || '!' WHERE v = 'second'")
        assert error_of_subtransaction(bound, "UPDATE t SET n = 3 WHERE n = 2") == "0A000"
    assert opened(kms, stored("x")["v"], **context_of("x", "1")) == "first"
    assert opened(kms, stored("y")["v"], **context_of("y", "2")) == "second!"
    with bound.transaction():
        bound.execute("UPDATE t SET v = v || '?' WHERE id = 'x'")
        bound.execute("UPDATE t SET other = 'c', v = NULL WHERE id = 'y'")
    assert opened(kms, stored("x")["v"], **context_of("x", "1")) == "first?"
    assert stored("y") == {"id": {"S": "y"}, "n": {"N": "2"}, "other": {"S": "c"}}


def error_of_subtransaction(connection, query):
    with pytest.raises(psycopg.Error) as raised, connection.transaction():
        connection.execute(query)
    return raised.value.sqlstate
