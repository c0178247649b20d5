"""Programmes, slots, sites, lines, feeds and the station: what may be written, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.airings.models import Airing, AsRun
from app.database import reading, writing
from app.station.models import Station
from tests.stations import SmallStation, keyed, make_station, serving

PROGRAMME: dict[str, Any] = {"title": "아침 뉴스", "code": "news"}
SLOT: dict[str, Any] = {
    "programme_id": 1,
    "start": "2000",
    "stop": "2100",
    "days": "Mo-Fr",
    "first_date": "2026-10-26",
    "last_date": "2027-03-26",
    "early_off_s": 10,
}
SITE: dict[str, Any] = {"code": "TAC", "name": "Tashkent"}
FEED: dict[str, Any] = {"site_id": 1, "name": "Tashkent", "protocol": "folder", "address": "/srv/site"}
LINE: dict[str, Any] = {"slot_id": 1, "site_id": 1, "khz": 9650, "feed_ids": [1]}
ONE_OF_EACH = (("programmes", PROGRAMME), ("slots", SLOT), ("sites", SITE), ("feeds", FEED), ("lines", LINE))


def made(api: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    read = api.get(answer.headers["location"])
    assert read.json() == shown | ({"notes": []} if "notes" in shown and path == "slots" else {})
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'
    return shown


@pytest.fixture
def schedule(api: httpx.Client) -> None:
    """One of each."""
    for path, body in ONE_OF_EACH:
        made(api, path, body)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A station with one of each (and a second site), for calls that are refused and so leave it as it is."""
    station = make_station(tmp_path_factory.mktemp("standing"))
    with serving(station) as url, keyed(url, station.key) as api:
        for path, body in (*ONE_OF_EACH, ("sites", {"code": "TSH", "name": "Tanshui"})):
            made(api, path, body)
        yield api


def aired(station: SmallStation) -> None:
    """Something was recorded over line 1."""
    at = station.clock()
    with writing(station.database) as session:
        airing = Airing(
            slot_id=1, starts_at=at, stops_at=at, target_samples=0, compile_at=at, state="done", created_at=at
        )
        session.add(airing)
        session.flush()
        session.add(
            AsRun(
                airing_id=airing.id or 0,
                line_id=1,
                position=-1,
                source="nothing",
                starts_at=at,
                ends_at=at,
                evidence="planned",
            )
        )


def refused(answer: httpx.Response, status: int, words: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert words in problem["detail"], problem["detail"]
    return problem


# --- slots in two zones --------------------------------------------------------------------------------------


def test_a_slot_in_kst_airs_the_evening_before_in_utc(api: httpx.Client) -> None:
    made(api, "programmes", PROGRAMME)
    in_kst = made(
        api,
        "slots",
        SLOT
        | {"start": "05:00", "stop": "06:00", "zone": "KST", "days": "월-금"}
        | {"first_date": "2026-10-26", "last_date": "2027-03-26"},
    )
    assert in_kst["utc"] == {
        "start": "2000",
        "stop": "2100",
        "days": "12347",
        "days_hfcc": "12345",
        "days_text": "Mo-Th,Su",
        "first_date": "2026-10-25",
        "last_date": "2027-03-25",
    }
    assert in_kst["kst"] == {
        "start": "0500",
        "stop": "0600",
        "days": "12345",
        "days_hfcc": "23456",
        "days_text": "Mo-Fr",
        "first_date": "2026-10-26",
        "last_date": "2027-03-26",
    }
    assert in_kst["target_s"] == 3590
    in_utc = made(
        api, "slots", SLOT | {"days": "12347", "first_date": "2026-10-25", "last_date": "2027-03-25"}
    )
    assert (in_utc["utc"], in_utc["kst"]) == (in_kst["utc"], in_kst["kst"])


def test_a_stop_of_0000_is_read_as_2400_and_says_so(api: httpx.Client) -> None:
    made(api, "programmes", PROGRAMME)
    answer = api.post("/api/v1/slots", json=SLOT | {"start": "2300", "stop": "0000"}).json()
    assert answer["utc"]["stop"] == "2400"
    assert answer["kst"]["stop"] == "0900"
    assert answer["notes"] == ['the stop "0000" was read as 2400, the end of the day']


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stop": "2000"}, "starts and stops at 2000"),
        ({"stop": "2460"}, '"2460" is not a time'),
        ({"start": "2400"}, "2400 only ends a day"),
        ({"start": "8pm"}, '"8pm" is not a time: write four digits'),
        ({"stop": "2005", "early_off_s": 300}, "leaves nothing to air"),
        ({"early_off_s": -1}, "not possible"),
        ({"days": ""}, '"" in "" is not a weekday'),
        ({"days": "18"}, "write the digits 1 to 7"),
        ({"days": "월-없음"}, "is not a weekday"),
        ({"last_date": "2026-10-25"}, "is before its first date"),
        ({"first_date": "1926-10-26"}, "1926-10-26 is not a date of a season"),
        ({"last_date": "9999-12-31"}, "9999-12-31 is not a date of a season"),
        ({"first_date": "tomorrow"}, "first_date"),
        ({"zone": "JST"}, "zone"),
        ({"programme_id": 9}, "there is no programme 9"),
        ({"compile_lead_s": 5}, "compile_lead_s"),
        (
            {"start": "0030", "stop": "0130", "days": "daily", "first_date": "2026-10-20"},
            "across the change from A26 to B26",
        ),
    ],
)
def test_a_slot_that_cannot_be(standing: httpx.Client, change: dict[str, Any], words: str) -> None:
    refused(standing.post("/api/v1/slots", json=SLOT | change), 422, words)
    assert len(standing.get("/api/v1/slots").json()["items"]) == 1


