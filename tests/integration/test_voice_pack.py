"""From facts to sound: an announcement by a complete voice pack says each of its clips, in order, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from audio.errors import EspeakMissing
from audio.espeak import KOREAN, say
from audio.ingest import Master
from audio.speaking import Utterance, speak
from schedules.announcing.checklist import checklist
from schedules.announcing.length import estimated_s
from schedules.announcing.tokens import TEMPLATE, Facts, NextProgramme, Part, Token, announcement
from schedules.time import KST, Span
from tests.audio_files import RATE, AudioFiles
from tests.unit.audio.decoded import decoded

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
START = datetime(2026, 11, 29, 23, tzinfo=KST)
FACTS = Facts(
    station="단파 시험 방송",
    on_air=Span(START, START + timedelta(hours=1)),
    khz=(7515.0, 11560.0),
    next=NextProgramme("아침 소식", START + timedelta(hours=6), "morning"),
)


@pytest.fixture(scope="module")
def pack(peer: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every clip of the checklist, spoken by espeak-ng in place of a person."""
    folder = tmp_path_factory.mktemp("pack")
    espeak = peer("espeak-ng")
    clips = checklist(FACTS.station, {"morning": "아침 소식"})
    for clip in clips:
        say(espeak, clip.text, KOREAN, folder / f"{clip.key}.wav")
    return {clip.key: folder / f"{clip.key}.wav" for clip in clips}


def utterances(tokens: tuple[Token, ...], pack: dict[str, Path]) -> list[Utterance]:
    return [
        Utterance(token.text, pack.get(token.key or ""), token.attached, token.pause_ms) for token in tokens
    ]


def samples(master: Master, folder: Path) -> NDArray[np.float64]:
    return decoded(AudioFiles(folder), master.path, folder)[:, 0]


def test_every_clip_is_heard_once_in_its_place(pack: dict[str, Path], tmp_path: Path) -> None:
    tokens = announcement(FACTS)
    spoken = samples(speak(utterances(tokens, pack), tmp_path / "made", ffmpeg=FFMPEG), tmp_path)
    at = 0
    for token in tokens:
        if token.key:
            alone = samples(
                speak([Utterance("", pack[token.key])], tmp_path / "made", ffmpeg=FFMPEG), tmp_path
            )
            at += next(
                gap for gap in range(RATE // 10) if np.array_equal(spoken[at + gap :][: len(alone)], alone)
            )
            at += len(alone)
        at += token.pause_ms * RATE // 1000
    assert at == len(spoken)


def test_a_complete_pack_needs_no_synthetic_voice_and_another_frequency_does(
    pack: dict[str, Path], tmp_path: Path
) -> None:
    some = {key: path for key, path in pack.items() if key != "number-500"}
    with pytest.raises(EspeakMissing, match="오백"):
        speak(utterances(announcement(FACTS), some), tmp_path, ffmpeg=FFMPEG)
    assert speak(utterances(announcement(FACTS, ["date"]), some), tmp_path, ffmpeg=FFMPEG).samples


def test_what_the_pack_lacks_is_spoken(
    pack: dict[str, Path], peer: Callable[[str], Path], tmp_path: Path
) -> None:
    some = {key: path for key, path in pack.items() if not key.startswith("number")}
    whole, mixed = (
        speak(utterances(announcement(FACTS), each), tmp_path, ffmpeg=FFMPEG, espeak=peer("espeak-ng"))
        for each in (pack, some)
    )
    assert mixed.sha256 != whole.sha256
    assert mixed.samples == pytest.approx(whole.samples, rel=0.25)


@pytest.mark.parametrize("template", [TEMPLATE, ("station",), ("date", "time"), ("frequencies",), ("next",)])
def test_the_estimated_length_is_within_a_tenth_of_the_synthetic_voice(
    template: tuple[Part, ...], peer: Callable[[str], Path], tmp_path: Path
) -> None:
    tokens = announcement(FACTS, template)
    master = speak(utterances(tokens, {}), tmp_path, ffmpeg=FFMPEG, espeak=peer("espeak-ng"))
    assert estimated_s(tokens) == pytest.approx(master.samples / RATE, rel=0.1)
