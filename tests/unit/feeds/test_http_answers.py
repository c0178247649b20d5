"""What a site's headers mean: tables of what real servers send."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from app.feeds.over_http import judge_headers, refusal

CONTENT = b"tonight's programme"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"last night's programme").hexdigest()


def field(sha256: str) -> str:
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


@pytest.mark.parametrize(
    ("headers", "verdict", "how"),
    [
        ({"Repr-Digest": field(SHA256)}, "present", "HEAD repr-digest"),
        ({"Repr-Digest": f"md5=:AAAA:, {field(SHA256)}"}, "present", "HEAD repr-digest"),
        ({"Repr-Digest": field(OTHER)}, "different", "HEAD repr-digest"),
        ({"Content-Digest": field(SHA256)}, "present", "HEAD content-digest"),
        ({"X-Checksum-Sha256": SHA256.upper()}, "present", "HEAD x-checksum-sha256"),
        ({"X-Checksum-Sha256": OTHER}, "different", "HEAD x-checksum-sha256"),
        ({"ETag": f'"sha256:{SHA256}"'}, "present", "HEAD etag"),
        ({"ETag": f'"sha256:{OTHER}"'}, "different", "HEAD etag"),
        # Anything else in an ETag is the server's own business.
        ({"ETag": f'"{OTHER}"', "Content-Length": str(len(CONTENT))}, "unknown", "HEAD length"),
        ({"ETag": '"5f3a-60"'}, "unknown", "HEAD"),
        # The right length proves nothing; a wrong one does.
        ({"Content-Length": str(len(CONTENT))}, "unknown", "HEAD length"),
        ({"Content-Length": "7"}, "different", "HEAD length"),
        ({"Repr-Digest": "sha-256=:bm90IGEgaGFzaA==:"}, "unknown", "HEAD"),
        ({"Repr-Digest": "nonsense"}, "unknown", "HEAD"),
        ({}, "unknown", "HEAD"),
    ],
)
def test_head_tells_as_much_as_the_server_states(headers: dict[str, str], verdict: str, how: str) -> None:
    seen = judge_headers(httpx.Headers(headers), SHA256, len(CONTENT))
    assert (seen.verdict, seen.how) == (verdict, how)


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (301, "redirected", True),
        (307, "redirected", True),
        (400, "refused", True),
        (401, "unauthorised", True),
        (403, "unauthorised", True),
        (404, "folder-missing", True),
        (405, "refused", True),
        (408, "busy", False),
        (409, "folder-missing", True),
        (413, "too-large", True),
        (415, "refused", True),
        (423, "busy", False),
        (425, "busy", False),
        (429, "busy", False),
        (500, "server-error", False),
        (502, "server-error", False),
        (503, "server-error", False),
        (507, "disk-full", False),
    ],
)
def test_an_answer_is_permanent_or_passing(*, status: int, code: str, permanent: bool) -> None:
    headers = {"Location": "https://elsewhere.example/"} if status < 400 else {}
    error = refusal(httpx.Response(status, headers=headers))
    assert (error.code, error.permanent) == (code, permanent)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "120"}, 120.0),
        # A date counts from the server's own clock, which need not be ours.
        ({"Retry-After": "Mon, 01 Jan 2001 00:02:00 GMT", "Date": "Mon, 01 Jan 2001 00:00:00 GMT"}, 120.0),
        ({"Retry-After": "Mon, 01 Jan 2001 00:00:00 GMT", "Date": "Mon, 01 Jan 2001 00:02:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 01 Jan 2001 00:02:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_a_site_may_say_when_to_come_back(headers: dict[str, str], wait_s: float | None) -> None:
    assert refusal(httpx.Response(503, headers=headers)).retry_after_s == wait_s
