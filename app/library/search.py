"""Search in titles: by syllables, and by initial consonants (ㄴㅅ finds 뉴스)."""

from __future__ import annotations

import re
import unicodedata

# The 19 initial consonants in Unicode's order of syllables, and how many syllables begin with each.
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
FIRST_SYLLABLE = 0xAC00
SYLLABLES_PER_INITIAL = 21 * 28

# Keyboards join two consonants typed in a row into a final cluster; no syllable begins with one.
_CLUSTERS = str.maketrans(
    {
        "ㄳ": "ㄱㅅ",
        "ㄵ": "ㄴㅈ",
        "ㄶ": "ㄴㅎ",
        "ㄺ": "ㄹㄱ",
        "ㄻ": "ㄹㅁ",
        "ㄼ": "ㄹㅂ",
        "ㄽ": "ㄹㅅ",
        "ㄾ": "ㄹㅌ",
    }
    | {"ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"}
)


class TitleQuery:
    """Words that must all occur in a title, in any order, whatever their case."""

    def __init__(self, text: str) -> None:
        words = unicodedata.normalize("NFC", text).translate(_CLUSTERS).split()
        self._patterns = [re.compile("".join(map(_pattern, word)), re.IGNORECASE) for word in words]

    def matches(self, title: str) -> bool:
        return all(pattern.search(title) for pattern in self._patterns)


def _pattern(character: str) -> str:
    index = INITIALS.find(character)
    if index < 0:
        return re.escape(character)
    first = FIRST_SYLLABLE + index * SYLLABLES_PER_INITIAL
    return f"[{character}{chr(first)}-{chr(first + SYLLABLES_PER_INITIAL - 1)}]"
