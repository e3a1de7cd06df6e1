"""The functions kms_*: against boto3 and moto's KMS, and a scripted service for what moto lacks."""

import os
import threading
import time

import psycopg
import pytest
from conftest import create_server
from faults import server as faults
from faults.clients import create_table
from faults.server import FaultServer, ciphertext_of

SECRET = "s3cret of the tests €"
CONTEXTS = [{}, {"table": "users"}, {"ü": "€", "b": "", 'q"\\': "\n\t"}]


@pytest.fixture(scope="module")
def kms(moto):
    return moto.client("kms")


@pytest.fixture(scope="module")
def key(kms):
    """The ARN of a key that has the alias alias/functions."""
    metadata = kms.create_key(Description="functions")["KeyMetadata"]
    kms.create_alias(AliasName="alias/functions", TargetKeyId=metadata["KeyId"])
    return metadata["Arn"]


@pytest.fixture
def connection(postgresql, database, moto):
    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        yield connection


@pytest.fixture
def scripted(postgresql, database, service):
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts="2")
        yield connection


def one(connection, query, *parameters):
    return connection.execute(query, parameters).fetchone()[0]


def error_of(connection, query, *parameters):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(query, parameters)
    return raised.value


def encrypted_by_boto3(kms, key, plaintext, context=None):
    parameters = {"EncryptionContext": context} if context else {}
    return kms.encrypt(KeyId=key, Plaintext=plaintext, **parameters)["CiphertextBlob"]


def jsonb(context):
    return psycopg.types.json.Jsonb(context) if context is not None else None


@pytest.mark.parametrize("context", CONTEXTS)
def test_boto3_reads_what_we_write(connection, kms, key, context):
    for name, plaintext in [("kms_encrypt", SECRET), ("kms_encrypt_bytea", os.urandom(4096))]:
        query = f"SELECT {name}('aws', 'alias/functions', %s, %s)"
        ciphertext = one(connection, query, plaintext, jsonb(context))
        answer = kms.decrypt(CiphertextBlob=ciphertext, EncryptionContext=context)
        expected = plaintext.encode() if isinstance(plaintext, str) else plaintext
        assert (answer["Plaintext"], answer["KeyId"]) == (expected, key)


@pytest.mark.parametrize("context", CONTEXTS)
def test_we_read_what_boto3_writes(connection, kms, key, context):
    binary = os.urandom(4096)
    text = encrypted_by_boto3(kms, key, SECRET.encode(), context)
    query = "SELECT kms_decrypt('aws', %s::bytea, %s)"
    assert one(connection, query, text, jsonb(context)) == SECRET
    query = "SELECT kms_decrypt_bytea('aws', %s::bytea, %s, %s)"
    ciphertext = encrypted_by_boto3(kms, key, binary, context)
    assert one(connection, query, ciphertext, jsonb(context), key) == binary


def test_the_order_of_a_context_does_not_matter(connection, kms, key):
    ciphertext = encrypted_by_boto3(kms, key, b"x", {"first": "1", "second": "2"})
    query = 'SELECT kms_decrypt(\'aws\', %s::bytea, \'{"second": "2", "first": "1"}\')'
    assert one(connection, query, ciphertext) == "x"


def test_another_context_does_not_fit(connection, kms, key):
    ciphertext = encrypted_by_boto3(kms, key, SECRET.encode(), {"id": "1"})
    error = error_of(
        connection, "SELECT kms_decrypt('aws', %s::bytea, '{\"id\": \"2\"}')", ciphertext
    )
    assert error.sqlstate == "XX001"
    assert "InvalidCiphertext" in error.diag.message_detail
    assert SECRET not in str(error)


def test_damaged_ciphertexts_do_not_fit(connection, kms, key):
    ciphertext = bytearray(encrypted_by_boto3(kms, key, SECRET.encode()))
    ciphertext[-1] ^= 1
    for damaged in (bytes(ciphertext), b"", b"x" * 6145):
        error = error_of(connection, "SELECT kms_decrypt('aws', %s::bytea)", damaged)
        assert error.sqlstate == "XX001"


