"""SRT as a site sees it: ffmpeg is the receiver. Encrypted or not at all, and no failure of it reaches the ticker."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pytest

from app.air.endpoints import libsrt
from app.air.endpoints.contract import LiveAddress
from app.air.endpoints.mpegts import PAYLOAD_BYTES
from app.air.endpoints.srt import BOUND_BYTES, SrtEndpoint, read_order
from app.air.endpoints.srt_child import Ledger, Order, Parent, connected
from app.air.endpoints.srt_refusals import nobody_called, refused
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError

SECRET: Final = "only-for-the-site-4711"
RAW_MP3: Final = ("-write_xing", "0", "-id3v2_version", "0", "-f", "mp3")
CHUNK_BYTES: Final = 4 * 384
PATIENCE_S: Final = 20.0
"""How long a test waits for what must come; it usually takes a fraction."""


@pytest.fixture(scope="session")
def ffmpeg(peer: Callable[[str], Path]) -> Path:
    """An ffmpeg that speaks SRT, and beside it the library that it does it with."""
    found = peer("ffmpeg")
    told = subprocess.run([found, "-v", "error", "-protocols"], capture_output=True, check=True, timeout=30)
    try:
        libsrt._load()
    except libsrt.LibraryMissing as error:
        missing: str | None = str(error)
    else:
        missing = None if b"srt" in told.stdout.split() else f"{found} does not speak SRT"
    if missing:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return found


@pytest.fixture(scope="session")
def sound(ffmpeg: Path) -> bytes:
    """Ten seconds of MP3 frames, each of which stands for itself."""
    tone = ("-f", "lavfi", "-i", "sine=440:sample_rate=48000:d=10")
    encoding = ("-c:a", "libmp3lame", "-b:a", "128k", "-reservoir", "0", *RAW_MP3)
    command = (ffmpeg, "-v", "error", *tone, "-ac", "1", *encoding, "-")
    made = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return made[: len(made) // CHUNK_BYTES * CHUNK_BYTES]


@pytest.fixture
def credential(tmp_path: Path) -> Callable[[str], str]:
    """A reference to a file with a passphrase."""
    numbers = itertools.count()

    def refer(passphrase: str) -> str:
        path = tmp_path / f"passphrase-{next(numbers)}"
        path.touch(mode=0o600)
        path.write_text(passphrase)
        return f"file:{path}"

    return refer


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Site:
    """A receiver that writes down what it hears."""

    process: subprocess.Popen[bytes]
    file: Path

    def heard(self) -> bytes:
        return self.file.read_bytes() if self.file.exists() else b""

    def until_it_ends(self) -> bytes:
        """What it has heard in the end."""
        self.process.wait(PATIENCE_S)
        return self.heard()


@pytest.fixture
def site(ffmpeg: Path, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Starts receivers: ``site(port, "listener", passphrase=...)``."""
    with contextlib.ExitStack() as stack:

        def start(port: int, mode: str, **options: str) -> Site:
            query = "&".join(f"{name}={value}" for name, value in {"mode": mode, **options}.items())
            file = tmp_path / f"heard-{port}-{time.monotonic_ns()}.mp3"
            copying = [
                "-c",
                "copy",
                "-write_xing",
                "0",
                "-id3v2_version",
                "0",
                "-flush_packets",
                "1",
                "-f",
                "mp3",
            ]
            # A small probe, or it would keep the first five seconds for itself
            reading = ["-probesize", "3000", "-f", "mpegts", "-i", f"srt://127.0.0.1:{port}?{query}"]
            process = subprocess.Popen(
                [ffmpeg, "-v", "quiet", *reading, *copying, file],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_end, process)
            if mode == "listener":
                _until(lambda: f":{port:04X} " in Path("/proc/net/udp").read_text(encoding="ascii"))
            return Site(process, file)

        yield start


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it, and complain about what asyncio would only have logged."""
    complaints: list[Mapping[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(3 * PATIENCE_S):
            await work

    asyncio.run(watched())
    assert not complaints


def caller(port: int, credential: str | None = None, **options: Any) -> SrtEndpoint:
    return SrtEndpoint(
        LiveAddress("srt", f"srt://127.0.0.1:{port}", "audio/mpeg", credential, options), wait_s=3
    )


def listener(port: int, credential: str | None = None, wait_s: float = PATIENCE_S) -> SrtEndpoint:
    address = LiveAddress("srt", f"srt://127.0.0.1:{port}", "audio/mpeg", credential, {"mode": "listener"})
    return SrtEndpoint(address, wait_s=wait_s)


async def play(endpoint: SrtEndpoint, sound: bytes, pause_s: float = 0.01) -> None:
    for at in range(0, len(sound), CHUNK_BYTES):
        endpoint.write(sound[at : at + CHUNK_BYTES])
        await asyncio.sleep(pause_s)


async def play_until_lost(endpoint: SrtEndpoint, sound: bytes) -> str:
    """Go on at the pace of the air until the connection is lost; returns what was said."""
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        try:
            await play(endpoint, sound, 0.096)
        except ConnectionError as error:
            return str(error)
    raise AssertionError("the connection was never lost")


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def child_of(endpoint: SrtEndpoint) -> int:
    assert endpoint._child is not None
    assert endpoint._child._transport is not None
    number = endpoint._child._transport.get_pid()
    assert number is not None
    return number


def lives(number: int) -> bool:
    """Whether there is such a process; one that nobody has waited for (a zombie) counts."""
    return Path(f"/proc/{number}").exists()


# ---------------------------------------------------------------- what arrives


@pytest.mark.parametrize("passphrase", [SECRET, None], ids=["encrypted", "plain"])
def test_a_caller_brings_every_byte_and_knows_it(
    site: Callable[..., Site], sound: bytes, credential: Callable[[str], str], passphrase: str | None
) -> None:
    port = free_port()
    receiver = site(port, "listener", **({"passphrase": passphrase} if passphrase else {}))

    async def send() -> None:
        endpoint = caller(port, credential(passphrase) if passphrase else None, streamid="station/one")
        await endpoint.connect()
        endpoint.write(b"")
        await play(endpoint, sound)
        await until(lambda: endpoint.taken().accepted > len(sound) - 2 * CHUNK_BYTES)
        await endpoint.close()
        assert endpoint.taken().written == endpoint.taken().accepted == len(sound)
        assert endpoint.lost == 0
        assert not lives(child_of(endpoint))

    run(send())
    assert receiver.until_it_ends() == sound


@pytest.mark.parametrize("passphrase", [SECRET, None], ids=["encrypted", "plain"])
def test_a_listener_waits_for_its_site(
    site: Callable[..., Site], sound: bytes, credential: Callable[[str], str], passphrase: str | None
) -> None:
    port = free_port()
    receivers: list[Site] = []

    async def send() -> None:
        endpoint = listener(port, credential(passphrase) if passphrase else None)
        connecting = asyncio.create_task(endpoint.connect())
        await asyncio.sleep(0.5)
        assert not connecting.done()
        # The site's own idea of a key length does not matter: a listener takes what the caller has
        options = {"passphrase": passphrase, "pbkeylen": "16"} if passphrase else {}
        receivers.append(site(port, "caller", **options))
        await connecting
        await play(endpoint, sound)
        await endpoint.close()
        assert endpoint.taken().accepted == len(sound)

    run(send())
    assert receivers[0].until_it_ends() == sound


def test_a_listener_has_one_caller_at_a_time_and_the_next_one_after_it(
    site: Callable[..., Site], sound: bytes
) -> None:
    port = free_port()
    sites: list[Site] = []

    async def send(*, with_intruder: bool) -> None:
        endpoint = listener(port)
        connecting = asyncio.create_task(endpoint.connect())
        await asyncio.sleep(0.5)
        sites.append(site(port, "caller"))
        await connecting
        if with_intruder:
            sites.append(site(port, "caller"))
        await play(endpoint, sound, 0.03)
        await endpoint.close()

    run(send(with_intruder=True))
    run(send(with_intruder=False))
    first, intruder, second = sites
    assert first.until_it_ends() == second.until_it_ends() == sound
    assert not intruder.until_it_ends()


# ---------------------------------------------------------------- encrypted, or not at all


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("another-passphrase", SECRET, id="another one"),
        pytest.param(None, SECRET, id="we have none"),
        pytest.param(SECRET, None, id="the site has none"),
    ],
)
@pytest.mark.parametrize("enforced", ["1", "0"])
def test_passphrases_that_differ_let_nothing_out(
    site: Callable[..., Site],
    credential: Callable[[str], str],
    ours: str | None,
    theirs: str | None,
    enforced: str,
) -> None:
    port = free_port()
    site(port, "listener", enforced_encryption=enforced, **({"passphrase": theirs} if theirs else {}))

    async def send() -> None:
        endpoint = caller(port, credential(ours) if ours else None)
        with pytest.raises(PermanentFeedError) as refusal:
            await endpoint.connect()
        assert refusal.value.code == "unauthorised"
        assert SECRET not in str(refusal.value)
        assert not lives(child_of(endpoint))
        with pytest.raises(ConnectionError):
            endpoint.write(bytes(CHUNK_BYTES))

    run(send())


def test_strangers_are_not_let_in_and_do_not_end_the_waiting(
    site: Callable[..., Site], sound: bytes, credential: Callable[[str], str]
) -> None:
    port = free_port()
    sites: list[Site] = []

    async def send() -> None:
        endpoint = listener(port, credential(SECRET))
        connecting = asyncio.create_task(endpoint.connect())
        await asyncio.sleep(0.5)
        for stranger in ({}, {"passphrase": "another-passphrase"}, {"enforced_encryption": "0"}):
            sites.append(site(port, "caller", **stranger))
            await until(lambda: sites[-1].process.poll() is not None)
        assert not connecting.done()
        sites.append(site(port, "caller", passphrase=SECRET))
        await connecting
        await play(endpoint, sound)
        await endpoint.close()

    run(send())
    *strangers, ours = sites
    assert ours.until_it_ends() == sound
    assert not any(stranger.until_it_ends() for stranger in strangers)


def test_a_listener_says_that_callers_were_turned_away(
    site: Callable[..., Site], credential: Callable[[str], str]
) -> None:
    port = free_port()

    async def wait() -> None:
        endpoint = listener(port, credential(SECRET), wait_s=2)
        connecting = asyncio.create_task(endpoint.connect())
        await asyncio.sleep(0.5)
        site(port, "caller", passphrase="another-passphrase")
        with pytest.raises(PassingFeedError, match="none was let in: compare the passphrases") as error:
            await connecting
        assert error.value.code == "unreachable"

    run(wait())


def listings_without(secret: str, but: int) -> Iterator[int]:
    """Every process, once for each of its listings that was looked at."""
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) != but:
            for listing in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    assert secret.encode() not in (process / listing).read_bytes()
                    yield int(process.name)


def test_the_secret_stands_in_no_listing_of_processes(
    site: Callable[..., Site], sound: bytes, credential: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = f"only-for-this-test-{time.monotonic_ns()}"  # other tests run beside this one
    monkeypatch.setenv("DANPA_FEED_OTHER", secret)  # another feed's is none of the child's business either
    port = free_port()
    receiver = site(port, "listener", passphrase=secret)
    seen: list[int] = []

    async def send() -> None:
        endpoint = caller(port, credential(secret))
        await endpoint.connect()
        await play(endpoint, sound[: 20 * CHUNK_BYTES])
        # ffmpeg cannot be told in another way
        seen.extend(listings_without(secret, but=receiver.process.pid))
        assert seen.count(child_of(endpoint)) == 2
        assert secret not in repr(endpoint._address)
        await endpoint.close()

    run(send())


# ---------------------------------------------------------------- who is not there


def test_nobody_answers() -> None:
    async def send() -> None:
        endpoint = caller(free_port())
        with pytest.raises(PassingFeedError, match="nobody answered") as error:
            await endpoint.connect()
        assert error.value.code == "unreachable"

    run(send())


def test_nobody_calls() -> None:
    async def wait() -> None:
        port = free_port()
        with pytest.raises(
            PassingFeedError, match=f"the site has not called UDP port {port} within 1 s"
        ) as error:
            await listener(port, wait_s=1).connect()
        assert error.value.code == "unreachable"

    run(wait())


def test_a_port_that_is_taken_is_no_ones_fault_for_ever(site: Callable[..., Site]) -> None:
    port = free_port()
    site(port, "listener")

    async def wait() -> None:
        with pytest.raises(PassingFeedError, match=f"UDP port {port}") as error:
            await listener(port).connect()
        assert error.value.code == "busy"

    run(wait())


def test_a_name_that_does_not_exist() -> None:
    async def send() -> None:
        endpoint = SrtEndpoint(LiveAddress("srt", "srt://no-such-host.invalid:9000", "audio/mpeg"), wait_s=2)
        with pytest.raises(PassingFeedError, match=r"no-such-host\.invalid") as error:
            await endpoint.connect()
        assert error.value.code == "host-unknown"

    run(send())


# ---------------------------------------------------------------- a bad line


class Line(asyncio.DatagramProtocol):
    """Carries datagrams between one caller and one site, and loses some."""

    def __init__(self, site_port: int) -> None:
        self._site = ("127.0.0.1", site_port)
        self._caller: tuple[str, int] | None = None
        self._random = random.Random(4711)
        self.loss = 0.0
        self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._random.random() < self.loss:
            self.lost += 1
        elif addr != self._site:
            self._caller = addr
            self._transport.sendto(data, self._site)
        elif self._caller:
            self._transport.sendto(data, self._caller)


@contextlib.asynccontextmanager
async def line_to(port: int) -> AsyncIterator[tuple[int, Line]]:
    """A line, and the port at our end of it."""
    loop = asyncio.get_running_loop()
    transport, line = await loop.create_datagram_endpoint(lambda: Line(port), local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1], line
    finally:
        transport.close()


def test_a_line_that_loses_every_fifth_packet_loses_nothing(site: Callable[..., Site], sound: bytes) -> None:
    port = free_port()
    receiver = site(port, "listener")

    async def send() -> None:
        async with line_to(port) as (ours, line):
            endpoint = caller(ours)
            await endpoint.connect()
            line.loss = 0.2
            await play(endpoint, sound[: -10 * CHUNK_BYTES])
            assert line.lost
            # A gap is seen by what follows it, so nothing asks again for the last packet; and a goodbye is said once only
            line.loss = 0
            await play(endpoint, sound[-10 * CHUNK_BYTES :])
            await until(lambda: endpoint.taken().accepted > len(sound) - 2 * CHUNK_BYTES)
            await endpoint.close()
            assert endpoint.taken().accepted == len(sound)

    run(send())
    assert receiver.until_it_ends() == sound


def test_what_came_too_late_in_an_outage_is_lost_and_said_to_be(
    site: Callable[..., Site], sound: bytes
) -> None:
    port = free_port()
    receiver = site(port, "listener")

    async def send() -> None:
        async with line_to(port) as (ours, line):
            endpoint = caller(ours)
            await endpoint.connect()
            await play(endpoint, sound[: 10 * CHUNK_BYTES], 0.096)
            line.loss = 1.0
            await play(endpoint, sound[10 * CHUNK_BYTES : 40 * CHUNK_BYTES], 0.096)
            line.loss = 0.0
            await play(endpoint, sound[40 * CHUNK_BYTES : 60 * CHUNK_BYTES], 0.096)
            await endpoint.close()
            taken = endpoint.taken()
            assert taken.written == 60 * CHUNK_BYTES == taken.accepted + endpoint.lost
            assert endpoint.lost > 5 * CHUNK_BYTES

    run(send())
    heard = receiver.until_it_ends()
    assert heard[: 9 * CHUNK_BYTES] == sound[: 9 * CHUNK_BYTES]
    assert heard[-15 * CHUNK_BYTES :] == sound[45 * CHUNK_BYTES : 60 * CHUNK_BYTES]


# ---------------------------------------------------------------- who goes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP])
def test_a_site_that_goes_is_noticed(site: Callable[..., Site], sound: bytes, number: signal.Signals) -> None:
    """By its goodbye, or by its silence."""
    port = free_port()
    receiver = site(port, "listener")

    async def send() -> None:
        endpoint = caller(port)
        await endpoint.connect()
        await play(endpoint, sound[: 10 * CHUNK_BYTES])
        await until(lambda: endpoint.taken().accepted > 0)
        receiver.process.send_signal(number)
        said = await play_until_lost(endpoint, sound)
        assert "the other side has" in said
        with pytest.raises(ConnectionError):
            endpoint.write(sound[:CHUNK_BYTES])
        taken = endpoint.taken()
        assert taken.accepted < taken.written
        await endpoint.close()
        assert not lives(child_of(endpoint))

    run(send())


def test_a_child_that_is_killed_is_noticed_at_once(site: Callable[..., Site], sound: bytes) -> None:
    port = free_port()
    site(port, "listener")

    async def send() -> None:
        endpoint = caller(port)
        await endpoint.connect()
        await play(endpoint, sound[: 10 * CHUNK_BYTES])
        os.kill(child_of(endpoint), signal.SIGKILL)
        assert "the SRT process has ended" in await play_until_lost(endpoint, sound)
        await endpoint.close()
        assert not lives(child_of(endpoint))

    run(send())


def test_a_child_that_hangs_costs_a_bound_of_memory_and_is_killed(
    site: Callable[..., Site], sound: bytes
) -> None:
    port = free_port()
    site(port, "listener")

    async def send() -> None:
        endpoint = caller(port)
        await endpoint.connect()
        os.kill(child_of(endpoint), signal.SIGSTOP)
        with pytest.raises(ConnectionError, match="stopped taking anything"):
            await play(endpoint, sound, 0)
        assert BOUND_BYTES - CHUNK_BYTES < endpoint.taken().written <= BOUND_BYTES
        endpoint.abort()
        endpoint.abort()
        await endpoint.close()
        assert not lives(child_of(endpoint))

    run(send())


def test_an_abort_is_heard_on_the_other_side(site: Callable[..., Site], sound: bytes) -> None:
    """A receiver that was told ends; one that was not waits for ever with its file open."""
    port = free_port()
    receiver = site(port, "listener")

    async def send() -> None:
        endpoint = caller(port)
        await endpoint.connect()
        await play(endpoint, sound[: 30 * CHUNK_BYTES])
        endpoint.abort()
        with pytest.raises(ConnectionError, match="given up"):
            endpoint.write(sound[:CHUNK_BYTES])
        await endpoint.close()
        assert not lives(child_of(endpoint))

    run(send())
    receiver.until_it_ends()


def test_connecting_and_closing_can_be_given_up(site: Callable[..., Site], sound: bytes) -> None:
    async def cancelled(work: Coroutine[Any, Any, None], after_s: float) -> None:
        task = asyncio.create_task(work)
        await asyncio.sleep(after_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def send() -> None:
        waiting = listener(free_port())
        await cancelled(waiting.connect(), 0.5)
        await waiting.close()
        assert not lives(child_of(waiting))

        port = free_port()
        site(port, "listener")
        ending = caller(port, latency_ms=8000)
        await ending.connect()
        await play(ending, sound[: 10 * CHUNK_BYTES])
        await cancelled(ending.close(), 0.2)
        await ending.close()
        assert not lives(child_of(ending))

    run(send())


def test_what_was_given_up_before_it_began_does_not_connect(site: Callable[..., Site]) -> None:
    port = free_port()
    site(port, "listener")

    async def send() -> None:
        endpoint = caller(port)
        endpoint.abort()
        with pytest.raises(PassingFeedError, match="given up"):
            await endpoint.connect()
        assert not lives(child_of(endpoint))

    run(send())


def test_what_was_never_connected_can_be_closed() -> None:
    async def end() -> None:
        endpoint = caller(free_port())
        endpoint.abort()
        await endpoint.close()
        with pytest.raises(ConnectionError):
            endpoint.write(b"")
        assert endpoint.taken().written == 0

    run(end())


ORPHANING = """
import asyncio, sys, time
from app.air.endpoints.contract import LiveAddress
from app.air.endpoints.srt import SrtEndpoint

