"""The columns of the replay server's tables (replay_pages.c), and what to compute of them."""

from dataclasses import dataclass

KEYS = [("pk", "text"), ("sk", "bigint")]


@dataclass(frozen=True)
class Shape:
    name: str
    columns: list
    aggregate: str
    row_of_number: str = ""  # the row with number n; of shapes that are written

    @property
    def every_column(self):
        """Aggregates for which every column must be converted."""
        return ", ".join(f"count({name})" for name, _ in self.columns)

    def column_definitions(self):
        return ", ".join(f"{name} {type_name}" for name, type_name in self.columns)


SMALL = Shape(
    "small",
    [*KEYS, ("name", "text"), ("amount", "numeric"), ("active", "boolean"), ("note", "text")],
    "count(active), sum(amount), max(sk), min(name)",
    "'customer ' || n % 1000 AS pk, n::bigint AS sk, left(md5(n::text), 24) AS name, "
    "n / 100.0 AS amount, n % 2 = 0 AS active, md5(n::text) || left(md5((-n)::text), 8) AS note",
)
WIDE = Shape(
    "wide",
    [
        *KEYS,
        *((f"text_{n}", "text") for n in range(14)),
        *((f"integer_{n}", "numeric") for n in range(2)),
        *((f"integer_{n}", "bigint") for n in range(2, 5)),
        *((f"amount_{n}", "numeric") for n in range(3)),
        *((f"ratio_{n}", "double precision") for n in range(2)),
        *((f"flag_{n}", "boolean") for n in range(2)),
        *((f"time_{n}", "timestamptz") for n in range(2)),
    ],
    "max(text_3), sum(amount_1), avg(ratio_0), max(time_1)",
)
NESTED = Shape(
    "nested",
    [*KEYS, ("document", "jsonb"), ("tags", "jsonb")],
    "count(document -> 'customer'), max(tags ->> 0)",
)
BINARY = Shape("binary", [*KEYS, ("payload", "bytea")], "sum(length(payload))")

SHAPES = [SMALL, WIDE, NESTED, BINARY]
