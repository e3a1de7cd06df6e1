"""Encrypted items as SQL writes them: AWS's library for Python reads what both emulators store."""

import itertools
import threading

import psycopg
import pytest
from attribute_values import meanings
from encrypted_tables import (
    error_of,
    everything_shown,
    executed_plan_of,
    index,
    one,
    plan_of,
    rows,
)
from encryption_client import (
    DESCRIPTION,
    DO_NOTHING,
    ENCRYPT_AND_SIGN,
    SIGN_ONLY,
    SIGNATURE,
)

pytest_plugins = ["encrypted_tables"]

SECRET = "s3cret of the items €"
MODES = ["statement", "transaction", "overwrite"]
NAMES = {ENCRYPT_AND_SIGN: "encrypt_and_sign", SIGN_ONLY: "sign_only", DO_NOTHING: "do_nothing"}
KEYS = {
    "S": [("'key'", {"S": "key"}), ("'ключ 😀'", {"S": "ключ 😀"})],
    "N": [("42", {"N": "42"}), ("-0.50", {"N": "-0.5"}), ("1e20", {"N": "1" + "0" * 20})],
    "B": [("'\\x00ff'", {"B": b"\x00\xff"})],
}
SQL_TYPES = {"S": "text", "N": "numeric", "B": "bytea"}

# By column: what SQL writes, and what the library reads of it.
VALUES = {
    "s text": (f"'{SECRET}'", {"S": SECRET}),
    "empty text": ("''", {"S": ""}),
    "n numeric": ("1234567890.123456789012345678", {"N": "1234567890.123456789012345678"}),
    "i int": ("-7", {"N": "-7"}),
    "b bytea": ("'\\x00ff80'", {"B": b"\x00\xff\x80"}),
    "no bytea": ("''", {"B": b""}),
    "o boolean": ("false", {"BOOL": False}),
    "ss text[] OPTIONS (attribute_type 'SS')": ("'{b,a,ü}'", {"SS": ["a", "b", "ü"]}),
    "ns numeric[] OPTIONS (attribute_type 'NS')": (
        "'{10,9,-1.5}'",
        {"NS": ["-1.5", "9", "10"]},
    ),
    "bs bytea[] OPTIONS (attribute_type 'BS')": (
        r"""'{"\\x0102","\\x01"}'""",
        {"BS": [b"\x01", b"\x01\x02"]},
    ),
    "l jsonb": ("""'["x", 1, []]'""", {"L": [{"S": "x"}, {"N": "1"}, {"L": []}]}),
    "m jsonb": (
        """'{"k": true, "ü": {"e": null}}'""",
        {"M": {"k": {"BOOL": True}, "ü": {"M": {"e": {"NULL": True}}}}},
    ),
}


def expected_item(**key):
    return {**key, **{column.split()[0]: value for column, (_, value) in VALUES.items()}}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("default_action", [ENCRYPT_AND_SIGN, SIGN_ONLY, DO_NOTHING])
def test_the_library_reads_every_type_and_action(encrypting, make_table, default_action, mode):
    table = make_table(default_action=default_action, actions={"one": SIGN_ONLY, "two": DO_NOTHING})
    columns = [
        "id text",
        "one text OPTIONS (crypto_action 'sign_only')",
        "two text OPTIONS (crypto_action 'do_nothing')",
        *VALUES,
    ]
    table.declare(
        encrypting,
        ", ".join(columns),
        crypto_action=NAMES[default_action],
        write_mode=mode,
    )
    values = ", ".join(["'x'", "'1'", "'2'", *(value for value, _ in VALUES.values())])
    encrypting.execute(f"INSERT INTO t VALUES ({values})")
    original = {**expected_item(id={"S": "x"}), "one": {"S": "1"}, "two": {"S": "2"}}
    assert meanings(table.get(id={"S": "x"})) == meanings(original)
    stored = table.stored(id={"S": "x"})
    assert stored.keys() == original.keys() | {SIGNATURE, DESCRIPTION}
    for name, value in original.items():
        action = {"id": SIGN_ONLY, "one": SIGN_ONLY, "two": DO_NOTHING}.get(name, default_action)
        is_encrypted = action == ENCRYPT_AND_SIGN
        assert is_encrypted == (meanings({"v": stored[name]}) != meanings({"v": value})), name
    assert one(encrypting, "SELECT count(*) FROM t WHERE s = %s AND NOT o", SECRET) == 1