# --- programmes and clocks -----------------------------------------------------------------------------------


def test_a_clock_is_written_read_and_filled_in(api: httpx.Client, station: SmallStation) -> None:
    opening = station.add_segment()
    made(api, "programmes", PROGRAMME)
    clock = [{"type": "fixed", "segment_id": opening}, {"type": "pick", "kinds": ["news"]}]
    written = api.put("/api/v1/programmes/1/clock", json={"clock": clock}, headers={"If-Match": '"1"'})
    assert written.status_code == 200
    assert written.headers["etag"] == '"2"'
    read = api.get("/api/v1/programmes/1/clock").json()["clock"]
    assert [element["type"] for element in read] == ["fixed", "pick"]
    assert read[1]["order"] == "newest"
    assert api.get("/api/v1/programmes/1").json()["clock"] == read


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ([], "the clock is empty"),
        ([{"type": "pick", "kinds": ["news"]}, {"type": "jingle"}], 'element 2: "type" is "jingle"'),
        ([{"type": "pick", "kinds": ["nws"]}], 'element 1: "kinds" is "nws"'),
        ([{"type": "fixed", "segment": 3}], "element 1"),
        ([{"type": "fixed", "segment_id": 99}], "element 1: there is no segment 99"),
        (
            [{"type": "awaited", "name": "letter", "substitute_id": 99}],
            "element 1: there is no segment 99",
        ),
        ([{"type": "awaited", "name": "letter", "owner_id": 99}], "element 1: there is no person 99"),
        (
            [{"type": "awaited", "name": "letter", "due": "25:00"}],
            'element 1: "due" is "25:00": write hours and minutes in Seoul',
        ),
        ([{"type": "fill", "kinds": ["talk"]}], "never cut"),
        (["news"], "clock"),
    ],
)
def test_a_clock_that_cannot_be(standing: httpx.Client, clock: list[Any], words: str) -> None:
    refused(standing.put("/api/v1/programmes/1/clock", json={"clock": clock}), 422, words)
    assert standing.get("/api/v1/programmes/1").json()["revision"] == 1


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"code": "news"}, 409, 'the code "news"'),
        ({"code": "뉴스"}, 422, "code"),
        ({"code": "a" * 33}, 422, "code"),
        ({"title": " "}, 422, "title: is empty"),
        ({"title": "뉴스\u202e"}, 422, "control character"),
        ({"standby_segment_id": 9}, 422, "there is no segment 9"),
        ({"clock": [{"type": "fixed", "segment_id": 9}]}, 422, "there is no segment 9"),
    ],
)
def test_a_programme_that_cannot_be(
    standing: httpx.Client, change: dict[str, Any], status: int, words: str
) -> None:
    refused(standing.post("/api/v1/programmes", json=PROGRAMME | {"code": "other"} | change), status, words)
    assert len(standing.get("/api/v1/programmes").json()["items"]) == 1


