"""Requests to KMS against botocore's serializer, and the reading of answers, over random ones."""

import base64
import json
import os
import random

import botocore.session
import pytest
from botocore.serialize import create_serializer
from json_lines import ask

# By KmsOperation.
OPERATIONS = ["Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey"]
OPERATIONS += ["GenerateDataKeyWithoutPlaintext", "GenerateMac", "VerifyMac", "GenerateRandom"]
OPERATIONS += ["DescribeKey", "ListKeys", "ListAliases"]
TEXTS = ["x", "ü", "😀", '"\\\n\t\u0001', "\u2028", "a" * 300, "Ω=;:{}"]
ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEYS = [ARN, ARN.rpartition("/")[2], "alias/some-key", ARN.replace("key/", "alias/x/")]


def random_context(generator):
    names = generator.sample(TEXTS, generator.randint(0, 4))
    return {name: generator.choice(["", *TEXTS]) for name in names}


def flat(context):
    return [text for pair in context.items() for text in pair]


def random_call(generator):
    """A question to our program, and the parameters as boto3 takes them."""
    operation = generator.choice(OPERATIONS)
    plaintext, ciphertext = (generator.randbytes(generator.randint(0, 4096)) for _ in range(2))
    context, destination = random_context(generator), random_context(generator)
    key = generator.choice(KEYS)
    marker = generator.choice(["", "page 2"])
    optional_key = generator.choice(["", key])
    question = {"operation": OPERATIONS.index(operation), "key_id": key, "marker": marker}
    question |= {"plaintext": plaintext.hex(), "ciphertext": ciphertext.hex()}
    question |= {"context": flat(context), "destination_context": flat(destination)}
    question |= {"algorithm": "HMAC_SHA_256", "number_of_bytes": 32}
    mac = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": plaintext}
    data_key = {"KeyId": key, "EncryptionContext": context, "NumberOfBytes": 32}
    parameters = {
        "Encrypt": {"KeyId": key, "EncryptionContext": context, "Plaintext": plaintext},
        "Decrypt": {
            "KeyId": optional_key,
            "EncryptionContext": context,
            "CiphertextBlob": ciphertext,
        },
        "ReEncrypt": {
            "DestinationKeyId": key,
            "SourceEncryptionContext": context,
            "DestinationEncryptionContext": destination,
            "CiphertextBlob": ciphertext,
        },
        "GenerateDataKey": data_key,
        "GenerateDataKeyWithoutPlaintext": data_key,
        "GenerateMac": mac,
        "VerifyMac": mac | {"Mac": ciphertext},
        "GenerateRandom": {"NumberOfBytes": 32},
        "DescribeKey": {"KeyId": key},
        "ListKeys": {"Limit": 1000, "Marker": marker},
        "ListAliases": {"Limit": 100, "KeyId": optional_key, "Marker": marker},
    }[operation]
    if operation in ("Decrypt", "ListAliases"):
        question["key_id"] = optional_key
    left_out = [name for name, value in parameters.items() if value in ("", {})]
    for name in left_out:
        del parameters[name]
    return question, operation, parameters


@pytest.fixture(scope="module")
def generator():
    seed = int(os.environ.get("REQUESTS_SEED", random.randrange(2**32)))
    print(f"REQUESTS_SEED={seed}")
    return random.Random(seed)


def test_requests_are_those_that_botocore_writes(programs, generator):
    model = botocore.session.get_session().get_service_model("kms")
    serializer = create_serializer(model.protocol)
    calls = [random_call(generator) for _ in range(300)]
    answers = ask(programs / "kms_messages", [question for question, _, _ in calls])
    for (_, operation, parameters), ours in zip(calls, answers, strict=True):
        theirs = serializer.serialize_to_request(parameters, model.operation_model(operation))
        assert ours["name"] == operation
        assert json.loads(ours["body"]) == json.loads(theirs["body"]), operation
        assert theirs["headers"]["X-Amz-Target"] == f"TrentService.{operation}"
        assert theirs["headers"]["Content-Type"] == "application/x-amz-json-1.1"


ANSWERED = ["Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateMac", "VerifyMac"]
ANSWERED += ["GenerateDataKeyWithoutPlaintext", "GenerateRandom"]
PARTS = {"KeyId": "key_id", "Plaintext": "plaintext", "CiphertextBlob": "ciphertext"}
PARTS |= {"Mac": "mac", "MacValid": "mac_valid"}


def random_answer(generator, model):
    """An answer with every member of the shape but some optional ones, and more beside."""
    operation = generator.choice(ANSWERED)
    members = model.operation_model(operation).output_shape.members
    answer = {}
    for name, shape in members.items():
        if shape.type_name == "blob":
            answer[name] = generator.randbytes(generator.randint(0, 4096))
        elif shape.type_name == "boolean":
            answer[name] = True
        else:
            answer[name] = generator.choice(KEYS + TEXTS)
    answer |= {"New": generator.choice([None, 1.5e3, "x", True, [1, {"a": ["b", None]}], {}])}
    names = generator.sample(list(answer), len(answer))
    return operation, {name: answer[name] for name in names}


