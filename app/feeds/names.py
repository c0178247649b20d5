"""What our files are called at a site.

A name is either dated (it holds a date and a time, so a file of yesterday can never be taken for tonight's) or fixed
(neither: the site's automation always plays the same name, and each airing replaces the one before). Fixed names are
for sites that can do nothing else. A version placeholder is only for dated names; without one a newer version
replaces the older in one step, and the site finds exactly one object per airing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from app.errors import Invalid
from schedules.said import Said, say

DEFAULT_TEMPLATE = "{date}_{time}_{site}_{khz}.{ext}"
BESIDE = "{name}.json"
"""The usual name of a manifest."""
LONGEST_NAME = 120
"""Characters; leaves room for ``.json`` and ``..part`` on file systems and automation with short names."""

KST = ZoneInfo("Asia/Seoul")
_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_SAFE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?", re.ASCII)
# The parts of a date and a time that a site's convention may put in any order: {date:%d%m%y}, {time_kst:%Hh%M}
_DIRECTIVES = re.compile(r"(?:%[YymdjHM]|[A-Za-z0-9_-])+", re.ASCII)
_NUMBERS = re.compile(r"0[1-9]", re.ASCII)
# Where a temporary file or a manifest lies: perhaps in another folder, told from that of the programmes
_PLACE = re.compile(
    r"(?:\.\./)*(?:[A-Za-z0-9_][A-Za-z0-9._-]*/)*[A-Za-z0-9._-]*\{name\}[A-Za-z0-9._-]*", re.ASCII
)


class InvalidTemplate(Invalid):
    """The name template of a feed, or a name made with it, cannot be used at a site."""

    code = "invalid-name-template"

    def __init__(self, detail: Said) -> None:
        super().__init__(detail, field="name_template")


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a name may tell. ``starts_at`` is when the file's sound begins on the air, aware; ``extension`` has no dot."""

    starts_at: datetime
    site_code: str
    khz: int
    programme_code: str
    version: int
    extension: str


def _moment(zone: tzinfo, usual: str) -> Callable[[NameFacts, str], str]:
    def told(facts: NameFacts, spec: str) -> str:
        if spec and not _DIRECTIVES.fullmatch(spec):
            told = "{given} is not a way to write a date or a time: use %Y %y %m %d %j %H %M, letters, digits, _ and -"
            raise InvalidTemplate(say("wrong-moment", told, given=spec))
        return facts.starts_at.astimezone(zone).strftime(spec or usual)

    return told


def _number(value: Callable[[NameFacts], int]) -> Callable[[NameFacts, str], str]:
    def told(facts: NameFacts, spec: str) -> str:
        if spec and not _NUMBERS.fullmatch(spec):
            told = "{given} is not a way to write a number: 02 fills up to two digits, 05 to five"
            raise InvalidTemplate(say("wrong-number", told, given=spec))
        return f"{value(facts):{spec}}"

    return told


def _word(value: Callable[[NameFacts], str]) -> Callable[[NameFacts, str], str]:
    def told(facts: NameFacts, spec: str) -> str:
        if spec:
            told = "only dates, times and numbers take a format, such as {example}: not {given}"
            raise InvalidTemplate(say("wrong-format", told, example="{date:%y%m%d}", given=spec))
        return value(facts)

    return told


PLACEHOLDERS: dict[str, Callable[[NameFacts, str], str]] = {
    "date": _moment(UTC, "%Y%m%d"),
    "time": _moment(UTC, "%H%M"),
    "date_kst": _moment(KST, "%Y%m%d"),
    "time_kst": _moment(KST, "%H%M"),
    "site": _word(lambda facts: facts.site_code),
    "khz": _number(lambda facts: facts.khz),
    "programme": _word(lambda facts: facts.programme_code),
    "version": _number(lambda facts: facts.version),
    "ext": _word(lambda facts: facts.extension),
}

_LONGEST_FACTS = NameFacts(
    starts_at=datetime(2026, 10, 25, 1, tzinfo=UTC),
    site_code="KBC",
    khz=21_850,
    programme_code="x" * 32,
    version=999,
    extension="flac",
)


