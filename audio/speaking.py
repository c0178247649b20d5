"""From words to a master: a voice pack's clips where there are some, espeak-ng where there are none.

utterances -> runs (a clip, or neighbours without one) -> trimmed -> levelled -> joined -> ingest -> Master
"""

from __future__ import annotations

import math
import wave
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from audio.decoding import decoded_run
from audio.errors import (
    AudioError,
    EspeakMissing,
    IngestTimeout,
    NotAudio,
    OnlySilence,
    SpeechFailed,
    TooLong,
    TooShort,
)
from audio.espeak import KOREAN, Voice, say
from audio.ffmpeg import source_input
from audio.files import scratch
from audio.filters import TO_MONO_48K
from audio.ingest import Master, ingest
from audio.joins import fade_in, fade_out
from audio.levels import SILENCE_PEAK
from audio.limiting import limiting_gain
from audio.meter import EnergyMeter, LoudnessSum, Samples
from audio.pcm import RATE, SAMPLE_BYTES, db_to_gain
from audio.sniff import demuxer_of, is_cut_short, refuse_hopeless

SPOKEN_LUFS: Final = -24.0
"""The loudest 400 ms of every clip and run: leaves room for a voice's peaks, and a programme sets its own level."""

LONGEST_RUN_S: Final = 60
LONGEST_PAUSE_MS: Final = 5000

_CEILING_DBFS: Final = -3.0
# More than this is not a quiet recording any more but an empty room
_MOST_GAIN_DB: Final = 40.0
_MOMENT_SAMPLES: Final = RATE * 2 // 5
# Speech begins where it comes within this of its loudest, which the hiss of ㅅ and ㅎ does and a room's noise does not;
# a little before and after it is kept
_SOUND_UNDER_PEAK_DB: Final = 40.0
_MARGIN_SAMPLES: Final = RATE // 50
_FADE_SAMPLES: Final = RATE // 200
_SHORTEST_SAMPLES: Final = 2 * _FADE_SAMPLES
_STEP_SAMPLES: Final = RATE // 250
# Between words that no punctuation parts
_WORD_GAP_SAMPLES: Final = RATE * 6 // 100
_DECODE_TIMEOUT_S: Final = 60.0
_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say: by `clip`, a sound file of any format, or by a synthetic voice that reads `text`.

    `attached` text is read as one word with what came before. A silence of `pause_ms` follows. Text without a letter or
    digit is punctuation: it is not said, but it guides the voice that reads what stands before it.
    """

    text: str
    clip: Path | None = None
    attached: bool = False
    pause_ms: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.pause_ms <= LONGEST_PAUSE_MS:
            raise ValueError(f"pause_ms {self.pause_ms} is not between 0 and {LONGEST_PAUSE_MS}")


@dataclass(frozen=True, slots=True)
class _Sound:
    """Mono PCM of 16 bits at 48 kHz. `damaged`: this is what could be read of it."""

    pcm: bytes
    damaged: bool = False


_NO_SOUND: Final = _Sound(b"")


def speak(
    utterances: Sequence[Utterance],
    destination_dir: Path,
    *,
    ffmpeg: Path,
    espeak: Path | None = None,
    voice: Voice = KOREAN,
) -> Master:
    """Say all of it, one after the other, and make the master in `destination_dir` as `ingest` does.

    Silence round each clip goes, all are as loud as one another, and neighbours without a clip are read as one sentence. Equal
    utterances and clips give equal bytes (by the same programs). `espeak` may be None where every word has its clip.

    Raises `EspeakMissing`, `SpeechFailed` (also when there is nothing to say), and for a clip, by name, what `ingest`
    raises.
    """
    runs = _runs(utterances)
    with scratch(destination_dir) as workshop:

        def sound_of(number: int) -> _Sound:
            clip, text = runs[number].clip, runs[number].text
            if clip is not None:
                return _recorded(clip, ffmpeg)
            return _synthetic(text, workshop / f"{number}.wav", voice, ffmpeg, espeak)

        first_of = {_source(run): number for number, run in reversed(list(enumerate(runs)))}
        with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="speak") as pool:
            sounds = dict(zip(first_of, pool.map(sound_of, first_of.values()), strict=True))
        if not any(sound.pcm for sound in sounds.values()):
            raise SpeechFailed("There is nothing to say.")
        recording = workshop / "spoken.wav"
        _join(runs, [sounds[_source(run)].pcm for run in runs], recording)
        master = ingest(recording, destination_dir, ffmpeg=ffmpeg)
    return replace(master, damaged=any(sound.damaged for sound in sounds.values()))


def _runs(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Neighbours that the synthetic voice reads in one go become one."""
    runs: list[Utterance] = []
    for each in utterances:
        before = runs[-1] if runs else None
        if before and before.clip is each.clip is None and not before.pause_ms:
            text = before.text + ("" if each.attached else " ") + each.text
            runs[-1] = replace(before, text=text, pause_ms=each.pause_ms)
        else:
            runs.append(each)
    return runs


