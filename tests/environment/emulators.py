"""Two emulators of DynamoDB: moto, and Amazon's own DynamoDB Local."""

import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config

from environment import paths, processes

REGION = "eu-central-1"
ACCESS_KEY_ID = "AKIDEMULATOR"
SECRET_ACCESS_KEY = "emulator-secret"


@dataclass(frozen=True)
class Emulator:
    """A running emulator. It takes any credentials; these are the ones the tests use."""

    name: str
    endpoint_url: str
    region: str = REGION
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY

    def client(self, service="dynamodb"):
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(retries={"total_max_attempts": 3}, proxies={}),
        )

    def environment(self):
        """What psql scripts read with \\getenv."""
        return {
            "DYNAMODB_EMULATOR": self.name,
            "DYNAMODB_ENDPOINT": self.endpoint_url,
            "DYNAMODB_REGION": self.region,
            "DYNAMODB_ACCESS_KEY_ID": self.access_key_id,
            "DYNAMODB_SECRET_ACCESS_KEY": self.secret_access_key,
        }


def _environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}


@contextlib.contextmanager
def running_moto(name="moto"):
    with tempfile.TemporaryDirectory() as directory:
        port_file = Path(directory) / "port"
        command = [sys.executable, Path(__file__).with_name("moto_process.py"), port_file]
        with processes.running(name, command, env=_environment()) as process:
            processes.wait_until(
                lambda: port_file.exists() and port_file.read_text().endswith("\n"), process, "moto"
            )
            yield Emulator("moto", f"http://127.0.0.1:{port_file.read_text().strip()}")


@contextlib.contextmanager
def running_dynamodb_local(name="dynamodb-local"):
    """-sharedDb: one set of tables whatever the region and the credentials."""
    library = paths.DOWNLOADS / "dynamodb-local"
    for attempt in range(10):
        port = processes.free_port()
        command = [
            "java",
            "-Xmx512m",
            f"-Djava.library.path={library}",
            "-cp",
            f"{library}/*",
            "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
            "-inMemory",
            "-sharedDb",
            "-disableTelemetry",
            "-port",
            str(port),
        ]
        with processes.running(name, command, env=_environment()) as process:
            emulator = Emulator("dynamodb_local", f"http://127.0.0.1:{port}")
            try:
                processes.wait_until(
                    lambda: processes.listens(process, port), process, "DynamoDB Local"
                )
            except processes.StartFailure:
                if attempt < 9 and "Address already in use" in processes.log_of(process):
                    continue
                raise
            yield emulator
            return


EMULATORS = {"moto": running_moto, "dynamodb_local": running_dynamodb_local}