@pytest.mark.parametrize("hash_type", KEYS)
@pytest.mark.parametrize("range_type", [None, *KEYS])
def test_every_shape_of_key(encrypting, make_table, hash_type, range_type):
    table = make_table(hash_type, range_type)
    ranges = [(None, None)] if range_type is None else KEYS[range_type]
    columns = f"id {SQL_TYPES[hash_type]}, v text"
    table.declare(encrypting, columns + (f", r {SQL_TYPES[range_type]}" if range_type else ""))
    for (hash_sql, hash_key), (range_sql, range_key) in itertools.product(KEYS[hash_type], ranges):
        key = {"id": hash_key} | ({"r": range_key} if range_type else {})
        where = f"id = {hash_sql}" + (f" AND r = {range_sql}" if range_type else "")
        values = f"{hash_sql}, 'new'" + (f", {range_sql}" if range_type else "")
        encrypting.execute(f"INSERT INTO t VALUES ({values})")
        assert table.get(**key)["v"] == {"S": "new"}
        encrypting.execute(f"UPDATE t SET v = 'changed' WHERE {where}")
        assert table.get(**key)["v"] == {"S": "changed"}
        assert rows(encrypting, f"SELECT v FROM t WHERE {where}") == [("changed",)]
        encrypting.execute(f"DELETE FROM t WHERE {where}")
        assert table.stored(**key) is None


