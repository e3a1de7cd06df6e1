"""Tables of sql/write_transaction.sql and sql/write_transaction_reads.sql."""

from environment.tables import create_table


def create(dynamodb):
    create_table(dynamodb, "pending_accounts", {"id": "S"})
    create_table(dynamodb, "pending_notes", {"id": "N"})
    create_table(
        dynamodb,
        "pending_readings",
        {"sensor": "S", "taken": "N"},
        {"by_level": {"level": "S", "taken": "N"}},
    )
    for number in range(1, 7):
        dynamodb.put_item(TableName="pending_readings", Item=_reading(number))


def _reading(number):
    return {
        "sensor": {"S": "a" if number <= 4 else "b"},
        "taken": {"N": str(number * 10)},
        "level": {"S": "low" if number % 2 else "high"},
        "value": {"N": str(number)},
    }
