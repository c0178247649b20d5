"""``danpa upload``: files from a producer's machine to a station, over a line that may break at any moment.

It speaks tus to ``/uploads`` as any client does. What it began and did not finish, in this run or an earlier one, it goes on
with: an upload of the same file (by its SHA-256) and the same description.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.errors import DanpaError
from app.library.names import display_name

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = 8 << 20
"""Bytes of one request: what it brought is on the station's disk when it is answered."""
BLOCK = 256 << 10
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
PATIENCE_S = 30 * 60.0
"""A line that was dead for longer is given up; the same command later goes on."""


class NotSent(DanpaError):
    """The station did not take a file; says why."""

    code = "not-sent"


@dataclass(slots=True)
class Sending:
    """One file on its way. ``location`` is None before it was announced."""

    path: Path
    bytes: int
    sha256: str
    metadata: dict[str, str]
    location: str | None = None
    brought: int = 0
    segment_id: int | None = None


Told = Callable[[Sending], None]
"""Called whenever some bytes more are there."""


@dataclass(slots=True)
class Sender:
    """Sends files with one key. ``sleep`` is how it waits for a dead line."""

    client: httpx.Client
    sleep: Callable[[float], None] = time.sleep
    _waited: float = 0.0
    _pauses: int = 0
    """Since a byte arrived last."""

    def announce(self, path: Path, description: Mapping[str, str]) -> Sending:
        """Begin, or find again, the upload of a file. Raises NotSent."""
        metadata = {"filename": display_name(path.name), **description}
        sending = Sending(path, path.stat().st_size, _sha256(path), metadata)
        found = next((one for one in self._open() if _is_of(one, sending)), None)
        if found is not None:
            sending.location, sending.brought = found["location"], found["offset"]
            return sending
        values = metadata | {"sha256": sending.sha256}
        pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())
        headers = TUS | {"Upload-Length": str(sending.bytes), "Upload-Metadata": ",".join(pairs)}
        answer = self._until_answered(lambda: self.client.post("/api/v1/uploads", headers=headers))
        sending.location = _checked(answer, path).headers["location"]
        return sending

    def bring(self, sending: Sending, told: Told) -> int:
        """Bring the rest of a file; gives its segment. Raises NotSent."""
        assert sending.location is not None
        with sending.path.open("rb") as stream:
            while sending.segment_id is None:
                self._bring_piece(sending, stream, told)
        return sending.segment_id

    def _bring_piece(self, sending: Sending, stream: Any, told: Told) -> None:
        begin = sending.brought
        stream.seek(begin)

        def piece() -> Iterator[bytes]:
            left = PIECE
            while left and (block := stream.read(min(BLOCK, left))):
                left -= len(block)
                sending.brought += len(block)
                told(sending)
                yield block

        size = min(PIECE, sending.bytes - begin)
        headers = TUS | {
            "Upload-Offset": str(begin),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
        }
        try:
            answer = self.client.patch(sending.location or "", content=piece(), headers=headers)
        except httpx.TransportError as error:
            self._find_out(sending, told, begin, type(error).__name__)
            return
        # 409, 423: a connection of ours that is dead and not known to be; 5xx: a proxy, or a station that begins anew
        if answer.status_code in (409, 423) or answer.status_code >= 500:
            self._find_out(sending, told, begin, f"HTTP {answer.status_code}")
            return
        self._waited, self._pauses = 0.0, 0
        self._take(_checked(answer, sending.path), sending, told)

    def _find_out(self, sending: Sending, told: Told, begin: int, trouble: str) -> None:
        """Where to go on, once the station answers again. Where no byte arrives for long it is given up. Raises NotSent."""
        answer = self._until_answered(lambda: self.client.head(sending.location or "", headers=TUS))
        self._take(_checked(answer, sending.path), sending, told)
        if sending.brought > begin or sending.segment_id is not None:
            self._waited, self._pauses = 0.0, 0
            return
        if self._waited >= PATIENCE_S:
            raise NotSent(f"{sending.path.name}: no byte of it arrives ({trouble})")
        pause = PAUSES_S[min(self._pauses, len(PAUSES_S) - 1)]
        self.sleep(pause)
        self._waited, self._pauses = self._waited + pause, self._pauses + 1

    def _take(self, answer: httpx.Response, sending: Sending, told: Told) -> None:
        sending.brought = int(answer.headers["upload-offset"])
        segment = answer.headers.get("danpa-segment")
        sending.segment_id = int(segment) if segment else None
        told(sending)

    def _open(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = _checked(
                self._until_answered(lambda query=query: self.client.get("/api/v1/uploads", params=query))  # type: ignore[misc]
            ).json()
            items += page["items"]
            cursor = page["next"]
        return items

    def _until_answered(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        waited = 0.0
        for number in range(10_000):
            try:
                answer = ask()
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError as error:
                if waited >= PATIENCE_S:
                    raise NotSent(f"the station does not answer ({type(error).__name__})") from error
            pause = PAUSES_S[min(number, len(PAUSES_S) - 1)]
            self.sleep(pause)
            waited += pause
        raise NotSent("the station does not answer")

    def batch(self, name: str) -> dict[str, Any]:
        """As ``GET /batches/{name}``."""
        answer = self._until_answered(lambda: self.client.get(f"/api/v1/batches/{name}"))
        found: dict[str, Any] = _checked(answer).json()
        return found


def recordings_of(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named, in their order; hidden ones are passed over. Raises NotSent."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise NotSent(f"{path} is not there")
    return found


def _is_of(upload: Mapping[str, Any], sending: Sending) -> bool:
    said = {name: values[0] for name, values in upload["fields"].items()}
    wanted = {name: value for name, value in sending.metadata.items() if name != "filename"}
    return (
        upload["file_name"] == sending.metadata["filename"]
        and upload["length"] == sending.bytes
        and upload["sha256"] == sending.sha256
        and said == wanted
    )


def _checked(answer: httpx.Response, path: Path | None = None) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"the station answered HTTP {answer.status_code}"
    raise NotSent(f"{path.name}: {detail}" if path else detail)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
