"""What an airing awaits: it comes in time, late, twice, not at all; and what airs then."""

from __future__ import annotations

import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.airings.models import Airing, Edition, RundownVersion
from app.alarms.models import Alarm
from app.database import id_of, writing
from app.library.description import Description
from app.library.ingest import run_ingest
from app.library.models import Segment, SegmentKind
from app.library.service import Original, create
from app.storage import sha256_of
from audio.ffmpeg import find_ffmpeg
from schedules.rundown import Rundown, SegmentSource
from tests.integration.engine.living import (
    ACCEPT_UNTIL,
    DAWN,
    DEADLINE_AT,
    DELIVER_AT,
    ON_AIR_AT,
    OVER_AT,
    VOICES,
    LivingStation,
)
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_recall import ABSENT, PRESENT, decode, likeness

TONIGHT = date(2026, 11, 21)
"""The airing at 15:00 UTC begins at midnight in Seoul."""
TALK = 4
"""A talk of the founded station: what airs where the letter does not come."""
LETTER: dict[str, Any] = {"type": "awaited", "name": "letter", "substitute_id": TALK, "due": "22:00"}
DUE_AT = ON_AIR_AT - timedelta(hours=2)
CUT_OFF_AT = DEADLINE_AT - timedelta(minutes=15, seconds=30)
"""By what is assumed of a station that has measured nothing yet: 60 s, 600 s, 30 s, 120 s and 120 s."""
MINUTE = timedelta(minutes=1)
NEWS, MUSIC = {"type": "pick", "kinds": ["news"], "order": "newest"}, {"type": "fill", "kinds": ["music"]}


def evening(station: LivingStation, site: Path, *elements: dict[str, Any], **fields: Any) -> int:
    slot = station.slot(station.programme(clock=[NEWS, *elements, MUSIC], **fields))
    station.feed(slot, site)
    return slot


def letter(folder: Path, seconds: int = 15, begin: int = 10) -> Path:
    """A piece of the letter that the demo has."""
    folder.mkdir(exist_ok=True)
    path = folder / f"letter-{begin}-{seconds}.flac"
    source = VOICES / "letter-mother.opus"
    cut = ["-ss", str(begin), "-t", str(seconds), "-i", str(source)]
    subprocess.run([str(find_ffmpeg()), "-y", "-v", "error", *cut, str(path)], check=True)
    return path


def deliver(
    station: LivingStation, recording: Path, on: date = TONIGHT, *, approve: bool = True, name: str = "letter"
) -> int:
    """A recording comes for the letter of a date."""
    incoming = station.settings.incoming_dir / f"{recording.stem}.part"
    incoming.write_bytes(recording.read_bytes())
    said = Description(title="편지", kind=SegmentKind.testimony, awaited_as=name, awaited_on=on)
    original = Original(recording.name, sha256_of(recording), recording.stat().st_size)
    with writing(station.database) as session:
        made = create(session, said, original, "segment.uploaded", person_id=1, now=station.clock())
        segment_id = id_of(made)
    payload = {"segment_id": segment_id, "file": incoming.name, "approve_by": 1 if approve else None}
    run_ingest(station.database, station.settings, payload, clock=station.clock)
    return segment_id


def versions(station: LivingStation) -> list[tuple[int, str, str]]:
    """Of tonight's airing: number, level and cause."""
    airing = station.airing()
    rows = station.rows(RundownVersion, RundownVersion.airing_id == airing.id)
    return [(row.version, row.level, row.cause) for row in rows]


def heard(station: LivingStation, version: int) -> list[int]:
    """The segments of a version of tonight's airing, in their order."""
    rows = station.rows(RundownVersion, RundownVersion.airing_id == station.airing().id)
    (body,) = [row.body for row in rows if row.version == version]
    items = Rundown.from_json(body).items
    return [item.source.segment_id for item in items if isinstance(item.source, SegmentSource)]


def asked(station: LivingStation) -> list[dict[str, Any]]:
    """What is awaited for tonight, as the desk sees it."""
    with at_the_desk(station) as client:
        items: list[dict[str, Any]] = client.get("/api/v1/awaited", params={"hours": 12}).json()["items"]
        return items


