"""A source client for Icecast: PUT, or the older SOURCE, over plain TCP or TLS.

Neither titles, names nor a user agent are sent unless the feed asks for them: what is on the server's pages is read by
others too.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import socket
import ssl
import struct
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from app.air.endpoints.contract import LiveAddress, Taken
from app.feeds.credentials import resolve
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.threads import in_own_thread

BOUND_BYTES = 96 * 1024
"""What waits in this process for a peer that takes nothing: six seconds at 128 kbit/s. The kernel holds as much again."""

CONNECT_S = 10.0
"""A server that is there answers sooner."""

KERNEL_BYTES = 64 * 1024
LONGEST_ANSWER = 16 * 1024
UNACKNOWLEDGED_MS = 8_000
"""The kernel gives up a connection whose packets nobody acknowledges for so long."""

REFUSAL_S = 1.0
LOOK_UP_S = 8.0

_RESET = struct.pack("ii", 1, 0)

_Found = tuple[int, int, int, str, tuple[Any, ...]]
"""Family, kind, protocol, name and place, as ``getaddrinfo`` gives them."""

_PORTS = {"http": 8000, "https": 443}


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mount on a server, taken apart."""

    host: str
    port: int
    path: str
    login: str
    """User and password, as HTTP's Basic wants them."""
    found: tuple[_Found, ...]
    """What the host's name resolves to."""
    context: ssl.SSLContext | None
    """Where it speaks TLS."""


class IcecastEndpoint:
    """One connection to one mount (`LiveEndpoint`)."""

    block_bytes = 1400  # as Icecast 2.4 hands on to its listeners whatever is not Ogg

    def __init__(self, address: LiveAddress) -> None:
        self._address = address
        self._connection: _Connection | None = None
        self._written = 0
        self.mount: str | None = None
        """Where we are: the feed's mount, or the one beside it where that is held."""

    async def connect(self) -> None:
        """Be let in (`LiveEndpoint`). A mount that is in use is left for the feed's ``takeover_mount``, if it has one.

        Such a mount is held by a connection of ours that broke without the server's knowing, for as long as its source
        timeout. Where its fallback mount is the one beside it, its listeners are sent there.
        """
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connect()
        except TimeoutError:
            raise PassingFeedError("timeout", "the site did not answer in time") from None

    async def _connect(self) -> None:
        mount = await _found(self._address)
        beside = self._address.options.get("takeover_mount")
        try:
            await self._enter(mount, mount.path)
        except FeedError as error:
            if error.code != "mount-in-use" or not beside:
                raise
            await self._enter(mount, str(beside))

    async def _enter(self, mount: _Mount, path: str) -> None:
        connection = await _open(mount)
        try:
            connection.transport.write(_request(self._address, mount, path))
            _judge(await connection.answer())
        except BaseException:
            connection.abort()
            raise
        connection.begin()
        self._connection, self.mount, self._written = connection, path, 0

    def write(self, data: bytes) -> None:
        connection = self._connection
        if connection is None or connection.lost is not None:
            raise ConnectionResetError((connection and connection.lost) or "the connection is gone")
        if connection.waiting() + len(data) > BOUND_BYTES:
            raise ConnectionAbortedError("the site takes nothing any more")
        self._written += len(data)
        connection.transport.write(data)

    def taken(self) -> Taken:
        if self._connection is None:
            return Taken(0, 0)
        waiting = self._connection.waiting() + self._connection.unacknowledged()
        return Taken(self._written, max(0, self._written - waiting))

    async def tell(self, title: str) -> None:
        """By the server's own page for it (`LiveEndpoint`), in the feed's ``title_charset``: players of old take others than UTF-8."""
        place = await _found(self._address)
        charset = str(self._address.options.get("title_charset", "UTF-8"))
        song = quote(title.encode(charset, "replace"))
        query = f"mode=updinfo&charset={quote(charset)}&mount={quote(self.mount or place.path)}&song={song}"
        connection = await _open(place)
        try:
            head = (
                f"GET /admin/metadata?{query} HTTP/1.0",
                f"Host: {_host(place)}",
                f"Authorization: Basic {place.login}",
            )
            connection.transport.write(("\r\n".join(head) + "\r\n\r\n").encode("ascii"))
            _judge(await connection.answer())
        finally:
            connection.abort()

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.transport.close()
            await self._connection.closed.wait()

    def abort(self) -> None:
        if self._connection is not None:
            self._connection.abort()


