"""``danpa verify``, ``danpa key show`` and ``danpa key rotate``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.database import NotInitialised
from app.processes import utcnow
from app.settings import Settings

if TYPE_CHECKING:
    from app.signing.keys import PublicKey

WRONG, UNVERIFIABLE = 1, 2
"""Exit statuses of `verify`: it is not what the station sent; that cannot be told."""


def add_to(cli: typer.Typer, key_cli: typer.Typer) -> None:
    """Put the commands where people look for them."""
    cli.command()(verify)
    key_cli.command(name="show")(show_key)
    key_cli.command(name="rotate")(rotate_key)


def verify(
    file: Annotated[Path, typer.Argument(help="The audio, as it lies at the site.")],
    manifest: Annotated[
        Path | None, typer.Option(help="Its manifest, if that is not FILE.json beside it.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The station's public keys (PEM), if the station is not here.")
    ] = None,
) -> None:
    """Check audio against its signed manifest. Exits with 0 if all is right, 1 if not, 2 if it cannot be told."""
    from app.signing.keys import KeyUnusable
    from app.signing.verify import Unverifiable
    from app.signing.verify import verify as check

    try:
        checks = check(file, manifest, _keys(key), now=utcnow())
    except (Unverifiable, KeyUnusable) as error:
        typer.echo(f"danpa: {error}", err=True)
        sys.exit(UNVERIFIABLE)
    for one in checks:
        word = {"ok": "ok   ", "wrong": "WRONG", "note": "note "}[one.verdict]
        typer.echo(f"{word}  {one.subject}: {one.words}")
    if any(one.verdict == "wrong" for one in checks):
        typer.echo(f"{file.name} is not what the station sent.")
        sys.exit(WRONG)
    typer.echo(f"{file.name} is what the station sent.")


def show_key(
    *, earlier: Annotated[bool, typer.Option("--earlier", help="The keys before it, too.")] = False
) -> None:
    """Print the public key that verifies the station's manifests, as PEM: give it to the sites."""
    from app.signing.keys import station_public_keys

    keys = station_public_keys(_here())
    typer.echo("".join(key.pem for key in (keys.current, *(keys.earlier if earlier else ()))), nl=False)


def rotate_key(
    *,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="Somebody has the old key: trust nothing that it signed.")
    ] = False,
) -> None:
    """Sign manifests with a new key from now on, and print its public key for the sites."""
    from app.signing.keys import rotate

    typer.echo(rotate(_here(), leaked=leaked).public.pem, nl=False)


def _keys(given: Path | None) -> Sequence[PublicKey]:
    from app.signing.keys import read_public_keys, vouched_for
    from app.signing.verify import Unverifiable

    if given is not None:
        return read_public_keys(given)
    keys = vouched_for(Settings())
    if not keys:
        raise Unverifiable(
            "the station is not on this machine: name its public key with --key station.pub.pem"
        )
    return keys


def _here() -> Settings:
    """The settings of the station that is here. Raises NotInitialised."""
    settings = Settings()
    if not settings.database_path.exists():
        raise NotInitialised(f"there is no station in {settings.root}: run `danpa init` first")
    return settings
