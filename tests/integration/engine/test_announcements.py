"""What the station says of an airing is true of it: made for it, made anew when it changes, and never anything else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlmodel import col

from app.airings import editing
from app.airings.compiling import run_compile
from app.airings.models import Airing, AsRun, Intent, RundownVersion
from app.announcements import facts
from app.announcements.pack import folder_of
from app.announcements.service import Choices, choose
from app.database import writing
from app.frequencies.models import Line
from app.frequencies.service import LineFields, update_line
from app.library.models import Segment, SegmentState
from app.programmes.models import Programme
from app.storage import Blobs
from audio.espeak import KOREAN, say
from schedules.announcing.tokens import Facts, announcement
from schedules.edits import Edit, Lock, Move, Remove, Trim
from schedules.errors import BadEdit
from schedules.rundown import Item, Rundown, SegmentSource
from schedules.time import Span
from tests.integration.engine.living import (
    ACCEPT_UNTIL,
    CLOCK,
    DAWN,
    DELIVER_AT,
    ON_AIR_AT,
    OVER_AT,
    LivingStation,
)
from tests.integration.engine.test_by_hand import at_the_desk
from tests.integration.engine.test_deliveries import MINUTE
from tests.integration.engine.test_recall import PRESENT, decode

RATE = 48_000
FRAME_SAMPLES, FRAME_BYTES = 1152, 384
ABSENT = 0.4
"""A second of one voice is more like another second of it than two recordings are: up to 0.28 was seen here."""
SPOKEN: dict[str, Any] = {"type": "spoken", "template": ["station", "frequencies"]}
ANNOUNCING = [CLOCK[0], SPOKEN, *CLOCK[1:]]
WHO = "여기는 시험 방송국입니다."
UNNAMED = f"{WHO} 지금 들으시는 주파수로 보내 드리고 있습니다."
NO_VOICE: dict[str, Any] = {"espeak": Path("/nowhere/espeak-ng")}


@pytest.fixture(autouse=True)
def espeak(peer: Callable[[str], Path]) -> Path:
    return peer("espeak-ng")


def named(words: str) -> str:
    return f"{WHO} 주파수는 {words}."


def announcing(station: LivingStation, site: Path, clock: Sequence[dict[str, Any]] = ANNOUNCING) -> int:
    """The evening's programme, which announces itself on 7515 kHz, with one feed. Gives the feed; its line has the same id."""
    feed = station.feed(station.slot(station.programme(clock=list(clock))), site)
    station.change(Line, feed, khz=7515)
    return feed


def move(station: LivingStation, line_id: int, khz: int) -> None:
    """A line gets another frequency, as over the API."""
    (row,) = station.rows(Line, Line.id == line_id)
    fields = LineFields(slot_id=row.slot_id, site_id=row.site_id, khz=khz, feed_ids=(line_id,))
    with writing(station.database) as session:
        update_line(session, line_id, fields, room_bytes=1 << 40, expected=None, now=station.clock(), by=1)


def version(station: LivingStation, number: int | None = None) -> RundownVersion:
    """A version of the first airing, the newest one by default."""
    wanted = number or station.airing().version
    (row,) = station.rows(RundownVersion, RundownVersion.airing_id == 1, RundownVersion.version == wanted)
    return row


def spoken_in(rundown: Rundown) -> list[Item]:
    return [item for item in rundown.items if item.reason.rule == "spoken"]


def words_of(rundown: Rundown) -> list[str]:
    return [str(item.reason.note) for item in spoken_in(rundown)]


def said(station: LivingStation) -> list[str]:
    """What the newest version announces."""
    return words_of(Rundown.from_json(version(station).body))


def tried(station: LivingStation, airing_id: int = 1, **settings: Any) -> Rundown:
    """An airing compiled now, by the worker's own work, without anything else happening."""
    changed = station.settings.model_copy(update=settings)
    result = run_compile(
        station.database, changed, {"airing_id": airing_id, "level": "programme"}, clock=station.clock
    )
    return Rundown.from_json(result["body"])


def spoken_segments(station: LivingStation) -> list[int | None]:
    return [row.id for row in station.rows(Segment, col(Segment.spoken_key).is_not(None))]


def number_in(station: LivingStation, at_version: int) -> NDArray[np.float32]:
    """A second out of the middle of what a version announces last: of its frequency, after 주파수는."""
    (item,) = spoken_in(Rundown.from_json(version(station, at_version).body))
    assert isinstance(item.source, SegmentSource)
    master = decode(Blobs(station.settings.blobs_dir).path("masters", item.source.master_sha256, ".flac"))
    middle = len(master) - round(2.1 * RATE)
    return master[middle : middle + RATE]


