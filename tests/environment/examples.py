"""What examples with IAM users run on: moto's DynamoDB, SQS, KMS and IAM, its policies in force."""

import contextlib
import subprocess
import urllib.request
from dataclasses import replace

from environment import emulators, paths
from environment.scripts import load_script

EXAMPLES = paths.TREE / "examples"
USERS = EXAMPLES / "users" / "users.sql"
QUEUE_TO_TABLE = EXAMPLES / "queue_to_table" / "queue_to_table.sql"
CARD_TOKENS = EXAMPLES / "card_tokens" / "card_tokens.sql"
SERVICES = ("dynamodb", "kms", "iam", "sqs")


@contextlib.contextmanager
def running_example(script, name):
    """The emulator, and the access keys of each IAM user, as environment variables."""
    with emulators.running_moto(name) as emulator:
        clients = {service: emulator.client(service) for service in SERVICES}
        keys = load_script(script.parent / "seed.py").create(clients)
        enforce_policies(emulator)
        yield emulator, keys


def client_of(emulator, keys, user, service):
    """A boto3 client with the keys of an IAM user, as running_example() has them."""
    as_user = replace(
        emulator,
        access_key_id=keys[f"{user}_ACCESS_KEY_ID"],
        secret_access_key=keys[f"{user}_SECRET_ACCESS_KEY"],
    )
    return as_user.client(service)


def enforce_policies(emulator):
    """From now on requests are refused that no policy allows, or whose signature is wrong."""
    request = urllib.request.Request(
        f"{emulator.endpoint_url}/moto-api/reset-auth",
        data=b"0",
        headers={"Content-Type": "text/plain"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def run_script(server, database, script, environment, *options):
    """What psql prints for a script of an example, which must come to its end."""
    done = subprocess.run(
        [server.bindir / "psql", "-v", "ON_ERROR_STOP=1", *options, "-f", script],
        env=server.environment(database) | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
