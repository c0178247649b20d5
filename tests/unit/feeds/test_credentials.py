from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.errors import Invalid
from app.feeds.credentials import check_reference, resolve
from app.feeds.errors import PermanentFeedError


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    return path


def test_a_reference_leads_to_the_secret(secret_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_SITE", "t0ken")
    from_environment, from_file = resolve("env:DANPA_FEED_SITE"), resolve(f"file:{secret_file}")
    assert from_environment is not None
    assert from_environment.get_secret_value() == "t0ken"
    assert from_file is not None
    assert from_file.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(from_file)
    assert resolve(None) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_may_read_is_refused(secret_file: Path, mode: int) -> None:
    secret_file.chmod(mode)
    with pytest.raises(PermanentFeedError, match="mode to 0600") as caught:
        resolve(f"file:{secret_file}")
    assert "s3cret" not in str(caught.value)


def test_read_only_for_us_is_private_enough(secret_file: Path) -> None:
    secret_file.chmod(0o400)
    assert resolve(f"file:{secret_file}") is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(secret_file: Path) -> None:
    os.chown(secret_file, 12_345, -1)
    with pytest.raises(PermanentFeedError, match="another user"):
        resolve(f"file:{secret_file}")


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", "비밀"])
def test_what_could_not_stand_in_a_header_is_refused(secret_file: Path, content: str) -> None:
    secret_file.write_text(content)
    with pytest.raises(PermanentFeedError) as caught:
        resolve(f"file:{secret_file}")
    assert caught.value.code == "credential"


def test_a_missing_secret_is_an_error_and_not_an_unsigned_upload(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for reference in (
        "env:DANPA_FEED_NONE",
        f"file:{tmp_path}/nothing",
        f"file:{tmp_path}",
        f"file:{tmp_path}/pipe",
    ):
        with pytest.raises(PermanentFeedError) as caught:
            resolve(reference)
        assert caught.value.code == "credential"


@pytest.mark.parametrize("reference", [None, "env:DANPA_FEED_SITE", "file:/run/secrets/site"])
def test_references_are_taken(reference: str | None) -> None:
    check_reference(reference)


@pytest.mark.parametrize(
    "pasted",
    [
        "hunter2",
        "env:A B",
        "env:HOME",
        "env:DANPA_SMTP_PASSWORD",
        "file:secrets/site",
        "file:/a\nb",
        "Bearer xyz",
    ],
)
def test_a_pasted_secret_is_refused_and_not_repeated(pasted: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_reference(pasted)
    assert caught.value.field == "credential"
    assert pasted not in str(caught.value)


@pytest.mark.parametrize("nothing", ["", "env:", "file:", ":"])
def test_half_a_reference_is_refused(nothing: str) -> None:
    with pytest.raises(Invalid, match="env:DANPA_FEED_NAME"):
        check_reference(nothing)
