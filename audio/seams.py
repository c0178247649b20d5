"""Where one sound ends and another begins: how it would have gone on, made of nothing but what is kept.

A cross-fade needs more of both sounds than is heard, and in a recording what lies behind the edge is what was removed:
a name, perhaps, of which no sample may be heard. So the sound is led on by linear prediction from what lies before the
edge. For the 5 ms of a seam that is as good as the real thing: a vowel goes on in its pitch, a room in its noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples
from audio.pcm import RATE

SEAM_SAMPLES: Final = RATE // 200
"""5 ms: what a cross-fade takes of the sound behind a removal, and of a cover at each of its ends."""

CONTEXT_SAMPLES: Final = 1024
"""From so much a sound is led on: two periods of the deepest voice."""

_ORDER: Final = 32
# As many samples for each coefficient at least: fewer would fit the noise
_SAMPLES_PER_COEFFICIENT: Final = 4
# Burg's filters are stable, and yet may swell before they die away; cutting that off would click
_MOST_SWELL: Final = 1.5
_DAMPINGS: Final = (1.0, 0.995, 0.98, 0.95, 0.8)


def led_on(before: Samples, samples: int) -> Samples:
    """What would follow `before`, of which the last `CONTEXT_SAMPLES` count; silence where there is nothing to follow."""
    heard = before[-CONTEXT_SAMPLES:].astype(np.float64)
    order = min(_ORDER, len(heard) // _SAMPLES_PER_COEFFICIENT)
    if not order:
        return np.zeros(samples, dtype=np.float32)
    weights = _burg(heard, order)
    loudest = float(np.abs(heard).max())
    for damping in _DAMPINGS:
        following = _predicted(heard, weights * damping ** np.arange(1, order + 1), samples)
        if np.abs(following).max(initial=0.0) <= _MOST_SWELL * loudest:
            return following.astype(np.float32)
    return np.zeros(samples, dtype=np.float32)


def led_in(after: Samples, samples: int) -> Samples:
    """What would come before `after`: the same backwards."""
    sound: Samples = led_on(after[:CONTEXT_SAMPLES][::-1], samples)[::-1]
    return sound


def rising(samples: int) -> Samples:
    """A curve from 0 to 1 that, with the same one backwards, keeps the power of two sounds that know nothing of each other."""
    curve: Samples = np.sin((np.arange(samples) + 0.5) / max(samples, 1) * (np.pi / 2)).astype(np.float32)
    return curve


def _predicted(heard: NDArray[np.float64], weights: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    order, backwards = len(weights), weights[::-1]
    sound = np.concatenate([heard[-order:], np.zeros(samples)])
    for at in range(order, len(sound)):
        sound[at] = sound[at - order : at] @ backwards
    return sound[order:]


def _burg(sound: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Weights of the samples before, the nearest first, that predict each one with the least error both ways (Burg, 1975)."""
    forward, backward = sound[1:], sound[:-1]
    weights = np.zeros(0)
    for _ in range(order):
        power = float(forward @ forward + backward @ backward)
        reflection = 2.0 * float(forward @ backward) / power if power > 0.0 else 0.0
        weights = np.append(weights - reflection * weights[::-1], reflection)
        forward, backward = (
            (forward - reflection * backward)[1:],
            (backward - reflection * forward)[:-1],
        )
    return weights
