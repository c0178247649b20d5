from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.pronouncing import pronounced

# The standard's own examples, by article, where spelling alone decides
STANDARD = {
    "8-9": "키읔 키윽, 옷 옫, 웃다 욷따, 있다 읻따, 젖 젇, 빚다 빋따, 꽃 꼳, 쫓다 쫃따, 솥 솓, 뱉다 밷따, 앞 압, 덮다 덥따, 닦다 닥따",
    "10-11": "넋 넉, 넋과 넉꽈, 앉다 안따, 여덟 여덜, 외곬 외골, 핥다 할따, 값 갑, 없다 업따, 밟다 밥따, 밟지 밥찌, 밟아 발바, 밟히다 발피다, 닭 닥, 흙과 흑꽈, 맑다 막따, 젊다 점다, 읊고 읍꼬",
    "12": "놓고 노코, 좋던 조턴, 쌓지 싸치, 많고 만코, 않던 안턴, 닳지 달치, 각하 가카, 먹히다 머키다, 밝히다 발키다, 맏형 마텽, "
    "좁히다 조피다, 넓히다 널피다, 꽂히다 꼬치다, 앉히다 안치다, 닿소 다쏘, 많소 만쏘, 싫소 실쏘, 놓는 논는, 쌓네 싼네, 않네 안네, "
    "뚫네 뚤레, 낳은 나은, 놓아 노아, 쌓이다 싸이다, 많아 마나, 않은 아는, 닳아 다라, 싫어도 시러도",
    "13-14": "깎아 까까, 옷이 오시, 있어 이써, 낮이 나지, 꽂아 꼬자, 꽃을 꼬츨, 쫓아 쪼차, 밭에 바테, 앞으로 아프로, 덮이다 더피다, "
    "넋이 넉씨, 앉아 안자, 닭을 달글, 젊어 절머, 곬이 골씨, 핥아 할타, 읊어 을퍼, 값을 갑쓸, 없어 업써",
    "17": "굳이 구지, 미닫이 미다지, 땀받이 땀바지, 밭이 바치, 벼훑이 벼훌치, 굳히다 구치다, 닫히다 다치다, 묻히다 무치다",
    "18": "먹는 멍는, 국물 궁물, 깎는 깡는, 키읔만 키응만, 몫몫이 몽목씨, 긁는 긍는, 흙만 흥만, 닫는 단는, 짓는 진는, 옷맵시 온맵씨, "
    "있는 인는, 맞는 만는, 젖멍울 전멍울, 쫓는 쫀는, 꽃망울 꼰망울, 붙는 분는, 잡는 잠는, 밥물 밤물, 앞마당 암마당, 밟는 밤는, 읊는 음는, 없는 엄는",
    "19": "담력 담녁, 침략 침냑, 강릉 강능, 항로 항노, 대통령 대통녕, 막론 망논, 석류 성뉴, 협력 혐녁, 법리 범니",
    "20": "난로 날로, 신라 실라, 천리 철리, 광한루 광할루, 대관령 대괄령, 칼날 칼랄, 물난리 물랄리, 할는지 할른지, 닳는 달른, 뚫는 뚤른, 핥네 할레",
    "23": "국밥 국빱, 깎다 깍따, 넋받이 넉빠지, 삯돈 삭똔, 닭장 닥짱, 칡범 칙뻠, 뻗대다 뻗때다, 옷고름 옫꼬름, 있던 읻떤, 꽂고 꼳꼬, "
    "꽃다발 꼳따발, 낯설다 낟썰다, 밭갈이 받까리, 솥전 솓쩐, 곱돌 곱똘, 덮개 덥깨, 옆집 엽찝, 읊조리다 읍쪼리다, 값지다 갑찌다",
}
NUMBERS = "십육 심뉵, 백육 뱅뉵, 천육백 천뉵빽, 육백육십육 육뺑뉵씸뉵, 육천 육천, 칠십 칠씹, 팔십팔 팔씹팔, 이십일 이시빌, 십일월 시비뤌, 칠천오백십오 칠처노백씨보"
PHRASES = "입니다 임니다, 보내드립니다 보내드림니다, 국립 궁닙, 한국 한국, 방송은 방송은, 일요일입니다 이료이림니다, 열한 열한, 단파 단파"


def pairs(text: str) -> list[tuple[str, str]]:
    return [(spelt, said) for spelt, said in (pair.split(" ") for pair in text.split(", "))]


@pytest.mark.parametrize(
    ("spelt", "said"),
    [pair for text in (*STANDARD.values(), NUMBERS, PHRASES) for pair in pairs(text)],
    ids=str,
)
def test_a_word_is_said_as_the_standard_has_it(spelt: str, said: str) -> None:
    assert pronounced(spelt) == said


def test_nothing_changes_across_a_space_and_outside_hangul() -> None:
    assert pronounced("KBS 밥 먹는 7515 kHz, ㄱㄴ!") == "KBS 밥 멍는 7515 kHz, ㄱㄴ!"


@given(st.text(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), max_size=12))
def test_every_syllable_stays_one_and_keeps_its_vowel(text: str) -> None:
    said = pronounced(text)
    assert [(ord(each) - ord("가")) // 28 % 21 for each in said] == [
        (ord(each) - ord("가")) // 28 % 21 for each in text
    ]
    assert pronounced(unicodedata.normalize("NFD", text)) == said


@pytest.mark.parametrize(("spelt", "sound"), [("입니다", "imni"), ("국립", "uŋni"), ("십육", "imnju")])
def test_espeak_says_so_only_when_it_is_told(spelt: str, sound: str, peer: Callable[[str], Path]) -> None:
    def phonemes(text: str) -> str:
        call = [str(peer("espeak-ng")), "-v", "ko", "-b", "1", "-q", "--ipa", "--stdin"]
        done = subprocess.run(call, input=text.encode(), capture_output=True, check=True, timeout=30)
        return done.stdout.decode().replace("ˈ", "").replace("ˌ", "").replace("-", "")

    assert sound not in phonemes(spelt)
    assert sound in phonemes(pronounced(spelt))
