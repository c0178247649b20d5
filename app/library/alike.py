"""Segments that sound like another one: the same talk in another encoding, trimmed, louder, under another name.

    landmarks of this one -> rows with the same words -> the segments that have most of them at one distance
    -> their fingerprints, word by word -> how much they share

The first half is a few hundred look-ups in an index and names those that are worth a look; only their fingerprints are
read. What is shown is judged by the second half alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.database import reading
from app.errors import NotFound
from app.library import service
from app.library.fingerprints import without_fingerprint
from app.library.models import Segment, SegmentLandmark, SegmentState
from app.storage import Blobs
from audio.alike import Likeness, likeness
from audio.fingerprint import Fingerprint, Landmarks, read_fingerprint

log = structlog.get_logger()

SHOWN_SHARE, SHOWN_SHARE_S = 0.2, 5.0
"""Of either one's sound, and seconds: under it lie the jingles and phrases of an honest library (`tests/bench/alike.py`)."""
SHOWN_MOST = 0.5
"""Or so much of either, however short: an ident."""
SHOWN_S = 20.0
"""Or so many seconds, longer than any jingle: a witness's words in another talk."""

COMPARED, COMPARED_RECALLED = 40, 20
"""The likeliest whose fingerprints are read, and beside them the likeliest recalled ones: they are what must not be missed."""

QUESTIONS = 600
"""Words that are looked up, as far as there is a choice: a short recording has few landmarks and asks for their variants too."""

_NEAR_FRAMES = 16
"""Landmarks of a copy lie as far apart as the original's: within 256 ms."""
_AT_ONCE = 500
"""Parameters in a statement: SQLite takes 999 at least."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Another segment, and what the two have in common, seen from the one that was asked about."""

    segment: Segment
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Found:
    """Segments that sound alike, most shared first. ``not_compared``: how many others have no fingerprint that can be read."""

    items: tuple[Alike, ...]
    not_compared: int


def find_alike(engine: Engine, blobs: Blobs, segment_id: int) -> Found:
    """Every segment, whatever its state, that shares enough of its sound with this one.

    Raises:
        NotFound: there is no such segment, or it has no fingerprint (yet).
    """
    with reading(engine) as session:
        this = _fingerprint(blobs, service.get(session, segment_id))
    if this is None:
        raise NotFound(
            f"segment {segment_id} has no fingerprint: it has no audio, was spoken for an airing, or is older than"
            " fingerprints and its turn comes within a day"
        )
    return alike_to(engine, blobs, this, but=segment_id)


def alike_to(engine: Engine, blobs: Blobs, this: Fingerprint, *, but: int = 0) -> Found:
    """Every segment but one that shares enough of its sound with a recording, which need not be in the library."""
    with reading(engine) as session:
        segments = _likeliest(session, _rows(session, but, *_questions(this.landmarks)))
        unknown = without_fingerprint(session)
    found = []
    for segment in segments:
        other = _fingerprint(blobs, segment)
        if other is None:
            unknown += 1
        elif (common := likeness(this, other)) is not None and _is_shown(common):
            found.append(Alike(segment, common))
    found.sort(key=lambda each: (-each.likeness.shared_s, each.segment.id))
    return Found(tuple(found), unknown)


def _is_shown(common: Likeness) -> bool:
    share, seconds = max(common.of_this, common.of_other), common.shared_s
    return seconds >= SHOWN_S or share >= SHOWN_MOST or (share >= SHOWN_SHARE and seconds >= SHOWN_SHARE_S)


def _fingerprint(blobs: Blobs, segment: Segment) -> Fingerprint | None:
    """None where there is none, or its blob is gone or broken, which `danpa fsck` tells."""
    if segment.fingerprint_sha256 is None:
        return None
    try:
        return read_fingerprint(blobs.path("fingerprints", segment.fingerprint_sha256, ".print"))
    except (OSError, ValueError) as error:
        log.warning("a fingerprint cannot be read", segment=segment.id, why=type(error).__name__)
        return None


