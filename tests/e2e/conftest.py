from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.stations import PATIENCE_S
from tests.visits import Visits, visits
from tools.browser import chromium

expect.set_options(timeout=PATIENCE_S * 1000 / 2)

LAN_NAME = "station.test"
"""A name of the loopback that is not localhost, as a station's has on its own network."""


@pytest.fixture(scope="module")
def browser(peer: Callable[[str], Path]) -> Iterator[Browser]:
    """One for each file, ended with it: Playwright keeps an event loop running in the thread, and other tests want their own."""
    with chromium(peer("chromium"), names={LAN_NAME: "127.0.0.1"}) as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visits]:
    """Opens windows; at the end of the test nothing may have gone wrong in any of them."""
    with visits(browser) as made:
        yield made
    # A server that ended before its browser leaves connections behind: they are swept up here, and are no later test's fault
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
