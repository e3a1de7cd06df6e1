"""Random data and random SQL for comparing a foreign table with a heap table of the same rows.

Everything is drawn from one random.Random, so that a seed reproduces items and queries. Values are
chosen near the places where SQL and DynamoDB differ: missing and NULL attributes, text that sorts
differently by bytes and by locale, numbers at the ends of their range, patterns with escapes.
"""

import base64
import decimal
import itertools
import json
import uuid
from dataclasses import dataclass

TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "aB",
    "a%",
    "a_b",
    "abc",
    "b",
    "B",
    "z",
    "Z",
    "ä",
    "é",
    "e\u0301",
    "ß",
    "ss",
    "10",
    "9",
    "a b",
    " a",
    "a ",
    "a\\b",
    "a'b",
    'a"b',
    "日本",
    "😀",
    "\u007f",
    "~",
]
SMALL_NUMBERS = [-3, -1, 0, 1, 2, 3, 5, 10, 100]
INTEGERS = SMALL_NUMBERS + [2**31 - 1, -(2**31), 2**63 - 1, -(2**63)]
NUMERICS = [
    decimal.Decimal(text)
    for text in (
        "0",
        "1",
        "-1",
        "1.5",
        "-1.5",
        "0.1",
        "3",
        "100",
        "1E-130",
        "-1E-130",
        "9.9999999999999999999999999999999999999E125",
        "12345678901234567890123456789012345678",
        "0.12345678901234567890123456789012345678",
    )
]
FLOATS = [-1.5, -0.5, 0.0, 0.1, 0.5, 1.0, 3.0, 1e100, 1e-100]
BINARIES = [b"\x00", b"a", b"ab", b"\xff", b"\x00\xff", b"\x80"]
DATES = ["0001-01-01", "1999-12-31", "2000-01-01", "2024-02-29", "9999-12-31"]
UUIDS = [str(uuid.UUID(int=number)) for number in (0, 1, 2**127, 2**128 - 1)]
HASH_KEYS = ["alpha", "beta", "gamma", "Alpha", "ä", "10", "9"]
DOCUMENTS = [
    {"M": {"a": {"N": "1"}, "b": {"S": "x"}}},
    {"M": {"a": {"S": "one"}}},
    {"M": {"a": {"S": "1"}, "b": {"NULL": True}}},
    {"M": {"a": {"BOOL": True}, "b": {"S": ""}}},
    {"M": {"a": {"M": {"b": {"S": "x"}}}}},
    {"M": {"a": {"L": [{"S": "one"}]}}},
    {"M": {}},
    {"L": [{"N": "1"}, {"NULL": True}]},
    {"S": "text"},
    {"N": "7"},
    {"BOOL": False},
    {"M": {"set": {"SS": ["two", "one"]}, "c": {"NULL": True}}},
    {"M": {"set": {"NS": ["2", "1"]}, "a": {"S": "two"}}},
    {"M": {"bin": {"B": b"two"}, "a": {"L": [{"B": b"two"}, {"S": "x"}]}}},
    {"SS": ["one", "two"]},
]
ARRAYS = [
    {"L": []},
    {"L": [{"S": "x"}, {"S": "one"}]},
    {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]},
    {"L": [{"L": [{"S": "x"}]}, {"M": {"a": {"S": "x"}}}]},
    {"L": [{"B": b"two"}, {"S": ""}, {"S": "1"}]},
    {"SS": ["x", "one", "two"]},
    {"NS": ["1", "-3"]},
    {"BS": [b"two", b"\xff"]},
]


@dataclass(frozen=True)
class Column:
    """A column of both tables: how it is declared, drawn, stored in an item and written in SQL."""

    name: str
    sql_type: str
    values: list
    ordered: bool = True
    options: str = ""
    attribute: object = None  # value -> typed attribute value

    def definition(self, foreign):
        options = f" OPTIONS ({self.options})" if foreign and self.options else ""
        type_name, _, collation = self.sql_type.partition(" COLLATE ")
        if foreign:
            tail = f" COLLATE {collation}" if collation else ""
            return f"{self.name} {type_name}{options}{tail}"
        return f"{self.name} {self.sql_type}"

    @property
    def has_ends(self):
        """min() and max() know the type, and ties of a locale's order are one value."""
        return "en-x-icu" not in self.sql_type and self.sql_type != "bytea"

    def literal(self, value):
        return f"{quote(sql_text(value))}::{self.sql_type.partition(' COLLATE ')[0]}"


