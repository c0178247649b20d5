from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.announcing.numbers import HIGHEST, PARTS, hour_text, month_text, number_parts, part_text, sino
from schedules.errors import BadAnnouncement

numbers = st.integers(1, HIGHEST)

SINO = """
1 일, 2 이, 3 삼, 4 사, 5 오, 6 육, 7 칠, 8 팔, 9 구, 10 십, 11 십일, 12 십이, 13 십삼,
14 십사, 15 십오, 16 십육, 17 십칠, 18 십팔, 19 십구, 20 이십, 21 이십일, 26 이십육, 29 이십구,
30 삼십, 31 삼십일, 45 사십오, 59 오십구, 60 육십, 66 육십육, 70 칠십, 88 팔십팔, 99 구십구,
100 백, 101 백일, 110 백십, 111 백십일, 160 백육십, 200 이백, 315 삼백십오, 616 육백십육,
999 구백구십구, 1000 천, 1001 천일, 1010 천십, 1100 천백, 1111 천백십일, 1188 천백팔십팔,
1600 천육백, 2000 이천, 2026 이천이십육, 2030 이천삼십, 2300 이천삼백, 3912 삼천구백십이,
3985 삼천구백팔십오, 4450 사천사백오십, 4885 사천팔백팔십오, 5857 오천팔백오십칠, 5920 오천구백이십,
5995 오천구백구십오, 6003 육천삼, 6070 육천칠십, 6155 육천백오십오, 6250 육천이백오십, 6348 육천삼백사십팔,
6600 육천육백, 6666 육천육백육십육, 7105 칠천백오, 7200 칠천이백, 7215 칠천이백십오, 7295 칠천이백구십오,
7515 칠천오백십오, 7580 칠천오백팔십, 9000 구천, 9010 구천십, 9100 구천백, 9480 구천사백팔십,
9490 구천사백구십, 9805 구천팔백오, 9985 구천구백팔십오, 9999 구천구백구십구, 10000 만, 10001 만 일,
10010 만 십, 10100 만 백, 11000 만 천, 11111 만 천백십일, 11510 만 천오백십,
11560 만 천오백육십, 11640 만 천육백사십, 11700 만 천칠백, 12005 만 이천오, 12095 만 이천구십오,
13600 만 삼천육백, 13750 만 삼천칠백오십, 15000 만 오천, 15180 만 오천백팔십, 15575 만 오천오백칠십오,
16160 만 육천백육십, 17605 만 칠천육백오, 17700 만 칠천칠백, 20000 이만, 21450 이만 천사백오십,
21800 이만 천팔백, 25670 이만 오천육백칠십, 26000 이만 육천, 26100 이만 육천백,
29999 이만 구천구백구십구
"""


def read_back(words: str) -> int:
    """The number that a Korean reader takes from the words, syllable by syllable."""
    total, below, digit = 0, 0, 0
    for syllable in words.replace(" ", ""):
        if syllable == "만":
            total, below, digit = (below + digit or 1) * 10_000, 0, 0
        elif (place := {"천": 1000, "백": 100, "십": 10}.get(syllable)) is not None:
            below, digit = below + (digit or 1) * place, 0
        else:
            digit = "영일이삼사오육칠팔구".index(syllable)
    return total + below + digit


@pytest.mark.parametrize("line", SINO.replace("\n", " ").strip().split(", "))
def test_a_number_is_said_as_people_say_it(line: str) -> None:
    number, words = line.strip().split(" ", 1)
    assert sino(int(number)) == words


@given(numbers)
def test_every_number_is_heard_as_itself(number: int) -> None:
    assert read_back(sino(number)) == number


def test_no_two_numbers_sound_alike() -> None:
    assert len({sino(number) for number in range(1, HIGHEST + 1)}) == HIGHEST


@given(numbers)
def test_the_parts_are_recorded_ones_from_high_to_low_and_add_up(number: int) -> None:
    parts = number_parts(number)
    assert sum(parts) == number
    assert list(parts) == sorted(parts, reverse=True)
    assert set(parts) <= set(PARTS)
    assert "".join(map(part_text, parts)) == sino(number).replace(" ", "")


@given(numbers)
def test_a_one_is_only_said_at_the_end(number: int) -> None:
    assert "일" not in sino(number)[:-1]


def test_38_parts_say_all_numbers() -> None:
    assert len(PARTS) == len({part_text(part) for part in PARTS}) == 38


@pytest.mark.parametrize("number", [0, -1, 30_000])
def test_what_cannot_be_said_is_refused(number: int) -> None:
    with pytest.raises(BadAnnouncement, match="numbers go from 1 to 29999"):
        sino(number)


def test_june_and_october_lose_a_consonant() -> None:
    said = "일월 이월 삼월 사월 오월 유월 칠월 팔월 구월 시월 십일월 십이월"
    assert [month_text(month) for month in range(1, 13)] == said.split()


def test_hours_are_native_numbers() -> None:
    said = "영 한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두"
    assert [hour_text(hour) for hour in range(13)] == [f"{hour} 시" for hour in said.split()]
