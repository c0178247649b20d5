"""Dual mono: what a mono file would be, twice; and MP2, at its time."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from audio import render as render_module
from audio.encode import count_frames, encode
from audio.errors import ArtefactBroken
from audio.ffmpeg import file_url, run
from audio.ingest import Master, ingest
from audio.mp3 import walk
from audio.profile import SHORTWAVE, Encoding
from audio.render import Artefact, Piece, render
from audio.verify import measure
from tests.audio_files import RATE, AudioFiles, voice, write_wav
from tests.unit.audio.decoded import decoded

SAMPLES = 6 * RATE
Signal = NDArray[np.float64]


@pytest.fixture(scope="module")
def master(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Master:
    folder = tmp_path_factory.mktemp("master")
    return ingest(write_wav(folder / "in.wav", voice(6.0, 1)), folder, ffmpeg=wheel)


@pytest.fixture(scope="module")
def rendered(
    master: Master, ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Encoding], Artefact]:
    folder = tmp_path_factory.mktemp("rendered")
    piece = Piece(
        master.path, master.sha256, 0, master.samples, 0, master.loudness_lufs, fade_in_samples=4800
    )

    def call(encoding: Encoding) -> Artefact:
        return render(
            [piece],
            SAMPLES,
            profile=SHORTWAVE,
            encoding=encoding,
            destination_dir=folder,
            cache_dir=folder / "cache",
            ffmpeg=ffmpeg,
        )

    return call


def db(sound: Signal) -> float:
    return float(10 * np.log10((sound**2).mean()))


@pytest.mark.parametrize(
    ("encoding", "apart_db"),
    [
        # How far under the sound the difference of the channels lies; None where there is none at all
        (Encoding("wav", channels=2), None),
        (Encoding("flac", 44_100, channels=2), None),
        (Encoding("mp3", channels=2), None),
        (Encoding("mp3", 44_100, 64, channels=2), None),
        (Encoding("mp2", channels=2), 40),
        (Encoding("mp2", bitrate_kbps=192, channels=2), 30),
        (Encoding("mp2", 44_100, 384, channels=2), 40),
        (Encoding("opus", channels=2), 40),
        (Encoding("aac", channels=2), None),
        (Encoding("aac", 44_100, 48, channels=2), None),
        (Encoding("adts", channels=2), None),
    ],
    ids=lambda value: value.key if isinstance(value, Encoding) else "",
)
def test_both_channels_are_the_mono_file(
    encoding: Encoding,
    apart_db: int | None,
    rendered: Callable[[Encoding], Artefact],
    files: AudioFiles,
    tmp_path: Path,
) -> None:
    dual = rendered(encoding)
    kbps = None if encoding.bitrate_kbps is None else min(encoding.bitrate_kbps, 128)
    mono = rendered(Encoding(encoding.codec, encoding.sample_rate, kbps))
    both = decoded(files, dual.path, tmp_path, 2)
    alone = decoded(files, mono.path, tmp_path, 1)

    assert dual.sha256 != mono.sha256
    assert dual.samples == mono.samples
    if apart_db is None:
        assert np.array_equal(both[:, 0], both[:, 1])
    else:
        assert db(both[:, 0] - both[:, 1]) < db(both[:, 0]) - apart_db
    if encoding.bitrate_kbps is None:
        assert np.array_equal(both[:, 0], alone[:, 0]), "not 3 dB under it"
    assert db(both[:, 1]) == pytest.approx(db(alone[:, 0]), abs=0.1)
    assert dual.loudness_lufs == pytest.approx(mono.loudness_lufs, abs=0.15), (
        "loudness is that of one channel"
    )


def test_a_dual_mono_flac_is_hardly_larger(rendered: Callable[[Encoding], Artefact]) -> None:
    """It keeps the sound once, and that the other channel is no different."""
    mono, dual = rendered(Encoding("flac")), rendered(Encoding("flac", channels=2))
    assert dual.bytes < 1.02 * mono.bytes
    assert rendered(Encoding("wav", channels=2)).bytes > 1.99 * rendered(Encoding("wav")).bytes


@pytest.mark.parametrize("channel", [0, 1])
def test_one_channel_is_measured_at_its_own_level(channel: int, wheel: Path, tmp_path: Path) -> None:
    sound = voice(3.0, 4)
    mono = measure(write_wav(tmp_path / "mono.wav", sound), wheel)
    pair = np.zeros((len(sound), 2))
    pair[:, channel] = sound
    stereo = write_wav(tmp_path / "stereo.wav", pair)
    assert measure(stereo, wheel, channel=channel).loudness_lufs == mono.loudness_lufs
    assert measure(stereo, wheel, channel=1 - channel).loudness_lufs is None


def test_a_file_with_one_empty_channel_is_not_released(
    master: Master, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lame(*arguments: object, **more: object) -> None:
        encode(*arguments, **more)  # type: ignore[arg-type]
        made = Path(str(arguments[3]))
        broken = made.with_name("broken.wav")
        run(wheel, ["-i", file_url(made), "-af", "pan=stereo|c0=c0", file_url(broken)], timeout_s=60)
        broken.replace(made)

    monkeypatch.setattr(render_module, "encode", lame)
    piece = Piece(master.path, master.sha256, 0, master.samples, 0, master.loudness_lufs)
    with pytest.raises(ArtefactBroken, match="channels differ"):
        render(
            [piece],
            SAMPLES,
            profile=SHORTWAVE,
            encoding=Encoding("wav", channels=2),
            destination_dir=tmp_path / "out",
            cache_dir=tmp_path / "cache",
            ffmpeg=wheel,
        )
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "encoding",
    [
        Encoding("mp2"),
        Encoding("mp2", 48_000, 64),
        Encoding("mp2", 44_100),
        Encoding("mp2", channels=2),
        Encoding("mp2", 44_100, 384, channels=2),
    ],
    ids=lambda encoding: encoding.key,
)
def test_an_mp2_is_frames_of_layer_two_and_nothing_else(
    encoding: Encoding, rendered: Callable[[Encoding], Artefact]
) -> None:
    artefact = rendered(encoding)
    content = artefact.path.read_bytes()
    frames = list(walk(BytesIO(content)))
    assert {(frame.layer, frame.sample_rate, frame.bitrate_kbps) for frame in frames} == {
        (2, encoding.sample_rate, encoding.bitrate_kbps)
    }
    assert artefact.frames == len(frames) == 6 * encoding.sample_rate // 1152
    assert artefact.samples == 1152 * len(frames)
    mono = {content[frame.offset + 3] >> 6 == 3 for frame in frames}
    assert mono == {encoding.channels == 1}
    assert artefact.path.suffix == ".mp2"


@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp2_sounds_sample_for_sample_when_the_wav_does(
    channels: int, rendered: Callable[[Encoding], Artefact], files: AudioFiles, tmp_path: Path
) -> None:
    exact = decoded(files, rendered(Encoding("wav")).path, tmp_path, 1)[:, 0]
    coded = decoded(files, rendered(Encoding("mp2", channels=channels)).path, tmp_path, channels)[:, 0]
    middle = slice(RATE, 5 * RATE)
    match = {
        shift: float(np.dot(exact[middle], coded[RATE + shift : 5 * RATE + shift]))
        for shift in range(-600, 600)
    }
    assert max(match, key=match.__getitem__) == 0
    assert db(coded[middle] - exact[middle]) < db(exact[middle]) - 25
    # Its first 10 ms are poor, and lie under the fade
    assert np.abs(coded[:481]).max() <= np.abs(exact[:960]).max() + 0.001


def test_frames_of_another_layer_or_rate_are_not_counted(rendered: Callable[[Encoding], Artefact]) -> None:
    artefact = rendered(Encoding("mp2"))
    assert count_frames(artefact.path, Encoding("mp2")) == artefact.frames
    for other in (Encoding("mp3", channels=2), Encoding("mp2", 44_100), Encoding("mp2", bitrate_kbps=192)):
        with pytest.raises(ArtefactBroken, match="byte 0 is not of"):
            count_frames(artefact.path, other)
