"""Attribute values as boto3 has them, and as DynamoDB's typed JSON: what they mean."""

import base64
from decimal import Decimal


def meaning(value):
    """Equal for values that DynamoDB holds equal; binaries are bytes, or base64 in a string."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, Decimal(content)
        case "B":
            return kind, base64.b64decode(content) if isinstance(content, str) else content
        case "SS" | "NS" | "BS":
            return kind, sorted(meaning({kind[0]: element}) for element in content)
        case "L":
            return kind, [meaning(element) for element in content]
        case "M":
            return kind, meanings(content)
    return kind, content


def meanings(item):
    return {name: meaning(value) for name, value in item.items()}
