"""How long a table's description is kept, what drops it, and reading without one."""

import psycopg
import pytest
from environment.postgresql import running_postgresql
from faults import preloaded
from faults import server as faults
from faults.clients import ROWS, SCAN, create_table

DENIED = faults.refuse(400, "AccessDeniedException", "not for you")
MISSING = faults.refuse(400, "ResourceNotFoundException", "no such table")


def descriptions(service):
    return service.count("DescribeTable")


def test_statements_share_one_description(session, service):
    for _ in range(3):
        assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 1


@pytest.mark.parametrize(
    "change",
    [
        "ALTER SERVER aws OPTIONS (ADD fetch_size '100')",
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws OPTIONS (SET aws_access_key_id 'AKIDNEW')",
    ],
)
def test_a_changed_server_or_mapping_is_asked_anew(session, service, change):
    session.execute(SCAN)
    session.execute(change)
    assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 2


def test_another_sessions_change_is_noticed(session, service, postgresql, database):
    session.execute(SCAN)
    with postgresql.connect(database) as other:
        other.execute("ALTER SERVER aws OPTIONS (ADD fetch_size '100')")
    assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 2


def test_an_open_cursor_keeps_the_description_it_began_with(session, service):
    with session.transaction():
        session.execute(f"DECLARE rows CURSOR FOR {SCAN}")
        first = session.execute("FETCH 1 FROM rows").fetchall()
        session.execute("ALTER SERVER aws OPTIONS (ADD max_attempts '2')")
        assert session.execute(SCAN).fetchall() == ROWS
        assert first + session.execute("FETCH ALL FROM rows").fetchall() == ROWS
    assert descriptions(service) == 2


def test_each_mapping_has_its_own(session, service):
    session.execute(SCAN)
    session.execute("DROP ROLE IF EXISTS describing_role")
    session.execute("CREATE ROLE describing_role")
    try:
        session.execute("GRANT SELECT ON faults TO describing_role")
        session.execute(
            "CREATE USER MAPPING FOR describing_role SERVER aws"
            " OPTIONS (aws_access_key_id 'AKIDROLE', aws_secret_access_key 'secret')"
        )
        # The new mapping made every description stale; what counts is one for each role after it.
        session.execute(SCAN)
        before = descriptions(service)
        session.execute("SET ROLE describing_role")
        assert session.execute(SCAN).fetchall() == ROWS
        assert session.execute(SCAN).fetchall() == ROWS
        assert descriptions(service) == before + 1
    finally:
        session.execute("RESET ROLE")
        session.execute("DROP OWNED BY describing_role CASCADE")
        session.execute("DROP USER MAPPING IF EXISTS FOR describing_role SERVER aws")
        session.execute("DROP ROLE describing_role")


def test_a_table_that_was_dropped_is_asked_about_again(session, service):
    session.execute(SCAN)
    service.script("Scan", MISSING)
    with pytest.raises(psycopg.Error) as raised:
        session.execute(SCAN)
    assert raised.value.sqlstate == "HV00R"
    assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 2


def test_a_table_that_is_not_as_described_is_asked_about_again(session, service):
    session.execute(SCAN)
    service.script("Scan", faults.refuse(400, "ValidationException", "no such index"))
    with pytest.raises(psycopg.Error) as raised:
        session.execute(SCAN)
    assert raised.value.sqlstate == "HV000"
    assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 2


def test_a_description_is_five_minutes_good(service):
    with preloaded.open_directory() as directory:
        clock = preloaded.MovedClock(directory)
        with (
            running_postgresql("moved-clock", environment=clock.environment) as postgresql,
            postgresql.database() as database,
            postgresql.connect(database) as session,
        ):
            create_table(session, service.endpoint_url)
            for seconds, expected in ((0, 1), (240, 1), (301, 2), (540, 2)):
                clock.move(seconds)
                assert session.execute(SCAN).fetchall() == ROWS
                assert descriptions(service) == expected


def test_a_missing_table_is_not_remembered(session, service):
    service.script("DescribeTable", MISSING)
    with pytest.raises(psycopg.Error) as raised:
        session.execute(SCAN)
    assert raised.value.sqlstate == "HV00R"
    assert session.execute(SCAN).fetchall() == ROWS


