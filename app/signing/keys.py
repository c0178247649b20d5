"""The station's signing key: an Ed25519 pair in the station's folder, never in the database and in no backup.

``keys/signing-key.pem`` is the private key, mode 0600, made when it is first needed. ``keys/<key id>.pub.pem`` are the
public keys that we vouch for: its own, and those of the keys before it, so that what they signed still verifies.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.errors import DanpaError
from app.processes import is_news
from app.settings import Settings
from app.storage import sync_directory, write_atomically

log = structlog.get_logger()

_PRIVATE = "signing-key.pem"
_PUBLIC = ".pub.pem"
_PUBLIC_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\s*", re.DOTALL)


class KeyUnusable(DanpaError):
    """A key is damaged, of another kind, or open to others. Says what to do."""

    code = "signing-key-unusable"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Verifies what its private key signed. ``raw`` are the 32 bytes of RFC 8032."""

    raw: bytes

    @property
    def key_id(self) -> str:
        """16 hexadecimal digits: the beginning of the SHA-256 of the key as DER (SubjectPublicKeyInfo)."""
        der = self._key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()[:16]

    @property
    def pem(self) -> str:
        """As openssl reads it."""
        return self._key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def verifies(self, signature: bytes, text: bytes) -> bool:
        """Whether this key made this signature of this text."""
        try:
            self._key().verify(signature, text)
        except InvalidSignature:
            return False
        return True

    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Signs. The same text always gets the same 64 bytes (RFC 8032)."""

    public: PublicKey
    _private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> SigningKey:
        return cls(PublicKey(private.public_key().public_bytes_raw()), private)

    @property
    def key_id(self) -> str:
        return self.public.key_id

    def sign(self, text: bytes) -> bytes:
        return self._private.sign(text)


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The key that signs now, and those that signed before it, in the order of their ids."""

    current: PublicKey
    earlier: tuple[PublicKey, ...]


def station_key(settings: Settings) -> SigningKey:
    """The station's key, made now if there is none yet.

    Raises:
        KeyUnusable: it is damaged, or other users may read it.
    """
    path = _folder(settings) / _PRIVATE
    if not path.exists():
        _make_first(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise KeyUnusable(
            f"other users may read the station's signing key {path}: set its mode to 0600, and if somebody may have "
            "copied it, `danpa key rotate --leaked`"
        )
    key = _read_private(path)
    if not _public_path(path.parent, key).exists():  # a private key that was brought back alone
        _publish(path.parent, key)
    return key


def key_at_hand(settings: Settings) -> SigningKey | None:
    """The key for what must go out tonight in any case: None, and a line in the log, where it cannot be used."""
    try:
        return station_key(settings)
    except (KeyUnusable, OSError) as error:
        if is_news("the signing key"):
            log.warning("the signing key cannot be used: manifests go out unsigned", why=str(error))
        return None


def station_public_keys(settings: Settings) -> PublicKeys:
    """The public keys that the station vouches for; the key is made now if there is none yet. Raises KeyUnusable."""
    current = station_key(settings).public
    return PublicKeys(current, tuple(key for key in vouched_for(settings) if key != current))


def vouched_for(settings: Settings) -> tuple[PublicKey, ...]:
    """Every public key of the station, without making one: none where there is no station. Raises KeyUnusable."""
    files = sorted(_folder(settings).glob(f"*{_PUBLIC}"))
    return tuple(key for file in files for key in read_public_keys(file))


def read_public_keys(path: Path) -> tuple[PublicKey, ...]:
    """The public keys in a file, one PEM block behind the other.

    Raises:
        KeyUnusable: it cannot be read, or holds none, or another kind.
    """
    try:
        blocks = _PUBLIC_BLOCK.findall(path.read_bytes())
        keys = [load_pem_public_key(block) for block in blocks]
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} cannot be read as a public key: {error}") from None
    if not keys:
        raise KeyUnusable(f"{path} holds no public key: `danpa key show` prints the one that is wanted")
    return tuple(_ed25519(key, path) for key in keys)


def rotate(settings: Settings, *, leaked: bool = False) -> SigningKey:
    """Sign with a new key from now on. What the old one signed still verifies, unless it leaked.

    Raises:
        KeyUnusable: with ``leaked``, where the old key is damaged, so that nobody knows which one to distrust.
    """
    path = _folder(settings) / _PRIVATE
    old = _read_private(path) if leaked and path.exists() else None
    made = _make(path.parent)
    write_atomically(path, _private_pem(made))
    if old is not None:
        _public_path(path.parent, old).unlink(missing_ok=True)
        sync_directory(path.parent)
    return made


def _folder(settings: Settings) -> Path:
    return settings.root / "keys"


def _public_path(folder: Path, key: SigningKey) -> Path:
    return folder / f"{key.key_id}{_PUBLIC}"


def _make(folder: Path) -> SigningKey:
    """A new pair, whose public key is on the disk before anything can be signed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = SigningKey.of(Ed25519PrivateKey.generate())
    _publish(folder, made)
    return made


def _publish(folder: Path, key: SigningKey) -> None:
    write_atomically(_public_path(folder, key), key.public.pem.encode("ascii"))


def _make_first(path: Path) -> None:
    """Several processes may need the first key at once: a link to a finished file is made by one of them only."""
    made = _make(path.parent)
    finished = path.with_name(f".{made.key_id}.pem")
    write_atomically(finished, _private_pem(made))
    try:
        os.link(finished, path)
    except FileExistsError:
        _public_path(path.parent, made).unlink()
    finally:
        finished.unlink()
    sync_directory(path.parent)


def _private_pem(key: SigningKey) -> bytes:
    return key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # noqa: SLF001 - its own module


def _read_private(path: Path) -> SigningKey:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, UnsupportedAlgorithm, TypeError) as error:  # TypeError: it is encrypted
        raise KeyUnusable(
            f"the station's signing key {path} cannot be read ({error}): bring it back from where you keep a copy, or make "
            "a new one with `danpa key rotate` and give the sites its public key"
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is no Ed25519 key")
    return SigningKey.of(private)


def _ed25519(key: object, path: Path) -> PublicKey:
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path} is no Ed25519 key")
    return PublicKey(key.public_bytes_raw())
