"""Whether decoded sound is the sound that was meant: sample against sample, frame by frame.

A loudness figure tells that a programme is as loud as it should be; this tells that it is the programme. A gap, another
item, a frame in the wrong place, sound that is a few samples late: each differs by as much as there is sound.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.meter import Samples
from audio.profile import MP3_FRAME_SAMPLES

AROUND_SAMPLES: Final = MP3_FRAME_SAMPLES
"""What was meant is needed for a frame more on either side: a codec smears an attack that far."""

# What a codec leaves out or adds, as a share of the frame's sound. Measured with LAME at level 7, worst frame: speech in
# 4.5 kHz 0.02 at 32 kbit/s and 0.003 at 128, white noise 0.78 and 0.24. Silence for sound is 1, one sound for another 2.
_MOST_ERROR: Final = 0.85
# And what it smears over from a louder neighbour: 0.007 of that at most, by a click in silence at 32 kbit/s.
_MOST_SMEARED: Final = 0.05
# -70 dBFS: below it the noise of 16 bits and of the codec are not to be told from sound.
_INAUDIBLE: Final = 1e-7


def unlike_frames(heard: Samples, meant: Samples) -> NDArray[np.intp]:
    """Which frames of `heard` (whole ones, counted from 0) are not what was meant.

    `meant` is what should have been heard, with `AROUND_SAMPLES` more before and behind.
    """
    error = _energies(heard - meant[AROUND_SAMPLES:-AROUND_SAMPLES])
    energies = _energies(meant)
    smeared = _MOST_SMEARED * np.maximum(energies[:-2], energies[2:])
    return np.flatnonzero(error > _MOST_ERROR * energies[1:-1] + smeared + _INAUDIBLE * MP3_FRAME_SAMPLES)


def _energies(sound: Samples) -> Samples:
    rows = sound.reshape(-1, MP3_FRAME_SAMPLES)
    energies: Samples = np.einsum("ij,ij->i", rows, rows)
    return energies
