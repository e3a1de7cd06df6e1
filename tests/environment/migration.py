"""What examples/migrate_to_encrypted runs on: moto's DynamoDB, streams and KMS, and a writer."""

import contextlib

from environment import emulators, paths
from environment.scripts import load_script

MIGRATION = paths.TREE / "examples" / "migrate_to_encrypted"


@contextlib.contextmanager
def running_customers(name):
    """The emulator with table and key, and the writer, which has not begun."""
    with emulators.running_moto(name) as emulator:
        seed = load_script(MIGRATION / "seed.py")
        seed.create({service: emulator.client(service) for service in ("dynamodb", "kms")})
        yield emulator, seed.Writer(emulator.client())
