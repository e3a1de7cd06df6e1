"""Tables made, described and dropped from SQL: what boto3 sees, and what the service may do."""

import itertools
import json
import threading

import botocore.session
import psycopg
import pytest
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from faults.clients import create_table, options_clause
from faults.server import NO_BACKUPS, TABLE_DESCRIPTION, refuse, stall
from hypothesis import given, settings
from hypothesis import strategies as st

NUMBERS = itertools.count()
WAIT_SECONDS = 10

CREATE = "SELECT dynamodb_create_table('made')"
DROP = "SELECT dynamodb_drop_table('made')"
KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

# --- on the emulators ---------------------------------------------------------------------------


def declare(connection, columns, **options):
    """The foreign table `made`; columns as SQL. The name of the DynamoDB table is returned."""
    name = f"administration_{next(NUMBERS)}"
    connection.execute("DROP FOREIGN TABLE IF EXISTS made")
    connection.execute(
        f"CREATE FOREIGN TABLE made ({columns}) SERVER aws"
        f" {options_clause({'table_name': name} | options)}"
    )
    return name


def refused(connection, statement, sqlstate):
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement)
    assert raised.value.sqlstate == sqlstate, raised.value
    return raised.value.diag


ATTRIBUTES = {"artist": "S", "title": "S", "year": "N", "cover": "B", "Größe": "N"}
COLUMNS = """artist text OPTIONS (key 'hash'), title text OPTIONS (key 'range'), year int,
    cover bytea, size numeric OPTIONS (attribute_name 'Größe'), other jsonb"""
TABLE_KEYS = ("artist", "title")


@st.composite
def indexes(draw, kind):
    """Indexes by name, as the option's JSON."""
    found = {}
    for number in range(draw(st.integers(0, 3))):
        names = draw(st.permutations(sorted(ATTRIBUTES)))
        index = {"range": names[0] if names[0] != "artist" else names[1]}
        if kind == "global":
            index = {"hash": names[0]} | ({"range": names[1]} if draw(st.booleans()) else {})
        keys = {*index.values(), *TABLE_KEYS}
        others = ["other"] + [name for name in names if name not in keys]
        projection = draw(st.sampled_from([None, "all", "keys_only", others]))
        if projection:
            index["projection"] = projection
        found[f"{kind}-{number}"] = index
    return found


def keys_of(schema):
    return [(element["AttributeName"], element["KeyType"]) for element in schema]


def expected_keys(hash_name, range_name):
    keys = [(hash_name, "HASH")]
    return keys + ([(range_name, "RANGE")] if range_name else [])


def assert_index_is(described, wanted, capacity):
    hash_name = wanted.get("hash", "artist")
    assert keys_of(described["KeySchema"]) == expected_keys(hash_name, wanted.get("range"))
    projection = described["Projection"]
    wanted_projection = wanted.get("projection", "all")
    if isinstance(wanted_projection, list):
        assert projection["ProjectionType"] == "INCLUDE"
        assert sorted(projection["NonKeyAttributes"]) == sorted(wanted_projection)
    else:
        assert projection == {"ProjectionType": wanted_projection.upper()}
    if "hash" in wanted and capacity:
        throughput = described["ProvisionedThroughput"]
        assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == capacity


def test_boto3_finds_what_the_foreign_table_says(connection, dynamodb):
    client = dynamodb.client()

    @settings(max_examples=15, deadline=None, database=None)
    @given(
        indexes("local"),
        indexes("global"),
        st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(1, 9))),
        st.sampled_from([None, "keys_only", "new_image", "old_image", "new_and_old_images"]),
        st.booleans(),
    )
    def check(local, global_, capacity, stream, expires):
        options = {}
        if local:
            options["local_indexes"] = json.dumps(local)
        if global_:
            options["global_indexes"] = json.dumps(global_, ensure_ascii=False)
        if capacity:
            options["billing_mode"] = "provisioned"
            options["read_capacity_units"], options["write_capacity_units"] = capacity
        if stream:
            options["stream_view_type"] = stream
        if expires:
            options["ttl_attribute"] = "Größe"
        name = declare(connection, COLUMNS, **options)
        connection.execute(CREATE)
        table = client.describe_table(TableName=name)["Table"]
        assert keys_of(table["KeySchema"]) == expected_keys("artist", "title")
        used = {key for index in (local | global_).values() for key in keys_in(index)}
        definitions = {
            d["AttributeName"]: d["AttributeType"] for d in table["AttributeDefinitions"]
        }
        assert definitions == {key: ATTRIBUTES[key] for key in used | set(TABLE_KEYS)}
        described = table.get("LocalSecondaryIndexes", []) + table.get("GlobalSecondaryIndexes", [])
        assert {index["IndexName"] for index in described} == set(local | global_)
        for index in described:
            assert_index_is(index, (local | global_)[index["IndexName"]], capacity)
        specification = table.get("StreamSpecification", {"StreamEnabled": False})
        assert specification["StreamEnabled"] == bool(stream)
        assert specification.get("StreamViewType") == (stream and stream.upper())
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl.get("AttributeName") == ("Größe" if expires else None)
        # once more: it is what it says
        connection.execute(CREATE)
        connection.execute(DROP)
        assert name not in client.list_tables()["TableNames"]

    check()


