"""Encrypted items while AWS KMS is slow or gone, and what is left of them in memory."""

import os
import threading
import time

import psycopg
import pytest
from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import encrypt_dynamodb_item
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext
from encrypted_tables import error_of, one, rows
from faults import server as faults
from faults.clients import create_table
from faults.crowd import Crowd
from faults.server import TABLE, TABLE_DESCRIPTION, answer_properly
from test_kms_columns import found_in_memory, occurrences, secret_texts


class KnownDataKeys(AwsKmsCryptographicMaterialsProvider):
    """The provider of AWS's library, with a data key of ours and the scripted KMS's ciphertext."""

    def __init__(self, data_key):
        super().__init__(faults.KEY_ARN)
        self._data_key = data_key

    def _generate_initial_material(self, encryption_context):
        return self._data_key, faults.ciphertext_of(self._data_key)


def encrypted(number, text, data_key, sort_key=None):
    """An item as AWS's library makes it, in JSON's form; with a sort key, whose value is a text."""
    item = {"id": {"S": f"{number:04}"}, "value": {"S": text}}
    item |= {sort_key: {"S": "the only one"}} if sort_key else {}
    actions = AttributeActions()
    actions.set_index_keys("id", *([sort_key] if sort_key else []))
    context = EncryptionContext(TABLE, "id", sort_key, attributes=item)
    made = encrypt_dynamodb_item(item, CryptoConfig(KnownDataKeys(data_key), context, actions))
    return {
        name: {kind: faults.base64_of(content) if kind == "B" else content}
        for name, value in made.items()
        for kind, content in value.items()
    }


def page_of(texts, data_keys=None):
    data_keys = data_keys or [os.urandom(32) for _ in texts]
    return faults.page(
        [encrypted(n, t, k) for n, (t, k) in enumerate(zip(texts, data_keys, strict=True))]
    )


def generate_data_key(conversation):
    data_key = os.urandom(32)
    conversation.answer(
        {
            "Plaintext": faults.base64_of(data_key),
            "CiphertextBlob": faults.base64_of(faults.ciphertext_of(data_key)),
            "KeyId": faults.KEY_ARN,
        }
    )


def together(count, behaviour):
    """The behaviour, once so many requests have come."""
    barrier = threading.Barrier(count)

    def behave(conversation):
        barrier.wait(timeout=30)
        behaviour(conversation)

    return [behave] * count


@pytest.fixture
def scripted(postgresql, database, service):
    """The foreign table `faults` is encrypted."""
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url, max_attempts="2")
        connection.execute("""
            DROP FOREIGN TABLE faults;
            CREATE FOREIGN TABLE faults (id text, value text)
            SERVER aws OPTIONS (encryption 'dynamodb_encryption_client',
                                kms_key_id 'alias/scripted')""")
        yield connection


def test_data_keys_are_asked_for_together(scripted, service):
    """As many as were in flight before, and again: each row that is handed out allows one more."""
    service.script("Scan", page_of([f"text {number}" for number in range(63)]))
    in_turns = [
        behave for count in (1, 2, 4, 8, 16, 32) for behave in together(count, answer_properly)
    ]
    service.script("Decrypt", *in_turns)
    assert one(scripted, "SELECT count(value) FROM faults") == 63
    assert service.count("Decrypt") == 63


def look_up_encrypted(texts):
    """Answers BatchGetItem with the items of those of its keys that there is a text for."""
    items = {f"{n:04}": encrypted(n, text, os.urandom(32)) for n, text in enumerate(texts)}

    def behave(conversation):
        keys = [key["id"]["S"] for key in conversation.request.body["RequestItems"][TABLE]["Keys"]]
        found = [items[key] for key in keys if key in items]
        conversation.answer({"Responses": {TABLE: found}})

    return behave


def nested_loop(connection, rows):
    """Has a join of so many local rows with the foreign table look keys up."""
    connection.execute(
        f"CREATE TABLE wanted AS SELECT n, lpad(n::text, 4, '0') AS key "
        f"FROM generate_series(0, {rows - 1}) n"
    )
    connection.execute("ANALYZE wanted")
    for method in ("hashjoin", "mergejoin", "material", "memoize"):
        connection.execute(f"SET enable_{method} = off")


