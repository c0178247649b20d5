"""A login at a site's FTP server: ``ftpes`` (TLS by command), ``ftps`` (TLS from the first byte) or, accepted by name, plain ``ftp``.

Built on the standard library's client, with what sites need beside it: extended passive mode first, TLS sessions taken
up again on data connections (vsftpd and others insist), certificates pinned, and an end of TLS that does not wait for a
farewell which many servers never send. Texts on the control connection are bytes in the guise of latin-1: what a server
says need not be UTF-8.
"""

from __future__ import annotations

import contextlib
import ftplib
import functools
import hashlib
import socket
import ssl
from collections.abc import Container, Generator, Iterator
from contextlib import contextmanager
from typing import cast

import httpx

from app.feeds.contract import FeedAddress, Limits
from app.feeds.credentials import resolve
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.remote_paths import RemoteFolder

PORTS = {"ftp": 21, "ftpes": 21, "ftps": 990}
FAREWELL_S = 5.0
"""For the other side's end of TLS on a data connection, which adds nothing: the reply on the control connection counts."""
RECEIVE = 1 << 16
NO_COMMAND = {500, 502, 504}


class FtpClient(ftplib.FTP_TLS):
    """One control connection, and at most one data connection at a time."""

    def __init__(self, tls: ssl.SSLContext, pinned: str | None, limits: Limits) -> None:
        super().__init__(context=tls, encoding="latin-1", timeout=limits.connect_s)
        self._pinned = pinned
        self._quiet_s = limits.quiet_s
        self._data: socket.socket | None = None
        self._protected = False
        self._owes_reply = False
        """Whether the reply to the last data connection is still to come."""

    def reach(self, host: str, port: int, *, implicit: bool) -> None:
        """Connect and hear the greeting, which some servers give only after a look into the DNS."""
        self.host = host
        try:
            self.sock = socket.create_connection((host, port), self.timeout)
        except socket.gaierror:
            raise PassingFeedError(
                "host-unknown", "the feed's host name does not resolve: is it right, is the network up?"
            ) from None
        except TimeoutError:
            raise
        except OSError:
            raise PassingFeedError(
                "unreachable", "no connection to the site: its server or the way to it is down"
            ) from None
        self.af = self.sock.family
        self.sock.settimeout(self._quiet_s)
        _keep_alive(self.sock)
        if implicit:
            self.sock = self._wrapped(self.sock)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()

    def protect(self, *, implicit: bool) -> None:
        """TLS for the commands, if it is not there yet, and for the data."""
        try:
            if not implicit:
                self.voidcmd("AUTH TLS")
                self.sock = self._wrapped(cast("socket.socket", self.sock))
                self.file = self.sock.makefile("r", encoding=self.encoding)
            self.voidcmd("PBSZ 0")
            self.voidcmd("PROT P")
        except ftplib.error_perm:
            raise PermanentFeedError(
                "tls", "the site's server offers no TLS for commands and data: ask the site to switch it on"
            ) from None
        self._protected = True

    def makepasv(self) -> tuple[str, int]:
        """Where the data go: always the host of the control connection, whatever address the server gives."""
        try:
            host, port = ftplib.parse229(self.sendcmd("EPSV"), self._peer())  # noqa: S321 - protected above
        except ftplib.error_perm:
            host, port = super().makepasv()
        return host, port

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """A data connection that is ready for use; TLS takes up the session of the control connection."""
        self._data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - protected below
        self._data.settimeout(self._quiet_s)
        if self._protected:
            self._data = self._wrapped(self._data, cast("ssl.SSLSocket", self.sock).session)
        return self._data, size

    @contextmanager
    def data(self, command: str) -> Iterator[socket.socket]:
        """The data connection of a command, closed in order; after an error it is just closed. The reply is not read."""
        connection = self.transfercmd(command)
        self._owes_reply = True
        try:
            yield connection
            if isinstance(connection, ssl.SSLSocket):
                connection.settimeout(FAREWELL_S)
                with contextlib.suppress(OSError):
                    connection.unwrap()
        finally:
            connection.close()

    def settle(self) -> None:
        """Hear the reply to the data connection: the server has, or gave, all of it.

        Raises:
            ftplib.Error: it says that something went wrong. OSError, EOFError: it says nothing.
        """
        if self._owes_reply:
            self._owes_reply = False
            self.voidresp()

    def hurry(self, seconds: float) -> None:
        """Wait no longer than this for each further reply."""
        cast("socket.socket", self.sock).settimeout(seconds)

    def received(self, command: str) -> Generator[bytes, None, None]:
        """The bytes that a command gives, as they come."""
        with self.data(command) as connection:
            while content := connection.recv(RECEIVE):
                yield content

    def cut(self) -> None:
        """Wake a thread that waits for this server; called from another one."""
        for end in (self._data, self.sock):
            if end is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(end, socket.SHUT_RDWR)

    @property
    def transport(self) -> str:
        return (self.sock.version() or "TLS") if isinstance(self.sock, ssl.SSLSocket) else "in clear"

    def _peer(self) -> tuple[str, int]:
        address = cast("socket.socket", self.sock).getpeername()
        return address[0], address[1]

    def _wrapped(self, plain: socket.socket, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
        try:
            secure = self.context.wrap_socket(plain, server_hostname=self.host, session=session)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
            raise  # cut off, which passes
        except ssl.SSLError:
            raise PermanentFeedError(
                "tls",
                "the site's certificate or TLS is not acceptable: ask the site to renew it, or pin the certificate that it "
                "signed itself",
            ) from None
        if self._pinned:
            found = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
            if found != self._pinned:
                secure.close()
                raise PermanentFeedError(
                    "tls",
                    f"the site's server shows another certificate than the feed's (SHA-256: it shows {found}, the feed has "
                    f"{self._pinned}): ask the site whether it changed it, and compare before you write it into the feed",
                )
        return secure


@contextmanager
def ftp_login(client: FtpClient, address: FeedAddress, at: RemoteFolder) -> Iterator[None]:
    """Log in, for binary transfers; at the end the connection is cut, politely if nothing went wrong.

    Raises:
        FeedError: what kept us out. Other errors, and those inside, are left to the caller (`translate`).
    """
    implicit = at.scheme == "ftps"
    try:
        client.reach(at.host, at.port or PORTS[at.scheme], implicit=implicit)
        if at.scheme != "ftp":
            client.protect(implicit=implicit)
        secret = resolve(address.credential)
        try:
            ftplib.FTP.login(client, at.user, secret.get_secret_value() if secret else "")  # noqa: S321 - protected above
        except ftplib.error_perm:
            raise PermanentFeedError(
                "unauthorised", "the site does not accept our user or password: ask it for valid ones"
            ) from None
        client.voidcmd("TYPE I")
        yield
        client.hurry(FAREWELL_S)
        with contextlib.suppress(*ftplib.all_errors):
            client.quit()
    finally:
        client.close()


def ftp_client(address: FeedAddress, at: RemoteFolder, limits: Limits) -> FtpClient:
    """A client that is not connected yet.

    Raises:
        PermanentFeedError: code ``bad-address``.
    """
    if at.scheme not in PORTS:
        raise PermanentFeedError("bad-address", "an FTP address begins with ftpes://, ftps:// or ftp://")
    if at.scheme == "ftp":
        if address.options.get("accept_plaintext") is not True:
            raise PermanentFeedError(
                "bad-address",
                "ftp:// shows the password and the programme to everybody on the way, and lets them change both: use "
                "ftpes:// or ftps://, or set the option accept_plaintext to true",
            )
        return FtpClient(_authorities(), None, limits)
    pinned = str(address.options.get("certificate_sha256") or "").replace(":", "").lower() or None
    return FtpClient(_any_certificate() if pinned else _authorities(), pinned, limits)


@functools.cache
def _authorities() -> ssl.SSLContext:
    """The authorities of certifi, or of SSL_CERT_FILE; not the context of HTTP, which names its protocol to the server."""
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@functools.cache
def _any_certificate() -> ssl.SSLContext:
    """For feeds that pin theirs, which is checked by its hash as soon as it is seen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _keep_alive(connection: socket.socket) -> None:
    """The control connection is idle while data flow: routers on the way forget it within a minute or two."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), 20)


def reply_code(error: ftplib.Error) -> int:
    """The three digits of the server's answer; 0 where it gave none."""
    digits = str(error)[:3]
    return int(digits) if digits.isascii() and digits.isdecimal() else 0


def translate(error: Exception) -> FeedError:
    """What the site's engineer, or ours, can do about it; never in the words of the server, which hold names."""
    if isinstance(error, ftplib.Error):
        return _refusal(reply_code(error))
    if isinstance(error, TimeoutError):
        return PassingFeedError("timeout", "the site did not answer in time")
    return PassingFeedError("connection-lost", "the connection to the site broke off")


def _refusal(code: int) -> FeedError:
    for codes, kind, word, text in _REFUSALS:
        if code in codes:
            return kind(word, f"{text} (FTP {code})")
    return PassingFeedError("server-error", "the site's server does not speak FTP as it should")


_REFUSALS: tuple[tuple[Container[int], type[FeedError], str, str], ...] = (
    (
        {452, 552},
        PassingFeedError,
        "disk-full",
        "the site's disk or our share of it is full: ask it to make room",
    ),
    ({421}, PassingFeedError, "busy", "the site's server has too much to do, or goes down"),
    ({425, 426}, PassingFeedError, "connection-lost", "the data connection to the site failed"),
    (
        {331, 332, 430, 530, 532},
        PermanentFeedError,
        "unauthorised",
        "the site wants another login: ask it for a valid one",
    ),
    (
        {431, 521, 522, *range(533, 538)},
        PermanentFeedError,
        "tls",
        "the site's server refuses our TLS, or the lack of it: ask the site what it wants",
    ),
    (
        {550, 553},
        PermanentFeedError,
        "not-writable",
        "the site's server does not let us do this in the feed's folder: ask it for the right to",
    ),
    (range(500, 600), PermanentFeedError, "refused", "the site's server does not know how to do what we ask"),
    (
        range(400, 500),
        PassingFeedError,
        "storage-error",
        "the site's server failed: is its disk or our quota full?",
    ),
)
