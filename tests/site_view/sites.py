"""Six transmitter sites on real servers, each with a disk of its own, and what can befall them.

A fault is a function that begins it and gives the one that ends it: ``mend = site.faults["full"](random)``.
"""

from __future__ import annotations

import hashlib
import os
import resource
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from tests import ftp_sites, s3_sites, ssh_sites
from tests.cut_lines import CutLine
from tests.disks import mounted
from tests.ftp_sites import Certificate
from tests.receivers import Fault as Wrong
from tests.receivers import Receiver
from tests.receivers import certificate as make_certificate

KIB_64 = 1 << 16
PIECES = 14
"""An hour's minute of MP3 at 128 kbit/s is 14.6 times 64 KiB."""

Mend = Callable[[], None]
Fault = Callable[[Random], Mend]
Peer = Callable[[str], Path]


@dataclass
class Site:
    """Where the station delivers (``protocol``, ``address``, ``fields`` of its feed), and what lies there."""

    label: str
    protocol: str
    address: str
    folder: Path
    """What its player airs from."""
    template: str = "{date}_{time}.{ext}"
    finds: str = "%Y%m%d_%H%M.mp3"
    """The agreed name as a pattern for `Path.glob`, after `strftime`."""
    fields: dict[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Fault] = field(default_factory=dict)
    again: Callable[[], None] = lambda: None
    """Called between instants: what a fault does once, it does again."""

    def tonight(self, on_air_at: datetime) -> Path | None:
        """What a naive automation plays: the last file that fits the pattern, whatever it is."""
        found = sorted(self.folder.glob(f"{on_air_at:{self.finds}}"))
        return found[-1] if found else None


class Breaking:
    """A line to a server with the faults of lines: cut at a multiple of 64 KiB, over and over, or dead."""

    def __init__(self, line: CutLine, server_port: int) -> None:
        self.line = line
        self._server_port = server_port
        self._piece = 0

    def cut(self, random: Random) -> Mend:
        self._piece = random.randrange(1, PIECES + 1) * KIB_64
        self.again()

        def mend() -> None:
            self._piece = 0
            self.line.cut_after(1 << 40)

        return mend

    def again(self) -> None:
        if self._piece:
            self.line.cut_after(self._piece)

    def down(self, _random: Random) -> Mend:
        return self.leads_to(ssh_sites.free_port())

    def leads_to(self, port: int) -> Mend:
        self.line.lead_to(port)
        return lambda: self.line.lead_to(self._server_port)

    def dies_with_it(self, folder: Path) -> Fault:
        """The line goes dead for good as soon as a file has its name: the station cannot know."""

        def begin(_random: Random) -> Mend:
            mended, before = threading.Event(), _files(folder)

            def watch() -> None:
                while not mended.wait(0.001):
                    if _files(folder) != before:
                        self.line.lead_to(ssh_sites.free_port())
                        self.line.cut_after(0)
                        return

            watching = threading.Thread(target=watch, name="dies with it")
            watching.start()

            def mend() -> None:
                mended.set()
                watching.join()
                self.line.lead_to(self._server_port)

            return mend

        return begin


def _files(folder: Path) -> set[tuple[str, int]]:
    """What a player would take, and its inode."""
    return {(path.name, path.stat().st_ino) for path in folder.glob("[!.]*.mp3")}


def full(disk: Path) -> Fault:
    """Room for some multiples of 64 KiB is left, less than a programme."""

    def begin(random: Random) -> Mend:
        ballast, status = disk / "ballast", os.statvfs(disk)
        room = random.randrange(PIECES) * KIB_64
        with ballast.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, status.f_bavail * status.f_frsize - room)
        return ballast.unlink

    return begin


def denied(folder: Path) -> Fault:
    """Nobody but root may write there."""

    def begin(_random: Random) -> Mend:
        folder.chmod(0o555)
        return lambda: folder.chmod(0o777)

    return begin


def read_only(disk: Path) -> Fault:
    """Not even root may write there."""

    def begin(_random: Random) -> Mend:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        return lambda: _writable(disk)

    return begin


def gone(way: Path) -> Fault:
    """What the station knows the folder by leads nowhere: a mount is lost. The site's own player still has it."""

    def begin(_random: Random) -> Mend:
        folder = way.readlink()
        way.unlink()
        return lambda: way.symlink_to(folder)

    return begin