def likeness(file: Path, recording: NDArray[np.float32]) -> float:
    """The normalised correlation of a short recording with the place of a file where it fits best."""
    sound = decode(file)
    size = 1 << (len(sound) + len(recording)).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(recording, size)), size)[: len(sound)]
    energy = np.cumsum(np.concatenate([[0.0], sound.astype(np.float64) ** 2, np.zeros(len(recording))]))
    local = np.sqrt(np.maximum(energy[len(recording) :][: len(sound)] - energy[: len(sound)], 1e-3))
    return float((np.abs(both) / (local * np.linalg.norm(recording))).max())


def delivered(site: Path) -> Path:
    (file,) = site.glob("*.mp3")
    return file


@pytest.mark.parametrize("moved_at", [DELIVER_AT - MINUTE, DELIVER_AT + MINUTE])
def test_after_a_move_the_site_has_the_new_frequency_and_not_the_old(
    station: LivingStation, tmp_path: Path, moved_at: datetime
) -> None:
    site = tmp_path / "site"
    line = announcing(station, site)
    station.live_until(moved_at)
    assert said(station) == [named("칠천오백십오 킬로헤르츠입니다")]
    before = b""
    if was_delivered := moved_at > DELIVER_AT:
        assert likeness(delivered(site), number_in(station, 1)) > PRESENT
        before = delivered(site).read_bytes()

    move(station, line, 11560)
    station.live_until(max(moved_at, DELIVER_AT) + MINUTE)
    assert version(station).cause == "reworded"
    assert said(station) == [named("만 천오백육십 킬로헤르츠입니다")]
    assert likeness(delivered(site), number_in(station, 2)) > PRESENT
    assert likeness(delivered(site), number_in(station, 1)) < ABSENT
    assert len(decode(delivered(site))) == station.airing().target_samples
    if was_delivered:
        (first,) = spoken_in(Rundown.from_json(version(station, 1).body))
        same = (first.start_sample // FRAME_SAMPLES - 3) * FRAME_BYTES
        assert delivered(site).read_bytes()[:same] == before[:same]

    station.live_until(OVER_AT)
    assert station.airing().version == 2
    heard = {row.segment_id for row in station.rows(AsRun)}
    assert heard & set(spoken_segments(station)) == {spoken_segments(station)[-1]}


def test_while_a_change_is_not_answered_no_frequency_is_named(
    station: LivingStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcing(station, tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    (asked_of,) = {
        (airing.slot_id, airing.starts_at.date()) for airing in station.rows(Airing, Airing.id == 1)
    }
    monkeypatch.setattr(
        facts, "frequencies_are_known", lambda _session, slot_id, day: (slot_id, day) != asked_of
    )
    station.live_until(station.clock() + MINUTE)
    assert (version(station).cause, said(station)) == ("reworded", [UNNAMED])
    assert likeness(delivered(tmp_path / "site"), number_in(station, 1)) < ABSENT
    monkeypatch.undo()
    station.live_until(station.clock() + MINUTE)
    assert said(station) == [named("칠천오백십오 킬로헤르츠입니다")]
    assert station.airing().version == 3
    assert len(spoken_segments(station)) == 2, "what was true before is not spoken again"
    assert likeness(delivered(tmp_path / "site"), number_in(station, 1)) > PRESENT


def test_a_recall_of_something_else_does_not_speak_again(station: LivingStation, tmp_path: Path) -> None:
    announcing(station, tmp_path / "site", [SPOKEN, *CLOCK[1:], SPOKEN])
    station.live_until(DELIVER_AT + MINUTE)
    assert said(station) == [named("칠천오백십오 킬로헤르츠입니다")] * 2, "at the beginning and at the end"
    station.recall(station.news_of(1))
    station.live_until(station.clock() + MINUTE)
    assert (version(station).cause, len(said(station))) == ("withdrawn", 2)
    assert len(spoken_segments(station)) == 1


def test_without_a_voice_the_programme_airs_without_it_until_there_is_one(
    station: LivingStation, tmp_path: Path, espeak: Path
) -> None:
    station.settings = station.settings.model_copy(update=NO_VOICE)
    feed = announcing(station, tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    assert station.handoffs(station.airing()) == [(feed, 1, "verified")]
    (row,) = station.rows(RundownVersion)
    assert (row.level, said(station)) == ("programme", [])
    (note,) = Rundown.from_json(row.body).notes
    assert "element 2 (spoken) was left out: it could not be spoken: No usable espeak-ng was found" in str(
        note
    )
    assert station.alarms() == {("announcement_missing", None)}
    assert station.airing().readiness == "ok"

    record_clips(station, espeak)
    station.live_until(station.clock() + MINUTE)
    assert (version(station).cause, said(station)) == ("reworded", [named("칠천오백십오 킬로헤르츠입니다")])
    assert station.alarms() == set()
    assert likeness(delivered(tmp_path / "site"), number_in(station, 2)) > PRESENT


def test_a_clip_that_is_recorded_again_is_heard_and_one_that_is_not_used_changes_nothing(
    station: LivingStation, tmp_path: Path, espeak: Path
) -> None:
    station.settings = station.settings.model_copy(update=NO_VOICE)
    announcing(station, tmp_path / "site")
    record_clips(station, espeak)
    station.live_until(DELIVER_AT + MINUTE)
    folder = folder_of(station.settings)
    shutil.copyfile(folder / "number-500.wav", folder / "number-6000.wav")
    shutil.copyfile(folder / "number-500.wav", tmp_path / "again.wav")
    shutil.copyfile(tmp_path / "again.wav", folder / "number-500.wav")
    station.live_until(station.clock() + MINUTE)
    assert station.airing().version == 1
    say(espeak, "오백 번", KOREAN, folder / "number-500.wav")
    station.live_until(station.clock() + MINUTE)
    assert version(station).cause == "reworded"
    assert len(spoken_segments(station)) == 2


def record_clips(station: LivingStation, espeak: Path) -> None:
    """Everything that tonight's announcement needs, spoken by espeak-ng in place of a person."""
    on_air = Span(ON_AIR_AT, OVER_AT)
    wanted = announcement(Facts(station="시험 방송국", on_air=on_air, khz=(7515.0,)), SPOKEN["template"])
    for token in wanted:
        if token.key:
            say(espeak, token.text, KOREAN, folder_of(station.settings) / f"{token.key}.wav")


def test_when_no_site_takes_anything_any_more_the_alarm_names_those_who_have_what_is_untrue(
    station: LivingStation, tmp_path: Path
) -> None:
    line = announcing(station, tmp_path / "site")
    station.live_until(ACCEPT_UNTIL + MINUTE)
    move(station, line, 11560)
    station.live_until(station.clock() + MINUTE)
    assert station.airing().version == 1
    assert ("withdrawn_after_delivery", line) in station.alarms()


def test_a_clip_that_is_recorded_again_makes_nothing_untrue_that_a_site_has(
    station: LivingStation, tmp_path: Path, espeak: Path
) -> None:
    line = announcing(station, tmp_path / "site")
    record_clips(station, espeak)
    station.live_until(ACCEPT_UNTIL + MINUTE)
    say(espeak, "오백 번", KOREAN, folder_of(station.settings) / "number-500.wav")
    station.live_until(station.clock() + MINUTE)
    assert station.alarms() == set()
    move(station, line, 11560)
    station.live_until(station.clock() + MINUTE)
    assert ("withdrawn_after_delivery", line) in station.alarms()


class TestWhatIsSaid:
    """Compiled by the worker's own work, with nothing delivered."""

    def test_all_lines_of_the_night_are_named(self, station: LivingStation, tmp_path: Path) -> None:
        line = announcing(station, tmp_path / "site")
        slot, site = station.rows(Line)[0].slot_id, station.rows(Line)[0].site_id
        for khz, first, last in ((11560, 1, 20), (9600, 21, 30), (5920, 1, 19)):
            station.add(
                Line(
                    slot_id=slot, site_id=site, khz=khz, days="1234567", created_at=DAWN,
                    first_date=date(2026, 11, first), last_date=date(2026, 11, last),
                )
            )  # fmt: skip
        station.live_until(DAWN)
        both = named("칠천오백십오 킬로헤르츠와 만 천오백육십 킬로헤르츠입니다")
        assert words_of(tried(station)) == [both]
        station.change(Line, line, days="123467")  # not on Fridays, and the 20th is one
        assert words_of(tried(station)) == [named("만 천오백육십 킬로헤르츠입니다")]

    def test_after_midnight_in_korea_it_is_the_next_day(self, station: LivingStation, tmp_path: Path) -> None:
        announcing(station, tmp_path / "site", [{"type": "spoken", "template": ["date", "time"]}, CLOCK[2]])
        station.live_until(DAWN)
        assert words_of(tried(station)) == [
            "오늘은 이천이십육 년 십일월 이십일 일 토요일입니다. 한국 시간으로 자정부터 새벽 영 시 일 분까지 보내 드립니다."
        ]
        choose_for(station, announced_zone="pyongyang")
        assert "평양 시간으로" in words_of(tried(station))[0]

    def test_the_next_programme_is_the_next_that_anybody_can_hear(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        announcing(
            station, tmp_path / "site", [{"type": "spoken", "template": ["station", "next"]}, CLOCK[2]]
        )
        for number, code in enumerate(("unheard", "called off", "morning"), 1):
            slot = station.slot(station.programme(code), start_minute=900 + number, stop_minute=901 + number)
            if code != "unheard":
                station.feed(slot, tmp_path / f"site {number}")
        station.live_until(DAWN)
        assert words_of(tried(station)) == [
            f"{WHO} 다음 방송은 새벽 영 시 이 분에 보내 드리는 called off입니다."
        ]
        (off,) = station.rows(Airing, Airing.starts_at == ON_AIR_AT + 2 * MINUTE)
        station.change(Airing, off.id or 0, state="cancelled")
        assert words_of(tried(station)) == [
            f"{WHO} 다음 방송은 새벽 영 시 삼 분에 보내 드리는 morning입니다."
        ]
        station.change(Programme, 4, title="아침 소식")
        assert words_of(tried(station)) == [
            f"{WHO} 다음 방송은 새벽 영 시 삼 분에 보내 드리는 아침 소식입니다."
        ]
        choose_for(station, next_spoken=False, spoken_name="자유의 소리")
        assert words_of(tried(station)) == ["여기는 자유의 소리입니다."]

    def test_a_station_may_keep_its_frequencies_to_itself(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        announcing(station, tmp_path / "site")
        choose_for(station, frequencies_spoken=False)
        station.live_until(DAWN)
        assert words_of(tried(station)) == [UNNAMED]

    def test_the_same_words_are_one_recording_whoever_says_them(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        clock = [{"type": "spoken", "template": ["station"]}, CLOCK[2]]
        announcing(station, tmp_path / "site", clock)
        slot = station.slot(station.programme("other", clock=clock), start_minute=960, stop_minute=961)
        station.feed(slot, tmp_path / "other")
        station.live_until(DAWN)
        first, *others = [spoken_in(tried(station, airing.id or 0))[0] for airing in station.rows(Airing)]
        assert len(others) >= 2
        assert {item.source for item in others} == {first.source}
        assert len(spoken_segments(station)) == 1

    def test_a_recalled_announcement_is_left_out(self, station: LivingStation, tmp_path: Path) -> None:
        announcing(station, tmp_path / "site")
        station.live_until(DAWN)
        (item,) = spoken_in(tried(station))
        assert isinstance(item.source, SegmentSource)
        station.change(Segment, item.source.segment_id, state=SegmentState.recalled)
        again = tried(station)
        assert words_of(again) == []
        assert f"(#{item.source.segment_id}) is recalled" in str(again.notes[0])

    def test_a_master_that_is_gone_is_made_again(self, station: LivingStation, tmp_path: Path) -> None:
        announcing(station, tmp_path / "site")
        station.live_until(DAWN)
        (item,) = spoken_in(tried(station))
        assert isinstance(item.source, SegmentSource)
        master = Blobs(station.settings.blobs_dir).path("masters", item.source.master_sha256, ".flac")
        master.unlink()
        assert spoken_in(tried(station)) == [item]
        assert master.exists()

    def test_a_clip_that_cannot_be_read_is_left_to_the_synthetic_voice(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        announcing(station, tmp_path / "site")
        station.live_until(DAWN)
        (folder_of(station.settings) / "number-500.wav").write_bytes(b"RIFF, or so it says\0")
        assert words_of(tried(station)) == [named("칠천오백십오 킬로헤르츠입니다")]
        without = tried(station, **NO_VOICE)
        assert words_of(without) == [named("칠천오백십오 킬로헤르츠입니다")], "made before, and still true"

    def test_a_repeat_leaves_out_what_was_spoken_and_says_its_own(
        self, station: LivingStation, tmp_path: Path
    ) -> None:
        announcing(station, tmp_path / "site")
        clock = [SPOKEN, {"type": "repeat", "programme": "evening", "without": []}, CLOCK[2]]
        slot = station.slot(station.programme("again", clock=clock), start_minute=960, stop_minute=961)
        station.change(Line, station.feed(slot, tmp_path / "again"), khz=11560)
        station.live_until(DELIVER_AT)
        (airing,) = station.rows(Airing, Airing.slot_id == slot, Airing.starts_at < ON_AIR_AT + 120 * MINUTE)
        rundown = tried(station, airing.id or 0)
        assert words_of(rundown) == [named("만 천오백육십 킬로헤르츠입니다")]
        repeated = [item.source for item in rundown.items if item.reason.rule == "repeat"]
        assert repeated == [source_of(station, "pick newest")]


def source_of(station: LivingStation, rule: str) -> object:
    (item,) = [one for one in Rundown.from_json(version(station).body).items if one.reason.rule == rule]
    return item.source


def choose_for(station: LivingStation, **choices: Any) -> None:
    with writing(station.database) as session:
        choose(session, Choices(**choices), now=station.clock(), by=1)


def test_an_edited_airing_goes_on_telling_the_truth(station: LivingStation, tmp_path: Path) -> None:
    line = announcing(station, tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    by: dict[str, Any] = {"expected": 1, "person_id": 1, "now": station.clock()}
    with pytest.raises(BadEdit, match="item 1 is spoken for this airing: it is said whole or not at all"):
        editing.apply_edits(station.database, station.settings, 1, [Trim(1, trim_in_s=1)], **by)
    wanted: list[Edit] = [Lock(1), Move(1, 2), Lock(1)]
    _, promised = editing.apply_edits(station.database, station.settings, 1, wanted, **by)
    station.live_until(station.clock() + MINUTE)
    assert version(station).body.encode() == promised.to_json(), "what the engine makes is what was shown"
    assert [item.reason.rule for item in promised.items][:3] == ["interval_signal", "fixed", "spoken"]
    move(station, line, 11560)
    station.live_until(station.clock() + MINUTE)
    assert (version(station).cause, said(station)) == ("reworded", [named("만 천오백육십 킬로헤르츠입니다")])
    before, after = (Rundown.from_json(version(station, number).body).items[:2] for number in (2, 3))
    assert [item.source for item in before] == [item.source for item in after]
    _, promised = editing.apply_edits(
        station.database, station.settings, 1, [Remove(2)], **by | {"expected": 3}
    )
    assert words_of(promised) == []


def test_a_preview_makes_no_sound_and_says_what_is_estimated(station: LivingStation, tmp_path: Path) -> None:
    announcing(station, tmp_path / "site")
    station.live_until(DAWN)
    with at_the_desk(station) as client:
        first = client.post("/api/v1/programmes/1/preview", json={"date": "2026-11-20"}).json()["rundown"]
        [item] = [one for one in first["items"] if one["reason"]["rule"] == "spoken"]
        assert item["reason"]["note"]["text"] == named("칠천오백십오 킬로헤르츠입니다")
        assert item["source"]["segment_id"] == 0
        assert any("element 2 (spoken): its length is estimated" in note["text"] for note in first["notes"])
        assert spoken_segments(station) == []
        made = spoken_in(tried(station))[0]
        assert item["samples"] == pytest.approx(made.samples, rel=0.1)
        second = client.post("/api/v1/programmes/1/preview", json={"date": "2026-11-20"}).json()["rundown"]
        assert [one["samples"] for one in second["items"] if one["reason"]["rule"] == "spoken"] == [
            made.samples
        ]
        assert not any(note["code"] == "estimated" for note in second["notes"])
        assert client.get("/api/v1/airings/1/alternatives?count=1").status_code == 200

        listed = client.get("/api/v1/segments").json()["items"]
        assert not {one["id"] for one in listed} & set(spoken_segments(station))
        [own] = client.get("/api/v1/segments?spoken=true").json()["items"]
        assert (own["title"], own["spoken_text"]) == ("주파수 안내", named("칠천오백십오 킬로헤르츠입니다"))
        refused = client.put("/api/v1/station", json={"evergreen_segment_id": own["id"]})
        assert refused.status_code == 422
        assert "was spoken for an airing and is true of that one only" in refused.json()["detail"]


def test_what_people_ask_for_is_compiled_by_the_words_of_that_moment(
    station: LivingStation, tmp_path: Path
) -> None:
    line = announcing(station, tmp_path / "site")
    station.live_until(DELIVER_AT + MINUTE)
    move(station, line, 11560)
    station.add(Intent(airing_id=1, kind="compile", person_id=1, created_at=station.clock()))
    station.live_until(station.clock() + MINUTE)
    assert station.airing().version == 2
    assert said(station) == [named("만 천오백육십 킬로헤르츠입니다")]
