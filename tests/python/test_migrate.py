"""CALL dynamodb_migrate(): source and target compared by boto3, with writers, kills and resumes."""

import contextlib
import os
import random
import threading
import uuid

import psycopg
import pytest
from conftest import create_server
from environment.postgresql import running_postgresql
from faults.clients import options_clause
from faults.kills import connect_again, killing_within

COLUMNS = (
    "id text OPTIONS (key 'hash'), n int, "
    "_item jsonb OPTIONS (whole_item 'true', json_format 'dynamodb')"
)


def create_table(client, name, stream=True):
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **(
            {
                "StreamSpecification": {
                    "StreamEnabled": True,
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                }
            }
            if stream
            else {}
        ),
    )


def item(number, value=None):
    return {
        "id": {"S": f"key {number}"},
        "n": {"N": str(number if value is None else value)},
        "tags": {"SS": ["a", "b"]},
        "data": {"B": b"\x00\x01"},
    }


def fill(client, name, count):
    for start in range(0, count, 25):
        requests = [
            {"PutRequest": {"Item": item(number)}}
            for number in range(start, min(start + 25, count))
        ]
        answer = client.batch_write_item(RequestItems={name: requests})
        assert not answer["UnprocessedItems"]


def contents(client, name):
    items = []
    for page in client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
        items += page["Items"]
    for entry in items:
        for value in entry.values():
            if "SS" in value:
                value["SS"].sort()
    return sorted(items, key=lambda entry: entry["id"]["S"])


class Pair:
    """Two tables of an emulator and the foreign tables `source` and `target` over them."""

    def __init__(self, connection, emulator, stream=True):
        suffix = uuid.uuid4().hex[:10]
        self.client = emulator.client()
        self.connection = connection
        self.source, self.target = f"migrate_from_{suffix}", f"migrate_to_{suffix}"
        create_table(self.client, self.source, stream)
        create_table(self.client, self.target, stream=False)
        self.declare("source", self.source)
        self.declare("target", self.target)

    def declare(self, foreign, table, columns=COLUMNS, **options):
        self.connection.execute(f"DROP FOREIGN TABLE IF EXISTS {foreign}")
        clause = options_clause({"table_name": table} | options)
        self.connection.execute(f"CREATE FOREIGN TABLE {foreign} ({columns}) SERVER aws {clause}")

    def migrate(self, arguments=""):
        self.connection.execute(f"CALL dynamodb_migrate('source', 'target'{arguments})")

    def progress(self):
        return self.connection.execute(
            "SELECT phase, items_seeded, changes_applied FROM dynamodb_migrations"
        ).fetchone()

    def assert_same(self):
        assert contents(self.client, self.target) == contents(self.client, self.source)


@pytest.fixture
def pair(connection, dynamodb):
    return Pair(connection, dynamodb)


class Writer:
    """Inserts, changes and removes items of a table until it is stopped."""

    def __init__(self, client, table, keys=40, seed=1):
        self.client, self.table, self.keys = client, table, keys
        self.random = random.Random(seed)
        self.count = 0
        self.failure = None
        self.has_written = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self.has_written.wait(30)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        self._thread.join(30)
        assert self.failure is None

    def _run(self):
        try:
            while not self._stop.is_set():
                self._write()
                self.count += 1
                self.has_written.set()
        except Exception as failure:
            self.failure = failure
            raise

    def _write(self):
        number = self.random.randrange(self.keys)
        if self.random.random() < 0.3:
            self.client.delete_item(TableName=self.table, Key={"id": item(number)["id"]})
        else:
            entry = item(number, self.random.randrange(10**6))
            self.client.put_item(TableName=self.table, Item=entry)


def test_every_item_is_copied_and_compared(pair):
    fill(pair.client, pair.source, 120)
    notices = []
    pair.connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    pair.migrate(", segments => 3")
    pair.assert_same()
    # Changes of the last minutes before the call are applied again.
    assert pair.progress() == ("done", 120, 120)
    assert "compared 120 items" in notices
    assert "migrated: 120 items seeded, 120 changes applied" in notices


def test_an_empty_table_is_migrated(pair):
    pair.migrate()
    assert pair.progress() == ("done", 0, 0)


def test_a_later_call_applies_what_has_happened_since(pair):
    fill(pair.client, pair.source, 30)
    pair.migrate()
    pair.client.put_item(TableName=pair.source, Item=item(7, 700))
    pair.client.put_item(TableName=pair.source, Item=item(100))
    pair.client.delete_item(TableName=pair.source, Key={"id": item(3)["id"]})
    pair.migrate()
    pair.assert_same()
    assert pair.progress() == ("done", 30, 33)


