"""What ANALYZE reads of a table that is larger than its budget."""

import pytest
from faults.pages import MEGABYTE, pages_of

BUDGET = 16 * MEGABYTE
LARGE = {"id": {"S": "large"}, "note": {"S": "l" * 400_000}}


@pytest.fixture
def session(session):
    session.execute("ALTER FOREIGN TABLE faults ADD note text")
    return session


@pytest.fixture
def pages(service):
    """A table of four budgets, cut into segments of about one page."""
    pages = pages_of(LARGE, MEGABYTE, 4 * BUDGET, segment_count=4 * BUDGET // MEGABYTE)
    pages.install(service)
    return pages


def segments_read(service):
    bodies = [request.body for request in service.requests if request.operation == "Scan"]
    assert len({body["TotalSegments"] for body in bodies}) == 1
    return [body["Segment"] for body in bodies]


def test_no_more_is_read_than_the_budget(session, service, pages):
    session.execute("ANALYZE faults")
    page_bytes = pages.bytes / pages.segment_count
    assert BUDGET <= len(segments_read(service)) * page_bytes < BUDGET + 2 * page_bytes
    rows = "SELECT reltuples FROM pg_class WHERE oid = 'faults'::regclass"
    assert session.execute(rows).fetchone() == (pages.item_count,)


def test_segments_are_chosen_at_random(session, service, pages):
    session.execute("ANALYZE faults")
    segments = segments_read(service)
    assert len(set(segments)) == len(segments)
    assert segments != sorted(segments)
