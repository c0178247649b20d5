from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio import render as render_module
from audio.encode import encode
from audio.errors import ArtefactBroken, EncodeFailed
from audio.ingest import Master, ingest
from audio.interval import synthesise_interval_signal
from audio.mix import Mix
from audio.mp3 import walk
from audio.pieces import check
from audio.prepare import Prepared, prepare
from audio.profile import LEVELLED, SHORTWAVE, UNPROCESSED, Encoding
from audio.render import Artefact, Piece, render
from audio.verify import Measurement, measure
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

ENCODINGS = [
    Encoding("mp3"),
    Encoding("mp3", 44_100),
    Encoding("mp3", bitrate_kbps=64),
    Encoding("mp3", bitrate_kbps=192),
    Encoding("wav"),
    Encoding("wav", 44_100),
    Encoding("flac"),
    Encoding("flac", 44_100),
    Encoding("opus"),
    Encoding("aac"),
    Encoding("aac", 44_100),
    Encoding("adts"),
    Encoding("adts", 44_100, 64),
    Encoding("mp2"),
    Encoding("mp2", 44_100, 192),
    Encoding("mp3", channels=2),
    Encoding("mp3", 44_100, 192, channels=2),
    Encoding("mp2", channels=2),
    Encoding("mp2", 44_100, channels=2),
    Encoding("wav", channels=2),
    Encoding("flac", 44_100, channels=2),
    Encoding("opus", channels=2),
    Encoding("aac", channels=2),
    Encoding("adts", channels=2),
]


@pytest.fixture(scope="module")
def masters(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Master]:
    """Three voices at very different levels."""
    folder = tmp_path_factory.mktemp("masters")
    voices = [(7.0, 1, 0.02), (5.0, 2, 1.9), (6.0, 3, 0.4)]
    return [
        ingest(write_wav(folder / "in.wav", voice(seconds, seed) * gain), folder, ffmpeg=wheel)
        for seconds, seed, gain in voices
    ]


