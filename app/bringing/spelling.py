"""Text whose encoding nobody stated, or stated wrongly: names in ZIP files, tags, tables out of Excel."""

from __future__ import annotations

import re
import unicodedata

from app.library.names import decoded

_SEPARATORS = re.compile(r"[\s_\-.·]+")


def mended(raw: bytes) -> str:
    """A tag's text in NFC: UTF-8 or CP949, and what was put into UTF-8 as if it were Latin-1 put right."""
    return unicodedata.normalize("NFC", unmangled(decoded(raw))).replace("\0", "").strip()


def unmangled(text: str) -> str:
    """Korean that somebody read as Latin-1 ("´º½º") as it was meant ("뉴스"); any other text as it is."""
    if text.isascii():
        return text
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        return text
    for encoding in ("utf-8", "cp949"):
        try:
            meant = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_korean(meant):
            return meant
    return text


def same_name(name: str) -> str:
    """A key under which one file name in two spellings is the same: composed or not, capital or small letters."""
    return unicodedata.normalize("NFC", name).casefold()


def bare(name: str) -> str:
    """A name without what people set between its words: "오늘의 뉴스", "오늘의_뉴스" and "오늘의뉴스" are one."""
    return _SEPARATORS.sub("", same_name(name))


def _is_korean(text: str) -> bool:
    """Whether its Hangul is mostly of the 2,350 common syllables.

    CP949 has a syllable for nearly every pair of bytes: "Ärzte" would become "훣zte". Two bytes that are no Korean hit
    one of the rare 8,822 syllables more often than one of the common ones.
    """
    syllables = [character for character in text if "가" <= character <= "힣"]
    common = sum(_is_common(syllable) for syllable in syllables)
    return common > len(syllables) - common


def _is_common(syllable: str) -> bool:
    # KS X 1001 has it as one pair of bytes; the others Python spells out as jamo
    return len(syllable.encode("euc_kr")) == 2
