"""A two-set (dubeolsik) Korean keyboard: what stands in the field after each key. It knows nothing of how titles are searched."""

from __future__ import annotations

from collections.abc import Iterator

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
TWO_KEYS = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
JOINED = {keys: letter for letter, keys in TWO_KEYS.items()}


def initial(character: str) -> str:
    """A syllable's initial consonant; every other character itself."""
    return INITIALS[_number(character) // 588] if is_syllable(character) else character


def is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def typing(text: str) -> Iterator[str]:
    """What stands in the field after each key of typing a text."""
    is_taken = False
    for position, character in enumerate(text):
        done, following = text[:position], text[position + 1 : position + 2]
        shown = list(_composing(character)) if is_syllable(character) else [character]
        yield from (done + one for one in shown[is_taken:])
        taking = _taking(character, initial(following)) if is_syllable(character) and following else None
        is_taken = taking is not None and is_syllable(following)
        if is_taken:
            yield f"{done}{taking}"


def _composing(syllable: str) -> Iterator[str]:
    number = _number(syllable)
    first, vowel, final = number // 588 * 588, VOWELS[number % 588 // 28], FINALS[number % 28]
    yield INITIALS[number // 588]
    yield from (_syllable(first + VOWELS.index(letter) * 28) for letter in _so_far(vowel))
    if final != " ":
        yield from (_syllable(number - number % 28 + FINALS.index(letter)) for letter in _so_far(final))


def _taking(syllable: str, consonant: str) -> str | None:
    """The syllable with the next one's initial as its final, until a vowel comes; None where the two do not join."""
    number = _number(syllable)
    final = FINALS[number % 28]
    joined = consonant if final == " " else JOINED.get(final + consonant)
    return _syllable(number - number % 28 + FINALS.index(joined)) if joined and joined in FINALS else None


def _so_far(letter: str) -> list[str]:
    return [TWO_KEYS[letter][0], letter] if letter in TWO_KEYS else [letter]


def _number(syllable: str) -> int:
    return ord(syllable) - 0xAC00


def _syllable(number: int) -> str:
    return chr(number + 0xAC00)
