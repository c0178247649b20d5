"""SRT: sound in an MPEG transport stream, encrypted where the feed has a passphrase. A child process does the talking.

Here is only what the ticker may do: a pipe that never waits, and reading what the child reports. Whatever libsrt does,
it does over there (`app.air.endpoints.srt_child`), and SIGKILL is the answer to all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final, cast
from urllib.parse import urlsplit

from app.air.endpoints.contract import LiveAddress, Taken
from app.air.endpoints.libsrt import LARGEST_STREAM_ID
from app.air.endpoints.mpegts import MEDIA_TYPES
from app.air.endpoints.srt_child import ACKNOWLEDGED_WITHIN_S, Order
from app.feeds.credentials import resolve
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.threads import in_own_thread

BOUND_BYTES: Final = 128 * 1024
"""So much may be written and neither acknowledged nor given up: 4 s of 256 kbit/s. It is counted through to the other
side, so it covers the pipe, a child that hangs and the network alike."""
CALL_S: Final = 5.0
"""How long a caller tries."""
LISTEN_S: Final = 30.0
"""How long a listener waits for its site."""
DEFAULT_LATENCY_MS: Final = 1000
KEY_BYTES: Final = 32

_SHORTEST_MS, _LONGEST_MS = 20, 8000
_PASSPHRASE = range(10, 80)  # libsrt takes no other
_START_S: Final = 5.0  # on top of the child's own limits: an interpreter has to start, a name to be resolved
_LET_GO_S: Final = 0.3
_OPTIONS: Final = frozenset({"mode", "latency_ms", "streamid"})
# The secret goes by the pipe; nothing of our own environment, where other feeds' secrets are, goes along.
_INHERITED: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "LANG",
    "LC_ALL",
)


class SrtEndpoint:
    """A caller of a site, or a listener that one site calls. Options: ``mode``, ``latency_ms``, ``streamid``.

    `wait_s` is how long `connect` tries or waits, in seconds: `CALL_S` or `LISTEN_S` unless given.
    """

    block_bytes = 1316  # a payload of seven packets is filled before it goes

    def __init__(self, address: LiveAddress, *, wait_s: float | None = None) -> None:
        self._address = address
        self._wait_s = wait_s
        self._child: _Child | None = None
        self._latency_s = 0.0
        self._is_aborted = False

    async def connect(self) -> None:
        """Call the site, or wait for its call.

        Raises:
            FeedError: permanent are ``unauthorised`` (a caller's passphrase or stream id), ``refused``, ``credential``,
                ``bad-address``, ``confined``, ``software-missing``; passing are ``unreachable``, ``host-unknown``,
                ``busy``, ``timeout``.
        """
        if self._child is not None:
            raise RuntimeError("an endpoint connects once")
        order = read_order(self._address, self._wait_s)
        order = await _with_passphrase(order, self._address.credential)
        self._latency_s = order.latency_ms / 1000
        self._child = child = await _start()
        try:
            if self._is_aborted:
                child.let_go()
            child.tell(json.dumps(asdict(order)).encode() + b"\n")
            async with asyncio.timeout(order.wait_s + _START_S):
                await asyncio.shield(child.connected)
        except TimeoutError:
            await self.close()
            raise PassingFeedError("timeout", "the SRT process of this feed did not answer") from None
        except BaseException:
            await self.close()  # which aborts what is not connected
            raise

    def write(self, data: bytes) -> None:
        """Pass whole frames on.

        Raises:
            ConnectionError: the connection is lost, or the other side has not acknowledged `BOUND_BYTES`.
        """
        if self._child is None:
            raise ConnectionError("there is no connection")
        self._child.send(data)

    def taken(self) -> Taken:
        """``accepted`` is what the other side's SRT has acknowledged; see `lost`."""
        if self._child is None:
            return Taken(0, 0)
        return Taken(self._child.written, self._child.accepted)

    @property
    def lost(self) -> int:
        """Bytes of sound that were given up because they would have come too late; rather too many than too few."""
        return self._child.lost if self._child else 0

    async def tell(self, title: str) -> None:
        """SRT has no place for titles (`LiveEndpoint`)."""

    async def close(self) -> None:
        """End in order: the receiver plays what it holds back, so this takes the latency and up to two seconds more."""
        child = self._child
        if child is None:
            return
        if child.end():
            try:
                async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S + self._latency_s + 1.0):
                    await child.gone.wait()
            except TimeoutError:
                pass
            finally:
                self.abort()
        self.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * _LET_GO_S):
                await child.gone.wait()

    def abort(self) -> None:
        """Ask the child to say goodbye at once; it is killed if it does not. `close` then waits until it is gone."""
        self._is_aborted = True
        if self._child is not None:
            self._child.let_go()


