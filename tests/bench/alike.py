"""How well copies of a recording are found among many others, what is mistaken for one, and what it costs.

    python -m tests.bench.alike [espeak-ng talks, 32] [segments, 20000]

A library of the demo station's recordings, espeak-ng's talks and synthesised music goes into a real database with its
fingerprints. A copy of each, through everything in `tests.alike_sounds.CHANGES`, is looked up as `GET /alike` does. Then the table is
filled to 20,000 segments of 5 minutes and all is looked up again. What fills it is not sound: its landmarks have
words of the library's, with so many bits turned that two fillings meet as often as two talks of the library do; their 50
fingerprints are random words.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Engine, insert, text

from app.database import migrate, open_sqlite, writing
from app.library.alike import Found, Numbers, alike_to
from app.library.fingerprints import adopt_fingerprint, keep_fingerprint
from app.library.models import Segment, SegmentKind, SegmentLandmark, SegmentState
from app.storage import Blobs
from audio.alike import Likeness, likeness
from audio.fingerprint import (
    LANDMARK_BITS,
    WORD_S,
    Fingerprint,
    FingerprintMeter,
    write_fingerprint,
)
from audio.ingest import ingest
from audio.interval import interval_signal
from audio.meter import Samples
from audio.pcm import RATE
from tests.alike_sounds import CHANGES, FFMPEG, demo, fingerprint, speech, tune
from tests.alike_sounds import text as sentences
from tests.audio_files import write_wav

DEMO: Final = (
    "news-morning",
    "news-evening",
    "letter-mother",
    "talk-radio-waves",
    "evergreen-seasons",
    "music-strings",
    "frequencies",
    "ident",
)
SPEAKERS: Final = ("ko", "ko+m1", "ko+m3", "ko+m7", "ko+f1", "ko+f2", "ko+f4", "ko+f5")
FILLED_S: Final = 300
AT: Final = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Library:
    """A database and its blobs, and which segment is which recording."""

    engine: Engine
    blobs: Blobs
    folder: Path
    names: dict[int, str] = field(default_factory=dict)
    prints: dict[str, Fingerprint] = field(default_factory=dict)

    def add(self, name: str, made: Fingerprint, kind: SegmentKind = SegmentKind.talk) -> None:
        file = self.folder / "made.print"
        write_fingerprint(made, file)
        adopted = adopt_fingerprint(self.blobs, file)
        with writing(self.engine) as session:
            segment = Segment(
                title=name, kind=kind, state=SegmentState.approved, created_at=AT, master_sha256="0"
            )
            session.add(segment)
            session.flush()
            assert segment.id is not None
            keep_fingerprint(session, segment.id, adopted)
            self.names[segment.id] = name
        self.prints[name] = made

    def look_up(self, made: Fingerprint, but: str | None = None) -> Found:
        own = next((each for each, name in self.names.items() if name == but), 0)
        return alike_to(self.engine, self.blobs, made, but=own)


def recordings(talks: int) -> Iterator[tuple[str, Samples]]:
    """Different ones: nobody's text is another's."""
    for name in DEMO:
        yield name, demo(name)
    for number in range(talks):
        voice, pace = SPEAKERS[number % len(SPEAKERS)], 130 + 10 * (number % 5)
        yield f"talk {number}", speech(sentences(number, 12), voice, pace)
    for seed in range(1, 9):
        yield f"music {seed}", tune(seed, 60)


def negatives() -> Iterator[tuple[str, str, Samples]]:
    """Kind, name and sound of what a hasty ear takes for the same."""
    for number in range(6):
        yield (
            "same speaker, one sentence of three is a phrase of all",
            f"phrases {number}",
            speech(sentences(100 + number, 12, phrases=1 / 3), "ko+m3", 150),
        )
    jingle = tune(50, 8)
    for number in range(6):
        said = speech(sentences(200 + number, 14), SPEAKERS[number], 140)
        yield "same jingle of 8 s before another talk", f"jingle {number}", np.concatenate([jingle, said])
    for voice, pace in (("ko+m1", 150), ("ko+m7", 140), ("ko+f2", 165), ("ko+f5", 155)):
        yield "same text, another voice", f"text {voice}", speech(sentences(300, 12), voice, pace)
    for voice in ("ko+m2", "ko+m7", "ko+f2", "ko+f5"):
        said = speech(sentences(301, 12), voice, 150)
        yield "same text, espeak-ng's variants at one pace", f"paced {voice}", said
    at = np.arange(60 * RATE) / RATE
    noise = np.random.default_rng(3).normal(0, 0.1, len(at))
    pink = np.fft.irfft(np.fft.rfft(noise) / np.sqrt(np.maximum(np.arange(len(at) // 2 + 1), 1)))
    signal = interval_signal()
    other = np.concatenate([tune(60, 7), np.zeros(2 * RATE)])
    steady = {
        "tone 440": 0.3 * np.sin(2 * np.pi * 440 * at),
        "tone 1000": 0.3 * np.sin(2 * np.pi * 1000 * at),
        "tone 1000, softer": 0.1 * np.sin(2 * np.pi * 1000 * at),
        "white noise": noise,
        "another white noise": np.random.default_rng(4).normal(0, 0.1, len(at)),
        "pink noise": 0.3 * pink / np.abs(pink).max(),
        "a click in silence": np.where(np.arange(len(at)) == 30 * RATE, 0.9, 0.0),
        "interval signal": np.tile(signal, 6),
        "another interval signal": np.tile(other, 6),
    }
    for name, sound in steady.items():
        yield "silence, tones, noise, interval signals", name, sound.astype(np.float32)


def recall(library: Library, copies: dict[str, list[tuple[str, Fingerprint]]]) -> None:
    """The table of what became of the copies, and how many of the segments that were shown are another recording."""
    print("\n| copy | of speech found | of music | not first | of this, least | mean | of other, mean |")
    print("|---|---|---|---|---|---|---|")
    shown = 0
    wrong: list[tuple[str, str, str, Likeness]] = []
    for change, made in copies.items():
        found: dict[bool, list[bool]] = {True: [], False: []}
        late, shares, others = 0, [], []
        for name, copy in made:
            items = [
                (library.names.get(each.segment.id or 0, "?"), each.likeness)
                for each in library.look_up(copy).items
            ]
            right = [likeness for who, likeness in items if who == name]
            shown += len(items)
            wrong += [(change, name, who, each) for who, each in items if who != name]
            found[name.startswith("music")].append(bool(right))
            late += bool(right) and items[0][0] != name
            shares += [each.of_this for each in right]
            others += [each.of_other for each in right]
        speech_found, music_found = (f"{sum(each)} of {len(each)}" for each in (found[False], found[True]))
        print(
            f"| {change} | {speech_found} | {music_found} | {late} "
            f"| {min(shares, default=0):.2f} | {np.mean(shares):.2f} | {np.mean(others):.2f} |",
            flush=True,
        )
    precision = 1 - len(wrong) / shown
    print(f"\nOf {shown} segments shown {len(wrong)} are another recording: precision {precision:.4f}")
    for change, name, who, each in wrong[:10]:
        share = max(each.of_this, each.of_other)
        print(f"  {who} for {name} ({change}): {each.shared_s:.1f} s, {100 * share:.0f} % of either at most")


def missed_when_short(library: Library, copies: dict[str, list[tuple[str, Fingerprint]]]) -> None:
    """The same by how much sound the copy has."""
    print("\n| words of the copy | copies | found |\n|---|---|---|")
    bounds = ((0, 24), (24, 50), (50, 100), (100, 200), (200, 10**6))
    all_copies = [each for made in copies.values() for each in made]
    for low, high in bounds:
        these = [(name, copy) for name, copy in all_copies if low <= np.count_nonzero(copy.words) < high]
        found = sum(
            any(library.names.get(each.segment.id or 0) == name for each in library.look_up(copy).items)
            for name, copy in these
        )
        seconds = (
            f"{low * WORD_S:.0f} to {high * WORD_S:.0f} s" if high < 10**6 else f"over {low * WORD_S:.0f} s"
        )
        if these:
            print(f"| {seconds} of sound | {len(these)} | {100 * found / len(these):.1f} % |")


def mistakes(library: Library) -> None:
    """Hard negatives among each other and in the library."""
    kinds: dict[str, list[str]] = {}
    for kind, name, sound in negatives():
        library.add(name, fingerprint(sound))
        kinds.setdefault(kind, []).append(name)
    hard = {name for names in kinds.values() for name in names}
    kinds["different recordings"] = [name for name in library.prints if name not in hard]
    print(
        "\n| not the same | pairs | anything shared | most of either | most s | shown |\n|---|---|---|---|---|---|"
    )
    for kind, names in kinds.items():
        pairs, common = 0, []
        for number, one in enumerate(names):
            others = names[number + 1 :]
            pairs += len(others)
            common += [
                each
                for other in others
                if (each := likeness(library.prints[one], library.prints[other])) is not None
            ]
        shown = 0
        for name in names:
            shown += sum(
                library.names.get(each.segment.id or 0) in names
                for each in library.look_up(library.prints[name], but=name).items
            )
        most = max((max(each.of_this, each.of_other) for each in common), default=0.0)
        print(
            f"| {kind} | {pairs} | {len(common)} | {100 * most:.0f} % "
            f"| {max((each.shared_s for each in common), default=0.0):.1f} | {shown // 2} |",
            flush=True,
        )


def meetings(prints: list[Fingerprint]) -> float:
    """How often a chief landmark of one has the word of one of another."""
    words = [made.landmarks.words[made.landmarks.chief] for made in prints]
    every, counts = np.unique(np.concatenate(words), return_counts=True)
    del every
    own = sum(int((np.unique(each, return_counts=True)[1] ** 2).sum()) for each in words)
    total = sum(map(len, words))
    return float((int((counts**2).sum()) - own) / (total**2 - sum(len(each) ** 2 for each in words)))


def fill(library: Library, segments: int) -> None:
    """To so many segments of five minutes."""
    draw = np.random.default_rng(5)
    real = [made for made in library.prints.values() if made.landmarks.chief.any()]
    pool = np.concatenate([made.landmarks.words[made.landmarks.chief] for made in real]).astype(np.int64)
    wanted = meetings(real)
    rate = float(np.mean([np.count_nonzero(made.landmarks.chief) / made.samples * RATE for made in real]))
    each = round(rate * FILLED_S)
    turned, met = 0.0, 1.0
    while met > wanted and turned < 0.3:
        turned += 0.01
        tried = [_words(draw, pool, each, turned) for _ in range(400)]
        _, counts = np.unique(np.concatenate(tried), return_counts=True)
        met = float((counts**2).sum() / (400 * each) ** 2)
    print(
        f"\nTwo landmarks of different recordings meet with 2^{np.log2(wanted):.1f}, of the filling with "
        f"2^{np.log2(met):.1f} ({turned:.2f} of the bits turned); {each} landmarks a segment"
    )
    blobs = list(_random_prints(library, draw, rate))
    first = max(library.names) + 1
    count = segments - len(library.names)
    for at in range(0, count, 500):
        some = range(first + at, first + min(at + 500, count))
        rows: list[dict[str, object]] = [
            {
                "id": number,
                "title": f"filled {number}",
                "kind": "talk",
                "tags": [],
                "silences": [],
                "state": "recalled" if number % 50 == 0 else "approved",
                "created_at": AT,
                "revision": 1,
                "damaged": False,
                "master_sha256": "0",
                "fingerprint_sha256": blobs[number % len(blobs)],
            }
            for number in some
        ]
        frames = np.sort(draw.integers(0, FILLED_S * 62, each)).tolist()
        marks = [
            {"word": word, "segment_id": number, "frame": frame}
            for number in some
            for word, frame in zip(_words(draw, pool, each, turned).tolist(), frames, strict=True)
        ]
        with writing(library.engine) as session:
            session.execute(insert(Segment), rows)
            session.execute(insert(SegmentLandmark).prefix_with("OR IGNORE"), marks)


def _words(draw: np.random.Generator, pool: Numbers, count: int, turned: float) -> Numbers:
    bits = draw.random((count, LANDMARK_BITS)) < turned
    words: Numbers = draw.choice(pool, count) ^ (bits << np.arange(LANDMARK_BITS)).sum(axis=1)
    return words


def _random_prints(library: Library, draw: np.random.Generator, rate: float) -> Iterator[str]:
    like = next(iter(library.prints.values()))
    count = round(rate * 2 * FILLED_S)
    for _ in range(50):
        marks = replace(
            like.landmarks,
            words=draw.integers(0, 1 << LANDMARK_BITS, count, dtype=np.uint32),
            frames=np.sort(draw.integers(0, FILLED_S * 62, count)).astype(np.uint32),
            weakest=np.zeros((count, 2), dtype=np.uint8),
            chief=np.arange(count) % 2 == 0,
        )
        words = draw.integers(1, 1 << 32, round(FILLED_S / WORD_S), dtype=np.uint32)
        file = library.folder / "random.print"
        write_fingerprint(Fingerprint(FILLED_S * RATE, words, marks), file)
        yield adopt_fingerprint(library.blobs, file).sha256


def times(library: Library, prints: dict[str, Fingerprint]) -> None:
    print("\n| look-up of | CPU ms, median | ms, median | most | memory, MiB |\n|---|---|---|---|---|")
    for name, made in prints.items():
        taken, worked = [], []
        for _ in range(10):
            began, busy = time.perf_counter(), time.process_time()
            library.look_up(made)
            taken.append((time.perf_counter() - began) * 1000)
            worked.append((time.process_time() - busy) * 1000)
        tracemalloc.start()
        library.look_up(made)
        held = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(
            f"| {name} | {np.median(worked):.0f} | {np.median(taken):.0f} | {max(taken):.0f} | {held:.0f} |",
            flush=True,
        )


def cost(folder: Path, sound: Samples) -> None:
    """Of ingest with fingerprints and without, in turn."""
    source = write_wav(folder / "source.wav", sound.astype(np.float64))
    kept = FingerprintMeter.feed
    spent: dict[bool, list[float]] = {True: [], False: []}
    size = 0
    for _ in range(4):
        for on in (True, False):
            setattr(FingerprintMeter, "feed", kept if on else _deaf)  # noqa: B010 - for the length of one ingest
            began = _cpu_s()
            master = ingest(source, folder, ffmpeg=FFMPEG)
            spent[on].append(_cpu_s() - began)
            assert master.fingerprint_path is not None
            size = max(size, master.fingerprint_path.stat().st_size)
    setattr(FingerprintMeter, "feed", kept)  # noqa: B010
    hours = len(sound) / RATE / 3600
    with_it, without = min(spent[True]), min(spent[False])
    print(
        f"\nIngest of an hour: {without / hours:.1f} s of CPU without fingerprint, {with_it / hours:.1f} with it "
        f"(+{100 * (with_it / without - 1):.0f} %); the fingerprint of an hour is {size / hours / 1000:.0f} kB"
    )


def _deaf(_meter: FingerprintMeter, _block: Samples) -> None:
    """Instead of listening."""


def _cpu_s() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    talks = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    segments = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_sqlite(folder / "danpa.db")
        migrate(engine)
        for kind in ("fingerprints",):
            (folder / "blobs" / kind).mkdir(parents=True)
        library = Library(engine, Blobs(folder / "blobs"), folder)
        copies: dict[str, list[tuple[str, Fingerprint]]] = {change: [] for change in CHANGES}
        for who, sound in recordings(talks):
            library.add(who, fingerprint(sound))
            for change, apply in CHANGES.items():
                copies[change].append((who, fingerprint(apply(sound))))
        print(f"{len(library.prints)} recordings, {sum(map(len, copies.values()))} copies", flush=True)
        recall(library, copies)
        mistakes(library)
        hour = np.concatenate([demo(each) for each in DEMO] * 5)[: 3600 * RATE]
        cost(folder, hour[: 600 * RATE])
        fill(library, segments)
        with engine.connect() as connection:
            rows = connection.scalar(text("SELECT count(*) FROM segment_landmark"))
            pages, page = (connection.scalar(text(f"PRAGMA page_{each}")) for each in ("count", "size"))
        print(f"{segments} segments, {rows} rows; the database has {pages * page >> 20} MiB")
        recall(library, copies)
        missed_when_short(library, copies)
        times(
            library,
            {
                "19 s": library.prints["frequencies"],
                "1 minute": library.prints["talk 0"],
                "2.5 minutes": library.prints["evergreen-seasons"],
                "5 minutes": fingerprint(hour[: 300 * RATE]),
                "an hour": fingerprint(hour),
                "music, 1 minute": library.prints["music 1"],
            },
        )
        engine.dispose()


if __name__ == "__main__":
    main()
