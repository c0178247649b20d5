"""What a player makes of a file, with nothing of ours in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.audio_files import AudioFiles


def decoded(files: AudioFiles, path: Path, folder: Path, channels: int = 1) -> NDArray[np.float64]:
    """Every channel, shape (samples, channels), full scale being 1."""
    raw = folder / "decoded.f32"
    files.run("-i", str(path), "-c:a", "pcm_f32le", "-f", "f32le", str(raw))
    return np.fromfile(raw, dtype="<f4").astype(np.float64).reshape(-1, channels)
