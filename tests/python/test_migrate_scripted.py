"""CALL dynamodb_migrate() where a scripted service counts, and does what emulators do not."""

import threading
import time

import psycopg
import pytest
from faults.clients import create_scripted_server
from faults.server import WAIT_SECONDS, FaultServer
from faults.streams import record
from faults.tables import ScriptedTables, item


class Scene:
    """The tables, the server that has them, and foreign tables of their names over it."""

    def __init__(self, connection, tables, service):
        self.connection, self.tables, self.service = connection, tables, service
        create_scripted_server(connection, service.endpoint_url)
        for name in tables.tables:
            connection.execute(f"CREATE FOREIGN TABLE {name} (id text, value numeric) SERVER aws")

    def migrate(self, arguments=""):
        self.connection.execute(f"CALL dynamodb_migrate('origin', 'copy'{arguments})")

    def error_of_migrate(self, arguments=""):
        with pytest.raises(psycopg.Error) as caught:
            self.migrate(arguments)
        return caught.value


@pytest.fixture
def scene(postgresql, database):
    """Makes the Scene of tables; one in a test."""
    with postgresql.connect(database) as connection:
        services = []

        def make(*arguments, **shards):
            tables = ScriptedTables(*arguments, **shards)
            services.append(FaultServer(proper=tables.answer))
            return Scene(connection, tables, services[0])

        yield make
    for service in services:
        service.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("segments => 0", 'argument "segments" must be greater than zero'),
        ("read_rate => -1", 'argument "read_rate" must be greater than zero'),
        ("write_rate => 0", 'argument "write_rate" must be greater than zero'),
        ("follow_lag => '-1 day'", 'argument "follow_lag" must not be negative'),
        ("verify => 'some'", 'invalid value for argument "verify": "some"'),
    ],
)
def test_a_bad_argument_is_named(scene, arguments, message):
    scene = scene(0)
    error = scene.error_of_migrate(f", {arguments}")
    assert error.sqlstate == "22023"
    assert error.diag.message_primary == message
    assert not scene.service.requests


# ---- rates ----


def assert_held_back(scene, begin, rate, *places):
    """What was used before a request takes its time at that rate before the request is sent."""
    for operation, table in places:
        assert len(scene.tables.arrivals[operation, table]) > 1
        for arrived_at, units in scene.tables.units_before(operation, table):
            assert arrived_at - begin >= units / rate


def test_reading_keeps_its_rate_also_where_tables_are_compared(scene):
    scene = scene(40)
    begin = time.monotonic()
    scene.migrate(", read_rate => 200, segments => 2")
    assert scene.tables.tables["copy"] == scene.tables.tables["origin"]
    assert_held_back(scene, begin, 200, ("Scan", "origin"), ("Scan", "copy"))


def test_writing_keeps_its_rate(scene):
    scene = scene(100)
    begin = time.monotonic()
    scene.migrate(", write_rate => 250, verify => 'none'")
    assert_held_back(scene, begin, 250, ("BatchWriteItem", "copy"))


def test_the_lower_rate_holds_of_an_argument_and_an_option(scene):
    scene = scene(100)
    scene.connection.execute("ALTER FOREIGN TABLE copy OPTIONS (ADD rate_limit '250')")
    begin = time.monotonic()
    scene.migrate(", write_rate => 100000, verify => 'none'")
    assert_held_back(scene, begin, 250, ("BatchWriteItem", "copy"))


def test_pages_are_as_small_as_a_slow_rate(scene):
    """An item has 20 bytes, by the table's description: 4096 of a unit."""
    scene = scene(10)
    scene.migrate(", read_rate => 3, segments => 1, verify => 'none'")
    limits = [r.body.get("Limit") for r in scene.service.requests if r.operation == "Scan"]
    assert 3 * 4096 // 20 in limits


def test_a_cancel_ends_the_wait_and_rates_end_with_the_call(scene):
    scene = scene(60)
    errors = []

    def run():
        try:
            scene.migrate(", read_rate => 1, write_rate => 1")
        except psycopg.Error as error:
            errors.append(error.sqlstate)

    call = threading.Thread(target=run, daemon=True)
    call.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while not scene.tables.arrivals["Scan", "origin"]:
        assert time.monotonic() < deadline
        call.join(0.01)
    scene.connection.cancel()
    call.join(WAIT_SECONDS)
    assert errors == ["57014"]
    assert not scene.tables.tables["copy"]
    # A page is half of 5 units, so all of them would take half a minute at that rate.
    begin = time.monotonic()
    scene.connection.execute("SELECT count(*) FROM origin")
    scene.migrate()
    assert time.monotonic() - begin < 20
    assert scene.tables.tables["copy"] == scene.tables.tables["origin"]