class _Child(asyncio.SubprocessProtocol):
    """What is known of the child."""

    def __init__(self) -> None:
        self.written = 0
        self.accepted = 0
        self.lost = 0
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._trouble: str | None = None
        self._ending = False
        self._leaving = False
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002  only stdout is a pipe
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """It has ended, and everything that it said has been read."""
        self._fail(PassingFeedError("connection-lost", "the SRT process ended before it was connected"))
        self._trouble = self._trouble or "the SRT process has ended"
        self.gone.set()
        assert self._transport is not None
        self._transport.close()

    def tell(self, data: bytes) -> None:
        assert self._transport is not None
        cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0)).write(data)

    def send(self, data: bytes) -> None:
        if self._trouble or self._ending or not self.connected.done():
            raise ConnectionError(self._trouble or "there is no connection")
        if self.written - self.accepted - self.lost + len(data) > BOUND_BYTES:
            self._trouble = "the other side has stopped taking anything"
            raise ConnectionError(self._trouble)
        if not data:  # its length would be the orderly end
            return
        self.written += len(data)
        self.tell(len(data).to_bytes(4, "big") + data)

    def end(self) -> bool:
        """Ask for the orderly end; False where there is nothing to be ended in order."""
        if self._trouble or self._ending or not self.connected.done():
            return False
        self._ending = True
        self.tell(bytes(4))
        return True

    def let_go(self) -> None:
        """SIGTERM, by which the other side is told, and SIGKILL soon after."""
        transport = self._transport
        self._trouble = self._trouble or "the connection was given up"
        self._fail(PassingFeedError("connection-lost", self._trouble))
        if transport is None or transport.get_returncode() is not None:
            return
        if not transport.is_closing() and not self._leaving:
            self._leaving = True
            with contextlib.suppress(ProcessLookupError):
                transport.terminate()
            asyncio.get_running_loop().call_later(_LET_GO_S, transport.close)

    def _hear(self, said: Mapping[str, Any]) -> None:
        match said["event"]:
            case "connected":
                if not self.connected.done():
                    self.connected.set_result(None)
            case "progress":
                self.accepted, self.lost = said["accepted"], said["lost"]
            case "failed":
                self._trouble = self._trouble or said["detail"]
                kind = PermanentFeedError if said["permanent"] else PassingFeedError
                self._fail(kind(said["code"], said["detail"]))
            case _:
                pass  # it has ended in order, and its pipe will say so

    def _fail(self, error: FeedError) -> None:
        if not self.connected.done():
            self.connected.set_exception(error)
            self.connected.exception()  # whoever waited may have gone


async def _start() -> _Child:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        _, child = await asyncio.get_running_loop().subprocess_exec(
            _Child,
            *(sys.executable, "-m", "app.air.endpoints.srt_child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=None,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us; the child ends when we say so
        )
    except OSError as error:  # no memory or no process number is left, which may pass
        raise PassingFeedError("busy", f"the SRT process cannot be started: {error.strerror}") from None
    return child


async def _with_passphrase(order: Order, credential: str | None) -> Order:
    try:
        secret = await in_own_thread(lambda _: resolve(credential), _START_S)
    except TimeoutError:
        raise PassingFeedError("timeout", "the file of the feed's credential cannot be read") from None
    if secret is None:
        return order
    passphrase = secret.get_secret_value()
    if len(passphrase) not in _PASSPHRASE:
        raise PermanentFeedError("credential", "an SRT passphrase has 10 to 79 characters; this one has not")
    return replace(order, passphrase=passphrase, pbkeylen=KEY_BYTES)


# ---------------------------------------------------------------- the address


def read_order(address: LiveAddress, wait_s: float | None = None) -> Order:
    """What the child has to know, without the passphrase.

    Raises:
        PermanentFeedError: code ``bad-address`` or ``confined``; says what is wrong.
    """
    if address.media_type not in MEDIA_TYPES:
        raise _wrong("an SRT feed takes MP3 (audio/mpeg) or AAC in ADTS frames (audio/aac)")
    options = address.options
    if unknown := sorted(set(options) - _OPTIONS):
        raise _wrong(f"an SRT feed has no option {unknown[0]}: it takes {', '.join(sorted(_OPTIONS))}")
    mode = options.get("mode", "caller")
    if mode not in {"caller", "listener"}:
        raise _wrong("an SRT feed's mode is caller or listener")
    latency_ms = options.get("latency_ms", DEFAULT_LATENCY_MS)
    if type(latency_ms) is not int or not _SHORTEST_MS <= latency_ms <= _LONGEST_MS:
        raise _wrong(f"an SRT feed's latency_ms is a whole number from {_SHORTEST_MS} to {_LONGEST_MS}")
    host, port = _host_and_port(address.address, mode)
    if address.confined_to is not None and not _is_loopback(host):
        raise PermanentFeedError(
            "confined",
            "a demo station sends only to this machine, by a number such as 127.0.0.1: run `danpa init` in another "
            "folder for a real station",
        )
    return Order(
        host=host,
        port=port,
        mode=mode,
        media_type=address.media_type,
        wait_s=wait_s if wait_s is not None else (LISTEN_S if mode == "listener" else CALL_S),
        latency_ms=latency_ms,
        streamid=_stream_id(options.get("streamid"), mode),
    )


def _host_and_port(address: str, mode: str) -> tuple[str, int]:
    try:
        url = urlsplit(address)
        host, port = url.hostname, url.port
    except ValueError:
        url, host, port = urlsplit(""), None, None
    if url.scheme != "srt" or not port or not (host or mode == "listener"):
        raise _wrong("an SRT feed's address is srt://host:port; a listener may leave the host out")
    if url.username is not None or url.path or url.query or url.fragment:
        raise _wrong(
            "the address is srt://host:port and nothing else: options and passphrase have their own places"
        )
    return host or "0.0.0.0", port  # noqa: S104  a site calls from outside


def _stream_id(value: Any, mode: str) -> str | None:
    if value is None:
        return None
    if mode == "listener":
        raise _wrong("a stream id is what a caller says: leave streamid out, or set the mode to caller")
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or not 0 < len(value.encode()) <= LARGEST_STREAM_ID
    ):
        raise _wrong(f"an SRT feed's streamid is one line of at most {LARGEST_STREAM_ID} bytes")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong(detail: str) -> PermanentFeedError:
    return PermanentFeedError("bad-address", detail)