def sql_text(value):
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return (
            "{"
            + ",".join(json.dumps(sql_text(element), ensure_ascii=False) for element in value)
            + "}"
        )
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    if isinstance(value, float):
        return repr(value)
    return str(value)


def quote(text):
    escaped = text.replace("'", "''")
    if "\\" in text:
        return "E'" + escaped.replace("\\", "\\\\") + "'"
    return f"'{escaped}'"


def number(value):
    return {"N": str(value)}


def string(value):
    return {"S": value}


def binary(value):
    return {"B": value}


def string_set(value):
    return {"SS": list(value)}


def number_set(value):
    return {"NS": [str(element) for element in value]}


TEXT_KEYS = [text for text in TEXTS if text]
SHAPES = {  # the key columns of one table each
    "text_bigint": [
        Column("pk", "text", HASH_KEYS, attribute=string),
        Column("sk", "bigint", list(range(-5, 40)), attribute=number),
    ],
    "bigint_text": [
        Column("pk", "bigint", SMALL_NUMBERS, attribute=number),
        Column("sk", 'text COLLATE "C"', TEXT_KEYS, attribute=string),
    ],
    "numeric_words": [
        Column("pk", "numeric", NUMERICS, attribute=number),
        Column("sk", 'text COLLATE "en-x-icu"', TEXT_KEYS, attribute=string),
    ],
    "bytea_date": [
        Column("pk", "bytea", BINARIES, attribute=binary),
        Column(
            "sk", "date", DATES + [f"2024-03-{day:02}" for day in range(1, 31)], attribute=string
        ),
    ],
}
COLUMNS = [
    Column("t", 'text COLLATE "en-x-icu"', TEXTS, attribute=string),
    Column("c", 'text COLLATE "C"', TEXTS, attribute=string),
    Column("n", "bigint", INTEGERS, attribute=number),
    Column("i", "integer", SMALL_NUMBERS, attribute=number),
    Column("d", "numeric", NUMERICS, attribute=number),
    Column("f", "double precision", FLOATS, attribute=number),
    Column("b", "boolean", [True, False], attribute=lambda value: {"BOOL": value}),
    Column("bin", "bytea", BINARIES, attribute=binary),
    Column("dt", "date", DATES, attribute=string),
    Column("u", "uuid", UUIDS, attribute=string),
    Column("vc", "varchar(10)", ["a", "ab", "abc", "b", "B"], attribute=string),
    Column("deep", "bigint", SMALL_NUMBERS, options="attribute_path 'doc.list[1].n'"),
]
SETS = [  # compared by what they contain alone: the order of their elements is nobody's
    Column(
        "tags",
        "text[]",
        [("a",), ("B", "a", "ab"), ("a%", "ä"), ("a b", "日本", "😀"), ("b",)],
        attribute=string_set,
    ),
    Column(
        "counts",
        "bigint[]",
        [(1,), (0, 1, 2), (-3, 2**63 - 1), (5, 10, 100)],
        attribute=number_set,
    ),
    Column(
        "amounts",
        "numeric[]",
        [(decimal.Decimal("0.1"), decimal.Decimal("3")), (decimal.Decimal("-1.5"),)],
        attribute=number_set,
    ),
]
JSON = [  # their values are typed attribute values, which in SQL are their plain jsonb
    Column("j", "jsonb", DOCUMENTS),
    Column("l", "jsonb", ARRAYS),
]
KEYS = ("pk", "sk")