def keys_in(index):
    return [index[part] for part in ("hash", "range") if part in index]


FULL_OPTIONS = {
    "sse_kms_key_id": KEY_ARN,
    "point_in_time_recovery": "true",
    "deletion_protection": "true",
    "tags": json.dumps({"team": "billing", "größe": "", "quote": '"'}, ensure_ascii=False),
}


@pytest.fixture
def moto_connection(postgresql, database, moto):
    from conftest import create_server

    with postgresql.connect(database) as connection:
        create_server(connection, moto)
        yield connection


def test_what_only_moto_knows(moto_connection, moto):
    """Encryption, backups and tags; DynamoDB Local ignores the first and refuses the others."""
    client = moto.client()
    name = declare(moto_connection, COLUMNS, **FULL_OPTIONS)
    (description,) = moto_connection.execute(CREATE).fetchone()
    table = client.describe_table(TableName=name)["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == KEY_ARN
    assert table["DeletionProtectionEnabled"] is True
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == json.loads(FULL_OPTIONS["tags"])
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert description["TableArn"] == table["TableArn"]
    assert description["SSEDescription"]["SSEType"] == "KMS"
    assert description["Tags"] == json.loads(FULL_OPTIONS["tags"])
    recovery = description["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    moto_connection.execute(CREATE)
    refused(moto_connection, DROP, "55000")
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    moto_connection.execute(DROP)


@pytest.mark.parametrize(
    ("key", "agrees"),
    [
        (KEY_ARN, True),
        (KEY_ARN.rpartition("/")[2], True),
        ("alias/mine", True),
        (KEY_ARN.replace("key/1234abcd-12ab-34cd-56ef-1234567890ab", "alias/mine"), True),
        ("alias/aws/dynamodb", True),
        (KEY_ARN[:-1], False),
        ("1234abcd", False),
    ],
)
def test_keys_are_compared_as_far_as_they_are_known(moto_connection, moto, key, agrees):
    name = declare(moto_connection, COLUMNS, sse_kms_key_id=KEY_ARN)
    moto_connection.execute(CREATE)
    moto_connection.execute(f"ALTER FOREIGN TABLE made OPTIONS (SET sse_kms_key_id '{key}')")
    if agrees:
        moto_connection.execute(CREATE)
    else:
        detail = refused(moto_connection, CREATE, "42P07").message_detail
        assert detail == f'The key it is encrypted with is "{KEY_ARN}", not "{key}".'
    moto.client().delete_table(TableName=name)


def test_tags_and_keys_that_differ_are_listed(moto_connection):
    declare(moto_connection, COLUMNS, tags='{"a": "1", "b": "2", "c": "3"}')
    moto_connection.execute(CREATE)
    moto_connection.execute(
        "ALTER FOREIGN TABLE made OPTIONS (sse_kms_key_id 'alias/mine',"
        """ SET tags '{"b": "2", "c": "x", "d": "4"}')"""
    )
    diagnostics = refused(moto_connection, CREATE, "42P07")
    assert diagnostics.message_detail == (
        'The key it is encrypted with is DynamoDB\'s own, not "alias/mine".'
        ' Tag "c" is "3", not "x". Tag "d" is missing.'
    )
    moto_connection.execute(DROP)


def test_recovery_and_time_to_live_are_turned_on_for_a_table_that_is_there(moto_connection, moto):
    name = declare(moto_connection, COLUMNS)
    moto_connection.execute(CREATE)
    moto_connection.execute(
        "ALTER FOREIGN TABLE made OPTIONS (point_in_time_recovery 'on', ttl_attribute 'expires')"
    )
    moto_connection.execute(CREATE)
    client = moto.client()
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    moto_connection.execute(DROP)


# --- on a service that takes its time -------------------------------------------------------------

OPTIONS = {
    "billing_mode": "provisioned",
    "read_capacity_units": "3",
    "write_capacity_units": "4",
    "local_indexes": '{"by-year": {"range": "year"}}',
    "global_indexes": '{"by-title": {"hash": "title", "projection": ["cover"]}}',
    "stream_view_type": "new_image",
} | FULL_OPTIONS


def described(**changes):
    """DescribeTable's answer about the scripted server's one table."""
    return {"Table": TABLE_DESCRIPTION | changes}


def answer(body):
    return lambda conversation: conversation.answer(body)


def in_state(status):
    return answer(described(TableStatus=status))


@pytest.fixture
def scripted(postgresql, database, service):
    """A connection where `made` is the scripted server's table, with a second mapping of it."""
    with postgresql.connect(database) as connection:
        create_table(connection, service.endpoint_url)
        connection.execute(
            "CREATE FOREIGN TABLE made (id text OPTIONS (key 'hash')) SERVER aws"
            " OPTIONS (table_name 'faults')"
        )
        yield connection


NOT_FOUND = refuse(400, "ResourceNotFoundException")
CREATED = answer({"TableDescription": {}})


def test_creation_waits_for_the_table_and_its_indexes(scripted, service):
    index = {
        "IndexName": "by_id",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    building = described(GlobalSecondaryIndexes=[index | {"IndexStatus": "CREATING"}])
    service.script("CreateTable", CREATED)
    service.script("DescribeTable", NOT_FOUND, in_state("CREATING"), answer(building))
    (description,) = scripted.execute(CREATE).fetchone()
    assert description["TableStatus"] == "ACTIVE"
    # those, then the one that says it is active, then the description that is returned
    assert service.count("DescribeTable") == 5


def test_a_wait_ends_with_a_cancel(scripted, service):
    second_question = threading.Event()

    def creating(conversation):
        conversation.answer(described(TableStatus="CREATING"))
        if service.count("DescribeTable") == 2:
            second_question.set()

    service.script("CreateTable", CREATED)
    service.script("DescribeTable", *[creating] * 100)
    errors = []

    def create():
        try:
            scripted.execute(CREATE)
        except psycopg.Error as error:
            errors.append(error.sqlstate)

    thread = threading.Thread(target=create, daemon=True)
    thread.start()
    assert second_question.wait(WAIT_SECONDS)
    scripted.cancel()
    thread.join(WAIT_SECONDS)
    assert errors == ["57014"]
    service.forget_scripts()
    assert scripted.execute("SELECT count(*) FROM faults").fetchone() == (5,)


def test_a_question_that_hangs_ends_with_a_timeout(scripted, service):
    service.script("CreateTable", CREATED)
    service.script("DescribeTable", in_state("CREATING"), stall)
    scripted.execute("SET statement_timeout = '600ms'")
    refused(scripted, CREATE, "57014")
    service.wait_until_closed()


def test_without_waiting_what_cannot_be_done_yet_is_said(scripted, service):
    notices = []
    scripted.add_notice_handler(lambda notice: notices.append(notice.message_primary))
    scripted.execute("ALTER FOREIGN TABLE made OPTIONS (ttl_attribute 'expires')")
    service.script("CreateTable", CREATED)
    service.script("DescribeTable", in_state("CREATING"), in_state("CREATING"))
    (description,) = scripted.execute("SELECT dynamodb_create_table('made', false)").fetchone()
    assert description["TableStatus"] == "CREATING"
    assert notices == ['DynamoDB table "faults" is not active yet']
    assert service.count("UpdateTimeToLive") == 0


def test_a_creation_whose_answer_is_lost_is_not_one_of_somebody_else(scripted, service):
    lost = refuse(500, "InternalServerError")
    service.script("CreateTable", lost, refuse(400, "ResourceInUseException"))
    (description,) = scripted.execute(CREATE).fetchone()
    assert description["TableName"] == "faults"
    assert service.count("CreateTable") == 2


def test_backups_that_are_not_available_at_once_are_asked_for_again(scripted, service):
    scripted.execute("ALTER FOREIGN TABLE made OPTIONS (point_in_time_recovery 'on')")
    service.script("CreateTable", CREATED)
    unavailable = refuse(400, "ContinuousBackupsUnavailableException")
    service.script("UpdateContinuousBackups", unavailable, answer({}))
    service.script("DescribeTimeToLive", refuse(400, "AccessDeniedException"))
    (description,) = scripted.execute(CREATE).fetchone()
    assert service.count("UpdateContinuousBackups") == 2
    assert description["ContinuousBackupsDescription"] == NO_BACKUPS
    # a part that the service refuses is left out
    assert "TimeToLiveDescription" not in description


@pytest.mark.parametrize("state", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED", "DELETING"])
def test_a_table_that_will_not_be_active_is_not_waited_for(scripted, service, state):
    service.script("CreateTable", refuse(400, "ResourceInUseException"))
    service.script("DescribeTable", in_state(state), in_state(state))
    diagnostics = refused(scripted, CREATE, "55000")
    assert diagnostics.message_primary == f'DynamoDB table "faults" is in state {state}'


@pytest.mark.parametrize(
    ("status", "code", "sqlstate"),
    [
        (400, "AccessDeniedException", "42501"),
        (400, "LimitExceededException", "54000"),
        (400, "ValidationException", "HV000"),
        (400, "TableInUseException", "HV000"),
    ],
)
def test_what_the_service_refuses_to_make_is_reported(scripted, service, status, code, sqlstate):
    service.script("CreateTable", refuse(status, code, "no"))
    diagnostics = refused(scripted, CREATE, sqlstate)
    assert diagnostics.message_primary == "DynamoDB CreateTable failed: no"
    assert diagnostics.context == 'foreign table "made"'


def test_tags_come_in_pages(scripted, service):
    scripted.execute("""ALTER FOREIGN TABLE made OPTIONS (tags '{"a": "1", "b": "2"}')""")
    table = answer(described(TableArn="arn:aws:dynamodb:x:1:table/faults"))
    pages = [
        answer({"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"}),
        answer({"Tags": [{"Key": "b", "Value": "2"}]}),
    ]
    service.script("CreateTable", refuse(400, "ResourceInUseException"))
    service.script("DescribeTable", *[table] * 4)
    service.script("ListTagsOfResource", *pages * 2)
    (description,) = scripted.execute(CREATE).fetchone()
    assert description["Tags"] == {"a": "1", "b": "2"}
    tokens = [r.body.get("NextToken") for r in service.requests if r.operation.startswith("List")]
    assert tokens == [None, "more", None, "more"]


def test_a_drop_waits_until_the_table_is_gone(scripted, service):
    service.script("DescribeTable", in_state("ACTIVE"), in_state("DELETING"), NOT_FOUND)
    service.script("DeleteTable", answer({}))
    scripted.execute(DROP)
    assert service.count("DescribeTable") == 3


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ResourceInUseException"])
def test_a_drop_whose_answer_is_lost_has_dropped(scripted, service, code):
    gone = NOT_FOUND if code == "ResourceNotFoundException" else in_state("DELETING")
    service.script("DescribeTable", in_state("ACTIVE"), gone, NOT_FOUND, NOT_FOUND)
    service.script("DeleteTable", refuse(500, "InternalServerError"), refuse(400, code))
    scripted.execute(DROP)
    assert service.count("DeleteTable") == 2


def test_a_drop_that_the_service_refuses_is_reported(scripted, service):
    service.script("DeleteTable", refuse(400, "ResourceInUseException", "being updated"))
    diagnostics = refused(scripted, DROP, "HV000")
    assert diagnostics.message_primary == "DynamoDB DeleteTable failed: being updated"
    service.script("DescribeTable", *[answer(described(DeletionProtectionEnabled=True))] * 2)
    service.script("DeleteTable", refuse(400, "ValidationException", "in any words"))
    refused(scripted, DROP, "55000")


def test_requests_are_valid_by_the_model(scripted, service):
    scripted.execute("DROP FOREIGN TABLE made")
    scripted.execute(
        f"CREATE FOREIGN TABLE made ({COLUMNS}) SERVER aws"
        f" {options_clause(OPTIONS | {'table_name': 'faults', 'ttl_attribute': 'expires'})}"
    )
    service.script("CreateTable", CREATED)
    service.script("UpdateTimeToLive", answer({}))
    service.script("UpdateContinuousBackups", answer({}))
    table = answer(described(TableArn="arn:aws:dynamodb:x:1:table/faults"))
    service.script("DescribeTable", *[table] * 3, NOT_FOUND)
    service.script("ListTagsOfResource", answer({"Tags": []}))
    service.script("DeleteTable", answer({}))
    scripted.execute(CREATE)
    scripted.execute(DROP)
    model = botocore.session.get_session().get_service_model("dynamodb")
    operations = {request.operation for request in service.requests}
    assert operations == {
        "CreateTable",
        "DescribeTable",
        "DescribeTimeToLive",
        "UpdateTimeToLive",
        "DescribeContinuousBackups",
        "UpdateContinuousBackups",
        "ListTagsOfResource",
        "DeleteTable",
    }
    for request in service.requests:
        operation = model.operation_model(request.operation)
        report = ParamValidator().validate(request.body, operation.input_shape)
        assert not report.has_errors(), (request, report.generate_report())
        serialized = create_serializer("json").serialize_to_request(request.body, operation)
        assert json.loads(serialized["body"]) == request.body
    (body,) = [r.body for r in service.requests if r.operation == "CreateTable"]
    assert body["SSESpecification"] == {
        "Enabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": KEY_ARN,
    }
