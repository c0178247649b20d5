"""Why each item is where it is, why those ranked above it are not, and what people have to know of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from schedules.candidates import Candidate, Request
from schedules.conflicts import first_conflict
from schedules.elements import (
    Announcement,
    Awaited,
    Element,
    Fixed,
    IntervalSignal,
    NextEpisode,
    Pick,
    Repeat,
    Spoken,
)
from schedules.layout import Sound
from schedules.rundown import Reason
from schedules.said import Said, say, together
from schedules.stage import Option, Stage
from schedules.time import samples_to_timedelta, to_kst
from schedules.track import Placement

_TOLD = 3
"""So many losers are named in a reason; the rest are counted."""

_UNCHOSEN: dict[type[Element], Said] = {
    IntervalSignal: say("asked-for", "asked for by the clock"),
    Fixed: say("named", "named by the clock"),
    Repeat: say("in-repeated", "was in the programme that is repeated"),
}

_UNNAMED: dict[type[Element], Said] = {
    Fixed: say("not-approved", "the segment it names is not among those approved: approve it, name another"),
    Repeat: say("nothing-to-repeat", "nothing is left of the airing that it repeats: name another"),
    Announcement: say("no-announcement", "the library has no approved announcement like it: approve one"),
}


class Reasons:
    """The reasons of one programme."""

    def __init__(self, request: Request, stages: Sequence[Stage], sounds: Sequence[Sound]) -> None:
        self.request = request
        self.stages = stages
        self.sounds = sounds
        self.placements = tuple(sound.placement for sound in sounds)
        self.taker = {
            one.option.key: stages[one.stage].name for one in self.placements if one.option and one.option.key
        }

    def reason(self, sound: Sound) -> Reason:
        """Why this item."""
        reason = self._chosen(sound)
        if not sound.overlap:
            return reason
        absorbed = say(
            "absorbed", "{overlap_samples} absorbed in a cross-fade before it", overlap_samples=sound.overlap
        )
        return replace(reason, note=together((reason.note, absorbed)))

    def _chosen(self, sound: Sound) -> Reason:
        one = sound.placement
        if one.stage == len(self.stages):
            why = say("closing", "nothing in the clock fills these {own_samples}", own_samples=sound.samples)
            return Reason("closing", 0, why)
        stage = self.stages[one.stage]
        if stage.is_fill:
            return Reason("fill", len(stage.ranking), self._why_fill(sound, stage))
        assert one.option is not None
        if isinstance(stage.element, Spoken):
            said = self.request.announcement_of(stage.element)
            return Reason("spoken", 1, say("words", "{words}", words=said.text if said else ""))
        if type(stage.element) in _UNCHOSEN:
            return Reason(stage.element.type, 1, _UNCHOSEN[type(stage.element)])
        rule, why = _rule(stage, one.option, self.request.starts_at)
        broken = one.option.breaks
        although = [say("although", "although {rule}", rule=broken)] if broken else []
        return Reason(rule, len(stage.ranking), together((why, *although, *_told(self._lost(one, stage)))))

    def notes(self) -> list[Said]:
        """What was left out, what the interval signal covers, and whose ranking was cut off."""
        notes = []
        for number, stage in enumerate(self.stages):
            own = [sound for sound in self.sounds if sound.placement.stage == number]
            if not stage.is_fill and len(own) < stage.most:
                notes.append(self._left_out(stage, len(own)))
            notes += self._cover_notes(stage, own)
            if own and isinstance(stage.element, Spoken) and self._is_estimate(stage.element):
                notes.append(
                    say(
                        "estimated",
                        "{stage}: its length is estimated; it is spoken when the airing is compiled",
                        stage=stage.name,
                    )
                )
            if stage.uncounted:
                notes.append(_cut_off(stage))
        closing = [sound for sound in self.sounds if sound.placement.stage == len(self.stages)]
        if closing:
            notes.append(
                say(
                    "unfilled",
                    "nothing in the clock fills the last {own_samples}: the interval signal does; a fill element would "
                    "play music there",
                    own_samples=closing[0].samples,
                )
            )
        return notes

    def _left_out(self, stage: Stage, there: int) -> Said:
        why = self._why_left_out(stage)
        if not there:
            return say("left-out", "{stage} was left out: {why}", stage=stage.name, why=why)
        return say(
            "left-out-partly",
            "{stage} was left out ({there} of {most} items are there): {why}",
            stage=stage.name,
            there=there,
            most=stage.most,
            why=why,
        )

    def _is_estimate(self, spoken: Spoken) -> bool:
        said = self.request.announcement_of(spoken)
        return said is not None and said.is_estimate

    def _cover_notes(self, stage: Stage, own: Sequence[Sound]) -> list[Said]:
        covers = [sound for sound in own if sound.placement.how == "cover"]
        if not covers:
            return []
        return [
            say(
                "covered",
                "{stage}: the interval signal covers {own_samples}, {why}",
                stage=stage.name,
                own_samples=sum(sound.samples for sound in covers),
                why=self._why_cover(stage),
            )
        ]

    def _why_cover(self, stage: Stage) -> Said:
        if stage.options:
            return say("pieces-do-not-fit", "its pieces do not fit")
        return say("nothing-to-fill-with", "nothing to fill with may air here")

    def _why_fill(self, sound: Sound, stage: Stage) -> Said:
        option = sound.placement.option
        if option is None:
            return self._why_cover(stage)
        once = len({other.key for other in stage.options})
        before = {other.key for other in stage.options if other.place < option.place}
        if option.place >= once:
            why = say("fill-repeated", "repeated: there is not enough")
        elif before <= self.taker.keys():
            why = say("longest-unheard", "longest unheard") if once > 1 else say("only-one", "the only one")
        else:
            why = say(
                "fits-better",
                "number {place} of the longest unheard; it fits better",
                place=option.place + 1,
            )
        if sound.samples < option.samples:
            return together((why, shortened_by(option.samples - sound.samples)))
        return why

    def _lost(self, winner: Placement, stage: Stage) -> list[Said]:
        """Why those ranked above the winner lost, in their order."""
        lost = []
        out = {one.candidate.segment_id: one.why for one in stage.out}
        options = {option.key: option for option in stage.options}
        assert winner.option is not None
        for candidate in stage.ranking:
            number = candidate.segment_id
            if number == winner.option.key:
                break
            if number in out and not (number in options and options[number].breaks):
                why = out[number]
            elif number in self.taker:
                why = say("is-in", "it is in {stage}", stage=self.taker[number])
            elif number in options:
                why = self._why_not_instead(winner, options[number], stage)
            else:
                continue
            lost.append(say("lost", "#{segment_id} lost: {why}", segment_id=number, why=why))
        return lost

    def _why_not_instead(self, winner: Placement, loser: Option, stage: Stage) -> Said:
        """What would be wrong with it in the winner's place, all else the same."""
        assert winner.option is not None
        assert loser.candidate is not None
        starts_at = self.request.starts_at + samples_to_timedelta(winner.start * self.request.ruler.tick)
        if why := loser.candidate.why_not_at(starts_at, loser.samples):
            return say(
                "not-at-its-turn",
                "{why}, and its turn is at {turn_time:%H:%M:%S} UTC",
                why=why,
                turn_time=starts_at,
            )
        instead = replace(winner, option=loser)
        others = tuple(instead if one is winner else one for one in self.placements)
        if first_conflict(self.request, self.stages, others) is not None:
            return say("breaks-with-another", "it would break a rule with another item of the programme")
        if self._room(winner.stage) < stage.shortest(loser):
            return say(
                "no-room",
                "{own_samples} is too long for what the other required elements leave",
                own_samples=loser.samples,
            )
        return _compared(loser.samples - winner.option.samples)

    def _room(self, number: int) -> int:
        """The ticks that are left for a stage beside the least that the other required ones take up."""
        others = [stage for other, stage in enumerate(self.stages) if other != number and stage.least]
        least = sum(min(map(stage.shortest, stage.options)) for stage in others if stage.options)
        ruler = self.request.ruler
        return ruler.end - ruler.lead - least

    def _why_left_out(self, stage: Stage) -> Said:
        if not stage.options:
            return why_nothing(self.request, stage)
        again = isinstance(stage.element, Fixed | Spoken)
        free = [option for option in stage.options if again or option.key not in self.taker]
        if not free:
            return say("all-taken", "all that it may take are in the programme already: approve another")
        shortest = min(free, key=lambda option: (option.samples, option.key))
        return say(
            "no-room-beside",
            "nothing of it fits beside what matters more (#{segment_id}, the shortest, is {own_samples})",
            segment_id=shortest.key,
            own_samples=shortest.samples,
        )


