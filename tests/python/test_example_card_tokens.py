"""examples/card_tokens from its first statement to its last, and what AWS's library reads."""

import re

import pytest
from environment import examples
from environment.scripts import load_script

CARDS = ("4111111111111111", "378282246310005", "4012888888881881", "5555555555554444")


@pytest.fixture(scope="module")
def shown(postgresql):
    """The emulator and what psql has printed."""
    script = examples.CARD_TOKENS
    with (
        examples.running_example(script, "pytest-card-tokens") as (emulator, keys),
        postgresql.database() as name,
    ):
        with postgresql.connect(name) as connection:
            connection.execute("DROP EXTENSION dynamodb_kms_fdw")
        output = examples.run_script(
            postgresql, name, script, emulator.environment() | keys, "-v", "VERBOSITY=verbose"
        )
        yield emulator, keys, output
        with postgresql.connect(name) as connection:
            for role in ("shop", "billing", "analyst"):
                connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def part(output, number):
    """What was printed for one part."""
    return output.partition(f"--- {number}. ")[2].partition(f"--- {number + 1}. ")[0]


@pytest.mark.parametrize("number, denials", [(3, 1), (5, 1), (6, 2)])
def test_who_may_not_is_told_so(shown, number, denials):
    output = part(shown[2], number)
    assert output.count("ERROR:  42501: permission denied for foreign table card_vault") == denials
    assert not any(card in output for card in CARDS)


def test_billing_has_every_card(shown):
    output = part(shown[2], 4)
    cards = [CARDS[3], CARDS[0], CARDS[1], CARDS[0]]
    assert re.findall(r"o-\d+ +\| (\d+)", output) == cards
    assert "{" + ",".join(cards) + "}" in output


def test_the_report_shows_no_card(shown):
    output = part(shown[2], 7)
    assert re.search(r"rail +\| +2 \| +2 \| t", output) and "(2 rows)" in output
    assert not any(card in output for card in CARDS)


def test_a_failed_order_leaves_no_card(shown):
    output = part(shown[2], 8)
    assert "ERROR:  23505" in output and "WARNING" not in output
    assert re.search(r"cards \n-+\n +4\n", output)
    assert CARDS[2] not in output


def test_the_library_finds_the_cards_that_orders_hold_tokens_of(shown):
    emulator, keys, _ = shown

    def client(service):
        return examples.client_of(emulator, keys, "BILLING", service)

    seed = load_script(examples.CARD_TOKENS.parent / "seed.py")
    vault = seed.encrypting(client("dynamodb"), client("kms"))
    orders = client("dynamodb").scan(TableName="CustomerOrderTable")["Items"]
    read = {}
    for order in orders:
        key = {"Hash_Key": order["Card_Token"], "Account_Id": order["Account_Id"]}
        item = vault.get_item(TableName="CreditCardTokenizerTable", Key=key)["Item"]
        read[order["Order_Id"]["S"]] = item["CandidateString"]["S"]
    assert read == {"o-0001": CARDS[3], "o-0002": CARDS[0], "o-0003": CARDS[1], "o-0004": CARDS[0]}
    assert not any(card in str(orders) for card in CARDS)
