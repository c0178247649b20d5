"""A newer version that may or may not lie at the site: what as-run then still says of the older one."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from app.airings.models import AsRun
from app.feeds.drivers import FeedAddress, open_feed, send_and_check
from app.feeds.errors import FeedError
from tests.integration.engine.living import DELIVER_AT, OVER_AT, LivingStation
from tests.integration.engine.test_deliveries import MINUTE
from tests.receivers import Fault, Receiver


@pytest.mark.parametrize(
    ("fault", "evidence"),
    [
        (Fault("error", method="GET", status=500), "sent"),
        (Fault("cut"), "sent"),
        (Fault("error", status=401, early=True), "delivered"),
    ],
    ids=["it cannot be read back", "it broke off", "it is refused"],
)
def test_version_1_is_claimed_only_where_version_2_cannot_lie_in_its_place(
    station: LivingStation, tmp_path: Path, fault: Fault, evidence: str
) -> None:
    with Receiver(tmp_path / "site") as site:
        _, feed = station.evening(site.url, read_back="get")
        station.live_until(DELIVER_AT + MINUTE)
        assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
        site.fail(fault, times=200)
        station.recall(station.news_of(1))
        station.live_until(OVER_AT)
    assert (feed, 1, "verified") in station.handoffs(station.airing())
    rows = station.rows(AsRun)
    assert {(row.version, row.evidence) for row in rows} == {(1, evidence)}
    assert {row.details.get("perhaps_version") for row in rows} == {2 if evidence == "sent" else None}


def test_version_2_lies_there_although_its_manifest_never_arrived(
    station: LivingStation, tmp_path: Path
) -> None:
    manifests = tmp_path / "site" / "manifests"
    manifests.mkdir(parents=True)
    station.evening(tmp_path / "site", sidecar="manifests/{name}.json")
    station.live_until(DELIVER_AT + MINUTE)
    (file,) = (tmp_path / "site").glob("*.mp3")
    first = file.read_bytes()
    manifests.rename(tmp_path / "elsewhere")
    station.recall(station.news_of(1))
    station.live_until(OVER_AT)
    assert file.read_bytes() != first
    assert {(row.version, row.evidence) for row in station.rows(AsRun)} == {(1, "sent")}


@pytest.mark.parametrize(("method", "taken"), [("PUT", False), ("GET", True)])
def test_an_error_says_whether_the_site_had_taken_the_file(tmp_path: Path, method: str, taken: bool) -> None:  # noqa: FBT001
    content = b"a minute"
    sha256 = hashlib.sha256(content).hexdigest()
    with Receiver(tmp_path / "site") as site:
        site.fail(Fault("error", method=method))
        feed = open_feed(FeedAddress("http_put", site.url))
        sending = send_and_check(
            feed, content, "tonight.mp3", sha256=sha256, size=len(content), media_type="audio/mpeg"
        )
        with pytest.raises(FeedError) as raised:
            asyncio.run(sending)
    assert raised.value.taken is taken
