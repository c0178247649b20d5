"""What should be heard: the sound that went out on a feed in the last minute, by the air process's own account.

Its journal tells what is over, its progress file what is being sent just now. Instants are seconds since 1970 at which a
frame is due on the airing's own clock; how much earlier a feed wants everything is not in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.air.armed import Armed, ArmedFile, BadArmedFile, read_armed
from app.air.journal import count_records, read_journal
from app.air.progress import read_runs
from app.settings import Settings
from audio.clips import DEMUXERS, decode
from audio.errors import AudioError
from audio.frames import Frames
from audio.listening import RATE
from audio.meter import Samples
from audio.profile import Encoding
from audio.wires import wire_for

READ_BACK = 2_000
"""Records of the journal that are looked at: the interval signal alone writes one every few seconds on each output."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Frames that went out one after the other: of one artefact, from its frame ``first`` on."""

    airing_id: int
    file: ArmedFile
    encoding: Encoding
    starts_s: float
    """When frame 0 of the airing is due."""
    at: int
    """The airing's frame with which it begins."""
    until: int
    first: int

    def due_s(self, frame: int) -> float:
        return self.starts_s + frame * (self.encoding.frame_samples or 0) / self.encoding.sample_rate

    @property
    def from_s(self) -> float:
        return self.due_s(self.at)

    @property
    def until_s(self) -> float:
        return self.due_s(self.until)


@dataclass(frozen=True, slots=True)
class Expected:
    """Sound, at `audio.listening.RATE`, whose last sample is due at ``until_s``; silence where nothing went out."""

    sound: Samples
    until_s: float
    from_s: float
    """Since when something has been going out, without looking further back than asked for."""


class Account:
    """What was armed and what was sent; remembers what an airing was armed with before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._files: dict[tuple[int, str], tuple[ArmedFile, Encoding]] = {}
        """By airing and the first twelve digits of the SHA-256."""
        self.armed: dict[int, Armed] = {}

    def look(self) -> None:
        """Read what is armed now, and forget what is over."""
        found: dict[int, Armed] = {}
        for path in self._settings.armed_dir.glob("*.json"):
            try:
                armed = read_armed(path)
            except (
                OSError,
                BadArmedFile,
            ):  # it was armed anew just now, or the air process says what is wrong
                continue
            if armed.outputs:
                found[armed.airing_id] = armed
        self.armed = {**{key: one for key, one in self.armed.items() if _is_near(one, found)}, **found}
        self._files = {key: one for key, one in self._files.items() if key[0] in self.armed}
        for armed in found.values():
            for sound in armed.sounds:
                files = [*([sound.programme] if sound.programme else []), *sound.stand_ins.values()]
                for file in files:
                    self._files[armed.airing_id, file.sha256[:12]] = file, sound.encoding

    def pieces(self, feed_id: int, since_s: float) -> list[Piece]:
        """What went out on a feed since an instant, in order.

        Raises:
            OSError: the air process's files are not there, or cannot be read.
        """
        found = [*self._told(feed_id), *self._under_way(feed_id)]
        found = [piece for piece in found if piece.until_s > since_s and piece.until > piece.at]
        return sorted(found, key=lambda piece: piece.from_s)

    def _told(self, feed_id: int) -> Iterable[Piece]:
        journal = self._settings.air_dir / "journal"
        for record in read_journal(journal, max(0, count_records(journal) - READ_BACK)):
            if record.kind != "sent" or record.airing_id not in self.armed:
                continue
            told = json.loads(record.detail or "{}")
            if told.get("f") == feed_id:
                at, until = told["n"]
                yield from self._piece(record.airing_id, told["s"], at, until, told["k"])

    def _under_way(self, feed_id: int) -> Iterable[Piece]:
        for run in read_runs(self._settings.air_dir / "progress"):
            if run.feed_id == feed_id and run.airing_id in self.armed:
                yield from self._piece(run.airing_id, run.sha256[:12], run.at, run.until, run.first)

    def _piece(self, airing_id: int, sha256: str, at: int, until: int, first: int) -> Iterable[Piece]:
        known = self._files.get((airing_id, sha256))
        if known is not None:
            starts_s = self.armed[airing_id].starts_at.timestamp()
            yield Piece(airing_id, *known, starts_s, at, until, first)


def _is_near(armed: Armed, others: dict[int, Armed]) -> bool:
    """Whether an airing that is armed no more was over just before one that is: it may still be heard."""
    return any(
        abs((one.starts_at - armed.stops_at).total_seconds()) < 60
        for one in others.values()
        if one.airing_id != armed.airing_id
    )


def expected(pieces: Sequence[Piece], since_s: float, ffmpeg: Path) -> Expected | None:
    """The sound of what went out since an instant; None where nothing did, or none of it can be read."""
    joined = _joined(pieces)
    if not joined:
        return None
    until_s = max(run[-1].until_s for run in joined)
    since_s = max(since_s, joined[0][0].from_s)
    sound = np.zeros(max(round((until_s - since_s) * RATE), 0), dtype=np.float32)
    for run in joined:
        try:
            heard, from_s = _decoded(run, since_s, ffmpeg)
        except (
            OSError,
            ValueError,
            AudioError,
        ):  # gone, or cut short: what is heard of it is then like nothing
            return None
        at = round((from_s - since_s) * RATE)
        part = heard[max(-at, 0) : len(sound) - at]
        sound[max(at, 0) : max(at, 0) + len(part)] = part
    return Expected(sound, until_s, since_s)


def _joined(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces that follow each other, together: a codec goes on through them. What was told twice is there once."""
    found: list[list[Piece]] = []
    for piece in pieces:
        last = found[-1][-1] if found else None
        if last is None or last.airing_id != piece.airing_id:
            found.append([piece])
            continue
        if piece.until <= last.until:
            continue
        new = _from(piece, max(piece.at, last.until))
        if (last.until, last.encoding) == (new.at, new.encoding):
            found[-1].append(new)
        else:
            found.append([new])
    return found


def _from(piece: Piece, frame: int) -> Piece:
    return replace(piece, at=frame, first=piece.first + frame - piece.at)


def _decoded(run: Sequence[Piece], since_s: float, ffmpeg: Path) -> tuple[Samples, float]:
    """The sound of pieces in a row, and when its first sample is due."""
    encoding = run[0].encoding
    wire = wire_for(encoding, serial=1)
    body, from_s = bytearray(wire.opening()), run[0].from_s
    begun = False
    for piece in run:
        frame_s = piece.due_s(1) - piece.due_s(0)
        skipped = max(int((since_s - piece.from_s) / frame_s), 0) if not begun else 0
        if skipped >= piece.until - piece.at:
            continue
        if not begun:
            begun, from_s = True, piece.due_s(piece.at + skipped)
        first = piece.first + skipped
        with Frames.open(piece.file.path, encoding) as frames:
            body += wire.wrap(frames.read(first, first + piece.until - piece.at - skipped))
    if not begun:
        return np.zeros(0, dtype=np.float32), from_s
    longest_s = run[-1].until_s - from_s + 1.0
    return decode(bytes(body), DEMUXERS.get(encoding.codec), ffmpeg=ffmpeg, longest_s=longest_s), from_s
