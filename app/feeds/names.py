"""What our files are called at a site.

A name is either dated (it holds a date and a time, so a file of yesterday can never be taken for tonight's) or fixed
(neither: the site's automation always plays the same name, and each airing replaces the one before). Fixed names are
for sites that can do nothing else. A version placeholder is only for dated names; without one a newer version
replaces the older in one step, and the site finds exactly one object per airing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.errors import Invalid

DEFAULT_TEMPLATE = "{date}_{time}_{site}_{khz}.{ext}"
LONGEST_NAME = 120
"""Characters; leaves room for ``.json`` and ``..part`` on file systems and automation with short names."""

KST = ZoneInfo("Asia/Seoul")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SAFE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?", re.ASCII)
_DATES = frozenset({"date", "date_kst"})
_TIMES = frozenset({"time", "time_kst"})


class InvalidTemplate(Invalid):
    """The name template of a feed, or a name made with it, cannot be used at a site."""

    code = "invalid-name-template"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="name_template")


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a name may tell. ``starts_at`` is the airing's start, aware; ``extension`` has no dot."""

    starts_at: datetime
    site_code: str
    khz: int
    programme_code: str
    version: int
    extension: str


PLACEHOLDERS: dict[str, Callable[[NameFacts], str]] = {
    "date": lambda facts: facts.starts_at.astimezone(UTC).strftime("%Y%m%d"),
    "time": lambda facts: facts.starts_at.astimezone(UTC).strftime("%H%M"),
    "date_kst": lambda facts: facts.starts_at.astimezone(KST).strftime("%Y%m%d"),
    "time_kst": lambda facts: facts.starts_at.astimezone(KST).strftime("%H%M"),
    "site": lambda facts: facts.site_code,
    "khz": lambda facts: str(facts.khz),
    "programme": lambda facts: facts.programme_code,
    "version": lambda facts: str(facts.version),
    "ext": lambda facts: facts.extension,
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
    name = _PLACEHOLDER.sub(lambda match: _value(match[1], facts), template)
    if not _SAFE.fullmatch(name):
        raise InvalidTemplate(
            f'the name "{name}" may hold only letters A-Z and a-z, digits, ".", "_" and "-", and may neither begin with '
            '"." or "-" nor end with "."'
        )
    if len(name) > LONGEST_NAME:
        raise InvalidTemplate(f"the name has {len(name)} characters; at most {LONGEST_NAME} are taken")
    return name


def check_template(template: str) -> None:
    """Refuse a template that could not name every airing of a feed; called when a feed is written.

    Raises:
        InvalidTemplate: says what is wrong.
    """
    expand(template, _LONGEST_FACTS)
    used = set(_PLACEHOLDER.findall(template))
    dated, timed = bool(used & _DATES), bool(used & _TIMES)
    if dated != timed:
        missing = "a time ({time} or {time_kst})" if dated else "a date ({date} or {date_kst})"
        raise InvalidTemplate(
            f"the template lacks {missing}: give it both, so that no airing is taken for another, or neither for a "
            "fixed name"
        )
    if "version" in used and not dated:
        raise InvalidTemplate(
            "a fixed name cannot hold {version}: an older version would stay beside the newer one"
        )


def typical_name(template: str, *, site_code: str, extension: str) -> str:
    """The name that a feed would give one and the same airing: equal for two feeds that would overwrite each other."""
    return expand(template, replace(_LONGEST_FACTS, site_code=site_code, extension=extension))


def _value(placeholder: str, facts: NameFacts) -> str:
    if placeholder not in PLACEHOLDERS:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise InvalidTemplate(f"there is no placeholder {{{placeholder}}}; there are {known}")
    return PLACEHOLDERS[placeholder](facts)
