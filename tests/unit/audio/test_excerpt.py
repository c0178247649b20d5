"""A programme in parts: laid end to end they are the programme, to the sample."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.excerpt import WHOLE, Excerpt
from audio.ingest import ingest
from audio.interval import synthesise_interval_signal
from audio.lead_in import NO_LEAD_IN, LeadIn
from audio.profile import MP3_FRAME_SAMPLES, SHORTWAVE, Encoding
from audio.render import Artefact, Piece, render
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

SECONDS = 30
SAMPLES = SECONDS * RATE
Rendering = Callable[..., Artefact]


@pytest.fixture(scope="module")
def rendering(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    """Half a minute with a join at 9 s, a cross-fade of 4 s around 16 s, a long fade, and a loop to the end."""
    folder = tmp_path_factory.mktemp("rendered")
    masters = [
        ingest(write_wav(folder / "in.wav", voice(10.0, seed)), folder, ffmpeg=wheel) for seed in (1, 2, 3)
    ]
    masters.append(synthesise_interval_signal(folder, ffmpeg=wheel))

    def piece(number: int, start_s: float, seconds: float, fade_in: float, fade_out: float) -> Piece:
        master = masters[number]
        return Piece(
            master.path,
            master.sha256,
            round(start_s * RATE),
            round(seconds * RATE),
            0,
            master.loudness_lufs,
            fade_in_samples=round(fade_in * RATE),
            fade_out_samples=round(fade_out * RATE),
            loop=number == 3,
        )

    pieces = [piece(0, 0, 9, 0, 0), piece(1, 9, 9, 0, 4), piece(2, 14, 9, 4, 3), piece(3, 23, 7, 0, 0)]

    def call(
        encoding: Encoding, excerpt: Excerpt = WHOLE, cache: str = "cache", lead_in: LeadIn = NO_LEAD_IN
    ) -> Artefact:
        return render(
            pieces,
            SAMPLES,
            profile=SHORTWAVE,
            encoding=encoding,
            excerpt=excerpt,
            lead_in=lead_in,
            destination_dir=folder,
            cache_dir=folder / cache,
            ffmpeg=wheel,
        )

    return call


def parts_at(*cuts: int) -> list[Excerpt]:
    edges = [0, *cuts, None]
    return [Excerpt(start or 0, stop) for start, stop in pairwise(edges)]


@pytest.mark.parametrize(
    "cuts", [(9,), (16,), (14,), (18,), (22,), (25,), (5, 10, 15, 20, 25)], ids=lambda cuts: f"at {cuts}"
)
def test_the_parts_of_a_wav_are_the_whole_to_the_sample(
    cuts: tuple[int, ...], rendering: Rendering, files: AudioFiles, tmp_path: Path
) -> None:
    """Wherever the cut falls: at a join, in a cross-fade, in a fade, in a loop, in the middle of a word."""
    encoding = Encoding("wav")
    whole = decoded(files, rendering(encoding).path, tmp_path)
    artefacts = [rendering(encoding, part) for part in parts_at(*cuts)]
    sound = np.concatenate([decoded(files, each.path, tmp_path) for each in artefacts])
    assert [each.samples for each in artefacts] == [
        (stop - start) * RATE for start, stop in zip((0, *cuts), (*cuts, SECONDS), strict=True)
    ]
    assert np.array_equal(sound, whole)


@pytest.mark.parametrize("cut", [9, 16, 22])
@pytest.mark.parametrize("cache", ["cache", "cold"])
def test_the_parts_of_an_mp3_sound_as_the_whole_does(
    cut: int, cache: str, rendering: Rendering, files: AudioFiles, tmp_path: Path
) -> None:
    encoding = Encoding("mp3")
    whole = decoded(files, rendering(encoding).path, tmp_path)[:, 0]
    first, second = (rendering(encoding, part, f"{cache}-{cut}") for part in parts_at(cut))
    sound = np.concatenate([decoded(files, each.path, tmp_path)[:, 0] for each in (first, second)])
    assert len(sound) == len(whole) == SAMPLES
    error = (sound - whole).reshape(-1, MP3_FRAME_SAMPLES)
    level = np.sqrt(np.mean(whole**2))
    by_frame = np.sqrt((error**2).mean(axis=1)) / level
    at = cut * RATE // MP3_FRAME_SAMPLES
    # A decoder that begins at a frame lacks what the frame before left over: two frames are heard coming up
    assert np.delete(by_frame, [at - 1, at, at + 1]).max() < 0.1
    assert first.doubt == second.doubt == ""


def test_a_part_is_spliced_from_what_the_whole_has_left(rendering: Rendering) -> None:
    encoding = Encoding("mp3", bitrate_kbps=96)
    part = Excerpt(9, 23)
    rendering(encoding, cache="shared")
    warm, cold = rendering(encoding, part, "shared"), rendering(encoding, part, "fresh")
    assert warm.encoded_frames is not None
    assert cold.encoded_frames is not None
    assert cold.encoded_frames == cold.frames
    assert warm.encoded_frames < 0.6 * cold.encoded_frames, "its two bodies were there already"
    assert warm.sha256 == cold.sha256


@pytest.mark.parametrize(
    "encoding", [Encoding("mp3", 44_100), Encoding("opus"), Encoding("flac"), Encoding("mp2")]
)
def test_every_encoding_is_as_long_as_its_part(encoding: Encoding, rendering: Rendering) -> None:
    assert rendering(encoding, Excerpt(9, 16)).samples == encoding.length(7 * RATE)


def test_joins_are_those_of_the_part(rendering: Rendering) -> None:
    assert rendering(Encoding("wav"), Excerpt(9, 23)).joins == (0, 5 * RATE)


def test_a_part_that_begins_later_has_no_lead_in(rendering: Rendering) -> None:
    tone = LeadIn(tone_s=2)
    with pytest.raises(ValueError, match="begins later"):
        rendering(Encoding("wav"), Excerpt(9), lead_in=tone)
    assert rendering(Encoding("wav"), Excerpt(0, 9), lead_in=tone).samples == 11 * RATE


def test_a_part_behind_the_end_is_an_error(rendering: Rendering) -> None:
    with pytest.raises(ValueError, match="nothing of a programme of 30 s"):
        rendering(Encoding("wav"), Excerpt(30))


@pytest.mark.parametrize(("start_s", "stop_s"), [(-1, None), (5, 5), (6, 5)])
def test_a_part_is_a_stretch_of_time(start_s: int, stop_s: int | None) -> None:
    with pytest.raises(ValueError, match="is none"):
        Excerpt(start_s, stop_s)


@given(
    cuts=st.lists(st.integers(1, 3599), min_size=1, max_size=6, unique=True).map(sorted),
    encoding=st.sampled_from(
        [Encoding("mp3"), Encoding("wav"), Encoding("mp3", 44_100), Encoding("mp2"), Encoding("adts")]
    ),
    total=st.integers(3_600 * RATE, 3_601 * RATE),
)
def test_parts_leave_no_sample_out_and_have_none_twice(
    cuts: list[int], encoding: Encoding, total: int
) -> None:
    spans = [part.span(total, encoding) for part in parts_at(*cuts)]
    assert spans[0][0] == 0
    assert spans[-1][1] == total
    assert all(one[1] == two[0] for one, two in pairwise(spans))
    assert all(start % encoding.grid_samples == 0 for start, _ in spans)


def test_two_lead_ins_that_differ_never_share_a_key() -> None:
    odd = [
        LeadIn(spoken="Danpa", silence_s=1),
        LeadIn(spoken="Danpa_silence48000"),
        LeadIn(spoken="Danpa/part0to30"),
        LeadIn(spoken="단파 / 1"),
    ]
    keys = {one.key for one in odd}
    assert len(keys) == len(odd)
    assert not any("/" in key for key in keys), "what separates the parts of a recipe"
