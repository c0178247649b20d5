"""Tuning in to a mount as any listener does, for a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from app.feeds.models import Feed
from app.feeds.over_http import tls_context

CLIP_S = 5.0
"""So much sound is compared."""

LISTENED_S = 6.5
"""A stream is read for so long at most; a burst of what went out before shortens it."""

AT_LEAST_S = 2.0
"""And so long at least: a burst is over by then, and what comes last has just gone out."""

MOST_BYTES = 2 << 20
QUIET_S = 4.0
"""Nothing for so long: there is nothing to hear."""

_PORTS = {"http": 8000, "https": 443}
"""As a source takes them (`app.air.endpoints.icecast`): Icecast's own port where none is named."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What came, and when the last of it did (seconds since 1970)."""

    body: bytes
    media_type: str
    at_s: float


class Unheard(Exception):
    """There is nothing to hear; the text says why, without addresses."""


def listen_url(feed: Feed) -> str | None:
    """Where a live feed is heard; None where nobody is to listen, or nobody can.

    While a feed is on its takeover mount its listeners are sent there by the server: they stay where they are, as we do.
    """
    options: dict[str, Any] = feed.options
    if options.get("monitor") is False:
        return None
    if url := options.get("listen_url"):
        return str(url)
    if feed.protocol != "icecast":
        return None
    parts = urlsplit(feed.address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _PORTS[parts.scheme]
    return urlunsplit((parts.scheme, f"{host}:{port}", parts.path, "", ""))


def new_client(*, confined: bool) -> httpx.Client:
    """One for all mounts. In a demo it goes nowhere else than where it is told."""
    return httpx.Client(
        verify=tls_context(),
        trust_env=False,
        follow_redirects=not confined,
        max_redirects=3,
        timeout=httpx.Timeout(5.0, read=QUIET_S),
        headers={"User-Agent": "listener", "Accept": "*/*"},
    )


def take(client: httpx.Client, url: str, bytes_a_second: float | None) -> Clip:
    """A few seconds of a stream. ``bytes_a_second``: of the stream, where that is known.

    Raises:
        Unheard: it is not there, or silent as a line is.
    """
    enough = (bytes_a_second or float("inf")) * (CLIP_S + 1.0)
    began, at_s, body, media_type = time.monotonic(), 0.0, bytearray(), ""
    try:
        with client.stream("GET", url) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise Unheard(f"HTTP {answer.status_code}")
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            for chunk in answer.iter_raw():
                body += chunk
                at_s, spent_s = time.time(), time.monotonic() - began
                if spent_s >= LISTENED_S or len(body) >= MOST_BYTES:
                    break
                if len(body) >= enough and spent_s >= AT_LEAST_S:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if not body:
            raise Unheard(type(error).__name__) from None
        return Clip(bytes(body), media_type, at_s)  # it broke off: what came before is heard
    return Clip(bytes(body), media_type, at_s)
