"""What is around every page: the ways, the language, light and dark, and a session that ends while somebody writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from tests.nights import FilledNight
from tests.stations import serving
from tests.visits import Visits, axe, overflows


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tonight_is_well_made_in_both_languages_and_themes_at_every_width(
    night: FilledNight, visit: Visits, node_peer: Callable[[str], Path], theme: Literal["light", "dark"]
) -> None:
    with serving(night.station) as url:
        page = visit(url, night.station.key, theme=theme)
        for language in ("ko", "en"):
            page.goto(f"{url}/?lang={language}")
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            assert page.locator("html").get_attribute("lang") == language
            for width in (1200, 360):
                page.set_viewport_size({"width": width, "height": 900})
                assert not overflows(page), (language, width)
                assert axe(page, node_peer) == [], (language, width)