def shortened_by(samples: int) -> Said:
    return say("shortened", "shortened by {cut_samples}", cut_samples=samples)


def none_may_air(stage: Stage, told: Sequence[Said]) -> Said:
    """That of a stage's candidates none may air, with why each may not."""
    return say(
        "none-may-air",
        "of its {candidates} candidates none may air here ({told}): approve another",
        candidates=len(stage.ranking),
        told=tuple(told),
    )


def segment_why(segment_id: int, why: Said) -> Said:
    return say("segment-why", "#{segment_id}: {why}", segment_id=segment_id, why=why)


def why_nothing(request: Request, stage: Stage) -> Said:
    """Why a stage has no options, and what to do."""
    if stage.ranking:
        return none_may_air(
            stage, _told([segment_why(one.candidate.segment_id, one.why) for one in stage.out])
        )
    match stage.element:
        case Spoken() as spoken:
            return _why_unspoken(request, spoken)
        case Pick() as pick:
            return _why_no_pick(pick)
        case NextEpisode(series=series):
            return say(
                "series-over",
                "every approved episode of {series} was aired: approve the next one",
                series=series,
            )
        case Awaited(name=name):
            return say(
                "nothing-came",
                "nothing approved came as {name} for this date: upload it, or name a substitute",
                name=name,
            )
    return _UNNAMED[type(stage.element)]


