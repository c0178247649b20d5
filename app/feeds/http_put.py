"""The HTTP feed: PUT under a base URL, with the hash in the header and a read-back by HEAD or GET.

Whether a reader at the site can see a half object is the server's business: a good one answers 2xx only when the
whole body matched its ``Content-Digest`` and then switches names. We send ``Content-Length`` and never the last block
of a wrong body, so a server that looks at either cannot mistake a broken upload for a whole one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from app.feeds import over_http
from app.feeds.confinement import check_confined
from app.feeds.contract import Facts, FeedAddress, Limits, ReadBack, Receipt
from app.feeds.credentials import resolve
from app.feeds.errors import PermanentFeedError
from app.feeds.sources import checked_chunks
from app.feeds.threads import Stop
from app.feeds.trials import try_out


class HttpPutFeed:
    """Objects under ``<address>/<name>``, each call with a connection of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Stream the body from disk; a 2xx answer is the receipt."""
        return await over_http.bounded(
            lambda stop: self._put(source, name, sha256, size, media_type, stop), self._limits.send_s
        )

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Ask by the method that the feed allows."""
        if self._address.read_back == "none":
            return ReadBack("unknown", "not asked")
        return await over_http.bounded(
            lambda stop: self._ask(self._address.read_back.upper(), name, sha256, size, stop),
            self._limits.read_back_s,
        )

    async def entries(self) -> None:
        """HTTP cannot list a folder."""

    async def remove(self, name: str) -> None:
        """DELETE."""
        await over_http.bounded(lambda _: self._delete(name), self._limits.read_back_s)

    async def trial(self) -> Facts | None:
        """Only where OPTIONS of the folder says that DELETE is allowed: another server might keep what it got, and air it."""
        if await over_http.bounded(lambda _: self._may_delete(), self._limits.read_back_s):
            return await try_out(self)
        return None

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
                raise over_http.refusal(response)
            facts: Facts = {"status": response.status_code}
            if etag := response.headers.get("ETag"):
                facts["etag"] = etag[:200]
            return Receipt(sha256=sha256, size=size, facts=facts)

    def _ask(self, method: str, name: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        with self._exchange(method, name, {"Cache-Control": "no-cache"}) as response:
            status = response.status_code
            if status in over_http.GONE:
                return ReadBack("absent", method, {"status": status})
            if status in over_http.MAY_NOT_READ or response.is_redirect:
                return ReadBack("unknown", method, {"status": status})
            if not response.is_success:
                raise over_http.refusal(response)
            if method == "HEAD":
                return over_http.judge_headers(response.headers, sha256, size)
            return over_http.judge_body(response, sha256, size, stop)

    def _delete(self, name: str) -> None:
        with self._exchange("DELETE", name, {}) as response:
            status = response.status_code
            if status in {405, 501}:
                raise PermanentFeedError(
                    "refused", f"the site lets us take no file away (HTTP {status}): ask it to"
                )
            if not response.is_success and status not in over_http.GONE:
                raise over_http.refusal(response)

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
        with (
            over_http.client(self._limits) as client,
            client.stream(method, url, headers=headers, content=body) as response,
        ):
            yield response


def _relative(name: str) -> str:
    """A name as a relative URL; ``./`` so that no colon in it looks like a scheme."""
    return "./" + "/".join(quote(part, safe="") for part in name.split("/"))