def wire(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def test_answers_are_read_whatever_pieces_they_come_in(programs, generator):
    model = botocore.session.get_session().get_service_model("kms")
    answers = [random_answer(generator, model) for _ in range(300)]
    questions = [
        {
            "operation": OPERATIONS.index(operation),
            "answer": json.dumps(
                {name: wire(value) for name, value in answer.items()},
                indent=generator.choice([None, 1]),
                ensure_ascii=generator.random() < 0.5,
            ),
            "piece": generator.choice([1, 7, 1000, 100000]),
        }
        for operation, answer in answers
    ]
    for (operation, answer), ours in zip(
        answers, ask(programs / "kms_messages", questions), strict=True
    ):
        for name, part in PARTS.items():
            expected = answer.get(name, False if name == "MacValid" else "")
            expected = expected.hex() if isinstance(expected, bytes) else expected
            assert ours[part] == expected, (operation, name)
        assert ours["has_plaintext"] == ("Plaintext" in answer)


GOOD = {"KeyId": "k", "Plaintext": "AA=="}
BAD_ANSWERS = {
    "[]": "expected an object",
    "{": "answer ends within its JSON",
    "{}": "answer lacks a part",
    '{"KeyId": "k", "Plaintext": "AA=="} x': "answer has bytes after its JSON",
    '{"KeyId": "k", "Plaintext": "AA="}': "invalid base64 in the answer",
    '{"KeyId": "k", "Plaintext": "AB=="}': "invalid base64 in the answer",
    '{"KeyId": "k", "Plaintext": 1}': "a member is of another type",
    '{"KeyId": "k", "Plaintext": null}': "answer lacks a part",
    '{"KeyId": "k", "KeyId": "l", "Plaintext": ""}': "a member comes twice",
    '{"KeyId" "k"}': 'expected ":"',
    '{"KeyId": "k" "Plaintext": ""}': 'expected "," or "}"',
    '{"KeyId": "k", }': "expected the name of a member",
    '{"x": [1, 2': "answer ends within its JSON",
    '{"x": }': "invalid JSON number",
}


@pytest.mark.parametrize("text", BAD_ANSWERS)
def test_what_is_no_answer_is_refused(programs, text):
    question = {"operation": OPERATIONS.index("Decrypt"), "answer": text, "piece": 5}
    (answer,) = ask(programs / "kms_messages", [question])
    assert answer == {"error": BAD_ANSWERS[text]}


def test_an_empty_plaintext_is_one(programs):
    question = {"operation": 1, "answer": '{"KeyId": "k", "Plaintext": ""}', "piece": 100}
    (answer,) = ask(programs / "kms_messages", [question])
    assert answer["has_plaintext"] and answer["plaintext"] == ""


def test_lists_are_read(programs):
    keys = {"Keys": [{"KeyId": "k", "KeyArn": ARN}], "Truncated": True, "NextMarker": "m"}
    aliases = {"Aliases": [{"AliasName": "alias/a", "AliasArn": "arn", "TargetKeyId": "k"}]}
    aliases["Aliases"].append({"AliasName": "alias/aws/s3", "AliasArn": "arn2"})
    aliases |= {"Truncated": False}
    broken = {"Keys": [], "Truncated": True}
    questions = [
        {"operation": OPERATIONS.index(name), "list": json.dumps(document)}
        for name, document in [("ListKeys", keys), ("ListAliases", aliases), ("ListKeys", broken)]
    ]
    assert ask(programs / "kms_messages", questions) == [
        {"entries": [["k", ARN, ""]], "next_marker": "m"},
        {
            "entries": [["k", "arn", "alias/a"], ["", "arn2", "alias/aws/s3"]],
            "next_marker": "",
        },
        {"error": "a list with more to come does not say where"},
    ]


NAMES = {
    ARN: (True, False),
    ARN.rpartition("/")[2]: (True, False),
    ARN.rpartition("/")[2][1:]: (False, False),
    "key/" + ARN.rpartition("/")[2]: (False, False),
    ARN.replace("eu-central-1", "us-east-1"): (False, False),
    "alias/a": (False, True),
    "arn:aws:kms:eu-central-1:123456789012:alias/a": (False, True),
    "arn:aws:kms:eu-central-1": (False, False),
    "": (False, False),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_names_a_key(programs, name):
    (answer,) = ask(programs / "kms_messages", [{"arn": ARN, "name": name}])
    assert (answer["named"], answer["alias"]) == NAMES[name]