# --- lines ---------------------------------------------------------------------------------------------------


def test_a_line_takes_what_it_leaves_out_from_its_slot(api: httpx.Client, schedule: None) -> None:
    line = api.get("/api/v1/lines/1").json()
    assert (line["days"], line["days_hfcc"], line["days_text"]) == ("12345", "23456", "Mo-Fr")
    assert (line["first_date"], line["last_date"]) == ("2026-10-26", "2027-03-26")
    assert line["feed_ids"] == [1]
    assert line["notes"] == []


def test_out_of_band_is_a_note(api: httpx.Client, schedule: None) -> None:
    line = api.post("/api/v1/lines", json=LINE | {"khz": 7530}).json()
    assert line["notes"] == [
        "7530 kHz lies outside the broadcasting bands: the site's administration must allow it"
    ]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"khz": 1566}, "khz", "1566 kHz is not a shortwave frequency"),
        ({"khz": 96500}, "khz", "96500 kHz is not a shortwave frequency"),
        ({"slot_id": 9}, "slot_id", "there is no slot 9"),
        ({"site_id": 9}, "site_id", "there is no site 9"),
        ({"feed_ids": [1, 9]}, "feed_ids.1", "there is no feed 9"),
        ({"site_id": 2}, "feed_ids.0", "feed 1 belongs to site 1, not to the line's site 2"),
        ({"days": "Sa"}, "days", "the line's days (Sa) go beyond the slot's (Mo-Fr, UTC)"),
        ({"first_date": "2026-10-01"}, "first_date", "go beyond the slot's"),
        ({"last_date": "2027-04-01"}, "last_date", "go beyond the slot's"),
        ({"first_date": "2026-12-02", "last_date": "2026-12-01"}, "last_date", "is before the first date"),
        (
            {"days": "Mo", "first_date": "2026-10-27", "last_date": "2026-10-28"},
            "days",
            "never be on the air",
        ),
        ({"azimuth": 360}, "azimuth", "less than or equal to 359"),
        ({"ciraf_zones": "Korea"}, "ciraf_zones", "pattern"),
    ],
)
def test_a_line_that_cannot_be(
    standing: httpx.Client, change: dict[str, Any], field: str, words: str
) -> None:
    problem = refused(standing.post("/api/v1/lines", json=LINE | change), 422, words)
    assert problem["errors"][0]["field"] == field
    assert len(standing.get("/api/v1/lines").json()["items"]) == 1


def test_a_slot_cannot_leave_its_lines_behind(api: httpx.Client, schedule: None) -> None:
    refused(api.put("/api/v1/slots/1", json=SLOT | {"days": "Mo"}), 409, "line 1 (9650 kHz)")
    assert api.put("/api/v1/lines/1", json=LINE | {"days": "Mo"}).status_code == 200
    assert api.put("/api/v1/slots/1", json=SLOT | {"days": "Mo"}).status_code == 200


