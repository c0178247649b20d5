"""What source clients say, and how it is understood."""

from __future__ import annotations

import asyncio
import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.studio.protocol import (
    LONGEST_HEAD,
    Refused,
    Request,
    answer,
    body_of,
    parse_head,
    read_request,
    welcome,
)

FFMPEG = (
    b"PUT /studio/12?now=1 HTTP/1.1\r\nUser-Agent: Lavf/59\r\nAccept: */*\r\nExpect: 100-continue\r\nConnection: close\r\n"
    b"Host: 127.0.0.1:8010\r\nContent-Type: audio/mpeg\r\nIcy-MetaData: 1\r\nIce-Public: 0\r\nAuthorization: Basic "
    + base64.b64encode(b"source:danpa_secret:with:colons")
)
OLD = (
    b"SOURCE /studio/evening ICE/1.0\r\ncontent-type: Audio/MPEG; charset=x\r\nauthorization: basic "
    + base64.b64encode("김하늘:k".encode())
)


def test_ffmpeg_is_understood() -> None:
    request = parse_head(FFMPEG)
    assert (request.method, request.path, request.query) == ("PUT", "/studio/12", {"now": "1"})
    assert (request.user, request.password) == ("source", "danpa_secret:with:colons")
    assert request.is_source
    assert request.expects_continue
    assert request.media_type == "audio/mpeg"
    assert welcome(request) == b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\n"


def test_older_clients_are_understood_too() -> None:
    request = parse_head(OLD)
    assert (request.method, request.path, request.user, request.password) == (
        "SOURCE",
        "/studio/evening",
        "김하늘",
        "k",
    )
    assert request.media_type == "audio/mpeg"
    assert welcome(request) == b"HTTP/1.0 200 OK\r\n\r\n"


def test_a_key_is_never_in_the_request_s_own_words() -> None:
    assert "danpa_secret" not in repr(parse_head(FFMPEG)).partition("authorization")[0]


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Bearer x", "Basic /w=="],
)
def test_credentials_that_cannot_be_read_are_none(header: str) -> None:
    request = parse_head(f"PUT / HTTP/1.1\r\nAuthorization: {header}".encode())
    assert (request.user, request.password) == (None, None)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"PUT",
        b"PUT x HTTP/1.1",
        b"PUT / HTTP/2",
        b"PUT / HTTP/1.1\r\nno colon",
        b"PUT / HTTP/1.1\r\n a: folded",
    ],
)
def test_nonsense_is_refused(head: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_head(head)
    assert refused.value.status == 400


@given(st.binary(max_size=300))
def test_no_head_does_more_than_be_refused(head: bytes) -> None:
    with contextlib.suppress(Refused):
        parse_head(head)


async def _fed(content: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_HEAD)
    reader.feed_data(content)
    reader.feed_eof()
    return reader


def test_a_head_that_does_not_end_is_refused_or_an_end() -> None:
    async def read(content: bytes) -> Request:
        return await read_request(await _fed(content))

    with pytest.raises(EOFError):
        asyncio.run(read(FFMPEG))
    with pytest.raises(Refused) as refused:
        asyncio.run(read(b"PUT / HTTP/1.1\r\nx: " + b"y" * LONGEST_HEAD + b"\r\n\r\n"))
    assert refused.value.status == 431


def _body(headers: str, content: bytes) -> bytes:
    request = parse_head(f"PUT / HTTP/1.1{headers}".encode())

    async def collected() -> bytes:
        return b"".join([piece async for piece in body_of(request, await _fed(content))])

    return asyncio.run(collected())


@pytest.mark.parametrize(
    ("headers", "content", "body"),
    [
        ("", b"sound until the end", b"sound until the end"),
        ("\r\nContent-Length: 5", b"soundand more", b"sound"),
        (
            "\r\nTransfer-Encoding: chunked",
            b"3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n",
            b"abc0123456789abcdef",
        ),
        ("\r\nTransfer-Encoding: chunked", b"ff\r\ncut short", b"cut short"),
        ("\r\nTransfer-Encoding: chunked", b"", b""),
    ],
)
def test_the_sound_is_what_the_client_says_it_is(headers: str, content: bytes, body: bytes) -> None:
    assert _body(headers, content) == body


@pytest.mark.parametrize("content", [b"xyz\r\nabc", b"-1\r\nabc", b"123456789\r\n", b"0" * 20_000])
def test_chunks_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        _body("\r\nTransfer-Encoding: chunked", content)


def test_an_answer_says_why_where_clients_show_it() -> None:
    assert answer(403, "Mountpoint in use").startswith(b"HTTP/1.0 403 Forbidden: Mountpoint in use\r\n")
    assert b"WWW-Authenticate" in answer(401)
    assert answer(403, "한글").startswith(b"HTTP/1.0 403 Forbidden\r\n")
