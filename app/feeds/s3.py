"""The S3 feed: ``https://endpoint/bucket/prefix``, each object in one request.

Options: ``region`` (``us-east-1`` if left out) and ``path_style`` (true: the bucket stands in the path, as compatible stores
want it; false: in the host name). The credential is one line, ``ACCESS_KEY_ID:SECRET``.

An object is put in one request, however large (stores take 5 GB; an hour of WAV is 0.35): a PUT appears whole or not at all,
and nothing of one that broke off stays behind, as the parts of a multipart upload would, paid for by the site.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from app.feeds import over_http
from app.feeds.confinement import check_confined
from app.feeds.contract import Entry, Facts, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.credentials import resolve
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError
from app.feeds.s3_requests import EMPTY_SHA256, Bucket, code_of, login_of, signed, trouble
from app.feeds.sources import checked_chunks
from app.feeds.threads import Stop
from app.feeds.trials import try_out

LARGEST_REFUSAL = 1 << 16
LARGEST_PAGE = 8 << 20
"""A page has at most 1,000 objects, whose keys have at most 1,024 bytes, each written as three."""
MOST_PAGES = 100

MAY_NOT_READ = {"", "AccessDenied"}
"""What a store says of objects that we may not read, and, without the right to list, of those that are not there. HEAD has no words."""


class S3Feed:
    """Objects under the prefix, each call with connections of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Stream the body from disk; a 2xx answer is the receipt. The SHA-256 is part of the signature."""
        return await over_http.bounded(
            lambda stop: self._put(source, name, sha256, size, media_type, stop), self._limits.send_s
        )

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Ask by the method that the feed allows."""
        if self._address.read_back == "none":
            return ReadBack("unknown", "not asked")
        method = self._address.read_back.upper()
        return await over_http.bounded(
            lambda stop: self._ask(method, name, sha256, size, stop), self._limits.read_back_s
        )

    async def entries(self) -> tuple[Entry, ...]:
        """The objects directly under the prefix, page by page."""
        return await over_http.bounded(self._list, self._limits.read_back_s)

    async def remove(self, name: str) -> None:
        """Delete an object; in a bucket with versions the store keeps the old ones, out of the listing's sight."""
        await over_http.bounded(lambda _stop: self._delete(name), self._limits.read_back_s)

    async def trial(self) -> Facts:
        """Put a few bytes, read them back, and take them away."""
        return await try_out(self)

    def _put(
        self, source: Path | bytes, name: str, sha256: str, size: int, media_type: str, stop: Stop
    ) -> Receipt:
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(size),
            "x-amz-checksum-sha256": _base64(sha256),
        }
        url = self._bucket().url_of(name)
        chunks = stop.between(checked_chunks(source, sha256=sha256, size=size))
        with closing(chunks), self._exchange("PUT", url, headers, sha256, chunks) as response:
            _require_success(response)
            facts: Facts = {"status": response.status_code}
            if etag := response.headers.get("ETag"):
                facts["etag"] = etag[:200]
            return Receipt(sha256=sha256, size=size, facts=facts)

    def _ask(self, method: str, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        headers = {"x-amz-checksum-mode": "ENABLED"} if method == "HEAD" else {}
        with self._exchange(method, self._bucket().url_of(name), headers) as response:
            status = response.status_code
            if status == 404:
                return ReadBack("absent", method, {"status": status})
            if response.is_success and method == "HEAD":
                return _judge_headers(response.headers, sha256, size)
            if response.is_success:
                return over_http.judge_body(response, sha256, size, stop)
            body = _read(response, LARGEST_REFUSAL)
            if status == 403 and code_of(body) in MAY_NOT_READ:
                return ReadBack("unknown", method, {"status": status})
            raise _refusal(response, body)

    def _list(self, stop: Stop) -> tuple[Entry, ...]:
        bucket, token, found = self._bucket(), None, list[Entry]()
        for _ in range(MOST_PAGES):
            stop.check()
            with self._exchange("GET", bucket.listing(token), {}) as response:
                _require_success(response)
                page, token = bucket.entries(_read(response, LARGEST_PAGE))
            found.extend(page)
            if token is None:
                return tuple(found)
        raise PermanentFeedError(
            "refused",
            f"the folder holds more than {len(found):,} objects: give the feed a prefix of its own",
        )

    def _delete(self, name: str) -> None:
        with self._exchange("DELETE", self._bucket().url_of(name), {}) as response:
            if response.status_code != 404:
                _require_success(response)

    def _bucket(self) -> Bucket:
        path_style = self._address.options.get("path_style") is not False
        return Bucket.of(self._address.address, path_style=path_style)

    @contextmanager
    def _exchange(
        self,
        method: str,
        url: httpx.URL,
        headers: dict[str, str],
        body_sha256: str = EMPTY_SHA256,
        body: Iterator[bytes] | None = None,
    ) -> Iterator[httpx.Response]:
        if self._address.confined_to is not None:
            check_confined(self._address, self._address.confined_to)
        secret = resolve(self._address.credential)
        ours = signed(
            method,
            url,
            headers,
            payload_sha256=body_sha256,
            login=login_of(secret.get_secret_value() if secret else None),
            region=self._address.options.get("region") or "us-east-1",
            now=datetime.now(UTC),
        )
        with (
            over_http.client(self._limits) as client,
            client.stream(method, url, headers=ours, content=body) as response,
        ):
            yield response


def _judge_headers(headers: Mapping[str, str], sha256: str, size: int) -> ReadBack:
    """A length can only contradict, and a checksum counts only with its type: a store that computes checksums says of what.

    ``rclone serve s3`` took a body with another hash than the one stated, and then stated ours again. An ETag is no hash: what
    it is depends on encryption and parts.
    """
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != size:
        return ReadBack("different", "HEAD length", {"size": int(length)})
    if headers.get("x-amz-checksum-type", "").upper() == "FULL_OBJECT":
        stated = headers.get("x-amz-checksum-sha256", "")
        if stated == _base64(sha256):
            return ReadBack("present", "HEAD x-amz-checksum-sha256", {"size": size, "sha256": sha256})
        if stated:
            return ReadBack("different", "HEAD x-amz-checksum-sha256", {"size": size})
    return ReadBack("unknown", "HEAD length", {"size": int(length)} if length.isdecimal() else {})


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")


def _read(response: httpx.Response, most: int) -> bytes:
    """The whole of a short answer, or its beginning."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > most:
            break
    return body[:most]


def _require_success(response: httpx.Response) -> None:
    if not response.is_success:
        raise _refusal(response, _read(response, LARGEST_REFUSAL))


def _refusal(response: httpx.Response, body: bytes) -> FeedError:
    """What the store's own code means; else what the status does."""
    plain = over_http.refusal(response)
    told = trouble(code_of(body))
    if told is not None and not told.permanent:
        return PassingFeedError(told.code, str(told), retry_after_s=plain.retry_after_s)
    return told or plain
