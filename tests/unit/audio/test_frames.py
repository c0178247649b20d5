from __future__ import annotations

import os
from pathlib import Path

import pytest

from audio.encode import encode
from audio.errors import ArtefactBroken
from audio.frames import Frames
from audio.profile import Encoding
from audio.wires import wire_for
from tests.audio_files import RATE, voice

MP3 = Encoding("mp3")


@pytest.fixture(scope="module")
def mp3(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("frames") / "a.mp3"
    sound = (voice(6.0, 1) * 32767).astype("<i2").tobytes()
    encode([sound], 6 * RATE, MP3, made, ffmpeg=wheel)
    return made


def test_any_stretch_can_be_read_also_after_the_file_is_gone(mp3: Path, tmp_path: Path) -> None:
    content = mp3.read_bytes()
    gone = tmp_path / "gone.mp3"
    gone.write_bytes(content)
    with Frames.open(gone, MP3) as frames:
        gone.unlink()
        assert (frames.count, frames.frame_samples, frames.sample_rate) == (250, 1152, RATE)
        assert frames.read(7, 9) == [content[7 * 384 : 8 * 384], content[8 * 384 : 9 * 384]]
        assert wire_for(MP3).wrap(frames.read(0, 250)) == content
        assert frames.read(250, 250) == []


def test_frames_that_are_not_there_are_refused(mp3: Path) -> None:
    with Frames.open(mp3, MP3) as frames:
        for first, end in ((-1, 1), (3, 2), (249, 251)):
            with pytest.raises(ValueError, match="of 250"):
                frames.read(first, end)


def test_a_file_that_is_not_its_encoding_is_refused(mp3: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactBroken, match="288 bytes"):
        Frames.open(mp3, Encoding("mp3", bitrate_kbps=96))
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(mp3.read_bytes()[:-1])
    with pytest.raises(ArtefactBroken, match="384 bytes"):
        Frames.open(cut, MP3)
    with pytest.raises(ValueError, match="wav"):
        Frames.open(mp3, Encoding("wav"))


def test_a_file_that_is_cut_short_on_the_air_is_an_error(mp3: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(mp3.read_bytes())
    with Frames.open(cut, MP3) as frames:
        os.truncate(cut, 384 * 10)
        assert len(frames.read(9, 10)) == 1
        with pytest.raises(ArtefactBroken, match="ends at byte 3840"):
            frames.read(9, 12)
