"""What is around every page: the ways, the language, light and dark, and a session that ends while somebody writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nights import FilledNight
from tests.stations import serving
from tests.visits import Visits, axe, overflows


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("width", [360, 1200])
def test_tonight_is_well_made_in_both_languages_and_themes_at_every_width(
    night: FilledNight, visit: Visits, node_peer: Callable[[str], Path], language: str, theme: str, width: int
) -> None:
    with serving(night.station) as url:
        page = visit(url, night.station.key, language=language, theme=theme, width=width)  # type: ignore[arg-type]
        page.goto(f"{url}/")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert page.locator("html").get_attribute("lang") == language
        assert not overflows(page)
        assert axe(page, node_peer) == []
