from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.feeds.names import (
    DEFAULT_TEMPLATE,
    LONGEST_NAME,
    PLACEHOLDERS,
    InvalidTemplate,
    NameFacts,
    check_place,
    check_template,
    expand,
    place,
)

SUNDAY_EVENING = NameFacts(
    starts_at=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    site_code="TAC",
    khz=7500,
    programme_code="evening-news",
    version=2,
    extension="mp3",
)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_TEMPLATE, "20261122_2000_TAC_7500.mp3"),
        ("{date_kst}_{time_kst}.{ext}", "20261123_0500.mp3"),  # Monday morning in Korea
        ("{programme}-{date}-{time}-v{version}.{ext}", "evening-news-20261122-2000-v2.mp3"),
        ("{date:%d%m%y}_{time:%Hh%M}_{khz:05}.{ext}", "221126_20h00_07500.mp3"),
        ("{date_kst:%j}-{time_kst}-v{version:02}.{ext}", "327-0500-v02.mp3"),
        ("tonight.mp3", "tonight.mp3"),
        ("{site}_{khz}.{ext}", "TAC_7500.mp3"),
    ],
)
def test_a_template_names_an_airing(template: str, name: str) -> None:
    check_template(template)
    assert expand(template, SUNDAY_EVENING) == name


def test_the_start_is_utc_whatever_zone_it_comes_in() -> None:
    in_korea = SUNDAY_EVENING.starts_at.astimezone(timezone(timedelta(hours=9)))
    facts = NameFacts(in_korea, "TAC", 7500, "news", 1, "mp3")
    assert expand(DEFAULT_TEMPLATE, facts) == "20261122_2000_TAC_7500.mp3"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{date}_{tiem}.{ext}", r"no placeholder \{tiem\}; there are \{date\}, \{time\}.*\{ext\}"),
        ("{date.year}{time}", r"no placeholder \{date.year\}"),
        ("{}_{date}_{time}", r"no placeholder \{\}"),
        ("{date}_{site}.{ext}", "lacks a time"),
        ("{time}_{site}.{ext}", "lacks a date"),
        ("tonight_v{version}.{ext}", "fixed name cannot hold"),
        ("{date:%d}_{time}.{ext}", "lacks a date"),  # the same in every month
        ("{date}_{time:%M}.{ext}", "lacks a time"),
        ("{date:%A}_{time}.{ext}", "%A is not a way to write a date"),
        ("{date:%d%}_{time}.{ext}", "%d% is not a way to write a date"),
        ("{date}_{time}_{khz:x}.{ext}", "x is not a way to write a number"),
        ("{date}_{time}_{site:02}.{ext}", "only dates, times and numbers take a format"),
        ("../{date}_{time}.{ext}", "may hold only"),
        ("a/{date}_{time}", "may hold only"),
        ("a\\{date}_{time}", "may hold only"),
        (".{date}_{time}", "may neither begin"),
        ("-{date}_{time}", "may neither begin"),
        ("{date}_{time}.", "nor end"),
        ("뉴스_{date}_{time}.{ext}", "may hold only"),
        ("{date} {time}.{ext}", "may hold only"),
        ("{date}_{time}.{ext}\n", "may hold only"),
        ("{date_{time}.{ext}", "may hold only"),
        ("", "may hold only"),
        ("x" * LONGEST_NAME + "{date}{time}", "characters; at most"),
    ],
)
def test_a_template_that_a_site_could_not_use_is_refused_with_its_reason(template: str, reason: str) -> None:
    with pytest.raises(InvalidTemplate, match=reason) as caught:
        check_template(template)
    assert caught.value.field == "name_template"


PIECES = st.sampled_from([*(f"{{{name}}}" for name in PLACEHOLDERS), "_", "-", ".", "a", "7", "/", "é", "{"])


@given(st.lists(PIECES, max_size=14).map("".join))
def test_what_passes_the_check_always_makes_a_safe_name(template: str) -> None:
    try:
        check_template(template)
    except InvalidTemplate:
        return
    name = expand(template, SUNDAY_EVENING)
    assert name.isascii()
    assert not {"/", "\\", "\0", " "} & set(name)
    assert not name.startswith(".")
    assert 0 < len(name) <= LONGEST_NAME


@given(st.datetimes(datetime(2015, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_two_airings_never_share_a_dated_name(starts_at: datetime) -> None:
    def named(at: datetime) -> str:
        return expand(DEFAULT_TEMPLATE, NameFacts(at, "TAC", 7500, "news", 1, "mp3"))

    assert named(starts_at) != named(starts_at + timedelta(minutes=1))
    assert named(starts_at) != named(starts_at + timedelta(days=1))


@pytest.mark.parametrize(
    "template",
    [".{name}.part", "{name}.tmp", "tmp_{name}", "incoming/{name}", "../manifests/{name}.json", "{name}"],
)
def test_a_temporary_name_or_a_manifest_may_lie_in_another_folder(template: str) -> None:
    check_place(template, "temporary")
    assert place(template, "a.mp3") == template.replace("{name}", "a.mp3")


@pytest.mark.parametrize(
    "template",
    [
        "",
        "part",
        "{name}{name}",
        "/etc/{name}",
        "a/../{name}",
        "{name}/x",
        "{name} .part",
        "a//{name}",
        "./{name}",
        "{name}.뉴스",
    ],
)
def test_other_places_are_refused(template: str) -> None:
    with pytest.raises(Invalid, match="must hold") as caught:
        check_place(template, "sidecar")
    assert caught.value.field == "sidecar"
