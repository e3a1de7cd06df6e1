"""Encrypted columns as they are read: boto3 writes, both emulators store, moto's KMS decrypts."""

import os
import threading
import time
from decimal import Decimal

import psycopg
import pytest
from encrypted_columns import (
    SECRET,
    ciphertext_of,
    declare,
    encrypted,
    encrypted_faults,
    error_of,
    one,
)
from faults import server as faults
from faults.certificates import make_certificate
from faults.crowd import Crowd
from faults.server import FaultServer

pytest_plugins = ["encrypted_columns"]

VALUES = {
    "text": (SECRET, SECRET),
    "varchar(30)": (SECRET, SECRET),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",) * 2,
    "numeric": ("-1234567890.0123456789", Decimal("-1234567890.0123456789")),
    "int": ("42", 42),
    "bigint": ("9223372036854775807", 2**63 - 1),
    "double precision": ("0.1", 0.1),
    "bytea": (b"\x00\xff" * 9, b"\x00\xff" * 9),
    "boolean": ("true", True),
    "date": ("2026-11-25", "2026-11-25"),
    "jsonb": ('{"b": [1, "x"], "a": null}', {"a": None, "b": [1, "x"]}),
    "json": ('{"b":1}', {"b": 1}),
}


@pytest.mark.parametrize("type_name", VALUES)
def test_each_type_is_read(encrypting, table, kms, key, type_name):
    name, put = table
    stored, expected = VALUES[type_name]
    put(id={"S": "full"}, v=encrypted(kms, key, stored))
    put(id={"S": "missing"})
    put(id={"S": "null"}, v={"NULL": True})
    declare(encrypting, name, f"v {type_name} OPTIONS (kms_encrypted 'true')")
    rows = encrypting.execute("SELECT id, v FROM t ORDER BY id").fetchall()
    if type_name == "uuid":
        rows[0] = (rows[0][0], str(rows[0][1]))
    if type_name == "date":
        rows[0] = (rows[0][0], rows[0][1].isoformat())
    assert rows == [("full", expected), ("missing", None), ("null", None)]


REFUSED_TYPES = ["text[]", "int[]", "point[]"]


@pytest.mark.parametrize("type_name", REFUSED_TYPES)
def test_other_types_are_refused(encrypting, table, type_name):
    declare(encrypting, table[0], f"v {type_name} OPTIONS (kms_encrypted 'true')")
    error = error_of(encrypting, "SELECT id FROM t")
    assert error.sqlstate == "HV004" and "cannot be encrypted" in str(error)


def test_wrong_plaintexts_show_nothing(encrypting, table, kms, key):
    name, put = table
    columns = {"i": "int", "d": "date", "b": "boolean", "j": "jsonb", "n": "numeric", "t": "text"}
    put(
        id={"S": "x"},
        **{column: encrypted(kms, key, "hunter2") for column in columns if column != "t"},
        t=encrypted(kms, key, b"\xff\xfehunter2"),
    )
    declare(
        encrypting,
        name,
        ", ".join(f"{c} {kind} OPTIONS (kms_encrypted 'true')" for c, kind in columns.items()),
    )
    for column in columns:
        error = error_of(encrypting, f"SELECT {column} FROM t")
        shown = "".join(filter(None, [str(error), error.diag.context, error.diag.message_detail]))
        assert "hunter" not in shown and "68756e" not in shown and "0x" not in shown
        assert error.sqlstate[:2] in ("22", "HV")
        assert f'column "{column}"' in error.diag.context


def test_attributes_of_other_types_are_refused(encrypting, table):
    name, put = table
    put(id={"S": "x"}, v={"S": "plain"})
    declare(encrypting, name, "v text OPTIONS (kms_encrypted 'true')")
    error = error_of(encrypting, "SELECT v FROM t")
    assert error.sqlstate == "HV004" and "plain" not in str(error)
    assert one(encrypting, "SELECT id FROM t") == "x"


# Encryption contexts

CONTEXT = """{"table": "users", "id": "$id", "n": "$n", "b": "$b", "o": "$o", "dollar": "$$x"}"""
NUMBERS = {"1E+2": "100", "-0.50": "-0.5", "0": "0"}


