"""A login at a site's SSH server, as far as an open SFTP session.

Nobody is told our password, and nothing is signed with our key, before the server has shown the key that the feed
pins. Only what the feed says counts: no agent, nothing from ``~/.ssh``, no host keys learnt on first use.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncssh

from app.feeds.contract import FeedAddress, Limits
from app.feeds.credentials import Password, PrivateKey, resolve_login
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.remote_paths import RemoteFolder
from app.feeds.threads import Stop, in_own_thread

logging.getLogger("asyncssh").setLevel(logging.ERROR)  # it logs hosts, users and names of files

DEFAULT_PORT = 22
GRACE_S = 2.0
"""For taking leave; then the connection is cut."""

# AES-GCM first: 200 MB/s here against 155 of ChaCha20, asyncssh's first choice.
_CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
_NO_RESOURCES = 4  # RFC 4254, 5.1


@dataclass(frozen=True, slots=True)
class SftpSession:
    """An open session and who answers it."""

    client: asyncssh.SFTPClient
    server: str
    """The server's own words for its software."""
    host_key: str
    """The fingerprint of the key it showed: ``SHA256:...``."""


@asynccontextmanager
async def sftp_session(address: FeedAddress, at: RemoteFolder, limits: Limits) -> AsyncIterator[SftpSession]:
    """Log in, and out again. An error inside cuts the connection, and with it whatever is still under way.

    Raises:
        FeedError: what went wrong, inside too.
    """
    doorkeeper = _Doorkeeper(_pinned(address))
    try:
        connection = await _log_in(address, at, doorkeeper, limits)
        try:
            async with asyncio.timeout(limits.quiet_s):
                client = await connection.start_sftp_client(path_encoding=None)
            server = str(connection.get_extra_info("server_version", ""))[:100]
            yield SftpSession(client, server, doorkeeper.fingerprint)
            client.exit()
            connection.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GRACE_S):
                    await connection.wait_closed()
        finally:
            connection.abort()
    except asyncssh.HostKeyNotVerifiable:
        raise _wrong_key(doorkeeper) from None
    except TimeoutError:
        raise PassingFeedError("timeout", "the site did not answer in time") from None
    except (OSError, asyncssh.Error) as error:
        raise translate(error) from None  # the library's words hold users, hosts and names


class _Doorkeeper(asyncssh.SSHClient):
    """Accepts the pinned keys, and remembers what was shown."""

    def __init__(self, pinned: list[asyncssh.SSHKey]) -> None:
        self.pinned = pinned
        self.shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port  # wherever it stands, the key decides
        self.shown = key
        return key in self.pinned

    @property
    def fingerprint(self) -> str:
        return self.shown.get_fingerprint() if self.shown else "none"


def _pinned(address: FeedAddress) -> list[asyncssh.SSHKey]:
    lines = str(address.options.get("host_key") or "").splitlines()
    try:
        return [asyncssh.import_public_key(line.strip()) for line in lines if line.strip()]
    except asyncssh.KeyImportError:
        raise PermanentFeedError(
            "host-key", 'the feed\'s host key is no key: write lines such as "ssh-ed25519 AAAA..."'
        ) from None


async def _log_in(
    address: FeedAddress, at: RemoteFolder, doorkeeper: _Doorkeeper, limits: Limits
) -> asyncssh.SSHClientConnection:
    login = _login(address)
    connected = await _connected(at, limits.connect_s)
    try:
        async with asyncio.timeout(limits.quiet_s):
            return await asyncssh.connect(
                at.host,
                at.port or DEFAULT_PORT,
                sock=connected,
                username=at.user,
                client_factory=lambda: doorkeeper,
                known_hosts=_nobody_known,
                server_host_key_algs=_key_types(doorkeeper.pinned),
                encryption_algs=_CIPHERS,
                compression_algs=None,
                keepalive_interval=limits.quiet_s / 4,
                login_timeout=0,  # ours
                config=None,
                agent_path=None,
                gss_host=None,
                x509_trusted_certs=None,
                x509_trusted_cert_paths=[],
                **login,
            )
    except BaseException:
        connected.close()
        raise


