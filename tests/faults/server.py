"""A scripted HTTP server on the loopback that answers as DynamoDB does, or as no service should.

It knows one table, `faults`, with the hash key `id`. Each operation has a script: behaviours, used
up one a request; when they are used up, requests are answered properly. A behaviour is a function
of a Conversation. Everything the server does in between is said by events, so that a test waits
for them and never sleeps.
"""

import base64
import contextlib
import gzip
import json
import select
import socket
import ssl
import struct
import threading
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from urllib.parse import parse_qsl

TABLE = "faults"
ITEMS = [{"id": {"S": f"key {number}"}, "value": {"N": str(number)}} for number in range(5)]
WAIT_SECONDS = 30

TABLE_DESCRIPTION = {
    "TableName": TABLE,
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "ItemCount": len(ITEMS),
    "TableSizeBytes": 100,
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}


@dataclass(frozen=True)
class Request:
    operation: str
    headers: dict  # names in lower case
    body: dict


class Conversation:
    """One connection, and the request on it that is to be answered."""

    def __init__(self, server, connection):
        self.server = server
        self.connection = connection
        self.request = None

    def send(self, data):
        self.connection.sendall(data)

    def send_head(self, status, length, headers=()):
        lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}"]
        fields = {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(length),
            "x-amzn-RequestId": "REQUEST-ID",
            "Date": formatdate(usegmt=True),
        }
        lines += [f"{name}: {value}" for name, value in (fields | dict(headers)).items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def answer(self, body, status=200, headers=()):
        """A whole response with the right checksum, unless `headers` say another."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        checksum = {"x-amz-crc32": str(zlib.crc32(data))}
        self.send_head(status, len(data), checksum | dict(headers))
        self.send(data)

    def refuse(self, status, code, message="scripted", headers=()):
        error = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
        self.answer(error, status, headers)

    def result(self):
        """What a well-behaved DynamoDB would say."""
        return RESULTS[self.request.operation](self.request.body)

    def reached(self):
        """Tells the test that the request is where its behaviour wants it."""
        self.server.reached.set()

    def wait_for_close(self):
        """Returns when the other side has closed the connection, or the server stops."""
        self.server.wait_for_input(self.connection, discard=True)
        self.server.closed_by_peer.set()

    def is_over_within(self, seconds):
        """Waits as long; true as soon as the other side closes or the server stops."""
        over = self.server.has_input_or_stops(self.connection, seconds)
        if over:
            self.server.closed_by_peer.set()
        return over

    def reset(self):
        """Ends the connection so that the other side sees it reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _page(items):
    capacity = {"TableName": TABLE, "CapacityUnits": 0.5}
    counts = {"Count": len(items), "ScannedCount": len(items)}
    return {"Items": items, "ConsumedCapacity": capacity} | counts


def _get_item(body):
    found = [item for item in ITEMS if item["id"] == body["Key"]["id"]]
    return {"Item": found[0]} if found else {}


def _batch_get_item(body):
    keys = [key["id"] for key in body["RequestItems"][TABLE]["Keys"]]
    return {"Responses": {TABLE: [item for item in ITEMS if item["id"] in keys]}}


def expiration_in(seconds):
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def assumed_role(number=1, seconds=3600, operation="AssumeRole"):
    """STS's answer with the role's keys of that number, good for so long."""
    return f"""<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{operation}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAROLE{number}</AccessKeyId>
      <SecretAccessKey>secret of role {number}</SecretAccessKey>
      <SessionToken>token of role {number}</SessionToken>
      <Expiration>{expiration_in(seconds)}</Expiration>
    </Credentials>
  </{operation}Result>
</{operation}Response>""".encode()


def credential_document(source, number=1, seconds=3600):
    """What metadata services and credential_process answer, in one."""
    return {
        "Version": 1,
        "Code": "Success",
        "AccessKeyId": f"ASIA{source}{number}",
        "SecretAccessKey": f"secret of {source} {number}",
        "Token": f"token of {source} {number}",
        "SessionToken": f"token of {source} {number}",
        "Expiration": expiration_in(seconds),
    }


# What requests to metadata services are called in scripts: method and path.
CONTAINER = "GET /container/credentials"
INSTANCE_TOKEN = "PUT /latest/api/token"
INSTANCE_ROLES = "GET /latest/meta-data/iam/security-credentials/"
INSTANCE = f"{INSTANCE_ROLES}the-role"


KEY_ARN = "arn:aws:kms:eu-central-1:123456789012:key/scripted"
CIPHERTEXT_PREFIX = b"scripted:"


def ciphertext_of(plaintext):
    """The scripted KMS's: no secret, but without a byte of the plaintext."""
    return CIPHERTEXT_PREFIX + bytes(byte ^ 0xA5 for byte in plaintext)


def _plaintext_of(ciphertext):
    return bytes(byte ^ 0xA5 for byte in ciphertext.removeprefix(CIPHERTEXT_PREFIX))


def _encrypt(body):
    ciphertext = ciphertext_of(base64.b64decode(body["Plaintext"]))
    return {"CiphertextBlob": base64_of(ciphertext), "KeyId": KEY_ARN}


def _decrypt(body):
    plaintext = _plaintext_of(base64.b64decode(body["CiphertextBlob"]))
    return {"Plaintext": base64_of(plaintext), "KeyId": KEY_ARN}


NO_TIME_TO_LIVE = {"TimeToLiveStatus": "DISABLED"}
NO_BACKUPS = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}

