"""Token vaults whose items AWS's DynamoDB Encryption Client encrypts and signs: the library for
Python reads what tokenize has stored, and detokenize what the library has."""

import uuid

import pytest
from encrypted_tables import error_of, one
from encryption_client import DO_NOTHING, SIGN_ONLY

pytest_plugins = ["encrypted_tables"]

CARD = "4111111111111111"
COLUMNS = """token text OPTIONS (attribute_name 'Hash_Key', vault_role 'token'),
    account text OPTIONS (attribute_name 'Account_Id', vault_role 'tenant',
                          crypto_action 'do_nothing'),
    card text OPTIONS (attribute_name 'CandidateString', vault_role 'value'),
    uses int OPTIONS (vault_role 'uses_left', crypto_action 'sign_only')"""


@pytest.fixture
def vault(encrypting, make_table):
    """The table of the third system, and the foreign table `vault`."""
    table = make_table(
        range_type="S",
        hash_key="Hash_Key",
        range_key="Account_Id",
        actions={"Account_Id": DO_NOTHING, "uses": SIGN_ONLY},
    )
    table.declare(encrypting, COLUMNS, foreign_table="vault")
    return table


def key(token, account="acme"):
    return {"Hash_Key": {"S": token}, "Account_Id": {"S": account}}


def tokenize(connection, values, **terms):
    named = "".join(f", {name} => {term}" for name, term in terms.items())
    return one(connection, f"SELECT tokenize('vault', %s::text[], 'acme'{named})", values)


def detokenize(connection, tokens, account="acme"):
    return one(connection, "SELECT detokenize('vault', %s::text[], %s)", tokens, account)


def test_the_library_and_we_read_each_other(encrypting, vault):
    values = [f"card {i}" for i in range(40)]
    tokens = tokenize(encrypting, values)
    for token, value in zip(tokens, values, strict=True):
        assert vault.get(**key(token)) == key(token) | {"CandidateString": {"S": value}}
        assert "S" not in vault.stored(**key(token))["CandidateString"]
    theirs = [str(uuid.uuid4()) for _ in range(3)]
    for number, token in enumerate(theirs):
        vault.put(**key(token), CandidateString={"S": f"theirs {number}"})
    assert detokenize(encrypting, tokens + theirs) == values + [f"theirs {n}" for n in range(3)]
    assert detokenize(encrypting, tokens + theirs, "others") == [None] * 43


def test_uses_are_counted_in_signed_items(encrypting, vault):
    once, thrice = tokenize(encrypting, ["once", "thrice"], single_use="true")
    encrypting.execute("UPDATE vault SET uses = 3 WHERE token = %s", (thrice,))
    assert detokenize(encrypting, [once, thrice]) == ["once", "thrice"]
    assert vault.stored(**key(once)) is None
    assert vault.get(**key(thrice))["uses"] == {"N": "2"}
    assert vault.get(**key(thrice))["CandidateString"] == {"S": "thrice"}
    assert detokenize(encrypting, [once, thrice, thrice]) == [None, "thrice", "thrice"]
    assert detokenize(encrypting, [thrice]) == [None]


def test_a_use_that_was_added_by_hand_is_no_use(encrypting, vault):
    (token,) = tokenize(encrypting, [CARD], single_use="true")
    vault.client.update_item(
        TableName=vault.name,
        Key=key(token),
        UpdateExpression="SET uses = :many",
        ExpressionAttributeValues={":many": {"N": "1000"}},
    )
    error = error_of(encrypting, "SELECT detokenize('vault', %s, 'acme')", token)
    assert error.sqlstate == "XX001" and CARD not in str(error) and token not in str(error)


def test_forgetting_and_rolling_back(encrypting, vault):
    (token,) = tokenize(encrypting, [CARD])
    query = "SELECT forget_token('vault', %s, %s)"
    assert [one(encrypting, query, token, account) for account in ("others", "acme", "acme")] == [
        False,
        True,
        False,
    ]
    encrypting.execute("BEGIN")
    tokens = tokenize(encrypting, [str(i) for i in range(30)])
    assert detokenize(encrypting, tokens) == [str(i) for i in range(30)]
    encrypting.execute("ROLLBACK")
    assert detokenize(encrypting, tokens) == [None] * 30
