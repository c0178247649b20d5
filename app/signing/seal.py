"""A signature inside the JSON that it signs, as a line of its own.

The second line of a sealed text is ``  "signature": "<base64>",``. What is signed is every other byte: the text without that
line, which is JSON too. So the site gets one file, and ``grep`` and ``sed`` cut it into what ``openssl`` verifies
(docs/formats.md has the commands).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from app.errors import Invalid
from app.signing.keys import SigningKey

_OPENING = b"{\n"
_LINE = re.compile(rb'^  "signature": "([^"\n]*)",\n', re.MULTILINE)


class BrokenSeal(Invalid):
    """There is something like a signature, and it cannot be one."""

    code = "broken-seal"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was signed, byte by byte, and the signature; None for a text that carries none."""

    body: bytes
    signature: bytes | None


def seal(body: bytes, key: SigningKey) -> bytes:
    """Sign a JSON object that is written one member a line. The same body and key always give the same bytes."""
    if not body.startswith(_OPENING) or _LINE.search(body):
        raise ValueError("only an unsealed JSON object with one member a line can be sealed")
    line = b'  "signature": "%s",\n' % base64.b64encode(key.sign(body))
    return _OPENING + line + body.removeprefix(_OPENING)


def unseal(text: bytes) -> Sealed:
    """Take a text apart; proves nothing yet.

    Raises:
        BrokenSeal: the signature is in another place, there are two, or it is no base64 of 64 bytes.
    """
    found = list(_LINE.finditer(text))
    if not found:
        return Sealed(text, None)
    if len(found) > 1 or found[0].start() != len(_OPENING):
        raise BrokenSeal("the signature is not the one line after the first: the manifest was altered")
    try:
        signature = base64.b64decode(found[0][1], validate=True)
    except binascii.Error:
        signature = b""
    if len(signature) != 64 or base64.b64encode(signature) != found[0][1]:
        raise BrokenSeal("the signature is not 64 bytes in base64: the manifest was altered")
    return Sealed(text[: found[0].start()] + text[found[0].end() :], signature)
