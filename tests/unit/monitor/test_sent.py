"""What should be heard, put together from what the air process says it sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.monitor.sent import Piece, _joined, expected
from audio.clips import DEMUXERS, decode
from audio.ffmpeg import find_ffmpeg
from audio.listening import RATE, listen
from audio.profile import Encoding
from audio.wires import wire_for
from tests.armed_airings import MP3, Material, material

START_S = 1000.0


def piece(made: Material, at: int, until: int, first: int | None = None) -> Piece:
    return Piece(1, made.file, made.encoding, START_S, at, until, at if first is None else first)


@pytest.mark.parametrize(
    "encoding",
    [
        MP3,
        Encoding("mp3", 44_100),
        Encoding("opus"),
        Encoding("flac"),
        Encoding("adts"),
        Encoding("mp2"),
        Encoding("mp3", channels=2),
    ],
    ids=lambda one: one.key,
)
def test_whoever_tunes_in_is_found_in_it_whatever_the_codec(encoding: Encoding, tmp_path: Path) -> None:
    made = material(tmp_path, 1, 30.0, encoding)
    frames, a_second = made.frames(), encoding.sample_rate / (encoding.frame_samples or 1)
    meant = expected([piece(made, 0, round(28 * a_second))], START_S + 4.0, find_ffmpeg())
    assert meant is not None
    assert meant.from_s == START_S + 4.0
    assert meant.until_s == pytest.approx(START_S + 28.0, abs=0.05)
    wire = wire_for(encoding)
    opening = wire.opening()
    wire.wrap(frames[: round(14 * a_second)])  # before anybody listened
    clip = opening + wire.wrap(frames[round(14 * a_second) : round(20 * a_second)])
    heard = decode(clip, DEMUXERS[encoding.codec], ffmpeg=find_ffmpeg(), longest_s=60)
    hearing = listen(heard[-5 * RATE :], meant.sound)
    # Half a sample between the two, at 8 kHz, costs as much of noise up to 3 kHz; of speech hardly anything
    assert hearing.likeness > 0.85
    assert hearing.lag_s == pytest.approx(8.0, abs=0.1)


def test_what_nobody_sent_is_silence_and_the_rest_is_at_its_time(tmp_path: Path) -> None:
    """Ten seconds, five lost, and something else then."""
    one, other = material(tmp_path, 1, 30.0), material(tmp_path, 2, 30.0)
    meant = expected([piece(one, 0, 417), piece(other, 625, 1042, first=0)], START_S, find_ffmpeg())
    assert meant is not None
    assert np.abs(meant.sound[round(10.2 * RATE) : round(14.8 * RATE)]).max() < 1e-3
    heard = decode(b"".join(other.frames()[125:375]), "mp3", ffmpeg=find_ffmpeg(), longest_s=60)
    hearing = listen(heard[-5 * RATE :], meant.sound)
    assert hearing.likeness > 0.9
    assert meant.until_s - hearing.lag_s == pytest.approx(START_S + (625 + 375) * 0.024, abs=0.1)


def test_what_is_told_twice_is_there_once(tmp_path: Path) -> None:
    """A run may end, and stand in the journal, between one look and the other."""
    made = material(tmp_path, 1, 30.0)
    (run,) = _joined([piece(made, 0, 300), piece(made, 0, 250), piece(made, 100, 400), piece(made, 400, 500)])
    assert [(one.at, one.until, one.first) for one in run] == [(0, 300, 0), (300, 400, 300), (400, 500, 400)]


def test_where_nothing_was_sent_or_can_be_read_nothing_is_expected(tmp_path: Path) -> None:
    assert expected([], START_S, find_ffmpeg()) is None
    made = material(tmp_path, 1, 5.0)
    made.file.path.unlink()
    assert expected([piece(made, 0, 100)], START_S, find_ffmpeg()) is None
