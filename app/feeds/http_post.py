"""The HTTP POST feed: a form that takes a file, as sites' own upload pages do.

Options: ``field`` is the form's field for the file (``file`` if left out), ``form`` more fields with their values, and
``read_address`` the URL under which names can be read back; without it a delivery stays ``stored``. A form replaces, lists
and deletes nothing that we could know of.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator, Mapping
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


class HttpPostFeed:
    """One form, each call with a connection of its own."""

    def __init__(self, address: FeedAddress, limits: Limits) -> None:
        self._address = address
        self._limits = limits

    async def send(
        self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str
    ) -> Receipt:
        """Stream the form from disk, its length known from the start; a 2xx answer is the receipt."""
        return await over_http.bounded(
            lambda stop: self._post(source, name, sha256, size, media_type, stop), self._limits.send_s
        )

    async def read_back(self, name: str, *, sha256: str, size: int) -> ReadBack:
        """Ask where the site publishes what it took, if it does."""
        base = self._address.options.get("read_address")
        if self._address.read_back == "none" or not base:
            return ReadBack("unknown", "not asked")
        url = f"{base.rstrip('/')}/{quote(name, safe='')}"
        return await over_http.bounded(
            lambda stop: self._ask(self._address.read_back.upper(), url, sha256, size, stop),
            self._limits.read_back_s,
        )

    async def entries(self) -> None:
        """A form lists nothing."""

    async def remove(self, name: str) -> None:
        """A form takes nothing away."""
        del name
        raise PermanentFeedError("refused", "a form takes no file away: ask the site to")

    async def trial(self) -> None:
        """What a form takes it keeps, so nothing is tried."""

    def _post(
        self, source: Path | bytes, name: str, sha256: str, size: int, media_type: str, stop: Stop
    ) -> Receipt:
        if "/" in name:
            raise PermanentFeedError(
                "refused", "a form knows no folders: let the feed's sidecar lie beside its file, or have none"
            )
        options = self._address.options
        form = Form(options.get("form") or {}, options.get("field") or "file", name, media_type)
        headers = {"Content-Type": form.content_type, "Content-Length": str(form.length(size))}
        chunks = stop.between(form.around(checked_chunks(source, sha256=sha256, size=size)))
        with closing(chunks), self._exchange("POST", self._address.address, headers, chunks) as response:
            if not response.is_success:
                raise over_http.refusal(response)
            facts: Facts = {"status": response.status_code}
            return Receipt(sha256=sha256, size=size, facts=facts)

    def _ask(self, method: str, url: str, sha256: str, size: int, stop: Stop) -> ReadBack:
        with self._exchange(method, url, {"Cache-Control": "no-cache"}) as response:
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

    @contextmanager
    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: Iterator[bytes] | None = None
    ) -> Iterator[httpx.Response]:
        if self._address.confined_to is not None:
            check_confined(self._address, self._address.confined_to)
        if secret := resolve(self._address.credential):
            headers = {**headers, "Authorization": f"Bearer {secret.get_secret_value()}"}
        with (
            over_http.client(self._limits) as client,
            client.stream(method, url, headers=headers, content=body) as response,
        ):
            yield response


class Form:
    """A ``multipart/form-data`` body (RFC 7578) around one file, which comes last: a server that streams knows the rest."""

    def __init__(self, fields: Mapping[str, str], file_field: str, file_name: str, media_type: str) -> None:
        boundary = f"danpa-{secrets.token_hex(16)}"
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(file_field)}"; '
            f'filename="{_quoted(file_name)}"\r\nContent-Type: {media_type}\r\n\r\n'
        )
        self._before = "".join(parts).encode()
        self._after = f"\r\n--{boundary}--\r\n".encode()

    def length(self, file_size: int) -> int:
        """Bytes of the whole body."""
        return len(self._before) + file_size + len(self._after)

    def around(self, file: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        """The whole body; the end of it only once the file was found to be right."""
        with closing(file):
            yield self._before
            yield from file
            yield self._after


def _quoted(text: str) -> str:
    """As browsers write it (https://html.spec.whatwg.org/#multipart-form-data)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