# --- feeds ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "field", "words"),
    [
        ({"site_id": 9}, 422, "site_id", "there is no site 9"),
        ({"protocol": "gopher"}, 422, "protocol", "folder"),
        ({"address": "incoming"}, 422, "address", "needs an absolute path"),
        ({"protocol": "http_put", "address": "site.example"}, 422, "address", "needs a URL"),
        (
            {
                "protocol": "http_put",
                "address": "http://site.example/in",
                "credential": "env:DANPA_FEED_SITE",
            },
            422,
            "address",
            "in clear",
        ),
        ({"credential": "hunter2"}, 422, "credential", "never the secret itself"),
        ({"credential": "env:danpa_smtp_password"}, 422, "credential", "DANPA_FEED_NAME"),
        ({"codec": "ogg"}, 422, "codec", "mp3"),
        ({"sample_rate": 32000}, 422, "codec", "neither 44100 nor 48000"),
        ({"bitrate_kbps": 100}, 422, "codec", "MP3 has no 100 kbit/s"),
        ({"codec": "opus", "sample_rate": 44100}, 422, "codec", "Opus is always 48000 Hz"),
        ({"codec": "wav", "bitrate_kbps": 128}, 422, "codec", "lossless"),
        ({"codec": "mp2", "bitrate_kbps": 256}, 422, "codec", "MP2 has no 256 kbit/s here"),
        ({"channels": 3}, 422, "channels", "1 or 2"),
        ({"lead_in": {"tone_s": 61}}, 422, "lead_in.tone_s", "less than or equal to 60"),
        ({"lead_in": {"tone_s": 0.01}}, 422, "lead_in", "two fades"),
        ({"lead_in": {"tone_s": 1, "tone_dbfs": -3}}, 422, "lead_in", "under the profile's ceiling"),
        ({"lead_in": {"spoken": "한빛"}}, 422, "lead_in.spoken", "pattern"),
        (
            {"lead_in": {"spoken": "Radio", "spoken_s": 2}},
            422,
            "lead_in.spoken_s",
            "greater than or equal to 5",
        ),
        ({"part": {"start_s": 1800, "stop_s": 1800}}, 422, "part", "from 1800 s to 1800 s is none"),
        ({"part": {"start_s": 1800}, "lead_in": {"tone_s": 5}}, 422, "lead_in", "begins later has none"),
        ({"profile": {"loudness": -20}}, 422, "profile.loudness", "is not known here"),
        ({"profile": {"target_lufs": -5}}, 422, "profile", "not between -40 and -10"),
        ({"profile": {"lowpass_hz": "low"}}, 422, "profile.lowpass_hz", "is not a whole number"),
        ({"name_template": "{title}.mp3"}, 422, "name_template", "there is no placeholder {title}"),
        ({"name_template": "{date}.{ext}"}, 422, "name_template", "lacks a time"),
        ({"accept_until_s": 3600}, 422, "accept_until_s", "earlier than the deadline"),
        ({"warn_s": 7200}, 422, "warn_s", "delivery begins only 3600 s before"),
        ({"lead_s": -5}, 422, "lead_s", "greater than or equal to 0"),
        ({"name": "Tashkent"}, 409, None, "already a feed"),
        ({}, 409, None, 'feed 1 ("Tashkent") puts its files under the same names into the same place'),
        ({"address": "/srv/site/", "codec": "mp3", "bitrate_kbps": 64}, 409, None, "a folder of its own"),
    ],
)
def test_a_feed_that_cannot_be(
    standing: httpx.Client, change: dict[str, Any], status: int, field: str | None, words: str
) -> None:
    problem = refused(standing.post("/api/v1/feeds", json=FEED | {"name": "second"} | change), status, words)
    assert problem.get("errors", [{"field": None}])[0]["field"] == field
    assert "hunter2" not in str(problem)
    assert len(standing.get("/api/v1/feeds").json()["items"]) == 1


@pytest.mark.parametrize(
    ("codec", "bitrate"),
    [("mp3", 128), ("aac", 96), ("adts", 96), ("opus", 48), ("wav", None), ("flac", None), ("mp2", 128)],
)
def test_a_feed_gets_its_codecs_usual_bitrate(
    api: httpx.Client, schedule: None, codec: str, bitrate: int | None
) -> None:
    wanted = {"name": codec, "address": f"/srv/{codec}", "codec": codec, "profile": {"lowpass_hz": None}}
    feed = made(api, "feeds", FEED | wanted)
    assert feed["bitrate_kbps"] == bitrate


@pytest.mark.parametrize(
    "apart",
    [
        {"address": "/srv/site/backup"},
        {"codec": "flac"},
        {"name_template": "b_{date}_{time}.{ext}"},
        {"enabled": False},
        {"part": {"start_s": 1800}},
    ],
)
def test_two_feeds_whose_files_lie_apart(api: httpx.Client, schedule: None, apart: dict[str, Any]) -> None:
    made(api, "feeds", FEED | {"name": "second"} | apart)


