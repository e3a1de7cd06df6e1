"""Our signatures against botocore's, stage by stage, over a thousand random requests."""

import datetime
import os
import random
from unittest import mock
from urllib.parse import quote

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from json_lines import ask

REQUESTS = 1000

# Seconds of the first and the last day that a request of ours could be made on.
FIRST_TIME = 0
LAST_TIME = int(datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC).timestamp())

PATH_PARTS = [
    "a",
    "b c",
    ".",
    "..",
    "...",
    "",
    "ü",
    "名前",
    "😀",
    "%",
    "%2F",
    "+",
    "~",
    "-_.",
    "a=b&c",
]
PATH_PARTS += ["a=b&c", "!$'()*,;:@", "[x]", '"', "\\", "^`{|}", "<>", "?", "#", "\u00a0", "\u0301"]
HEADER_NAMES = ["content-type", "x-amz-target", "accept-encoding", "x-b", "x-a", "x-amz-meta"]
HEADER_NAMES += ["x-amz-content-sha", "host-like", "a", "z", "x-amz-date-of-mine"]
UNSIGNED_NAMES = ["user-agent", "connection", "te", "trailer", "x-amzn-trace-id", "expect"]
HEADER_WORDS = ["a", "b", "=", "é", "値", "😀", ",", ";", '"', "a/b", "1.0", "%20", "+"]
# Blanks of HTTP's grammar. botocore would also fold blanks of Unicode, which no header may hold.
BLANKS = [" ", "  ", "\t", " \t ", "     "]
SERVICES = ["dynamodb", "sts", "kms", "sqs", "execute-api"]
REGIONS = ["us-east-1", "eu-central-2", "cn-north-1", "us-gov-west-1", "nowhere"]


def some(generator, choices, most):
    return [generator.choice(choices) for _ in range(generator.randint(0, most))]


def random_path(generator):
    path = "/" + "/".join(some(generator, PATH_PARTS, 6))
    return path + generator.choice(["", "/", "//"])


def random_query(generator):
    """Percent-encoded and sorted, as our requests promise it."""
    names = [part + str(number) for number, part in enumerate(some(generator, PATH_PARTS, 5))]
    pairs = [(quote(name, safe="-_.~"), quote(name * 2, safe="-_.~")) for name in names]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def random_value(generator):
    words = some(generator, HEADER_WORDS, 5)
    value = "".join(word + generator.choice(BLANKS) for word in words)
    return generator.choice(["", " ", "\t"]) + value


def random_headers(generator):
    """Names may come several times."""
    names = some(generator, HEADER_NAMES, 10) + some(generator, UNSIGNED_NAMES, 3)
    generator.shuffle(names)
    return [[name, random_value(generator)] for name in names]


def random_text(generator, least, most):
    alphabet = "ABCDEFabcdef0123456789+/="
    return "".join(generator.choices(alphabet, k=generator.randint(least, most)))


def random_request(generator):
    port = generator.choice(["", "", ":8000", ":65535"])
    return {
        "method": generator.choice(["POST", "POST", "GET", "PUT", "DELETE", "HEAD"]),
        "scheme": generator.choice(["http", "https"]),
        "host": generator.choice(["localhost", "dynamodb.us-east-1.amazonaws.com", "[::1]"]) + port,
        "path": random_path(generator),
        "query": random_query(generator),
        "body": generator.randbytes(generator.choice([0, 0, 1, 63, 64, 65, 5000])).hex(),
        "headers": random_headers(generator),
        "access_key_id": random_text(generator, 16, 128),
        "secret_access_key": random_text(generator, 1, 200),
        "session_token": random_text(generator, 1, 2000) if generator.random() < 0.5 else "",
        "region": generator.choice(REGIONS),
        "service": generator.choice(SERVICES),
        "time": generator.randint(FIRST_TIME, LAST_TIME),
    }


def request_for_botocore(request):
    """The path in the URL is percent-encoded, for a URL cannot hold anything else."""
    url = f"{request['scheme']}://{request['host']}{quote(request['path'], safe='/~')}"
    if request["query"]:
        url += "?" + request["query"]
    prepared = botocore.awsrequest.AWSRequest(
        method=request["method"], url=url, data=bytes.fromhex(request["body"])
    )
    for name, value in request["headers"]:
        prepared.headers.add_header(name, value)
    return prepared


def sign_with_botocore(request):
    credentials = botocore.credentials.Credentials(
        request["access_key_id"], request["secret_access_key"], request["session_token"] or None
    )
    signer = botocore.auth.SigV4Auth(credentials, request["service"], request["region"])
    now = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=request["time"])
    prepared = request_for_botocore(request)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        signer.add_auth(prepared)
    authorization = prepared.headers["authorization"]
    del prepared.headers["authorization"]
    canonical_request = signer.canonical_request(prepared)
    string_to_sign = signer.string_to_sign(prepared, canonical_request)
    return {
        "canonical_request": canonical_request,
        "string_to_sign": string_to_sign,
        "signature": signer.signature(string_to_sign, prepared),
        "authorization": authorization,
        "url": prepared.url,
    }


@pytest.fixture(scope="module")
def seed():
    return int(os.environ.get("SIGV4_SEED", random.randrange(2**32)))


def test_signatures_equal_botocores(programs, seed):
    print(f"SIGV4_SEED={seed}")
    generator = random.Random(seed)
    requests = [random_request(generator) for _ in range(REQUESTS)]
    for request, ours in zip(requests, ask(programs / "sign_request", requests), strict=True):
        theirs = sign_with_botocore(request)
        for stage, text in theirs.items():
            assert ours.get(stage) == text, (stage, request, ours)


@pytest.mark.parametrize("control", ["\r\nx-injected: yes", "\n", "\x00", "\x7f", "\x1b"])
def test_control_characters_in_credentials_are_refused(programs, control):
    request = random_request(random.Random(1)) | {"headers": []}
    (answer,) = ask(
        programs / "sign_request", [request | {"session_token": f"before{control}after"}]
    )
    assert answer == {"error": "credentials hold a character that cannot be sent"}


@pytest.mark.parametrize("time", [-1, LAST_TIME + 1])
def test_times_that_have_no_four_digit_year_are_refused(programs, time):
    request = random_request(random.Random(2)) | {"time": time}
    (answer,) = ask(programs / "sign_request", [request])
    assert answer == {"error": "time of a request is out of range"}