def _why_unspoken(request: Request, spoken: Spoken) -> Said:
    said = request.announcement_of(spoken)
    if said is None:
        return say("not-made", "nothing was made for it")
    return say("unspoken", "it could not be spoken: {why}", why=said.why_not or Said("", ""))


def _why_no_pick(pick: Pick) -> Said:
    wanted = say("kinds", "{kinds: or }", kinds=pick.kinds)
    if pick.tags:
        wanted = say("kinds-tagged", "{kinds: or } tagged {tags: and }", kinds=pick.kinds, tags=pick.tags)
    if pick.max_age_days is not None:
        wanted = say(
            "from-last-days", "{wanted} from the last {days} days", wanted=wanted, days=pick.max_age_days
        )
    return say("none-in-library", "the library has no approved {wanted}: approve one", wanted=wanted)


def _rule(stage: Stage, option: Option, starts_at: datetime) -> tuple[str, Said]:
    winner = option.candidate
    assert winner is not None
    match stage.element:
        case NextEpisode():
            why = say(
                "next-unaired",
                "episode {episode}, the first that was never aired",
                episode=winner.episode or 0,
            )
            return "next_episode", why
        case Awaited(name=name):
            return "awaited", _awaited(winner, name, to_kst(starts_at).date())
        case Announcement():
            return "announcement", _approved(winner)
        case Pick(order=order):
            return f"pick {order}", _approved(winner) if order == "newest" else _last_aired(winner)
    raise TypeError(f"{stage.name} takes no segment")


def _awaited(winner: Candidate, name: str, today: date) -> Said:
    if winner.awaited_as == name and winner.awaited_on == today:
        return say("delivered", "delivered for this date")
    if winner.awaited_as == name and winner.awaited_on is not None:
        return say(
            "delivered-earlier",
            "nothing came as {name} for this date: this is what came for {due_on}",
            name=name,
            due_on=winner.awaited_on,
        )
    return say("substitute", "nothing came as {name} for this date: this is its substitute", name=name)


def _approved(winner: Candidate) -> Said:
    return say("approved", "approved {approved_at:%Y-%m-%d %H:%M} UTC", approved_at=winner.approved_at)


def _last_aired(winner: Candidate) -> Said:
    if winner.last_aired_at is None:
        return say("never-aired", "never aired")
    return say("last-aired", "last aired {aired_at:%Y-%m-%d %H:%M} UTC", aired_at=winner.last_aired_at)


def _compared(longer: int) -> Said:
    """Of a loser that is so many samples longer than the winner."""
    if longer == 0:
        return say("as-long", "it is as long, and the rest fits better so")
    if longer > 0:
        return say(
            "longer", "it is {by_samples} longer, and the programme fits worse with it", by_samples=longer
        )
    return say(
        "shorter", "it is {by_samples} shorter, and the programme fits worse with it", by_samples=-longer
    )


def _cut_off(stage: Stage) -> Said:
    return say(
        "uncounted",
        "{stage}: the first {weighed} of its ranking were weighed, {uncounted} were not",
        stage=stage.name,
        weighed=len(stage.options),
        uncounted=stage.uncounted,
    )


def _told(sentences: Sequence[Said]) -> tuple[Said, ...]:
    more = len(sentences) - _TOLD
    return (*sentences[:_TOLD], *([say("and-more", "and {more} more", more=more)] if more > 0 else ()))
