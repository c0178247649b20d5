"""The HTTP feed: PUT under a base URL, with the hash in the header and a read-back by HEAD or GET.

Whether a reader at the site can see a half object is the server's business: a good one answers 2xx only when the
whole body matched its ``Content-Digest`` and then switches names. We send ``Content-Length`` and never the last block
of a wrong body, so a server that looks at either cannot mistake a broken upload for a whole one.

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
from contextlib import closing, contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx

from app.feeds.confinement import check_confined
from app.feeds.contract import Facts, FeedAddress, Limits, ReadBack, Receipt, Verdict
from app.feeds.credentials import resolve
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.sources import checked_chunks
from app.feeds.threads import Stop, in_own_thread
from app.feeds.trials import try_out

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
_MAY_NOT_READ = {401, 403, 405, 406, 501}


class HttpPutFeed:
    """Objects under ``<address>/<name>``, each call with a connection of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Stream the body from disk; a 2xx answer is the receipt."""
        return await self._bounded(
            lambda stop: self._put(source, name, sha256, size, media_type, stop), self._limits.send_s
        )

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Ask by the method that the feed allows."""
        if self._address.read_back == "none":
            return ReadBack("unknown", "not asked")
        return await self._bounded(
            lambda stop: self._ask(self._address.read_back.upper(), name, sha256, size, stop),
            self._limits.read_back_s,
        )

    async def entries(self) -> None:
        """HTTP cannot list a folder."""

    async def remove(self, name: str) -> None:
        """DELETE."""
        await self._bounded(lambda _: self._delete(name), self._limits.read_back_s)

    async def trial(self) -> Facts | None:
        """Only where OPTIONS of the folder says that DELETE is allowed: another server might keep what it got, and air it."""
        if await self._bounded(lambda _: self._may_delete(), self._limits.read_back_s):
            return await try_out(self)
        return None

    async def _bounded(self, work: Callable[[Stop], T], seconds: float) -> T:
        try:
            return await in_own_thread(work, seconds)
        except TimeoutError:
            raise PassingFeedError("timeout", f"the site did not finish within {seconds:g} seconds") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise PermanentFeedError("bad-address", "the feed's address is not a usable URL") from error
        except httpx.HTTPError as error:
            raise _translate(error) from error

    def _put(
        self, source: Path | bytes, name: str, sha256: str, size: int, media_type: str, stop: Stop
    ) -> Receipt:
        digest = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode('ascii')}:"
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(size),
            "Content-Digest": digest,  # RFC 9530
            "Repr-Digest": digest,
        }
        chunks = stop.between(checked_chunks(source, sha256=sha256, size=size))
        with closing(chunks), self._exchange("PUT", name, headers, chunks) as response:
            if not response.is_success:
                raise _refusal(response)
            facts: Facts = {"status": response.status_code}
            if etag := response.headers.get("ETag"):
                facts["etag"] = etag[:200]
            return Receipt(sha256=sha256, size=size, facts=facts)

    def _ask(self, method: str, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        with self._exchange(method, name, {"Cache-Control": "no-cache"}) as response:
            status = response.status_code
            if status in {404, 410}:
                return ReadBack("absent", method, {"status": status})
            if status in _MAY_NOT_READ or response.is_redirect:
                return ReadBack("unknown", method, {"status": status})
            if not response.is_success:
                raise _refusal(response)
            if method == "HEAD":
                return _judge_headers(response.headers, sha256, size)
            return _judge_body(response, sha256, size, stop)

    def _delete(self, name: str) -> None:
        with self._exchange("DELETE", name, {}) as response:
            status = response.status_code
            if status in {405, 501}:
                raise PermanentFeedError(
                    "refused", f"the site lets us take no file away (HTTP {status}): ask it to"
                )
            if not response.is_success and status not in {404, 410}:
                raise _refusal(response)

    def _may_delete(self) -> bool:
        with self._exchange("OPTIONS", "", {}) as response:
            allowed = {word.strip().upper() for word in response.headers.get("Allow", "").split(",")}
            return response.is_success and "DELETE" in allowed

    @contextmanager
    def _exchange(
        self, method: str, name: str, headers: dict[str, str], body: Iterator[bytes] | None = None
    ) -> Iterator[httpx.Response]:
        if self._address.confined_to is not None:
            check_confined(self._address, self._address.confined_to)
        if secret := resolve(self._address.credential):
            headers = {**headers, "Authorization": f"Bearer {secret.get_secret_value()}"}
        url = httpx.URL(self._address.address.rstrip("/") + "/").join(_relative(name))
        with self._client() as client, client.stream(method, url, headers=headers, content=body) as response:
            yield response

    def _client(self) -> httpx.Client:
        """No proxies, no ``.netrc``, no redirects: bytes and tokens go where the feed's address says or nowhere."""
        return httpx.Client(
            verify=_tls_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(self._limits.quiet_s, connect=self._limits.connect_s),
            headers={"User-Agent": "danpa", "Accept-Encoding": "identity"},
        )


def _relative(name: str) -> str:
    """A name as a relative URL; ``./`` so that no colon in it looks like a scheme."""
    return "./" + "/".join(quote(part, safe="") for part in name.split("/"))


@functools.cache
def _tls_context() -> ssl.SSLContext:
    """The authorities of certifi, or of SSL_CERT_FILE for sites with one of their own; loading them takes a while."""
    return httpx.create_ssl_context()


def _judge_body(response: httpx.Response, sha256: str, size: int, stop: Stop) -> ReadBack:
    digest, seen = hashlib.sha256(), 0
    for chunk in response.iter_raw():
        stop.check()
        digest.update(chunk)
        seen += len(chunk)
        if seen > size:
            return ReadBack("different", "GET", {"size_at_least": seen})
    found = digest.hexdigest()
    return ReadBack(_verdict(found == sha256), "GET", {"size": seen, "sha256": found})


def _judge_headers(headers: Mapping[str, str], sha256: str, size: int) -> ReadBack:
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


def _refusal(response: httpx.Response) -> FeedError:
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
