"""Files of the drop folder go into its sub-folders: those that were taken, and those that were refused, with a reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app.bringing.dropping.looking import REFUSED

KOREAN = {
    "empty-file": "파일이 비어 있습니다. 다시 보내 주십시오.",
    "not-audio": "읽을 수 있는 소리 파일이 아닙니다. WAV, FLAC 또는 MP3로 내보내서 다시 보내 주십시오.",
    "no-sound-track": "영상은 있지만 소리가 없습니다.",
    "forbidden-format": "소리가 아니라 다른 파일을 가리키는 목록입니다. 녹음 파일을 보내 주십시오.",
    "truncated-file": "파일의 끝이 없어서 재생할 수 없습니다. 다시 복사하거나 올려 주십시오.",
    "only-silence": "녹음에 소리가 없습니다. 마이크나 내보내기를 확인하고 다시 보내 주십시오.",
    "too-long": "녹음이 허용된 길이보다 깁니다.",
    "too-short": "녹음이 방송하기에는 너무 짧습니다.",
    "too-large": "파일이 허용된 크기보다 큽니다.",
    "ingest-timeout": "녹음을 읽는 데 너무 오래 걸려 중단했습니다. WAV나 FLAC으로 내보내서 다시 보내 주십시오.",
    "unreadable": "파일을 읽거나 옮길 수 없습니다. 파일의 권한을 확인하고 다시 넣어 주십시오.",
}
OTHERWISE = "이 파일은 받을 수 없습니다. 까닭은 아래에 영어로 적혀 있습니다."


def put_away(path: Path, folder_name: str, *, same: tuple[int, int] | None = None) -> Path:
    """Move a file into a sub-folder of its folder, under a name that is free there; gives where it is now.

    One of the same name with the `same` size and time is the same file, brought once more: it is replaced.

    Raises:
        OSError: it may not be moved.
    """
    return _move(path, path.parent / folder_name, same)


def put_away_with_reason(path: Path, problem: Mapping[str, object], folder: Path | None = None) -> Path:
    """Move a file to the refused ones, with a text beside it that says why. Raises OSError."""
    aside = _move(path, folder or path.parent / REFUSED, None)
    code = str(problem.get("type", "")).rpartition(":")[2]
    told = f"{KOREAN.get(code, OTHERWISE)}\n\n{problem.get('detail') or problem.get('title') or 'It cannot be taken.'}\n"
    aside.with_name(f"{aside.name}.txt").write_text(
        told, encoding="utf-8-sig"
    )  # the mark is for Windows' editor
    return aside


def _move(path: Path, folder: Path, same: tuple[int, int] | None) -> Path:
    if folder.is_symlink():
        raise NotADirectoryError(20, f"{folder.name} is a link", os.fspath(folder))
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while os.path.lexists(target):
        status = target.lstat()
        if (status.st_size, status.st_mtime_ns) == same:
            break
        number += 1
        target = folder / f"{path.stem} ({number}){path.suffix}"
    path.rename(target)
    return target
