"""Requests to S3: where an object is, what proves that we sent it, and what its answers say.

The signature is AWS Signature Version 4 with the payload's SHA-256 in it: a store that checks it takes our artefact or
nothing. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (whose examples are our tests).
"""

from __future__ import annotations

import hashlib
import hmac
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote, unquote_plus
from xml.etree import ElementTree as ET

import httpx

from app.feeds.contract import Entry
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_AS_IS = "-_.~"
_KEPT_SPACES = re.compile(" +")


@dataclass(frozen=True, slots=True)
class Login:
    """An access key and its secret, as the site gave them to us."""

    access_key_id: str
    secret: str = field(repr=False)


def login_of(line: str | None) -> Login:
    """From the credential's one line, ``ACCESS_KEY_ID:SECRET``.

    Raises:
        PermanentFeedError: code ``credential``.
    """
    access_key_id, colon, secret = (line or "").partition(":")
    if not (access_key_id and colon and secret):
        raise PermanentFeedError(
            "credential", "an S3 feed needs a credential: one line, the access key, a colon and its secret"
        )
    return Login(access_key_id, secret)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an endpoint, and the prefix in it that is the feed's folder (without slashes at its ends)."""

    origin: str
    root: str
    """The path of the bucket: ``/bucket``, or nothing where the host names it."""
    prefix: str

    @classmethod
    def of(cls, address: str, *, path_style: bool) -> Bucket:
        """Read ``https://endpoint[:port]/bucket/prefix``.

        Raises:
            PermanentFeedError: code ``bad-address``.
        """
        url = httpx.URL(address)
        bucket, _, prefix = unquote(url.path).strip("/").partition("/")
        if not bucket or not url.host:
            raise _bad_address("the feed's address must name the bucket: https://endpoint/bucket/prefix")
        host = url.netloc.decode("ascii")
        if path_style:
            return cls(f"{url.scheme}://{host}", f"/{quote(bucket, safe=_AS_IS)}", prefix.strip("/"))
        return cls(f"{url.scheme}://{bucket}.{host}", "", prefix.strip("/"))

    def key(self, name: str) -> str:
        """The object's key. Raises PermanentFeedError (``bad-address``) for a name that leads out of the bucket."""
        key = posixpath.normpath(posixpath.join(self.prefix, name))
        if key.startswith(("/", "..")) or key == ".":
            raise _bad_address("a name of this feed leads out of its bucket: check the name of its sidecar")
        return key

    def url_of(self, name: str) -> httpx.URL:
        """Where an object is."""
        return httpx.URL(f"{self.origin}{self.root}/{quote(self.key(name), safe=f'/{_AS_IS}')}")

    def listing(self, token: str | None) -> httpx.URL:
        """Where a page of the folder's listing is; ``token`` continues the page before (ListObjectsV2)."""
        wanted = {"delimiter": "/", "encoding-type": "url", "list-type": "2", "prefix": self._folder}
        if token is not None:
            wanted["continuation-token"] = token
        query = "&".join(f"{name}={quote(wanted[name], safe=_AS_IS)}" for name in sorted(wanted))
        return httpx.URL(f"{self.origin}{self.root or '/'}?{query}")

    @property
    def _folder(self) -> str:
        return f"{self.prefix}/" if self.prefix else ""

    def entries(self, page: bytes) -> tuple[list[Entry], str | None]:
        """One page of a listing, names relative to the folder, and the token of the next page.

        Raises:
            PassingFeedError: code ``server-error`` for what is no listing.
        """
        try:
            root = ET.fromstring(page)  # noqa: S314 - expat 2.4 and later bound the expansion of entities
            if _local(root) != "ListBucketResult":
                raise _no_listing()
            texts = {_local(child): child.text or "" for child in root}
            decode = unquote_plus if texts.get("EncodingType") == "url" else _unchanged
            found = [self._entry(child, decode) for child in root if _local(child) == "Contents"]
        except (ET.ParseError, KeyError, ValueError) as error:
            raise _no_listing() from error
        following = texts.get("NextContinuationToken") if texts.get("IsTruncated") == "true" else None
        return [entry for entry in found if entry.name], following or None

    def _entry(self, contents: ET.Element, decode: Callable[[str], str]) -> Entry:
        texts = {_local(child): child.text or "" for child in contents}
        return Entry(
            name=decode(texts["Key"]).removeprefix(self._folder),
            size=int(texts["Size"]),
            modified_at=datetime.fromisoformat(texts["LastModified"]).astimezone(UTC),
        )


