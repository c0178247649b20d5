from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Settings
from app.signing.keys import SigningKey, station_key
from app.signing.seal import BrokenSeal, seal, unseal


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return station_key(Settings(home=Path(tmp_path_factory.mktemp("station"))))


def written(members: dict[str, object]) -> bytes:
    return (json.dumps(members, indent=2) + "\n").encode()


BODY = written({"format": "x", "khz": [7585], "made_at": "now"})


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers()), min_size=1))
def test_what_was_sealed_comes_out_as_it_went_in(key: SigningKey, members: dict[str, object]) -> None:
    body = written({name: value for name, value in members.items() if name != "signature"} | {"end": 1})
    sealed = unseal(seal(body, key))
    assert sealed.body == body
    assert sealed.signature is not None
    assert key.public.verifies(sealed.signature, body)


def test_a_sealed_text_is_json_and_its_signature_one_line(key: SigningKey) -> None:
    text = seal(BODY, key)
    told = json.loads(text)
    assert base64.b64decode(told.pop("signature")) == key.sign(BODY)
    assert told == json.loads(BODY)
    assert len(text.splitlines()) == len(BODY.splitlines()) + 1


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_goes_unnoticed(key: SigningKey, place: int, change: int) -> None:
    text = bytearray(seal(BODY, key))
    text[place % len(text)] ^= change
    try:
        sealed = unseal(bytes(text))
    except BrokenSeal:
        return
    assert sealed.signature is None or not key.public.verifies(sealed.signature, sealed.body)


def test_a_text_without_a_seal_has_no_signature() -> None:
    assert unseal(BODY).signature is None


def test_a_signature_elsewhere_or_twice_or_of_another_length_is_refused(key: SigningKey) -> None:
    text = seal(BODY, key)
    line = text.splitlines(keepends=True)[1]
    for broken in (
        text.replace(line, line + line),
        BODY.replace(b'  "khz"', line + b'  "khz"'),
        text.replace(line, b'  "signature": "AAAA",\n'),
        text.replace(line, b'  "signature": "*",\n'),
    ):
        with pytest.raises(BrokenSeal, match="altered"):
            unseal(broken)


def test_only_an_object_with_a_member_a_line_is_sealed(key: SigningKey) -> None:
    for wrong in (b'{"a": 1}\n', seal(BODY, key)):
        with pytest.raises(ValueError, match="one member a line"):
            seal(wrong, key)