def plain(attribute):
    """The plain jsonb of a typed attribute value, as the types reference defines it."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return {name: plain(member) for name, member in value.items()}
    if kind == "L":
        return [plain(element) for element in value]
    if kind == "N":
        return int(value)
    if kind == "B":
        return base64.b64encode(value).decode()
    if kind == "SS":
        return sorted(value)
    if kind == "NS":
        return sorted(int(element) for element in value)
    if kind == "BS":
        return [base64.b64encode(element).decode() for element in sorted(value)]
    return None if kind == "NULL" else value


@dataclass
class Row:
    values: dict  # column -> Python value or None
    item: dict


def draw_value(random, column):
    """A value, or None for a missing attribute, or NULL for a stored one."""
    return None if random.random() < 0.2 else random.choice(column.values)


def draw_row(random, columns, key):
    values, item = dict(zip(KEYS, key)), {}
    for column in columns:
        if column in JSON:
            add_json(random, column, values, item)
            continue
        if column.name not in KEYS:
            values[column.name] = draw_value(random, column)
        value = values[column.name]
        if column.name == "deep":
            add_deep(random, item, value)
        elif value is not None:
            item[column.name] = column.attribute(value)
        elif random.random() < 0.5:
            item[column.name] = {"NULL": True}
    return Row(values, item)


def add_json(random, column, values, item):
    document = random.choice([*column.values, None])
    if document is not None:
        item[column.name] = document
    values[column.name] = None if document is None else json.dumps(plain(document))


def add_deep(random, item, value):
    """Stores doc.list[1].n, or leaves out some part of the way to it."""
    if value is not None:
        element = {"M": {"n": {"N": str(value)}}}
    else:
        element = random.choice([{"M": {}}, {"M": {"n": {"NULL": True}}}, {"S": "x"}, None])
    if element is not None:
        item["doc"] = {"M": {"list": {"L": [{"BOOL": True}, element]}}}
    elif random.random() < 0.5:
        item["doc"] = random.choice([{"M": {}}, {"S": "no map"}, {"M": {"list": {"L": []}}}])


def draw_rows(random, columns, count):
    keys = list(itertools.product(columns[0].values, columns[1].values))
    return [draw_row(random, columns, key) for key in random.sample(keys, count)]


COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


class QueryGenerator:
    """Draws conditions and queries over table `T`, which the caller replaces by a table's name."""

    def __init__(self, random, columns):
        self.random = random
        self.by_name = {column.name: column for column in columns if column not in [*SETS, *JSON]}

    def column(self):
        names = list(self.by_name) + ["pk", "pk", "sk", "sk"]
        return self.by_name[self.random.choice(names)]

    def literal(self, column):
        if self.random.random() < 0.04:
            return f"NULL::{column.sql_type.partition(' COLLATE ')[0]}"
        return column.literal(self.random.choice(column.values))

    def leaf(self):
        if self.random.random() < 0.08:
            return self.containment(self.random.choice(SETS))
        if self.random.random() < 0.1:
            return self.of_documents()
        if self.random.random() < 0.05:
            return self.length()
        column = self.column()
        kinds = [self.comparison, self.comparison, self.membership, self.null_test, self.between]
        kinds += [self.distinction]
        if column.sql_type.startswith(("text", "varchar")):
            kinds += [self.pattern, self.pattern]
        if column.name == "b":
            kinds = [self.boolean]
        return self.random.choice(kinds)(column)

    def of_documents(self):
        return self.random.choice([self.member, self.element, self.document, self.array])()

    def query_of_documents(self):
        one, other = self.of_documents(), self.random.choice([self.leaf, self.of_documents])()
        condition = self.random.choice(
            [
                one,
                one,
                f"NOT ({one})",
                f"({one}) IS NOT TRUE",
                f"{one} AND {other}",
                f"{one} OR {other}",
            ]
        )
        return f"SELECT pk, sk, j, l FROM T WHERE {condition}"

    def comparison(self, column):
        operator = self.random.choice(COMPARISONS)
        other = [
            c for c in self.by_name.values() if c is not column and c.sql_type == column.sql_type
        ]
        if other and self.random.random() < 0.1:
            return f"{column.name} {operator} {self.random.choice(other).name}"
        if self.random.random() < 0.15:
            return f"{self.literal(column)} {operator} {column.name}"
        if column.sql_type in ("bigint", "integer", "numeric") and self.random.random() < 0.3:
            value = self.random.choice(
                [
                    "1.5",
                    "1e40",
                    "-7",
                    "3.0",
                    "2147483648",
                    "'NaN'::numeric",
                    "'Infinity'::float8",
                    "1.5::float8",
                    "3::smallint",
                ]
            )
            return f"{column.name} {operator} {value}"
        return f"{column.name} {operator} {self.literal(column)}"

    def membership(self, column):
        literals = [self.literal(column) for _ in range(self.random.randint(1, 4))]
        form = self.random.random()
        if form < 0.5:
            return f"{column.name} IN ({', '.join(literals)})"
        if form < 0.8:
            return f"{column.name} = ANY (ARRAY[{', '.join(literals)}])"
        return f"{column.name} NOT IN ({', '.join(literals)})"

    def between(self, column):
        negation = self.random.choice(["", "", "NOT "])
        return f"{column.name} {negation}BETWEEN {self.literal(column)} AND {self.literal(column)}"

    def distinction(self, column):
        negation = self.random.choice(["", "NOT "])
        return f"{column.name} IS {negation}DISTINCT FROM {self.literal(column)}"

    def containment(self, column):
        element_type = column.sql_type.removesuffix("[]")
        elements = [element for value in column.values for element in value]
        literals = [
            f"{quote(sql_text(element))}::{element_type}"
            for element in self.random.sample(elements, self.random.randint(0, 3))
        ] + ["NULL"] * (self.random.random() < 0.1)
        array = f"ARRAY[{', '.join(literals)}]::{column.sql_type}"
        return self.random.choice(
            [
                f"{(literals or ['NULL'])[0]} = ANY ({column.name})",
                f"{(literals or ['NULL'])[0]} <> ALL ({column.name})",
                f"{column.name} @> {array}",
                f"{array} <@ {column.name}",
                f"{column.name} <@ {array}",
                f"{column.name} && {array}",
                f"{column.name} IS NOT NULL",
            ]
        )

    def member(self):
        """Of members of the document, which may be of any type."""
        operand = self.random.choice(["j ->> 'a'", "j ->> 'a'", "j ->> 'b'", "j -> 'a' ->> 'b'"])
        texts = self.random.sample(["1", "one", "x", "true", "", "none"], 2)
        one, other = map(quote, texts)
        return self.random.choice(
            [
                f"{operand} = {one}",
                f"{operand} <> {one}",
                f'{operand} {self.random.choice(COMPARISONS)} {one} COLLATE "C"',
                f"{operand} IN ({one}, {other})",
                f"{operand} NOT IN ({one}, {other})",
                f"{operand} IS {self.random.choice(['', 'NOT '])}DISTINCT FROM {one}",
                f"{operand} IS NULL",
                f"{operand} IS NOT NULL",
                f"{operand} LIKE '{texts[0][:1]}%'",
                f"{operand} LIKE '%{texts[0][1:2]}%'",
            ]
        )

    def element(self):
        """Of an element of the document, which may be a list, or anything else."""
        operand = self.random.choice(
            [
                "j ->> 0",
                "j ->> 1",
                "j -> 'a' ->> 0",
                "j #>> '{a,0}'",
                "j #>> '{a,b}'",
                "j ->> -1",
                "j -> 'set' ->> 0",
                "j -> 'set' ->> 1",
                "j #>> '{set,1}'",
            ]
        )
        text = quote(self.random.choice(["1", "one", "x", "true", "text", "7", "two", "dHdv"]))
        return self.random.choice(
            [
                f"{operand} = {text}",
                f"{operand} <> {text}",
                f"{operand} IN ({text}, 'one')",
                f"{operand} IS NULL",
                f"{operand} IS NOT NULL",
                f"{operand} LIKE {text[:2]}%'",
                f"length({operand}) {self.random.choice(COMPARISONS)} {self.random.randint(0, 4)}",
            ]
        )

    def document(self):
        """Of the document as a whole: what it contains, equals, or has as a key."""
        scalar = self.random.choice(['"x"', '"one"', '"1"', "1", "true", "null", '""', '"dHdv"'])
        value = self.random.choice(
            [scalar, scalar, f"[{scalar}]", f'[{scalar}, "x"]', f'{{"b": {scalar}}}', "{}", "[]"]
        )
        name = self.random.choice(["a", "a", "b", "set", "bin", "c"])
        names = quote("{" + ",".join([name, self.random.choice(["b", "two", "NULL"])]) + "}")
        return self.random.choice(
            [
                f"j @> '{{\"{name}\": {value}}}'",
                f'j @> \'{{"a": {value}, "b": {scalar}}}\'',
                f"'{{\"{name}\": {value}}}' <@ j",
                f"j @> '{value}'",
                f"j -> '{name}' @> '{value}'",
                f"j <@ '{value}'",
                f"j -> '{name}' <@ '{value}'",
                f"j -> '{name}' = '{value}'",
                f"j -> 0 = '{value}'",
                f"j ? '{name}'",
                f"j -> 'a' ? '{name}'",
                f"j ? '{self.random.choice(['one', 'two', 'text', 'dHdv'])}'",
                f"j ?| {names}",
                f"j ?& {names}",
                f"j -> 'a' ?| {names}",
                f"j -> 'set' ?| {names}",
            ]
        )

    def array(self):
        """Of lists and sets: how many elements they have, and which."""
        texts = ['"x"', '"one"', '"1"', "1", "-3", "true", "false", "null", '""', '"dHdv"']
        one, other = self.random.sample(texts, 2)
        value = self.random.choice(
            [one, f"[{one}]", f"[{one}, {other}]", "[]", '[["x"]]', f'[{one}, {{"a": "x"}}]', "{}"]
        )
        names = quote(
            "{" + ",".join(self.random.sample(["x", "one", "two", "dHdv", "NULL"], 2)) + "}"
        )
        length = f"jsonb_array_length(l) {self.random.choice(COMPARISONS)}"
        return self.random.choice(
            [
                f"{length} {self.random.randint(-1, 4)}",
                f"{length} {self.random.randint(0, 3)}",
                f"l @> '{value}'",
                f"l @> '{value}'",
                f"'{value}' <@ l",
                f"l <@ '{value}'",
                f"'[{one}, {other}, \"x\"]' @> l",
                f"l = '{value}'",
                f"l ? '{self.random.choice(['x', 'one', 'two', 'dHdv', '1'])}'",
                f"l ?| {names}",
                f"l ?& {names}",
                f"l -> 0 @> '{value}'",
            ]
        )

    def length(self):
        """The length of a string, a binary value or a set."""
        columns = [c for c in self.by_name.values() if c.sql_type.startswith(("text", "varchar"))]
        text = self.random.choice(columns).name
        function = self.random.choice(
            [
                f"length({text})",
                f"char_length({text})",
                f"octet_length({text})",
                "length(bin)",
                "octet_length(bin)",
                "cardinality(tags)",
                "cardinality(counts)",
                "array_length(tags, 1)",
                "cardinality(amounts)",
                "length(j ->> 'a')",
            ]
        )
        return f"{function} {self.random.choice(COMPARISONS)} {self.random.randint(-1, 6)}"

    def null_test(self, column):
        return f"{column.name} IS {self.random.choice(['', 'NOT '])}NULL"

    def boolean(self, column):
        return self.random.choice(
            [
                "b",
                "NOT b",
                "b IS TRUE",
                "b IS NOT TRUE",
                "b IS FALSE",
                "b IS NOT FALSE",
                "b IS UNKNOWN",
                "b = true",
                "b <> false",
                "b IS NOT NULL",
            ]
        )

    def pattern(self, column):
        text = self.random.choice(column.values)[:2]
        pattern = self.random.choice(
            [
                text + "%",
                text,
                "%" + text,
                "%" + text + "%",
                "_%" + text + "%b",
                text + "_",
                text + "%" + text,
                text.replace("\\", "") + "\\%",
                "a\\_%",
                "%",
            ]
        )
        if pattern.endswith("\\") and not pattern.endswith("\\\\"):
            pattern += "\\"
        form = self.random.random()
        if form < 0.7:
            operator = self.random.choice(["LIKE", "LIKE", "NOT LIKE", "ILIKE"])
            return f"{column.name} {operator} {quote(pattern)}"
        if form < 0.85:
            return f"strpos({column.name}, {quote(text)}) > 0"
        return f"starts_with({column.name}, {quote(text)})"

    def key(self):
        return self.literal(self.by_name["pk"]), self.literal(self.by_name["sk"])

    def key_condition(self):
        """What is said about keys as whole rows, or as alternatives."""
        keys = [self.key() for _ in range(self.random.randint(1, 4))]
        (pk, sk), comparison = keys[0], self.random.choice(["<", "<=", ">", ">="])
        rows = ", ".join(f"({', '.join(key)})" for key in keys)
        both = " OR ".join(f"(pk = {key[0]} AND sk = {key[1]})" for key in keys)
        ranges = " OR ".join(f"(pk = {key[0]} AND sk {comparison} {key[1]})" for key in keys)
        return self.random.choice(
            [
                f"(pk, sk) IN ({rows})",
                f"({both})",
                f"({ranges})",
                f"pk = {pk} AND (pk, sk) {comparison} ({pk}, {sk})",
                f"(pk, sk) {comparison} ({pk}, {sk})",
                f"pk = {pk} AND (sk, i) {comparison} ({sk}, 2)",
                f"pk = {pk} AND (sk {comparison} {sk} OR sk = {sk})",
            ]
        )

    def condition(self, depth=3):
        form = self.random.random()
        if depth == 0 or form < 0.4:
            return self.leaf()
        if form < 0.7:
            return f"({self.condition(depth - 1)} AND {self.condition(depth - 1)})"
        if form < 0.88:
            return f"({self.condition(depth - 1)} OR {self.condition(depth - 1)})"
        return f"NOT ({self.condition(depth - 1)})"

    def where(self):
        conditions = [self.condition()]
        pk, sk = self.by_name["pk"], self.by_name["sk"]
        if self.random.random() < 0.5:
            equal = f"pk = {self.literal(pk)}"
            either = f"pk IN ({self.literal(pk)}, {self.literal(pk)})"
            conditions.append(self.random.choice([equal, either]))
        if self.random.random() < 0.2:
            conditions.append(f"sk {self.random.choice(COMPARISONS)} {self.literal(sk)}")
        if self.random.random() < 0.15:
            conditions = [self.key_condition(), *conditions[: self.random.randint(0, 1)]]
        return " AND ".join(conditions)

    def tail(self):
        """ORDER BY with a total order, and LIMIT and OFFSET, which only then have one answer."""
        if self.random.random() < 0.5:
            return ""
        direction = self.random.choice(["", " DESC"])
        order = self.random.choice(
            [
                f"pk, sk{direction}",
                f"sk{direction}, pk",
                f"pk{direction}, sk",
                f"t NULLS FIRST, sk{direction}, pk",
            ]
        )
        limit = self.random.choice(
            [
                "",
                f" LIMIT {self.random.randint(0, 5)}",
                f" LIMIT {self.random.randint(1, 5)} OFFSET {self.random.randint(0, 4)}",
            ]
        )
        return f" ORDER BY {order}{limit}"

    def query(self):
        forms = {
            self.rows: 50,
            self.columns: 15,
            self.join: 10,
            self.aggregate: 10,
            self.groups: 5,
            self.existence: 5,
            self.lateral: 5,
        }
        (form,) = self.random.choices(list(forms), forms.values())
        return form()

    def rows(self):
        return f"SELECT * FROM T WHERE {self.where()}{self.tail()}"

    def query_of_index(self):
        vc = self.by_name["vc"]
        key = self.random.choice(
            [f"vc = {self.literal(vc)}", f"vc IN ({self.literal(vc)}, {self.literal(vc)})"]
        )
        return f"SELECT * FROM T WHERE {key} AND {self.condition()}{self.tail()}"

    def columns(self):
        names = self.random.sample(list(self.by_name), self.random.randint(1, 3))
        return f"SELECT {', '.join(names)} FROM T WHERE {self.where()}"

    def join(self):
        return (
            f"SELECT l.k, t.* FROM local_keys l JOIN T ON t.pk = l.k "
            f"{self.random.choice(['', 'AND t.sk = l.v '])}WHERE {self.where()}"
        )

    def join_of_keys(self):
        """Keys from the other side, whole, in part, or an index's, once for each kind of join."""
        keys = self.random.choice(["local_keys", "(SELECT DISTINCT k, v, w, x FROM local_keys)"])
        whole = "t.pk = l.k AND t.sk = l.v"
        part = f"t.pk = l.k AND t.sk {self.random.choice(COMPARISONS)} l.v"
        of_index = f"t.u = l.w AND t.d {self.random.choice(['>', '<='])} 1"
        by_lookup = "t.vc = l.x"
        match = self.random.choice([whole, whole, part, "t.pk = l.k", of_index, by_lookup])
        match = f"{match} AND {self.condition()}"
        order = " ORDER BY l.k, l.v, t.pk, t.sk LIMIT 3" if self.random.random() < 0.2 else ""
        return self.random.choice(
            [
                f"SELECT l.k, t.* FROM {keys} l JOIN T ON {match}{order}",
                f"SELECT l.k, l.v, t.pk, t.d FROM {keys} l LEFT JOIN T ON {match}{order}",
                f"SELECT l.k, l.v FROM {keys} l WHERE EXISTS (SELECT FROM T WHERE {match})",
                f"SELECT l.k, l.v FROM {keys} l WHERE NOT EXISTS (SELECT FROM T WHERE {match})",
                f"SELECT t.pk, t.sk FROM T WHERE (t.pk, t.sk) IN (SELECT k, v FROM {keys} l)",
                f"SELECT l.k, t.sk FROM {keys} l JOIN T ON t.pk = l.k AND "
                f"t.sk = ANY (ARRAY[l.v, {self.literal(self.by_name['sk'])}, NULL])",
            ]
        )

    def aggregate(self):
        """Counts and ends, of which DynamoDB may count or give the first."""
        counts = ["count(*)", "count(1)", "count(pk), 2 * count(*)"]
        ends = ["min(sk)", "max(sk)", "min(sk), max(sk)", "count(sk)"]
        function = self.random.choice(counts + ends if self.by_name["sk"].has_ends else counts)
        narrow = f"pk = {self.literal(self.by_name['pk'])}"
        beside = f"sk {self.random.choice(COMPARISONS)} {self.literal(self.by_name['sk'])}"
        conditions = [self.where(), narrow, f"{narrow} AND {beside}", self.key_condition()]
        return f"SELECT {function} FROM T WHERE {self.random.choice(conditions)}"

    def groups(self):
        column = self.random.choice(["pk", "pk", "sk", self.column().name])
        form = self.random.choice(["SELECT DISTINCT {0}", "SELECT {0}, count(*)"])
        group = "" if "DISTINCT" in form else f" GROUP BY {column}"
        return f"{form.format(column)} FROM T WHERE {self.where()}{group}"

    def existence(self):
        negation = self.random.choice(["", "NOT "])
        return self.random.choice(
            [
                f"SELECT l.k, l.v FROM local_keys l WHERE {negation}EXISTS (SELECT FROM T WHERE "
                f"t.pk = l.k AND t.sk {self.random.choice(COMPARISONS)} l.v)",
                f"SELECT {negation}EXISTS (SELECT FROM T WHERE {self.where()})",
                f"SELECT * FROM T WHERE t.pk IN (SELECT k FROM local_keys) AND {self.where()}",
                "SELECT * FROM T WHERE (t.pk, t.sk) IN (SELECT k, v FROM local_keys WHERE v IS NOT "
                f"NULL) AND {self.where()}",
            ]
        )

    def lateral(self):
        direction = self.random.choice(["", " DESC"])
        first = (
            f"SELECT sk FROM T WHERE t.pk = l.k AND {self.condition()} "
            f"ORDER BY sk{direction} LIMIT 2"
        )
        keys = "SELECT DISTINCT k FROM local_keys"
        return f"SELECT l.k, q.sk FROM ({keys}) l, LATERAL ({first}) q"
