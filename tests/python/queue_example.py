"""What tests of examples/queue_to_table have in common."""

from environment import examples

ROLES = ("person_writer", "person_reader_without_key", "queue_sender", "key_administrator")


def administrator(emulator, variables, service):
    """A boto3 client that may do everything."""
    return examples.client_of(emulator, variables, "ADMINISTRATOR", service)


def run_script(postgresql, database, emulator, variables, script):
    with postgresql.connect(database) as connection:
        connection.execute("DROP EXTENSION IF EXISTS dynamodb_kms_fdw")
    return examples.run_script(
        postgresql,
        database,
        examples.QUEUE_TO_TABLE.with_name(script),
        emulator.environment() | variables,
        "-v",
        "VERBOSITY=verbose",
    )


def drop_roles(postgresql, database):
    with postgresql.connect(database) as connection:
        for role in ROLES:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