@pytest.mark.parametrize("number", NUMBERS)
def test_contexts_are_made_of_the_items_attributes(encrypting, table, kms, key, number):
    name, put = table
    context = {"table": "users", "id": "x €", "n": NUMBERS[number], "b": "AP8=", "o": "true"}
    put(
        id={"S": "x €"},
        n={"N": number},
        b={"B": b"\x00\xff"},
        o={"BOOL": True},
        v=encrypted(kms, key, SECRET, **context, dollar="$x"),
    )
    option = psycopg.sql.quote(CONTEXT)
    declare(
        encrypting,
        name,
        "n numeric, b bytea, o boolean, "
        f"v text OPTIONS (kms_encrypted 'true', kms_encryption_context {option})",
    )
    assert one(encrypting, "SELECT v FROM t") == SECRET
    assert one(encrypting, "SELECT v FROM t WHERE id = 'x €'") == SECRET
    assert one(encrypting, "SELECT v FROM t WHERE o") == SECRET
    assert one(encrypting, f"SELECT v FROM t WHERE n = {number}") == SECRET


@pytest.fixture
def bound(encrypting, table, kms, key):
    """A table whose ciphertexts are bound to the item's key."""
    name, put = table
    for item in ("a", "b"):
        put(id={"S": item}, v=encrypted(kms, key, f"{SECRET} {item}", id=item))
    declare(
        encrypting,
        name,
        """v text OPTIONS (kms_encrypted 'true', kms_encryption_context '{"id": "$id"}')""",
    )
    return put


def test_a_ciphertext_copied_to_another_item_is_refused(encrypting, bound, kms, key):
    assert one(encrypting, "SELECT count(v) FROM t") == 2
    bound(id={"S": "thief"}, v=encrypted(kms, key, SECRET, id="a"))
    assert one(encrypting, "SELECT v FROM t WHERE id = 'a'") == f"{SECRET} a"
    error = error_of(encrypting, "SELECT v FROM t WHERE id = 'thief'")
    assert error.sqlstate == "XX001" and SECRET not in str(error)
    assert 'column "v", key {"id": "thief"}' in error.diag.context


BAD_CONTEXTS = {
    '{"a": "$nothing"}': 'It names "nothing".',
    '{"a": "$v"}': "that are not encrypted",
    '{"a": "$j"}': "that are not encrypted",
    '{"a": "$w"}': "that are not encrypted",
}


@pytest.mark.parametrize("context", BAD_CONTEXTS)
def test_contexts_that_cannot_be_made_are_refused(encrypting, table, context):
    option = psycopg.sql.quote(context)
    declare(
        encrypting,
        table[0],
        "j jsonb, w jsonb OPTIONS (whole_item 'true'), "
        f"v text OPTIONS (kms_encrypted 'true', kms_encryption_context {option})",
    )
    error = error_of(encrypting, "SELECT id FROM t")
    assert error.sqlstate == "HV024" and BAD_CONTEXTS[context] in error.diag.message_detail


def test_an_item_that_lacks_a_part_of_the_context(encrypting, table, kms, key):
    name, put = table
    put(id={"S": "x"}, v=encrypted(kms, key, SECRET, n="1"))
    declare(
        encrypting,
        name,
        """n int, v text OPTIONS (kms_encrypted 'true', kms_encryption_context '{"n": "$n"}')""",
    )
    error = error_of(encrypting, "SELECT v FROM t")
    assert error.sqlstate == "XX001" and "lacks an attribute" in error.diag.message_detail


# Keys


def test_only_the_listed_keys_open(encrypting, table, kms, key):
    name, put = table
    other, third = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=other["KeyId"])
    for number, arn in enumerate([key, other["Arn"], third["Arn"]]):
        put(id={"S": str(number)}, v=encrypted(kms, arn, SECRET))
    declare(encrypting, name, "v text OPTIONS (kms_encrypted 'true')")
    query = "SELECT v FROM t WHERE id = %s"
    set_list = "ALTER FOREIGN TABLE t OPTIONS (ADD kms_key_ids_for_decrypt '{}')".format
    key_id = key.rpartition("/")[2]
    encrypting.execute(set_list(f"{key_id}, alias/{name}"))
    assert one(encrypting, query, "0") == one(encrypting, query, "1") == SECRET
    error = error_of(encrypting, query, "2")
    assert error.sqlstate == "XX001" and third["Arn"] in error.diag.message_detail
    assert SECRET not in str(error)


