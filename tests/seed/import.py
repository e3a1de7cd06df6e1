"""Tables of sql/import.sql: keys, types and names of every kind that becomes a column."""

from environment.tables import create_table


def create(dynamodb):
    _create_person(dynamodb)
    _create_types(dynamodb)
    _create_names(dynamodb)
    _create_wide(dynamodb)
    for name in ("import_empty", "Import.Quoted-Name", *_long_table_names()):
        create_table(dynamodb, name, {"id": "S"})


def _long_table_names():
    """Two names of more than 63 bytes whose first 63 are the same."""
    return [f"import_long_{'x' * 60}_{end}" for end in "ab"]


def _create_person(dynamodb):
    """Both keys need quotes, and every kind of index has one of its own."""
    create_table(
        dynamodb,
        "import_person",
        {"Name": "S", "Firstname": "S"},
        global_indexes={"by_city": {"city": "S", "Photo": "B"}},
        local_indexes={"by_born": {"Name": "S", "Born": "N"}},
    )
    # Index keys are numbers and binaries though no item says so.
    dynamodb.put_item(
        TableName="import_person",
        Item={"Name": {"S": "Vega"}, "Firstname": {"S": "Ana"}, "Age": {"N": "41"}},
    )


def _create_types(dynamodb):
    """Attributes of one type, of several, and NULL in some items or in all."""
    create_table(dynamodb, "import_types", {"id": "N"})
    samples = {
        "a_string": {"S": "text"},
        "a_number": {"N": "1"},
        "a_binary": {"B": b"\x00\xff"},
        "a_boolean": {"BOOL": True},
        "a_null": {"NULL": True},
        "a_string_set": {"SS": ["a", "b"]},
        "a_number_set": {"NS": ["1", "2"]},
        "a_binary_set": {"BS": [b"a"]},
        "a_list": {"L": [{"S": "a"}, {"N": "1"}]},
        "a_map": {"M": {"b": {"S": "c"}}},
        "in_one_item": {"S": "only here"},
        "number_or_string": {"N": "1"},
        "string_or_null": {"S": "text"},
        "set_or_list": {"SS": ["a"]},
    }
    dynamodb.put_item(TableName="import_types", Item={"id": {"N": "1"}} | samples)
    del samples["in_one_item"]
    samples["number_or_string"] = {"S": "one"}
    samples["string_or_null"] = {"NULL": True}
    samples["set_or_list"] = {"L": [{"S": "a"}]}
    dynamodb.put_item(TableName="import_types", Item={"id": {"N": "2"}} | samples)


NAMES = (
    "Name",
    "name",
    "NAME",
    "select",
    "two words",
    'quo"te',
    "apos'trophe",
    "back\\slash",
    "a.path[0]",
    "größe",
    "ctid",
    "ctid_1",
    "tableoid",
    "xmin",
    "_item",
    "_item_1",
    "x" * 63,
    "y" * 64,
    "z" * 70 + "1",
    "z" * 70 + "2",
    "ä" * 40,
    "nul\x00in it",
)


def _create_names(dynamodb):
    """One item; each attribute holds the number of its name above, from 1."""
    create_table(dynamodb, "import_names", {"id": "S"})
    values = {name: {"N": str(number)} for number, name in enumerate(NAMES, start=1)}
    dynamodb.put_item(TableName="import_names", Item={"id": {"S": "one"}} | values)


def _create_wide(dynamodb):
    """1,700 attributes beside the keys."""
    create_table(dynamodb, "import_wide", {"zz_hash": "S", "zz_range": "N"})
    attributes = {f"attribute_{n:04}": {"N": str(n)} for n in range(1700)}
    dynamodb.put_item(
        TableName="import_wide",
        Item={"zz_hash": {"S": "wide"}, "zz_range": {"N": "1"}} | attributes,
    )