RESULTS = {
    "Encrypt": _encrypt,
    "Decrypt": _decrypt,
    "AssumeRole": lambda body: assumed_role(),
    "AssumeRoleWithWebIdentity": lambda body: assumed_role(operation="AssumeRoleWithWebIdentity"),
    CONTAINER: lambda body: credential_document("CONTAINER"),
    INSTANCE_TOKEN: lambda body: b"metadata-token==",
    INSTANCE_ROLES: lambda body: b"the-role\n",
    INSTANCE: lambda body: credential_document("INSTANCE"),
    "DescribeTable": lambda body: {"Table": TABLE_DESCRIPTION},
    "DescribeTimeToLive": lambda body: {"TimeToLiveDescription": NO_TIME_TO_LIVE},
    "DescribeContinuousBackups": lambda body: {"ContinuousBackupsDescription": NO_BACKUPS},
    "Scan": lambda body: _page(ITEMS),
    "Query": lambda body: _page(ITEMS[:1]),
    "GetItem": _get_item,
    "BatchGetItem": _batch_get_item,
    "BatchWriteItem": lambda body: {"UnprocessedItems": {}},
}


class FaultServer:
    """Listens from its making to close(). `tls` is an ssl.SSLContext of the server's side; `proper`
    is the behaviour when no other is scripted."""

    def __init__(self, tls=None, receive_buffer=None, proper=None):
        self.requests = []
        self.reached = threading.Event()
        self.closed_by_peer = threading.Event()
        self.connection_count = 0
        self._scripts = defaultdict(deque)
        self._proper = proper or answer_properly
        self._tls = tls
        self._lock = threading.Lock()
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._listener = socket.socket()
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    @property
    def endpoint_url(self):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def script(self, operation, *behaviours):
        """Appends what is to happen to the next requests of the operation."""
        with self._lock:
            self._scripts[operation].extend(behaviours)

    def forget_scripts(self):
        """Every request is answered properly again."""
        with self._lock:
            self._scripts.clear()

    def count(self, operation):
        """Requests of the operation so far."""
        return sum(request.operation == operation for request in self.requests)

    def wait_until_reached(self):
        assert self.reached.wait(WAIT_SECONDS), "the request did not come as far as scripted"

    def wait_until_closed(self):
        assert self.closed_by_peer.wait(WAIT_SECONDS), "the connection was not closed"

    def has_input_or_stops(self, connection, seconds):
        return bool(select.select([connection, self._stop_reader], [], [], seconds)[0])

    def wait_for_input(self, connection, discard=False):
        """False when the server stops first; with `discard`, returns only then or at the end."""
        while True:
            readable, _, _ = select.select([connection, self._stop_reader], [], [])
            if self._stop_reader in readable:
                return False
            if not discard:
                return True
            try:
                if not connection.recv(65536):
                    return True
            except OSError:
                return True

    def wait_for_stop(self):
        select.select([self._stop_reader], [], [])

    def close(self):
        self._stop_writer.close()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive(), "a thread of the fault server does not end"
        self._listener.close()
        self._stop_reader.close()

    def _accept(self):
        while self.wait_for_input(self._listener):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection_count += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        # The other side may go away, as some tests want it to.
        with connection, contextlib.suppress(OSError):
            self._converse(connection)

    def _converse(self, connection):
        behaviour = self._next_behaviour("connection")
        if behaviour is not None:
            behaviour(Conversation(self, connection))
            return
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        conversation = Conversation(self, connection)
        stream = _Stream(self, connection)
        while connection.fileno() >= 0:
            conversation.request = stream.read_request()
            if conversation.request is None:
                return
            self.requests.append(conversation.request)
            behaviour = self._next_behaviour(conversation.request.operation)
            (behaviour or self._proper)(conversation)

    def _next_behaviour(self, operation):
        with self._lock:
            script = self._scripts[operation]
            return script.popleft() if script else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Stream:
    """Requests read off a connection."""

    def __init__(self, server, connection):
        self._server = server
        self._connection = connection
        self._data = b""

    def _receive(self):
        """False at the end of the connection or of the server."""
        pending = getattr(self._connection, "pending", lambda: 0)()
        if not pending and not self._server.wait_for_input(self._connection):
            return False
        received = self._connection.recv(65536)
        self._data += received
        return bool(received)

    def read_request(self):
        while b"\r\n\r\n" not in self._data:
            if not self._receive():
                return None
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(": ") for line in lines]
        headers = {name.lower(): value for name, _, value in fields}
        length = int(headers.get("content-length", 0))
        while len(self._data) < length:
            if not self._receive():
                return None
        body, self._data = self._data[:length], self._data[length:]
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = dict(parse_qsl(body.decode()))
            return Request(form["Action"], headers, form)
        if not first.startswith("POST "):
            return Request(first.rpartition(" ")[0], headers, {})
        operation = headers.get("x-amz-target", ".").rpartition(".")[2]
        return Request(operation, headers, json.loads(body or b"{}"))


