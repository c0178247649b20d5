"""A source client by hand, at its simplest: what is sent, and when, is up to who holds it."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
from collections.abc import Iterator

from tests.live_sinks import PASSWORD, USER


@contextlib.contextmanager
def source(
    port: int, mount: str, *, method: str = "PUT", password: str = PASSWORD, tls: bool = False
) -> Iterator[tuple[socket.socket, bytes]]:
    """A source client at its simplest; gives its connection and the answer it got."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        line = _wrapped(plain) if tls else plain
        secret = base64.b64encode(f"{USER}:{password}".encode()).decode()
        expect = "Expect: 100-continue\r\n" if method == "PUT" else ""
        head = f"{method} {mount} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic {secret}\r\n{expect}"
        line.sendall(f"{head}Content-Type: audio/mpeg\r\n\r\n".encode())
        answer = b""
        while b" 200 OK\r\n\r\n" not in answer and (more := line.recv(4096)):
            answer += more
        yield line, answer
        if tls:
            line.close()


def _wrapped(plain: socket.socket) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)