JOIN = "SELECT value FROM wanted JOIN faults ON id = key ORDER BY n"


def test_data_keys_of_a_nested_loop_are_asked_for_together(scripted, service):
    texts = [f"text {number}" for number in range(63)]
    nested_loop(scripted, 63)
    service.script("BatchGetItem", look_up_encrypted(texts))
    in_turns = [
        behave for count in (1, 2, 4, 8, 16, 32) for behave in together(count, answer_properly)
    ]
    service.script("Decrypt", *in_turns)
    assert [text for (text,) in rows(scripted, JOIN)] == texts
    assert service.count("Decrypt") == 63
    assert service.count("BatchGetItem") == 1


def test_data_keys_of_the_querys_of_many_rows_are_asked_for_together(scripted, service):
    """Each row's Query has one item."""
    description = TABLE_DESCRIPTION | {
        name: [*TABLE_DESCRIPTION[name], {"AttributeName": "part"} | kind]
        for name, kind in (
            ("KeySchema", {"KeyType": "RANGE"}),
            ("AttributeDefinitions", {"AttributeType": "S"}),
        )
    }
    texts = [f"text {number}" for number in range(40)]
    items = {f"{n:04}": encrypted(n, t, os.urandom(32), "part") for n, t in enumerate(texts)}

    def query(conversation):
        (key,) = conversation.request.body["ExpressionAttributeValues"].values()
        conversation.answer({"Items": [items[key["S"]]], "Count": 1, "ScannedCount": 1})

    scripted.execute("ALTER FOREIGN TABLE faults ADD part text, OPTIONS (ADD allow_full_scan 'no')")
    nested_loop(scripted, len(texts))
    crowd = Crowd(8, answer_properly)
    service.script("DescribeTable", lambda asked: asked.answer({"Table": description}))
    service.script("Query", *[query] * len(texts))
    service.script("Decrypt", *[crowd.linger] * len(texts))
    assert [text for (text,) in rows(scripted, JOIN)] == texts
    assert crowd.was_there.is_set()
    assert service.count("Query") == service.count("Decrypt") == len(texts)


def test_a_nested_loop_asks_for_no_more_than_the_guard_allows(scripted, service):
    nested_loop(scripted, 10)
    look_up = look_up_encrypted(["text"] * 10)
    scripted.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD max_kms_calls '10')")
    scripted.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    service.script("BatchGetItem", *[look_up] * 3)
    assert len(rows(scripted, JOIN)) == 10
    scripted.execute("ALTER FOREIGN TABLE faults OPTIONS (SET max_kms_calls '4')")
    assert (
        rows(scripted, "SELECT value FROM wanted JOIN faults ON id = key LIMIT 4")
        == [("text",)] * 4
    )
    assert error_of(scripted, JOIN).sqlstate == "53400"


def test_a_cancel_reaches_a_nested_loop_that_waits_for_data_keys(scripted, service):
    nested_loop(scripted, 10)
    look_up = look_up_encrypted(["text"] * 10)
    service.script("BatchGetItem", look_up, look_up)
    service.script("Decrypt", faults.stall)
    sqlstate, seconds = cancelled(scripted, service, JOIN)
    assert sqlstate == "57014" and seconds < 0.1
    assert len(rows(scripted, JOIN)) == 10


def test_one_row_costs_one_call(scripted, service):
    service.script("Scan", page_of([f"text {number}" for number in range(20)]))
    assert rows(scripted, "SELECT value FROM faults LIMIT 1") == [("text 0",)]
    assert service.count("Decrypt") == 1


def test_data_keys_are_made_together(scripted, service):
    service.script("GenerateDataKey", *together(32, generate_data_key))
    service.script("PutItem", *[faults.answer_bytes(b"{}")] * 32)
    scripted.execute("INSERT INTO faults SELECT n::text, 'x' FROM generate_series(1, 32) n")
    assert service.count("GenerateDataKey") == service.count("PutItem") == 32