def signed(
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    *,
    payload_sha256: str,
    login: Login,
    region: str,
    now: datetime,
) -> dict[str, str]:
    """The headers of a request with those that prove who sends it and what. ``now``: aware; stores allow 15 minutes."""
    at = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    ours = {name.lower(): _KEPT_SPACES.sub(" ", value.strip()) for name, value in headers.items()}
    ours |= {"host": url.netloc.decode("ascii"), "x-amz-date": at, "x-amz-content-sha256": payload_sha256}
    names = ";".join(sorted(ours))
    path, _, query = url.raw_path.decode("ascii").partition("?")
    fields = "".join(f"{name}:{ours[name]}\n" for name in sorted(ours))
    request = f"{method}\n{path}\n{query}\n{fields}\n{names}\n{payload_sha256}"
    scope = f"{at[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", at, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{login.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{login.access_key_id}/{scope}"
    ours["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
    )
    return ours


_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9]{1,64})\s*</Code>")

_NOT_LET_IN = "the site does not accept our access key: ask it for a valid one"
_OTHER_REGION = "the bucket belongs to another region: write it into the feed's options"
_PERMANENT: dict[str, tuple[str, str]] = {
    "AccessDenied": ("unauthorised", "the site forbids us this in the bucket: ask it for the right to"),
    "InvalidAccessKeyId": ("unauthorised", _NOT_LET_IN),
    "SignatureDoesNotMatch": ("unauthorised", "the secret of our access key is wrong: ask the site for it"),
    "AccountProblem": ("unauthorised", "the site's account with its store has a problem: tell the site"),
    "RequestTimeTooSkewed": (
        "unauthorised",
        "the site's clock and ours are more than 15 minutes apart: check the clock of this machine",
    ),
    "NoSuchBucket": ("folder-missing", "the site has no such bucket: check the feed's address"),
    "InvalidBucketName": ("bad-address", "the bucket's name is not a possible one: check the feed's address"),
    "PermanentRedirect": ("bad-address", _OTHER_REGION),
    "AuthorizationHeaderMalformed": ("bad-address", _OTHER_REGION),
    "IllegalLocationConstraintException": ("bad-address", _OTHER_REGION),
    "EntityTooLarge": ("too-large", "the site takes no object of this size: choose a smaller encoding"),
    "MethodNotAllowed": ("refused", "the site does not let us do this with its objects"),
    "InvalidObjectState": ("refused", "the site has put the object into its archive"),
}
_PASSING: dict[str, tuple[str, str]] = {
    "QuotaExceeded": ("disk-full", "the site's store is full: ask it to make room"),
    "XMinioStorageFull": ("disk-full", "the site's store is full: ask it to make room"),
    "XMinioAdminBucketQuotaExceeded": ("disk-full", "the bucket is full: ask the site to make room"),
    "SlowDown": ("busy", "the site asks us to come back later"),
    "ServiceUnavailable": ("busy", "the site asks us to come back later"),
    "OperationAborted": ("busy", "the site is busy with the same object: it is tried again"),
    "RequestTimeout": ("timeout", "the site waited too long for our bytes"),
    "IncompleteBody": ("connection-lost", "the site got fewer bytes than announced"),
    "BadDigest": ("connection-lost", "the site got other bytes than we sent"),
    "XAmzContentSHA256Mismatch": ("connection-lost", "the site got other bytes than we sent"),
    "InternalError": ("server-error", "the site's store failed"),
}


def code_of(body: bytes) -> str:
    """The code in the XML of a refusal; empty where there is none."""
    match = _CODE.search(body)
    return match[1].decode("ascii") if match else ""


def trouble(code: str) -> FeedError | None:
    """What a code means; None for one that we do not know."""
    if code in _PERMANENT:
        return PermanentFeedError(*_PERMANENT[code])
    if code in _PASSING:
        return PassingFeedError(*_PASSING[code])
    return None


def _unchanged(text: str) -> str:
    return text


def _local(element: ET.Element) -> str:
    """A tag without its name space, which not every store gives."""
    return element.tag.rpartition("}")[2]


def _no_listing() -> PassingFeedError:
    return PassingFeedError("server-error", "the site's store gave an answer that is no listing")


def _bad_address(detail: str) -> PermanentFeedError:
    return PermanentFeedError("bad-address", detail)