def test_arrays_keep_order_nulls_and_dimensions(connection, kms, key):
    texts = [["a", None, "€"], [SECRET, "a", None]]
    query = "SELECT kms_encrypt('aws', 'alias/functions', %s::text[])"
    ciphertexts = one(connection, query, texts)
    read = [
        [c and kms.decrypt(CiphertextBlob=c)["Plaintext"].decode() for c in row]
        for row in ciphertexts
    ]
    assert read == texts
    query = "SELECT kms_decrypt('aws', %s::bytea[])"
    assert one(connection, query, ciphertexts) == texts
    assert one(connection, query, []) == []
    assert one(connection, query, [None]) == [None]
    binary = [os.urandom(n) for n in (1, 17, 4096)]
    query = "SELECT kms_decrypt_bytea('aws', kms_encrypt_bytea('aws', %s, %s::bytea[]))"
    assert one(connection, query, key, binary) == binary


def test_reencrypt_moves_to_another_key_and_context(connection, kms, key):
    other = kms.create_key()["KeyMetadata"]["Arn"]
    ciphertexts = [encrypted_by_boto3(kms, key, b"%d" % n, {"a": "1"}) for n in range(3)]
    query = 'SELECT kms_reencrypt(\'aws\', %s::bytea[], %s, \'{"a": "1"}\', \'{"b": "2"}\')'
    for number, ciphertext in enumerate(one(connection, query, ciphertexts, other)):
        answer = kms.decrypt(CiphertextBlob=ciphertext, EncryptionContext={"b": "2"})
        assert (answer["Plaintext"], answer["KeyId"]) == (b"%d" % number, other)
    query = "SELECT kms_reencrypt('aws', %s::bytea, %s, '{\"a\": \"1\"}')"
    single = one(connection, query, ciphertexts[2], other)
    assert kms.decrypt(CiphertextBlob=single)["Plaintext"] == b"2"


def test_data_keys(connection, kms, key):
    query = "SELECT * FROM kms_generate_data_key('aws', %s, '{\"a\": \"1\"}', 64)"
    plaintext, ciphertext, arn = connection.execute(query, (key,)).fetchone()
    assert len(plaintext) == 64 and arn == key
    opened = kms.decrypt(CiphertextBlob=ciphertext, EncryptionContext={"a": "1"})
    assert opened["Plaintext"] == plaintext
    query = "SELECT * FROM kms_generate_data_key_without_plaintext('aws', %s)"
    ciphertext, arn = connection.execute(query, (key,)).fetchone()
    assert len(kms.decrypt(CiphertextBlob=ciphertext)["Plaintext"]) == 32 and arn == key


def test_macs(connection, kms):
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["Arn"]
    query = "SELECT kms_generate_mac('aws', %s, 'message', 'HMAC_SHA_256')"
    mac = one(connection, query, key)
    verify = "SELECT kms_verify_mac('aws', %s, %s::bytea, 'HMAC_SHA_256', %s)"
    assert one(connection, verify, key, b"message", mac) is True
    assert one(connection, verify, key, b"another", mac) is False
    assert kms.verify_mac(KeyId=key, Message=b"message", MacAlgorithm="HMAC_SHA_256", Mac=mac)
    error = error_of(connection, verify, key, b"x" * 4097, mac)
    assert error.sqlstate == "54000"


def test_random_bytes(connection):
    first, second = (one(connection, "SELECT kms_generate_random('aws', 64)") for _ in range(2))
    assert len(first) == len(second) == 64 and first != second


def test_descriptions(connection, kms, key):
    described = one(connection, "SELECT kms_describe_key('aws', 'alias/functions')")
    assert described["Arn"] == key and described["Description"] == "functions"
    keys = connection.execute("SELECT * FROM kms_list_keys('aws')").fetchall()
    expected = {entry["KeyId"]: entry["KeyArn"] for entry in kms.list_keys(Limit=1000)["Keys"]}
    assert {key_id: arn for key_id, arn, _ in keys} == expected
    assert {arn: aliases for _, arn, aliases in keys}[key] == ["alias/functions"]


def test_lists_are_read_to_the_end(service, scripted):
    def keys(numbers, marker=None):
        more = {"Truncated": marker is not None} | ({"NextMarker": marker} if marker else {})
        entries = [{"KeyId": f"k{n}", "KeyArn": f"arn{n}"} for n in numbers]
        return lambda conversation: conversation.answer({"Keys": entries} | more)

    aliases = {"Aliases": [{"AliasName": "alias/b", "AliasArn": "a", "TargetKeyId": "k2"}]}
    service.script("ListKeys", keys([1, 2], "next"), keys([3]))
    service.script("ListAliases", lambda conversation: conversation.answer(aliases))
    rows = scripted.execute("SELECT key_id, aliases FROM kms_list_keys('aws')").fetchall()
    assert rows == [("k1", []), ("k2", ["alias/b"]), ("k3", [])]
    markers = [r.body.get("Marker") for r in service.requests if r.operation == "ListKeys"]
    assert markers == [None, "next"]


