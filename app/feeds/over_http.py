"""What every driver over HTTP does the same way: its time, its client, what an answer proves, and the words for what went wrong.

Each call runs blocking in a thread of its own, not in the event loop, for two reasons that were seen: a server that
answers 401 or 413 before it has read the body and then closes is heard by a blocking client (8 of 8 here) but not
through asyncio's transports (0 of 8: "connection lost", retried all night); and a resolver that hangs would fill the
loop's small thread pool, and with it every other feed.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

import httpx

from app.feeds.contract import Limits, ReadBack, Verdict
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.threads import Stop, in_own_thread

T = TypeVar("T")

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, which hold sites and object names

_SHA256_FIELD = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):", re.IGNORECASE)
_SHA256_ETAG = re.compile(r'(?:W/)?"sha-?256[:=-]([0-9a-f]{64})"', re.IGNORECASE)

_REFUSALS: dict[int, tuple[str, str]] = {
    401: ("unauthorised", "the site does not accept our credential: ask it for a valid one"),
    403: ("unauthorised", "the site forbids us to write there: ask it for the right to"),
    404: ("folder-missing", "the site knows no such place: check the feed's address"),
    405: ("refused", "the site takes no uploads there: check the feed's address"),
    409: ("folder-missing", "the site has no folder at the feed's address"),  # WebDAV: the parent is missing
    410: ("folder-missing", "the site has given up this place: ask it for the new address"),
    413: (
        "too-large",
        "the site takes no file of this size: ask it to raise its limit, or choose a smaller encoding",
    ),
    415: ("refused", "the site does not take this kind of file: check the feed's encoding"),
}
_WAITING = {408, 423, 425, 429}
GONE = frozenset({404, 410})
MAY_NOT_READ = frozenset({401, 403, 405, 406, 501})
"""Answers to a read-back that say nothing about the object."""


async def bounded(work: Callable[[Stop], T], seconds: float) -> T:
    """Run an exchange in a thread of its own, at most so long.

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
        verify=tls_context(),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(limits.quiet_s, connect=limits.connect_s),
        headers={"User-Agent": "danpa", "Accept-Encoding": "identity"},
    )


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The authorities of certifi, or of SSL_CERT_FILE for sites with one of their own; loading them takes a while."""
    return httpx.create_ssl_context()


def judge_body(response: httpx.Response, sha256: str, size: int, stop: Stop) -> ReadBack:
    """The bytes themselves decide."""
    digest, seen = hashlib.sha256(), 0
    for chunk in response.iter_raw():
        stop.check()
        digest.update(chunk)
        seen += len(chunk)
        if seen > size:
            return ReadBack("different", "GET", {"size_at_least": seen})
    found = digest.hexdigest()
    return ReadBack(_verdict(found == sha256), "GET", {"size": seen, "sha256": found})


def judge_headers(headers: Mapping[str, str], sha256: str, size: int) -> ReadBack:
    """A hash that the server states decides; a length can only contradict; an ETag counts if it says that it is SHA-256."""
    for name in ("Repr-Digest", "Content-Digest", "X-Checksum-Sha256"):
        if found := _stated_sha256(headers.get(name, "")):
            return ReadBack(_verdict(found == sha256), f"HEAD {name.lower()}", {"sha256": found})
    if match := _SHA256_ETAG.fullmatch(headers.get("ETag", "")):
        found = match[1].lower()
        return ReadBack(_verdict(found == sha256), "HEAD etag", {"sha256": found})
    length = headers.get("Content-Length", "")
    if not length.isdecimal():
        return ReadBack("unknown", "HEAD")
    return ReadBack("unknown" if int(length) == size else "different", "HEAD length", {"size": int(length)})


def _verdict(same: bool) -> Verdict:  # noqa: FBT001 - its one argument is the question
    return "present" if same else "different"


def _stated_sha256(text: str) -> str | None:
    """SHA-256 as hex digits from an RFC 9530 dictionary, bare hex or bare base64; None for anything else."""
    match = _SHA256_FIELD.search(text)
    bare = match[1] if match else text.strip()
    if re.fullmatch(r"[0-9a-fA-F]{64}", bare):
        return bare.lower()
    try:
        raw = base64.b64decode(bare, validate=True)
    except binascii.Error:
        return None
    return raw.hex() if len(raw) == hashlib.sha256().digest_size else None


def refusal(response: httpx.Response) -> FeedError:
    """The error for an answer that is neither success nor a statement about the object."""
    status = response.status_code
    wait_s = _retry_after_s(response.headers)
    if status in _REFUSALS:
        code, words = _REFUSALS[status]
        return PermanentFeedError(code, f"{words} (HTTP {status})")
    if response.is_redirect:
        return PermanentFeedError(
            "redirected", f"the site has moved (HTTP {status}): write its new address into the feed"
        )
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        return PassingFeedError(
            "disk-full", "the site's disk is full (HTTP 507): ask it to make room", retry_after_s=wait_s
        )
    if status in _WAITING:
        return PassingFeedError(
            "busy", f"the site asks us to come back later (HTTP {status})", retry_after_s=wait_s
        )
    if status >= 500:
        return PassingFeedError(
            "server-error", f"the site's server failed (HTTP {status})", retry_after_s=wait_s
        )
    return PermanentFeedError("refused", f"the site refuses the upload (HTTP {status})")


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date, which counts from the answer's own ``Date``: the site's clock need not be ours."""
    text = headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def _translate(error: httpx.HTTPError) -> FeedError:
    causes = list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return PassingFeedError(
            "host-unknown", "the feed's host name does not resolve: is it right, is the network up?"
        )
    cut_off = any(
        isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError) for cause in causes
    )
    if not cut_off and any(isinstance(cause, ssl.SSLError) for cause in causes):
        return PermanentFeedError(
            "tls", "the site's certificate or TLS is not acceptable: ask the site to renew it"
        )
    if isinstance(error, httpx.TimeoutException):
        return PassingFeedError("timeout", "the site did not answer in time")
    if isinstance(error, httpx.ConnectError) and not cut_off:
        return PassingFeedError(
            "unreachable", "no connection to the site: its server or the way to it is down"
        )
    return PassingFeedError("connection-lost", "the connection to the site broke off")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
