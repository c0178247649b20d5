"""A streaming server as a transmitter site runs it: Debian's icecast2, on loopback, with TLS if told.

    with icecast(peer("icecast2"), mounts=(Mount("/programme", fallback="/stand-by"), Mount("/stand-by"))) as site:
        ... a source connects to site.port as `USER` with `PASSWORD` ...
        site.stats()["/programme"].listeners
        site.kill(); site.start()

Icecast does not run as root: there it runs as ``nobody``. The sites that go wrong are in `tests.live_sinks`.
Measured of 2.4.4: it hands on blocks of 1,400 bytes (87.5 ms at 128 kbit/s), never less, so what a listener hears
comes up to so much later than what the source sent; its counts of bytes are renewed every 5 seconds.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import ipaddress
import os
import secrets
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.live_sinks import PASSWORD, USER
from tests.ssh_sites import free_port, open_place

__all__ = ["PASSWORD", "USER", "Icecast", "Mount", "MountStats", "icecast", "self_signed"]

BLOCK_BYTES: Final = 1400
"""Icecast hands on an MP3 stream in blocks of this size."""
_SHARE: Final = Path("/usr/share/icecast2")
_PATIENCE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount with rules of its own. Mounts that are not named need none: a source makes them.

    ``fallback``: where listeners go while there is no source. ``returns``: they come back once there is one
    (Icecast's fallback-override). ``charset``: in which its titles are told; without one Icecast takes ISO8859-1, which
    has no Korean.
    """

    name: str
    fallback: str | None = None
    returns: bool = True
    burst_bytes: int | None = None
    username: str | None = None
    password: str | None = None
    charset: str | None = None

    def xml(self) -> str:
        rules = {
            "mount-name": self.name,
            "username": self.username,
            "password": self.password,
            "fallback-mount": self.fallback,
            "fallback-override": int(self.returns) if self.fallback else None,
            "burst-size": self.burst_bytes,
            "charset": self.charset,
        }
        return f'<mount type="normal">{_elements(rules)}</mount>'


@dataclass(frozen=True, slots=True)
class MountStats:
    """What Icecast says of a mount that has a source; the bytes are up to 5 seconds old."""

    listeners: int
    bytes_read: int
    bytes_sent: int
    content_type: str
    slow_listeners: int
    source_ip: str
    stream_start: datetime


