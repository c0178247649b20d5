"""Transmitter sites that speak SFTP: Debian's own sshd, and a server that can go wrong in ways sshd cannot be told to.

Both are real SSH servers on loopback. sshd lets in one user by key; as root that user is ``nobody``, so that its
rights are those of a site's customer.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

USER = "nobody" if os.geteuid() == 0 else getpass.getuser()
PASSWORD = "correct horse"


@dataclass(frozen=True)
class SshSite:
    """A running server. ``key`` is the file of the private key that it lets in, ``host_key`` the line to pin."""

    port: int
    key: Path
    host_key: str


def new_key(path: Path, kind: str = "ssh-ed25519") -> str:
    """Write a private key, mode 0600; gives the public one as a line."""
    key = asyncssh.generate_private_key(kind)
    path.write_bytes(key.export_private_key())
    path.chmod(0o600)
    return " ".join(key.export_public_key().decode().split()[:2])


@contextmanager
def open_place() -> Iterator[Path]:
    """A folder that every user of the machine may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="danpa-site-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


@contextmanager
def openssh(
    place: Path, sshd: Path, *, denied: str = "", host_keys: tuple[str, ...] = ("ssh-ed25519",)
) -> Iterator[SshSite]:
    """Debian's sshd on a free port. ``denied`` names SFTP requests that it shall not know (``posix-rename,fsync``).

    Its configuration lies in ``place``; it is ended by its process id.
    """
    key, port = place / "user_key", free_port()
    authorised = place / "authorized_keys"
    authorised.write_text(new_key(key) + "\n")
    lines = [new_key(place / f"host_{kind}", kind) for kind in host_keys]
    sftp = "internal-sftp" + (f" -P {denied}" if denied else "")
    config = place / "sshd_config"
    config.write_text(
        "\n".join(
            [
                f"Port {port}", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no",
                *(f"HostKey {place}/host_{kind}" for kind in host_keys),
                f"AuthorizedKeysFile {authorised}", "PasswordAuthentication no", "MaxStartups 100",
                f"Subsystem sftp {sftp}", f"ForceCommand {sftp}", "",
            ]
        )
    )  # fmt: skip
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd puts itself before a login
    command = [str(sshd), "-D", "-e", "-f", str(config)]
    # Since 9.8 it shuts out addresses that fail too often, and all of these tests come from one.
    patient = ["-o", "PerSourcePenalties=no"]
    if subprocess.run([*command, "-t", *patient], check=False, capture_output=True).returncode == 0:
        command += patient
    with (place / "sshd.log").open("wb") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            await_port(port)
            yield SshSite(port, key, "\n".join(lines))
        finally:
            server.terminate()


class FaultySftp(asyncssh.SFTPServer):
    """Serves ``folder``, with one fault."""

    folder: Path
    fault: str = ""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=os.fsencode(self.folder))

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._told(super().stat(path))

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._told(super().lstat(path))

    def _told(self, status: Any) -> asyncssh.SFTPAttrs:
        attributes = asyncssh.SFTPAttrs.from_local(status)
        if self.fault == "size too large" and attributes.size:
            attributes.size += 1
        return attributes

    def write(self, file_obj: Any, offset: int, data: bytes) -> Any:
        if self.fault == "loses a block" and offset == 1 << 17:
            return len(data)
        if self.fault == "over quota" and offset >= 1 << 17:
            raise asyncssh.SFTPQuotaExceeded("no")
        return super().write(file_obj, offset, data)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self.fault == "loses the file":
            return super().remove(oldpath)
        return super().posix_rename(oldpath, newpath)

    async def close(self, file_obj: Any) -> None:
        super().close(file_obj)
        if self.fault == "hangs at the end":
            await asyncio.Event().wait()


@contextmanager
def faulty_ssh(place: Path, folder: Path, fault: str = "", like: SshSite | None = None) -> Iterator[SshSite]:
    """A server in a thread of ours that knows a password (`PASSWORD`) and a fault of `FaultySftp`.

    ``like``: it lets in the key of that site's user too.
    """
    served = type("Served", (FaultySftp,), {"folder": folder, "fault": fault})
    key = place / "unused"
    host_key = new_key(place / "faulty_host_key")
    started: threading.Event = threading.Event()
    running: list[Any] = []

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    known = asyncssh.import_authorized_keys(_public(like.key)) if like else None

    async def serve() -> None:
        keys = [str(place / "faulty_host_key")]
        stop = asyncio.Event()
        async with await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=keys,
            server_factory=Door,
            sftp_factory=served,
            config=None,
            authorized_client_keys=known,
        ) as listener:
            running.extend([listener.get_port(), asyncio.get_running_loop(), stop])
            started.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="faulty ssh")
    thread.start()
    started.wait()
    port, loop, stop = running
    try:
        yield SshSite(port, key, host_key)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _public(key: Path) -> str:
    return asyncssh.read_private_key(key).export_public_key().decode()


@contextmanager
def silent_server(greeting: bytes = b"") -> Iterator[int]:
    """A port that takes every connection, says at most ``greeting`` and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.sendall(greeting)
                    held.append(connection)

        threading.Thread(target=accept, daemon=True, name="silent server").start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def free_port() -> int:
    """One that nobody has now; for servers that cannot choose their own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_port(port: int) -> None:
    """Return once something listens there."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens at port {port}")