class _Connection(asyncio.Protocol):
    """The socket, and what the server says on it."""

    transport: asyncio.Transport
    _plain: asyncio.Transport
    """Under TLS."""

    def __init__(self) -> None:
        self.lost: str | None = None
        self.closed = asyncio.Event()
        self._said = bytearray()
        self._news = asyncio.Event()
        self._descriptor = -1
        self._sending = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = self._plain = transport
        # How much waits is asked for before each write; asyncio need not call anybody about it
        transport.set_write_buffer_limits(BOUND_BYTES * 2)
        self._descriptor = transport.get_extra_info("socket").fileno()

    def secured(self, transport: asyncio.Transport) -> None:
        """From now on everything goes through TLS."""
        self.transport = transport
        transport.set_write_buffer_limits(BOUND_BYTES * 2)

    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        under = self._plain.get_write_buffer_size() if self._plain is not self.transport else 0
        return self.transport.get_write_buffer_size() + under

    def abort(self) -> None:
        """Reset it: what the kernel still holds for a peer that has stopped reading would be heard late, or keep the mount."""
        raw = self._plain.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._plain.abort()

    def data_received(self, data: bytes) -> None:
        # A server that is sent sound has nothing more to say than that it ends; what it says is not kept
        if not self._sending:
            self._said += data[: LONGEST_ANSWER - len(self._said)]
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = str(exc) if exc else "the site closed the connection"
        self._descriptor = -1
        self.closed.set()
        self._news.set()

    async def answer(self) -> tuple[int, str]:
        """The final status of the server's answer, and its words. Raises PassingFeedError."""
        status, words = await self._head()
        if status == 100:
            # Icecast says 100 only to whom it lets in, and 200 at once; a proxy before it says 100 to everybody
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFUSAL_S):
                    status, words = await self._head()
        if status >= 400:
            # Why, says the body, which may come later than the head
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REFUSAL_S):
                    await self.closed.wait()
            words += " " + self._said.decode("latin-1")[:500]
        return status, words

    async def _head(self) -> tuple[int, str]:
        """The next status, and its words. Raises PassingFeedError."""
        while b"\r\n\r\n" not in self._said and self.lost is None:
            self._news.clear()
            await self._news.wait()
        head, _, rest = bytes(self._said).partition(b"\r\n\r\n")
        self._said = bytearray(rest)
        status, words = _status(head)
        if status is None:
            raise PassingFeedError("connection-lost", "the site closed the connection")
        return status, words

    def begin(self) -> None:
        """From now on sound is sent."""
        self._sending = True

    def unacknowledged(self) -> int:
        """Bytes in the kernel that the other side has not acknowledged."""
        if self._descriptor < 0:
            return 0
        try:
            found = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int(struct.unpack("i", found)[0])


async def _open(mount: _Mount) -> _Connection:
    """Raises FeedError."""
    loop = asyncio.get_running_loop()
    try:
        raw = await _socket(mount)
        try:
            transport, connection = await loop.create_connection(_Connection, sock=raw)
        except BaseException:
            raw.close()
            raise
        if mount.context is not None:
            try:
                secured = await loop.start_tls(
                    transport, connection, mount.context, server_hostname=mount.host
                )
            except BaseException:
                connection.abort()
                raise
            assert secured is not None
            connection.secured(secured)
    except ssl.SSLError as error:
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
            raise PassingFeedError(
                "connection-lost", "the connection to the site broke off during TLS"
            ) from None
        raise PermanentFeedError(
            "tls", "the site's certificate or TLS is not acceptable: ask the site to renew it"
        ) from None
    except OSError:
        raise PassingFeedError(
            "unreachable", "no connection to the site: its server or the way to it is down"
        ) from None
    return connection