def piece_of(master: Master, start: int, **changes: object) -> Piece:
    piece = Piece(master.path, master.sha256, start, master.samples, 0, master.loudness_lufs)
    return replace(piece, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def rundown(masters: list[Master]) -> list[Piece]:
    """24 seconds: a voice, a voice with fades, a gap of two seconds, a looped voice; the last two seconds empty."""
    quiet, loud, middle = masters
    return [
        piece_of(quiet, 0, fade_in_samples=RATE // 20),
        piece_of(loud, 7 * RATE, fade_in_samples=4800, fade_out_samples=RATE),
        piece_of(
            middle, 14 * RATE, first_sample=4 * RATE, samples=8 * RATE, loop=True, fade_out_samples=RATE
        ),
    ]


Rendering = Callable[..., Artefact]


@pytest.fixture(scope="module")
def rendering(tmp_path_factory: pytest.TempPathFactory) -> Rendering:
    folder = tmp_path_factory.mktemp("renders")

    def call(pieces: list[Piece], total: int, ffmpeg: Path, **changes: object) -> Artefact:
        arguments = {
            "profile": SHORTWAVE,
            "encoding": Encoding("wav"),
            "destination_dir": folder / "artefacts",
        }
        arguments |= {"cache_dir": folder / "cache", "ffmpeg": ffmpeg} | changes
        return render(pieces, total, **arguments)  # type: ignore[arg-type]

    return call


def samples_of(files: AudioFiles, path: Path, folder: Path, channels: int = 1) -> NDArray[np.float64]:
    """The first channel."""
    return decoded(files, path, folder, channels)[:, 0]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.key)
def test_every_encoding_is_exactly_as_long_as_loud_and_as_limited_as_asked(
    encoding: Encoding,
    rendering: Rendering,
    rundown: list[Piece],
    files: AudioFiles,
    ffmpeg: Path,
    tmp_path: Path,
) -> None:
    total = 24 * RATE
    artefact = rendering(rundown, total, ffmpeg, encoding=encoding)

    wanted = encoding.length(total)
    assert artefact.samples == wanted
    heard = len(samples_of(files, artefact.path, tmp_path, encoding.channels))
    assert heard == wanted or encoding.codec == "aac"
    assert 0 <= heard - wanted < 1024
    assert artefact.bytes == artefact.path.stat().st_size
    assert artefact.path.name == f"{artefact.sha256}.{encoding.extension}"

    found = measure(artefact.path, ffmpeg, rate=encoding.sample_rate)
    assert found.loudness_lufs == pytest.approx(-20.0, abs=0.5)
    assert found.peak_dbtp <= -3.0
    assert artefact.loudness_lufs == pytest.approx(found.loudness_lufs, abs=0.001)
    assert artefact.peak_dbtp == pytest.approx(found.peak_dbtp, abs=0.01)
    gaps = [(start / encoding.sample_rate, end / encoding.sample_rate) for start, end in found.silences]
    assert np.array(gaps) == pytest.approx(np.array([(12.0, 14.0), (22.0, 24.0)]), abs=0.06), (
        "the rundown's, no others"
    )


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_an_mp3_is_frames_and_nothing_else(
    rate: int, rendering: Rendering, rundown: list[Piece], ffmpeg: Path
) -> None:
    artefact = rendering(rundown, 24 * RATE, ffmpeg, encoding=Encoding("mp3", rate))
    content = artefact.path.read_bytes()
    offsets = [frame.offset for frame in walk(BytesIO(content))]
    assert content[:2] == b"\xff\xfb"
    assert b"Xing" not in content
    assert b"Info" not in content
    assert b"ID3" not in content
    assert artefact.frames == len(offsets) == 24 * rate // 1152
    assert artefact.joins == tuple(start * rate // 1152 for start in (0, 7, 14))
    # No frame needs bits of one before it: main_data_begin, the first 9 bits behind the header, is 0 in every frame
    assert all(content[at + 4] == 0 and content[at + 5] < 128 for at in offsets)


def test_a_wav_is_the_rundown_sample_by_sample(
    rendering: Rendering, masters: list[Master], files: AudioFiles, wheel: Path, tmp_path: Path
) -> None:
    master = masters[2]
    heard = samples_of(files, master.path, tmp_path)
    pieces = [
        piece_of(master, 777, samples=RATE),
        piece_of(master, 2 * RATE, first_sample=5 * RATE, samples=int(3.5 * RATE), loop=True),
    ]
    artefact = rendering(pieces, 6 * RATE + 1, wheel, profile=UNPROCESSED)
    expected = np.zeros(6 * RATE + 1)
    expected[777 : 777 + RATE] = heard[:RATE]
    expected[2 * RATE : int(5.5 * RATE)] = np.tile(heard[5 * RATE :], 4)[: int(3.5 * RATE)]
    got = samples_of(files, artefact.path, tmp_path)
    assert len(got) == len(expected)
    assert np.abs(got - expected).max() < 3 / 32768
    assert not got[:777].any(), "silence is digital"
    assert not got[int(5.5 * RATE) :].any()


def test_a_cross_fade_is_the_sum_of_both(
    rendering: Rendering, masters: list[Master], files: AudioFiles, wheel: Path, tmp_path: Path
) -> None:
    def heard(pieces: list[Piece]) -> NDArray[np.float64]:
        # Quiet enough for the overlap's limiter to have nothing to do
        quiet = replace(SHORTWAVE, target_lufs=-28.0)
        return samples_of(files, rendering(pieces, 12 * RATE, wheel, profile=quiet).path, tmp_path)

    first, second = piece_of(masters[0], 0), piece_of(masters[2], 6 * RATE)
    alone = [heard([piece]) for piece in (first, second)]
    both = heard([replace(first, fade_out_samples=RATE), replace(second, fade_in_samples=RATE)])
    window = slice(6 * RATE, 7 * RATE)
    curve = (np.arange(RATE) + 0.5) / RATE * np.pi / 2
    alone[0][window] *= np.cos(curve)
    alone[1][window] *= np.sin(curve)
    assert np.abs((alone[0] + alone[1])[window]).max() > 0.1
    assert np.abs(both - (alone[0] + alone[1])).max() < 4 / 32768


def test_the_same_rundown_is_the_same_bytes_again(
    rendering: Rendering, rundown: list[Piece], wheel: Path, tmp_path: Path
) -> None:
    for codec in ("mp3", "opus", "aac", "adts", "wav"):
        encoding = Encoding(codec)
        one = rendering(rundown, 24 * RATE, wheel, encoding=encoding)
        two = rendering(
            rundown, 24 * RATE, wheel, encoding=encoding, cache_dir=tmp_path / "new", destination_dir=tmp_path
        )
        assert one.sha256 == two.sha256, codec


def test_progress_grows_to_one(rendering: Rendering, rundown: list[Piece], wheel: Path) -> None:
    told: list[float] = []
    rendering(rundown, 24 * RATE, wheel, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_empty_programme_is_silence_of_its_length(rendering: Rendering, wheel: Path) -> None:
    artefact = rendering([], 3 * RATE, wheel, encoding=Encoding("mp3"))
    assert (artefact.frames, artefact.loudness_lufs) == (125, None)


def test_the_interval_signal_fills_any_length(rendering: Rendering, wheel: Path, tmp_path: Path) -> None:
    master = synthesise_interval_signal(tmp_path, ffmpeg=wheel)
    artefact = rendering(
        [piece_of(master, 0, samples=60 * RATE, loop=True)], 60 * RATE, wheel, encoding=Encoding("mp3")
    )
    found = measure(artefact.path, wheel)
    assert (artefact.frames, found.samples, found.silences) == (2500, 60 * RATE, ())
    assert found.loudness_lufs == pytest.approx(-20.0, abs=0.5)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"start_sample": -1}, "positive"),
        ({"samples": 0}, "positive"),
        ({"samples": 8 * RATE, "loop": True, "start_sample": 20 * RATE}, "after"),
        ({"fade_in_samples": 4 * RATE, "fade_out_samples": 4 * RATE}, "longer than itself"),
        ({"samples": 7 * RATE + 1}, "master"),
        ({"first_sample": 8 * RATE, "loop": True}, "master"),
    ],
)
def test_a_piece_that_does_not_fit_is_refused(
    changes: dict[str, object],
    match: str,
    rendering: Rendering,
    masters: list[Master],
    wheel: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match=match):
        rendering([piece_of(masters[0], 0, **changes)], 24 * RATE, wheel, destination_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_three_at_once_and_disorder_are_refused(masters: list[Master]) -> None:
    one, two, three = (piece_of(masters[0], start, samples=4 * RATE) for start in (0, RATE, 2 * RATE))
    with pytest.raises(ValueError, match="more than two"):
        check([one, two, three], 24 * RATE)
    with pytest.raises(ValueError, match="not in order"):
        check([piece_of(masters[0], 10 * RATE), one], 24 * RATE)


def test_an_artefact_that_decodes_to_something_else_is_not_released(
    rendering: Rendering, rundown: list[Piece], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_short(path: Path, ffmpeg: Path, *, rate: int, channel: int) -> Measurement:
        found = measure(path, ffmpeg, rate=rate, channel=channel)
        return replace(found, samples=found.samples - 1)

    monkeypatch.setattr(render_module, "measure", one_short)
    with pytest.raises(ArtefactBroken, match="instead of"):
        rendering(rundown, 24 * RATE, wheel, destination_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_overshoots_is_held_down(
    rendering: Rendering, wheel: Path, files: AudioFiles, tmp_path: Path
) -> None:
    """Clipped speech without a band limit at 24 kbit/s: the AAC encoder throws peaks far over what it was given."""
    hot = ingest(write_wav(tmp_path / "hot.wav", np.clip(voice(6.0, 1) * 20, -1, 1)), tmp_path, ffmpeg=wheel)
    profile = replace(LEVELLED, target_lufs=None, ceiling_dbtp=-3.0)
    artefact = rendering(
        [piece_of(hot, 0)], hot.samples, wheel, profile=profile, encoding=Encoding("aac", bitrate_kbps=24)
    )
    assert measure(artefact.path, wheel).peak_dbtp <= -3.0


def test_an_encoder_that_dies_leaves_nothing(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "not-there"
    with pytest.raises(EncodeFailed):
        encode([bytes(9600)] * 100, 100 * 4800, Encoding("wav"), folder / "x.wav", ffmpeg=wheel)
    assert not folder.exists()


def test_a_programme_is_never_held_in_memory(masters: list[Master], wheel: Path, tmp_path: Path) -> None:
    """Twenty minutes (110 MiB of PCM) of loops, fades and gaps passes through a few MiB."""
    master = masters[0]
    pieces = [
        piece_of(
            master,
            minute * 60 * RATE,
            samples=59 * RATE,
            loop=True,
            fade_in_samples=RATE,
            fade_out_samples=RATE,
        )
        for minute in range(20)
    ]
    check(pieces, 1200 * RATE)
    sound = prepare(pieces[0].cut(master.samples), UNPROCESSED, cache_dir=tmp_path, ffmpeg=wheel)
    tracemalloc.start()
    try:
        sounds: list[Prepared] = [sound] * len(pieces)
        mix = Mix(pieces, sounds, 1200 * RATE, limit_dbfs=-4.0, ffmpeg=wheel)
        total = sum(len(block) for block in mix.blocks())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 2 * 1200 * RATE
    assert peak < 24 * 2**20
