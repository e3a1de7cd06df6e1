"""Our tables of endpoints and of error codes against the models that botocore ships."""

import itertools

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from json_lines import ask

SERVICES = ["dynamodb", "sts", "kms", "dynamodbstreams", "sqs"]

# The names that our tables have for them, where they are others.
OUR_NAMES = {"dynamodbstreams": "streams"}

# No regions that anyone has, or none that AWS has yet: names by the partitions' own patterns.
REGIONS_TO_COME = ["us-north-7", "ap-northwest-12", "cn-south-9", "us-gov-north-3"]
REGIONS_TO_COME += ["us-isob-south-4", "eu-isoe-east-2", "us-isof-west-8", "eusc-de-west-3"]

THROTTLED = ["ThrottlingException", "ProvisionedThroughputExceededException", "Throttling"]
THROTTLED += ["RequestLimitExceeded", "TransactionInProgressException", "SlowDown"]


@pytest.fixture(scope="module")
def session():
    return botocore.session.get_session()


def all_regions(session):
    """Every region of every partition; the global ones are names of botocore's own."""
    partitions = session.get_available_partitions()
    regions = [
        region
        for partition in partitions
        for service in ("dynamodb", "sts", "ec2")
        for region in session.get_available_regions(service, partition)
    ]
    regions = {region for region in regions if "global" not in region and region != "local"}
    assert {"us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"} <= regions
    return sorted(regions | set(REGIONS_TO_COME))


def endpoint_rules(session, service):
    """botocore's interpreter of AWS's endpoint rules, with the rules of the service."""
    loader = session.get_component("data_loader")
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    return EndpointProvider(rules, loader.load_data("partitions"))


@pytest.mark.parametrize("service", SERVICES)
def test_endpoints_equal_botocores(programs, session, service):
    rules = endpoint_rules(session, service)
    cases = list(itertools.product(all_regions(session), [False, True], [False, True]))
    questions = [
        {
            "endpoint": OUR_NAMES.get(service, service),
            "region": region,
            "fips": fips,
            "dualstack": dualstack,
        }
        for region, fips, dualstack in cases
    ]
    for case, ours in zip(cases, ask(programs / "service_facts", questions), strict=True):
        region, fips, dualstack = case
        theirs = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack)
        assert ours == {"url": theirs.url + "/"}, case


@pytest.mark.parametrize(
    "region", ["", "us east 1", "us-east-1.evil.example", "a/b", "-a", "a" * 65]
)
def test_text_that_is_no_region_is_refused(programs, region):
    (answer,) = ask(programs / "service_facts", [{"endpoint": "dynamodb", "region": region}])
    assert answer == {"error": "name of the AWS region is not valid"}


def wire_codes(session, service):
    """Codes as they travel: the query protocol's are not always the names of the shapes."""
    model = session.get_service_model(service)
    return sorted(shape.error_code for shape in model.error_shapes)


@pytest.mark.parametrize("service", SERVICES)
def test_every_modelled_error_is_in_the_table(programs, session, service):
    codes = wire_codes(session, service)
    assert codes
    answers = ask(programs / "service_facts", [{"code": code} for code in codes])
    unknown = [code for code, answer in zip(codes, answers, strict=True) if not answer["known"]]
    assert not unknown


@pytest.mark.parametrize("code", THROTTLED)
def test_codes_that_botocore_backs_off_for_are_throttled(programs, code):
    (answer,) = ask(programs / "service_facts", [{"code": code}])
    assert answer == {"known": True, "class": "throttled"}


def test_unknown_codes_are_classified_by_status(programs):
    classes = {400: "other", 403: "access denied", 429: "throttled", 500: "transient"}
    classes |= {503: "transient", 301: "other", 0: "connection", 501: "other", 200: "none"}
    questions = [{"code": "NoSuchCode", "status": status} for status in classes]
    answers = ask(programs / "service_facts", questions)
    assert [answer["class"] for answer in answers] == list(classes.values())
    assert not any(answer["known"] for answer in answers)
