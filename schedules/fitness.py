"""How good the finished rundown is, and what is not known of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from schedules.goals import COVER, Goals
from schedules.layout import Sound
from schedules.ruler import Ruler
from schedules.rundown import Fit
from schedules.said import Said, say
from schedules.search import Found
from schedules.stage import Stage


def fit_of(ruler: Ruler, stages: Sequence[Stage], goals: Goals, found: Found, sounds: Sequence[Sound]) -> Fit:
    """What is heard is measured on what was laid out; what was chosen, and the bound, are the search's."""
    score, bound = goals.read(found.cost), goals.read(found.bound)
    return Fit(
        proved=found.is_proved,
        left_out=score.left_out,
        newest_places=score.newest,
        noticed_samples=_noticed(ruler, sounds),
        rotation_places=score.rotation,
        pause_samples=_off_pause(ruler, stages, sounds),
        gap_samples=max(score.noticed_ticks - bound.noticed_ticks, 0) * ruler.tick,
        runs=found.runs,
        crossfaded_samples=sum(sound.overlap for sound in sounds),
    )


def doubts(goals: Goals, ruler: Ruler, found: Found) -> list[Said]:
    """What a better programme could have, where none is proved to be absent: the first goal that the bound leaves open."""
    if found.is_proved:
        return []
    score, bound = goals.read(found.cost), goals.read(found.bound)
    samples = (score.noticed_ticks - bound.noticed_ticks) * ruler.tick
    if (gain := score.left_out - bound.left_out) > 0:
        what = say("fewer-left-out", "{items} fewer items left out", items=gain)
    elif (gain := score.newest - bound.newest) > 0:
        what = say("newer-items", "newer items, by {places} places together", places=gain)
    elif samples > 0:
        what = say("less-noticed", "up to {gap_samples} less that a listener notices", gap_samples=samples)
    elif (gain := score.rotation - bound.rotation) > 0:
        what = say("fairer-rotation", "a fairer rotation, by {places} places together", places=gain)
    else:
        what = say("better-pauses", "pauses nearer to what was asked for")
    return [
        say(
            "given-up",
            "the search was given up after {runs} runs: at best there is a programme with {what}",
            runs=found.runs,
            what=what,
        )
    ]


def _noticed(ruler: Ruler, sounds: Sequence[Sound]) -> int:
    end = sounds[-1].end_sample(ruler) if sounds else ruler.target_samples
    # Less than a tick is how sound ends, not a silence
    heard = (ruler.target_samples - end) // ruler.tick * ruler.tick
    for sound in sounds:
        is_cover = sound.placement.option is None
        heard += COVER * sound.samples if is_cover else min(sound.lacks, sound.samples)
    return heard


def _off_pause(ruler: Ruler, stages: Sequence[Stage], sounds: Sequence[Sound]) -> int:
    ticks = 0
    for before, after in pairwise(sound.placement for sound in sounds):
        pause = after.start - before.end
        if pause >= 0 and after.option is not None and before.stage < len(stages):
            ticks += abs(pause - stages[before.stage].pause)
    return ticks * ruler.tick
