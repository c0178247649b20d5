"""Search as one types, in Korean: text in the two forms that a database can compare, and a query as patterns for them.

``spelled`` holds each character behind its initial consonant (뉴스 is ㄴ뉴ㅅ스), so that any mixture of syllables and initials
is one ``LIKE``: ㄴ스 is ``ㄴ_ㅅ스``. ``typed`` holds the keys that a two-set (dubeolsik) keyboard takes (뉴스 is ㄴㅠㅅㅡ), so that
what is still being composed is the beginning of what it may become: who types 뉴스 passes through ㄴ, 뉴 and 늇.
"""

# ruff: noqa: SIM905 - letters in a row are read and checked sooner than a list of literals

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

SEARCHED = ("title", "presenter", "pseudonym", "tags", "series")
"""The fields of a segment that are searched. Who adds one that rows have already writes a migration that fills anew, as 0017."""

ESCAPE = "/"
"""Before what ``LIKE`` would take for a wildcard."""

# The order of these is Unicode's, which numbers syllables by it (The Unicode Standard, 3.12). Vowels and finals
# that take two keys are written as those keys.
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ".split(" ")
_FINALS = " ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(
    " "
)
_FIRST = 0xAC00
_PER_VOWEL = len(_FINALS)
_PER_INITIAL = len(_VOWELS) * _PER_VOWEL
_COUNT = len(_INITIALS) * _PER_INITIAL

# Keyboards join two consonants typed in a row into a final cluster; no syllable begins with one.
_CLUSTERS = {
    "ㄳ": "ㄱㅅ",
    "ㄵ": "ㄴㅈ",
    "ㄶ": "ㄴㅎ",
    "ㄺ": "ㄹㄱ",
    "ㄻ": "ㄹㅁ",
    "ㄼ": "ㄹㅂ",
    "ㄽ": "ㄹㅅ",
    "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ",
    "ㅄ": "ㅂㅅ",
}
# A letter by itself comes from some systems as a conjoining one, initial or final, which looks the same.
_CONJOINING = {unicodedata.normalize("NFKC", letter): letter for letter in map(chr, range(0x3131, 0x3164))}
_CONJOINING |= dict(zip(map(chr, range(0x11A8, 0x11C3)), _FINALS[1:], strict=True))
_ALONE = str.maketrans(
    {letter: _CLUSTERS.get(shown, shown) for letter, shown in _CONJOINING.items()} | _CLUSTERS
)
_JAMO = re.compile("[ㄱ-ㅣ]")
_WILDCARDS = re.compile(f"[%_{ESCAPE}]")

BETWEEN = "\n"
"""Between two fields: no word of a query has it, and no field either."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One form of the text must match at least one of the ``LIKE`` patterns (with `ESCAPE`)."""

    form: Literal["spelled", "typed"]
    any_of: tuple[str, ...]


class Searched(Protocol):
    """What has the fields of `SEARCHED`."""

    title: str
    tags: list[str]


def searched_text(found: Searched) -> str:
    """All that is searched of a segment, one field or tag in a line."""
    values = (getattr(found, field) for field in SEARCHED)
    return searched_lines(
        line for value in values for line in (value if isinstance(value, list) else [value])
    )


def searched_lines(lines: Iterable[str | None]) -> str:
    """The lines that are there, as `searched_text` gives them."""
    return BETWEEN.join(line for line in lines if line)


def spelled(text: str) -> str:
    """Each character behind its initial consonant, or behind itself where it has none."""
    return "".join(map(_pair, _folded(text)))


def typed(text: str) -> str:
    """The keys of a two-set keyboard that write the text; what is no Korean syllable stands for itself."""
    return "".join(map(_keys, _folded(text)))


def patterns_of(query: str) -> list[Pattern]:
    """What the forms of a text must all match to be found, in any order.

    The last syllable is taken as not finished, unless a space follows it.
    """
    words = _folded(query).split()
    if not words:
        return []
    *finished, last = words
    patterns = [_finished(word) for word in finished]
    if query[-1].isspace() or _initial(last[-1]) is None:
        return [*patterns, _finished(last)]
    return patterns + _being_typed(last)


def _finished(word: str) -> Pattern:
    return Pattern("spelled", (f"%{_spelled_pattern(word)}%",))


def _being_typed(word: str) -> list[Pattern]:
    """Patterns of a word whose last character is a syllable."""
    if not _JAMO.search(word):
        return [Pattern("typed", (f"%{_literal(typed(word))}%",))]
    # The first two leave few to be compared with all that the syllable may become, which can be a hundred
    before, last = word[:-1], word[-1]
    begun = _spelled_pattern(before) + _spelled_pattern(_initial(last) or "")
    ends = (_spelled_pattern(end) for end in _may_become(last))
    return [
        Pattern("spelled", (f"%{begun}%",)),
        Pattern("typed", (f"%{_literal(_keys(last))}%",)),
        Pattern("spelled", tuple(f"%{_spelled_pattern(before)}{end}%" for end in ends)),
    ]


def _may_become(syllable: str) -> list[str]:
    """What stands in a text whose typing passes through a syllable: it, more of it, or less of it and the next initial."""
    keys, first = _keys(syllable), ord(syllable) - (ord(syllable) - _FIRST) % _PER_INITIAL
    block = {character: _keys(character) for character in map(chr, range(first, first + _PER_INITIAL))}
    grown = [character for character, its in block.items() if its.startswith(keys)]
    has_final = (ord(syllable) - _FIRST) % _PER_VOWEL > 0
    moved = [character + keys[-1] for character, its in block.items() if has_final and its == keys[:-1]]
    return grown + moved


def _spelled_pattern(word: str) -> str:
    """For ``LIKE``: an initial by itself stands for every syllable that begins with it."""
    return "".join(f"{one}_" if one in _INITIALS else _literal(_pair(one)) for one in word)


def _literal(text: str) -> str:
    return _WILDCARDS.sub(rf"{ESCAPE}\g<0>", text)


def _folded(text: str) -> str:
    """One spelling for all: NFC, without case, letters by themselves in one of their codes."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return folded.translate(_ALONE)


def _initial(character: str) -> str | None:
    """The initial consonant of a syllable; None for every other character."""
    index = ord(character) - _FIRST
    return _INITIALS[index // _PER_INITIAL] if 0 <= index < _COUNT else None


def _pair(character: str) -> str:
    return (_initial(character) or character) + character


@lru_cache(maxsize=4096)
def _keys(character: str) -> str:
    index = ord(character) - _FIRST
    if not 0 <= index < _COUNT:
        return character
    initial, rest = divmod(index, _PER_INITIAL)
    return _INITIALS[initial] + _VOWELS[rest // _PER_VOWEL] + _FINALS[rest % _PER_VOWEL]
