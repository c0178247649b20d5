"""Why each item is where it is, why those ranked above it are not, and what people have to know of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

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
from schedules.stage import Option, Stage
from schedules.time import length_text, samples_to_timedelta, to_kst
from schedules.track import Placement

_TOLD = 3
"""So many losers are named in a reason; the rest are counted."""

_UNCHOSEN: dict[type[Element], str] = {
    IntervalSignal: "asked for by the clock",
    Fixed: "named by the clock",
    Repeat: "was in the programme that is repeated",
}

_UNNAMED: dict[type[Element], str] = {
    Fixed: "the segment it names is not among those approved: approve it, name another",
    Repeat: "nothing is left of the airing that it repeats: name another",
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
        return replace(
            reason, note=f"{reason.note}; {length_text(sound.overlap)} absorbed in a cross-fade before it"
        )

    def _chosen(self, sound: Sound) -> Reason:
        one = sound.placement
        if one.stage == len(self.stages):
            return Reason("closing", 0, f"nothing in the clock fills these {length_text(sound.samples)}")
        stage = self.stages[one.stage]
        if stage.is_fill:
            return Reason("fill", len(stage.ranking), self._why_fill(sound, stage))
        assert one.option is not None
        if isinstance(stage.element, Spoken):
            said = self.request.announcement_of(stage.element)
            return Reason("spoken", 1, said.text if said else "")
        if type(stage.element) in _UNCHOSEN:
            return Reason(stage.element.type, 1, _UNCHOSEN[type(stage.element)])
        rule, why = _rule(stage, one.option, self.request.starts_at)
        if one.option.breaks:
            why += f"; although {one.option.breaks}"
        lost = self._lost(one, stage)
        return Reason(rule, len(stage.ranking), "; ".join([why, *([_told(lost)] if lost else [])]))

    def notes(self) -> list[str]:
        """What was left out, what the interval signal covers, and whose ranking was cut off."""
        notes = []
        for number, stage in enumerate(self.stages):
            own = [sound for sound in self.sounds if sound.placement.stage == number]
            if not stage.is_fill and len(own) < stage.most:
                left = f" ({len(own)} of {stage.most} items are there)" if own else ""
                notes.append(f"{stage.name} was left out{left}: {self._why_left_out(stage)}")
            notes += self._cover_notes(stage, own)
            if own and isinstance(stage.element, Spoken) and self._is_estimate(stage.element):
                notes.append(
                    f"{stage.name}: its length is estimated; it is spoken when the airing is compiled"
                )
            if stage.uncounted:
                notes.append(
                    f"{stage.name}: the first {len(stage.options)} of its ranking were weighed, {stage.uncounted} were not"
                )
        closing = [sound for sound in self.sounds if sound.placement.stage == len(self.stages)]
        if closing:
            left = length_text(closing[0].samples)
            notes.append(
                f"nothing in the clock fills the last {left}: the interval signal does; a fill element would play music there"
            )
        return notes

    def _is_estimate(self, spoken: Spoken) -> bool:
        said = self.request.announcement_of(spoken)
        return said is not None and said.is_estimate

    def _cover_notes(self, stage: Stage, own: Sequence[Sound]) -> list[str]:
        covers = [sound for sound in own if sound.placement.how == "cover"]
        if not covers:
            return []
        covered = length_text(sum(sound.samples for sound in covers))
        return [f"{stage.name}: the interval signal covers {covered}, {self._why_cover(stage)}"]

    def _why_cover(self, stage: Stage) -> str:
        return "its pieces do not fit" if stage.options else "nothing to fill with may air here"

    def _why_fill(self, sound: Sound, stage: Stage) -> str:
        option = sound.placement.option
        if option is None:
            return self._why_cover(stage)
        once = len({other.key for other in stage.options})
        before = {other.key for other in stage.options if other.place < option.place}
        if option.place >= once:
            why = "repeated: there is not enough"
        elif before <= self.taker.keys():
            why = "longest unheard" if once > 1 else "the only one"
        else:
            why = f"number {option.place + 1} of the longest unheard; it fits better"
        if sound.samples < option.samples:
            why += f"; shortened by {length_text(option.samples - sound.samples)}"
        return why

    def _lost(self, winner: Placement, stage: Stage) -> list[str]:
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
                why = f"it is in {self.taker[number]}"
            elif number in options:
                why = self._why_not_instead(winner, options[number], stage)
            else:
                continue
            lost.append(f"#{number} lost: {why}")
        return lost

    def _why_not_instead(self, winner: Placement, loser: Option, stage: Stage) -> str:
        """What would be wrong with it in the winner's place, all else the same."""
        assert winner.option is not None
        assert loser.candidate is not None
        starts_at = self.request.starts_at + samples_to_timedelta(winner.start * self.request.ruler.tick)
        if why := loser.candidate.why_not_at(starts_at, loser.samples):
            return f"{why}, and its turn is at {starts_at:%H:%M:%S} UTC"
        instead = replace(winner, option=loser)
        others = tuple(instead if one is winner else one for one in self.placements)
        if first_conflict(self.request, self.stages, others) is not None:
            return "it would break a rule with another item of the programme"
        if self._room(winner.stage) < stage.shortest(loser):
            return f"{length_text(loser.samples)} is too long for what the other required elements leave"
        longer = loser.samples - winner.option.samples
        if longer == 0:
            return "it is as long, and the rest fits better so"
        return f"it is {length_text(abs(longer))} {'longer' if longer > 0 else 'shorter'}, and the programme fits worse with it"

    def _room(self, number: int) -> int:
        """The ticks that are left for a stage beside the least that the other required ones take up."""
        others = [stage for other, stage in enumerate(self.stages) if other != number and stage.least]
        least = sum(min(map(stage.shortest, stage.options)) for stage in others if stage.options)
        ruler = self.request.ruler
        return ruler.end - ruler.lead - least

    def _why_left_out(self, stage: Stage) -> str:
        if not stage.options:
            return why_nothing(self.request, stage)
        again = isinstance(stage.element, Fixed | Spoken)
        free = [option for option in stage.options if again or option.key not in self.taker]
        if not free:
            return "all that it may take are in the programme already: approve another"
        shortest = min(free, key=lambda option: (option.samples, option.key))
        return (
            f"nothing of it fits beside what matters more (#{shortest.key}, the shortest, is "
            f"{length_text(shortest.samples)})"
        )