def test_a_feed_that_is_enabled_again_must_not_take_the_files_of_another(
    api: httpx.Client, schedule: None
) -> None:
    second = FEED | {"name": "second", "enabled": False}
    made(api, "feeds", second)
    refused(api.put("/api/v1/feeds/2", json=second | {"enabled": True}), 409, "under the same names")


def test_a_demos_feeds_cannot_leave_its_folder(tmp_path: Path) -> None:
    station = make_station(tmp_path / "demo", is_demo=True)
    with serving(station) as url, keyed(url, station.key) as api:
        made(api, "sites", SITE)
        for body in (
            FEED,
            FEED | {"address": f"{station.settings.root}/../elsewhere"},
            FEED | {"protocol": "http_put", "address": "https://site.example/in"},
        ):
            refused(
                api.post("/api/v1/feeds", json=body), 422, "a demo station delivers only into its own folder"
            )
        made(api, "feeds", FEED | {"address": f"{station.settings.root}/sites/tac"})
        made(
            api, "feeds", FEED | {"name": "loop", "protocol": "http_put", "address": "http://127.0.0.1:9/in"}
        )


# --- what a feed and the disk can take -----------------------------------------------------------------------

DAY_LONG = SLOT | {"start": "0000", "stop": "2300", "early_off_s": 0}


