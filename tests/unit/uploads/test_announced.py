"""What a client announces: read with the same mercy and the same rules as the form."""

from __future__ import annotations

import base64
import unicodedata
from pathlib import Path

import pytest

from app.errors import Invalid
from app.library.receive import FIELDS
from app.settings import Settings
from app.uploads.announced import Announced, announced, read_metadata
from app.uploads.errors import TusError


def told(**values: bytes) -> str:
    return ",".join(f"{name} {base64.b64encode(value).decode()}" for name, value in values.items())


def announce(metadata: str) -> Announced:
    return announced(10, metadata, Settings(home=Path("nowhere")))


@pytest.mark.parametrize(
    "name",
    ["뉴스.wav".encode(), "뉴스.wav".encode("cp949"), unicodedata.normalize("NFD", "뉴스.wav").encode()],
)
def test_korean_names_in_every_spelling_are_one(name: bytes) -> None:
    assert announce(told(filename=name, kind=b"news")).file_name == "뉴스.wav"


def test_a_path_is_not_taken_for_a_name() -> None:
    assert announce(told(filename=b"../../etc/passwd", kind=b"news")).file_name == "passwd"


def test_what_clients_add_of_their_own_accord_is_let_be() -> None:
    uppy = told(
        name="하나.wav".encode(), filename="하나.wav".encode(), type=b"audio/wav", filetype=b"audio/wav"
    )
    found = announce(f"{uppy},relativePath bnVsbA==,{told(kind=b'news')}")
    assert found.file_name == "하나.wav"
    assert found.fields == {"kind": ["news"]}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_of_the_form_is_known(name: str) -> None:
    with pytest.raises(Invalid) as wrong:
        announce(told(**{"kind": b"news", name: b"bell\a"}))
    assert wrong.value.field is not None, "the field's own rule refused it"


def test_hyphens_are_taken_as_well() -> None:
    found = announce(told(**{"kind": b"news", "air-until": b"2026-12-01T00:00Z"}))
    assert found.fields["air_until"] == ["2026-12-01T00:00Z"]


def test_a_long_field_is_refused() -> None:
    with pytest.raises(Invalid, match="longer than 8192 bytes"):
        announce(told(kind=b"news", title=b"x" * 8193))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ("kind dGFsaw==", {"kind": b"talk"}),
        ("kind dGFsaw==, title 7Iuc7ZeY", {"kind": b"talk", "title": "시험".encode()}),
        ("kind dGFsaw==,presenter", {"kind": b"talk", "presenter": b""}),
        ("kind dGFsaw==,presenter ", {"kind": b"talk", "presenter": b""}),
    ],
)
def test_pairs_may_lack_a_value(header: str, found: dict[str, bytes]) -> None:
    assert read_metadata(header) == found


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (",kind dGFsaw==", "without a key"),
        ("kind dGFsaw", "not Base64"),
        ("kind dGFsaw== dGFsaw==", "not Base64"),
        ("kind 단파", "not Base64"),
        ("tags YQ==,tags Yg==", "twice"),
    ],
)
def test_what_is_not_well_formed_is_told(header: str, words: str) -> None:
    with pytest.raises(TusError, match=words):
        read_metadata(header)
