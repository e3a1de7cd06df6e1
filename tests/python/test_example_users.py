"""examples/users from its first statement to its last, and what it leaves for boto3 to read."""

import pytest
from environment import examples


@pytest.fixture(scope="module")
def shown(postgresql):
    """The emulator, the users' keys, and what psql has printed."""
    with (
        examples.running_example(examples.USERS, "pytest-users") as (emulator, keys),
        postgresql.database() as name,
    ):
        with postgresql.connect(name) as connection:
            connection.execute("DROP EXTENSION dynamodb_kms_fdw")
        output = examples.run_script(
            postgresql,
            name,
            examples.USERS,
            emulator.environment() | keys,
            "-v",
            "VERBOSITY=verbose",
        )
        yield emulator, keys, output
        with postgresql.connect(name) as connection:
            for role in ("registration", "support", "reporting"):
                connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def part(output, number):
    """What was printed for one part."""
    return output.partition(f"--- {number}. ")[2].partition(f"--- {number + 1}. ")[0]


def test_who_may_encrypt_writes(shown):
    assert "carla" in part(shown[2], 2) and "ERROR" not in part(shown[2], 2)


@pytest.mark.parametrize("number, operation", [(3, "Decrypt"), (5, "Encrypt"), (6, "Decrypt")])
def test_the_denied_are_told_the_key(shown, number, operation):
    output = part(shown[2], number)
    assert "ERROR:  42501" in output
    assert f"AWS KMS {operation} failed" in output and "KMS key: alias/users." in output
    assert "token of" not in output.replace("= 'token of SQL'", "")


def test_who_may_decrypt_reads_everybodys(shown):
    for token in ("token of the SDK", "token of SQL", "a new token"):
        assert token in part(shown[2], 4) and token in part(shown[2], 7)
    assert "KMS Calls: 3" in part(shown[2], 4)


def test_who_may_neither_counts(shown):
    assert "     3\n" in part(shown[2], 6)


def test_boto3_reads_what_is_left_with_the_new_key(shown):
    emulator, keys, _ = shown

    def client(service):
        return examples.client_of(emulator, keys, "KEY_ADMINISTRATOR", service)

    kms = client("kms")
    new_key = kms.describe_key(KeyId="alias/users-next")["KeyMetadata"]["Arn"]
    read = {}
    for item in client("dynamodb").scan(TableName="users")["Items"]:
        answer = kms.decrypt(CiphertextBlob=item["token"]["B"])
        assert answer["KeyId"] == new_key
        read[item["username"]["S"]] = answer["Plaintext"]
    assert read == {"amelie": b"token of the SDK", "bo": b"token of SQL", "carla": b"a new token"}
