"""What would be said of an airing now, by which clips, and whether that is what was said before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from app.airings.models import Airing
from app.announcements.facts import facts_of
from app.announcements.pack import Clip, Pack, read_pack
from app.settings import Settings
from audio.errors import EspeakMissing
from audio.espeak import find_espeak
from schedules.announcing.tokens import Facts, Token, announcement, text_of
from schedules.clock import Clock
from schedules.elements import Spoken
from schedules.errors import BadAnnouncement
from schedules.time import Span

Template = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """An announcement in words, with the clips that say part of them (by the tokens' keys)."""

    template: Template
    tokens: tuple[Token, ...]
    clips: Mapping[str, Clip]

    @property
    def text(self) -> str:
        return text_of(self.tokens)

    @property
    def key(self) -> str:
        """The same for the same words by the same clips: what was made for one airing serves another."""
        said = [
            (one.key, one.text, one.attached, one.pause_ms, clip.sha256 if clip else None)
            for one in self.tokens
            for clip in [self.clips.get(one.key or "")]
        ]
        written = json.dumps([self.template, said], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    @property
    def is_recorded(self) -> bool:
        """Whether the clips say all of it."""
        return all(token.key in self.clips for token in self.tokens if any(map(str.isalnum, token.text)))


def saying(facts: Facts, template: Sequence[str], pack: Pack) -> Saying:
    """Raises BadAnnouncement."""
    tokens = announcement(facts, template)
    clips = {token.key: clip for token in tokens if token.key and (clip := pack.clip_of(token))}
    return Saying(tuple(template), tokens, clips)


def templates_of(clock: Clock) -> tuple[Template, ...]:
    """What a clock asks to be said: each template once."""
    return tuple(dict.fromkeys(element.template for element in clock.elements if isinstance(element, Spoken)))


def span_of(airing: Airing) -> Span:
    """When an airing is on the air, its early-off included."""
    return Span(airing.starts_at, airing.stops_at)


def has_voice(settings: Settings) -> bool:
    """Whether espeak-ng is there for what is not recorded."""
    try:
        find_espeak(settings.espeak)
    except EspeakMissing:
        return False
    return True


class Truth:
    """What would be said now: the answer to whether what was said is true. For one look at the database.

    It reads the pack once, and each airing's facts once, when somebody asks.
    """

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings
        self._pack: Pack | None = None
        self._facts: dict[int | None, Facts | None] = {}

    def is_true(self, airing: Airing, spoken: Mapping[str, Any]) -> bool:
        """Whether the words that were spoken are those that the airing would say now, by whichever clips."""
        now = self._saying(airing, spoken["template"])
        return now is not None and now.text == spoken["text"]

    def is_newest(self, airing: Airing, key: str, spoken: Mapping[str, Any]) -> bool:
        """Whether the airing would say the same now by the same clips."""
        now = self._saying(airing, spoken["template"])
        return now is not None and now.key == key

    def may_be_said_now(self, airing: Airing, unspoken: Mapping[str, Any]) -> bool:
        """Whether what could not be said when the airing was compiled looks as if it could by now."""
        now = self._saying(airing, unspoken["template"])
        if now is None or now.key == unspoken["key"]:
            return False
        return now.is_recorded or has_voice(self._settings)

    def _saying(self, airing: Airing, template: Sequence[str]) -> Saying | None:
        if self._pack is None:
            self._pack = read_pack(self._settings)
        if airing.id not in self._facts:
            try:
                self._facts[airing.id] = facts_of(self._session, airing.slot_id, span_of(airing))
            except BadAnnouncement:
                self._facts[airing.id] = None
        facts = self._facts[airing.id]
        try:
            return saying(facts, template, self._pack) if facts is not None else None
        except BadAnnouncement:
            return None
