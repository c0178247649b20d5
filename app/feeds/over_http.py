"""What every driver over HTTP does the same way: its time, its client, and the words for what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx

from app.feeds.contract import Limits
from app.feeds.errors import PassingFeedError, PermanentFeedError
from app.feeds.http_put import _MAY_NOT_READ as MAY_NOT_READ
from app.feeds.http_put import _judge_body as judge_body
from app.feeds.http_put import _judge_headers as judge_headers
from app.feeds.http_put import _refusal as refusal
from app.feeds.http_put import _tls_context, _translate
from app.feeds.threads import Stop, in_own_thread

__all__ = ["GONE", "MAY_NOT_READ", "bounded", "client", "judge_body", "judge_headers", "refusal"]

GONE = frozenset({404, 410})

T = TypeVar("T")


async def bounded(work: Callable[[Stop], T], seconds: float) -> T:
    """Run an exchange in a thread of its own (`app.feeds.http_put` says why), at most so long.

    Raises:
        FeedError: what it met, in our codes.
    """
    try:
        return await in_own_thread(work, seconds)
    except TimeoutError:
        raise PassingFeedError("timeout", f"the site did not finish within {seconds:g} seconds") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise PermanentFeedError("bad-address", "the feed's address is not a usable URL") from error
    except httpx.HTTPError as error:
        raise _translate(error) from error


def client(limits: Limits) -> httpx.Client:
    """No proxies, no ``.netrc``, no redirects: bytes and secrets go where the feed's address says or nowhere."""
    return httpx.Client(
        verify=_tls_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(limits.quiet_s, connect=limits.connect_s),
        headers={"User-Agent": "danpa", "Accept-Encoding": "identity"},
    )
