"""examples/queue_to_table from its first statement to its last."""

import pytest
from environment import examples
from queue_example import administrator, drop_roles, run_script


@pytest.fixture(scope="module")
def shown(postgresql):
    """The emulator, the variables, and what psql has printed."""
    with (
        examples.running_example(examples.QUEUE_TO_TABLE, "pytest-queue") as (emulator, variables),
        postgresql.database() as name,
    ):
        output = run_script(postgresql, name, emulator, variables, "queue_to_table.sql")
        yield emulator, variables, output
        drop_roles(postgresql, name)


def part(output, number):
    """What was printed for one part."""
    return output.partition(f"--- {number}. ")[2].partition(f"--- {number + 1}. ")[0]


def test_messages_become_items(shown):
    emulator, variables, output = shown
    assert "ERROR" not in part(output, 3) + part(output, 4) + part(output, 5)
    items = administrator(emulator, variables, "dynamodb").scan(TableName="Person")["Items"]
    found = sorted((item["Name"]["S"], item["Firstname"]["S"]) for item in items)
    assert found == [("Doe", "Jane"), ("Poe", "Edgar"), ("Roe", "Richard")]


def test_the_table_has_the_key(shown):
    emulator, variables, _ = shown
    table = administrator(emulator, variables, "dynamodb").describe_table(TableName="Person")
    assert table["Table"]["SSEDescription"]["SSEType"] == "KMS"


def test_what_is_malformed_is_a_dead_letter(shown):
    assert "no comma" in part(shown[2], 4) and "Doe,John" in part(shown[2], 4)


@pytest.mark.parametrize("number, denied", [(2, 1), (6, 1), (7, 2)])
def test_roles_are_kept_apart(shown, number, denied):
    assert part(shown[2], number).count("ERROR:  42501") == denied