def test_a_file_that_the_disk_cannot_hold_is_refused_at_planning(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.frequencies.api.free_bytes", lambda _: 2 << 30)
    for path, body in (("programmes", PROGRAMME), ("slots", DAY_LONG), ("sites", SITE)):
        made(api, path, body)
    made(api, "feeds", FEED | {"codec": "wav"})
    refusal = refused(
        api.post("/api/v1/lines", json=LINE), 422, "23.0 h, as wav for feed 1 a file of 7580 MiB"
    )
    assert refusal["errors"][0]["field"] == "feed_ids.0"
    api.put("/api/v1/feeds/1", json=FEED | {"codec": "wav", "channels": 2})
    refused(api.post("/api/v1/lines", json=LINE), 422, "a file of 15161 MiB")
    api.put("/api/v1/feeds/1", json=FEED | {"codec": "mp3"})  # 1,263 MiB
    made(api, "lines", LINE)
    monkeypatch.setattr("app.frequencies.api.free_bytes", lambda _: 1 << 30)
    refused(api.put("/api/v1/lines/1", json=LINE | {"power_kw": 50}), 422, "make room")


def test_a_feed_that_takes_no_such_length_is_refused_at_planning(api: httpx.Client) -> None:
    for path, body in (("programmes", PROGRAMME), ("slots", SLOT), ("sites", SITE)):
        made(api, path, body)
    made(api, "feeds", FEED | {"max_duration_s": 1800})
    refused(
        api.post("/api/v1/lines", json=LINE),
        422,
        "takes at most 1800 s, and its file of an airing of slot 1 lasts 3590 s",
    )


def test_the_feeds_of_a_line_leave_no_part_of_its_airings_to_nobody(api: httpx.Client) -> None:
    for path, body in (("programmes", PROGRAMME), ("slots", SLOT), ("sites", SITE)):
        made(api, path, body)
    for start, stop in ((0, 1200), (1200, 2400), (2400, None), (3590, None)):
        made(api, "feeds", FEED | {"name": f"from {start}", "part": {"start_s": start, "stop_s": stop}})

    def line(*feeds: int) -> httpx.Response:
        return api.post("/api/v1/lines", json=LINE | {"feed_ids": list(feeds)})

    refused(line(1, 3), 422, "leave what is on the air 1200 s to 2400 s after its start to nobody")
    refused(line(2, 3), 422, "0 s to 1200 s")
    refused(line(2, 1), 422, "2400 s to 3590 s")
    refused(
        line(4), 422, "takes what is on the air 3590 s after the start, and an airing of slot 1 lasts 3590 s"
    )
    assert line(3, 1, 2).status_code == 201


def test_a_slot_or_a_part_is_not_changed_so_that_some_of_the_airing_is_left_to_nobody(
    api: httpx.Client,
) -> None:
    for path, body in (("programmes", PROGRAMME), ("slots", SLOT), ("sites", SITE)):
        made(api, path, body)
    parts = [
        FEED | {"name": f"{start}", "part": {"start_s": start, "stop_s": start + 1800}} for start in (0, 1800)
    ]
    for part in parts:
        made(api, "feeds", part)
    made(api, "lines", LINE | {"feed_ids": [1, 2]})
    longer = api.put("/api/v1/slots/1", json=SLOT | {"stop": "2130"})
    refused(
        longer, 409, "line 1: the feeds take parts of an airing of slot 1 and leave what is on the air 3600 s"
    )
    shorter = api.put("/api/v1/slots/1", json=SLOT | {"stop": "2030"})
    refused(shorter, 409, "line 1: feed 2 takes what is on the air 1800 s after the start")
    less = api.put("/api/v1/feeds/1", json=parts[0] | {"part": {"stop_s": 900}})
    refused(less, 409, "leave what is on the air 900 s to 1800 s")
    assert api.get("/api/v1/feeds/1").json()["part"] == {"stop_s": 1800}
    assert api.put("/api/v1/feeds/2", json=parts[1] | {"part": {"start_s": 900}}).status_code == 200
    assert api.put("/api/v1/feeds/1", json=parts[0] | {"part": {"stop_s": 900}}).status_code == 200
    assert api.put("/api/v1/slots/1", json=SLOT | {"stop": "2130"}).status_code == 200


def test_the_second_route_takes_the_same_part(api: httpx.Client) -> None:
    made(api, "sites", SITE)
    made(api, "feeds", FEED | {"part": {"stop_s": 1800}})
    other = FEED | {"name": "second", "address": "/srv/other", "second_feed_id": 1}
    refused(api.post("/api/v1/feeds", json=other), 422, "the second route takes the same part")
    made(api, "feeds", other | {"part": {"stop_s": 1800}})
    refused(api.put("/api/v1/feeds/1", json=FEED), 409, "feed 2 has feed 1 for its second route")


def test_a_lead_in_counts_in_what_a_feed_takes(api: httpx.Client) -> None:
    for path, body in (("programmes", PROGRAMME), ("slots", SLOT), ("sites", SITE)):
        made(api, path, body)
    wanted = FEED | {"codec": "mp2", "channels": 2, "lead_in": {"tone_s": 10, "silence_s": 2}}
    feed = made(api, "feeds", wanted | {"max_duration_s": 3601})
    assert (feed["bitrate_kbps"], feed["channels"], feed["lead_in"]) == (256, 2, wanted["lead_in"])
    refused(
        api.post("/api/v1/lines", json=LINE),
        422,
        "takes at most 3601 s, and its file of an airing of slot 1 lasts 3602 s",
    )
    api.put("/api/v1/feeds/1", json=wanted | {"max_duration_s": 3602})
    made(api, "lines", LINE)


# --- editing and deleting ------------------------------------------------------------------------------------

BODIES: dict[str, dict[str, Any]] = {
    "programmes": PROGRAMME | {"title": "저녁 뉴스"},
    "slots": SLOT | {"early_off_s": 20},
    "sites": SITE | {"operator": "RRTM"},
    "feeds": FEED | {"enabled": False},
    "lines": LINE | {"power_kw": 250.0},
}


@pytest.mark.parametrize("path", list(BODIES))
def test_what_somebody_else_changed_is_not_overwritten(api: httpx.Client, schedule: None, path: str) -> None:
    address = f"/api/v1/{path}/1"
    first = api.put(address, json=BODIES[path], headers={"If-Match": '"1"'})
    assert first.status_code == 200, first.text
    assert first.headers["etag"] == '"2"'
    before = api.get(address).json()
    stale = api.put(address, json=BODIES[path], headers={"If-Match": '"1"'})
    refused(stale, 412, "you read revision 1, it is now 2")
    assert api.get(address).json() == before
    assert (
        api.put(address, json=BODIES[path]).status_code == 200
    )  # without If-Match it is the client's own risk
    refused(api.put(address, json=BODIES[path], headers={"If-Match": "3"}), 422, "with its quotes")
    assert api.put("/api/v1/" + path + "/9", json=BODIES[path]).status_code == 404


def test_the_journal_says_which_fields_changed(api: httpx.Client, schedule: None) -> None:
    api.put("/api/v1/lines/1", json=LINE | {"khz": 9700, "feed_ids": []})
    entry = api.get("/api/v1/journal", params={"action": "line.changed"}).json()["items"][0]
    assert entry["details"] == {"fields": ["khz", "feed_ids"]}


def test_feeds_of_a_line_are_part_of_its_revision(api: httpx.Client, schedule: None) -> None:
    changed = api.put("/api/v1/lines/1", json=LINE | {"feed_ids": []}, headers={"If-Match": '"1"'})
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["feed_ids"] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("programmes/1", "programme 1 has 1 slots"),
        ("slots/1", "slot 1 is carried by 1 lines"),
        ("sites/1", "site 1 has 1 lines"),
        ("feeds/1", "1 lines use feed 1"),
    ],
)
def test_what_is_in_use_is_not_deleted(standing: httpx.Client, path: str, words: str) -> None:
    refused(standing.delete(f"/api/v1/{path}"), 409, words)
    assert standing.get(f"/api/v1/{path}").status_code == 200


