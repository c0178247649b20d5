"""Frames of artefacts as the bytes of one live connection, across every switch from one artefact to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from audio.profile import Encoding


class Wire(Protocol):
    """One connection's stream. It has a state: each connection needs a new one, and all its frames go through it in order."""

    def opening(self) -> bytes:
        """What a decoder needs before the first frame: sent once, right after connecting. Empty where it needs nothing."""

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        """The bytes of the next frames, which may come from any artefact of the connection's encoding, from any place in it.

        What is given in one call can be heard without the next call. Nothing gives nothing.
        """


def wire_for(encoding: Encoding) -> Wire:
    """A new connection's wire. Raises `ValueError` for an encoding that cannot be live."""
    if not encoding.can_be_live:
        raise ValueError(f"{encoding.codec} cannot be sent live")
    return _Bare()


class _Bare:
    """MP3, MP2 and ADTS: every frame has its own header, and a stream is frames and nothing else."""

    def opening(self) -> bytes:
        return b""

    def wrap(self, frames: Sequence[bytes]) -> bytes:
        return b"".join(frames)
