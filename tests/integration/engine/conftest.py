from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.integration.engine.living import LivingStation, founded


@pytest.fixture(scope="session")
def founded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once; every test gets a copy."""
    return founded(tmp_path_factory.mktemp("founded") / "home")


@pytest.fixture
def station(founded_home: Path, tmp_path: Path) -> Iterator[LivingStation]:
    home = tmp_path / "home"
    shutil.copytree(founded_home, home)
    shutil.rmtree(home / "cache")
    (home / "cache").symlink_to(founded_home / "cache")  # what one test prepared need not be prepared again
    living = LivingStation(Settings(home=home, disk_reserve_bytes=0, port=0))
    yield living
    living.database.dispose()