# What is refused before anything is sent


BAD_ARGUMENTS = {
    "context that is an array": ("kms_encrypt('aws', 'k', 'x', '[]')", "22023"),
    "context that is a string": ("kms_encrypt('aws', 'k', 'x', '\"a\"')", "22023"),
    "context with a number": ("kms_encrypt('aws', 'k', 'x', '{\"a\": 1}')", "22023"),
    "context with null": ("kms_decrypt('aws', 'x'::bytea, '{\"a\": null}')", "22023"),
    "context with an object": ("kms_decrypt('aws', 'x'::bytea, '{\"a\": {}}')", "22023"),
    "context with an empty name": ("kms_encrypt('aws', 'k', 'x', '{\"\": \"a\"}')", "22023"),
    "large context": (
        "kms_encrypt('aws', 'k', 'x', jsonb_build_object('a', repeat('x', 8192)))",
        "54000",
    ),
    "large text": ("kms_encrypt('aws', 'k', repeat('x', 4097))", "54000"),
    "large text of many bytes": ("kms_encrypt('aws', 'k', repeat('€', 1366))", "54000"),
    "large bytea": ("kms_encrypt_bytea('aws', 'k', repeat('x', 4097)::bytea)", "54000"),
    "large element": ("kms_encrypt('aws', 'k', ARRAY[repeat('x', 4097)])", "54000"),
    "empty text": ("kms_encrypt('aws', 'k', '')", "22023"),
    "empty key": ("kms_encrypt('aws', '', 'x')", "22023"),
    "no bytes": ("kms_generate_random('aws', 0)", "22023"),
    "too many bytes": ("kms_generate_data_key('aws', 'k', NULL, 1025)", "22023"),
    "unknown server": ("kms_encrypt('nowhere', 'k', 'x')", "42704"),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_and_nothing_is_sent(scripted, service, case):
    expression, sqlstate = BAD_ARGUMENTS[case]
    error = error_of(scripted, f"SELECT {expression}")
    assert error.sqlstate == sqlstate
    assert not service.requests
    if "element" in case or "large text" in case or "bytea" in case:
        assert "kms_generate_data_key" in error.diag.message_hint


def test_the_largest_values_are_taken(connection, kms, key):
    context = {"a": "x" * 8191}
    query = "SELECT kms_encrypt('aws', %s, repeat('€', 1365) || 'x', %s)"
    ciphertext = one(connection, query, key, jsonb(context))
    answer = kms.decrypt(CiphertextBlob=ciphertext, EncryptionContext=context)
    assert len(answer["Plaintext"]) == 4096


NULLS = [
    "kms_encrypt(NULL, 'k', 'x')",
    "kms_encrypt('aws', NULL, 'x')",
    "kms_encrypt('aws', 'k', NULL::text)",
    "kms_encrypt('aws', 'k', NULL::text[])",
    "kms_encrypt_bytea('aws', 'k', NULL::bytea)",
    "kms_decrypt('aws', NULL::bytea)",
    "kms_decrypt_bytea('aws', NULL::bytea[])",
    "kms_reencrypt('aws', NULL::bytea, 'k')",
    "kms_generate_data_key('aws', NULL)",
    "kms_generate_data_key('aws', 'k', NULL, NULL)",
    "kms_generate_data_key_without_plaintext('aws', NULL)",
    "kms_generate_mac('aws', 'k', NULL, 'a')",
    "kms_verify_mac('aws', 'k', 'm', 'a', NULL)",
    "kms_describe_key('aws', NULL)",
]


@pytest.mark.parametrize("expression", NULLS)
def test_null_gives_null(scripted, service, expression):
    assert one(scripted, f"SELECT {expression} IS NULL") is True
    assert not service.requests


# Permissions


def test_nobody_may_call_them_without_a_grant(connection):
    query = """SELECT p.oid::regprocedure::text, p.proparallel::text, p.provolatile::text,
        has_function_privilege('public', p.oid, 'EXECUTE'), obj_description(p.oid) IS NOT NULL
        FROM pg_proc p WHERE proname LIKE 'kms\\_%'"""
    found = connection.execute(query).fetchall()
    assert len(found) == 17
    for name, *properties in found:
        assert properties == ["r", "v", False, True], name


def test_usage_of_the_server_is_needed(connection, postgresql, key):
    connection.execute("CREATE ROLE kms_user")
    try:
        connection.execute("GRANT EXECUTE ON FUNCTION kms_generate_random(name, int) TO kms_user")
        connection.execute(
            "CREATE USER MAPPING FOR kms_user SERVER aws OPTIONS ("
            "aws_access_key_id 'AKIDOTHER', aws_secret_access_key 'x')"
        )
        connection.execute("SET ROLE kms_user")
        error = error_of(connection, "SELECT kms_generate_random('aws', 1)")
        assert error.sqlstate == "42501" and "foreign server" in str(error)
        connection.execute(
            "RESET ROLE; GRANT USAGE ON FOREIGN SERVER aws TO kms_user; SET ROLE kms_user"
        )
        assert len(one(connection, "SELECT kms_generate_random('aws', 1)")) == 1
    finally:
        connection.execute("RESET ROLE; DROP OWNED BY kms_user; DROP ROLE kms_user")


# What KMS refuses


def test_no_such_key(connection):
    error = error_of(connection, "SELECT kms_encrypt('aws', 'alias/nothing', 'x')")
    assert error.sqlstate == "HV000"
    assert "alias/nothing" in error.diag.message_detail


REFUSALS = {
    "AccessDeniedException": "42501",
    "DisabledException": "55000",
    "KMSInvalidStateException": "55000",
    "InvalidCiphertextException": "XX001",
    "IncorrectKeyException": "XX001",
    "InvalidKeyUsageException": "HV000",
    "NotFoundException": "HV000",
    "ThrottlingException": "53400",
    "LimitExceededException": "54000",
    "UnrecognizedClientException": "28000",
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusals_name_code_and_key(scripted, service, code):
    service.script("Decrypt", *[faults.refuse(400, code)] * 2)
    query = "SELECT kms_decrypt('aws', %s::bytea, NULL, 'alias/named')"
    error = error_of(scripted, query, ciphertext_of(SECRET.encode()))
    assert error.sqlstate == REFUSALS[code]
    for part in (code, "400", "REQUEST-ID", "alias/named"):
        assert part in error.diag.message_detail
    assert SECRET not in str(error)
    service.forget_scripts()
    assert one(scripted, query, ciphertext_of(b"fine")) == "fine"


TRANSIENT = [
    faults.refuse(500, "KMSInternalException"),
    faults.refuse(500, "DependencyTimeoutException"),
    faults.refuse(400, "ThrottlingException"),
    faults.reset_in_body,
    faults.wrong_checksum,
    faults.answer_bytes(b'{"Plaintext": "AA=='),
    faults.answer_bytes(b'{"KeyId": "k"}'),
]


@pytest.mark.parametrize("fault", TRANSIENT)
def test_what_may_pass_is_tried_again(scripted, service, fault):
    service.script("Decrypt", fault)
    ciphertext = ciphertext_of(SECRET.encode())
    assert one(scripted, "SELECT kms_decrypt('aws', %s::bytea)", ciphertext) == SECRET
    assert service.count("Decrypt") == 2


def test_text_that_is_none_shows_nothing(scripted):
    for plaintext in (b"\xff\xfesecret", b"sec\x00ret"):
        ciphertext = ciphertext_of(plaintext)
        error = error_of(scripted, "SELECT kms_decrypt('aws', %s::bytea)", ciphertext)
        assert error.sqlstate == "22021"
        assert "kms_decrypt_bytea" in error.diag.message_hint
        assert "0x" not in str(error) and "sec" not in error.diag.message_primary
        query = "SELECT kms_decrypt_bytea('aws', %s::bytea)"
        assert one(scripted, query, ciphertext) == plaintext


# Many at once


def all_at_once(count):
    """A behaviour that answers when so many requests are there."""
    barrier = threading.Barrier(count, timeout=faults.WAIT_SECONDS)

    def behave(conversation):
        barrier.wait()
        faults.answer_properly(conversation)

    return behave


@pytest.mark.parametrize("connections", [1, 8, 32])
def test_arrays_use_every_connection(scripted, service, connections):
    scripted.execute(f"ALTER SERVER aws OPTIONS (ADD max_connections '{connections}')")
    service.script("Encrypt", *[all_at_once(connections)] * connections)
    texts = [str(number) for number in range(connections * 5)]
    query = "SELECT kms_encrypt('aws', 'k', %s::text[])"
    assert one(scripted, query, texts) == [ciphertext_of(t.encode()) for t in texts]
    assert service.connection_count == connections


def test_repeated_ciphertexts_are_asked_for_once(scripted, service):
    ciphertexts = [ciphertext_of(b"%d" % (number % 10)) for number in range(1000)]
    query = "SELECT kms_decrypt('aws', %s::bytea[])"
    assert one(scripted, query, ciphertexts) == [str(number % 10) for number in range(1000)]
    assert service.count("Decrypt") == 10
    query = "SELECT count(kms_decrypt('aws', c)) FROM unnest(%s::bytea[]) c"
    assert one(scripted, query, ciphertexts) == 1000
    assert service.count("Decrypt") == 20


def test_another_statement_asks_anew(scripted, service):
    """In a transaction, whose PL/pgSQL keeps one memory context for all statements."""
    scripted.execute("""CREATE FUNCTION twice(c bytea) RETURNS text LANGUAGE plpgsql AS
        $$BEGIN RETURN kms_decrypt('aws', c) || kms_decrypt('aws', c); END$$""")
    ciphertext = ciphertext_of(b"x")
    with scripted.transaction():
        for number in (1, 2):
            assert one(scripted, "SELECT twice(%s)", ciphertext) == "xx"
            assert service.count("Decrypt") == number


def test_a_failure_is_not_remembered(scripted, service):
    service.script("Decrypt", faults.refuse(400, "AccessDeniedException"))
    scripted.execute("""CREATE FUNCTION again(c bytea) RETURNS text LANGUAGE plpgsql AS
        $$BEGIN RETURN kms_decrypt('aws', c);
        EXCEPTION WHEN insufficient_privilege THEN RETURN kms_decrypt('aws', c); END$$""")
    assert one(scripted, "SELECT again(%s)", ciphertext_of(b"x")) == "x"


def test_a_guard_bounds_the_calls_of_a_statement(scripted, service):
    scripted.execute("ALTER SERVER aws OPTIONS (ADD max_kms_calls '10')")
    query = "SELECT kms_encrypt('aws', 'k', array_fill('x'::text, ARRAY[%s]))"
    assert len(one(scripted, query, 10)) == 10
    error = error_of(scripted, query, 11)
    assert error.sqlstate == "53400" and "max_kms_calls" in str(error)
    scalar = "SELECT kms_encrypt('aws', 'k', 'x') FROM generate_series(1, %s)"
    assert len(scripted.execute(scalar, (10,)).fetchall()) == 10
    assert error_of(scripted, scalar, 11).sqlstate == "53400"


def test_ten_thousand_elements_answer_a_cancel(scripted, service):
    reached = threading.Semaphore(0)

    def stall(conversation):
        reached.release()
        conversation.wait_for_close()

    service.script("Encrypt", *[stall] * 32)
    failure = []

    def encrypt():
        query = "SELECT kms_encrypt('aws', 'k', array_fill('x'::text, ARRAY[10000]))"
        failure.append((error_of(scripted, query).sqlstate, time.monotonic()))

    thread = threading.Thread(target=encrypt)
    thread.start()
    for _ in range(32):
        assert reached.acquire(timeout=faults.WAIT_SECONDS)
    cancelled = time.monotonic()
    scripted.cancel()
    thread.join()
    assert failure[0][0] == "57014"
    assert failure[0][1] - cancelled < 0.1
    assert one(scripted, "SELECT kms_encrypt('aws', 'k', 'x')") == ciphertext_of(b"x")


def test_a_server_with_only_an_endpoint_of_dynamodb_says_what_is_missing(postgresql, database):
    with FaultServer() as service, postgresql.connect(database) as connection:
        connection.execute(f"""CREATE SERVER aws FOREIGN DATA WRAPPER dynamodb_kms_fdw
            OPTIONS (dynamodb_endpoint_url '{service.endpoint_url}')""")
        connection.execute("""CREATE USER MAPPING FOR CURRENT_USER SERVER aws
            OPTIONS (aws_access_key_id 'a', aws_secret_access_key 'b')""")
        connection.execute("CREATE FOREIGN TABLE faults (id text) SERVER aws")
        assert len(connection.execute("SELECT * FROM faults").fetchall()) == 5
        error = error_of(connection, "SELECT kms_generate_random('aws', 1)")
        assert error.sqlstate == "HV002" and '"kms"' in str(error)
