"""Token vaults: against boto3 and Python's own HMAC, between sessions, and to a service that loses
requests and answers."""

import hmac
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from conftest import create_server
from faults.proxy import AMBIGUOUS, FaultProxy, after_effect, pass_through
from faults.server import refuse, stall

TABLE = "CreditCardTokenizerTable"
CARD = "4111111111111111"
VAULT = f"""CREATE FOREIGN TABLE vault (
    token text OPTIONS (attribute_name 'Hash_Key', key 'hash', vault_role 'token'),
    account text OPTIONS (attribute_name 'Account_Id', key 'range', vault_role 'tenant'),
    card text OPTIONS (attribute_name 'CandidateString', vault_role 'value'),
    uses integer OPTIONS (vault_role 'uses_left')
) SERVER aws OPTIONS (table_name '{TABLE}')"""


def create_table(client):
    client.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "Hash_Key", "KeyType": "HASH"},
            {"AttributeName": "Account_Id", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Hash_Key", "AttributeType": "S"},
            {"AttributeName": "Account_Id", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=TABLE, WaiterConfig={"Delay": 1})


@pytest.fixture
def client(dynamodb):
    client = dynamodb.client()
    create_table(client)
    yield client
    client.delete_table(TableName=TABLE)


@pytest.fixture
def local_client(dynamodb_local):
    client = dynamodb_local.client()
    create_table(client)
    yield client
    client.delete_table(TableName=TABLE)


def items(client):
    return client.scan(TableName=TABLE, ConsistentRead=True)["Items"]


def one(connection, query, *parameters):
    return connection.execute(query, parameters).fetchone()[0]


def tokenize(connection, value=CARD, tenant="acme", **terms):
    named = "".join(f", {name} => {term}" for name, term in terms.items())
    return one(connection, f"SELECT tokenize('vault', %s, %s{named})", value, tenant)


def detokenize(connection, token, tenant="acme"):
    return one(connection, "SELECT detokenize('vault', %s, %s)", token, tenant)


def test_boto3_and_we_read_each_other(connection, client):
    connection.execute(VAULT)
    token = tokenize(connection)
    expected = {"Hash_Key": token, "Account_Id": "acme", "CandidateString": CARD}
    assert items(client) == [{name: {"S": text} for name, text in expected.items()}]
    assert uuid.UUID(token).version == 4
    theirs = str(uuid.uuid4())
    item = {"Hash_Key": theirs, "Account_Id": "acme", "CandidateString": "4012888888881881"}
    client.put_item(TableName=TABLE, Item={name: {"S": text} for name, text in item.items()})
    assert detokenize(connection, theirs) == "4012888888881881"


# --- single use -----------------------------------------------------------------------------------


def test_of_a_hundred_at_once_one_has_the_value(postgresql, database, dynamodb_local, local_client):
    with postgresql.connect(database) as connection:
        create_server(connection, dynamodb_local)
        connection.execute(VAULT)
        token = tokenize(connection, single_use="true")
    sessions = 20
    together = threading.Barrier(sessions)

    def ask(_):
        with postgresql.connect(database) as connection:
            together.wait()
            return [detokenize(connection, token) for _ in range(100 // sessions)]

    with ThreadPoolExecutor(sessions) as pool:
        answers = [answer for part in pool.map(ask, range(sessions)) for answer in part]
    assert sorted(answers, key=str) == [CARD] + [None] * 99
    assert items(local_client) == []


@pytest.fixture
def service(dynamodb_local):
    with FaultProxy(dynamodb_local) as proxy:
        yield proxy


@pytest.fixture
def vault(postgresql, database, service, dynamodb_local, local_client):
    """A connection whose vault is behind the proxy, and the details of its warnings."""
    with postgresql.connect(database) as connection:
        create_server(
            connection,
            dynamodb_local,
            dynamodb_endpoint_url=service.endpoint_url,
            max_attempts=2,
            request_timeout="300ms",
        )
        connection.execute(VAULT)
        connection.warnings = []
        connection.add_notice_handler(
            lambda notice: connection.warnings.append(notice.message_detail or "")
        )
        yield connection


@pytest.fixture
def patient_vault(vault):
    """The same for scripts that take their time before they answer."""
    vault.execute("ALTER SERVER aws OPTIONS (SET request_timeout '60s')")
    return vault


@pytest.fixture(params=AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def fault(request):
    return request.param


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_a_use_whose_answer_is_lost_is_ours(vault, service, fault, effect):
    token = tokenize(vault, single_use="true")
    service.script("TransactWriteItems", effect(fault))
    assert detokenize(vault, token) == CARD
    assert service.count("TransactWriteItems") == 2
    assert detokenize(vault, token) is None


def test_a_use_of_which_nothing_is_known_gives_no_value(vault, service, local_client, fault):
    token = tokenize(vault, single_use="true")
    service.script("TransactWriteItems", after_effect(fault), *[fault] * 5)
    with pytest.raises(psycopg.Error) as raised:
        detokenize(vault, token)
    assert raised.value.sqlstate == "08006"
    assert CARD not in str(raised.value) and token not in str(raised.value)
    assert items(local_client) == [] and detokenize(vault, token) is None


def test_who_comes_second_has_nothing_though_an_answer_was_lost(
    patient_vault, service, local_client
):
    """Somebody else takes the use between our lost request and its repetition."""
    token = tokenize(patient_vault, single_use="true")

    def taken_by_another(conversation):
        local_client.delete_item(
            TableName=TABLE, Key={"Hash_Key": {"S": token}, "Account_Id": {"S": "acme"}}
        )
        refuse(500, "InternalServerError")(conversation)

    service.script("TransactWriteItems", taken_by_another)
    assert detokenize(patient_vault, token) is None


def test_uses_that_another_takes_meanwhile_are_counted(patient_vault, service, local_client):
    token = tokenize(patient_vault)
    patient_vault.execute(
        "UPDATE vault SET uses = 3 WHERE token = %s AND account = 'acme'", (token,)
    )

    def one_taken_before(conversation):
        local_client.update_item(
            TableName=TABLE,
            Key={"Hash_Key": {"S": token}, "Account_Id": {"S": "acme"}},
            UpdateExpression="SET uses = uses - :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        pass_through(conversation)

    service.script("TransactWriteItems", one_taken_before)
    assert detokenize(patient_vault, token) == CARD
    assert service.count("TransactWriteItems") == 2
    assert items(local_client)[0]["uses"] == {"N": "1"}


# --- storing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [lambda fault: fault, after_effect], ids=["before", "after"])
def test_a_value_is_stored_once_though_answers_are_lost(
    vault, service, local_client, fault, effect
):
    service.script("PutItem", effect(fault))
    token = tokenize(vault)
    assert [item["Hash_Key"]["S"] for item in items(local_client)] == [token]


def test_a_token_that_is_taken_is_made_anew(patient_vault, service, local_client):
    taken = []

    def take(conversation):
        taken.append(conversation.request.body["Item"]["Hash_Key"]["S"])
        item = conversation.request.body["Item"] | {"CandidateString": {"S": "another's"}}
        local_client.put_item(TableName=TABLE, Item=item)
        pass_through(conversation)

    service.script("PutItem", take)
    tokens = one(patient_vault, "SELECT tokenize('vault', %s::text[], 'acme')", ["a", "b", "c"])
    assert taken[0] not in tokens and service.count("PutItem") == 4
    assert one(patient_vault, "SELECT detokenize('vault', %s::text[], 'acme')", tokens) == [
        "a",
        "b",
        "c",
    ]
    assert detokenize(patient_vault, taken[0]) == "another's"


def test_it_ends_when_every_token_is_taken(patient_vault, service, local_client):
    def take(conversation):
        item = conversation.request.body["Item"] | {"CandidateString": {"S": "another's"}}
        local_client.put_item(TableName=TABLE, Item=item)
        pass_through(conversation)

    service.script("PutItem", *[take] * 10)
    with pytest.raises(psycopg.errors.UniqueViolation) as raised:
        tokenize(patient_vault)
    assert "no free token" in str(raised.value)


def at_once(number, *operations):
    """A proper answer; the first requests of the operations wait until so many have come."""
    together = {operation: threading.Barrier(number, timeout=60) for operation in operations}
    first = {operation: iter(range(number)) for operation in operations}

    def answer(conversation):
        operation = conversation.request.operation
        if next(first.get(operation, iter(())), None) is not None:
            together[operation].wait()
        pass_through(conversation)

    return answer


def test_many_are_stored_and_used_up_at_once(postgresql, database, dynamodb_local, local_client):
    with (
        FaultProxy(dynamodb_local, proper=at_once(16, "PutItem", "TransactWriteItems")) as service,
        postgresql.connect(database) as connection,
    ):
        create_server(
            connection,
            dynamodb_local,
            dynamodb_endpoint_url=service.endpoint_url,
            max_connections=16,
        )
        connection.execute(VAULT)
        values = [f"value {i}" for i in range(160)]
        query = "SELECT tokenize('vault', %s::text[], 'acme', single_use => true)"
        tokens = one(connection, query, values)
        assert one(connection, "SELECT detokenize('vault', %s::text[], 'acme')", tokens) == values
        assert items(local_client) == []


# --- rolling back ---------------------------------------------------------------------------------


def roll_back(vault, number=30):
    vault.execute("BEGIN")
    vault.execute(
        "SELECT tokenize('vault', %s::text[], 'acme')", ([str(i) for i in range(number)],)
    )
    vault.execute("ROLLBACK")


def test_what_is_rolled_back_is_removed(vault, service, local_client):
    roll_back(vault)
    assert items(local_client) == [] and vault.warnings == []
    assert service.count("BatchWriteItem") == 2


@pytest.mark.parametrize(
    "fault", [refuse(400, "AccessDeniedException"), stall], ids=["denied", "silent"]
)
def test_what_cannot_be_removed_is_said(vault, service, local_client, fault):
    service.script("BatchWriteItem", fault, fault, fault, fault)
    roll_back(vault)
    assert len(items(local_client)) == 30
    assert len(vault.warnings) == 1 and "stay: 30." in vault.warnings[0]
    assert one(vault, "SELECT count(*) FROM vault") == 30


def test_half_of_what_is_rolled_back_may_stay(vault, service, local_client):
    service.script("BatchWriteItem", refuse(400, "AccessDeniedException"))
    roll_back(vault)
    left = len(items(local_client))
    assert left in (5, 25) and f"stay: {left}." in vault.warnings[0]


# --- the server's log -----------------------------------------------------------------------------


def log_everything_but_parameters(connection):
    connection.execute("""SET dynamodb_kms_fdw.log_requests = on; SET log_min_messages = debug5;
        SET log_parameter_max_length_on_error = 0; SET log_parameter_max_length = 0;
        SET log_statement = 'all'; SET log_error_verbosity = verbose; SET debug_print_plan = on""")


def test_neither_tokens_nor_values_are_logged(patient_vault, service, postgresql):
    """Whatever goes wrong, and however much is logged, as long as they are parameters."""
    start = postgresql.log_path.stat().st_size
    log_everything_but_parameters(patient_vault)
    token = tokenize(patient_vault)
    assert detokenize(patient_vault, token) == CARD
    denied = refuse(400, "AccessDeniedException")
    for operation, ask in {
        "PutItem": lambda: tokenize(patient_vault),
        "GetItem": lambda: detokenize(patient_vault, token),
        "DeleteItem": lambda: one(patient_vault, "SELECT forget_token('vault', %s, 'acme')", token),
    }.items():
        service.script(operation, denied)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask()
    service.script("BatchWriteItem", *[denied] * 4)
    roll_back(patient_vault)
    with postgresql.log_path.open() as log:
        log.seek(start)
        logged = log.read()
    assert all(
        f"DynamoDB {name} of table {TABLE}: status 400" in logged
        for name in ("PutItem", "BatchWriteItem")
    )
    assert CARD not in logged and token not in logged


# --- AWS KMS --------------------------------------------------------------------------------------


@pytest.fixture
def kms(moto):
    return moto.client("kms")


@pytest.fixture
def hmac_key(kms):
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return key["KeyMetadata"]["Arn"]


@pytest.fixture
def on_moto(postgresql, database, moto):
    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        yield connection


@pytest.fixture
def moto_client(moto):
    client = moto.client()
    create_table(client)
    yield client
    client.delete_table(TableName=TABLE)


def deterministic_token(key, tenant, value):
    """As docs/vault.md says it."""
    message = b"\1" + len(tenant.encode()).to_bytes(8, "big") + tenant.encode() + value.encode()
    code = bytearray(hmac.digest(key, message, "sha256")[:16])
    code[6] = code[6] & 0x0F | 0x80
    code[8] = code[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(code)))


def test_deterministic_tokens(on_moto, kms, hmac_key, moto_client):
    on_moto.execute(VAULT)
    on_moto.execute("ALTER FOREIGN TABLE vault OPTIONS (ADD token_format 'deterministic')")
    on_moto.execute(f"ALTER FOREIGN TABLE vault ALTER token OPTIONS (ADD kms_key_id '{hmac_key}')")
    label = b"dynamodb_kms_fdw: key of deterministic tokens, version 1"
    key = kms.generate_mac(KeyId=hmac_key, Message=label, MacAlgorithm="HMAC_SHA_256")["Mac"]
    values = [f"value {i % 20} €" for i in range(60)]
    tokens = one(on_moto, "SELECT tokenize('vault', %s::text[], 'acme')", values)
    assert tokens == [deterministic_token(key, "acme", value) for value in values]
    assert len(items(moto_client)) == 20
    assert tokenize(on_moto, values[0]) == tokens[0] != tokenize(on_moto, values[0], "others")
    assert one(on_moto, "SELECT detokenize('vault', %s::text[], 'acme')", tokens) == values
    calls = "SELECT requests FROM dynamodb_kms_stats() WHERE operation = 'GenerateMac'"
    assert one(on_moto, calls) == 3
    # Somebody else may have the same token.
    on_moto.execute("BEGIN")
    tokenize(on_moto, "rolled back")
    on_moto.execute("ROLLBACK")
    assert len(items(moto_client)) == 22


def test_encrypted_values(on_moto, kms, moto_client):
    key = kms.create_key(Description="vault")["KeyMetadata"]["Arn"]
    on_moto.execute(VAULT)
    on_moto.execute(
        "ALTER FOREIGN TABLE vault ALTER card OPTIONS (ADD kms_encrypted 'true',"
        f""" ADD kms_key_id '{key}', ADD kms_encryption_context '{{"account": "$account"}}')"""
    )
    values = [f"value {i}" for i in range(40)]
    query = "SELECT tokenize('vault', %s::text[], 'acme', single_use => true)"
    tokens = one(on_moto, query, values)
    stored = {item["Hash_Key"]["S"]: item["CandidateString"]["B"] for item in items(moto_client)}
    for token, value in zip(tokens, values, strict=True):
        opened = kms.decrypt(CiphertextBlob=stored[token], EncryptionContext={"account": "acme"})
        assert opened["Plaintext"].decode() == value
    assert one(on_moto, "SELECT detokenize('vault', %s::text[], 'acme')", tokens) == values
    assert one(on_moto, "SELECT detokenize('vault', %s::text[], 'acme')", tokens) == [None] * 40
    kept = tokenize(on_moto)
    on_moto.execute("UPDATE vault SET uses = 2 WHERE token = %s AND account = 'acme'", (kept,))
    assert [detokenize(on_moto, kept) for _ in range(3)] == [CARD, CARD, None]


# --- the trigger ----------------------------------------------------------------------------------

LOCAL = """CREATE TABLE purchases (id int PRIMARY KEY, account text DEFAULT 'acme', card text);
CREATE TRIGGER tokenize BEFORE INSERT OR UPDATE ON purchases FOR EACH ROW
    EXECUTE FUNCTION tokenize_trigger('vault', 'card', 'account')"""


def copy(connection, rows):
    with connection.cursor().copy("COPY purchases (id, card) FROM STDIN") as lines:
        for row in rows:
            lines.write_row(row)


def cards(connection):
    query = "SELECT id, detokenize('vault', card, account) FROM purchases ORDER BY id"
    return connection.execute(query).fetchall()


def test_rows_are_stored_while_others_are_made(postgresql, database, dynamodb_local, local_client):
    with (
        FaultProxy(dynamodb_local, proper=at_once(16, "PutItem")) as service,
        postgresql.connect(database) as connection,
    ):
        create_server(
            connection,
            dynamodb_local,
            dynamodb_endpoint_url=service.endpoint_url,
            max_connections=16,
        )
        connection.execute(VAULT)
        connection.execute(LOCAL)
        rows = [(i, f"card {i}") for i in range(100)]
        copy(connection, rows)
        assert cards(connection) == rows
        assert len(items(local_client)) == service.count("PutItem") == 100


def test_a_row_is_not_there_without_its_value(vault, service, local_client):
    vault.execute(LOCAL)
    service.script("PutItem", *[refuse(400, "AccessDeniedException")] * 3)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        vault.execute("INSERT INTO purchases VALUES (1, 'acme', 'a'), (2, 'acme', 'b')")
    assert cards(vault) == [] and items(local_client) == []


def test_what_the_trigger_has_begun_is_done_before_anybody_looks(vault, service, local_client):
    vault.execute(LOCAL)
    vault.execute("BEGIN")
    vault.execute("INSERT INTO purchases VALUES (1, 'acme', 'a')")
    assert cards(vault) == [(1, "a")]
    vault.execute("SAVEPOINT s")
    vault.execute("INSERT INTO purchases VALUES (2, 'acme', 'b')")
    vault.execute("ROLLBACK TO s")
    vault.execute("INSERT INTO purchases VALUES (3, 'acme', 'c')")
    vault.execute("SAVEPOINT s")
    vault.execute("INSERT INTO purchases VALUES (4, 'acme', 'd')")
    vault.execute("RELEASE s")
    vault.execute("COMMIT")
    assert cards(vault) == [(1, "a"), (3, "c"), (4, "d")]
    assert vault.warnings == [] and len(items(local_client)) == 3


def test_an_update_leaves_tokens_alone(vault, service):
    vault.execute(LOCAL)
    vault.execute("INSERT INTO purchases VALUES (1, 'acme', 'a'), (2, 'acme', NULL)")
    token = one(vault, "SELECT card FROM purchases WHERE id = 1")
    vault.execute("UPDATE purchases SET id = id + 10")
    assert one(vault, "SELECT card FROM purchases WHERE id = 11") == token
    assert service.count("PutItem") == 1
    vault.execute("UPDATE purchases SET card = 'b'")
    assert cards(vault) == [(11, "b"), (12, "b")]
    assert service.count("PutItem") == 3