async def send():
    endpoint = SrtEndpoint(LiveAddress("srt", sys.argv[1], "audio/mpeg", None, {"mode": sys.argv[2]}))
    connecting = asyncio.create_task(endpoint.connect())
    await (asyncio.sleep(1) if sys.argv[2] == "listener" else connecting)
    print(endpoint._child._transport.get_pid(), flush=True)
    await asyncio.sleep(60)

asyncio.run(send())
"""


@pytest.mark.parametrize("mode", ["caller", "listener"])
def test_a_parent_that_is_killed_leaves_nobody_behind(site: Callable[..., Site], mode: str) -> None:
    """In the middle of a connection, and while nobody has called yet."""
    port = free_port()
    receiver = site(port, "listener") if mode == "caller" else None
    command = [sys.executable, "-c", ORPHANING, f"srt://127.0.0.1:{port}", mode]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert lives(child)
        parent.kill()
    _until(lambda: not _runs(child))
    if receiver:
        receiver.until_it_ends()  # it was told


def _runs(number: int) -> bool:
    """Whether it runs; where nobody waits for orphans they stay as zombies, which is not our child's doing."""
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# ---------------------------------------------------------------- what is refused before anything is sent


@pytest.mark.parametrize(
    ("address", "options", "media_type", "code"),
    [
        ("http://127.0.0.1:9000", {}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1", {}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:99999", {}, "audio/mpeg", "bad-address"),
        ("srt://[::1:9000", {}, "audio/mpeg", "bad-address"),
        ("srt://:9000", {}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000?passphrase=only-for-the-site-4711", {}, "audio/mpeg", "bad-address"),
        ("srt://only-for-the-site-4711@127.0.0.1:9000", {}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"mode": "rendezvous"}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"latency_ms": 0}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"latency_ms": True}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"latency_ms": "1000"}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"streamid": "a" * 513}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"streamid": "a", "mode": "listener"}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {"passphrase": SECRET}, "audio/mpeg", "bad-address"),
        ("srt://127.0.0.1:9000", {}, "application/ogg", "bad-address"),
        ("srt://192.0.2.1:9000", {}, "audio/mpeg", "confined"),
        ("srt://localhost:9000", {}, "audio/mpeg", "confined"),
        ("srt://:9000", {"mode": "listener"}, "audio/mpeg", "confined"),
    ],
)
def test_addresses_that_cannot_work(
    tmp_path: Path, address: str, options: dict[str, Any], media_type: str, code: str
) -> None:
    live = LiveAddress("srt", address, media_type, None, options, confined_to=tmp_path)
    with pytest.raises(PermanentFeedError) as refusal:
        read_order(live)
    assert refusal.value.code == code
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("passphrase", ["ninechars", "x" * 80])
def test_a_passphrase_has_10_to_79_characters(credential: Callable[[str], str], passphrase: str) -> None:
    async def send() -> None:
        with pytest.raises(PermanentFeedError, match="10 to 79 characters") as error:
            await caller(free_port(), credential(passphrase)).connect()
        assert error.value.code == "credential"
        assert passphrase not in str(error.value)

    run(send())


