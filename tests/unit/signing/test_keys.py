from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.settings import Settings
from app.signing.keys import (
    KeyUnusable,
    key_at_hand,
    read_public_keys,
    rotate,
    station_key,
    station_public_keys,
    vouched_for,
)

TEXT = b"what was sent"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "station")


@pytest.fixture
def private(settings: Settings) -> Path:
    """The file of the private key, which is there."""
    station_key(settings)
    return settings.root / "keys" / "signing-key.pem"


def test_the_key_is_made_when_it_is_first_needed_and_stays(settings: Settings) -> None:
    assert vouched_for(settings) == ()
    made = station_key(settings)
    assert station_key(settings).public == made.public
    assert vouched_for(settings) == (made.public,)


def test_only_the_station_reads_its_key(private: Path) -> None:
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.parent.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in private.parent.iterdir() if path.name.startswith(".")} == set()


def test_a_key_that_others_may_read_is_not_used(private: Path, settings: Settings) -> None:
    private.chmod(0o640)
    with pytest.raises(KeyUnusable, match=r"0600.*rotate --leaked"):
        station_key(settings)


def test_a_key_that_cannot_be_used_does_not_stop_the_night(private: Path, settings: Settings) -> None:
    key = key_at_hand(settings)
    assert key is not None
    assert key.public == station_key(settings).public
    private.chmod(0o644)
    assert key_at_hand(settings) is None
    private.unlink()
    private.parent.rename(private.parent.with_name("elsewhere"))
    private.parent.touch()
    assert key_at_hand(settings) is None


def test_a_damaged_key_says_what_to_do(private: Path, settings: Settings) -> None:
    private.write_bytes(private.read_bytes()[:60])
    with pytest.raises(KeyUnusable, match="danpa key rotate"):
        station_key(settings)
    before = vouched_for(settings)
    made = rotate(settings)
    assert station_public_keys(settings).current == made.public
    assert station_public_keys(settings).earlier == before


def test_the_private_key_is_in_no_words(private: Path, settings: Settings) -> None:
    secret = private.read_text().splitlines()[1]
    assert secret not in repr(station_key(settings))


def test_what_was_signed_before_a_rotation_still_verifies(settings: Settings) -> None:
    before = station_key(settings)
    after = rotate(settings)
    keys = station_public_keys(settings)
    assert (keys.current, keys.earlier) == (after.public, (before.public,))
    assert keys.earlier[0].verifies(before.sign(TEXT), TEXT)
    assert not keys.current.verifies(before.sign(TEXT), TEXT)
    assert not keys.current.verifies(after.sign(TEXT), TEXT + b".")


def test_a_leaked_key_is_forgotten_even_where_others_may_read_it(private: Path, settings: Settings) -> None:
    oldest = station_key(settings)
    rotate(settings)
    private.chmod(0o644)
    after = rotate(settings, leaked=True)
    assert set(vouched_for(settings)) == {oldest.public, after.public}
    assert station_key(settings).public == after.public


def test_a_private_key_that_was_brought_back_alone_is_vouched_for(private: Path, settings: Settings) -> None:
    key = station_key(settings)
    for public in private.parent.glob("*.pub.pem"):
        public.unlink()
    assert station_key(settings).public == key.public
    assert vouched_for(settings) == (key.public,)


def test_processes_that_need_the_first_key_at_once_get_the_same(settings: Settings) -> None:
    script = "from app.settings import Settings; from app.signing.keys import station_key; import sys; sys.stdin.read(1); print(station_key(Settings()).key_id)"
    root = Path(__file__).parents[3]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=root,
            env={"DANPA_HOME": str(settings.root), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    ids = {process.communicate(".")[0].strip() for process in processes}
    assert ids == {station_key(settings).key_id}
    assert len(vouched_for(settings)) == 1


def test_the_key_id_is_what_openssl_and_sha256sum_give(settings: Settings) -> None:
    key = station_key(settings).public
    der = key._key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert key.key_id == hashlib.sha256(der).hexdigest()[:16]


def test_a_file_of_several_public_keys_is_read_whole(settings: Settings, tmp_path: Path) -> None:
    keys = [rotate(settings).public for _ in range(3)]
    file = tmp_path / "station.pub.pem"
    file.write_text("".join(key.pem for key in keys))
    assert list(read_public_keys(file)) == keys


def test_other_kinds_of_keys_are_refused(tmp_path: Path, private: Path, settings: Settings) -> None:
    other = generate_private_key(SECP256R1())
    file = tmp_path / "other.pem"
    file.write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        read_public_keys(file)
    with pytest.raises(KeyUnusable, match="holds no public key"):
        read_public_keys(private)
    private.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        station_key(settings)
