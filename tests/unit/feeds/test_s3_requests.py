"""Signatures as AWS publishes them, keys that stay in their bucket, listings and refusals as stores write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from app.feeds.contract import Entry
from app.feeds.errors import PassingFeedError, PermanentFeedError
from app.feeds.s3_requests import EMPTY_SHA256, Bucket, Login, code_of, login_of, signed, trouble

# The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
LOGIN = Login("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
AT = datetime(2013, 5, 24, tzinfo=UTC)
HOST = "https://examplebucket.s3.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "headers", "payload_sha256", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            EMPTY_SHA256,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/?lifecycle=",
            {},
            EMPTY_SHA256,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {},
            EMPTY_SHA256,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_a_request_is_signed_as_the_published_examples(
    method: str, path: str, headers: dict[str, str], payload_sha256: str, signature: str
) -> None:
    proved = signed(
        method,
        httpx.URL(HOST + path),
        headers,
        payload_sha256=payload_sha256,
        login=LOGIN,
        region="us-east-1",
        now=AT,
    )
    found = re.search("Signature=([0-9a-f]{64})$", proved["authorization"])
    assert found is not None
    assert found[1] == signature


def test_the_secret_is_in_no_header_and_no_representation() -> None:
    proved = signed(
        "GET", httpx.URL(f"{HOST}/a"), {}, payload_sha256=EMPTY_SHA256, login=LOGIN, region="x", now=AT
    )
    assert LOGIN.secret not in str(proved)
    assert LOGIN.secret not in repr(LOGIN)


@pytest.mark.parametrize("line", [None, "AKIA", "AKIA:", ":secret"])
def test_a_credential_has_two_halves(line: str | None) -> None:
    with pytest.raises(PermanentFeedError) as caught:
        login_of(line)
    assert caught.value.code == "credential"


def test_a_secret_may_hold_colons() -> None:
    assert login_of("AKIA:a:b") == Login("AKIA", "a:b")


@pytest.mark.parametrize(
    ("address", "path_style", "name", "url"),
    [
        ("https://s3.site.example/station", True, "a.mp3", "https://s3.site.example/station/a.mp3"),
        (
            "https://s3.site.example:9000/station/in/",
            True,
            "a.mp3",
            "https://s3.site.example:9000/station/in/a.mp3",
        ),
        (
            "https://s3.site.example/station/in/tac",
            False,
            "a.mp3",
            "https://station.s3.site.example/in/tac/a.mp3",
        ),
        (
            "https://s3.site.example/station/in",
            True,
            "../manifests/a.json",
            "https://s3.site.example/station/manifests/a.json",
        ),
        (
            "https://s3.site.example/station/단파 방송",
            True,
            "a+b.mp3",
            "https://s3.site.example/station/%EB%8B%A8%ED%8C%8C%20%EB%B0%A9%EC%86%A1/a%2Bb.mp3",
        ),
    ],
)
def test_where_an_object_is(address: str, *, path_style: bool, name: str, url: str) -> None:
    assert str(Bucket.of(address, path_style=path_style).url_of(name)) == url


@pytest.mark.parametrize("name", ["../../a.json", "..", "/a.json"])
def test_no_name_leads_out_of_the_bucket(name: str) -> None:
    bucket = Bucket.of("https://s3.site.example/station/in", path_style=True)
    with pytest.raises(PermanentFeedError) as caught:
        bucket.url_of(name)
    assert caught.value.code == "bad-address"


def test_an_address_without_a_bucket_is_refused() -> None:
    with pytest.raises(PermanentFeedError) as caught:
        Bucket.of("https://s3.site.example/", path_style=True)
    assert caught.value.code == "bad-address"


LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <IsTruncated>true</IsTruncated><NextContinuationToken>a/+=</NextContinuationToken>%s
  <Contents><Key>in/</Key><LastModified>2026-11-22T14:00:00.000Z</LastModified><Size>0</Size></Contents>
  <Contents><Key>in/%s</Key><LastModified>2026-11-22T14:00:00.123Z</LastModified><Size>57600000</Size></Contents>
  <CommonPrefixes><Prefix>in/old/</Prefix></CommonPrefixes>
</ListBucketResult>"""


@pytest.mark.parametrize(
    ("encoding", "key", "name"),
    [
        (b"<EncodingType>url</EncodingType>", b"a+b%2Bc%0A.mp3", "a b+c\n.mp3"),
        (b"", b"a+b%2Bc.mp3", "a+b%2Bc.mp3"),
    ],
)
def test_a_listing_gives_names_in_the_folder_and_the_next_page(
    encoding: bytes, key: bytes, name: str
) -> None:
    bucket = Bucket.of("https://s3.site.example/station/in", path_style=True)
    found, following = bucket.entries(LISTING % (encoding, key))
    assert found == [Entry(name, 57_600_000, datetime(2026, 11, 22, 14, 0, 0, 123_000, tzinfo=UTC))]
    assert following == "a/+="
    assert "continuation-token=a%2F%2B%3D&" in str(bucket.listing(following))


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>Welcome</html>",
        b"<ListBucketResult><Contents/></ListBucketResult>",
        (LISTING % (b"", b"a")).replace(b"57600000", b"?"),
        (LISTING % (b"", b"a")).replace(b"2026-11-22", b"yesterday"),
    ],
)
def test_what_is_no_listing_is_never_an_empty_folder(page: bytes) -> None:
    bucket = Bucket.of("https://s3.site.example/station/in", path_style=True)
    with pytest.raises(PassingFeedError) as caught:
        bucket.entries(page)
    assert caught.value.code == "server-error"


@pytest.mark.parametrize(
    ("code", "ours", "permanent"),
    [
        ("NoSuchBucket", "folder-missing", True),
        ("SignatureDoesNotMatch", "unauthorised", True),
        ("RequestTimeTooSkewed", "unauthorised", True),
        ("EntityTooLarge", "too-large", True),
        ("QuotaExceeded", "disk-full", False),
        ("RequestTimeout", "timeout", False),  # with status 400, which would else need a person
        ("BadDigest", "connection-lost", False),
    ],
)
def test_a_stores_own_code_decides(code: str, ours: str, *, permanent: bool) -> None:
    told = trouble(code_of(f"<Error>\n <Code>{code}</Code><Key>secret.mp3</Key></Error>".encode()))
    assert told is not None
    assert (told.code, told.permanent) == (ours, permanent)
    assert "secret" not in str(told).replace("secret of our access key", "")


def test_an_unknown_code_is_left_to_the_status() -> None:
    assert trouble(code_of(b"<Error><Code>NeverHeardOf</Code></Error>")) is None
    assert trouble(code_of(b"<html>")) is None
