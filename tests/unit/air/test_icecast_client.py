"""The source client against servers in this process: what an answer means, and what holds nobody else up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.air.endpoints import icecast as module
from app.air.endpoints.contract import LiveAddress
from app.air.endpoints.icecast import IcecastEndpoint
from app.feeds.errors import FeedError

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

OK = b"HTTP/1.0 200 OK\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@asynccontextmanager
async def server(*parts: bytes, hangs_up: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers a head in parts, a moment between them. Gives its address, and what it was asked."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        if not hangs_up:
            await reader.read()
        writer.close()

    made = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with made:
        yield f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/live", heads


def endpoint(address: str, **options: Any) -> IcecastEndpoint:
    return IcecastEndpoint(LiveAddress("icecast", address, "audio/mpeg", options=options))


@pytest.mark.parametrize(
    "parts", [(OK,), (CONTINUE, OK), (CONTINUE + OK,), (CONTINUE,), (b"HTTP/1.0 2", b"00 OK\r\n", b"\r\n"), (b"ICY 200 OK\r\n\r\n",)]
)  # fmt: skip
def test_let_in(parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFUSAL_S", 0.3)

    async def run() -> None:
        async with server(*parts) as (address, heads):
            one = endpoint(address)
            await one.connect()
            one.write(b"sound")
            assert one.taken().written == 5
            assert heads[0].startswith(b"PUT /live HTTP/1.1\r\n")
            one.abort()
            one.abort()

    asyncio.run(run())


REFUSED = b"HTTP/1.0 403 Forbidden\r\n\r\n"
UNAUTHORISED = b"HTTP/1.0 401 Authentication Required\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((REFUSED + b"Mountpoint in use",), "mount-in-use"),
        ((REFUSED, b"Mountpoint", b" in use"), "mount-in-use"),
        ((REFUSED, b"too many sources connected"), "busy"),
        ((REFUSED, b"Content-type not supported"), "refused"),
        ((CONTINUE, UNAUTHORISED), "unauthorised"),
        ((UNAUTHORISED,), "unauthorised"),
        ((b"HTTP/1.0 503 Busy\r\n\r\n",), "server-error"),
        ((b"HTTP/1.0 404 Not Found\r\n\r\n",), "refused"),
        ((b"hello?\r\n\r\n",), "connection-lost"),
        ((CONTINUE,), "connection-lost"),
        ((), "connection-lost"),
    ],
)
def test_not_let_in(parts: tuple[bytes, ...], code: str) -> None:
    async def run() -> None:
        async with server(*parts, hangs_up=True) as (address, _):
            with pytest.raises(FeedError) as caught:
                await endpoint(address).connect()
            assert caught.value.code == code

    asyncio.run(run())


def test_the_mount_beside_is_taken_although_the_reason_comes_late() -> None:
    async def run() -> None:
        async with server(REFUSED, b"Mountpoint in use", hangs_up=True) as (address, heads):
            with pytest.raises(FeedError):
                await endpoint(address, takeover_mount="/beside").connect()
            assert [head.split(b" ")[1] for head in heads] == [b"/live", b"/beside"]

    asyncio.run(run())


@pytest.mark.parametrize("address", ["", "http://", "ftp://x/", "http://x:y/", "http://[/", "http://x:0x1/"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(FeedError) as caught:
        asyncio.run(endpoint(address).connect())
    assert caught.value.code == "bad-address"


def test_a_resolver_that_hangs_holds_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait for it: the loop's own pool of threads has a handful."""
    hangs, real = threading.Event(), socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **more: Any) -> Any:
        if host == "slow.example":
            hangs.wait(20)
            raise socket.gaierror
        return real(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    async def run() -> None:
        async with server(OK) as (address, _):
            waiting = [asyncio.create_task(endpoint("http://slow.example/x").connect()) for _ in range(40)]
            await asyncio.sleep(0.1)
            good = endpoint(address)
            async with asyncio.timeout(5):
                await good.connect()
            good.abort()
            hangs.set()
            found = await asyncio.gather(*waiting, return_exceptions=True)
            assert {getattr(one, "code", None) for one in found} == {"host-unknown"}

    asyncio.run(run())


def test_a_peer_that_takes_nothing_is_not_written_to_without_end() -> None:
    async def run() -> None:
        async with server(OK) as (address, _):
            one = endpoint(address)
            await one.connect()
            # The server reads all, but the loop is not given a turn to send

            def write_all() -> None:
                for _ in range(100_000):
                    one.write(bytes(1536))

            with pytest.raises(ConnectionAbortedError):
                write_all()
            taken = one.taken()
            assert taken.written - taken.accepted >= module.BOUND_BYTES - 1536
            one.abort()
            await asyncio.sleep(0.1)
            with pytest.raises(ConnectionError):
                one.write(b"more")

    asyncio.run(run())