# Behaviours, and functions that make them


def answer_properly(conversation):
    conversation.answer(conversation.result())


def refuse(status, code, message="scripted", headers=()):
    return lambda conversation: conversation.refuse(status, code, message, headers)


def answer_bytes(data, status=200, headers=()):
    return lambda conversation: conversation.answer(data, status, headers)


def close_without_answer(conversation):
    conversation.connection.close()


def reset_at_once(conversation):
    conversation.reset()


def answer_half(then):
    """Half of the body that the head promises; then `then` of the conversation."""

    def behave(conversation):
        data = json.dumps(conversation.result()).encode()
        conversation.send_head(200, len(data), {"x-amz-crc32": str(zlib.crc32(data))})
        conversation.send(data[: len(data) // 2])
        then(conversation)

    return behave


def reset_in_body(conversation):
    answer_half(Conversation.reset)(conversation)


def end_in_body(conversation):
    answer_half(close_without_answer)(conversation)


def stall_in_body(conversation):
    answer_half(stall)(conversation)


def stall(conversation):
    """Nothing more is sent until the other side gives up."""
    conversation.reached()
    conversation.wait_for_close()


def drip(conversation):
    """The right answer, a byte a second."""
    data = json.dumps(conversation.result()).encode()
    conversation.send_head(200, len(data))
    for byte in data:
        conversation.send(bytes([byte]))
        conversation.reached()
        if conversation.is_over_within(1):
            return


def wrong_checksum(conversation):
    data = json.dumps(conversation.result()).encode()
    conversation.answer(data, headers={"x-amz-crc32": str(zlib.crc32(data) ^ 1)})


def compress(damage=lambda data: data, headers=()):
    """The answer as gzip with the checksum of what goes over the wire, `damage`d before that."""

    def behave(conversation):
        data = damage(gzip.compress(json.dumps(conversation.result()).encode()))
        conversation.answer(data, headers={"Content-Encoding": "gzip"} | dict(headers))

    return behave


def gzip_bomb(conversation):
    """A small body that inflates to more than any answer may have."""
    data = gzip.compress(b'{"Items": [], "padding": "' + b"x" * (80 << 20) + b'"}')
    conversation.answer(data, headers={"Content-Encoding": "gzip"})


def flood(conversation):
    """A body without end, as far as the other side takes it."""
    conversation.send_head(200, 1 << 40)
    conversation.send(b'{"Items": [], "padding": "')
    piece = b"x" * (1 << 20)
    while True:
        conversation.send(piece)


def endless_head(conversation):
    conversation.send(b"HTTP/1.1 200 OK\r\n")
    line = b"X-Padding: " + b"x" * 1000 + b"\r\n"
    while True:
        conversation.send(line)


def not_http(conversation):
    conversation.send(b"SSH-2.0-OpenSSH_9.2\r\n" * 3)
    conversation.connection.close()


def page(items, last_key=None):
    """A page of a Query or Scan; with `last_key` there is more to come."""

    def behave(conversation):
        more = {} if last_key is None else {"LastEvaluatedKey": {"id": {"S": last_key}}}
        conversation.answer(_page(items) | more)

    return behave


def assume_role(number, seconds=3600):
    return lambda conversation: conversation.answer(assumed_role(number, seconds))


def refuse_role(status, code, message="scripted"):
    """STS's way of refusing."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>STS-ID</RequestId></ErrorResponse>".encode()
    return lambda conversation: conversation.answer(body, status, {"Content-Type": "text/xml"})


def redirect(url):
    return lambda conversation: conversation.answer(b"", 307, {"Location": url})


def item_with(value):
    """One item whose attribute `value` is this typed JSON."""
    return page([{"id": {"S": "key 0"}, "value": value}])


def base64_of(data):
    return base64.b64encode(data).decode()


# Listeners that are worse than a server


class SilentListener:
    """A port that takes connections and then neither reads nor writes."""

    def __init__(self, receive_buffer=None):
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(8)

    @property
    def port(self):
        return self._socket.getsockname()[1]

    def accept(self):
        self._socket.settimeout(WAIT_SECONDS)
        return self._socket.accept()[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


class FullBacklog:
    """A port whose queue of connections is full: the kernel leaves further ones unanswered."""

    def __init__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._fillers = []

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def __enter__(self):
        # The kernel takes one more than the backlog says; those beyond stay in SYN_SENT.
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)
        return self

    def __exit__(self, *_):
        for filler in self._fillers:
            filler.close()
        self._listener.close()


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
