"""A source client by hand, at its simplest: what is sent, and when, is up to who holds it."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from tests.live_sinks import PASSWORD, USER


@contextlib.contextmanager
def source(
    port: int, mount: str, *, method: str = "PUT", password: str = PASSWORD, tls: Path | None = None
) -> Iterator[tuple[socket.socket, bytes]]:
    """A source client at its simplest; gives its connection and the answer it got. ``tls``: the certificate to trust."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, _wrapped(plain, tls) as line:
        secret = base64.b64encode(f"{USER}:{password}".encode()).decode()
        expect = "Expect: 100-continue\r\n" if method == "PUT" else ""
        head = f"{method} {mount} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {secret}\r\n{expect}"
        line.sendall(f"{head}Content-Type: audio/mpeg\r\n\r\n".encode())
        answer = b""
        while b" 200 OK\r\n\r\n" not in answer and (more := line.recv(4096)):
            answer += more
        yield line, answer


def _wrapped(plain: socket.socket, certificate: Path | None) -> socket.socket:
    """The same socket without a certificate; closing it twice does no harm."""
    if certificate is None:
        return plain
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context.wrap_socket(plain, server_hostname="127.0.0.1")
