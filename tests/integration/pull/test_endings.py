"""`fetched` is claimed of nobody who was killed, reset or has gone before it had read everything; by real clients."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.integration.pull.deliveries import NAME, PullStation, bytes_of

HOUR = bytes_of(60_000_000)
SHORT = bytes_of(200_000)
Client = Callable[[str], Path]


@contextmanager
def client_at(
    command: list[str], pull: PullStation, target: Path, written: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A client that has written so many bytes to its file, and is still at it."""
    with subprocess.Popen([*command, pull.address + NAME]) as client:
        try:
            while not (pull.log() and size_of(target) >= written):
                assert client.poll() is None, "it ended too early for the test"
                time.sleep(0.002)
            yield client
        finally:
            client.kill()


@contextmanager
def connected(pull: PullStation) -> Iterator[socket.socket]:
    """A client of our own that has asked for the file."""
    place = urlsplit(pull.address + NAME)
    with socket.create_connection((str(place.hostname), place.port or 80), timeout=30) as client:
        client.sendall(f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        yield client


def read(client: socket.socket, content: bytes, *, but: int = 0) -> None:
    """Read the answer with all of its body but so many bytes."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += client.recv(1)
    left = len(content) - but
    while left > 0:
        left -= len(client.recv(min(left, 1 << 16)))


def size_of(target: Path) -> int:
    return target.stat().st_size if target.exists() else 0


def is_fetched(pull: PullStation, handoff_id: int, content: bytes) -> bool:
    return pull.look(handoff_id, content).verdict == "present"


@pytest.mark.parametrize(
    ("program", "content", "written"),
    [
        ("curl", HOUR, 0),
        ("curl", HOUR, 1_000_000),
        ("curl", HOUR, 50_000_000),
        ("wget", SHORT, 0),
        ("wget", SHORT, 20_000),
        ("wget", SHORT, 100_000),
        ("wget", SHORT, 180_000),
    ],
)
@pytest.mark.parametrize("first", ["kill", "stop, then kill"])
def test_a_client_that_is_killed_has_not_fetched_it_until_it_has_gone_on(
    pull: PullStation, tmp_path: Path, peer: Client, program: str, content: bytes, written: int, first: str
) -> None:
    handoff_id = pull.deliver(content)
    target = tmp_path / NAME
    slow = {
        "curl": ["--silent", "--limit-rate", "40M", "--output", str(target)],
        "wget": [
            "--quiet",
            "--limit-rate=50k",
            f"--output-document={target}",
        ],  # curl takes so little at once
    }
    with client_at([str(peer(program)), *slow[program]], pull, target, written) as client:
        if first != "kill":
            client.send_signal(signal.SIGSTOP)
            time.sleep(0.3)  # the kernels take what they can
            assert pull.log()[0].finished_at is None
        client.kill()
        client.wait()
    assert size_of(target) < len(content)
    (broken,) = pull.settled(1)
    assert broken.ended in {"early", "reset"}
    assert not is_fetched(pull, handoff_id, content)

    go_on = [str(peer("curl")), "--silent", "--continue-at", "-", "--output", str(target)]
    subprocess.run([*go_on, pull.address + NAME], check=True, timeout=30)
    assert target.read_bytes() == content
    assert pull.settled(2)[1].ended == "whole"
    assert is_fetched(pull, handoff_id, content)


@pytest.mark.parametrize("size", [1, 2_000, 100_000])
def test_what_lies_unread_at_a_client_that_is_killed_was_not_fetched(pull: PullStation, size: int) -> None:
    """All of it is there and acknowledged: only the program has not read it."""
    content = bytes_of(size)
    handoff_id = pull.deliver(content)
    place = urlsplit(pull.address + NAME)
    asks = (
        "import socket, sys, time\n"
        f"with socket.create_connection(({place.hostname!r}, {place.port})) as client:\n"
        f"    client.sendall(b'GET {place.path} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", asks]) as client:
        while not pull.log():
            time.sleep(0.01)
        time.sleep(0.2)
        assert pull.log()[0].finished_at is None
        client.kill()
    assert pull.settled(1)[0].ended == "reset"
    assert not is_fetched(pull, handoff_id, content)


@pytest.mark.parametrize("content", [SHORT, HOUR], ids=["short", "hour"])
@pytest.mark.parametrize("program", ["curl", "wget"])
def test_a_client_that_took_it_all_has_fetched_it(
    pull: PullStation, tmp_path: Path, peer: Client, program: str, content: bytes
) -> None:
    handoff_id = pull.deliver(content)
    target = tmp_path / NAME
    output = {
        "curl": ["--silent", "--output", str(target)],
        "wget": ["--quiet", f"--output-document={target}"],
    }
    subprocess.run([str(peer(program)), *output[program], pull.address + NAME], check=True, timeout=30)
    assert target.read_bytes() == content
    (fetch,) = pull.settled(1)
    assert (fetch.ended, fetch.bytes_sent) == ("whole", len(content))
    assert is_fetched(pull, handoff_id, content)


def test_several_files_in_one_call(pull: PullStation, tmp_path: Path, peer: Client) -> None:
    """curl would keep its connection for the next file, and gets a new one each time."""
    names = ["a.mp3", "b.mp3", "c.mp3"]
    for hour, name in enumerate(names, start=15):
        pull.deliver(SHORT, hour=hour, name=name)
    outputs = [word for name in names for word in ("--remote-name", pull.address + name)]
    subprocess.run([str(peer("curl")), "--silent", *outputs], check=True, timeout=30, cwd=tmp_path)
    assert [fetch.ended for fetch in pull.settled(3)] == ["whole"] * 3
    assert all((tmp_path / name).read_bytes() == SHORT for name in names)


def test_a_slow_client_has_fetched_it_when_it_has_read_the_last_byte(pull: PullStation) -> None:
    handoff_id = pull.deliver(SHORT)
    with connected(pull) as client:
        read(client, SHORT, but=100_000)
        time.sleep(0.3)
        assert not is_fetched(pull, handoff_id, SHORT)
        for left in range(100_000, 0, -5_000):
            got = 0
            while got < 5_000:
                got += len(client.recv(5_000 - got))
            time.sleep(0.01)
            assert left > 5_000 or pull.log()[0].finished_at is None
    assert pull.settled(1)[0].ended == "whole"
    assert is_fetched(pull, handoff_id, SHORT)


@pytest.mark.parametrize("content", [SHORT, bytes_of(24_000_000)], ids=["short", "long"])
@pytest.mark.parametrize("unread", [1, 1_000, 199_000])
@pytest.mark.parametrize("by", ["close", "reset"])
def test_a_client_that_hangs_up_before_its_end_has_not_fetched_it(
    pull: PullStation, content: bytes, unread: int, by: str
) -> None:
    handoff_id = pull.deliver(content)
    with connected(pull) as client:
        read(client, content, but=unread)
        if by == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert pull.settled(1)[0].ended in {"early", "reset"}
    assert not is_fetched(pull, handoff_id, content)


def test_a_client_that_takes_nothing_more_is_let_go(
    pull: PullStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long: while bytes go out. Short: the kernels hold all, nobody reads them."""
    monkeypatch.setattr("app.pull.answers.STALLED_S", 0.3)
    for hour, content in ((15, bytes_of(24_000_000)), (16, bytes_of(2_000))):
        handoff_id = pull.deliver(content, hour=hour)
        count = len(pull.log()) + 1
        with connected(pull) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            assert pull.settled(count)[-1].ended == "silent"
            assert not is_fetched(pull, handoff_id, content)


def test_a_client_that_closes_its_side_before_the_end_is_not_believed(pull: PullStation) -> None:
    """Whether it reads on nobody can tell any more."""
    content = bytes_of(24_000_000)
    handoff_id = pull.deliver(content)
    with connected(pull) as client:
        client.shutdown(socket.SHUT_WR)
        pull.settled(1)
    assert pull.log()[0].ended == "early"
    assert not is_fetched(pull, handoff_id, content)


def test_what_a_proxy_took_is_fetched_when_its_client_says_that_it_has_it_all(
    pull: PullStation, tmp_path: Path, peer: Client
) -> None:
    handoff_id = pull.deliver(SHORT)
    target = tmp_path / NAME
    command = [
        str(peer("curl")),
        "--silent",
        "--header",
        "X-Forwarded-For: 203.0.113.7",
        "--continue-at",
        "-",
    ]
    for count, (ended, status) in enumerate([("proxy", 200), ("whole", 416)], start=1):
        subprocess.run([*command, "--output", str(target), pull.address + NAME], check=False, timeout=30)
        last = pull.settled(count)[-1]
        assert (last.ended, last.status, last.remote_address) == (ended, status, "203.0.113.7")
        assert is_fetched(pull, handoff_id, SHORT) == (count == 2)
    assert target.read_bytes() == SHORT


def test_a_connection_without_a_body_is_kept(pull: PullStation) -> None:
    pull.deliver(SHORT)
    with httpx.Client() as client:
        for _ in range(2):
            assert "connection" not in client.get(pull.address).headers
        tag = client.get(pull.address + NAME).headers["etag"]
        again = client.get(pull.address + NAME, headers={"If-None-Match": tag})
    assert (again.status_code, "connection" in again.headers) == (304, False)
