"""The keys of an authority, one after the other. Each new key is signed with the one before it.

Who trusts one of the keys can so follow the chain to the newest. Signatures that an older key made in its time hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from conformance.certificate.canonical import canonical, decode_base64, encode_base64
from conformance.certificate.signing import PublicKey, SigningKey, is_signed, read_public
from conformance.registry.files import moment_of, stamp

PAYLOAD_TYPE: Final = "application/vnd.work-conformance.registry+json"
_FORMAT: Final = "work-conformance-registry-key/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityKey:
    """A key, its first and last time, and the signature of the key before it. The first key has no such signature."""

    key: PublicKey
    since: str
    until: str | None = None
    signature: bytes | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `read_keys` reads."""
        signature = None if self.signature is None else encode_base64(self.signature)
        return {"key": self.key.pem, "since": self.since, "until": self.until, "signature": signature}


Keys = tuple[AuthorityKey, ...]


def first_key(key: PublicKey, at: datetime) -> Keys:
    """Return the keys of a new registry."""
    return (AuthorityKey(key=key, since=stamp(at)),)


def rotated(keys: Keys, registry: str, old: SigningKey, new: PublicKey, at: datetime) -> Keys:
    """Return the keys after the newest one handed over to a new one."""
    since = stamp(at)
    signature = old.sign(_handover(registry, old.public, new, since), PAYLOAD_TYPE)
    last = replace(keys[-1], until=since)
    return (*keys[:-1], last, AuthorityKey(key=new, since=since, signature=signature))


def read_keys(data: Any, registry: str) -> Keys:
    """Read a chain of keys, each signed with the one before it.

    Raises:
        ValueError: the chain is broken, or a key occurs twice.
    """
    keys = tuple(map(_key, data))
    if not keys or keys[0].signature is not None or keys[-1].until is not None:
        raise ValueError("not a chain of keys")
    for before, after in pairwise(keys):
        payload = _handover(registry, before.key, after.key, after.since)
        signed = after.signature is not None and is_signed(payload, after.signature, before.key, PAYLOAD_TYPE)
        if not signed or before.until != after.since or moment_of(before.since) > moment_of(after.since):
            raise ValueError("a key is not signed with the key before it")
    if len({each.key.fingerprint for each in keys}) < len(keys):
        raise ValueError("a key occurs twice")
    return keys


def was_valid(keys: Sequence[AuthorityKey], fingerprint: str, at: str) -> bool:
    """Return whether the key with that fingerprint was the authority's at that time."""
    return any(
        each.key.fingerprint == fingerprint
        and moment_of(each.since) <= moment_of(at)
        and (each.until is None or moment_of(at) <= moment_of(each.until))
        for each in keys
    )


def _key(data: Any) -> AuthorityKey:
    signature, until = data["signature"], data["until"]
    moment_of(data["since"])
    if until is not None:
        moment_of(until)
    return AuthorityKey(
        key=read_public(data["key"].encode("ascii")),
        since=data["since"],
        until=until,
        signature=None if signature is None else decode_base64(signature),
    )


def _handover(registry: str, old: PublicKey, new: PublicKey, since: str) -> bytes:
    return canonical(
        {"format": _FORMAT, "registry": registry, "from": old.fingerprint, "to": new.fingerprint, "since": since}
    )
