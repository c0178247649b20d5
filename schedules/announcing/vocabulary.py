"""Every fixed word and phrase of an announcement: the key, which names its clip, and its text.

Keys are ASCII, so that they can be file names anywhere. What is said without a break is one clip: a particle belongs to the
word before it wherever that is always the same word.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schedules.announcing.numbers import PARTS, hour_text, month_text, part_text

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""As in keys, from ISO's 1."""

_PHRASES: Final = {
    "here-is": "여기는",
    "is": "입니다",
    "today-is": "오늘은",
    "year": "년",
    "day": "일",
    "minutes": "분",
    "before-dawn": "새벽",
    "morning": "오전",
    "noon": "정오",
    "afternoon": "오후",
    "evening": "저녁",
    "night": "밤",
    "midnight": "자정",
    "korean-time": "한국 시간으로",
    "pyongyang-time": "평양 시간으로",
    "from": "부터",
    "until": "까지 보내 드립니다",
    "frequencies-are": "주파수는",
    "point": "점",
    "kilohertz": "킬로헤르츠",
    "kilohertz-and": "킬로헤르츠와",
    "kilohertz-is": "킬로헤르츠입니다",
    "this-frequency": "지금 들으시는 주파수로 보내 드리고 있습니다",
    "next-is": "다음 방송은",
    "tomorrow": "내일",
    "broadcast-at": "에 보내 드리는",
}

VOCABULARY: Final[Mapping[str, str]] = MappingProxyType(
    {f"number-{part}": part_text(part) for part in PARTS}
    | {f"month-{month}": month_text(month) for month in range(1, 13)}
    | {f"weekday-{name}": f"{day}요일" for name, day in zip(WEEKDAYS, "월화수목금토일", strict=True)}
    | {f"hour-{hour}": hour_text(hour) for hour in range(13)}
    | _PHRASES
)
