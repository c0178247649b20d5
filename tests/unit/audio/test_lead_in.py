"""What lies before the programme: a tone and silence as they were asked for, and then the programme to the sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.ingest import Master, ingest
from audio.lead_in import NO_LEAD_IN, LeadIn
from audio.profile import SHORTWAVE, Encoding
from audio.render import Artefact, Piece, render
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

SAMPLES = 12 * RATE
TONE = LeadIn(tone_s=2, silence_s=1)
Signal = NDArray[np.float64]
Rendering = Callable[..., Artefact]


@pytest.fixture(scope="module")
def rendering(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    """Twelve seconds: two voices with a second between, for every encoding and lead-in."""
    folder = tmp_path_factory.mktemp("rendered")
    masters = [
        ingest(write_wav(folder / "in.wav", voice(6.0, seed)), folder, ffmpeg=wheel) for seed in (1, 2)
    ]

    def piece(master: Master, start: int, samples: int) -> Piece:
        return Piece(
            master.path, master.sha256, start, samples, 0, master.loudness_lufs, fade_in_samples=4800
        )

    def call(encoding: Encoding, lead_in: LeadIn = NO_LEAD_IN, cache: str = "cache") -> Artefact:
        return render(
            [piece(masters[0], 0, 6 * RATE), piece(masters[1], 7 * RATE, 5 * RATE)],
            SAMPLES,
            profile=SHORTWAVE,
            encoding=encoding,
            lead_in=lead_in,
            destination_dir=folder,
            cache_dir=folder / cache,
            ffmpeg=wheel,
        )

    return call


def heard(files: AudioFiles, artefact: Artefact, folder: Path) -> Signal:
    """The first channel as a player gives it."""
    return decoded(files, artefact.path, folder, artefact.encoding.channels)[:, 0]


def sine(seconds: float, hz: int, dbfs: float, rate: int) -> Signal:
    sound: Signal = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return sound


@pytest.mark.parametrize("rate", [48_000, 44_100])
@pytest.mark.parametrize(
    "lead_in",
    [
        TONE,
        LeadIn(tone_s=7, tone_hz=997, tone_dbfs=-9),
        LeadIn(tone_s=0.5, silence_s=0.25),
        LeadIn(silence_s=2),
    ],
)
def test_a_wav_has_the_tone_then_silence_then_the_programme(
    lead_in: LeadIn, rate: int, rendering: Rendering, files: AudioFiles, tmp_path: Path
) -> None:
    encoding = Encoding("wav", rate)
    programme = heard(files, rendering(encoding), tmp_path)
    artefact = rendering(encoding, lead_in)
    sound = heard(files, artefact, tmp_path)

    before = lead_in.samples(encoding) * rate // RATE
    tone = lead_in.tone_samples * rate // RATE
    assert len(sound) == artefact.samples == before + len(programme)
    assert before == round((lead_in.tone_s + lead_in.silence_s) * rate)
    # soxr rings for a few samples around an edge
    ringing = 0 if rate == RATE else 200
    assert np.abs(sound[before + ringing :] - programme[ringing:]).max() <= (0 if rate == RATE else 2 / 32768)
    assert not sound[tone + ringing : before - ringing].any()
    # It is the sine that was asked for, past compressor and band limit, but for its fades and 16 bits with dither
    fade = rate // 100
    inner = slice(fade + ringing, max(0, tone - fade - ringing))
    expected = sine(lead_in.tone_s, lead_in.tone_hz, lead_in.tone_dbfs, rate)
    assert np.abs(sound[inner] - expected[inner]).max(initial=0.0) < 4 / 32768
    assert artefact.joins == tuple(before + second * rate for second in (0, 7))


def test_the_tone_comes_and_goes_in_ten_milliseconds(
    rendering: Rendering, files: AudioFiles, tmp_path: Path
) -> None:
    sound = heard(files, rendering(Encoding("wav"), TONE), tmp_path)
    envelope = np.abs(sound[: 2 * RATE]).reshape(-1, 48).max(axis=1)  # a period each
    assert envelope[:2].max() < 0.03
    assert envelope[-2:].max() < 0.03
    assert envelope[10:-10] == pytest.approx(0.1, abs=0.0005)
    assert np.diff(envelope[:11]).min() > 0
    assert np.diff(envelope[-11:]).max() < 0


@pytest.mark.parametrize(
    "encoding",
    [
        Encoding("mp3"),
        Encoding("mp3", 44_100),
        Encoding("mp3", channels=2),
        Encoding("mp2"),
        Encoding("mp2", 44_100, channels=2),
        Encoding("flac", channels=2),
        Encoding("opus"),
        Encoding("aac", 44_100),
        Encoding("adts"),
        Encoding("adts", 44_100),
    ],
    ids=lambda encoding: encoding.key,
)
def test_every_encoding_begins_with_the_tone_and_lasts_as_long_as_it_should(
    encoding: Encoding, rendering: Rendering, files: AudioFiles, tmp_path: Path
) -> None:
    artefact = rendering(encoding, TONE)
    sound = heard(files, artefact, tmp_path)
    rate = encoding.sample_rate
    before = TONE.samples(encoding) * rate // RATE
    assert artefact.samples == encoding.length(TONE.samples(encoding) + SAMPLES)
    assert (
        0 <= len(sound) - artefact.samples < 1024
        if encoding.codec == "aac"
        else len(sound) == artefact.samples
    )
    second = sound[rate // 2 : rate // 2 + rate]
    assert np.abs(np.fft.rfft(second)).argmax() == 1000, "Hz"
    assert 20 * np.log10(np.sqrt(2) * second.std()) == pytest.approx(-20, abs=0.15)
    # Silence: what a codec smears over it is far under what is heard
    assert np.abs(sound[2 * rate + 2400 : before - 2400]).max() < 0.0005
    assert artefact.peak_dbtp <= SHORTWAVE.ceiling_dbtp
    programme = heard(files, rendering(encoding), tmp_path)[rate : 5 * rate]
    match = [
        float(np.dot(programme, sound[at : at + 4 * rate]))
        for at in range(before + rate - 40, before + rate + 41)
    ]
    # At 44.1 kHz an MP3's frames fall otherwise on the programme, and the sum is flat at its top
    assert abs(int(np.argmax(match)) - 40) <= (0 if rate == RATE or encoding.codec != "mp3" else 1)


def test_a_lead_in_costs_no_second_of_the_programme_another_encoding(rendering: Rendering) -> None:
    """The programme stays on the grid: a feed with a lead-in takes the frames that were kept for one without."""
    bare = rendering(Encoding("mp3"), cache="frames")
    odd = LeadIn(tone_s=1, silence_s=1)
    first = rendering(Encoding("mp3"), odd, cache="frames")
    again = rendering(Encoding("mp3"), odd, cache="frames")
    before = odd.samples(Encoding("mp3"))
    assert before == 84 * 1152, "two seconds are 83.3 frames"
    assert (bare.frames, first.frames) == (500, 584)
    assert first.doubt == again.doubt == ""
    assert first.sha256 == again.sha256
    assert first.encoded_frames is not None
    assert again.encoded_frames is not None
    assert again.encoded_frames <= first.encoded_frames < 84 + 24
    with bare.path.open("rb") as one, first.path.open("rb") as two:
        two.seek((84 + 12) * 384)
        one.seek(12 * 384)
        assert one.read() == two.read(), "frame by frame"


def test_without_a_lead_in_nothing_is_before(rendering: Rendering) -> None:
    for encoding in (Encoding("wav"), Encoding("mp3")):
        assert rendering(encoding).sha256 == rendering(encoding, LeadIn(tone_hz=440)).sha256


def test_only_what_is_heard_is_in_the_key() -> None:
    assert NO_LEAD_IN.key == LeadIn(tone_hz=440, tone_dbfs=-10).key == ""
    changed = [
        TONE,
        replace(TONE, tone_s=3),
        replace(TONE, tone_hz=440),
        replace(TONE, tone_dbfs=-18),
        replace(TONE, silence_s=0.5),
        LeadIn(tone_s=2),
        LeadIn(silence_s=1),
    ]
    assert len({each.key for each in changed}) == len(changed)
    assert LeadIn(tone_s=2.0, silence_s=1.0).key == TONE.key


@given(st.floats(0.02, 60), st.floats(0, 60))
def test_the_programme_begins_on_the_grid_after_less_than_a_frame_more(
    tone_s: float, silence_s: float
) -> None:
    lead_in = LeadIn(tone_s=tone_s, silence_s=silence_s)
    exact = lead_in.samples(Encoding("wav"))
    assert abs(exact - (tone_s + silence_s) * RATE) <= 1
    for encoding, frame in ((Encoding("mp2"), 1152), (Encoding("adts"), 1024)):
        framed = lead_in.samples(encoding)
        assert framed % frame == 0
        assert 0 <= framed - exact < frame


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"tone_s": 61}, "tone_s 61"),
        ({"tone_s": -1}, "tone_s -1"),
        ({"tone_s": 0.01}, "two fades"),
        ({"silence_s": 60.5}, "silence_s 60.5"),
        ({"silence_s": float("nan")}, "silence_s nan"),
        ({"tone_hz": 20}, "tone_hz 20"),
        ({"tone_dbfs": 1}, "tone_dbfs 1"),
    ],
)
def test_a_lead_in_that_no_site_asks_for_is_refused(wrong: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        LeadIn(**wrong)  # type: ignore[arg-type]


def test_a_tone_that_the_ceiling_would_touch_is_refused() -> None:
    with pytest.raises(ValueError, match="tone_dbfs -3 is over -4"):
        LeadIn(tone_s=1, tone_dbfs=-3).require_room(SHORTWAVE)
    LeadIn(tone_s=1, tone_dbfs=-4).require_room(SHORTWAVE)
    LeadIn(silence_s=1, tone_dbfs=-3).require_room(SHORTWAVE)
