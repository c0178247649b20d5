"""Icecast's source protocol, the server's side of it: what a source client says, and what it is answered.

PUT with HTTP/1.1 (Icecast 2.4 and later, libshout 2.4, ffmpeg) and the older SOURCE; Basic authentication. A client that
expects `100 Continue` gets it and then, as Icecast does it, the answer at once: some wait for the one, some for the other.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

LONGEST_HEAD = 16 << 10
HEAD_S = 10.0
"""Who has not said what he wants by then never will."""

CHUNK = 1 << 14
_FIRST_LINE = re.compile(r"(?P<method>[A-Z]{3,10}) (?P<target>/\S*) (?P<version>HTTP/1\.[01]|ICE/1\.0)")
_METHODS = frozenset({"PUT", "SOURCE"})


class Refused(Exception):
    """What a client asked for is not done. ``status`` and words are the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case names."""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def is_source(self) -> bool:
        """Whether somebody wants to send us sound."""
        return self.method in _METHODS

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def expects_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"


def parse_head(head: bytes) -> Request:
    """The request whose head this is, without the empty line that ends it. Raises Refused."""
    try:
        first, *rest = head.decode("latin-1").split("\r\n")
    except UnicodeDecodeError:  # latin-1 takes every byte
        raise Refused(400, "this is not a request") from None
    found = _FIRST_LINE.fullmatch(first)
    if found is None:
        raise Refused(400, "this is not a request that a source client makes")
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or name != name.strip():
            raise Refused(400, "a header of this request cannot be read")
        headers[name.lower()] = value.strip()
    parts = urlsplit(found["target"])
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    user, password = _credentials(headers.get("authorization", ""))
    return Request(found["method"], unquote(parts.path), query, headers, user, password)


def _credentials(header: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return (user, password) if colon else (None, None)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request's head. Raises Refused; EOFError where nothing comes, TimeoutError where it takes too long."""
    try:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise EOFError from error
    except asyncio.LimitOverrunError:
        raise Refused(431, f"the head of this request is longer than {LONGEST_HEAD} bytes") from None
    return parse_head(head[:-4])


def answer(status: int, words: str = "") -> bytes:
    """A whole answer, after which the connection is closed."""
    reason = HTTPStatus(status).phrase
    body = f"{words or reason}\n".encode()
    # Icecast's clients show the reason to people, and seldom the body: what can be said in Latin is said there too
    told = f"{reason}: {words}" if words.isascii() and words and status != 200 else reason
    lines = [
        f"HTTP/1.0 {status} {told}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(['WWW-Authenticate: Basic realm="Danpa studio"'] if status == 401 else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def welcome(request: Request) -> bytes:
    """Before the sound: send it."""
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n" if request.expects_continue else b""
    return go_on + b"HTTP/1.0 200 OK\r\n\r\n"


async def body_of(request: Request, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The sound as it comes, until the client ends it, in whichever way. Raises Refused for chunks that are none."""
    if request.is_chunked:
        async for piece in _chunks(reader):
            yield piece
        return
    length = request.headers.get("content-length", "")
    left = int(length) if length.isdecimal() else None
    while left is None or left > 0:
        piece = await reader.read(CHUNK if left is None else min(CHUNK, left))
        if not piece:
            return
        if left is not None:
            left -= len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """RFC 9112, 7.1. An end in the middle is an end."""
    try:
        while size := _size(await reader.readuntil(b"\r\n")):
            while size:
                piece = await reader.read(min(CHUNK, size))
                if not piece:
                    return
                size -= len(piece)
                yield piece
            await reader.readexactly(2)
    except asyncio.IncompleteReadError:
        return
    except asyncio.LimitOverrunError:
        raise Refused(400, "a chunk of this request has no size") from None


def _size(line: bytes) -> int:
    text = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", text):
        raise Refused(400, "a chunk of this request has no size")
    return int(text, 16)
