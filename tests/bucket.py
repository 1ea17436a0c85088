"""A server of the S3 protocol on loopback (moto's), with latency and faults as a test asks for them."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from threading import Lock, Thread
from typing import Any, NoReturn
from urllib.parse import unquote

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "images"

STARTED = 100
"""Requests after which a process is at its pace."""

TURN_SECONDS = 3

_ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{}</Code><Message>{}</Message></Error>'

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Fault = Callable[[Environ, StartResponse, Callable[[], bytes]], Iterable[bytes]]
"""Answers instead of the server; may ask for what the server would have answered with."""


class Bucket:
    """One bucket of a running server; see `running`."""

    def __init__(self) -> None:
        self.latency = 0.0
        """Seconds before each answer begins."""
        self.requests: Counter[str] = Counter()
        """Since the last reset, by method and path, without the query."""
        self.callers: defaultdict[str, set[str]] = defaultdict(set)
        """Who made them: access key ids, by method and path."""
        self.waiting = self.most_waiting = 0
        """Requests that latency holds at the moment, and the most that it has held at once."""
        self.answered = 0
        """Requests in all."""
        self.queries: list[str] = []
        """Of the requests for the bucket itself: its listings."""
        self._faults: list[tuple[re.Pattern[str], Fault, int]] = []
        self._lock = Lock()
        self._app = create_backend_app("s3")
        self._store = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self.endpoint = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it, and nothing else that this machine knows of S3."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        }

    def reset(self) -> None:
        """An empty bucket, no latency, no faults."""
        self.latency, self._faults = 0.0, []
        self.forget()
        self._store.reset()
        self._store.create_bucket(BUCKET, "us-east-1")

    def forget(self) -> None:
        """What has been asked for so far."""
        self.requests.clear()
        self.callers.clear()
        self.queries.clear()
        self.most_waiting = 0

    def put(self, objects: Mapping[str, bytes]) -> None:
        """Objects by their keys, without a request for each."""
        for key, content in objects.items():
            self._store.put_object(BUCKET, key, content)

    def get(self, key: str) -> bytes | None:
        """An object's content; None if there is none."""
        found = self._store.get_object(BUCKET, key)
        return None if found is None else found.value

    def keys(self) -> list[str]:
        """Of all objects."""
        return sorted(self._store.buckets[BUCKET].keys.keys())

    def names(self) -> list[str]:
        """Of all buckets that there are: this one, unless somebody has made more."""
        return sorted(self._store.buckets)

    def uploads(self) -> int:
        """Uploads in parts that were begun and are neither complete nor given up."""
        return len(self._store.buckets[BUCKET].multiparts)

    def fail(self, pattern: str, fault: Fault, times: int = 1_000_000) -> None:
        """Answer the next requests of which `METHOD /bucket/key` matches with a fault, so many times each."""
        self._faults.append((re.compile(pattern), fault, times))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        request = f"{environ['REQUEST_METHOD']} {unquote(environ['RAW_URI'].partition('?')[0])}"
        with self._lock:
            self.requests[request] += 1
            self.answered += 1
            self.callers[request].update(re.findall("Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", "")))
            count = self.requests[request]
            if request.rstrip("/") == f"GET /{BUCKET}":
                self.queries.append(environ["QUERY_STRING"])
        if self.latency:
            self._hold()
        for pattern, fault, times in self._faults:
            if pattern.search(request) and count <= times:
                return fault(environ, start_response, lambda: b"".join(self._app(environ, lambda *_: None)))
        if "\n" in request:  # which Flask's router passes by
            return self._whole(request, start_response)
        return self._app(environ, start_response)

    def _hold(self) -> None:
        with self._lock:
            self.waiting += 1
            self.most_waiting = max(self.waiting, self.most_waiting)
        time.sleep(self.latency)
        with self._lock:
            self.waiting -= 1

    def _whole(self, request: str, start_response: StartResponse) -> Iterable[bytes]:
        content = self.get(request.removeprefix(f"GET /{BUCKET}/"))
        start_response("404 Not Found" if content is None else "200 OK", [])
        return [content or b""]


def refused(status: str, code: str, message: str = "no") -> Fault:
    """An error as S3 sends it, such as ("503 Slow Down", "SlowDown")."""

    def answer(environ: Environ, start_response: StartResponse, _usual: Callable[[], bytes]) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/xml")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [_ERROR.format(code, message).encode()]

    return answer


def reset_before(environ: Environ, _start_response: StartResponse, _usual: Callable[[], bytes]) -> Iterable[bytes]:
    """The connection is reset before there is an answer."""
    _reset(environ["werkzeug.socket"])


def reset_within(environ: Environ, start_response: StartResponse, usual: Callable[[], bytes]) -> Iterator[bytes]:
    """The connection is reset when half of the answer has been sent."""
    content = usual()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    yield content[: len(content) // 2]
    _reset(environ["werkzeug.socket"])


def silent(_environ: Environ, _start_response: StartResponse, _usual: Callable[[], bytes]) -> Iterable[bytes]:
    """No answer for longer than anybody waits."""
    time.sleep(600)
    return []


def _reset(connection: socket.socket) -> NoReturn:
    """Make the server drop a connection without the usual farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


def rates(bucket: Bucket, latency: float, process: subprocess.Popen[Any]) -> tuple[float, float]:
    """Requests a second that a process makes of a bucket with a latency and without, in turn until it ends.

    Turns are short, so that whatever else the machine does meanwhile slows both.
    """
    counts, seconds = {latency: 0, 0.0: 0}, {latency: 0.0, 0.0: 0.0}
    begun = bucket.answered
    while bucket.answered < begun + STARTED and process.poll() is None:
        time.sleep(0.1)
    for turn in cycle(counts):
        bucket.latency = turn
        before, clock = bucket.answered, time.monotonic()
        try:
            process.wait(TURN_SECONDS)
            return counts[latency] / seconds[latency], counts[0.0] / seconds[0.0]
        except subprocess.TimeoutExpired:
            counts[turn] += bucket.answered - before
            seconds[turn] += time.monotonic() - clock
    raise AssertionError


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_args: object) -> None:
        """Nothing: what is asked for is counted."""

    def connection_dropped(self, *_args: object) -> None:
        """Some are dropped on purpose, and then for good."""
        self.close_connection = True


@contextmanager
def running() -> Iterator[Bucket]:
    """A server, in threads of this process, until the block ends."""
    bucket = Bucket()
    server = make_server("127.0.0.1", 0, bucket, threaded=True, request_handler=_Quiet)
    bucket.endpoint = f"http://127.0.0.1:{server.server_port}"
    bucket.reset()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
