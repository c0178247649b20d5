"""What FTP servers say, in the forms in which they say it."""

from __future__ import annotations

import ftplib
from datetime import UTC, datetime

import pytest

from app.feeds.contract import Entry
from app.feeds.ftp_folder import _entry
from app.feeds.ftp_session import translate


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "type=file;size=42;modify=20261122200005.123;perm=r; a b.mp3",
            Entry("a b.mp3", 42, datetime(2026, 11, 22, 20, 0, 5, tzinfo=UTC)),
        ),
        ("Size=42;Type=FILE;  two spaces.mp3", Entry(" two spaces.mp3", 42)),
        ("type=file;size=42;modify=garbage; a;b=c.mp3", Entry("a;b=c.mp3", 42)),
        ("type=dir;sizd=4096;modify=20261122200005; archive", None),
        ("type=cdir;modify=20261122200005; .", None),
        ("type=OS.unix=symlink;size=3; link.mp3", None),
        ("type=file;size=; a.mp3", None),
        ("garbage", None),
        ("", None),
    ],
)
def test_a_line_of_a_machine_readable_list(line: str, entry: Entry | None) -> None:
    assert _entry(line) == entry


def test_names_are_utf_8_or_shown_as_bytes() -> None:
    for raw, shown in (("뉴스.mp3".encode(), "뉴스.mp3"), (b"\xb4\xba.mp3", "\\xb4\\xba.mp3")):
        found = _entry(f"type=file;size=1; {raw.decode('latin-1')}")
        assert found is not None
        assert found.name == shown


@pytest.mark.parametrize(
    ("kind", "said", "code", "permanent"),
    [
        (ftplib.error_perm, "552 Over quota", "disk-full", False),
        (ftplib.error_temp, "452 No space", "disk-full", False),
        (ftplib.error_temp, "421 Bye", "busy", False),
        (ftplib.error_temp, "426 Broken", "connection-lost", False),
        (ftplib.error_temp, "451 Failed", "storage-error", False),
        (ftplib.error_perm, "530 Who?", "unauthorised", True),
        (ftplib.error_perm, "534 Policy", "tls", True),
        (ftplib.error_perm, "550 No", "not-writable", True),
        (ftplib.error_perm, "502 What?", "refused", True),
        (ftplib.error_proto, "garbage", "server-error", False),
        (TimeoutError, "", "timeout", False),
        (ConnectionResetError, "", "connection-lost", False),
        (EOFError, "", "connection-lost", False),
    ],
)
def test_refusals_are_told_apart_without_the_servers_words(
    kind: type[Exception], said: str, code: str, *, permanent: bool
) -> None:
    found = translate(kind(said))
    assert (found.code, found.permanent) == (code, permanent)
    assert not said or said not in str(found)
