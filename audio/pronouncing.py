"""Korean as it is said, written in the letters that say so: 국립 -> 궁닙, 십육 -> 심뉵, 입니다 -> 임니다.

espeak-ng reads Hangul letter by letter and knows few of the changes where two syllables meet. These are the standard's
(표준 발음법, 문체부 고시 2017-13; articles are named where they are applied) as far as spelling alone decides: what depends on
a word's origin or make-up (갈등, 할 것을, 꽃잎) is left as it is written, but for numbers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FINALS: Final = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST: Final = ord("가")
_VOWELS: Final = 21
_I: Final = 20  # ㅣ among the vowels

# 8 to 11: what a final is said as before a consonant, and at the end
_PLAIN: Final = dict(zip(_FINALS, " ㄱㄱㄱㄴㄴㄴㄷㄹㄱㅁㄹㄹㄹㅂㄹㅁㅂㅂㄷㄷㅇㄷㄷㄱㄷㅂㄷ", strict=True))
# 13 and 14: what of a final stays and what moves over to a vowel, ㅎ being lost (12.4)
_OVER: Final = {
    final: (stays, moves)
    for final, stays, moves in zip(
        "ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄㅎㅇ ", "ㄱㄴ ㄹㄹㄹㄹㄹㄹ ㅂ ㅇ ", "ㅆㅈㄴㄱㅁㅂㅆㅌㅍㄹㅆㅇㅇㅇ", strict=True
    )
}
# 12.1: what of a final stays before ㅎ, and what both become
_WITH_H: Final = {
    final: (stays, joined)
    for final, stays, joined in zip(
        "ㄱㄲㅋㄳㄷㅅㅆㅊㅌㅂㅍㅄㅈㄺㄼㄵ",
        " " * 13 + "ㄹㄹㄴ",
        "ㅋㅋㅋㅋㅌㅌㅌㅌㅌㅍㅍㅍㅊㅋㅍㅊ",
        strict=True,
    )
}
_WITHOUT_H: Final = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}
_AFTER_H: Final = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅈ": "ㅊ", "ㅅ": "ㅆ"}
_TENSE: Final = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL: Final = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}

_HANGUL: Final = re.compile("[가-힣]+")
# 29: ㄴ comes between a consonant and 육; 26: ㅅ after a Sino-Korean ㄹ
_NUMBERS: Final = ((re.compile("(?<=[십백천만])육"), "뉵"), (re.compile("(?<=[칠팔])십"), "씹"))


def pronounced(text: str) -> str:
    """The text with every word of Hangul as it is said; what is not Hangul stays as it is.

    Words are taken one by one: nothing changes across a space. A syllable stays one syllable.
    """
    return _HANGUL.sub(lambda word: _word(word[0]), unicodedata.normalize("NFC", text))


def _word(word: str) -> str:
    for spelt, said in _NUMBERS:
        word = spelt.sub(said, word)
    said, begins = "", word[0]
    for following in word[1:]:
        ends, begins = _meeting(begins, following)
        said += ends
    initial, vowel, final = _apart(begins)
    return said + _together(initial, vowel, _PLAIN[final])


def _meeting(one: str, two: str) -> tuple[str, str]:
    """Two syllables as they are said one after the other."""
    initial, vowel, final = _apart(one)
    next_initial, next_vowel, next_final = _apart(two)
    if one == "밟" and next_initial not in "ㅇㅎ":  # 10: said 밥 before other consonants
        final = "ㄿ"
    final, next_initial = _consonants(final, next_initial, before_i=next_vowel == _I)
    return _together(initial, vowel, final), _together(next_initial, next_vowel, next_final)


def _consonants(final: str, initial: str, *, before_i: bool) -> tuple[str, str]:
    if initial == "ㅇ":
        stays, moves = _OVER.get(final, (" ", final))
        # 17
        return stays, {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}.get(moves, moves) if before_i else moves
    if initial == "ㅎ" and final in _WITH_H:
        stays, joined = _WITH_H[final]
        return stays, "ㅊ" if before_i and final in "ㄷㅌ" else joined
    if final in _WITHOUT_H and initial in _AFTER_H:  # 12
        return _WITHOUT_H[final], _AFTER_H[initial]
    # 23; and 25 for the verbs that end in these
    if _PLAIN[final] in _NASAL or final in "ㄵㄾ":
        initial = _TENSE.get(initial, initial)
    return _alike(_PLAIN[final], initial)


def _alike(final: str, initial: str) -> tuple[str, str]:
    """Nasals and liquids: 18 to 20."""
    if initial == "ㄹ" and final in "ㅁㅇㄱㄷㅂ":
        initial = "ㄴ"
    if initial in "ㄴㅁ" and final in _NASAL:
        return _NASAL[final], initial
    return ("ㄹ", "ㄹ") if final + initial in {"ㄴㄹ", "ㄹㄴ"} else (final, initial)


def _apart(syllable: str) -> tuple[str, int, str]:
    rest, final = divmod(ord(syllable) - _FIRST, len(_FINALS))
    initial, vowel = divmod(rest, _VOWELS)
    return _INITIALS[initial], vowel, _FINALS[final]


def _together(initial: str, vowel: int, final: str) -> str:
    number = (_INITIALS.index(initial) * _VOWELS + vowel) * len(_FINALS) + _FINALS.index(final)
    return chr(_FIRST + number)
