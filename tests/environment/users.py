"""What examples/users runs on: moto's DynamoDB, KMS and IAM, with IAM's policies in force."""

import contextlib
import urllib.request

from environment import emulators, paths
from environment.scripts import load_script

USERS = paths.TREE / "examples" / "users"
SERVICES = ("dynamodb", "kms", "iam")


@contextlib.contextmanager
def running_users(name):
    """The emulator, and the access keys of each IAM user, as environment variables."""
    with emulators.running_moto(name) as emulator:
        clients = {service: emulator.client(service) for service in SERVICES}
        keys = load_script(USERS / "seed.py").create(clients)
        enforce_policies(emulator)
        yield emulator, keys


def enforce_policies(emulator):
    """From now on requests are refused that no policy allows, or whose signature is wrong."""
    request = urllib.request.Request(
        f"{emulator.endpoint_url}/moto-api/reset-auth",
        data=b"0",
        headers={"Content-Type": "text/plain"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()
