"""Everything that the journal may say of itself has words."""

from __future__ import annotations

import re
from pathlib import Path

import app
from app.airings.models import Intent
from app.console.messages import CATALOGUES
from app.console.station.views import PAGES
from app.library.models import CutState, SegmentState

KOREAN = CATALOGUES["ko"].forms


def actions() -> set[tuple[str, str]]:
    """Noun and verb of each action in the code; where the code puts them together, of all that it may put together."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(app.__file__).parent.rglob("*.py"))
    found = set(re.findall(r'(?:record\(\s*session|_save\(\s*session, segment),\s*"(\w+)\.(\w+)"', code))
    found |= {("segment", state) for state in SegmentState if state is not SegmentState.processing}
    found |= {("segment", f"cut_{state}") for state in CutState}
    found |= {("change", state) for state in ("acknowledged", "refused")}
    assert Intent.__tablename__ == "intent"
    wishes = ("compile", "standby", "resume", "cancel", "studio", "studio_over", "retry", "send", "hold", "manual")  # fmt: skip
    return found | {("airing", wish) for wish in wishes}


def test_every_action_has_a_noun_and_a_verb() -> None:
    assert len(actions()) > 60
    assert {noun for noun, _ in actions() if f"journal.of.{noun}" not in KOREAN} == set()
    assert {verb for _, verb in actions() if f"journal.did.{verb}" not in KOREAN} == set()


def test_what_has_a_page_has_a_word() -> None:
    assert [noun for noun in PAGES if f"journal.of.{noun}" not in KOREAN] == []