def _join(runs: Sequence[Utterance], sounds: Sequence[bytes], recording: Path) -> None:
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, SAMPLE_BYTES, RATE, 0, "NONE", ""))
        for run, gap, pcm in zip(runs, _gaps(runs), sounds, strict=True):
            file.writeframes(bytes(gap * SAMPLE_BYTES))
            file.writeframes(pcm)
            file.writeframes(bytes(run.pause_ms * RATE // 1000 * SAMPLE_BYTES))


def _gaps(runs: Sequence[Utterance]) -> list[int]:
    """The silence before each, in samples: none where words are attached or a pause came before."""
    breaks = [True, *(run.pause_ms > 0 for run in runs[:-1])]
    return [
        0 if run.attached or paused else _WORD_GAP_SAMPLES for run, paused in zip(runs, breaks, strict=True)
    ]


def _source(run: Utterance) -> Path | str:
    return run.clip or run.text


def _synthetic(text: str, made: Path, voice: Voice, ffmpeg: Path, espeak: Path | None) -> _Sound:
    if not any(each.isalnum() for each in text):
        return _NO_SOUND
    if espeak is None:
        raise EspeakMissing(f'No clip says "{_short(text)}".')
    say(espeak, text.strip(), voice, made)
    try:
        return _sound(made, ffmpeg)
    except (NotAudio, OnlySilence, TooShort) as error:
        raise SpeechFailed(f'espeak-ng has no sound for "{_short(text)}".') from error


def _recorded(clip: Path, ffmpeg: Path) -> _Sound:
    try:
        refuse_hopeless(clip)
        return _sound(clip, ffmpeg)
    except AudioError as error:
        raise type(error)(f"The clip is {clip.name}. {error.detail}".rstrip()) from error
    except OSError as error:
        raise NotAudio(f"The clip is {clip.name}: {error.strerror}.") from error


def _sound(source: Path, ffmpeg: Path) -> _Sound:
    """A file's speech alone, as loud as every other, with soft edges."""
    sound, damaged = _decoded(source, ffmpeg)
    speech = _levelled(_trimmed(sound))
    pcm = np.rint(speech * 32767.0).astype("<i2").tobytes()
    edge = _FADE_SAMPLES * SAMPLE_BYTES
    return _Sound(fade_in(pcm[:edge]) + pcm[edge:-edge] + fade_out(pcm[-edge:]), damaged)


def _decoded(source: Path, ffmpeg: Path) -> tuple[Samples, bool]:
    blocks: list[Samples] = []

    def sink(block: Samples) -> None:
        blocks.append(block)
        if len(blocks) > LONGEST_RUN_S:
            raise TooLong(f"At most {LONGEST_RUN_S} seconds are said in one go.")

    result = decoded_run(
        ffmpeg,
        inputs=["-vn", "-sn", "-dn", *source_input(source, demuxer_of(source))],
        chain=TO_MONO_48K,
        rate=RATE,
        timeout_s=_DECODE_TIMEOUT_S,
        on_timeout=IngestTimeout,
        sink=sink,
    )
    if not blocks:
        raise NotAudio
    return np.concatenate(blocks), bool(result.status or result.complaints or is_cut_short(source))


def _trimmed(sound: Samples) -> Samples:
    """From where speech begins to where it ends. Raises `OnlySilence` or `TooShort`."""
    steps = np.pad(sound, (0, -len(sound) % _STEP_SAMPLES)).reshape(-1, _STEP_SAMPLES)
    levels = np.sqrt(np.einsum("ij,ij->i", steps, steps) / _STEP_SAMPLES)
    if levels.max() <= SILENCE_PEAK:
        raise OnlySilence
    heard = np.flatnonzero(levels > max(levels.max() * db_to_gain(-_SOUND_UNDER_PEAK_DB), SILENCE_PEAK))
    start = max(int(heard[0]) * _STEP_SAMPLES - _MARGIN_SAMPLES, 0)
    speech = sound[start : int(heard[-1] + 1) * _STEP_SAMPLES + _MARGIN_SAMPLES]
    if len(speech) < _SHORTEST_SAMPLES:
        raise TooShort(f"It has {len(speech) * 1000 // RATE} ms of sound.")
    return speech


def _levelled(speech: Samples) -> Samples:
    """With its loudest 400 ms, or all of it where it is shorter, at `SPOKEN_LUFS`."""
    meter, loudness = EnergyMeter(RATE), LoudnessSum(RATE)
    loudness.add(meter.feed(speech))
    loudness.add(meter.finish())
    level = loudness.momentary_max_lufs()
    if level is None:
        raise OnlySilence
    # The meter counts what is shorter as with silence behind it
    level += max(0.0, 10.0 * math.log10(_MOMENT_SAMPLES / len(speech)))
    louder = speech * np.float32(db_to_gain(min(SPOKEN_LUFS - level, _MOST_GAIN_DB)))
    lowered = limiting_gain(louder, db_to_gain(_CEILING_DBFS))
    return louder if lowered is None else (louder * lowered).astype(np.float32)


def _short(text: str) -> str:
    return text.strip() if len(text) < 60 else f"{text.strip()[:60]}…"
