"""Trying a feed step by step without leaving anything there: what the engineer wants to know before the first night."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TypeVar

from app.air.drivers import open_endpoint
from app.air.endpoints.contract import LiveAddress
from app.feeds.confinement import check_confined
from app.feeds.contract import Facts, FeedAddress, Limits
from app.feeds.credentials import PrivateKey, resolve_login
from app.feeds.drivers import open_feed
from app.feeds.errors import FeedError, PassingFeedError

PATIENCE = Limits(connect_s=10.0, quiet_s=10.0, send_s=20.0, read_back_s=20.0)
STEP_S = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried. ``ok`` is None where it was left out, and ``detail`` says why."""

    name: str
    ok: bool | None
    detail: str
    facts: Facts = field(default_factory=dict)
    took_ms: int = 0


async def probe(address: FeedAddress) -> list[Step]:
    """Look at the credential, connect, list the folder, and write, rename and take away a few bytes.

    The first step that fails is the last: what follows would fail for the same reason.
    """
    steps = [_secret(address)]
    if steps[-1].ok is not False:
        steps.append(await _list(address))
    if steps[-1].ok is not False:
        steps.append(await _try(address))
    return steps


async def probe_live(address: LiveAddress) -> list[Step]:
    """Look at the credential, be let in, and leave again: nothing is sent. On a mount that is in use that fails, rightly."""
    steps = [_secret(FeedAddress(address.protocol, address.address, credential=address.credential))]
    if steps[-1].ok is not False:
        steps.append(await _enter(address))
    return steps


async def _enter(address: LiveAddress) -> Step:
    endpoint, began = open_endpoint(address), time.monotonic()
    try:
        await _within(endpoint.connect())
        await _within(endpoint.close())
    except FeedError as error:
        return Step("connect", ok=False, detail=f"{error.code}: {error}", took_ms=_since(began))
    finally:
        endpoint.abort()
    return Step("connect", ok=True, detail="the site lets us in", took_ms=_since(began))


def _secret(address: FeedAddress) -> Step:
    try:
        if address.confined_to is not None:
            check_confined(address, address.confined_to)
        login = resolve_login(address.credential)
    except FeedError as error:
        return Step("credential", ok=False, detail=f"{error.code}: {error}")
    if login is None:
        return Step("credential", ok=None, detail="the feed has none")
    what = "a private key" if isinstance(login, PrivateKey) else "a password, or what stands for one"
    return Step("credential", ok=True, detail=f"there is {what}")


async def _list(address: FeedAddress) -> Step:
    feed, began = open_feed(address, PATIENCE), time.monotonic()
    try:
        entries = await _within(feed.entries())
    except FeedError as error:
        return Step("list", ok=False, detail=f"{error.code}: {error}", took_ms=_since(began))
    if entries is None:
        return Step("list", ok=None, detail="this protocol cannot tell what is there", took_ms=_since(began))
    facts: Facts = {"files": len(entries), "bytes": sum(entry.size for entry in entries)}
    return Step("list", ok=True, detail=f"{len(entries)} files are there", facts=facts, took_ms=_since(began))


async def _try(address: FeedAddress) -> Step:
    feed, began = open_feed(address, PATIENCE), time.monotonic()
    try:
        facts = await _within(feed.trial())
    except FeedError as error:
        return Step("write", ok=False, detail=f"{error.code}: {error}", took_ms=_since(began))
    if facts is None:
        return Step(
            "write",
            ok=None,
            detail="not tried: this protocol has no sure way to take a trial file away again",
            took_ms=_since(began),
        )
    said = "a few bytes were written, renamed, read and taken away"
    return Step("write", ok=True, detail=said, facts=facts, took_ms=_since(began))


async def _within(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(STEP_S):
            return await work
    except TimeoutError:
        raise PassingFeedError("timeout", f"the site did not finish within {STEP_S:g} seconds") from None


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
