from __future__ import annotations

import gzip
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mnistcls.errors import DataError
from train import download
from train.data import load_test
from train.download import fetch, fetch_missing
from train.published import PUBLISHED, PublishedFile

CONTENTS = {"first": random.Random(0).randbytes(50_000) + bytes(26_800), "second": b"second" * 9_000}
FILES = tuple(
    PublishedFile(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()
)
BOMB = gzip.compress(bytes(5_000_000), compresslevel=1)
STOPPING = threading.Event()


class Mirror(BaseHTTPRequestHandler):
    """Answers /BEHAVIOUR/FILE.gz by the function of that name below."""

    folder: Path
    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        _, behaviour, name = self.path.split("/")
        BEHAVIOURS[behaviour](self, (self.folder / name).read_bytes())

    def answer(self, body: bytes, *, status: int = 200, kind: str = "application/gzip", length: int = -1) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length if length >= 0 else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' stderr for what is tested."""


def silent(*_: object) -> None:
    STOPPING.wait()


def silent_midway(mirror: Mirror, body: bytes) -> None:
    mirror.answer(body[:100], length=len(body))
    STOPPING.wait()


def trickling(mirror: Mirror, body: bytes) -> None:
    mirror.answer(b"", length=len(body))
    for byte in body:
        mirror.wfile.write(bytes([byte]))
        if STOPPING.wait(0.02):
            return


def endless(mirror: Mirror, _: bytes) -> None:
    mirror.send_response(200)
    mirror.end_headers()
    while not STOPPING.is_set():
        mirror.wfile.write(bytes(100_000))


def interrupting(mirror: Mirror, body: bytes) -> None:
    mirror.answer(body[:100], length=len(body))
    os.kill(os.getpid(), signal.SIGINT)
    STOPPING.wait()


BEHAVIOURS: dict[str, Callable[[Mirror, bytes], None]] = {
    "good": lambda mirror, body: mirror.answer(body),
    "missing": lambda mirror, _: mirror.answer(b"no", status=404),
    "failing": lambda mirror, _: mirror.answer(b"no", status=503),
    "html": lambda mirror, _: mirror.answer(b"<html>Sign in</html>", kind="text/html; charset=utf-8"),
    "unlabelled_html": lambda mirror, _: mirror.answer(b"<html>Sign in</html>"),
    "truncated": lambda mirror, body: mirror.answer(body[:100], length=len(body)),
    "half": lambda mirror, body: mirror.answer(body[:100]),
    "damaged": lambda mirror, body: mirror.answer(body[:-8] + bytes(8)),
    "another": lambda mirror, _: mirror.answer(gzip.compress(b"another file")),
    "bomb": lambda mirror, _: mirror.answer(BOMB),
    "closing": lambda mirror, _: mirror.connection.shutdown(socket.SHUT_RDWR),
    "silent": silent,
    "silent_midway": silent_midway,
    "trickling": trickling,
    "endless": endless,
    "interrupting": interrupting,
}


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up early is part of many tests."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server with the files of CONTENTS, which stand in for the four published ones."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "PUBLISHED", FILES)
    monkeypatch.setattr(Mirror, "folder", tmp_path / "served", raising=False)
    monkeypatch.setattr(Mirror, "requests", [], raising=False)
    Mirror.folder.mkdir()
    for name, content in CONTENTS.items():
        (Mirror.folder / f"{name}.gz").write_bytes(gzip.compress(content))
    STOPPING.clear()
    with QuietServer(("127.0.0.1", 0), Mirror) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        STOPPING.set()
        httpd.shutdown()
        thread.join()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- a good mirror


