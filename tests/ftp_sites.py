"""Transmitter sites that speak FTP: vsftpd, and a server that can go wrong in ways vsftpd cannot be told to.

Both are real FTP servers on loopback, with TLS unless told otherwise. vsftpd lets in the user ``anonymous``, with a
password from a list, and does its work as ``daemon``: so no account of the machine is touched.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from OpenSSL import SSL

from tests.ssh_sites import await_port, free_port

with warnings.catch_warnings():  # it is built on asyncore, which Python 3.11 announces to be gone in 3.12
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler  # type: ignore[import-untyped]
    from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
    from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

USER = "anonymous"
PASSWORD = "correct-horse"
WORKER = "daemon"
"""vsftpd enters the home of this account first, and that of `nobody` does not exist."""


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate for 127.0.0.1, signed by itself, and of its key."""

    cert: Path
    key: Path


@contextmanager
def vsftpd(
    place: Path, program: Path, certificate: Certificate | None, *, implicit: bool = False, extra: str = ""
) -> Iterator[int]:
    """Debian's vsftpd with the folder ``place/root``; gives its port. It is ended by its process id.

    TLS is demanded for commands and data, with the session of the one on the other.
    """
    if os.geteuid() != 0:
        pytest.skip("vsftpd shuts its user in, which only root can do")
    port, empty, passwords = free_port(), place / "empty", place / "passwords"
    empty.mkdir(mode=0o555)
    passwords.write_text(PASSWORD + "\n")
    lines = [
        "listen=YES", "listen_address=127.0.0.1", f"listen_port={port}", "background=NO", "seccomp_sandbox=NO",
        f"secure_chroot_dir={empty}", f"anon_root={place / 'root'}", "allow_writeable_chroot=YES", "anonymous_enable=YES",
        "local_enable=NO", f"ftp_username={WORKER}", "write_enable=YES", "anon_upload_enable=YES",
        "anon_other_write_enable=YES", "anon_world_readable_only=NO", "anon_umask=022", "secure_email_list_enable=YES",
        f"email_password_file={passwords}", "xferlog_enable=NO", "connect_from_port_20=NO", "delay_failed_login=0",
    ]  # fmt: skip
    if certificate is not None:
        lines += [
            "ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_logins_ssl=YES", "force_anon_data_ssl=YES",
            "require_ssl_reuse=YES", f"implicit_ssl={'YES' if implicit else 'NO'}",
            f"rsa_cert_file={certificate.cert}", f"rsa_private_key_file={certificate.key}",
        ]  # fmt: skip
    config = place / "vsftpd.conf"
    config.write_text("\n".join([*lines, extra, ""]))
    with subprocess.Popen([str(program), str(config)]) as server:
        try:
            await_port(port)
            yield port
        finally:
            server.terminate()


@dataclass
class Faults:
    """What goes wrong at a `FaultyFtp`."""

    refuse: dict[str, str] = field(default_factory=dict)
    """Command to the answer that it gets instead of being done."""
    silent: tuple[str, ...] = ()
    """Commands that are never answered."""
    unknown: tuple[str, ...] = ()
    """Commands that the server does not know; FEAT does not name them."""
    cut_at: int | None = None
    """The data connection of an upload is reset after so many bytes."""
    full_at: int | None = None
    """The disk is full then."""
    lose_control_at: int | None = None
    """After so many bytes the control connection is gone when the upload ends, once."""
    size_plus: int = 0
    """What is added to every size that is told."""
    drop_files: bool = False
    """A file that got its final name is lost."""
    no_overwrite: bool = False
    """A name that is taken stays so."""
    hash_is: str | None = None
    """XSHA256 is offered, and says this."""
    seen: list[str] = field(default_factory=list)
    """Every command."""


class FaultyFtp:
    """Serves ``folder`` to the user ``station`` until the end of its `with`; ``faults`` may be changed meanwhile."""

    def __init__(self, folder: Path, certificate: Certificate | None) -> None:
        self.faults = Faults()
        authoriser = DummyAuthorizer()
        authoriser.add_user("station", PASSWORD, str(folder), perm="elradfmwMT")
        served: dict[str, Any] = {"faults": self.faults, "authorizer": authoriser}
        base = _Control
        if certificate is not None:
            base = _TlsControl
            served |= {"certfile": str(certificate.cert), "keyfile": str(certificate.key)}
        self._loop = IOLoop()
        self._server = FTPServer(("127.0.0.1", 0), type("Served", (base,), served), ioloop=self._loop)
        self.port: int = self._server.address[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="faulty ftp")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._loop.loop(timeout=0.02, blocking=False)
        self._server.close_all()
        self._loop.close()


class _Data(DTPHandler):  # type: ignore[misc]
    def recv(self, size: int) -> Any:
        content = super().recv(size)
        faults, now = self.cmd_channel.faults, self.tot_bytes_received + len(content)
        if not content or not self.receive:
            return content
        if faults.cut_at is not None and now >= faults.cut_at:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._error = True  # no farewell of TLS
            self._resp = ("426 Broken off.", None)
        elif faults.full_at is not None and now >= faults.full_at:
            self._resp = ("452 No space left.", None)
        else:
            return content
        self.close()
        return b""

    def close(self) -> None:
        faults = self.cmd_channel.faults
        if faults.lose_control_at is not None and self.tot_bytes_received >= faults.lose_control_at:
            faults.lose_control_at = None
            self._resp = ("", None)
            self.cmd_channel.close_when_done()
        super().close()


class _TlsData(_Data, TLS_DTPHandler):  # type: ignore[misc]
    pass


class _Control(FTPHandler):  # type: ignore[misc]
    faults: Faults
    dtp_handler = _Data
    banner = "ready"

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        faults = self.faults
        faults.seen.append(line)
        if cmd in faults.silent:
            return
        if cmd in faults.unknown:
            self.respond(f"500 {cmd}?")
        elif cmd == "XSHA256" and faults.hash_is is not None:
            self.respond(f"250 {faults.hash_is}")
        elif cmd in faults.refuse:
            self.respond(faults.refuse[cmd])
        else:
            super().pre_process_command(line, cmd, arg)

    # pyftpdlib finds the commands by these names.

    def ftp_FEAT(self, line: str) -> None:  # noqa: N802
        names = {"UTF8", "TVFS", "MLST", "SIZE", "MDTM"} - set(self.faults.unknown)
        if self.faults.hash_is is not None:
            names.add("XSHA256")
        self.push("211-Features:\r\n" + "".join(f" {name}\r\n" for name in sorted(names)))
        self.respond("211 End")

    def ftp_SIZE(self, path: str) -> None:  # noqa: N802
        if self.faults.size_plus and Path(path).is_file():
            self.respond(f"213 {Path(path).stat().st_size + self.faults.size_plus}")
        else:
            super().ftp_SIZE(path)

    def ftp_RNTO(self, path: str) -> None:  # noqa: N802
        if self.faults.no_overwrite and Path(path).exists():
            self._rnfr = None
            self.respond("553 File exists.")
            return
        super().ftp_RNTO(path)
        if self.faults.drop_files:
            Path(path).unlink()


class _TlsControl(_Control, TLS_FTPHandler):  # type: ignore[misc]
    dtp_handler = _TlsData
    ssl_protocol = SSL.TLS_SERVER_METHOD
    tls_control_required = tls_data_required = True