def why_nothing(request: Request, stage: Stage) -> str:
    """Why a stage has no options, and what to do."""
    if isinstance(stage.element, Spoken) and not stage.ranking:
        said = request.announcement_of(stage.element)
        return f"it could not be spoken: {said.why_not}" if said else "nothing was made for it"
    if stage.ranking:
        told = _told([f"#{one.candidate.segment_id}: {one.why}" for one in stage.out])
        return f"of its {len(stage.ranking)} candidates none may air here ({told}): approve another"
    match stage.element:
        case Pick() as pick:
            tags = f" tagged {' and '.join(pick.tags)}" if pick.tags else ""
            age = f" from the last {pick.max_age_days} days" if pick.max_age_days is not None else ""
            return f"the library has no approved {' or '.join(pick.kinds)}{tags}{age}: approve one"
        case NextEpisode(series=series):
            return f"every approved episode of {series} was aired: approve the next one"
        case Awaited(name=name):
            return f"nothing approved came as {name} for this date: upload it, or name a substitute"
    return _UNNAMED.get(type(stage.element), "the library has no approved announcement like it: approve one")


def _rule(stage: Stage, option: Option, starts_at: datetime) -> tuple[str, str]:
    winner = option.candidate
    assert winner is not None
    match stage.element:
        case NextEpisode():
            return "next_episode", f"episode {winner.episode}, the first that was never aired"
        case Awaited(name=name):
            if winner.awaited_as == name and winner.awaited_on == to_kst(starts_at).date():
                return "awaited", "delivered for this date"
            if winner.awaited_as == name:
                return (
                    "awaited",
                    f"nothing came as {name} for this date: this is what came for {winner.awaited_on}",
                )
            return "awaited", f"nothing came as {name} for this date: this is its substitute"
        case Announcement():
            return "announcement", _approved(winner)
        case Pick(order=order):
            return f"pick {order}", _approved(winner) if order == "newest" else _last_aired(winner)
    raise TypeError(f"{stage.name} takes no segment")


def _approved(winner: Candidate) -> str:
    return f"approved {winner.approved_at:%Y-%m-%d %H:%M} UTC"


def _last_aired(winner: Candidate) -> str:
    return (
        "never aired"
        if winner.last_aired_at is None
        else f"last aired {winner.last_aired_at:%Y-%m-%d %H:%M} UTC"
    )


def _told(sentences: Sequence[str]) -> str:
    more = len(sentences) - _TOLD
    return "; ".join(sentences[:_TOLD]) + (f"; and {more} more" if more > 0 else "")