def test_where_the_library_is_missing_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsrt, "_FILES", ("libno-such-srt.so.9",))
    monkeypatch.setattr(libsrt, "_NAMES", ("no-such-srt",))
    order = Order("127.0.0.1", 9000, "caller", "audio/mpeg", 1.0, 1000)
    with (
        pytest.raises(PermanentFeedError, match=r"libsrt1\.5-gnutls") as error,
        connected(order, Parent(0, 1)),
    ):
        pass
    assert error.value.code == "software-missing"


def test_refusals_of_the_other_side() -> None:
    told = {
        reason: (error := refused(reason)).permanent for reason in (5, 8, 10, 11, 16, 1402, 1403, 1404, 9999)
    }
    assert told == {
        5: False,
        8: True,
        10: True,
        11: True,
        16: False,
        1402: False,
        1403: True,
        1404: True,
        9999: False,
    }
    assert "9999" in str(error)


def test_callers_of_a_listener_never_end_it_for_good() -> None:
    assert not nobody_called(9000, 30.0, 0).permanent
    assert not nobody_called(9000, 30.0, 7).permanent


# ---------------------------------------------------------------- what counts as accepted


@dataclass
class Counted:
    ledger: Ledger = field(default_factory=Ledger)

    def settle(self, unacknowledged: int, dropped: int = 0) -> tuple[int, int]:
        self.ledger.settle(unacknowledged, dropped)
        return self.ledger.accepted, self.ledger.lost


def test_sound_is_accepted_once_all_of_its_payloads_are() -> None:
    counted = Counted()
    for _ in range(3):  # three chunks in five payloads, of which the second ends in the fourth
        counted.ledger.add(1500, PAYLOAD_BYTES * 5 // 3)
    counted.ledger.sent(5)
    assert counted.settle(5) == (0, 0)
    assert counted.settle(4) == (0, 0)
    assert counted.settle(3) == (1500, 0)
    assert counted.settle(2) == (1500, 0)
    assert counted.settle(1) == (3000, 0)
    assert counted.settle(0) == (4500, 0)


def test_what_was_given_up_is_lost_and_never_accepted() -> None:
    counted = Counted()
    for _ in range(4):
        counted.ledger.add(1200, PAYLOAD_BYTES)
    counted.ledger.sent(4)
    assert counted.settle(3) == (1200, 0)
    assert counted.settle(1, dropped=2) == (1200, 2400)
    accepted, lost = counted.settle(0, dropped=2)
    assert accepted + lost == 4800
    assert lost >= 2400


def test_every_refusal_is_a_feed_error() -> None:
    assert all(isinstance(refused(reason), FeedError) for reason in range(20))
