from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.feeds.recordings import Audio, make_audio


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    return make_audio(tmp_path)


@pytest.fixture
def newer(tmp_path: Path) -> Audio:
    """Version 2 of the same airing: other bytes, the same name."""
    return make_audio(tmp_path, seed=2)