# ---- the stream ----


def test_following_goes_on_while_changes_come(scene):
    """Each comes when all before it were applied, and the stream seemed to be at its end."""
    scene = scene(3)
    tables = scene.tables
    expected = dict(tables.tables["origin"])

    def write_when_all_is_applied(conversation):
        number = 100 + len(tables.stream.shards["only"].records)
        if tables.tables["copy"] == tables.tables["origin"] and number < 104:
            change = record(number, name="INSERT", created=time.time())
            tables.stream.shards["only"].records.append(change)
            tables.tables["origin"][f"key {number}"] = item(number)
        tables.answer(conversation)

    expected |= {f"key {number}": item(number) for number in range(100, 104)}
    scene.service.script("GetRecords", *[write_when_all_is_applied] * 1000)
    scene.migrate(", follow => true, follow_lag => '3s'")
    assert tables.tables["copy"] == expected


def test_what_time_to_live_removes_is_removed(scene):
    scene = scene(3)
    removal = record(200, key="key 1", name="REMOVE", created=time.time())
    removal["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    scene.migrate()
    scene.tables.stream.shards["only"].records.append(removal)
    del scene.tables.tables["origin"]["key 1"]
    scene.migrate()
    assert set(scene.tables.tables["copy"]) == {"key 0", "key 2"}


def test_a_stream_that_is_switched_off_meanwhile_is_no_end(scene):
    """Its shards end, as at the end of the changes."""
    scene = scene(3)

    def switch_off(conversation):
        scene.tables.specification = None
        scene.tables.stream.shards["only"].open = False
        scene.tables.answer(conversation)

    scene.service.script("GetRecords", switch_off)
    error = scene.error_of_migrate(", verify => 'none'")
    assert error.sqlstate == "55000"
    assert "is switched off" in str(error)


# ---- two at once ----


def test_two_calls_at_once_are_one(scene, postgresql, database):
    scene = scene(20)
    tables = scene.tables
    reached, go_on = threading.Event(), threading.Event()

    def wait(conversation):
        reached.set()
        assert go_on.wait(WAIT_SECONDS)
        tables.answer(conversation)

    # Is the target empty? Then the seed, as one segment.
    scene.service.script("Scan", tables.answer, wait)
    call = threading.Thread(target=scene.migrate, args=(", segments => 1",), daemon=True)
    call.start()
    assert reached.wait(WAIT_SECONDS)
    with postgresql.connect(database) as other, pytest.raises(psycopg.Error) as caught:
        other.execute("CALL dynamodb_migrate('origin', 'copy')")
    go_on.set()
    call.join(WAIT_SECONDS)
    assert caught.value.sqlstate == "55006"
    assert tables.tables["copy"] == tables.tables["origin"]


# ---- the comparison ----


def test_a_sample_counts_what_it_does_not_compare(scene):
    """A thousand items of each are compared; what differs is none of them."""
    scene = scene(2050)
    scene.tables.page = 1000
    scene.migrate(", verify => 'none'")
    del scene.tables.tables["copy"]["key 2049"]
    error = scene.error_of_migrate(", verify => 'sample'")
    assert error.sqlstate == "XX001"
    assert error.diag.message_detail == "The source has 2050 items, the target 2049."


def test_a_large_difference_is_not_looked_at_again(scene):
    scene = scene(1500)
    scene.tables.page = 1000
    scene.migrate(", verify => 'none'")
    scene.tables.tables["copy"] = {"key 0": scene.tables.tables["copy"]["key 0"]}
    error = scene.error_of_migrate()
    assert error.sqlstate == "XX001"
    assert "differ: 1000 or more. Missing are 1000," in error.diag.message_detail
    assert scene.service.count("GetItem") == 0


def test_what_was_changed_between_two_reads_is_looked_at_again(scene):
    """The writer changes an item and its change is in the stream when the comparison has begun."""
    scene = scene(20)
    scene.migrate(", verify => 'none'")
    tables = scene.tables

    def write_meanwhile(conversation):
        tables.tables["origin"]["key 3"] = item(3, 300)
        change = record(300, key="key 3", created=time.time())
        tables.stream.shards["only"].records.append(change)
        tables.answer(conversation)

    # Is the target empty? Then the comparison.
    scene.service.script("Scan", tables.answer, write_meanwhile)
    scene.migrate()
    assert tables.tables["copy"] == tables.tables["origin"]
    assert scene.connection.execute("SELECT phase FROM dynamodb_migrations").fetchone() == ("done",)