def test_downloads_what_is_missing_and_says_so_on_stderr(
    server: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(data_dir, mirrors=[f"{server}/good/"])
    assert names_in(data_dir) == ["first.gz", "second.gz"]
    for name, content in CONTENTS.items():
        assert gzip.decompress((data_dir / f"{name}.gz").read_bytes()) == content
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "".join(f"Downloading {server}/good/{name}.gz to {data_dir}\n" for name in CONTENTS)


def test_file_has_the_access_rights_of_any_new_file(server: str, data_dir: Path) -> None:
    fetch(data_dir, mirrors=[f"{server}/good/"])
    (data_dir / "any").touch()
    assert (data_dir / "first.gz").stat().st_mode == (data_dir / "any").stat().st_mode


@pytest.mark.parametrize("name", ["first", "first.gz"])
def test_file_that_is_there_is_not_fetched_again(server: str, data_dir: Path, name: str) -> None:
    data_dir.mkdir()
    (data_dir / name).write_bytes(CONTENTS["first"])
    fetch(data_dir, mirrors=[f"{server}/good/"])
    assert Mirror.requests == ["/good/second.gz"]
    fetch(data_dir, mirrors=[f"{server}/good/"])
    assert Mirror.requests == ["/good/second.gz"]


def test_progress_bar_on_a_terminal(server: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pty = pytest.importorskip("pty")
    monkeypatch.setenv("TERM", "xterm")
    screen, terminal = pty.openpty()
    with open(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        fetch(data_dir, mirrors=[f"{server}/good/"])
        shown = os.read(screen, 100_000).decode()
    os.close(screen)
    assert f"Downloading {server}/good/first.gz" in shown
    assert "\x1b[?25l" in shown  # the cursor is hidden while a bar moves


def test_published_files_from_a_mirror_of_our_own(
    server: str, data_dir: Path, mnist_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PUBLISHED", PUBLISHED)
    for file in PUBLISHED:
        source = file.require(mnist_dir).read_bytes()
        packed = source if source.startswith(b"\x1f\x8b") else gzip.compress(source, compresslevel=1)
        (Mirror.folder / f"{file.name}.gz").write_bytes(packed)
    fetch(data_dir, mirrors=[f"{server}/good/"])
    assert names_in(data_dir) == sorted(f"{file.name}.gz" for file in PUBLISHED)
    assert len(load_test(data_dir)) == 10_000


# --- bad mirrors

WHAT_IS_WRONG = {
    "missing": "answered 404 Not Found",
    "failing": "answered 503 Service Unavailable",
    "html": "answered with a web page",
    "unlabelled_html": "sent something that is not a gzip file",
    "truncated": r"stopped after 100 of [\d,]+ bytes",
    "half": r"sent a damaged gzip file \(Compressed file ended",
    "damaged": r"sent a damaged gzip file \(CRC check failed",
    "another": r"sent another file \(SHA-256 of the unpacked bytes: [0-9a-f]{64}\)",
    "bomb": r"sent another file \(SHA-256 of the unpacked bytes: [0-9a-f]{64}\)",
    "closing": r"broke off \(Remote end closed connection without response\)",
    "silent": r"was silent for 0\.2 s",
    "silent_midway": r"was silent for 0\.2 s",
    "trickling": r"sent only \d+ bytes in 1 s",
    "endless": "sent more than the 76,800 bytes that the file can have",
}
TIMEOUTS = {"silent": 0.2, "silent_midway": 0.2, "trickling": 1}
"""Seconds, of mirrors that are slow on purpose: all others answer well within a minute on the busiest machine."""


@pytest.mark.parametrize("behaviour", WHAT_IS_WRONG)
def test_bad_mirror_is_named_with_what_was_wrong_and_leaves_nothing(
    server: str, data_dir: Path, behaviour: str
) -> None:
    mirror = f"{server}/{behaviour}/"
    with pytest.raises(DataError, match=rf"{mirror} {WHAT_IS_WRONG[behaviour]}") as caught:
        fetch(data_dir, mirrors=[mirror], timeout=TIMEOUTS.get(behaviour, 60))
    message = str(caught.value)
    assert message.startswith(f"{data_dir}/first.gz cannot be downloaded (")
    assert message.endswith(
        f"); check the network and the proxy settings and try again, or put the file into {data_dir} yourself"
    )
    assert "\n" not in message
    assert names_in(data_dir) == []


@pytest.mark.parametrize("behaviour", ["missing", "html", "damaged", "another", "closing", "silent"])
def test_next_mirror_is_asked(server: str, data_dir: Path, behaviour: str) -> None:
    data_dir.mkdir()
    (data_dir / "second").write_bytes(CONTENTS["second"])
    timeout = 2 if behaviour == "silent" else 60  # seconds, in which the good one must answer as well
    fetch(data_dir, mirrors=[f"{server}/{behaviour}/", f"{server}/good/"], timeout=timeout)
    assert names_in(data_dir) == ["first.gz", "second"]
    assert Mirror.requests == [f"/{behaviour}/first.gz", "/good/first.gz"]


def test_all_mirrors_bad(server: str, data_dir: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        mirrors = [f"{server}/missing/", closed, f"{server}/html/"]
        with pytest.raises(DataError) as caught:
            fetch(data_dir, mirrors=mirrors)
    assert (
        f"({server}/missing/ answered 404 Not Found; {closed} cannot be reached (Connection refused); "
        f"{server}/html/ answered with a web page)"
    ) in str(caught.value)
    assert names_in(data_dir) == []


def test_files_that_came_before_a_failure_are_kept(server: str, data_dir: Path) -> None:
    (Mirror.folder / "second.gz").write_bytes(gzip.compress(b"another file"))
    with pytest.raises(DataError, match=r"second\.gz cannot be downloaded"):
        fetch(data_dir, mirrors=[f"{server}/good/"])
    assert names_in(data_dir) == ["first.gz"]


# --- files and folders


def test_file_that_is_not_the_published_one_is_reported_and_left_alone(server: str, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "first").write_bytes(b"a data set of my own")
    fetch_missing(data_dir, mirrors=[f"{server}/good/"])
    with pytest.raises(DataError, match=r"first is not the published file \(SHA-256 .*\); delete it and get it"):
        fetch(data_dir, mirrors=[f"{server}/good/"])
    assert (data_dir / "first").read_bytes() == b"a data set of my own"
    assert names_in(data_dir) == ["first", "second.gz"]


def test_damaged_file_is_reported(server: str, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "first.gz").write_bytes(gzip.compress(CONTENTS["first"])[:-3])
    with pytest.raises(DataError, match=r"first\.gz is cut short or damaged \(.*\); delete it and get it anew"):
        fetch(data_dir, mirrors=[f"{server}/good/"])


def test_folder_that_is_a_file(server: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"first\.gz cannot be written \(File exists\); let .*/file be a folder"):
        fetch(tmp_path / "file", mirrors=[f"{server}/good/"])
    assert Mirror.requests == []


def test_folder_without_write_permission(server: str, data_dir: Path) -> None:
    data_dir.mkdir(mode=0o500)
    if os.access(data_dir, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(DataError, match=r"first\.gz cannot be written \(Permission denied\); let .* write access"):
        fetch(data_dir, mirrors=[f"{server}/good/"])
    assert Mirror.requests == []


def test_full_disk(server: str, data_dir: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # as a full disk, writing fails midway
    try:
        with pytest.raises(DataError, match=r"first\.gz cannot be written \(File too large\); .*12 MB free"):
            fetch(data_dir, mirrors=[f"{server}/good/"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names_in(data_dir) == []


def test_interrupt_leaves_nothing(server: str, data_dir: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetch(data_dir, mirrors=[f"{server}/interrupting/"])
    assert names_in(data_dir) == []


# --- python -m train.data


def run_command(data_dir: Path, proxy_port: int = 0) -> subprocess.Popen[str]:
    """Start the command with all of its mirrors behind a proxy on loopback, so that none is really asked."""
    proxy = f"http://127.0.0.1:{proxy_port}"
    proxies = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": ""}
    command = [sys.executable, "-m", "train.data", "--data-dir", str(data_dir)]
    return subprocess.Popen(
        command, env=os.environ | proxies, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_command_is_content_with_published_files(mnist_dir: Path) -> None:
    with run_command(mnist_dir) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == f"{mnist_dir}: all four MNIST files are there, as they were published.\n"


def test_command_without_network_prints_one_error_and_exits_2(data_dir: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        with run_command(data_dir, listener.getsockname()[1]) as process:
            out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    error = err.splitlines()[-1]
    assert error.startswith(f"Error: {data_dir}/train-images-idx3-ubyte.gz cannot be downloaded (https://ossci")
    assert error.count("cannot be reached (Connection refused)") == len(download.MIRRORS)
    assert err.count("Error") == 1
    assert names_in(data_dir) == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_command_leaves_nothing(data_dir: Path, number: signal.Signals, code: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,  # takes connections, and never says a word
        run_command(data_dir, listener.getsockname()[1]) as process,
    ):
        deadline = time.monotonic() + 250
        while not (data_dir.is_dir() and names_in(data_dir)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert names_in(data_dir)[0].endswith(".part")
        process.send_signal(number)
        _, err = process.communicate(timeout=250)
    assert (process.returncode, err.splitlines()[-1]) == (code, "Stopped")
    assert names_in(data_dir) == []