def test_an_alias_is_resolved_once_a_statement(scripted, service):
    def described(arn):
        return lambda conversation: conversation.answer({"KeyMetadata": {"Arn": arn}})

    scripted.execute("""ALTER FOREIGN TABLE faults OPTIONS
        (ADD kms_key_ids_for_decrypt 'alias/other, alias/scripted')""")
    service.script("DescribeKey", described("arn:other"), described(faults.KEY_ARN))
    service.script("Scan", encrypted_items(*texts_of(20)))
    assert one(scripted, "SELECT count(value) FROM faults") == 20
    assert service.count("DescribeKey") == 2
    assert not any("KeyId" in r.body for r in service.requests if r.operation == "Decrypt")


def test_one_key_is_named_to_kms(scripted, service):
    service.script("Scan", encrypted_items("x"))
    assert one(scripted, "SELECT value FROM faults") == "x"
    assert [r.body["KeyId"] for r in service.requests if r.operation == "Decrypt"] == [
        "alias/scripted"
    ]


def test_the_key_that_answers_is_the_one_that_was_named(scripted, service):
    scripted.execute(f"ALTER FOREIGN TABLE faults OPTIONS (SET kms_key_id '{faults.KEY_ARN}x')")
    service.script("Scan", encrypted_items("x"))
    error = error_of(scripted, "SELECT value FROM faults")
    assert error.sqlstate == "XX001" and faults.KEY_ARN in error.diag.message_detail


def test_a_column_has_a_key_of_its_own(scripted, service):
    scripted.execute(
        "ALTER FOREIGN TABLE faults ALTER COLUMN value OPTIONS (ADD kms_key_id 'alias/own')"
    )
    service.script("Scan", encrypted_items("x"))
    assert one(scripted, "SELECT value FROM faults") == "x"
    assert service.requests[-1].body["KeyId"] == "alias/own"


def test_an_encrypted_column_needs_a_key(scripted):
    scripted.execute("ALTER FOREIGN TABLE faults OPTIONS (DROP kms_key_id)")
    assert error_of(scripted, "SELECT id FROM faults").sqlstate == "HV00J"


def test_a_key_attribute_cannot_be_encrypted(scripted):
    scripted.execute("""CREATE FOREIGN TABLE k (id text OPTIONS (kms_encrypted 'true'))
        SERVER aws OPTIONS (table_name 'faults', kms_key_id 'k')""")
    assert error_of(scripted, "SELECT 1 FROM k").sqlstate == "HV024"


BAD_OPTIONS = {
    "kms_encrypted 'true', key 'hash'": "HV00D",
    "kms_encrypted 'true', whole_item 'true'": "HV00D",
    "kms_key_id 'k'": "HV00J",
    "kms_encryption_context '{}'": "HV00J",
    "kms_encrypted 'true', kms_key_id ''": "HV024",
    "kms_encrypted 'true', kms_encryption_context '[]'": "HV024",
    "kms_encrypted 'true', kms_encryption_context '{\"a\": 1}'": "HV024",
    "kms_encrypted 'true', kms_encryption_context '{\"\": \"a\"}'": "HV024",
}


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_bad_options_are_refused(scripted, options):
    with pytest.raises(psycopg.Error) as raised:
        scripted.execute(f"CREATE FOREIGN TABLE k (id text, v text OPTIONS ({options})) SERVER aws")
    assert raised.value.sqlstate == BAD_OPTIONS[options]


# Only what is asked for, and many at once


def encrypted_items(*texts):
    """A page with an item for each of the texts, whose keys are their numbers."""
    return faults.page(
        [
            {"id": {"S": f"{number:05}"}, "value": ciphertext_of(text)}
            for number, text in enumerate(texts)
        ]
    )


def texts_of(count):
    return [f"text {number}" for number in range(count)]