def test_many_rows_are_copied(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text")
    with encrypting.cursor() as cursor, cursor.copy("COPY t FROM STDIN") as copy:
        for number in range(150):
            copy.write_row((str(number), f"{SECRET} {number}"))
    assert one(encrypting, "SELECT count(*) FROM t") == 150
    for number in (0, 77, 149):
        assert table.get(id={"S": str(number)})["v"] == {"S": f"{SECRET} {number}"}
    keys = {item[DESCRIPTION]["B"] for item in table.client.scan(TableName=table.name)["Items"]}
    assert len(keys) == 150


@pytest.mark.parametrize("mode", MODES)
def test_updates_keep_what_has_no_column(encrypting, make_table, mode):
    table = make_table(actions={"plain": SIGN_ONLY, "free": DO_NOTHING})
    others = {"n": {"N": "1.50"}, "ss": {"SS": ["b", "a"]}, "free": {"S": "f"}, "plain": {"S": "p"}}
    table.put(id={"S": "x"}, v={"S": "old"}, **others)
    table.declare(
        encrypting,
        """id text, v text, plain text OPTIONS (crypto_action 'sign_only'),
           free text OPTIONS (crypto_action 'do_nothing')""",
        write_mode=mode,
    )
    before = table.stored(id={"S": "x"})
    encrypting.execute("UPDATE t SET v = v || ' and new' WHERE v = 'old'")
    item = table.get(id={"S": "x"})
    assert meanings(item) == meanings({"id": {"S": "x"}, "v": {"S": "old and new"}, **others})
    after = table.stored(id={"S": "x"})
    assert all(before[name] != after[name] for name in ("v", "n", SIGNATURE, DESCRIPTION))
    encrypting.execute("UPDATE t SET v = NULL, plain = 'q', free = 'g'")
    item = table.get(id={"S": "x"})
    assert "v" not in item and item["plain"] == {"S": "q"} and item["free"] == {"S": "g"}


def test_an_update_that_changes_nothing_writes_nothing(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": "same"})
    table.declare(encrypting, "id text, v text")
    before = table.stored(id={"S": "x"})
    encrypting.execute("UPDATE t SET v = 'same'")
    assert table.stored(id={"S": "x"}) == before


@pytest.mark.parametrize("mode", ["statement", "transaction"])
def test_an_item_moves_to_another_key(encrypting, make_table, mode):
    table = make_table(range_type="N")
    table.put(id={"S": "x"}, r={"N": "1"}, v={"S": SECRET}, other={"N": "2"})
    table.declare(encrypting, "id text, r int, v text", write_mode=mode)
    encrypting.execute("UPDATE t SET r = 2")
    assert table.stored(id={"S": "x"}, r={"N": "1"}) is None
    item = table.get(id={"S": "x"}, r={"N": "2"})
    assert (item["v"], item["other"]) == ({"S": SECRET}, {"N": "2"})


def test_the_vaults_table(encrypting, make_table):
    table = make_table(
        range_type="S",
        hash_key="Hash_Key",
        range_key="Account_Id",
        actions={"Account_Id": DO_NOTHING},
    )
    token = "0e9e6a0e-5c8d-4b57-a5f2-6b0f4a3c6c55"
    table.declare(
        encrypting,
        """"Hash_Key" uuid, "Account_Id" text OPTIONS (crypto_action 'do_nothing'),
           "CandidateString" text""",
    )
    encrypting.execute("INSERT INTO t VALUES (%s, '7', '4111 1111 1111 1111')", (token,))
    key = {"Hash_Key": {"S": token}, "Account_Id": {"S": "7"}}
    assert table.get(**key)["CandidateString"] == {"S": "4111 1111 1111 1111"}
    encrypting.execute("UPDATE t SET \"Account_Id\" = '8'")
    item = table.get(Hash_Key={"S": token}, Account_Id={"S": "8"})
    assert item["CandidateString"] == {"S": "4111 1111 1111 1111"}


def test_orders_of_signatures(encrypting, make_table):
    table = make_table(default_action=SIGN_ONLY)
    for order in ("utf8", "utf16"):
        table.declare(
            encrypting,
            'id text, "\ue000" text, "😀" text',
            order,
            signature_order=order,
            crypto_action="sign_only",
        )
        encrypting.execute(f"INSERT INTO {order} VALUES ('{order}', '1', '2')")
    assert table.get(id={"S": "utf8"})["😀"] == {"S": "2"}
    for name in ("utf8", "utf16"):
        assert one(encrypting, f"SELECT count(*) FROM {name} WHERE \"😀\" = '2'") == 2


# --- what a statement says of its rows ------------------------------------------------------------


@pytest.mark.parametrize("mode", ["statement", "transaction"])
def test_duplicates(encrypting, make_table, mode):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": "first"})
    table.declare(encrypting, "id text, v text", write_mode=mode)
    assert error_of(encrypting, "INSERT INTO t VALUES ('x', 'second')").sqlstate == "23505"
    query = "INSERT INTO t VALUES ('x', 'second'), ('y', 'new') ON CONFLICT DO NOTHING RETURNING id"
    assert rows(encrypting, query) == [("y",)]
    assert rows(encrypting, "SELECT id, v FROM t ORDER BY id") == [("x", "first"), ("y", "new")]


def test_overwriting_replaces(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": "first"}, other={"S": "gone"})
    table.declare(encrypting, "id text, v text", write_mode="overwrite")
    encrypting.execute("INSERT INTO t VALUES ('x', 'second')")
    assert table.get(id={"S": "x"}) == {"id": {"S": "x"}, "v": {"S": "second"}}


def test_returning(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text")
    assert rows(encrypting, "INSERT INTO t VALUES ('x', 'a') RETURNING v") == [("a",)]
    assert rows(encrypting, "UPDATE t SET v = v || 'b' RETURNING id, v") == [("x", "ab")]
    assert rows(encrypting, "DELETE FROM t RETURNING v") == [("ab",)]


def test_deletes(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text")
    encrypting.execute("INSERT INTO t SELECT n::text, (n % 2)::text FROM generate_series(1, 10) n")
    assert encrypting.execute("DELETE FROM t WHERE v = '1'").rowcount == 5
    assert encrypting.execute("DELETE FROM t WHERE id = '2'").rowcount == 1
    encrypting.execute("TRUNCATE t")
    assert table.client.scan(TableName=table.name)["Count"] == 0


def test_nothing_is_changed_without_a_look(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text")
    plan = plan_of(encrypting, "UPDATE t SET v = 'x' WHERE id = 'a'")
    assert plan["Node Type"] == "ModifyTable"
    assert plan["DynamoDB Request"] == "GetItem, then PutItem"
    assert plan["Condition"] == "attribute_exists(id), unchanged: the item"
    assert plan_of(encrypting, "DELETE FROM t WHERE id = 'a'")["Node Type"] == "ModifyTable"
    plan = executed_plan_of(
        encrypting, "INSERT INTO t SELECT n::text, n::text FROM generate_series(1, 5) n"
    )
    assert plan["KMS Calls"] == 5


# --- others at the same time ----------------------------------------------------------------------


CHANGES_IN_BETWEEN = {
    "encrypted": lambda t: t.put(id={"S": "x"}, v={"S": "theirs"}, free={"S": "1"}),
    "unsigned": lambda t: t.store({**t.stored(id={"S": "x"}), "free": {"S": "2"}}),
    "removed": lambda t: t.client.delete_item(TableName=t.name, Key={"id": {"S": "x"}}),
}


@pytest.fixture
def contended(encrypting, make_table):
    """A table with one item, and foreign tables for it in two write modes."""
    table = make_table(actions={"free": DO_NOTHING})
    table.put(id={"S": "x"}, v={"S": "old"}, free={"S": "1"})
    for mode in ("statement", "transaction"):
        table.declare(
            encrypting,
            "id text, v text, free text OPTIONS (crypto_action 'do_nothing')",
            mode,
            write_mode=mode,
        )
    return table


def assert_noticed(connection, change, error):
    """What was looked at and has changed is an error; what was not stays as others made it."""
    found = rows(connection, "SELECT v, free FROM statement")
    assert (
        found
        == {
            "encrypted": [("theirs", "1")],
            "unsigned": [("old!", "2")],
            "removed": [],
        }[change]
    )
    assert (error and error.sqlstate) == (None if change == "unsigned" else "40001")


def execute_noting_errors(connection, statement):
    try:
        connection.execute(statement)
    except psycopg.Error as error:
        return error
    return None


@pytest.mark.parametrize("change", CHANGES_IN_BETWEEN)
def test_a_change_before_the_commit_is_noticed(encrypting, contended, change):
    encrypting.execute("BEGIN")
    encrypting.execute("UPDATE transaction SET v = v || '!'")
    CHANGES_IN_BETWEEN[change](contended)
    assert_noticed(encrypting, change, execute_noting_errors(encrypting, "COMMIT"))


@pytest.mark.parametrize("change", CHANGES_IN_BETWEEN)
def test_a_change_between_read_and_write_is_noticed(
    postgresql, database, encrypting, contended, change
):
    """The new value is not known before another session lets it."""
    errors = []
    encrypting.execute("""
        CREATE FUNCTION mark() RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_lock_shared(1); RETURN '!'; END $$""")
    update = "UPDATE statement SET v = v || mark()"
    thread = threading.Thread(
        target=lambda: errors.append(execute_noting_errors(encrypting, update))
    )
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with postgresql.connect(database) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        thread.start()
        while one(other, waiting) == 0:
            pass
        CHANGES_IN_BETWEEN[change](contended)
        other.execute("SELECT pg_advisory_unlock(1)")
        thread.join()
    assert_noticed(encrypting, change, errors[0])


# --- within a transaction -------------------------------------------------------------------------


def test_a_transaction_reads_its_own_encrypted_writes(encrypting, make_table):
    table = make_table(range_type="N")
    table.put(id={"S": "x"}, r={"N": "1"}, v={"S": "a"}, other={"S": "kept"})
    table.declare(encrypting, "id text, r int, v text", write_mode="transaction")
    encrypting.execute("BEGIN")
    encrypting.execute("INSERT INTO t VALUES ('x', 2, 'b'), ('x', 3, 'c')")
    encrypting.execute("UPDATE t SET v = v || '!' WHERE r < 3")
    encrypting.execute("UPDATE t SET v = v || '?' WHERE r < 3")
    encrypting.execute("DELETE FROM t WHERE v = 'c'")
    expected = [(1, "a!?"), (2, "b!?")]
    assert rows(encrypting, "SELECT r, v FROM t WHERE id = 'x' ORDER BY r") == expected
    assert table.client.scan(TableName=table.name)["Count"] == 1
    encrypting.execute("SAVEPOINT s")
    encrypting.execute("UPDATE t SET v = 'z'")
    encrypting.execute("ROLLBACK TO s")
    encrypting.execute("COMMIT")
    assert rows(encrypting, "SELECT r, v FROM t ORDER BY r") == expected
    item = table.get(id={"S": "x"}, r={"N": "1"})
    assert (item["v"], item["other"]) == ({"S": "a!?"}, {"S": "kept"})
    assert table.get(id={"S": "x"}, r={"N": "2"})["v"] == {"S": "b!?"}


# --- what is refused ------------------------------------------------------------------------------


def test_a_key_is_needed_for_writing_only(encrypting, make_table, key):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": "a"})
    table.declare(encrypting, "id text, v text", kms_key_ids_for_decrypt=key)
    encrypting.execute("ALTER FOREIGN TABLE t OPTIONS (DROP kms_key_id)")
    assert rows(encrypting, "SELECT v FROM t") == [("a",)]
    for statement in ("INSERT INTO t VALUES ('y', 'b')", "UPDATE t SET v = 'b'"):
        assert error_of(encrypting, statement).sqlstate == "HV00J"
    encrypting.execute("DELETE FROM t")
    assert rows(encrypting, "SELECT v FROM t") == []


def test_what_is_too_large_is_refused_before_it_is_sent(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text")
    encrypting.execute("INSERT INTO t VALUES ('x', repeat('€', 100000))")
    assert table.get(id={"S": "x"})["v"] == {"S": "€" * 100000}
    for length in (409_590, 409_500):
        error = error_of(encrypting, f"INSERT INTO t VALUES ('y', repeat('x', {length}))")
        assert error.sqlstate == "54000" and "item is too large" in str(error)
    assert table.stored(id={"S": "y"}) is None


def test_the_encryptions_own_attributes_are_refused(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, rest jsonb OPTIONS (whole_item 'true')")
    error = error_of(encrypting, "INSERT INTO t VALUES ('x', %s::jsonb)", f'{{"{SIGNATURE}": "x"}}')
    assert error.sqlstate == "22023"
    encrypting.execute("""INSERT INTO t VALUES ('x', '{"a": 1, "b": [true]}')""")
    assert table.get(id={"S": "x"}) == {
        "id": {"S": "x"},
        "a": {"N": "1"},
        "b": {"L": [{"BOOL": True}]},
    }
    encrypting.execute("""UPDATE t SET rest = rest - 'a' || '{"c": "d"}'""")
    assert table.get(id={"S": "x"}) == {
        "id": {"S": "x"},
        "b": {"L": [{"BOOL": True}]},
        "c": {"S": "d"},
    }


def test_a_bad_item_is_not_changed(encrypting, make_table):
    table = make_table()
    table.put(id={"S": "x"}, v={"S": SECRET})
    table.store({**table.stored(id={"S": "x"}), "new": {"S": "x"}})
    table.declare(encrypting, "id text, v text")
    before = table.stored(id={"S": "x"})
    for statement in ("UPDATE t SET v = 'a'", "DELETE FROM t WHERE v = 'a'"):
        error = error_of(encrypting, statement)
        assert error.sqlstate == "XX001" and SECRET not in everything_shown(error)
    assert table.stored(id={"S": "x"}) == before


def test_an_index_key_cannot_be_encrypted(encrypting, make_table):
    table = make_table(indexes=[index("by_v", "v", "S", {"ProjectionType": "ALL"})])
    table.declare(encrypting, "id text, v text")
    assert error_of(encrypting, "INSERT INTO t VALUES ('x', 'a')").sqlstate == "HV004"


def test_max_kms_calls_holds(encrypting, make_table):
    table = make_table()
    table.declare(encrypting, "id text, v text", max_kms_calls="3")
    query = "INSERT INTO t SELECT n::text, 'x' FROM generate_series(1, {}) n"
    assert error_of(encrypting, query.format(4)).sqlstate == "53400"
    encrypting.execute("TRUNCATE t")
    encrypting.execute(query.format(3))
