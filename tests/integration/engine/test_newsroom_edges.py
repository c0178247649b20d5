"""The newsroom at its edges: what came and cannot be heard, what was moved, cut or erased at the worst moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.airings.models import RundownVersion
from app.alarms.models import Alarm
from app.approving.reminders import _in_review
from app.bringing.dropping.awaiting import next_date
from app.database import id_of, reading, writing
from app.errors import NotFound
from app.library import cuts
from app.library.models import Cut, Segment
from app.library.retention import erase, outlived
from app.library.service import change, edit, take_step
from app.programmes.models import Programme, Slot
from app.programmes.replacing import replace_programme, take_back
from app.storage import Blobs
from audio.cutting import cut as cut_sound
from schedules.candidates import Request
from schedules.compile import compile_rundown
from schedules.rundown import Rundown, SegmentSource
from tests.integration.engine.living import (
    ACCEPT_UNTIL,
    DAWN,
    DEADLINE_AT,
    DELIVER_AT,
    ON_AIR_AT,
    OVER_AT,
    LivingStation,
)
from tests.integration.engine.test_awaited import (
    CUT_OFF_AT,
    DUE_AT,
    IDENT,
    LETTER,
    MINUTE,
    MUSIC,
    TALK,
    TONIGHT,
    deliver,
    edited,
    evening,
    heard,
    letter,
)
from tests.integration.engine.test_recall import decode

RATE = 48_000
MISSING = ("awaited_missing", None)
COVERED = {"covered": [{"start": 8 * RATE, "end": 9 * RATE, "sound": "tone"}]}


def newest(station: LivingStation) -> list[int]:
    return heard(station, station.airing().version)


def level(station: LivingStation, segment: int) -> float:
    """How loud a segment is in the file that the site has, RMS in dB."""
    (file,) = (station.settings.home.parent / "site").glob("*.mp3")
    airing = station.airing()
    (version,) = station.rows(RundownVersion, RundownVersion.version == airing.version)
    for item in Rundown.from_json(version.body).items:
        if isinstance(item.source, SegmentSource) and item.source.segment_id == segment:
            sound = decode(file)[item.start_sample : item.end_sample]
            return float(10 * np.log10(np.mean(sound**2)))
    raise AssertionError("it is not in the rundown")


class TestWhatCameAndIsNotHeard:
    def test_too_old_is_an_alarm(self, station: LivingStation, tmp_path: Path) -> None:
        evening(station, tmp_path / "site", LETTER | {"max_age_h": 24})
        segment = deliver(station, letter(tmp_path / "phone"))
        station.change(Segment, segment, created_at=DAWN - timedelta(days=2))
        station.live_until(CUT_OFF_AT + MINUTE)
        assert segment not in newest(station)
        assert MISSING in station.alarms()

    def test_what_no_site_takes_any_more_leaves_the_alarm_open(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        evening(station, tmp_path / "site", LETTER)
        station.live_until(ACCEPT_UNTIL + timedelta(seconds=30))
        assert MISSING in station.alarms()
        deliver(station, letter(tmp_path / "phone"))
        station.live_until(ACCEPT_UNTIL + timedelta(seconds=60))
        assert MISSING in station.alarms()

    def test_one_that_does_not_fit_sinks_no_other(self, station: LivingStation, tmp_path: Path) -> None:
        report = LETTER | {"name": "report", "substitute_id": IDENT}
        evening(station, tmp_path / "site", LETTER, report)
        good = deliver(station, letter(tmp_path / "phone", seconds=12))
        station.live_until(DELIVER_AT - MINUTE)
        assert good in heard(station, 1)
        deliver(station, letter(tmp_path / "phone", seconds=100), name="report")
        station.live_until(DELIVER_AT + MINUTE)
        assert {good, IDENT} < set(newest(station))

    def test_an_optional_one_that_does_not_fit_has_its_substitute(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        evening(station, tmp_path / "site", LETTER | {"required": False})
        station.live_until(DUE_AT)
        deliver(station, letter(tmp_path / "phone", seconds=100))
        station.live_until(DELIVER_AT)
        assert TALK in newest(station)

    def test_a_second_one_that_is_missing_rings_again(self, station: LivingStation, tmp_path: Path) -> None:
        evening(station, tmp_path / "site", LETTER, LETTER | {"name": "report", "due": "2230"})
        station.live_until(DUE_AT + MINUTE)
        tonight = (Alarm.kind == "awaited_missing", Alarm.airing_id == station.airing().id)
        assert [alarm.step for alarm in station.rows(Alarm, *tonight)] == [0]
        station.live_until(DUE_AT + 35 * MINUTE)
        assert [alarm.step for alarm in station.rows(Alarm, *tonight)] == [1]

    def test_one_that_is_moved_to_another_date_does_not_air_tonight(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        evening(station, tmp_path / "site", LETTER)
        segment = deliver(station, letter(tmp_path / "phone"))
        station.live_until(DELIVER_AT - MINUTE)
        assert segment in heard(station, 1)
        with writing(station.database) as session:
            tomorrow = {"awaited_on": TONIGHT + timedelta(days=1)}
            change(session, segment, tomorrow, if_match=None, person_id=1, now=station.clock())
        station.live_until(DELIVER_AT + MINUTE)
        assert segment not in newest(station)
        assert TALK in newest(station)


class TestCuts:
    def recut(
        self, station: LivingStation, segment: int, edits: dict[str, Any], *, approve: bool = True
    ) -> None:
        with writing(station.database) as session:
            edit(session, segment, edits, if_match=None, person_id=1, now=station.clock())
        cuts.run_cut(
            station.database, station.settings, {"segment_id": segment, "cut": 2}, clock=station.clock
        )
        if approve:
            with writing(station.database) as session:
                take_step(session, segment, "approve", if_match=None, person_id=1, now=station.clock())

    def test_a_name_that_is_covered_too_late_for_the_site_rings(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        evening(station, tmp_path / "site", LETTER)
        talk = deliver(station, letter(tmp_path / "phone", seconds=20))
        station.live_until(ACCEPT_UNTIL + timedelta(seconds=10))
        self.recut(station, talk, COVERED)
        station.live_until(ON_AIR_AT - timedelta(seconds=10))
        assert "withdrawn_after_delivery" in {kind for kind, _ in station.alarms()}

    def test_an_edit_of_what_was_approved_is_waited_for(self, station: LivingStation, tmp_path: Path) -> None:
        evening(station, tmp_path / "site", LETTER)
        talk = deliver(station, letter(tmp_path / "phone", seconds=20))
        station.live_until(DELIVER_AT - MINUTE)
        self.recut(station, talk, COVERED, approve=False)
        with reading(station.database) as session:
            assert [review.segment.id for review in _in_review(session, station.clock())] == [talk]

    def test_a_stand_by_that_is_cut_anew_gives_way_all_the_same(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        station.evening(tmp_path / "site")
        station.change(Programme, 1, standby_segment_id=TALK)
        station.settings.cache_dir.unlink()  # of the fixture: what it prepared would do without the master
        station.settings.cache_dir.mkdir()
        (music,) = station.rows(Segment, Segment.kind == "music")
        master = Blobs(station.settings.blobs_dir).path("masters", music.master_sha256 or "", ".flac")
        away = master.rename(master.with_name("away"))
        station.live_until(DELIVER_AT - 5 * MINUTE)
        self.recut(station, TALK, {"gain_db": 1.0})
        station.live_until(DELIVER_AT - 3 * MINUTE)
        away.rename(master)
        station.live_until(DEADLINE_AT)
        assert [row.level for row in station.rows(RundownVersion)][-1] == "programme"

    def test_what_was_made_softer_is_softer_on_the_air(self, station: LivingStation, tmp_path: Path) -> None:
        """All of the others are brought to one level."""
        evening(station, tmp_path / "site", LETTER)
        talk = deliver(station, letter(tmp_path / "phone", seconds=12))
        station.live_until(DELIVER_AT + MINUTE)
        before = level(station, talk)
        self.recut(station, talk, {"gain_db": -9})
        station.live_until(DEADLINE_AT)
        assert level(station, talk) == pytest.approx(before - 9, abs=0.5)

    def test_what_is_erased_while_it_is_cut_leaves_nothing(
        self, station: LivingStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        talk = deliver(station, letter(tmp_path / "phone", seconds=20), name="talk")
        station.change(Segment, talk, retain_until=date(2026, 11, 19))
        with writing(station.database) as session:
            edit(session, talk, COVERED, if_match=None, person_id=1, now=station.clock())
        real = cut_sound

        def slow(*arguments: Any, **more: Any) -> Any:
            made = real(*arguments, **more)
            with writing(station.database) as session:
                for one in outlived(session, station.clock()):
                    erase(session, one, station.clock())
            return made

        monkeypatch.setattr("app.library.cuts.cut_sound", slow)
        with pytest.raises(NotFound, match="erased meanwhile"):
            cuts.run_cut(
                station.database, station.settings, {"segment_id": talk, "cut": 2}, clock=station.clock
            )
        assert {cut.master_sha256 for cut in station.rows(Cut, Cut.segment_id == talk)} == {None}

    def test_what_was_trimmed_stays_trimmed_when_the_rest_is_compiled_anew(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        evening(station, tmp_path / "site", {"type": "fixed", "segment_id": TALK})
        station.live_until(DELIVER_AT - 5 * MINUTE)
        edited(station, {"op": "trim", "position": 1, "trim_out_s": 3.0})
        station.live_until(DELIVER_AT - 4 * MINUTE)
        trimmed = self.lengths(station)
        edited(station, {"op": "insert", "position": 2, "segment_id": IDENT})
        station.live_until(DELIVER_AT - 3 * MINUTE)
        station.recall(newest(station)[0])
        station.live_until(DELIVER_AT - 2 * MINUTE)
        assert self.lengths(station) == trimmed

    def lengths(self, station: LivingStation) -> Sequence[int]:
        airing = station.airing()
        rows = station.rows(RundownVersion, RundownVersion.airing_id == airing.id)
        (body,) = [row.body for row in rows if row.version == airing.version]
        items = Rundown.from_json(body).items
        return [
            item.samples
            for item in items
            if isinstance(item.source, SegmentSource) and item.source.segment_id == TALK
        ]


class TestProgrammesOfOneDate:
    def special(self, station: LivingStation) -> int:
        return station.programme("holiday", clock=[{"type": "fixed", "segment_id": TALK}, MUSIC])

    def replace(self, station: LivingStation, slot: int, special: int) -> int:
        with writing(station.database) as session:
            made = replace_programme(
                session, slot, date(2026, 11, 20), "UTC", special, "속보", now=station.clock(), by=1
            )
            return id_of(made)

    def test_one_that_is_made_while_the_other_is_compiled_airs(
        self, station: LivingStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slot = evening(station, tmp_path / "site")
        special, real = self.special(station), compile_rundown
        made: list[int] = []

        def slow(request: Request) -> Rundown:
            rundown = real(request)
            if not made:
                made.append(self.replace(station, slot, special))
            return rundown

        monkeypatch.setattr("app.airings.compiling.compile_rundown", slow)
        station.live_until(DELIVER_AT + MINUTE)
        assert made
        assert TALK in newest(station)

    @pytest.mark.parametrize("is_taken_back", [True, False])
    def test_a_slot_that_is_moved_and_moved_back_has_what_is_said_of_it_now(
        self,
        station: LivingStation,
        tmp_path: Path,
        is_taken_back: bool,  # noqa: FBT001 - a table's column
    ) -> None:
        slot = evening(station, tmp_path / "site")
        special = self.special(station)
        station.live_until(DAWN + MINUTE)
        made = self.replace(station, slot, special) if is_taken_back else 0
        station.change(Slot, slot, start_minute=910, stop_minute=911)
        station.live_until(DAWN + 2 * MINUTE)
        if is_taken_back:
            with writing(station.database) as session:
                take_back(session, made, now=station.clock(), by=1)
        else:
            self.replace(station, slot, special)
        station.change(Slot, slot, start_minute=900, stop_minute=901)
        station.live_until(DAWN + 3 * MINUTE)
        assert station.airing().instead_id == (None if is_taken_back else special)

    def test_what_was_moved_to_later_on_the_same_day_is_what_is_meant(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        slot = evening(station, tmp_path / "site")
        special = self.special(station)
        station.live_until(OVER_AT + MINUTE)
        station.change(Slot, slot, start_minute=1200, stop_minute=1201)
        station.live_until(OVER_AT + 2 * MINUTE)
        self.replace(station, slot, special)
        assert station.airing(ON_AIR_AT + timedelta(hours=5)).instead_id == special

    def test_a_night_that_awaits_nothing_is_no_date_for_a_file_without_one(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        slot = evening(station, tmp_path / "site", LETTER)
        special = self.special(station)
        station.live_until(DAWN + MINUTE)
        self.replace(station, slot, special)
        with reading(station.database) as session:
            assert next_date(session, "letter", station.clock()) != TONIGHT


def test_a_clock_that_cannot_be_read_stops_no_other_airing(station: LivingStation, tmp_path: Path) -> None:
    evening(station, tmp_path / "site", LETTER)
    bad = station.slot(station.programme("bad", clock=["fill"]), start_minute=920, stop_minute=921)
    station.feed(bad, tmp_path / "other")
    station.live_until(DELIVER_AT + MINUTE)
    assert list((tmp_path / "site").glob("*.mp3"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE programme SET clock = 'not json' WHERE code = 'bad'",
        "UPDATE feed SET name_template = '{nothing}' WHERE id = 2",
    ],
)
def test_a_row_that_somebody_edited_by_hand_stops_no_other_airing(
    station: LivingStation, tmp_path: Path, damage: str
) -> None:
    evening(station, tmp_path / "site", LETTER)
    bad = station.slot(station.programme("bad"), start_minute=920, stop_minute=921)
    station.feed(bad, tmp_path / "other")
    station.live_until(DAWN + MINUTE)
    with station.database.begin() as connection:
        assert connection.exec_driver_sql(damage).rowcount
    station.live_until(DELIVER_AT + MINUTE)
    assert list((tmp_path / "site").glob("*.mp3"))
