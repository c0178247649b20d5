"""Announcements of one airing as sound: what was spoken before with the same words and clips, else spoken now.

A worker makes them before the airing is compiled. The web process makes no sound: it takes what is there, or an
estimate of the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, select

from app.airings.requests import candidate_of
from app.announcements.facts import facts_of
from app.announcements.pack import Clip, Pack, read_pack
from app.announcements.sayings import Saying, Template, has_voice, saying
from app.database import id_of, reading, writing
from app.library.cuts import find_cut
from app.library.ingest import measurements_of
from app.library.models import Segment, SegmentState
from app.library.service import keep_spoken
from app.settings import Settings
from app.storage import Blobs, keeping_blobs
from audio.errors import AudioError, EspeakMissing
from audio.espeak import find_espeak
from audio.ffmpeg import find_ffmpeg
from audio.files import scratch
from audio.ingest import Master
from audio.pcm import RATE
from audio.speaking import Utterance, speak
from schedules.announcing.length import estimated_s
from schedules.candidates import Announced, Candidate
from schedules.errors import BadAnnouncement
from schedules.said import Said, Value, say
from schedules.time import Span

log = structlog.get_logger()

TRIES = 3
"""A clip that is replaced just while it is said makes the work void; nobody replaces clips that often."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an airing announces; ``unspoken``: of what could not be said the ``template``, the ``key`` and ``why``."""

    announced: tuple[Announced, ...] = ()
    unspoken: tuple[dict[str, object], ...] = ()


def make(
    engine: Engine,
    settings: Settings,
    slot_id: int,
    on_air: Span,
    templates: Iterable[Template],
    *,
    now: datetime,
) -> Made:
    """Everything that an airing's clock asks to be said.

    What cannot be said is no reason to fail: the programme airs without it.
    """
    announced: list[Announced] = []
    unspoken: list[dict[str, object]] = []
    for template in templates:
        key, said = _made(engine, settings, slot_id, on_air, template, now)
        announced.append(said)
        if said.sound is None:
            unspoken.append({"template": list(template), "key": key, "why": str(said.why_not)})
    return Made(tuple(announced), tuple(unspoken))


def look_up(
    session: Session, settings: Settings, slot_id: int, on_air: Span, templates: Iterable[Template]
) -> tuple[Announced, ...]:
    """The same without making any sound: what is not made yet has its estimated length."""
    pack = read_pack(settings)
    return tuple(_looked_up(session, settings, pack, slot_id, on_air, template) for template in templates)


def _looked_up(
    session: Session, settings: Settings, pack: Pack, slot_id: int, on_air: Span, template: Template
) -> Announced:
    try:
        wanted = saying(facts_of(session, slot_id, on_air), template, pack)
    except BadAnnouncement as wrong:
        return Announced(template, "", None, _why(wrong))
    known = _known(session, settings, wanted)
    if known is not None:
        return known
    if not wanted.is_recorded and not has_voice(settings):
        return Announced(template, wanted.text, None, _why(EspeakMissing()))
    estimate = Candidate(
        segment_id=0,
        master_sha256="",
        kind="announcement",
        tags=frozenset(),
        samples=round(estimated_s(wanted.tokens) * RATE),
        first_sample=0,
        approved_at=on_air.start,
    )
    return Announced(template, wanted.text, estimate, is_estimate=True)


def _made(
    engine: Engine, settings: Settings, slot_id: int, on_air: Span, template: Template, now: datetime
) -> tuple[str, Announced]:
    for _ in range(TRIES):
        pack = read_pack(settings)
        try:
            with reading(engine) as session:
                wanted = saying(facts_of(session, slot_id, on_air), template, pack)
                known = _known(session, settings, wanted)
        except BadAnnouncement as wrong:
            return "", Announced(template, "", None, _why(wrong))
        if known is not None:
            return wanted.key, known
        with scratch(settings.incoming_dir) as workshop:
            try:
                master = _spoken(settings, wanted, workshop)
            except (AudioError, OSError) as error:
                log.warning("an announcement cannot be spoken", slot=slot_id, why=type(error).__name__)
                return wanted.key, Announced(template, wanted.text, None, _why(error))
            if any(_is_another(read_pack(settings), clip) for clip in wanted.clips.values()):
                continue
            return wanted.key, _kept(engine, settings, wanted, master, now)
    replaced = say("clips-replaced", "its clips were replaced over and over while it was said")
    return "", Announced(template, "", None, replaced)


