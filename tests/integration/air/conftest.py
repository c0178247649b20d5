"""Artefacts for the air's tests, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.air.armed import Level
from tests.armed_airings import Material, material


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artefacts")


@pytest.fixture(scope="session")
def chain(artefacts: Path) -> dict[Level, Material]:
    """What stands in, each step with a sound of its own."""
    return {
        "standby": material(artefacts, 101, 6.0),
        "evergreen": material(artefacts, 102, 5.0),
        "interval_signal": material(artefacts, 103, 3.0),
    }