def test_other_columns_need_no_kms(scripted, service):
    service.script("Decrypt", *[faults.refuse(400, "AccessDeniedException")] * 9)
    service.script("Scan", *[encrypted_items("x", "y")] * 3)
    assert len(scripted.execute("SELECT id FROM faults").fetchall()) == 2
    assert one(scripted, "SELECT count(*) FROM faults") == 2
    assert service.count("Decrypt") == 0
    error = error_of(scripted, "SELECT value FROM faults")
    assert error.sqlstate == "42501" and "alias/scripted" in error.diag.message_detail


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_few_rows_cost_few_calls(scripted, service, limit):
    service.script("Scan", encrypted_items(*texts_of(1000)))
    rows = scripted.execute(f"SELECT value FROM faults LIMIT {limit}").fetchall()
    assert rows == [(text,) for text in texts_of(limit)]
    assert service.count("Decrypt") <= 2 * limit - 1


def test_rows_keep_the_order_of_items(scripted, service):
    service.script("Scan", encrypted_items(*texts_of(500)))
    rows = scripted.execute("SELECT id, value FROM faults").fetchall()
    assert rows == [(f"{number:05}", text) for number, text in enumerate(texts_of(500))]


def test_rows_are_decrypted_together(scripted, service):
    scripted.execute("ALTER SERVER aws OPTIONS (ADD max_connections '16')")
    sixteen = Crowd(16, faults.answer_properly)
    service.script("Decrypt", *[sixteen.linger] * 200)
    service.script("Scan", encrypted_items(*texts_of(200)))
    assert one(scripted, "SELECT count(value) FROM faults") == 200
    assert sixteen.was_there.is_set()


def test_repeated_ciphertexts_are_asked_for_once(scripted, service):
    service.script("Scan", *[encrypted_items(*["same"] * 50)] * 2)
    query = "SELECT count(a.value || b.value) FROM faults a CROSS JOIN faults b"
    assert one(scripted, query) == 2500
    assert service.count("Decrypt") == 1


def plan_properties(encrypting, query):
    plan = one(encrypting, f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) {query}")[0]["Plan"]
    while "Plans" in plan:
        plan = plan["Plans"][0]
    return plan


def test_explain_shows_calls_and_hits(scripted, service):
    service.script("Scan", encrypted_items("a", "b", "a"), encrypted_items("a"))
    plan = plan_properties(scripted, "SELECT value FROM faults")
    assert (plan["KMS Calls"], plan["Data Key Cache Hits"]) == (2, 1)
    plan = plan_properties(scripted, "SELECT id FROM faults")
    assert "KMS Calls" not in plan


CONDITIONS = ["value = 'a'", "value IS NULL", "value IS NOT NULL", "value LIKE 'a%'"]
CONDITIONS += ["value = ANY ('{a,b}')", "value > 'a'", "(value = 'a' OR id = 'x')"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_are_not_pushed(scripted, service, condition):
    query = f"SELECT id FROM faults WHERE {condition}"
    explain = f"EXPLAIN (VERBOSE, FORMAT JSON) {query}".replace("%", "%%")
    plan = one(scripted, explain)[0]["Plan"]
    assert "DynamoDB Filter" not in plan and "Key Condition" not in plan
    service.script("Scan", encrypted_items("a", "b"))
    scripted.execute(query.replace("%", "%%"), ())
    assert "FilterExpression" not in service.requests[-1].body


def test_conditions_are_checked_on_plaintexts(scripted, service):
    service.script("Scan", encrypted_items("a", "b", "c"))
    rows = scripted.execute("SELECT id FROM faults WHERE value >= 'b' ORDER BY value DESC")
    assert rows.fetchall() == [("00002",), ("00001",)]


def test_analyze_decrypts_nothing(scripted, service):
    service.script("Scan", *[encrypted_items(*texts_of(50))] * 2)
    scripted.execute("ANALYZE faults")
    assert service.count("Decrypt") == 0
    stored = scripted.execute("SELECT * FROM pg_stats WHERE tablename = 'faults'").fetchall()
    assert stored and "text 1" not in str(stored)


def test_what_is_wrong_with_a_row_shows_when_it_is_asked_for(scripted, service):
    items = [ciphertext_of("a"), {"S": "no ciphertext"}, ciphertext_of("b")]
    items = [{"id": {"S": str(n)}, "value": value} for n, value in enumerate(items)]
    service.script("Scan", *[faults.page(items)] * 2)
    assert one(scripted, "SELECT value FROM faults LIMIT 1") == "a"
    assert error_of(scripted, "SELECT value FROM faults").sqlstate == "HV004"


def test_a_guard_bounds_the_calls(scripted, service):
    scripted.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_kms_calls '20')")
    service.script("Scan", *[encrypted_items(*texts_of(21))] * 3)
    assert len(scripted.execute("SELECT value FROM faults LIMIT 20").fetchall()) == 20
    error = error_of(scripted, "SELECT value FROM faults")
    assert error.sqlstate == "53400" and "max_kms_calls" in str(error)


