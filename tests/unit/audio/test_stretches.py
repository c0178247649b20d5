from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from audio.pieces import Piece, check
from audio.profile import MP3_FRAME_SAMPLES
from audio.splice import plan
from audio.stretches import BEHIND, SHORTEST, Stretch, runs, stretches
from audio.tracks import Track

LOOK_AHEAD = 2528
"""How far past its beginning LAME reads for a frame."""
FRAME = MP3_FRAME_SAMPLES


@st.composite
def programmes(draw: st.DrawFn) -> tuple[list[Piece], list[int | None], int]:
    """Pieces with fades, gaps, overlaps and loops, on the grid of frames and off it."""
    pieces: list[Piece] = []
    cycles: list[int | None] = []
    at = free = 0  # how much of the piece before may still be shared
    for index in range(draw(st.integers(0, 6))):
        samples = draw(st.integers(1, 150 * FRAME) | st.integers(20, 120).map(lambda frames: frames * FRAME))
        overlap = draw(st.integers(0, min(samples // 2, free)) | st.just(0))
        gap = 0 if overlap else draw(st.sampled_from([0, 0, 17, 30 * FRAME, 90 * FRAME]))
        start = at - overlap + gap
        fades = draw(st.tuples(st.integers(0, samples // 3), st.integers(0, samples // 3)) | st.just((0, 0)))
        loop = draw(st.booleans())
        pieces.append(Piece(Path("x"), f"{index}", start, samples, 0, None, *fades, loop))
        cycles.append(
            draw(st.integers(1, 60).map(lambda n: n * FRAME) | st.integers(1, 9999)) if loop else None
        )
        free, at = samples - overlap, start + samples
    return pieces, cycles, max(at, 1) + draw(st.integers(0, 100 * FRAME))


def sounding(pieces: list[Piece], sample: int) -> list[int]:
    return [index for index, each in enumerate(pieces) if each.start_sample <= sample < each.end_sample]


@given(programmes())
def test_a_stretchs_frames_see_one_piece_and_nothing_else(
    programme: tuple[list[Piece], list[int | None], int],
) -> None:
    pieces, cycles, total = programme
    check(pieces, total)
    for stretch in stretches(pieces, cycles, total, silence_cycle=25):
        assert stretch.end - stretch.first >= SHORTEST
        assert stretch.end <= total // FRAME
        low, high = (stretch.first - BEHIND) * FRAME, (stretch.end - 1) * FRAME + LOOK_AHEAD
        assert low >= 0
        edges = [edge for each in pieces for edge in (each.start_sample, each.end_sample)]
        seen = {low, high - 1, *(edge for edge in edges if low <= edge < high)}
        who = [] if stretch.piece is None else [stretch.piece]
        assert all(sounding(pieces, sample) == who for sample in seen if sample < total)
        if stretch.piece is not None:
            piece = pieces[stretch.piece]
            assert piece.start_sample + piece.fade_in_samples <= low
            assert high <= piece.end_sample - piece.fade_out_samples
            assert stretch.origin == piece.start_sample // FRAME


@given(programmes(), st.randoms())
def test_a_splice_has_every_frame_once_and_in_order(
    programme: tuple[list[Piece], list[int | None], int], chance: object
) -> None:
    pieces, cycles, total = programme
    found = stretches(pieces, cycles, total, silence_cycle=25)
    tracks = [chance.choice([None, *tracks_of(each)]) for each in found]  # type: ignore[attr-defined]
    splice = plan(total // FRAME, found, tracks)
    frames = [frame for run in splice.runs for frame in range(run.first, run.end)]
    assert frames == list(range(total // FRAME))
    for run in splice.runs:
        if run.stretch is None:
            continue
        stretch = found[run.stretch]
        pieces_of_it = [
            frame
            for track, low, high in splice.kept(run.first, run.end, run.stretch)
            for frame in range(low, high)
        ]
        assert pieces_of_it == [stretch.source_frame(frame) for frame in range(run.first, run.end)]
        track = splice.tracks[run.stretch]
        assert track is not None
        assert all(track.first <= frame < track.end for frame in pieces_of_it)
    assert splice.encoded_frames == total // FRAME - sum(
        run.end - run.first for run in splice.runs if run.stretch is not None
    )


def tracks_of(stretch: Stretch) -> list[Track]:
    """One that has all, one that lacks a little at both ends, one that is too short to be of use."""
    first, end = stretch.first - stretch.origin, stretch.end - stretch.origin
    if stretch.cycle is not None:
        first, end = 0, stretch.cycle
    return [
        Track(Path("x"), low, high, 384, -6.0, 0.0, 0)
        for low, high in ((first, end), (first + 3, end - 2), (first, first + 5))
        if low < high
    ]


def test_what_is_between_the_kept_frames_is_encoded() -> None:
    assert [
        (run.first, run.end, run.stretch) for run in runs([(10, 50, 3), (50, 80, 4), (90, 99, 7)], 100)
    ] == [
        *((0, 10, None), (10, 50, 3), (50, 80, 4)),
        *((80, 90, None), (90, 99, 7), (99, 100, None)),
    ]