def _writable(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def _open_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    path.chmod(0o777)
    return path


# ---------------------------------------------------------------- the sites


@contextmanager
def sftp(peer: Peer) -> Iterator[Site]:
    """sshd behind a line; a second one with another host key; one of the same key that lies about sizes."""
    sshd = Path("/usr/sbin/sshd") if Path("/usr/sbin/sshd").exists() else peer("sshd")
    with (
        ssh_sites.open_place() as place,
        ssh_sites.open_place() as other,
        mounted(place / "disk", "24m") as disk,
    ):
        folder = _open_folder(disk / "in")
        _open_folder(disk / "manifests")
        with (
            ssh_sites.openssh(place, sshd) as server,
            ssh_sites.openssh(other, sshd) as stranger,
            ssh_sites.faulty_ssh(other, Path("/"), "size too large", like=server) as liar,
            CutLine(server.port) as line,
        ):
            way = Breaking(line, server.port)
            yield Site(
                "sftp",
                "sftp",
                f"sftp://{ssh_sites.USER}@127.0.0.1:{line.port}{folder}",
                folder,
                finds="%Y%m%d_%H%M*",
                fields={
                    "credential": f"file:{server.key}",
                    "options": {"host_key": f"{server.host_key}\n{liar.host_key}"},
                    "sidecar": "../manifests/{name}.json",
                    "may_remove": True,
                },
                faults={
                    "cut": way.cut,
                    "down": way.down,
                    "dies with it": way.dies_with_it(folder),
                    "full": full(disk),
                    "denied": denied(folder),
                    "changed key": lambda _: way.leads_to(stranger.port),
                    "lies about sizes": lambda _: way.leads_to(liar.port),
                },
                again=way.again,
            )


@contextmanager
def ftps(peer: Peer) -> Iterator[Site]:
    """vsftpd, its control connection behind a line; a second one with another certificate.

    Data connections go past the line: sessions are cut by the kernel, which kills the process that writes too much.
    """
    program = Path("/usr/sbin/vsftpd") if Path("/usr/sbin/vsftpd").exists() else peer("vsftpd")
    with ssh_sites.open_place() as place, ssh_sites.open_place() as other:
        ours, theirs = (Certificate(*make_certificate(each, peer("openssl"))) for each in (place, other))
        _open_folder(other / "root")
        with (
            mounted(place / "root", "24m") as disk,
            ftp_sites.vsftpd(place, program, ours) as port,
            ftp_sites.vsftpd(other, program, theirs) as stranger,
            CutLine(port) as line,
        ):
            disk.chmod(0o755)  # it refuses to serve a folder whose root everybody may write
            folder = _open_folder(disk / "in")
            way = Breaking(line, port)
            yield Site(
                "ftps",
                "ftp",
                f"ftpes://{ftp_sites.USER}@127.0.0.1:{line.port}/in",
                folder,
                fields={
                    "credential": "env:DANPA_FEED_FTPS",
                    "options": {"certificate_sha256": fingerprint(ours)},
                    "sidecar": "{name}.json",
                    "temporary": "{name}.tmp",
                },
                faults={
                    "cut": killed_at_size(place / "vsftpd.conf"),
                    "down": way.down,
                    "dies with it": way.dies_with_it(folder),
                    "full": full(disk),
                    "denied": denied(folder),
                    "changed key": lambda _: way.leads_to(stranger),
                },
            )


def killed_at_size(argument: Path) -> Fault:
    """The kernel ends each session of the server that was started with this argument when a file gets that large."""

    def begin(random: Random) -> Mend:
        server = next(
            int(each.parent.name)
            for each in Path("/proc").glob("[0-9]*/cmdline")
            if str(argument).encode() in each.read_bytes().split(b"\0")
        )
        piece = random.randrange(1, PIECES + 1) * KIB_64
        before = resource.prlimit(server, resource.RLIMIT_FSIZE, (piece, resource.RLIM_INFINITY))

        def mend() -> None:
            resource.prlimit(server, resource.RLIMIT_FSIZE, before)

        return mend

    return begin


def fingerprint(certificate: Certificate) -> str:
    """The SHA-256 that a feed pins."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.cert.read_text())).hexdigest()


@contextmanager
def s3(peer: Peer, place: Path) -> Iterator[Site]:
    """rclone's store behind a line."""
    with (
        mounted(place, "24m") as disk,
        s3_sites.S3Site(disk, peer("rclone")) as store,
        CutLine(store.port) as line,
    ):
        way = Breaking(line, store.port)

        def changed_key(_random: Random) -> Mend:
            os.environ["DANPA_FEED_S3"] = f"{s3_sites.ACCESS_KEY_ID}:another"
            return lambda: os.environ.update(DANPA_FEED_S3=s3_sites.LOGIN)

        yield Site(
            "s3",
            "s3",
            f"http://127.0.0.1:{line.port}/station/in",
            store.folder,
            fields={"credential": "env:DANPA_FEED_S3", "sidecar": "{name}.json"},
            faults={
                "cut": way.cut,
                "down": way.down,
                "dies with it": way.dies_with_it(store.folder),
                "full": full(disk),
                "denied": read_only(disk),
                "changed key": changed_key,
            },
            again=way.again,
        )


@contextmanager
def folder(place: Path, label: str, **fields: Any) -> Iterator[Site]:
    """A disk of the site's that the station has mounted."""
    with mounted(place, "24m") as disk:
        path, way = _open_folder(disk / "in"), place.with_name(f"{place.name}-mounted")
        way.symlink_to(path)
        faults = {"full": full(disk), "denied": read_only(disk), "down": gone(way)}
        yield Site(label, "folder", str(way), path, fields=fields, faults=faults)


@contextmanager
def http(place: Path) -> Iterator[Site]:
    """A server that takes PUT, and does what it is told to do wrong until it is told to stop."""
    with _Willing(place) as server:
        faults = {
            "cut": Wrong("cut"),
            "loses it": Wrong("lose"),
            "a bit is wrong": Wrong("corrupt"),
            "503": Wrong("error", status=503),
            "401": Wrong("error", status=401, early=True),
            "cannot be read back": Wrong("error", method="GET"),
        }
        yield Site(
            "http",
            "http_put",
            server.url,
            place,
            faults={name: server.does(each) for name, each in faults.items()},
        )


class _Willing(Receiver):
    def does(self, wrong: Wrong) -> Fault:
        def begin(_random: Random) -> Mend:
            self.fail(wrong, times=1000)
            return self._faults.clear

        return begin