def test_a_refusal_is_an_error_without_declared_keys(session, service):
    service.script("DescribeTable", DENIED)
    with pytest.raises(psycopg.Error) as raised:
        session.execute(SCAN)
    assert raised.value.sqlstate == "42501"
    assert "REQUEST-ID" in raised.value.diag.message_detail
    assert session.execute(SCAN).fetchall() == ROWS, "the permission was granted meanwhile"


def test_declared_keys_stand_in_for_a_refused_description(session, service):
    session.execute("ALTER FOREIGN TABLE faults ALTER COLUMN id OPTIONS (ADD key 'hash')")
    service.script("DescribeTable", *[DENIED] * 10)
    assert session.execute(SCAN).fetchall() == ROWS
    assert session.execute("SELECT value FROM faults WHERE id = 'key 3'").fetchall() == [(3,)]
    assert service.count("GetItem") == 1
    assert descriptions(service) == 1, "the refusal is remembered"


def test_a_role_that_cannot_be_assumed_is_no_refused_description(session, service):
    session.execute("ALTER FOREIGN TABLE faults ALTER COLUMN id OPTIONS (ADD key 'hash')")
    session.execute(
        "ALTER USER MAPPING FOR CURRENT_USER SERVER aws"
        " OPTIONS (ADD role_arn 'arn:aws:iam::123456789012:role/reader')"
    )
    service.script("AssumeRole", faults.refuse_role(403, "AccessDenied", "not you"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="AssumeRole"):
        session.execute(SCAN)
    assert session.execute(SCAN).fetchall() == ROWS
    assert descriptions(service) == 1


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"Table": {"TableName": 5}}'])
def test_a_description_that_is_none_is_an_error(session, service, body):
    service.script("DescribeTable", faults.answer_bytes(body))
    with pytest.raises(psycopg.Error) as raised:
        session.execute(SCAN)
    assert raised.value.sqlstate == "08P01"
    assert session.execute(SCAN).fetchall() == ROWS


def time_to_live(conversation):
    conversation.answer(
        {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "value"}}
    )


def test_the_ttl_attribute_is_asked_for_once_and_only_where_it_matters(session, service):
    session.execute(SCAN)
    assert service.count("DescribeTimeToLive") == 0
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD hide_expired 'true')")
    service.script("DescribeTimeToLive", time_to_live)
    # 0 to 4 are times of 1970
    assert session.execute(SCAN).fetchall() == []
    assert session.execute(SCAN).fetchall() == []
    assert service.count("DescribeTimeToLive") == 1
    assert descriptions(service) == 1


def test_a_named_ttl_attribute_needs_no_question(session, service):
    session.execute(
        "ALTER FOREIGN TABLE faults OPTIONS (ADD hide_expired 'true', ADD ttl_attribute 'value')"
    )
    assert session.execute(SCAN).fetchall() == []
    assert service.count("DescribeTimeToLive") == 0


def test_a_refused_ttl_attribute_is_a_warning(session, service):
    notices = []
    session.add_notice_handler(
        lambda given: notices.append((given.severity, given.message_detail, given.message_hint))
    )
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD hide_expired 'true')")
    service.script("DescribeTimeToLive", DENIED)
    assert session.execute(SCAN).fetchall() == ROWS
    assert session.execute(SCAN).fetchall() == ROWS
    [(severity, detail, hint)] = notices
    assert severity == "WARNING"
    assert "AccessDeniedException" in detail
    assert "ttl_attribute" in hint


def test_expired_items_are_hidden_without_a_description(session, service):
    session.execute("ALTER FOREIGN TABLE faults ALTER COLUMN id OPTIONS (ADD key 'hash')")
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD hide_expired 'true')")
    service.script("DescribeTable", *[DENIED] * 10)
    service.script("DescribeTimeToLive", time_to_live)
    assert session.execute(SCAN).fetchall() == []
    assert session.execute(SCAN).fetchall() == []
    assert service.count("DescribeTimeToLive") == 1


def test_an_unreachable_ttl_attribute_is_an_error(session, service):
    session.execute("ALTER FOREIGN TABLE faults OPTIONS (ADD hide_expired 'true')")
    session.execute("ALTER SERVER aws OPTIONS (ADD max_attempts '1')")
    service.script("DescribeTimeToLive", faults.refuse(500, "InternalServerError"), time_to_live)
    with pytest.raises(psycopg.Error):
        session.execute(SCAN)
    assert session.execute(SCAN).fetchall() == []
