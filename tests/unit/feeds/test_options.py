"""What only one protocol needs: refused where it is foreign, wrong or missing."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Invalid
from app.feeds.drivers import PROTOCOLS
from app.feeds.options import OF_PROTOCOL, Options, check_options

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5v6Xq0cWl4oZ0kqT0Yt2vXl1g0w2m3d4e5f6a7b8c9"


@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        ("folder", {}),
        ("sftp", {"host_key": KEY}),
        ("sftp", {"host_key": f"{KEY}\n{KEY} the old one"}),
        ("ftp", {"certificate_sha256": ":".join(["ab"] * 32)}),
        ("ftp", {"accept_plaintext": True}),
        ("s3", {"region": "eu-central-1", "path_style": False}),
        ("http_post", {"field": "upload", "form": {"station": "12"}}),
    ],
)
def test_options_that_work(protocol: str, options: dict[str, Any]) -> None:
    check_options(protocol, options)


@pytest.mark.parametrize(
    ("protocol", "options", "wrong", "reason"),
    [
        ("folder", {"host_key": KEY}, "host_key", "no option host_key: there are none"),
        ("ftp", {"host_key": KEY}, "host_key", "no option host_key: there are accept_plaintext, certificate_sha256"),
        ("sftp", {}, "host_key", "needs the server's host_key"),
        ("sftp", {"host_key": "site.example " + KEY}, "host_key", "without the host"),
        ("sftp", {"host_key": "SHA256:abc"}, "host_key", "host_key holds lines"),
        ("ftp", {"certificate_sha256": "ab:cd"}, "certificate_sha256", "certificate_sha256"),
        ("s3", {"region": 7}, "region", "region"),
    ],
)  # fmt: skip
def test_options_that_are_refused(protocol: str, options: dict[str, Any], wrong: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        check_options(protocol, options)
    assert caught.value.field == f"options.{wrong}"


def test_every_protocol_and_every_option_is_known() -> None:
    assert set(PROTOCOLS) <= set(OF_PROTOCOL)
    assert frozenset().union(*OF_PROTOCOL.values()) == set(Options.model_fields)
