"""Announcements as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.announcements.service import Choices, ClipState, PackState, WantedClip
from app.station.models import Station
from app.web.bodies import Answer, Body, Text, example


class AnnouncedIn(Body):
    """What announcements say of the station; what is left out takes its default."""

    model_config = Body.model_config | example(
        spoken_name="자유의 소리 단파 방송", zone="pyongyang", frequencies=True, next_programme=True
    )

    spoken_name: Annotated[
        Text | None, Field(max_length=100, description="What it is called on the air; null: its name")
    ] = None
    zone: Annotated[Literal["kst", "pyongyang"], Field(description="Whose date and times are told")] = "kst"
    frequencies: Annotated[bool, Field(description="Whether frequencies are named")] = True
    next_programme: Annotated[bool, Field(description="Whether the next programme is told")] = True

    def choices(self) -> Choices:
        return Choices(
            spoken_name=self.spoken_name,
            announced_zone=self.zone,
            frequencies_spoken=self.frequencies,
            next_spoken=self.next_programme,
        )


class AnnouncedOut(Answer):
    """What announcements say of the station."""

    model_config = Answer.model_config | example(
        spoken_name=None, zone="kst", frequencies=True, next_programme=True
    )

    spoken_name: str | None
    zone: str
    frequencies: bool
    next_programme: bool

    @classmethod
    def of(cls, row: Station) -> AnnouncedOut:
        return cls(
            spoken_name=row.spoken_name,
            zone=row.announced_zone,
            frequencies=row.frequencies_spoken,
            next_programme=row.next_spoken,
        )


class ClipOut(Answer):
    """A clip of the checklist: what it has to say, and what there is. One with ``other_words`` (``says``) is not used."""

    model_config = Answer.model_config | example(
        key="number-7000", text="칠천", state="recorded", says="칠천", file="number-7000.wav", bytes=96_044
    )

    key: str
    text: str
    state: ClipState
    says: str | None
    file: str | None
    bytes: int | None

    @classmethod
    def of(cls, one: WantedClip) -> ClipOut:
        clip = one.clip
        return cls(
            key=one.key,
            text=one.text,
            state=one.state,
            says=clip.says if clip else None,
            file=clip.path.name if clip else None,
            bytes=clip.bytes if clip else None,
        )


class VoicePackOut(Answer):
    """The voice pack. ``synthetic_voice``: espeak-ng says what is missing; ``unknown`` are files that nobody asks for."""

    model_config = Answer.model_config | example(
        items=[ClipOut.model_config["json_schema_extra"]["examples"][0]],  # type: ignore[index]
        recorded=1,
        missing=96,
        synthetic_voice=True,
        unknown=["notes.wav"],
    )

    items: list[ClipOut]
    recorded: int
    missing: int
    synthetic_voice: bool
    unknown: list[str]

    @classmethod
    def of(cls, pack: PackState, *, synthetic_voice: bool) -> VoicePackOut:
        return cls(
            items=[ClipOut.of(one) for one in pack.wanted],
            recorded=pack.count("recorded"),
            missing=pack.count("missing", "other_words"),
            synthetic_voice=synthetic_voice,
            unknown=list(pack.unknown),
        )
