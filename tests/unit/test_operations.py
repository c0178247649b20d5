"""`docs/operations.md` tells the settings and alarms that the code has: no more, no less, no other defaults."""

from __future__ import annotations

import re
from pathlib import Path

from app.alarms import notify
from app.moves import watching
from app.settings import Settings
from schedules.plan import WATCHED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def rows(section: str) -> dict[str, list[str]]:
    """The table rows of a section that begin with a word in code: that word, and the cells that follow."""
    [body] = re.findall(rf"^## {section}\n(.*?)(?=^## )", TEXT, re.DOTALL | re.MULTILINE)
    found = re.findall(r"^\| `(\w+)` \| (.+) \|$", body, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in found}


def in_environment(default: object) -> str:
    """A default as a person would write it into the environment."""
    if default is None:
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_told_with_its_default() -> None:
    told = {name: cells[0] for name, cells in rows("Settings").items()}

    assert told == {
        f"DANPA_{name.upper()}": in_environment(field.default)
        for name, field in Settings.model_fields.items()
    }


def test_every_setting_has_a_meaning() -> None:
    assert all(len(cells) == 2 and cells[1].endswith(".") for cells in rows("Settings").values())


def raised_in_the_code() -> set[str]:
    """The kinds that stand in calls of `raise_alarm`, and those that the plan and the watch over changes raise."""
    named = {
        kind
        for file in (ROOT / "app").rglob("*.py")
        for kind in re.findall(r'raise_alarm\(\s*session,\s*"(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert named, "raise_alarm is no longer called as this test expects"
    return named | WATCHED | watching.WATCHED


def test_every_alarm_that_can_be_raised_is_explained() -> None:
    assert set(rows("Alarms")) == raised_in_the_code()


def test_every_alarm_that_can_be_raised_has_words_for_those_who_are_called_at_night() -> None:
    assert raised_in_the_code() <= set(notify._MEANINGS)
