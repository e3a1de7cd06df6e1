"""Decrypts encrypted_items' items with AWS's library for Python: python_decrypt.py FILE.

Prints {"python": items a second of CPU time}.
"""

import base64
import json
import sys
import time
from pathlib import Path

from dynamodb_encryption_sdk.encrypted import CryptoConfig
from dynamodb_encryption_sdk.encrypted.item import decrypt_dynamodb_item
from dynamodb_encryption_sdk.identifiers import CryptoAction
from dynamodb_encryption_sdk.material_providers.aws_kms import AwsKmsCryptographicMaterialsProvider
from dynamodb_encryption_sdk.structures import AttributeActions, EncryptionContext

DATA_KEY = b"a data key of thirty-two bytes.."


class KnownDataKey(AwsKmsCryptographicMaterialsProvider):
    """As if it had been asked of KMS already."""

    def _decrypt_initial_material(self, encryption_context):
        return DATA_KEY


def typed(value):
    ((kind, content),) = value.items()
    return {kind: base64.b64decode(content) if kind == "B" else content}


def main(path):
    provider = KnownDataKey("arn:aws:kms:eu-central-1:1:key/1")
    keys = ("pk", "sk")
    actions = AttributeActions(attribute_actions=dict.fromkeys(keys, CryptoAction.SIGN_ONLY))
    items = [
        {name: typed(value) for name, value in json.loads(line).items()}
        for line in Path(path).read_text().splitlines()
    ]
    begin = time.process_time()
    for item in items:
        context = EncryptionContext("encrypted", *keys, attributes=item)
        decrypt_dynamodb_item(dict(item), CryptoConfig(provider, context, actions))
    print(json.dumps({"python": len(items) / (time.process_time() - begin)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
