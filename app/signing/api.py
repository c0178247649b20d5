"""`/api/v1/station/signing-key`."""

from __future__ import annotations

from typing import Any

from app.signing.keys import PublicKey, station_public_keys
from app.web.bodies import Answer, example
from app.web.dependencies import Actor, CurrentSettings
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["station"])

_KEY: dict[str, Any] = {
    "key_id": "5b1f0c7a92d34e88",
    "public_key": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA...\n-----END PUBLIC KEY-----\n",
}


class PublicKeyOut(Answer):
    model_config = Answer.model_config | example(**_KEY)

    key_id: str
    public_key: str
    """PEM, for `openssl` and `danpa verify --key`."""

    @classmethod
    def of(cls, key: PublicKey) -> PublicKeyOut:
        return cls(key_id=key.key_id, public_key=key.pem)


class SigningKeyOut(PublicKeyOut):
    model_config = Answer.model_config | example(**_KEY, algorithm="Ed25519", earlier=[])

    algorithm: str = "Ed25519"
    earlier: list[PublicKeyOut]
    """The keys before it, whose signatures still hold."""


@router.get("/station/signing-key", summary="The public key that verifies the manifests beside the audio")
def read_signing_key(settings: CurrentSettings, _actor: Actor) -> SigningKeyOut:
    keys = station_public_keys(settings)
    return SigningKeyOut(
        key_id=keys.current.key_id,
        public_key=keys.current.pem,
        earlier=[PublicKeyOut.of(key) for key in keys.earlier],
    )