def test_a_letter_that_comes_late_is_in_the_file_and_the_news_before_it_stay(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(DUE_AT + MINUTE)
    assert station.alarms() == {("awaited_missing", None)}
    assert station.airing().readiness == "at_risk"
    assert TALK in heard(station, 1)
    (awaited,) = asked(station)
    assert (awaited["state"], awaited["otherwise"], awaited["on"]) == ("awaited", "substitute", "2026-11-21")
    assert awaited["cut_off_at"] == CUT_OFF_AT.isoformat().replace("+00:00", "Z")

    recording = letter(tmp_path / "phone")
    segment = deliver(station, recording, approve=False)
    station.live_until(DUE_AT + 2 * MINUTE)
    assert asked(station)[0]["state"] == "in_review"
    assert station.alarms() == set(), "it is here: the approvers' turn"
    assert versions(station) == [(1, "programme", "first")]
    with at_the_desk(station) as client:
        assert client.post(f"/api/v1/segments/{segment}/approve").status_code == 200
    station.live_until(DEADLINE_AT)

    assert versions(station) == [(1, "programme", "first"), (2, "programme", "renewed")]
    assert segment in heard(station, 2)
    assert TALK not in heard(station, 2)
    assert heard(station, 2)[0] == heard(station, 1)[0], "the news stay"
    arrived = [(version, state) for _, version, state in station.handoffs(station.airing())]
    assert arrived == [(1, "superseded"), (2, "verified")]
    (file,) = (tmp_path / "site").glob("*.mp3")
    assert likeness(file, decode(recording)) > PRESENT
    station.live_until(OVER_AT + MINUTE)
    assert len(station.rows(Alarm, Alarm.kind == "awaited_missing")) == 1


def test_without_it_the_substitute_airs_and_yesterday_s_is_not_heard(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER)
    yesterday = letter(tmp_path / "phone", begin=40)
    deliver(station, yesterday, TONIGHT - timedelta(days=1))
    station.live_until(OVER_AT + MINUTE)

    (file,) = (tmp_path / "site").glob("20261120*.mp3")
    assert likeness(file, decode(yesterday)) < ABSENT
    assert likeness(file, decode(VOICES / "frequencies.opus")) > PRESENT
    assert len(station.rows(Alarm, Alarm.kind == "awaited_missing")) == 1, "one alarm, not one at each sweep"


def test_an_older_one_airs_where_the_clock_allows_it_but_not_too_old(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER | {"older": True, "max_age_h": 30})
    fresh = deliver(station, letter(tmp_path / "phone"), TONIGHT - timedelta(days=1))
    old = deliver(station, letter(tmp_path / "phone", begin=40), TONIGHT - timedelta(days=2))
    station.change(Segment, old, created_at=DAWN - timedelta(days=2))
    station.live_until(DELIVER_AT)
    assert fresh in heard(station, 1)

    station.change(Segment, fresh, created_at=DAWN - timedelta(days=2))
    with at_the_desk(station) as client:
        client.post(f"/api/v1/airings/{station.airing().id}/compile")
    station.live_until(DELIVER_AT + MINUTE)
    assert {fresh, old}.isdisjoint(heard(station, 2))
    assert TALK in heard(station, 2)


def test_what_is_required_has_the_stand_by_until_it_comes(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER | {"substitute_id": None}, standby_segment_id=TALK)
    station.live_until(DUE_AT + MINUTE)
    assert versions(station) == [(1, "standby", "first")]
    segment = deliver(station, letter(tmp_path / "phone"))
    station.live_until(DEADLINE_AT)
    assert versions(station)[1:] == [(2, "programme", "renewed")]
    assert segment in heard(station, 2)
    assert station.alarms() == set()


def test_what_is_optional_is_left_out(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER | {"substitute_id": None, "required": False})
    station.live_until(DUE_AT + MINUTE)
    assert versions(station) == [(1, "programme", "first")]
    assert asked(station)[0]["otherwise"] == "left_out"


def test_of_two_the_newest_that_is_approved_airs(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER)
    first = deliver(station, letter(tmp_path / "phone"))
    station.live_until(DELIVER_AT - MINUTE)
    assert first in heard(station, 1)
    second = deliver(station, letter(tmp_path / "phone", begin=40), approve=False)
    station.live_until(DELIVER_AT)
    assert versions(station) == [(1, "programme", "first")], "what nobody approved changes nothing"
    assert asked(station)[0]["segment_ids"] == [second, first]
    with at_the_desk(station) as client:
        client.post(f"/api/v1/segments/{second}/approve")
    station.live_until(DEADLINE_AT)
    assert second in heard(station, 2)
    assert first not in heard(station, 2)


def test_what_does_not_fit_leaves_the_programme_as_it_was_and_says_why(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(DUE_AT)
    deliver(station, letter(tmp_path / "phone", seconds=100))
    station.live_until(DEADLINE_AT)
    assert versions(station) == [(1, "programme", "first"), (2, "programme", "renewed")], "and no more"
    assert heard(station, 2) == heard(station, 1)
    (body,) = [row.body for row in station.rows(RundownVersion, RundownVersion.version == 2)]
    assert "could not be used" in str(Rundown.from_json(body).notes[0])
    assert station.alarms() == {("awaited_missing", None)}, "it came, and will not be heard"
    assert (asked(station)[0]["state"], asked(station)[0]["unusable"]) == ("approved", True)
    assert {state for _, _, state in station.handoffs(station.airing())} <= {"verified", "superseded"}


@pytest.mark.parametrize(
    ("at", "is_heard"), [(CUT_OFF_AT + MINUTE, True), (ACCEPT_UNTIL + timedelta(seconds=30), False)]
)
def test_after_the_cut_off_it_airs_as_long_as_a_site_takes_it(
    station: LivingStation,
    tmp_path: Path,
    at: datetime,
    is_heard: bool,  # noqa: FBT001 - a table's column
) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(at)
    recording = letter(tmp_path / "phone")
    segment = deliver(station, recording)
    station.live_until(OVER_AT + MINUTE)
    (file,) = (tmp_path / "site").glob("20261120*.mp3")
    assert (likeness(file, decode(recording)) > PRESENT) == is_heard
    (kept,) = station.rows(Segment, Segment.id == segment)
    assert kept.state == "approved", "nothing is lost"


def test_one_that_comes_while_the_programme_is_compiled_is_in_the_next_version(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER)
    recording = letter(tmp_path / "phone")
    compile_at = ON_AIR_AT - timedelta(hours=6)
    came: list[int] = []
    tell = station.clock.__class__.__call__

    def clock() -> Any:
        """The compile asks for the time in its middle: then somebody approves a letter."""
        if station.clock.at >= compile_at and not came:
            came.append(0)
            came[0] = deliver(station, recording)
        return tell(station.clock)

    object.__setattr__(station, "clock", _Watching(station.clock, clock))
    station.live_until(DELIVER_AT)
    assert came
    newest = station.airing().version
    assert came[0] in heard(station, newest)


class _Watching:
    """A settable clock that does something more whenever it is looked at."""

    def __init__(self, clock: Any, look: Any) -> None:
        self._clock, self._look = clock, look

    def __call__(self) -> Any:
        return self._look()

    @property
    def at(self) -> Any:
        return self._clock.at

    @at.setter
    def at(self, value: Any) -> None:
        self._clock.at = value


def upload_for(station: LivingStation, recording: Path, airing_id: int, element: str) -> Any:
    with at_the_desk(station) as client, recording.open("rb") as stream:
        form = {"kind": "testimony", "airing_id": str(airing_id), "element": element}
        return client.post("/api/v1/segments", data=form, files={"file": (recording.name, stream)})


def test_an_upload_names_the_airing_and_the_element(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER | {"label": "어머니의 편지"})
    station.live_until(DAWN + MINUTE)
    airing_id = id_of(station.airing())
    recording = letter(tmp_path / "phone")
    for element in ("letter", "어머니의 편지", "2"):
        answer = upload_for(station, recording, airing_id, element)
        assert answer.status_code == 202, answer.text
        assert (answer.json()["awaited_as"], answer.json()["awaited_on"]) == ("letter", "2026-11-21")
    wrong = upload_for(station, recording, airing_id, "news")
    assert wrong.status_code == 422
    assert "it awaits letter" in wrong.json()["detail"]
    assert upload_for(station, recording, 999, "letter").status_code == 422
    assert not [path for path in station.settings.incoming_dir.iterdir() if path.suffix != ".part"]


def test_one_for_a_cancelled_airing_is_kept(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(DAWN + MINUTE)
    airing_id = id_of(station.airing())
    with at_the_desk(station) as client:
        client.post(f"/api/v1/airings/{airing_id}/cancel")
    station.live_until(DAWN + 2 * MINUTE)
    answer = upload_for(station, letter(tmp_path / "phone"), airing_id, "letter")
    assert answer.status_code == 202
    assert asked(station) == []
    station.live_until(DAWN + 3 * MINUTE)
    assert station.alarms() == set()
    (kept,) = station.rows(Segment, Segment.awaited_as == "letter")
    assert kept.state == "draft"


def test_a_programme_of_one_date_airs_and_is_taken_back(station: LivingStation, tmp_path: Path) -> None:
    slot = evening(station, tmp_path / "site")
    special = station.programme("holiday", clock=[{"type": "fixed", "segment_id": TALK}, MUSIC])
    station.live_until(DELIVER_AT - MINUTE)
    assert TALK not in heard(station, 1)
    with writing(station.database) as session:
        edited = id_of(station.airing())
        session.add(Edition(airing_id=edited, base_version=1, kept=0, clock=[NEWS, MUSIC], edited_at=DAWN))
    wish = {"slot_id": slot, "date": "2026-11-21", "programme_id": special, "reason": "추석"}
    with at_the_desk(station) as client:
        made = client.post("/api/v1/replacements", json=wish)
        assert made.status_code == 201, made.text
        assert made.json()["on_date"] == "2026-11-20", "midnight in Seoul is the day before in UTC"
        again = client.post("/api/v1/replacements", json=wish)
        assert again.status_code == 409
        nowhere = client.post("/api/v1/replacements", json=wish | {"date": "2027-06-01"})
        assert nowhere.status_code == 422
    station.live_until(DELIVER_AT)
    assert heard(station, 2)[0] == TALK
    (file,) = (tmp_path / "site").glob("*.mp3")
    assert likeness(file, decode(VOICES / "frequencies.opus")) > PRESENT
    with at_the_desk(station) as client:
        assert client.delete(f"/api/v1/replacements/{made.json()['id']}").status_code == 204
    station.live_until(DEADLINE_AT)
    assert TALK not in heard(station, 3)
    (file,) = (tmp_path / "site").glob("*.mp3")
    assert likeness(file, decode(VOICES / "frequencies.opus")) < ABSENT
    station.live_until(ON_AIR_AT + timedelta(seconds=10))
    with at_the_desk(station) as client:
        late = client.post("/api/v1/replacements", json=wish)
    assert late.status_code == 409
    assert "on the air" in late.json()["detail"]


def test_a_date_that_is_not_planned_yet_gets_its_programme_when_it_is(
    station: LivingStation, tmp_path: Path
) -> None:
    slot = evening(station, tmp_path / "site")
    special = station.programme("holiday", clock=[{"type": "fixed", "segment_id": TALK}, MUSIC])
    wish = {"slot_id": slot, "date": "2026-11-20", "zone": "UTC", "programme_id": special, "reason": "추석"}
    with at_the_desk(station) as client:
        client.post("/api/v1/replacements", json=wish)
    station.live_until(DELIVER_AT)
    assert heard(station, 1)[0] == TALK
    assert [row.instead_id for row in station.rows(Airing)].count(special) == 1


def edited(station: LivingStation, *edits: dict[str, Any]) -> None:
    """A producer changes tonight's rundown."""
    airing = station.airing()
    with at_the_desk(station) as client:
        headers = {"If-Match": f'"{airing.version}"'}
        answer = client.post(
            f"/api/v1/airings/{airing.id}/edits", json={"edits": list(edits)}, headers=headers
        )
    assert answer.is_success, answer.text


IDENT = 5
"""Another talk of the founded station."""


@pytest.mark.parametrize("edit", [{"op": "insert", "position": 2}, {"op": "insert", "position": 0}])
def test_an_edited_rundown_still_awaits_what_nobody_put_something_in_the_place_of(
    station: LivingStation, tmp_path: Path, edit: dict[str, Any]
) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(DELIVER_AT - MINUTE)
    edited(station, edit | {"segment_id": IDENT})
    station.live_until(DELIVER_AT)
    assert {TALK, IDENT} < set(heard(station, 2))
    assert asked(station)[0]["state"] == "awaited"
    segment = deliver(station, letter(tmp_path / "phone"))
    station.live_until(DEADLINE_AT)
    assert {segment, IDENT} < set(heard(station, 3))
    assert TALK not in heard(station, 3)
    assert versions(station)[-1] == (3, "programme", "renewed")


def test_what_was_left_out_of_an_edited_rundown_may_still_come(
    station: LivingStation, tmp_path: Path
) -> None:
    evening(station, tmp_path / "site", LETTER | {"substitute_id": None, "required": False})
    station.live_until(DELIVER_AT - MINUTE)
    edited(station, {"op": "insert", "position": 2, "segment_id": IDENT})
    station.live_until(DELIVER_AT)
    segment = deliver(station, letter(tmp_path / "phone"))
    station.live_until(DEADLINE_AT)
    assert {segment, IDENT} < set(heard(station, station.airing().version))


def test_where_somebody_put_something_in_its_place_that_stays(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER)
    station.live_until(DELIVER_AT - MINUTE)
    edited(station, {"op": "swap", "position": 1, "segment_id": IDENT})
    station.live_until(DELIVER_AT)
    deliver(station, letter(tmp_path / "phone"))
    station.live_until(DEADLINE_AT)
    assert versions(station)[-1] == (2, "programme", "requested")
    assert IDENT in heard(station, 2)
    assert asked(station) == []
