"""What every test may rely on: a clean environment, Hypothesis without deadlines, and one rule about peers."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import structlog
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.nights import FilledNight
    from tests.stations import SmallStation

NODE_PEERS = Path(__file__).parents[1] / ".peers"

# No test asserts a time, Hypothesis included: a busy machine is not a bug.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), max_examples=300, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")


def pytest_configure() -> None:
    """A developer's own station and proxies have no part in the tests."""
    for name in [each for each in os.environ if each.startswith("DANPA_")]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"
    # With rich installed structlog draws every traceback with its locals: a second each, and a night of failing jobs has sixty
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


@pytest.fixture(scope="session")
def peer() -> Callable[[str], Path]:
    """Find a program that a test starts: `peer("chromium")`.

    Where it is missing the test is skipped, except where CI=true: there a missing peer is a failure, because a
    rule that nobody checks is worse than one that fails loudly.
    """

    # Servers are not on everybody's PATH, and rclone comes with the environment that runs the tests
    places = os.pathsep.join(
        [os.environ.get("PATH", ""), str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin"]
    )

    def find(name: str) -> Path:
        found = shutil.which(name, path=places)
        if found is None:
            do_without(name)
        return Path(found)

    return find


@pytest.fixture(scope="session")
def node_peer(peer: Callable[[str], Path]) -> Callable[[str], Path]:
    """As `peer`, for a package that tests load into node: `node_peer("tus-js-client")`."""
    peer("node")

    def find(name: str) -> Path:
        found = NODE_PEERS / "node_modules" / name
        if not (NODE_PEERS / "node_modules" / ".package-lock.json").exists() or not found.exists():
            do_without(name)
        return found

    return find


def do_without(name: str) -> NoReturn:
    message = f"{name} is not installed; `python3 tools/dev.py peers` installs what tests start"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


# The service is imported where it is asked for: tests of the pure rooms start without it, a second earlier.


@pytest.fixture
def demo_station(tmp_path: Path) -> Iterator[SmallStation]:
    """A small demo station, empty."""
    from tests.stations import make_station

    made = make_station(tmp_path / "station", is_demo=True)
    yield made
    made.database.dispose()


@pytest.fixture
def night(demo_station: SmallStation) -> FilledNight:
    """That station in the middle of a full night."""
    from tests.nights import copy_night

    return copy_night(demo_station)