def test_cursors_and_rescans(scripted, service):
    service.script("Scan", encrypted_items(*texts_of(50)))
    with scripted.transaction():
        scripted.execute("DECLARE c CURSOR FOR SELECT value FROM faults")
        for text in texts_of(50):
            assert scripted.execute("FETCH c").fetchall() == [(text,)]
    service.script("Scan", *[encrypted_items(*texts_of(10))] * 3)
    query = """SELECT n, (SELECT string_agg(value, ',' ORDER BY id) FROM faults WHERE n > 0)
        FROM generate_series(1, 3) n"""
    assert {row[1] for row in scripted.execute(query)} == {",".join(texts_of(10))}


def test_a_cancel_reaches_a_decryption(scripted, service):
    service.script("Decrypt", faults.stall)
    service.script("Scan", encrypted_items("a"))
    failure = []

    def read():
        failure.append((error_of(scripted, "SELECT value FROM faults").sqlstate, time.monotonic()))

    thread = threading.Thread(target=read)
    thread.start()
    service.wait_until_reached()
    cancelled = time.monotonic()
    scripted.cancel()
    thread.join()
    assert failure[0][0] == "57014" and failure[0][1] - cancelled < 0.1
    service.wait_until_closed()
    service.script("Scan", encrypted_items("b"))
    assert one(scripted, "SELECT value FROM faults") == "b"


def analyzed(connection):
    return connection.execute(
        "SELECT attname, null_frac FROM pg_stats WHERE tablename = 'faults' ORDER BY 1"
    ).fetchall()


def test_analyze_says_nothing_of_what_it_does_not_see(scripted, service):
    """It decrypts nothing; that every value is NULL would be wrong."""
    service.script("Scan", *[encrypted_items("a", "b")] * 3)
    scripted.execute("ANALYZE faults")
    assert analyzed(scripted) == [("id", 0.0)]
    with scripted.transaction():
        scripted.execute("ANALYZE faults")
    assert analyzed(scripted) == [("id", 0.0)]
    with scripted.transaction(force_rollback=True):
        scripted.execute("ANALYZE faults")
    assert analyzed(scripted) == [("id", 0.0)]
    assert service.count("Decrypt") == 0


# Wiping


def memory_of(process_id):
    """All that the process can write to."""
    with (
        open(f"/proc/{process_id}/maps") as maps,
        open(f"/proc/{process_id}/mem", "rb", 0) as memory,
    ):
        for line in maps:
            addresses, permissions, _, device, *_ = line.split()
            start, end = (int(address, 16) for address in addresses.split("-"))
            if permissions.startswith("rw") and "/dev/" not in line and "(deleted)" not in line:
                try:
                    memory.seek(start)
                    yield memory.read(end - start)
                except OSError:
                    continue


def occurrences(process_id, needles):
    regions = list(memory_of(process_id))
    return {needle: sum(region.count(needle) for region in regions) for needle in needles}


def secret_texts(count):
    return [f"plaintext-{os.urandom(12).hex()}-{number}" for number in range(count)]


def forms(text):
    """The text itself, and the inside of its base64, as answers have it."""
    return [text.encode(), faults.base64_of(text.encode())[:40].encode()]


def found_in_memory(encrypting, texts):
    needles = [form for text in texts for form in forms(text)]
    return {n for n, c in occurrences(encrypting.info.backend_pid, needles).items() if c}


def test_plaintexts_of_rows_gone_by_are_not_in_memory(scripted, service):
    texts = secret_texts(300)
    service.script("Scan", *[encrypted_items(*texts)] * 2)
    assert one(scripted, "SELECT sum(length(value)) FROM faults") == sum(map(len, texts))
    # Of the first row an aggregate makes a copy of its own, to compare groups with.
    assert not found_in_memory(scripted, texts[1:])
    # While a statement runs, they are kept for ciphertexts that are repeated.
    with scripted.transaction():
        scripted.execute("DECLARE c CURSOR FOR SELECT length(value) FROM faults")
        scripted.execute("FETCH 200 FROM c")
        assert found_in_memory(scripted, texts[1:])
        scripted.execute("CLOSE c")
        assert not found_in_memory(scripted, texts[1:])