def test_what_nothing_depends_on_is_deleted(api: httpx.Client, schedule: None) -> None:
    for path in ("lines/1", "feeds/1", "slots/1", "sites/1", "programmes/1"):
        assert api.delete(f"/api/v1/{path}").status_code == 204, path
        assert api.get(f"/api/v1/{path}").status_code == 404
        assert api.delete(f"/api/v1/{path}").status_code == 404


def test_a_slot_that_was_planned_is_ended_not_deleted(
    api: httpx.Client, station: SmallStation, schedule: None
) -> None:
    api.delete("/api/v1/lines/1")
    now = station.clock()
    with writing(station.database) as session:
        session.add(
            Airing(
                slot_id=1,
                starts_at=now,
                stops_at=now + timedelta(hours=1),
                target_samples=1,
                compile_at=now,
                created_at=now,
            )
        )
    refused(api.delete("/api/v1/slots/1"), 409, "end it with an earlier last date")


def test_a_feed_in_use_stays_at_its_site(api: httpx.Client, schedule: None) -> None:
    made(api, "sites", {"code": "TSH", "name": "Tanshui"})
    refused(api.put("/api/v1/feeds/1", json=FEED | {"site_id": 2}), 409, "1 lines of site 1 use feed 1")


def test_the_station_and_its_evergreen(api: httpx.Client, station: SmallStation) -> None:
    segment = station.add_segment(title="상록", kind="music")
    refused(api.put("/api/v1/station", json={"evergreen_segment_id": 99}), 422, "there is no segment 99")
    assert (
        api.put("/api/v1/station", json={"evergreen_segment_id": segment}).json()["evergreen_segment_id"]
        == segment
    )
    assert api.get("/api/v1/station").json() == {
        "name": "시험 방송국",
        "is_demo": False,
        "evergreen_segment_id": segment,
        "approved_by_another": False,
        "created_at": "2026-11-22T09:00:00Z",
    }
    both = api.put("/api/v1/station", json={"approved_by_another": True}).json()
    assert (both["approved_by_another"], both["evergreen_segment_id"]) == (True, segment)
    with reading(station.database) as session:
        assert session.get_one(Station, 1).evergreen_segment_id == segment


@pytest.mark.parametrize("change", [{"slot_id": 2}, {"khz": 9700}])
def test_the_record_of_what_was_aired_is_not_rewritten(
    api: httpx.Client, schedule: None, station: SmallStation, change: dict[str, int]
) -> None:
    made(api, "slots", SLOT)
    aired(station)
    refused(
        api.put("/api/v1/lines/1", json=LINE | change),
        409,
        "end it with an earlier last date and add a new line",
    )
    assert (
        api.put("/api/v1/lines/1", json=LINE | {"power_kw": 50, "last_date": "2027-01-31"}).status_code == 200
    )
