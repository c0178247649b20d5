"""A transmitter site that speaks FTP: Debian's vsftpd, on loopback, with TLS unless told otherwise.

It lets in the user ``anonymous``, with a password from a list, and does its work as ``daemon``: so no account of the
machine is touched. The site that goes wrong is in `tests.ftp_faults`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ssh_sites import await_port, free_port

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
