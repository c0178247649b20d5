"""Frames of artefacts as the bytes of one live connection, across every switch from one artefact to another."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbits
from typing import Protocol

from audio import flac_frames, opus
from audio.encode import OPUS_LATE_SAMPLES
from audio.ogg import OggStream
from audio.profile import OPUS_FRAME_SAMPLES, Encoding


class Wire(Protocol):
    """One connection's stream. It has a state: each connection needs a new one, and all its frames go through it in order."""

    def opening(self) -> bytes:
        """What a decoder needs before the first frame: sent once, right after connecting. Empty where it needs nothing."""

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        """The bytes of the next frames, which may come from any artefact of the connection's encoding, from any place in it.

        What is given in one call can be heard without the next call. Nothing gives nothing.
        """


def wire_for(encoding: Encoding, serial: int | None = None) -> Wire:
    """A new connection's wire. Raises `ValueError` for an encoding that cannot be live.

    `serial` is Ogg's serial number of the stream, of 32 bits; left out it is drawn, since no two streams that a listener
    may be handed one after the other should have the same.
    """
    if not encoding.can_be_live:
        raise ValueError(f"{encoding.codec} cannot be sent live")
    number = randbits(32) if serial is None else serial
    match encoding.codec:
        case "opus":
            return _OpusWire(encoding, number)
        case "flac":
            return _FlacWire(encoding, number)
        case _:
            return _Bare()


class _Bare:
    """MP3, MP2 and ADTS: every frame has its own header, and a stream is frames and nothing else."""

    def opening(self) -> bytes:
        return b""

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        return b"".join(frames)


class _OpusWire:
    """Ogg Opus (RFC 7845): the artefacts' packets on pages of our own, whose granule positions never jump.

    Packet n of an artefact decodes to its samples [960 n - 312, 960 (n + 1) - 312), wherever it is sent. The stream says
    that its first 312 samples are to be skipped, so the first sample that is heard of a connection which begins with
    packet n is sample 960 n. At a switch the sound goes on from the one artefact's sample 960 n - 312 to the other's,
    and the decoder takes a while to forget the one before: after 50 ms the rest is 20 dB under the sound, after 250 ms 60 dB.
    """

    def __init__(self, encoding: Encoding, serial: int) -> None:
        self._encoding = encoding
        self._stream = OggStream(serial)
        self._granule = 0

    def opening(self) -> bytes:
        head = opus.head(self._encoding, OPUS_LATE_SAMPLES)
        return self._stream.header(head, begins=True) + self._stream.header(opus.tags())

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        pages = self._stream.pages(frames, self._granule, OPUS_FRAME_SAMPLES)
        self._granule += OPUS_FRAME_SAMPLES * len(frames)
        return pages


class _FlacWire:
    """Ogg FLAC (RFC 9639, 10.1): frames numbered from 0 on each connection.

    A frame stands for itself, so a switch is exact to the sample. But its number says where it belongs, and libFLAC
    plays silence for numbers that are missing (seen with 1.4.2; ffmpeg does not look at them), so frames get new ones.
    """

    def __init__(self, encoding: Encoding, serial: int) -> None:
        self._encoding = encoding
        self._frame_samples = encoding.frame_samples or 0
        self._stream = OggStream(serial)
        self._number = 0

    def opening(self) -> bytes:
        first, second = flac_frames.ogg_headers(self._encoding)
        return self._stream.header(first, begins=True) + self._stream.header(second)

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        at = self._number
        # A frame's number has 31 bits, which last three years and then go round
        packets = [
            flac_frames.renumbered(frame, number & 0x7FFF_FFFF) for number, frame in enumerate(frames, at)
        ]
        self._number += len(frames)
        return self._stream.pages(packets, at * self._frame_samples, self._frame_samples)