Numbers = NDArray[np.int64]


def _questions(landmarks: Landmarks) -> tuple[Numbers, Numbers]:
    """The words to look up, in order, and the frame of each.

    The chief landmarks always; as far as `QUESTIONS` reaches also the others, and each with its weakest bits the other way.
    """
    words, frames = landmarks.words.astype(np.int64), landmarks.frames.astype(np.int64)
    first, second = (np.int64(1) << landmarks.weakest.T.astype(np.int64)).reshape(2, -1)
    variants = [words, words ^ first, words ^ second, words ^ first ^ second]
    chief = landmarks.chief
    for count, chosen in ((4, chief | True), (2, chief | True), (2, chief), (1, chief)):
        if count * np.count_nonzero(chosen) <= QUESTIONS or count == 1:
            break
    asked = np.concatenate([each[chosen] for each in variants[:count]])
    at = np.tile(frames[chosen], count)
    order = np.argsort(asked, kind="stable")
    return asked[order], at[order]


def _rows(session: Session, segment_id: int, words: Numbers, frames: Numbers) -> tuple[Numbers, Numbers]:
    """Of every row of another segment with one of the words: its segment, and how many frames it lies further on.

    A word that was asked for at two frames gives two.
    """
    columns = (col(SegmentLandmark.word), col(SegmentLandmark.segment_id), col(SegmentLandmark.frame))
    found: list[Numbers] = [np.zeros((0, 3), dtype=np.int64)]
    asked_for = np.unique(words).tolist()
    for at in range(0, len(asked_for), _AT_ONCE):
        some = asked_for[at : at + _AT_ONCE]
        query = select(*columns).where(columns[0].in_(some), columns[1] != segment_id)
        # Not through the session, whose own handling of each of some hundred thousand rows takes as long as all else
        rows = session.connection().execute(query).all()
        numbers: Numbers = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=3 * len(rows))
        found.append(numbers.reshape(-1, 3))
    word, segment, frame = np.concatenate(found).T
    low, high = np.searchsorted(words, word, "left"), np.searchsorted(words, word, "right")
    times = high - low
    each = np.repeat(np.arange(len(word)), times)
    asked = np.arange(len(each)) - np.repeat(np.cumsum(times) - times, times) + low[each]
    return segment[each], frame[each] - frames[asked]


def _likeliest(session: Session, rows: tuple[Numbers, Numbers]) -> list[Segment]:
    """The segments that have most of the words at one distance."""
    segments, votes = _votes(*rows)
    ranked = segments[np.lexsort((segments, -votes))].tolist()
    query = select(Segment.id).where(Segment.state == SegmentState.recalled)
    recalled = set(session.exec(query)) if len(ranked) > COMPARED else set()
    more = [each for each in ranked[COMPARED:] if each in recalled][:COMPARED_RECALLED]
    chosen = select(Segment).where(col(Segment.id).in_([*ranked[:COMPARED], *more]))
    return list(session.exec(chosen))


def _votes(segments: Numbers, apart: Numbers) -> tuple[Numbers, Numbers]:
    """For each segment the most rows that lie equally far on; counted twice, so that no edge between counts parts them."""
    best: dict[int, int] = {}
    for shift in (0, _NEAR_FRAMES // 2):
        steps = (apart + shift) // _NEAR_FRAMES
        # One number for both, which numpy sorts ten times faster than pairs
        keys, counts = np.unique((segments << 24) + steps + (1 << 23), return_counts=True)
        owners = keys >> 24
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        most = np.maximum.reduceat(counts, starts) if len(starts) else counts
        for owner, count in zip(owners[starts].tolist(), most.tolist(), strict=True):
            best[owner] = max(best.get(owner, 0), count)
    return np.array(list(best), dtype=np.int64), np.array(list(best.values()), dtype=np.int64)
