"""What only one protocol needs of a feed, told in one flat form so that its documentation is one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.errors import Invalid
from app.feeds.live import LONGEST_PREROLL_S, OF_LIVE
from schedules.said import Said, say

OF_PROTOCOL: Mapping[str, frozenset[str]] = {
    "folder": frozenset(),
    "http_put": frozenset(),
    "http_post": frozenset({"field", "form", "read_address"}),
    "sftp": frozenset({"host_key"}),
    "ftp": frozenset({"accept_plaintext", "certificate_sha256"}),
    "s3": frozenset({"region", "path_style"}),
    "pull": frozenset(),
    "icecast": frozenset({"method", "takeover_mount", "stream_name", "title_charset", *OF_LIVE}),
    "srt": frozenset({"mode", "latency_ms", "streamid", *OF_LIVE} - {"titles"}),
}
"""Which options each protocol takes."""

_FINGERPRINT = r"^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$"
_HOST_KEY = re.compile(r"(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,3}(?: .*)?", re.ASCII)


class Options(BaseModel):
    """Only those of the feed's protocol may be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host_key: Annotated[
        str | None,
        Field(
            max_length=4000,
            description="SFTP, required: the server's public key as `ssh-keyscan` prints it, without the host; several lines for several keys",
        ),
    ] = None
    accept_plaintext: Annotated[
        bool | None,
        Field(
            description="FTP without TLS (`ftp://`) only: true accepts that password, commands and programme can be read and changed by everybody on the way"
        ),
    ] = None
    certificate_sha256: Annotated[
        str | None,
        Field(
            pattern=_FINGERPRINT,
            description="FTP over TLS: the SHA-256 of the one certificate to accept, for sites that signed their own",
        ),
    ] = None
    region: Annotated[
        str | None, Field(max_length=64, description="S3: the region, us-east-1 if left out")
    ] = None
    path_style: Annotated[
        bool | None,
        Field(description="S3: whether the bucket stands in the path (usual) or in the host name"),
    ] = None
    field: Annotated[
        str | None,
        Field(max_length=100, description="HTTP POST: the form field of the file, `file` if left out"),
    ] = None
    form: Annotated[
        dict[str, str] | None, Field(max_length=20, description="HTTP POST: more fields of the form")
    ] = None
    read_address: Annotated[
        str | None, Field(max_length=1000, description="HTTP POST: the URL under which names are read back")
    ] = None

    preroll_s: Annotated[
        float | None,
        Field(
            ge=0,
            le=LONGEST_PREROLL_S,
            description="Live: so long before an airing we connect and send the interval signal; 10 if left out",
        ),
    ] = None
    lead_ms: Annotated[
        float | None,
        Field(
            ge=0,
            le=60_000,
            description="Live: everything is sent so much earlier, because the site is that late",
        ),
    ] = None
    monitor: Annotated[
        bool | None,
        Field(description="Live: false if nobody is to listen to what comes out there; true if left out"),
    ] = None
    listen_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s@/]+(/[^\s]*)?$",
            max_length=1000,
            description="Live: where it is heard, if that is elsewhere: a relay of the site's, say. Icecast's own mount if left out; SRT is heard nowhere else",
        ),
    ] = None
    method: Annotated[
        Literal["put", "source"] | None,
        Field(description="Icecast: `put` (usual), or `source` for servers before 2.4"),
    ] = None
    takeover_mount: Annotated[
        str | None,
        Field(
            pattern=r"^/[A-Za-z0-9._~/-]+$",
            max_length=200,
            description="Icecast: where we go when our mount is still held by a connection that broke; the server has it as that mount's fallback",
        ),
    ] = None
    titles: Annotated[
        Literal["programme", "items"] | None,
        Field(
            description="Icecast, MP3 and ADTS: listeners' players are told the programme's title, or each item's; nothing if left out"
        ),
    ] = None
    title_charset: Annotated[
        Literal["UTF-8", "EUC-KR", "CP949", "ISO-8859-1"] | None,
        Field(description="Icecast: in which the titles are told; UTF-8 if left out"),
    ] = None
    mode: Annotated[
        Literal["caller", "listener"] | None,
        Field(description="SRT: `caller` (usual) calls the site, `listener` waits for its call"),
    ] = None
    latency_ms: Annotated[
        int | None,
        Field(ge=20, le=8000, description="SRT: so long lost packets may be sent again; 1000 if left out"),
    ] = None
    streamid: Annotated[
        str | None,
        Field(max_length=512, description="SRT caller: the stream's name, where the site asks for one"),
    ] = None
    stream_name: Annotated[
        str | None,
        Field(
            pattern=r"^[^\x00-\x1f\x7f]+$",
            max_length=100,
            description="Icecast: a name for the server's pages; none is told if left out",
        ),
    ] = None

    @field_validator("host_key")
    @classmethod
    def _keys_are_keys(cls, keys: str | None) -> str | None:
        for line in (keys or "").splitlines():
            if not _HOST_KEY.fullmatch(line.strip()):
                raise ValueError(
                    "host_key holds lines such as `ssh-ed25519 AAAA...`: key type and key, without the host"
                )
        return keys

    def given(self) -> dict[str, Any]:
        """Only what was said."""
        return self.model_dump(exclude_none=True)


def check_options(protocol: str, options: Mapping[str, Any]) -> None:
    """Refuse options that the protocol does not take, or that could not work.

    Raises:
        Invalid: says which, and which there are.
    """
    known = OF_PROTOCOL.get(protocol, frozenset())
    if foreign := sorted(options.keys() - known):
        told = "a feed of protocol {protocol} has no option {option}: there are {options:, }"
        options_known = tuple(sorted(known)) or ("none",)
        raise _invalid(
            say("option-unknown", told, protocol=protocol, option=foreign[0], options=options_known),
            foreign[0],
        )
    try:
        Options(**options)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise _invalid(f"{name}: {first['msg']}" if name else first["msg"], name) from None
    if protocol == "sftp" and not options.get("host_key"):
        told = (
            "an SFTP feed needs the server's host_key: ask the site for it, or run ssh-keyscan and compare its fingerprint "
            "with theirs"
        )
        raise _invalid(say("option-host-key", told), "host_key")


def _invalid(detail: Said | str, name: str) -> Invalid:
    return Invalid(detail, field=f"options.{name}" if name else "options")
