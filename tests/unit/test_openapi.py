"""The API's description in `docs/` is what the code serves, and making it needs no station."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from app.web.application import create_app

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs" / "openapi.json"
REFRESH = (
    "docs/openapi.json is old. Look at the difference, then: .venv/bin/danpa openapi > docs/openapi.json"
)


@pytest.fixture(scope="module")
def document() -> str:
    return COMMITTED.read_text(encoding="utf-8")


def test_the_committed_description_is_the_current_one(document: str, tmp_path: Path) -> None:
    """Compared as bytes: the command must write the same on every Python, or each release would rewrite the file."""
    home = tmp_path / "no station here"
    printed = subprocess.run(
        [sys.executable, "-m", "app", "openapi"],
        cwd=ROOT,
        env=os.environ | {"DANPA_HOME": str(home), "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
    )

    assert printed.stdout.decode() == document, REFRESH
    assert not home.exists()


def test_what_is_served_is_what_is_committed(document: str, tmp_path: Path) -> None:
    served = create_app(Settings(home=tmp_path)).openapi()

    assert served == json.loads(document), REFRESH
