"""Listening in: what an output is being given just now, a few seconds late; and what it was given, out of the record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from app.air.tap import RING_BYTES, Heard, Listener
from app.airings.live_run import Sent
from audio.frames import Frames
from audio.profile import Encoding
from audio.wires import wire_for

LOOK_S = 0.25
BEHIND_S = 5.0
"""A listener begins so far behind: browsers play nothing before they have some seconds."""

PATIENCE_S = 20.0
"""How long a listener waits for an output that is lost."""

AT_ONCE = 500
"""Frames that are read from a disk at a time."""

_PAGE = b"OggS"


async def listen_in(
    path: Path, airing_id: int, encoding: Encoding, ended: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """What goes out on one feed, from some seconds ago on, for as long as it is this airing."""
    listener = await _tap(path, airing_id, ended)
    if listener is None:
        return
    begin = max(0, RING_BYTES // 3 if encoding.bitrate_kbps is None else encoding.bitrate_kbps * 125)
    try:
        place, silent = _Place(), 0.0
        while silent < PATIENCE_S and not ended():
            where = listener.where()
            if where.airing_id not in {0, airing_id}:
                return
            data = place.take(listener, where, round(begin * BEHIND_S))
            silent = 0.0 if data else silent + LOOK_S
            if data:
                yield data
            await asyncio.sleep(LOOK_S)
    finally:
        listener.close()


async def _tap(path: Path, airing_id: int, ended: Callable[[], bool]) -> Listener | None:
    """The tap, once the airing is on it."""
    waited = 0.0
    while waited < PATIENCE_S and not ended():
        try:
            listener = Listener(path)
        except (OSError, ValueError):
            listener = None
        if listener is not None:
            if listener.where().airing_id == airing_id:
                return listener
            listener.close()
        await asyncio.sleep(LOOK_S)
        waited += LOOK_S
    return None


class _Place:
    """How far one listener is."""

    def __init__(self) -> None:
        self._connection = -1
        self._at = 0

    def take(self, listener: Listener, where: Heard, behind: int) -> bytes:
        """What is new. After a new connection, or too long a pause, it begins again, with what a decoder needs first."""
        data = listener.read(self._at, where.sent) if where.connection == self._connection else None
        if data is not None:
            self._at = where.sent
            return data
        begin = max(0, where.sent - behind)
        data = listener.read(begin, where.sent) or b""
        opening = listener.opening()
        if opening and begin:
            # Whole pages only: one that has lost its beginning would be taken for damage
            data = data[data.find(_PAGE) :] if _PAGE in data else b""
        self._connection, self._at = where.connection, where.sent
        return opening + data if data else b""


def sent_sound(sent: Sequence[Sent], artefacts: Mapping[str, Path], encoding: Encoding) -> Iterator[bytes]:
    """What went out, as it went out: every frame of every run, in order, with nothing in place of what was missed.

    ``artefacts``: where what was sent lies, by the first twelve digits of its SHA-256. Raises OSError where one is gone.
    """
    wire = wire_for(encoding)
    yield wire.opening()
    for run in sent:
        with Frames.open(artefacts[run.sha256], encoding) as frames:
            at, left = run.first % frames.count, run.until - run.at
            while left > 0:
                # What stands in repeats
                count = min(left, AT_ONCE, frames.count - at)
                yield wire.wrap(frames.read(at, at + count))
                at, left = (at + count) % frames.count, left - count