async def _socket(mount: _Mount) -> socket.socket:
    """A connected socket that sends at once, holds little, and learns of a dead peer."""
    loop = asyncio.get_running_loop()
    last: OSError = OSError("no address")
    for family, kind, protocol, _, where in mount.found:
        raw = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)
            await loop.sock_connect(raw, where)
        except OSError as error:
            raw.close()
            last = error
        except BaseException:
            raw.close()
            raise
        else:
            return raw
    raise last


async def _found(address: LiveAddress) -> _Mount:
    """Everything that may wait for a disk or a resolver, in a thread of its own: a dead one holds nobody else up.

    Raises:
        FeedError: what is wrong with the address or the credential.
    """
    return await in_own_thread(lambda _: _look_up(address), LOOK_UP_S)


def _look_up(address: LiveAddress) -> _Mount:
    if address.confined_to is not None:
        # httpx comes with it: it takes longer to load than all the rest, and a process that was killed is in a hurry
        from app.feeds.confinement import check_confined
        from app.feeds.contract import FeedAddress

        check_confined(FeedAddress(address.protocol, address.address), address.confined_to)
    try:
        url = urlsplit(address.address)
        host, port = url.hostname, url.port or _PORTS[url.scheme]
    except (ValueError, KeyError):
        raise PermanentFeedError("bad-address", "the feed's address is not a usable URL") from None
    if not host:
        raise PermanentFeedError("bad-address", "the feed's address names no host")
    secret = resolve(address.credential)
    login = f"{unquote(url.username or '') or 'source'}:{secret.get_secret_value() if secret else ''}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PassingFeedError(
            "host-unknown", "the feed's host name does not resolve: is it right, is the network up?"
        ) from None
    return _Mount(
        host, port, unquote(url.path) or "/", base64.b64encode(login.encode()).decode(), tuple(found),
        _tls_context() if url.scheme == "https" else None,
    )  # fmt: skip


def _tls_context() -> ssl.SSLContext:
    from app.feeds.over_http import tls_context  # httpx again

    return tls_context()


def _host(mount: _Mount) -> str:
    return f"[{mount.host}]:{mount.port}" if ":" in mount.host else f"{mount.host}:{mount.port}"


def _request(address: LiveAddress, mount: _Mount, path: str) -> bytes:
    options: Mapping[str, Any] = address.options
    old = options.get("method") == "source"
    head = [
        f"SOURCE {quote(path)} HTTP/1.0" if old else f"PUT {quote(path)} HTTP/1.1",
        f"Host: {_host(mount)}",
        f"Authorization: Basic {mount.login}",
        f"Content-Type: {address.media_type}",
        "Ice-Public: 0",
    ]
    if not old:
        head.append("Expect: 100-continue")
    if name := options.get("stream_name"):
        head.append(f"Ice-Name: {name}")
    # Icecast takes header fields as UTF-8
    return ("\r\n".join(head) + "\r\n\r\n").encode()


def _status(head: bytes) -> tuple[int | None, str]:
    parts = head.split(b"\r\n", 1)[0].split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith((b"HTTP/", b"ICY")) or not parts[1].isdigit():
        return None, ""
    return int(parts[1]), parts[2].decode("latin-1") if len(parts) > 2 else ""


def _judge(answer: tuple[int, str]) -> None:
    """Raises FeedError for an answer that does not let us in."""
    status, words = answer
    if status in {100, 200}:
        return
    said = words.lower()
    if status == 401:
        raise PermanentFeedError(
            "unauthorised", "the site does not accept our user or password: ask it for valid ones (HTTP 401)"
        )
    if status == 403 and ("in use" in said or "mountpoint" in said):
        raise PassingFeedError("mount-in-use", "somebody else sends to this mount (HTTP 403)")
    if status == 403 and "content" in said:
        raise PermanentFeedError(
            "refused", "the site does not take this kind of sound: check the feed's encoding (HTTP 403)"
        )
    if status == 403:
        raise PassingFeedError("busy", "the site takes no more sources just now, or none of ours (HTTP 403)")
    if status >= 500:
        raise PassingFeedError("server-error", f"the site's server failed (HTTP {status})")
    raise PermanentFeedError("refused", f"the site refuses the stream (HTTP {status})")
