"""What the documentation shows must run, and what it lists must be what there is."""

import re

import pytest
from conftest import create_server
from environment import paths
from environment.scripts import load_script

PAGES = (
    "README.md",
    *(
        f"docs/{name}.md"
        for name in (
            "reading",
            "types",
            "writing",
            "kms",
            "encryption",
            "vault",
            "administration",
            "streams",
            "migration",
            "security",
            "credentials",
            "options",
            "queues",
        )
    ),
)


def sql_blocks(page):
    return re.findall(r"^```sql\n(.*?)^```$", (paths.TREE / page).read_text(), re.M | re.S)


def for_emulator(statement, emulator, kms):
    """The statement with the emulators' endpoints and keys in place of AWS's."""
    endpoint = f"region '{emulator.region}', endpoint_url '{emulator.endpoint_url}', "
    endpoint += f"kms_endpoint_url '{kms.endpoint_url}', sqs_endpoint_url '{kms.endpoint_url}'"
    return (
        statement.replace("region 'eu-west-1'", endpoint)
        .replace("'AKIA…'", f"'{emulator.access_key_id}'")
        .replace("'…'", f"'{emulator.secret_access_key}'")
    )


@pytest.fixture(scope="session")
def tour_tables(dynamodb_local):
    """The tables of the tour, which the documentation's examples are about."""
    load_script(paths.TREE / "examples" / "tour" / "seed.py").create(dynamodb_local.client())
    return dynamodb_local


@pytest.fixture(scope="session")
def documented_key(moto):
    """KMS and SQS, with the key and the queue that the documentation's examples name."""
    kms = moto.client("kms")
    kms.create_alias(AliasName="alias/app", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    moto.client("sqs").create_queue(QueueName="MySampleQueue")
    return moto


@pytest.fixture
def reader(postgresql, tour_tables, documented_key, request):
    """A connection to a new database; the README begins with nothing, the other pages with its
    server and tables."""
    name = postgresql.create_database()
    with postgresql.connect(name) as connection:
        if request.node.callspec.params["page"] == "README.md":
            connection.execute("DROP EXTENSION dynamodb_kms_fdw")
        else:
            url = documented_key.endpoint_url
            create_server(connection, tour_tables, kms_endpoint_url=url, sqs_endpoint_url=url)
            connection.execute("IMPORT FOREIGN SCHEMA dynamodb FROM SERVER aws INTO public")
        yield connection
        roles = connection.execute("SELECT rolname FROM pg_roles WHERE oid >= 16384").fetchall()
        for (role,) in roles:
            connection.execute(f"DROP OWNED BY {role} CASCADE")
            connection.execute(f"DROP ROLE {role}")
    postgresql.drop_database(name)


@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page, reader, tour_tables, documented_key):
    blocks = sql_blocks(page)
    assert blocks
    for block in blocks:
        cursor = reader.execute(for_emulator(block, tour_tables, documented_key))
        while True:
            if cursor.description is not None:
                assert cursor.fetchall(), f"no rows: {block}"
            if not cursor.nextset():
                break


def test_options_are_documented():
    source = (paths.TREE / "src/postgres/options/option_definitions.c").read_text()
    table = source[source.index("option_definitions[] = {") :].partition("\n};")[0]
    defined = set(re.findall(r'^    [A-Z_]+\("(\w+)"', table, re.M))
    page = (paths.TREE / "docs/options.md").read_text().partition("## Settings")[0]
    cells = re.findall(r"^\| ([^|]*) \|", page, re.M)
    documented = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert documented | {"mfa_serial"} == defined


def test_settings_are_documented():
    source = (paths.TREE / "src/postgres/settings.c").read_text()
    defined = set(re.findall(r'"(dynamodb_kms_fdw\.\w+)"', source))
    page = (paths.TREE / "docs/options.md").read_text().partition("## Settings")[2]
    assert set(re.findall(r"`(dynamodb_kms_fdw\.\w+)`", page)) == defined


def test_links_lead_somewhere():
    for page in (
        "README.md",
        "CONTRIBUTING.md",
        *(f"docs/{p.name}" for p in paths.TREE.glob("docs/*.md")),
    ):
        file = paths.TREE / page
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text()):
            assert (file.parent / target).exists(), f"{page}: {target}"