async def _connected(at: RemoteFolder, seconds: float) -> socket.socket:
    """Resolving may hang, and asyncio would let it hang in the few threads that it shares: so in one of our own."""
    made: list[socket.socket] = []

    def connect(stop: Stop) -> socket.socket:
        made.append(socket.create_connection((at.host, at.port or DEFAULT_PORT), timeout=seconds))
        if stop.is_set():
            made[0].close()
        return made[0]

    try:
        connection = await in_own_thread(connect, seconds)
    except asyncio.CancelledError:
        for unused in made:
            unused.close()
        raise
    except TimeoutError:
        raise PassingFeedError("timeout", "the site did not answer in time") from None
    except socket.gaierror:
        raise PassingFeedError(
            "host-unknown", "the feed's host name does not resolve: is it right, is the network up?"
        ) from None
    except OSError:
        raise PassingFeedError(
            "unreachable", "no connection to the site: its server or the way to it is down"
        ) from None
    connection.setblocking(False)
    return connection


def _login(address: FeedAddress) -> dict[str, Any]:
    match resolve_login(address.credential):
        case PrivateKey(pem):
            try:
                key = asyncssh.import_private_key(pem.get_secret_value())
            except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
                raise PermanentFeedError(
                    "credential",
                    "the feed's credential holds a key that cannot be used: it must be a private key without passphrase",
                ) from None
            return {"client_keys": [key], "preferred_auth": "publickey"}
        case Password(secret):
            return {
                "client_keys": None,
                "password": secret.get_secret_value(),
                "preferred_auth": "password,keyboard-interactive",
            }
        case None:
            return {"client_keys": None, "preferred_auth": "password"}


def _nobody_known(*_: object) -> tuple[list[str], list[str], list[str]]:
    """For each key the doorkeeper is asked, so that a wrong one can be told."""
    return [], [], []


def _key_types(pinned: list[asyncssh.SSHKey]) -> str:
    """Ask for the types that we know first: a server with several keys must not look like one with another key."""
    types = [name.decode("ascii") for key in pinned for name in key.sig_algorithms]
    return "^" + ",".join(types) if types else "default"


def _wrong_key(doorkeeper: _Doorkeeper) -> PermanentFeedError:
    shown = (
        f"{doorkeeper.shown.get_algorithm()} {doorkeeper.fingerprint}" if doorkeeper.shown else "no plain key"
    )
    pinned = (
        ", ".join(f"{key.get_algorithm()} {key.get_fingerprint()}" for key in doorkeeper.pinned) or "none"
    )
    return PermanentFeedError(
        "host-key",
        f"the site's server shows another key than the feed's (it shows {shown}, the feed has {pinned}); nothing was "
        "sent: ask the site whether it changed its key, and compare before you write it into the feed",
    )


def translate(error: OSError | asyncssh.Error) -> FeedError:
    """What the site's engineer, or ours, can do about it; never in the words of the library or the server."""
    for kinds, refusal in _ANSWERS:
        if isinstance(error, kinds):
            return refusal()
    if isinstance(error, asyncssh.ChannelOpenError) and error.code != _NO_RESOURCES:
        return PermanentFeedError(
            "refused", "the site's server lets us log in, but opens no SFTP: ask the site to allow it"
        )
    if isinstance(error, asyncssh.SFTPError):
        return PassingFeedError(
            "storage-error",
            f"the site's server failed and does not say why (SFTP status {error.code}): is its disk or our quota full?",
        )
    return PassingFeedError("connection-lost", "the connection to the site broke off")


_ANSWERS = (
    (
        asyncssh.PermissionDenied,
        lambda: PermanentFeedError(
            "unauthorised", "the site does not accept our user or credential: ask it for valid ones"
        ),
    ),
    (
        asyncssh.KeyExchangeFailed,
        lambda: PermanentFeedError(
            "refused",
            "the site's SSH server and ours have no safe cipher or key type in common: ask it to update",
        ),
    ),
    (
        (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory),
        lambda: PermanentFeedError(
            "folder-missing",
            "the feed's folder, or that of its temporary files, is not there: check the address",
        ),
    ),
    (
        (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect, asyncssh.SFTPFileIsADirectory),
        lambda: PermanentFeedError(
            "not-writable",
            "the site's server does not let us do this in the feed's folder: ask it for the right to",
        ),
    ),
    (
        (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded),
        lambda: PassingFeedError(
            "disk-full", "the site's disk or our share of it is full: ask the site to make room"
        ),
    ),
    (
        (asyncssh.SFTPOpUnsupported, asyncssh.SFTPInvalidFilename, asyncssh.SFTPInvalidParameter),
        lambda: PermanentFeedError("refused", "the site's server does not know how to do what we ask"),
    ),
    (
        (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection),
        lambda: PassingFeedError("connection-lost", "the connection to the site broke off"),
    ),
)
