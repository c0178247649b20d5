"""The lock files say exactly what will run, and belong to nobody's registry."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "tools" / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked(kind: str) -> dict[str, list[str]]:
    """Each requirement line (name, version, marker) with its hashes."""
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    entries = re.split(r"^(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    return {
        entry.splitlines()[0].rstrip(" \\"): re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)
        for entry in entries
        if entry.strip()
    }


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_everything_is_pinned_and_hashed(kind: str) -> None:
    for line, hashes in locked(kind).items():
        assert re.match(r"[\w.-]+==[\w.]+( ; .*)?$", line), line
        assert hashes, f"{line} has no hash"


@pytest.mark.parametrize("kind", ["run", "dev"])
def test_no_address_and_no_option_is_in_them(kind: str) -> None:
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")]


def test_an_environment_for_tests_can_run_the_service() -> None:
    run, dev_lock = locked("run"), locked("dev")
    assert {line: dev_lock.get(line) for line in run} == run


def test_they_are_made_from_the_pyproject_of_now(dev: ModuleType) -> None:
    assert dev.stale_locks() == [], "run `python3 tools/dev.py lock`"
