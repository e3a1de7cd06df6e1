"""The chain of credentials against botocore's: the same files and environment, the same keys."""

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from unittest import mock
from urllib.parse import parse_qsl

import botocore.credentials
import botocore.session
import botocore.utils
import pytest
from botocore.exceptions import BotoCoreError
from json_lines import ask

SEED = 20261125
SETUPS = 200
INSTANCE = {"AccessKeyId": "ASIAINSTANCE", "SecretAccessKey": "of the instance", "Token": "it"}
CONTAINER = {"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "of the container", "Token": "ct"}
EXPIRATION = {"Expiration": "2999-01-01T00:00:00Z"}
CONTAINER_URI = "http://127.0.0.1:1/credentials/path"
HTTP = {
    "PUT /latest/api/token": "metadata token",
    "GET /latest/meta-data/iam/security-credentials/": "the-role",
    "GET /latest/meta-data/iam/security-credentials/the-role": json.dumps(
        INSTANCE | EXPIRATION | {"Code": "Success"}
    ),
    "GET /credentials/path": json.dumps(CONTAINER | EXPIRATION),
}


@dataclass
class Setup:
    """What both sides are given."""

    environment: dict = field(default_factory=dict)
    config: str = ""
    credentials: str = ""
    token: str = "web identity token"
    profile: str | None = None


# botocore's side


class FakeSts:
    """Records calls; answers the n-th as the program does."""

    def __init__(self, calls, signer):
        self._calls = calls
        self._signer = signer

    def assume_role(self, **arguments):
        return self._answer("AssumeRole", self._signer, arguments)

    def assume_role_with_web_identity(self, **arguments):
        return self._answer("AssumeRoleWithWebIdentity", "", arguments)

    def _answer(self, operation, signer, arguments):
        if arguments["RoleSessionName"].startswith("botocore-session-"):
            arguments["RoleSessionName"] = "dynamodb_kms_fdw"
        arguments = {name: str(value) for name, value in arguments.items()}
        self._calls.append({"signer": signer, "operation": operation} | arguments)
        n = len(self._calls)
        keys = {"AccessKeyId": f"ASIA-{n}", "SecretAccessKey": f"secret-{n}"}
        keys |= {"SessionToken": f"token-{n}"} | EXPIRATION
        arn = "arn:aws:sts::1:assumed-role/a/b"
        return {"Credentials": keys, "AssumedRoleUser": {"Arn": arn}}


def metadata_of(document):
    return {
        "role_name": "the-role",
        "access_key": document["AccessKeyId"],
        "secret_key": document["SecretAccessKey"],
        "token": document["Token"],
        "expiry_time": EXPIRATION["Expiration"],
    }


@contextmanager
def botocores_outside(environment, calls):
    """botocore in this environment, with our STS and metadata services."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    utils = botocore.utils

    def client_creator(session, region_name):
        return lambda service, **arguments: FakeSts(calls, arguments.get("aws_access_key_id", ""))

    with (
        mock.patch.dict(os.environ, kept | environment, clear=True),
        mock.patch.object(botocore.credentials, "_get_client_creator", client_creator),
        mock.patch.object(
            utils.ContainerMetadataFetcher, "_get_response", lambda *_: CONTAINER | EXPIRATION
        ),
        mock.patch.object(
            utils.InstanceMetadataFetcher,
            "retrieve_iam_role_credentials",
            lambda _: metadata_of(INSTANCE),
        ),
    ):
        yield


def botocores_answer(setup, environment):
    calls = []
    with botocores_outside(environment, calls):
        session = botocore.session.Session(profile=setup.profile)
        try:
            found = botocore.credentials.create_credential_resolver(session).load_credentials()
            frozen = found.get_frozen_credentials()
        except (BotoCoreError, KeyError, ValueError) as error:
            return {"error": repr(error)}
    keys = {"access_key_id": frozen.access_key, "secret_access_key": frozen.secret_key}
    return keys | {"session_token": frozen.token or "", "calls": calls}


# Ours


def form_of(call):
    form = dict(parse_qsl(call["body"], keep_blank_values=True))
    assert form.pop("Version") == "2011-06-15"
    assert form.pop("Action") == call["operation"]
    return {"signer": call["signer"], "operation": call["operation"]} | form


def our_answer(answer):
    calls = [form_of(call) for call in json.loads(answer["calls"])]
    if "tried" in answer:
        return {"error": answer["tried"]}
    keys = {name: answer[name] for name in ("access_key_id", "secret_access_key", "session_token")}
    return keys | {"calls": calls}


def question_of(setup, environment):
    files = {
        environment["AWS_CONFIG_FILE"]: setup.config,
        environment["AWS_SHARED_CREDENTIALS_FILE"]: setup.credentials,
        environment["TOKEN_FILE"]: setup.token,
    }
    question = {"environment": environment, "files": files, "http": HTTP}
    return question | ({"profile": setup.profile} if setup.profile else {})


def write_files(directory, setup):
    """Files for botocore; the environment that names them."""
    paths = {
        "AWS_CONFIG_FILE": directory / "config",
        "AWS_SHARED_CREDENTIALS_FILE": directory / "credentials",
        "TOKEN_FILE": directory / "token",
    }
    texts = (setup.config, setup.credentials, setup.token)
    for path, text in zip(paths.values(), texts, strict=True):
        path.write_text(text)
    named = {name: str(path) for name, path in paths.items()}
    given = {k: v.replace("TOKEN_FILE", named["TOKEN_FILE"]) for k, v in setup.environment.items()}
    return given | named | {"HOME": str(directory)}


# Setups


PROFILES = ["default", "app", "base", "with space", "deploy"]
SETTINGS = ["region = eu-central-1", "output=json", "s3 =\n    addressing_style = path\n    a = b"]
COMMENTS = ["# a comment", "; another", "", "   ", "  # indented"]


def heading(name, in_config):
    if not in_config or name == "default":
        return f"[{name}]"
    return f'[profile "{name}"]' if " " in name else f"[profile  {name} ]"


def keys_of(name, source, random):
    lines = [
        f"aws_access_key_id = AKIA{source}{name.replace(' ', '')}",
        f"AWS_Secret_Access_Key={name}/{source}+secret=",
    ]
    if random.random() < 0.4:
        lines.append(f"aws_session_token :  token: of {name}")
    return lines


def process_of(name):
    keys = {"Version": 1, "AccessKeyId": f"AKIAPROCESS{name[:1]}", "SecretAccessKey": 'a "b" c'}
    quoted = json.dumps(keys).replace("\\", "\\\\").replace('"', '\\"')
    single = json.dumps(keys | {"SessionToken": "from a process"} | EXPIRATION)
    text = f'"{quoted}"' if len(name) % 2 else f"'{single}'"
    return [f"credential_process = printf '%s'   {text}"]


def role_of(name, random):
    lines = [f"role_arn = arn:aws:iam::123456789012:role/{name.replace(' ', '-')}"]
    if random.random() < 0.8:
        lines.append(f"source_profile = {random.choice(PROFILES)}")
    elif random.random() < 0.9:
        source = random.choice(["Environment", "EcsContainer", "Ec2InstanceMetadata", "Elsewhere"])
        lines.append(f"credential_source = {source}")
    options = ["external_id = a:b=c", "role_session_name = me@host", "duration_seconds = 1800"]
    return lines + [option for option in options if random.random() < 0.4]


def web_identity_of(name, random):
    lines = ["web_identity_token_file = TOKEN_FILE"]
    if random.random() < 0.9:
        lines.append(f"role_arn = arn:aws:iam::123456789012:role/web-{name.replace(' ', '-')}")
    return lines + (["role_session_name = web"] if random.random() < 0.5 else [])


def profile_lines(name, random):
    """A profile's own lines in the config file."""
    kind = random.choice(["keys", "role", "role", "role", "both", "web", "process", "nothing"])
    lines = []
    if kind in ("keys", "both"):
        lines += keys_of(name, "CONFIG", random)
    if kind in ("role", "both"):
        lines += role_of(name, random)
    if kind == "web":
        lines += web_identity_of(name, random)
    if kind == "process":
        lines += process_of(name)
    return lines


def section(name, lines, in_config, random):
    lines = lines + [line for line in SETTINGS if random.random() < 0.3]
    random.shuffle(lines)
    padded = [heading(name, in_config)]
    for line in lines:
        padded += [line] + ([random.choice(COMMENTS)] if random.random() < 0.3 else [])
    return "\n".join(padded) + random.choice(["\n", "\n\n", "\r\n"])


def config_file(random):
    names = [name for name in PROFILES if random.random() < 0.8]
    random.shuffle(names)
    sections = [section(name, profile_lines(name, random), True, random) for name in names]
    if random.random() < 0.3:
        sections.append("[sso-session s]\nsso_region = eu-west-1\n")
    if random.random() < 0.3:
        sections.append("[services x]\ndynamodb =\n  endpoint_url = http://x\n")
    return "".join(sections)


def credentials_file(random):
    names = [name for name in PROFILES if random.random() < 0.3]
    return "".join(section(name, keys_of(name, "SHARED", random), False, random) for name in names)


def environment(random):
    variables = {}
    if random.random() < 0.2:
        variables |= {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "of the environment"}
        if random.random() < 0.5:
            variables |= {random.choice(["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]): "env token"}
    if random.random() < 0.5:
        variables |= {"AWS_PROFILE": random.choice(PROFILES)}
    if random.random() < 0.3:
        variables |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": CONTAINER_URI}
    if random.random() < 0.2:
        variables |= {"AWS_WEB_IDENTITY_TOKEN_FILE": "TOKEN_FILE", "AWS_ROLE_ARN": "arn:aws:role"}
    return variables


def random_setup(random):
    profile = random.choice(PROFILES) if random.random() < 0.4 else None
    return Setup(environment(random), config_file(random), credentials_file(random), "jwt", profile)


def both_answers(programs, tmp_path, setups):
    """Pairs: ours, botocore's."""
    questions, theirs = [], []
    for number, setup in enumerate(setups):
        directory = tmp_path / str(number)
        directory.mkdir()
        setup.config = setup.config.replace("TOKEN_FILE", str(directory / "token"))
        environment = write_files(directory, setup)
        questions.append(question_of(setup, environment))
        theirs.append(botocores_answer(setup, environment))
    answers = ask(programs / "credential_chain", questions)
    return list(zip(map(our_answer, answers), theirs, strict=True))


def is_without_the_profile_of_the_environment(setup, theirs):
    """botocore looks at AWS_PROFILE for other settings, too, before it uses the variables' keys."""
    has_keys = "AWS_ACCESS_KEY_ID" in setup.environment and setup.profile is None
    return has_keys and "ProfileNotFound" in theirs.get("error", "")


def test_random_setups_resolve_as_botocores(programs, tmp_path):
    random = Random(SEED)
    setups = [random_setup(random) for _ in range(SETUPS)]
    found = 0
    for setup, (ours, theirs) in zip(setups, both_answers(programs, tmp_path, setups), strict=True):
        if is_without_the_profile_of_the_environment(setup, theirs):
            assert ours["access_key_id"] == "AKIAENV"
            continue
        assert ("error" in ours) == ("error" in theirs), (setup, ours, theirs)
        if "error" not in theirs:
            assert ours == theirs, setup
            found += 1
    assert SETUPS / 3 < found < SETUPS, "the setups are too alike"


# What botocore would do and a backend cannot, or would do and should not


def refusal(programs, config, **more):
    question = {"files": {"/config": config}, "config_file": "/config", "profile": "app"} | more
    (answer,) = ask(programs / "credential_chain", [question])
    assert json.loads(answer["calls"]) == json.loads(answer["requests"]) == []
    return answer["tried"], answer.get("hint", "")


@pytest.mark.parametrize(
    ("lines", "reason", "hint"),
    [
        ("sso_session = s\nsso_account_id = 1", "IAM Identity Center", "needs a person"),
        ("login_session = s", "through a browser", "needs a person"),
        ("role_arn = r\nmfa_serial = m\nsource_profile = app", "MFA", "cannot ask for a code"),
        ("role_arn = r\nsource_profile = app", "leads back to it", ""),
        ("role_arn = r\nsource_profile = a\ncredential_source = Environment", "both", ""),
        ("role_arn = r\nduration_seconds = 1h\ncredential_source = EcsContainer", "number", ""),
        ("credential_process = 'a", "open quote", "operating-system user"),
        ("aws_access_key_id = a", "no aws_secret_access_key", ""),
        ("nothing", "line 2", ""),
    ],
)
def test_refused_profiles(programs, lines, reason, hint):
    tried, why = refusal(programs, f"[profile app]\n{lines}\n")
    assert reason in tried
    assert hint in why


def test_process_runs_only_where_it_may(programs):
    lines = "[profile app]\ncredential_process = printf %s x"
    tried, hint = refusal(programs, lines, refuse_processes=True)
    assert "may not be run" in tried
    assert "superuser" in hint


def test_every_link_is_named(programs):
    variables = {"HOME": "/home/of", "AWS_EC2_METADATA_DISABLED": "true"}
    (answer,) = ask(programs / "credential_chain", [{"environment": variables, "files": {}}])
    assert answer["tried"] == (
        "environment (AWS_ACCESS_KEY_ID is not set), "
        'file "/home/of/.aws/config" (No such file or directory), '
        'file "/home/of/.aws/credentials" (No such file or directory), '
        'profile "default" (no file has it), '
        "container (no variable names its endpoint), "
        "instance metadata (AWS_EC2_METADATA_DISABLED is set)"
    )


def test_instance_is_asked_by_version_2_alone(programs):
    (answer,) = ask(programs / "credential_chain", [{"http": HTTP}])
    assert answer["access_key_id"] == "ASIAINSTANCE"
    base = "http://169.254.169.254/latest"
    roles = f"{base}/meta-data/iam/security-credentials/"
    token = {"x-aws-ec2-metadata-token": "metadata token"}
    assert json.loads(answer["requests"]) == [
        {"method": "PUT", "url": f"{base}/api/token"}
        | {"x-aws-ec2-metadata-token-ttl-seconds": "21600"},
        {"method": "GET", "url": roles} | token,
        {"method": "GET", "url": f"{roles}the-role"} | token,
    ]
    without_token = {key: value for key, value in HTTP.items() if "token" not in key}
    (answer,) = ask(programs / "credential_chain", [{"http": without_token}])
    assert len(json.loads(answer["requests"])) == 1
    assert "instance metadata (HTTP status 404)" in answer["tried"]