def _why(error: Exception) -> Said:
    """Why it could not be said. Only what a station can do something about has words of its own."""
    return (
        say("no-voice", EspeakMissing.message) if isinstance(error, EspeakMissing) else Said("", str(error))
    )


def _is_another(pack: Pack, clip: Clip) -> bool:
    return clip.key not in pack.clips or pack.clips[clip.key].sha256 != clip.sha256


def _known(session: Session, settings: Settings, wanted: Saying) -> Announced | None:
    """What was spoken before with the same words and clips; None where nothing was, or its audio is gone."""
    row = session.exec(select(Segment).where(Segment.spoken_key == wanted.key)).one_or_none()
    if row is None:
        return None
    if row.state != SegmentState.approved:
        return Announced(wanted.template, wanted.text, None, _withdrawn(row))
    if not Blobs(settings.blobs_dir).path("masters", row.master_sha256 or "", ".flac").exists():
        return None
    return Announced(wanted.template, wanted.text, candidate_of(row, find_cut(session, row, None)))


def _withdrawn(row: Segment) -> Said:
    told: dict[str, Value] = {"segment_id": id_of(row)}
    if row.state == SegmentState.recalled:
        return say("saying-recalled", "what it would say (#{segment_id}) is recalled", **told)
    return say("saying-not-approved", "what it would say (#{segment_id}) is {state}", **told, state=row.state)


def _kept(engine: Engine, settings: Settings, wanted: Saying, master: Master, now: datetime) -> Announced:
    measured = measurements_of(master)
    blobs = Blobs(settings.blobs_dir)
    with keeping_blobs(settings):
        blobs.adopt(master.path, "masters", master.sha256, ".flac")
        blobs.adopt(master.peaks_path, "peaks", measured.peaks_sha256, ".peaks")
        with writing(engine) as session:
            row = keep_spoken(session, wanted.key, wanted.template, wanted.text, measured, now=now)
            candidate = candidate_of(row, find_cut(session, row, None))
    log.info("spoken", segment=row.id, clips=len(wanted.clips), seconds=round(master.samples / RATE, 1))
    return Announced(wanted.template, wanted.text, candidate)


def _spoken(settings: Settings, wanted: Saying, folder: Path) -> Master:
    """Say it. A clip that cannot be read is left to the synthetic voice. Raises AudioError."""
    ffmpeg, espeak = find_ffmpeg(settings.ffmpeg), _voice(settings)
    try:
        return speak(_utterances(wanted, wanted.clips.keys()), folder, ffmpeg=ffmpeg, espeak=espeak)
    except EspeakMissing:
        raise
    except AudioError:
        sound = [key for key, clip in wanted.clips.items() if is_sound(clip.path, folder, ffmpeg)]
        if len(sound) == len(wanted.clips):
            raise
        log.warning("clips that cannot be read are not used", keys=sorted(wanted.clips.keys() - set(sound)))
        return speak(_utterances(wanted, sound), folder, ffmpeg=ffmpeg, espeak=espeak)


def _voice(settings: Settings) -> Path | None:
    try:
        return find_espeak(settings.espeak)
    except EspeakMissing:  # a complete pack needs none
        return None


def is_sound(clip: Path, folder: Path, ffmpeg: Path) -> bool:
    """Whether a clip can be used."""
    try:
        speak([Utterance("", clip)], folder, ffmpeg=ffmpeg)
    except AudioError:
        return False
    return True


def _utterances(wanted: Saying, usable: Iterable[str]) -> Sequence[Utterance]:
    clips = {key: wanted.clips[key].path for key in usable}
    return [
        Utterance(token.text, clips.get(token.key or ""), token.attached, token.pause_ms)
        for token in wanted.tokens
    ]
