"""The tour's DynamoDB tables: customers, their orders with an index by status, and songs."""

import datetime
import random
from decimal import Decimal

import boto3
from boto3.dynamodb.types import TypeSerializer

CITIES = (
    ("Lisboa", "PT", "1200-109"),
    ("Utrecht", "NL", "3511 AB"),
    ("Graz", "AT", "8010"),
    ("Tartu", "EE", "51007"),
)
FIRST_NAMES = ("Amélie", "Bo", "Carla", "Dmitri", "Eszter", "Femke", "Giulia", "Henrik", "Ines")
LAST_NAMES = ("Durand", "Lindqvist", "Nunes", "Orlov", "Varga", "Visser", "Ferri", "Dahl")
CUSTOMERS = 2000
CUSTOMERS_WITH_ORDERS = 12
ARTICLES = (("kettle", "34.90"), ("lamp", "59.00"), ("notebook", "4.25"), ("chair", "129.50"))
SONGS = (
    ("The Quiet Ports", "Harbour Light", "Tides", 2014, {"folk"}),
    ("The Quiet Ports", "Low Water", "Tides", 2014, {"folk", "live"}),
    ("The Quiet Ports", "Signal Fire", "Headland", 2019, {"folk", "rock"}),
    ("Miro Zanetti", "Sette Scale", "Piano Solo", 2021, {"classical"}),
    ("Miro Zanetti", "Ultima Neve", "Piano Solo", 2021, {"classical"}),
)


def create(dynamodb):
    """Makes the tables and their items with a boto3 client of DynamoDB."""
    create_table(dynamodb, "customers", "id")
    create_table(dynamodb, "orders", "customer_id", "ordered_at", index=("by_status", "status"))
    create_table(dynamodb, "songs", "artist", "title")
    put_all(dynamodb, "customers", customers())
    put_all(dynamodb, "orders", orders())
    put_all(dynamodb, "songs", songs())


def create_table(dynamodb, name, hash_key, range_key=None, index=None):
    """A table whose keys are strings; `index` is the name and hash key of one global index."""
    keys = [key for key in (hash_key, range_key) if key]
    description = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema(*keys),
    }
    if index:
        index_name, index_key = index
        keys.append(index_key)
        description["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index_name,
                "KeySchema": key_schema(index_key, range_key),
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    description["AttributeDefinitions"] = [
        {"AttributeName": key, "AttributeType": "S"} for key in keys
    ]
    dynamodb.create_table(**description)
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def key_schema(hash_key, range_key=None):
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return schema


def put_all(dynamodb, table, items):
    serialize = TypeSerializer().serialize
    requests = [
        {"PutRequest": {"Item": {name: serialize(value) for name, value in item.items()}}}
        for item in items
    ]
    while requests:
        batch, requests = requests[:25], requests[25:]
        answer = dynamodb.batch_write_item(RequestItems={table: batch})
        requests += answer["UnprocessedItems"].get(table, [])


def customer_id(number):
    return f"c-{number:04}"


def customers():
    for number in range(1, CUSTOMERS + 1):
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        last = LAST_NAMES[number % len(LAST_NAMES)]
        city, country, postcode = CITIES[number % len(CITIES)]
        item = {
            "id": customer_id(number),
            "name": f"{first} {last}",
            "email": f"{last.lower()}.{number}@example.com",
            "credit": Decimal(number % 40 * 2525) / 100,
            "newsletter": number % 3 == 0,
            "address": {"city": city, "country": country, "postcode": postcode},
            "tags": {"private"} if number % 2 else {"business", "invoice"},
            "notes": f"Prefers delivery before noon, {number % 7 + 1} steps at the door.",
        }
        if number % 4:
            item["phones"] = [f"+351 21 {10000 + number}", f"+351 91 {20000 + number}"]
        yield item


def orders():
    generator = random.Random(1)
    begin = datetime.datetime(2026, 1, 5, 8, 0)
    for number in range(1, CUSTOMERS_WITH_ORDERS + 1):
        for place in range(20):
            moment = begin + datetime.timedelta(days=place * 9 + number, minutes=number * 7)
            yield order(generator, customer_id(number), moment, place)


def order(generator, customer, moment, place):
    lines = [
        {"article": article, "price": Decimal(price), "quantity": generator.randint(1, 4)}
        for article, price in generator.sample(ARTICLES, generator.randint(1, 3))
    ]
    return {
        "customer_id": customer,
        "ordered_at": moment.isoformat() + "Z",
        "status": "open" if place == 19 else generator.choice(("paid", "shipped", "returned")),
        "total": sum(line["price"] * line["quantity"] for line in lines),
        "lines": lines,
    }


def songs():
    for artist, title, album, year, genres in SONGS:
        item = {"artist": artist, "title": title, "album": album, "year": year, "genres": genres}
        yield item


if __name__ == "__main__":
    create(boto3.client("dynamodb"))