@dataclass(slots=True)
class Icecast:
    """One server in a folder of its own, started and ended as often as a test wants, always at the same port."""

    place: Path
    program: Path
    mounts: Sequence[Mount] = ()
    source_timeout_s: int = 10
    header_timeout_s: int = 15
    burst_bytes: int = 0
    queue_bytes: int = 524_288
    max_sources: int = 1000
    max_clients: int = 4000
    certificate: Path | None = None
    """A file of certificate and key: it speaks TLS, and nothing else."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _admin: str = field(default_factory=lambda: secrets.token_hex(8))

    # ------------------------------------------------------------------ its life

    def start(self) -> None:
        """Start it and return once it answers. The first start chooses the port. Raises `RuntimeError` with its log."""
        if self.process is not None:
            raise RuntimeError("it runs already")
        tries = 1 if self.port else 5
        for _ in range(tries):
            port = self.port or free_port()
            self._launch(port)
            if self._answers(port):
                self.port = port
                return
            self._reap()
        raise RuntimeError(f"icecast2 does not start:\n{self.error_log[-2000:]}")

    def stop(self) -> None:
        """As an operator would: SIGTERM, and it takes its leave of everybody."""
        if self.process is not None:
            self.resume()
            self.process.terminate()
            self._reap()

    def kill(self) -> None:
        """As a power cut would: SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self._reap()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop its clock (SIGSTOP): connections stay open, nothing is read, new ones are taken by the kernel."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def _launch(self, port: int) -> None:
        config = self.place / "icecast.xml"
        config.write_text(self._config(port))
        other = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
        groups: list[int] | None = [] if os.geteuid() == 0 else None
        with (self.place / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                [str(self.program), "-c", str(config)],
                cwd=self.place,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                extra_groups=groups,
                user=other.get("user"),
                group=other.get("group"),
            )

    def _reap(self) -> None:
        process, self.process = self.process, None
        assert process is not None
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self, port: int) -> bool:
        """Whether this very server answers: another that has the port does not know its password."""
        assert self.process is not None
        until = time.monotonic() + _PATIENCE_S
        while self.process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException, PermissionError):
                self._admin_page("/admin/stats", port)
                return True
            time.sleep(0.02)
        if self.process.poll() is None:
            self.process.kill()
        return False

    # ------------------------------------------------------------------ what it says

    def url(self, mount: str) -> str:
        """Where a listener tunes in."""
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}{mount}"

    def stats(self) -> dict[str, MountStats]:
        """Every mount that has a source. A listener may hear one a moment before it is in here."""
        found = {}
        for source in ET.fromstring(self._admin_page("/admin/stats", self.port)).iter("source"):  # noqa: S314 - our own server
            said = {each.tag: each.text or "" for each in source}
            start = datetime.strptime(said["stream_start_iso8601"], "%Y-%m-%dT%H:%M:%S%z")
            found[source.attrib["mount"]] = MountStats(
                listeners=int(said["listeners"]),
                bytes_read=int(said.get("total_bytes_read", 0)),
                bytes_sent=int(said.get("total_bytes_sent", 0)),
                content_type=said.get("server_type", ""),
                slow_listeners=int(said.get("slow_listeners", 0)),
                source_ip=said.get("source_ip", ""),
                stream_start=start,
            )
        return found

    def wait_for_source(self, mount: str, *, there: bool = True, patience_s: float = _PATIENCE_S) -> None:
        """Return once a mount has a source, or has none. Raises `TimeoutError`."""
        self._wait(lambda mounts: (mount in mounts) is there, mount, patience_s)

    def wait_for_listeners(self, mount: str, count: int, *, patience_s: float = _PATIENCE_S) -> None:
        """Return once a mount has a source and so many listeners. Raises `TimeoutError`."""
        self._wait(lambda mounts: mount in mounts and mounts[mount].listeners == count, mount, patience_s)

    def _wait(self, is_so: Callable[[dict[str, MountStats]], bool], mount: str, patience_s: float) -> None:
        until = time.monotonic() + patience_s
        while not is_so(found := self.stats()):
            if time.monotonic() > until:
                raise TimeoutError(f"{mount} is still {found.get(mount)} after {patience_s:g} s")
            time.sleep(0.02)

    @property
    def access_log(self) -> list[str]:
        """One line for each request that is over."""
        path = self.place / "access.log"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def error_log(self) -> str:
        return "".join(
            path.read_text()
            for path in (self.place / "error.log", self.place / "output.log")
            if path.exists()
        )

    def _admin_page(self, path: str, port: int) -> str:
        """Raises `PermissionError` if it does not know us."""
        said = base64.b64encode(f"admin:{self._admin}".encode()).decode()
        connection = (
            http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=_trusting())
            if self.certificate
            else http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        )
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Authorization": f"Basic {said}"})
            answer = connection.getresponse()
            if answer.status != http.HTTPStatus.OK:
                raise PermissionError(f"{path}: {answer.status} {answer.reason}")
            return answer.read().decode()

    def _config(self, port: int) -> str:
        limits = {
            "clients": self.max_clients,
            "sources": self.max_sources,
            "queue-size": self.queue_bytes,
            "client-timeout": 30,
            "header-timeout": self.header_timeout_s,
            "source-timeout": self.source_timeout_s,
            "burst-size": self.burst_bytes,
        }
        people = {"source-password": PASSWORD, "admin-user": "admin", "admin-password": self._admin}
        door = {"port": port, "bind-address": "127.0.0.1", "ssl": 1 if self.certificate else None}
        paths = {
            "basedir": self.place,
            "logdir": self.place,
            "webroot": _SHARE / "web",
            "adminroot": _SHARE / "admin",
            "ssl-certificate": self.certificate,
        }
        logs = {"accesslog": "access.log", "errorlog": "error.log", "loglevel": 3}
        parts: dict[str, Mapping[str, object]] = {
            "limits": limits, "authentication": people, "listen-socket": door, "paths": paths, "logging": logs,
        }  # fmt: skip
        return (
            "<icecast><location>Earth</location><admin>nobody@example.org</admin><hostname>127.0.0.1</hostname>"
            + "".join(f"<{name}>{_elements(each)}</{name}>" for name, each in parts.items())
            + "".join(mount.xml() for mount in self.mounts)
            + "</icecast>"
        )


@contextmanager
def icecast(
    program: Path,
    *,
    mounts: Sequence[Mount] = (),
    tls: bool = False,
    source_timeout_s: int = 10,
    burst_bytes: int = 0,
    queue_bytes: int = 524_288,
    max_sources: int = 1000,
) -> Iterator[Icecast]:
    """A running server in a folder of its own, which goes with it. ``tls``: with a certificate that it signed itself."""
    with open_place() as place:
        place.chmod(0o777)
        server = Icecast(
            place,
            program,
            mounts,
            source_timeout_s=source_timeout_s,
            burst_bytes=burst_bytes,
            queue_bytes=queue_bytes,
            max_sources=max_sources,
            certificate=self_signed(place / "icecast.pem") if tls else None,
        )
        server.start()
        try:
            yield server
        finally:
            # Its leave-taking lasts a second, and nobody is there any more
            server.kill()


def self_signed(path: Path) -> Path:
    """Write a certificate for 127.0.0.1 and its key into one PEM file, as Icecast reads them.

    A client that has this file for its authorities trusts the server.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    # From 3.13 on Python wants of a certificate that it trusts what the standard wants of authorities
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o644)
    return path


def _trusting() -> ssl.SSLContext:
    """For our own looks at a server that we started."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _elements(values: Mapping[str, object]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items() if value is not None)