def test_the_stream_is_enabled_where_there_is_none(connection, dynamodb):
    pair = Pair(connection, dynamodb, stream=False)
    fill(pair.client, pair.source, 10)
    pair.migrate()
    pair.assert_same()
    view = pair.client.describe_table(TableName=pair.source)["Table"]["StreamSpecification"]
    assert view["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_a_writer_writes_on(pair):
    fill(pair.client, pair.source, 60)
    with Writer(pair.client, pair.source) as writer:
        pair.migrate(", segments => 2, verify => 'none'")
        before = writer.count
        pair.migrate(", verify => 'none'")
        assert writer.count > before
    pair.migrate(", follow => true, follow_lag => '100ms'")
    pair.assert_same()


def test_attributes_are_renamed_and_dropped_by_the_columns(pair):
    fill(pair.client, pair.source, 5)
    columns = "id text OPTIONS (key 'hash'), n int OPTIONS (attribute_name 'number')"
    pair.declare("target", pair.target, columns)
    pair.migrate()
    assert contents(pair.client, pair.target) == [
        {"id": {"S": f"key {number}"}, "number": {"N": str(number)}} for number in range(5)
    ]


def test_columns_of_the_target_alone_are_filled_as_by_insert(pair):
    fill(pair.client, pair.source, 3)
    columns = (
        f"{COLUMNS}, origin text DEFAULT 'music' || 'box', nothing text, "
        "twice int GENERATED ALWAYS AS (n * 2) STORED"
    )
    pair.declare("target", pair.target, columns)
    pair.migrate()
    pair.client.put_item(TableName=pair.source, Item=item(1, 100))
    pair.migrate()
    assert contents(pair.client, pair.target) == [
        entry | {"origin": {"S": "musicbox"}, "twice": {"N": str(2 * int(entry["n"]["N"]))}}
        for entry in contents(pair.client, pair.source)
    ]


def test_a_generated_key_is_refused(pair):
    columns = "id text OPTIONS (key 'hash') GENERATED ALWAYS AS ('x') STORED, n int"
    pair.declare("target", pair.target, columns)
    with pytest.raises(psycopg.Error) as caught:
        pair.migrate()
    assert caught.value.sqlstate == "HV024"


@pytest.mark.parametrize("event", ["BEFORE INSERT", "AFTER UPDATE", "BEFORE DELETE"])
def test_a_target_with_a_trigger_is_refused(pair, event):
    fill(pair.client, pair.source, 3)
    pair.connection.execute(
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'fired'; END$$"
    )
    pair.connection.execute(
        f"CREATE TRIGGER alarm {event} ON target FOR EACH ROW EXECUTE FUNCTION never()"
    )
    with pytest.raises(psycopg.Error) as caught:
        pair.migrate()
    assert caught.value.sqlstate == "55000"
    assert contents(pair.client, pair.target) == []
    disable = "ALTER FOREIGN TABLE target DISABLE TRIGGER alarm"
    assert caught.value.diag.message_hint == f"Disable it with {disable}."
    pair.connection.execute(disable)
    pair.migrate()
    pair.assert_same()


def test_a_target_with_strange_items_is_refused(pair):
    fill(pair.client, pair.target, 1)
    with pytest.raises(psycopg.Error) as caught:
        pair.migrate()
    assert caught.value.sqlstate == "55000"


# What somebody else does to the target, and what is said of it.
INTERFERENCES = {
    "missing": (
        lambda pair: pair.client.delete_item(TableName=pair.target, Key={"id": item(3)["id"]}),
        "Missing are 1, changed 0, and 0 are only in the target. One is of key (id)=(key 3).",
    ),
    "changed": (
        lambda pair: pair.client.put_item(TableName=pair.target, Item=item(3, 999)),
        "Missing are 0, changed 1, and 0 are only in the target. One is of key (id)=(key 3).",
    ),
    "extra": (
        lambda pair: pair.client.put_item(TableName=pair.target, Item=item(77)),
        "Missing are 0, changed 0, and 1 are only in the target. One is of key (id)=(key 77).",
    ),
}


@pytest.mark.parametrize("verify", ["full", "sample"])
@pytest.mark.parametrize("kind", INTERFERENCES)
def test_a_target_that_others_write_to_fails_the_comparison(pair, kind, verify):
    fill(pair.client, pair.source, 5)
    pair.migrate(f", verify => '{verify}'")
    interfere, detail = INTERFERENCES[kind]
    interfere(pair)
    # What the stream still has of the last minutes would put it right again.
    pair.connection.execute("UPDATE dynamodb_migrations SET noted_at = noted_at + '1 hour'")
    with pytest.raises(psycopg.Error) as caught:
        pair.migrate(f", verify => '{verify}'")
    assert caught.value.sqlstate == "XX001"
    assert detail in caught.value.diag.message_detail
    assert "999" not in str(caught.value)


def error_of(pair, arguments=""):
    with pytest.raises(psycopg.Error) as caught:
        pair.migrate(arguments)
    return caught.value


def set_stream(pair, **specification):
    pair.client.update_table(TableName=pair.source, StreamSpecification=specification)


@pytest.mark.parametrize("view", ["KEYS_ONLY", "OLD_IMAGE"])
def test_a_stream_without_new_images_is_refused(connection, dynamodb, view):
    pair = Pair(connection, dynamodb, stream=False)
    set_stream(pair, StreamEnabled=True, StreamViewType=view)
    error = error_of(pair)
    assert error.sqlstate == "55000"
    assert view in error.diag.message_detail
    assert "Disable the stream" in error.diag.message_hint


def test_a_stream_that_was_switched_off_is_not_gone_on_with(pair):
    fill(pair.client, pair.source, 3)
    pair.migrate()
    set_stream(pair, StreamEnabled=False)
    assert error_of(pair, ", verify => 'none'").sqlstate == "55000"


def test_another_stream_is_not_gone_on_with(postgresql, database, dynamodb_local):
    """What was changed between the two nobody can know. moto does not switch a stream on again."""
    with postgresql.connect(database) as connection:
        create_server(connection, dynamodb_local)
        pair = Pair(connection, dynamodb_local)
        fill(pair.client, pair.source, 3)
        pair.migrate()
        set_stream(pair, StreamEnabled=False)
        pair.client.put_item(TableName=pair.source, Item=item(1, 100))
        set_stream(pair, StreamEnabled=True, StreamViewType="NEW_AND_OLD_IMAGES")
        error = error_of(pair, ", verify => 'none'")
        assert error.sqlstate == "55000"
        assert "is not the one that the migration follows" in str(error)


def test_foreign_tables_that_have_changed_are_not_gone_on_with(pair):
    fill(pair.client, pair.source, 3)
    pair.migrate()
    execute = pair.connection.execute
    execute("ALTER FOREIGN TABLE target ALTER n OPTIONS (ADD attribute_name 'number')")
    error = error_of(pair)
    assert error.sqlstate == "55000"
    assert "id -> id, n -> n, * -> *" in error.diag.message_detail
    assert "id -> id, n -> number, * -> *" in error.diag.message_detail
    execute("ALTER FOREIGN TABLE target ALTER n OPTIONS (DROP attribute_name)")
    execute(f"ALTER FOREIGN TABLE target OPTIONS (SET table_name '{pair.source}')")
    execute(f"ALTER FOREIGN TABLE source OPTIONS (SET table_name '{pair.target}')")
    assert error_of(pair).sqlstate == "55000"


def test_other_arguments_go_on_with_the_same_migration(pair):
    fill(pair.client, pair.source, 50)
    pair.migrate(", segments => 24, verify => 'none'")
    pair.connection.execute("UPDATE dynamodb_migrations SET phase = 'seed', segments_done = 8")
    pair.migrate(", segments => 3, read_rate => 10000, verify => 'sample'")
    pair.assert_same()
    (segments,) = pair.connection.execute("SELECT segments FROM dynamodb_migrations").fetchone()
    assert segments == 24


def test_a_trimmed_stream_is_an_error_and_no_gap(pair):
    """A shard of which nothing was read for a day may have lost its beginning."""
    fill(pair.client, pair.source, 3)
    pair.migrate()
    pair.connection.execute(
        "UPDATE dynamodb_migrations SET complete_until = complete_until - interval '25 hours'"
    )
    pair.connection.execute("UPDATE dynamodb_migration_shards SET sequence_number = NULL")
    error = error_of(pair)
    assert error.sqlstate == "55000"
    assert "no longer kept in its stream" in str(error)


def test_a_transaction_block_is_refused(pair):
    with pytest.raises(psycopg.Error) as caught, pair.connection.transaction():
        pair.migrate()
    assert caught.value.sqlstate == "2D000"


@pytest.mark.parametrize("missing", ["SELECT ON source", "UPDATE ON target", "DELETE ON target"])
def test_every_privilege_is_needed(pair, dynamodb, missing):
    role = f"migrator_{uuid.uuid4().hex[:8]}"
    execute = pair.connection.execute
    execute(f"CREATE ROLE {role}")
    execute(f"GRANT SELECT ON source TO {role}")
    execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON target TO {role}")
    execute(f"GRANT EXECUTE ON PROCEDURE dynamodb_migrate TO {role}")
    execute(f"GRANT USAGE ON FOREIGN SERVER aws TO {role}")
    keys = {
        "aws_access_key_id": dynamodb.access_key_id,
        "aws_secret_access_key": dynamodb.secret_access_key,
    }
    execute(f"CREATE USER MAPPING FOR {role} SERVER aws {options_clause(keys)}")
    execute("ALTER SERVER aws OPTIONS (ADD max_attempts '3')")
    fill(pair.client, pair.source, 3)
    execute(f"REVOKE {missing} FROM {role}")
    execute(f"SET ROLE {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        pair.migrate()
    execute("RESET ROLE")
    execute(f"GRANT {missing} TO {role}")
    execute(f"SET ROLE {role}")
    pair.migrate()
    execute("RESET ROLE")
    pair.assert_same()
    execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_progress_is_noted_by_nobodys_functions(pair):
    """It is the extension's owner who writes it, so a caller's names must not come in."""
    execute = pair.connection.execute
    execute("CREATE SCHEMA evil")
    execute(
        "CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'evil'; END$$"
    )
    execute("SET search_path = evil, pg_catalog, public")
    pair.migrate()
    assert pair.progress()[0] == "done"


def test_nobody_migrates_twice_at_once(pair, postgresql, database):
    fill(pair.client, pair.source, 3)
    with postgresql.connect(database) as other, other.transaction():
        other.execute("COMMENT ON FOREIGN TABLE target IS 'locked as by another migration'")
        with pytest.raises(psycopg.Error) as caught:
            pair.migrate()
    assert caught.value.sqlstate == "55006"
    pair.migrate()
    pair.assert_same()


def test_a_read_only_transaction_is_refused(pair):
    fill(pair.client, pair.source, 1)
    pair.connection.execute("SET default_transaction_read_only = on")
    error = error_of(pair)
    assert error.sqlstate == "25006"
    assert str(error) == "cannot execute dynamodb_migrate() in a read-only transaction"
    assert contents(pair.client, pair.target) == []


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_the_level_of_isolation_does_not_matter(pair, isolation):
    fill(pair.client, pair.source, 40)
    pair.connection.execute(f"SET default_transaction_isolation = '{isolation}'")
    pair.migrate(", segments => 24")
    pair.client.put_item(TableName=pair.source, Item=item(7, 700))
    pair.migrate()
    pair.assert_same()
    assert pair.progress()[0] == "done"


# Kills of one migration; then another one begins, so that each phase has its share.
KILLS_OF_PAIR = 5
KILLS = int(os.environ.get("MIGRATION_KILLS", "5"))


def migrate_for_ever(connection):
    while True:
        connection.execute(
            "CALL dynamodb_migrate('source', 'target', segments => 24, verify => 'none')"
        )


def kill_while_it_migrates(server, database, generator, kills):
    for _ in range(kills):
        with (
            contextlib.closing(connect_again(server, database)) as connection,
            killing_within(generator.uniform(0, 0.5), server, database, connection),
        ):
            migrate_for_ever(connection)


def migrate_a_pair_through_kills(server, database, dynamodb, generator, kills):
    with contextlib.closing(connect_again(server, database)) as connection:
        pair = Pair(connection, dynamodb)
        # Nothing of this may be lost with a backend.
        connection.execute("CHECKPOINT")
    fill(pair.client, pair.source, 200)
    with Writer(pair.client, pair.source, keys=200):
        kill_while_it_migrates(server, database, generator, kills)
    with contextlib.closing(connect_again(server, database)) as connection:
        connection.execute("CALL dynamodb_migrate('source', 'target')")
        (phase,) = connection.execute(
            "SELECT phase FROM dynamodb_migrations WHERE target = 'target'::regclass"
        ).fetchone()
    assert phase == "done"
    pair.assert_same()


def test_kills_lose_nothing(dynamodb):
    """The backend is killed at random moments of a migration, while a writer writes."""
    generator = random.Random(7)
    with running_postgresql("pytest-migrate-kills") as server, server.database() as database:
        with contextlib.closing(server.connect(database)) as connection:
            create_server(connection, dynamodb)
        for done in range(0, KILLS, KILLS_OF_PAIR):
            kills = min(KILLS_OF_PAIR, KILLS - done)
            migrate_a_pair_through_kills(server, database, dynamodb, generator, kills)