def cancelled(connection, service, statement):
    """Cancels the statement once the service is reached: SQLSTATE, and the seconds it took."""
    failure = []

    def run():
        failure.append((error_of(connection, statement).sqlstate, time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    service.wait_until_reached()
    begin = time.monotonic()
    connection.cancel()
    thread.join()
    return failure[0][0], failure[0][1] - begin


def test_a_cancel_reaches_the_wait_for_a_data_key(scripted, service):
    page = page_of(["a", "b"])
    service.script("Scan", page, page)
    service.script("Decrypt", faults.stall)
    sqlstate, seconds = cancelled(scripted, service, "SELECT value FROM faults")
    assert sqlstate == "57014" and seconds < 0.1
    # The call that was given up answers nobody.
    assert rows(scripted, "SELECT value FROM faults ORDER BY id") == [("a",), ("b",)]


def test_a_cancel_reaches_the_wait_for_a_new_data_key(scripted, service):
    service.script("GenerateDataKey", faults.stall)
    sqlstate, seconds = cancelled(scripted, service, "INSERT INTO faults VALUES ('1', 'a')")
    assert sqlstate == "57014" and seconds < 0.1
    assert service.count("PutItem") == 0


def test_errors_of_kms_are_no_bad_items(scripted, service):
    scripted.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD on_bad_item 'skip')")
    service.script("Scan", page_of(["a", "b"]))
    service.script("Decrypt", faults.refuse(400, "AccessDeniedException"))
    assert error_of(scripted, "SELECT value FROM faults").sqlstate == "42501"
    service.script("Scan", page_of(["a", "b"]))
    service.script("Decrypt", answer_properly, faults.refuse(400, "InvalidCiphertextException"))
    assert rows(scripted, "SELECT value FROM faults") == [("a",)]


def test_a_failed_call_is_not_kept(scripted, service):
    page = page_of(["a"])
    service.script("Scan", page, page)
    service.script("Decrypt", faults.refuse(400, "DisabledException"))
    assert error_of(scripted, "SELECT value FROM faults").sqlstate == "55000"
    assert rows(scripted, "SELECT value FROM faults") == [("a",)]


def test_a_data_key_of_another_length_opens_nothing(scripted, service):
    short = faults.answer_bytes(
        b'{"Plaintext": "'
        + faults.base64_of(bytes(16)).encode()
        + b'", "KeyId": "'
        + faults.KEY_ARN.encode()
        + b'"}'
    )
    service.script("Scan", page_of(["a"]))
    service.script("Decrypt", short)
    assert error_of(scripted, "SELECT value FROM faults").sqlstate == "XX001"


def keys_in_memory(connection, data_keys):
    return {k for k, n in occurrences(connection.info.backend_pid, data_keys).items() if n}


def test_plaintexts_of_items_gone_by_are_not_in_memory(scripted, service):
    scripted.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '0')")
    texts = secret_texts(300)
    data_keys = [os.urandom(32) for _ in texts]
    service.script("Scan", page_of(texts, data_keys))
    assert one(scripted, "SELECT sum(length(value)) FROM faults") == sum(map(len, texts))
    # Of the first row an aggregate makes a copy of its own, to compare groups with.
    assert not found_in_memory(scripted, texts[1:])
    assert not keys_in_memory(scripted, data_keys)


def test_data_keys_are_wiped_when_they_go(scripted, service):
    data_keys = [os.urandom(32) for _ in range(20)]
    service.script("Scan", page_of(["x"] * 20, data_keys))
    assert one(scripted, "SELECT count(value) FROM faults") == 20
    assert keys_in_memory(scripted, data_keys) == set(data_keys)
    scripted.execute("ALTER SERVER aws OPTIONS (ADD data_key_cache_size '10')")
    scripted.execute("SELECT 1")
    assert not keys_in_memory(scripted, data_keys)


def test_errors_leave_no_plaintext(scripted, service):
    texts = secret_texts(10)
    scripted.execute("ALTER FOREIGN TABLE faults ALTER COLUMN value TYPE int")
    service.script("Scan", page_of(texts))
    with pytest.raises(psycopg.Error):
        scripted.execute("SELECT value FROM faults")
    assert not found_in_memory(scripted, texts)