def expand(template: str, facts: NameFacts) -> str:
    """The object name of one airing.

    Raises:
        InvalidTemplate: for an unknown placeholder (names it and lists those there are) or a name that is unsafe at a
            site.
    """
    name = _PLACEHOLDER.sub(lambda match: _value(match[1], match[2] or "", facts), template)
    if not _SAFE.fullmatch(name):
        told = (
            'the name "{name}" may hold only letters A-Z and a-z, digits, ".", "_" and "-", and may neither begin with '
            '"." or "-" nor end with "."'
        )
        raise InvalidTemplate(say("wrong-name", told, name=name))
    if len(name) > LONGEST_NAME:
        told = "the name has {count} characters; at most {most} are taken"
        raise InvalidTemplate(say("wrong-long-name", told, count=len(name), most=LONGEST_NAME))
    return name


def check_template(template: str) -> None:
    """Refuse a template that could not name every airing of a feed; called when a feed is written.

    Raises:
        InvalidTemplate: says what is wrong.
    """
    expand(template, _LONGEST_FACTS)
    used = {placeholder for placeholder, _ in _PLACEHOLDER.findall(template)}
    dated, timed = _tells(template, _OTHER_DAYS), _tells(template, _OTHER_TIMES)
    if dated != timed:
        missing = (
            say("wrong-lacks-time", "a time ({names: or })", names=("{time}", "{time_kst}"))
            if dated
            else say("wrong-lacks-date", "a date ({names: or })", names=("{date}", "{date_kst}"))
        )
        told = (
            "the template lacks {missing}: give it both, so that no airing is taken for another, or neither for a "
            "fixed name"
        )
        raise InvalidTemplate(say("wrong-lacks", told, missing=missing))
    if "version" in used and not dated:
        told = "a fixed name cannot hold {placeholder}: an older version would stay beside the newer one"
        raise InvalidTemplate(say("wrong-version", told, placeholder="{version}"))


def is_fixed(template: str) -> bool:
    """Whether each airing takes the place of the one before."""
    return not _tells(template, _OTHER_DAYS)


def pattern(template: str) -> re.Pattern[str]:
    """What a template could have named, loosely: for files that look like ours and are not."""
    parts = _PLACEHOLDER.split(template)[::3]  # between two placeholders and their formats
    return re.compile("[A-Za-z0-9_-]+".join(re.escape(part) for part in parts), re.ASCII)


def check_place(template: str, field: str) -> None:
    """Refuse a temporary name or a manifest's name that could not be one.

    Raises:
        Invalid: of ``field``.
    """
    if not _PLACE.fullmatch(template) or len(template) > LONGEST_NAME:
        told = (
            '"{given}" must hold {placeholder} once; around it letters, digits, ".", "_" and "-", and before it folders, '
            "such as {examples: or }"
        )
        examples = (".{name}.part", "incoming/{name}", "../manifests/{name}.json")
        raise Invalid(
            say("wrong-place", told, given=template, placeholder="{name}", examples=examples), field=field
        )


def place(template: str, name: str) -> str:
    """Where a file's companion lies, told from the folder of the programmes."""
    return template.replace("{name}", name)


def typical_name(template: str, *, site_code: str, extension: str, start_s: int) -> str:
    """The name that a feed would give one and the same airing: equal for two feeds that would overwrite each other.

    ``start_s``: how long after the airing's beginning the feed's part of it begins.
    """
    starts_at = _LONGEST_FACTS.starts_at + timedelta(seconds=start_s)
    facts = replace(_LONGEST_FACTS, starts_at=starts_at, site_code=site_code, extension=extension)
    return expand(template, facts)


# A month of 30 days before: the same day of the month is another night
_OTHER_DAYS = tuple(
    replace(_LONGEST_FACTS, starts_at=_LONGEST_FACTS.starts_at - timedelta(days=days)) for days in (1, 30)
)
_OTHER_TIMES = tuple(
    replace(_LONGEST_FACTS, starts_at=_LONGEST_FACTS.starts_at + timedelta(minutes=minutes))
    for minutes in (30, 60)
)


def _tells(template: str, others: Sequence[NameFacts]) -> bool:
    """Whether airings at these other moments have other names."""
    return all(expand(template, other) != expand(template, _LONGEST_FACTS) for other in others)


def _value(placeholder: str, spec: str, facts: NameFacts) -> str:
    if placeholder not in PLACEHOLDERS:
        known = tuple(f"{{{name}}}" for name in PLACEHOLDERS)
        told = "there is no placeholder {given}; there are {known:, }"
        raise InvalidTemplate(say("wrong-placeholder", told, given=f"{{{placeholder}}}", known=known))
    return PLACEHOLDERS[placeholder](facts, spec)
