"""Ed25519 keys and DSSE envelopes, through `securesystemslib`.

A key's fingerprint is the SHA-256 of its public half in DER; `openssl pkey -pubin -outform DER` and `sha256sum` also
show it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, Signature, SSlibKey

from conformance.text import Text

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
SIGNATURE_LENGTH: Final = 64

_ED25519: Final = "ed25519"
_BEGIN: Final = b"-----BEGIN "


class UnusableKey(Exception):
    """The text is not a key that can be used; `reason` is a clause that says why."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Text(en, zh)
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key: its PEM text in the form that `read_public` writes, and its fingerprint."""

    pem: str
    fingerprint: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair. Its repr shows the public half alone."""

    public: PublicKey
    _private: Ed25519PrivateKey

    def pem(self, password: bytes | None) -> bytes:
        """Return the private half as PKCS #8, encrypted if there is a password."""
        how: KeySerializationEncryption = BestAvailableEncryption(password) if password else NoEncryption()
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)

    def sign(self, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
        """Return the signature over the payload in a DSSE envelope."""
        signer = CryptoSigner(self._private, _library_key(self.public))
        return bytes.fromhex(Envelope(payload, payload_type, {}).sign(signer).signature)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.fingerprint})"


def new_key() -> SigningKey:
    """Return a new key pair."""
    private = Ed25519PrivateKey.generate()
    return SigningKey(_public(private.public_key()), private)


def read_private(content: bytes, password: bytes | None) -> SigningKey:
    """Return the key pair from the private half in PEM.

    Raises:
        UnusableKey: it is not such a key, or the password is wrong.
    """
    _refuse_several(content)
    try:
        private = load_pem_private_key(content, password)
    except TypeError:
        if password is None:
            raise UnusableKey(
                "is encrypted; name the environment variable with its password with --password-env",
                "已加密；请用 --password-env 指明存放密码的变量",
            ) from None
        raise UnusableKey(
            "is not encrypted, but a password was given; remove --password-env",
            "未加密，却给出了密码；请去掉 --password-env",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if password is not None:
            raise UnusableKey(
                "is not a private key in PEM, or the password is wrong", "不是 PEM 格式的私钥，或密码不正确"
            ) from None
        raise UnusableKey("is not a private key in PEM", "不是 PEM 格式的私钥") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UnusableKey(
            "is not an Ed25519 key; make one with `work-conformance key`",
            "不是 Ed25519 密钥；可用 `work-conformance key` 生成",
        )
    return SigningKey(_public(private.public_key()), private)


def read_public(content: bytes) -> PublicKey:
    """Return a public key in PEM.

    Raises:
        UnusableKey: it is not such a key, or not of Ed25519.
    """
    _refuse_several(content)
    try:
        public = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("is not a public key in PEM", "不是 PEM 格式的公钥") from None
    if not isinstance(public, Ed25519PublicKey):
        raise UnusableKey("is not an Ed25519 key", "不是 Ed25519 密钥")
    return _public(public)


def _refuse_several(content: bytes) -> None:
    """Check that a file has one key: of several, a reader could expect another one than the first."""
    if content.count(_BEGIN) > 1:
        raise UnusableKey("has more than one key; give a file with one", "含有不止一把密钥；请给出只含一把的文件")


def is_signed(payload: bytes, signature: bytes, key: PublicKey, payload_type: str = PAYLOAD_TYPE) -> bool:
    """Return whether the key made the signature over the payload in its envelope."""
    signed = Signature(key.fingerprint, signature.hex())
    envelope = Envelope(payload, payload_type, {key.fingerprint: signed})
    try:
        envelope.verify([_library_key(key)], threshold=1)
    except VerificationError:
        return False
    return True


def _public(key: Ed25519PublicKey) -> PublicKey:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(
        pem=key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        fingerprint=hashlib.sha256(der).hexdigest(),
        raw=key.public_bytes(Encoding.Raw, PublicFormat.Raw),
    )


def _library_key(key: PublicKey) -> SSlibKey:
    return SSlibKey(key.fingerprint, _ED25519, _ED25519, {"public": key.raw.hex()})