def test_tls_keeps_no_plaintext(postgresql, database, tmp_path_factory):
    directory = tmp_path_factory.mktemp("kms")
    for parent in (directory, *directory.parents[:2]):
        parent.chmod(0o755)
    certificate, key = make_certificate(directory, "kms")
    texts = secret_texts(50)
    with (
        FaultServer(faults.server_context(certificate, key)) as service,
        encrypted_faults(postgresql, database, service, ca_file=certificate) as connection,
    ):
        service.script("Scan", encrypted_items(*texts))
        assert one(connection, "SELECT sum(length(value)) FROM faults") == sum(map(len, texts))
        assert not found_in_memory(connection, texts[1:])


def test_plaintexts_of_functions_are_wiped(scripted, service):
    """What functions return is the server's; what they were made from is ours."""
    text = secret_texts(1)[0]
    ciphertext = faults.ciphertext_of(text.encode())
    query = "SELECT length(kms_decrypt_bytea('aws', %s::bytea))"
    assert one(scripted, query, ciphertext) == len(text)
    answer = faults.base64_of(text.encode())
    assert not occurrences(scripted.info.backend_pid, [answer[:40].encode()])[answer[:40].encode()]


def base64_in_memory(connection, texts):
    """Of the texts those whose base64, which requests have them as, is in the backend's memory."""
    needles = {forms(text)[1]: text for text in texts}
    found = occurrences(connection.info.backend_pid, needles)
    return [needles[needle] for needle, count in found.items() if count]


WRITES = {
    "insert": ("PutItem", "INSERT INTO faults SELECT id, text FROM texts"),
    "update": ("UpdateItem", "UPDATE faults f SET value = text FROM texts t WHERE f.id = t.id"),
    "overwrite": ("BatchWriteItem", "INSERT INTO overwritten SELECT id, text FROM texts"),
    "transaction": ("TransactWriteItems", "INSERT INTO pending SELECT id, text FROM texts"),
}


@pytest.mark.parametrize(("operation", "statement"), WRITES.values(), ids=WRITES.keys())
def test_requests_leave_no_plaintext(scripted, service, operation, statement):
    """What is encrypted is sent to KMS in its own words; the sender keeps none of them."""
    texts = secret_texts(40) + [f"{text}{'.' * 3000}" for text in secret_texts(10)]
    scripted.execute("CREATE TABLE texts (id text, text text)")
    for name, mode in {"overwritten": "overwrite", "pending": "transaction"}.items():
        scripted.execute(
            f"CREATE FOREIGN TABLE {name} (id text, value text OPTIONS (kms_encrypted 'true'))"
            f" SERVER aws OPTIONS (table_name 'faults', kms_key_id 'alias/scripted',"
            f" write_mode '{mode}')"
        )
    with scripted.cursor().copy("COPY texts FROM STDIN") as copy:
        for number, text in enumerate(texts):
            copy.write_row((f"{number:05}", text))
    service.script("Scan", encrypted_items(*texts))
    service.script(operation, *[lambda conversation: conversation.answer({})] * len(texts))
    assert scripted.execute(statement).rowcount == len(texts)
    assert service.count("Encrypt") == len(texts)
    assert not base64_in_memory(scripted, texts)


def test_functions_leave_no_request(scripted, service):
    text = secret_texts(1)[0]
    assert one(scripted, "SELECT length(kms_encrypt('aws', 'alias/scripted', %s))", text)
    assert not base64_in_memory(scripted, [text])


def test_errors_leave_no_plaintext(scripted, service):
    texts = secret_texts(10)
    scripted.execute("ALTER FOREIGN TABLE faults ALTER COLUMN value TYPE int")
    service.script("Scan", encrypted_items(*texts))
    assert error_of(scripted, "SELECT value FROM faults").sqlstate[:2] in ("22", "HV")
    needles = [form for text in texts for form in forms(text)]
    assert not {n for n, c in occurrences(scripted.info.backend_pid, needles).items() if c}
