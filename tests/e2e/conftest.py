from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.visits import Visits, visits
from tools.browser import chromium


@pytest.fixture(scope="session")
def browser(peer: Callable[[str], Path]) -> Iterator[Browser]:
    with chromium(peer("chromium")) as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visits]:
    """Opens windows; at the end of the test nothing may have gone wrong in any of them."""
    with visits(browser) as made:
        yield made
