"""How long an announcement will be, before anybody has said it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schedules.announcing.tokens import Token

SYLLABLE_S: Final = 0.212
"""espeak-ng's Korean voice at its usual pace: nine announcements of 12 to 111 syllables lay within 6 % of this."""


def estimated_s(tokens: Sequence[Token]) -> float:
    """Seconds: every syllable, letter and digit takes the same, and pauses are as asked for."""
    syllables = sum(character.isalnum() for token in tokens for character in token.text)
    return syllables * SYLLABLE_S + sum(token.pause_ms for token in tokens) / 1000
