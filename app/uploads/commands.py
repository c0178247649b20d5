"""``danpa upload``: many files at once, with progress for each and for all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.errors import Invalid

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.uploads.sending import Sender, Sending

AHEAD = 50
"""So many files are announced before the first is brought, so that everybody sees what is coming; a person may have 100 under way."""

POLL_S = 0.5

out = Console()


def upload_files(
    paths: Annotated[list[Path], typer.Argument(help="Recordings, or folders of them")],
    kind: Annotated[str, typer.Option(help="news, talk, testimony, music ...")],
    url: Annotated[str, typer.Option(help="The station", envvar="DANPA_URL")] = "http://127.0.0.1:8000",
    key_file: Annotated[
        Path | None, typer.Option(help="A file that holds your key; else DANPA_KEY has it")
    ] = None,
    tags: Annotated[str, typer.Option(help="Separated by commas")] = "",
    airing: Annotated[int | None, typer.Option(help="The airing that they are for")] = None,
    element: Annotated[str, typer.Option(help="The awaited element of it")] = "",
    batch: Annotated[str, typer.Option(help="A name for all of them; made of the time if left out")] = "",
) -> None:
    """Upload recordings over a line that may break; the same command again goes on where it stopped."""
    import httpx

    from app.uploads.sending import Sender, recordings_of

    files = recordings_of(paths)
    if not files:
        raise Invalid("there is no file to upload")
    said = {"kind": kind, "tags": tags, "element": element, "airing_id": str(airing or "")}
    description = {name: value for name, value in said.items() if value}
    description["batch"] = batch or f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {files[0].stem}"[:100]
    headers = {"Authorization": f"Bearer {_key(key_file)}"}
    with httpx.Client(base_url=url, headers=headers, timeout=httpx.Timeout(60.0)) as client:
        refused = _send_all(Sender(client), files, description)
    raise typer.Exit(1 if refused else 0)


def _send_all(sender: Sender, files: Sequence[Path], description: dict[str, str]) -> int:
    """Bring the files and wait until the station has worked on them. Returns how many came to nothing."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from app.uploads.sending import NotSent

    troubles: list[str] = []
    total = sum(path.stat().st_size for path in files)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=out) as progress:
        everything = progress.add_task(f"all {len(files)} files", total=total)
        for begin in range(0, len(files), AHEAD):
            announced: list[Sending] = []
            for path in files[begin : begin + AHEAD]:
                try:
                    announced.append(sender.announce(path, description))
                except (NotSent, OSError) as trouble:
                    troubles.append(str(trouble))
            for sending in announced:
                try:
                    _bring(sender, sending, progress, everything)
                except (NotSent, OSError) as trouble:
                    troubles.append(str(trouble))
        progress.update(everything, description=f"all {len(files)} files, measured")
        found = _settled(sender, description["batch"]) if len(troubles) < len(files) else None
    for what in troubles:
        out.print(f"not sent: {what}", markup=False, highlight=False)
    for file in found["files"] if found else ():
        number = f"#{file['segment_id']} " if file["segment_id"] else ""
        why = f" ({file['error']})" if file["error"] else ""
        out.print(f"{file['name']}: {number}{file['state']}{why}", markup=False, highlight=False)
    return len(troubles) + (found["refused"] if found else 0)


def _bring(sender: Sender, sending: Sending, progress: Progress, everything: object) -> None:
    task = progress.add_task(sending.path.name, total=sending.bytes, completed=sending.brought)
    before = 0

    def told(one: Sending) -> None:
        nonlocal before
        progress.update(task, completed=one.brought)
        progress.advance(everything, one.brought - before)  # type: ignore[arg-type]  # a TaskID, which rich keeps private
        before = one.brought

    told(sending)
    sender.bring(sending, told)
    progress.update(task, visible=False)


def _settled(sender: Sender, batch: str) -> dict[str, Any]:
    while True:
        found = sender.batch(batch)
        if found["settled"] == len(found["files"]):
            return found
        time.sleep(POLL_S)


def _key(file: Path | None) -> str:
    import os

    key = file.read_text(encoding="utf-8").strip() if file is not None else os.environ.get("DANPA_KEY", "")
    if not key:
        raise Invalid("name the file that holds your key (--key-file), or set DANPA_KEY")
    return key


def add_to(cli: typer.Typer) -> None:
    """Put the command where people look for it."""
    cli.command(name="upload")(upload_files)
