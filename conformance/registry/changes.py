"""The changes that an authority makes to its registry. Each reads the folder as a whole, signs it and writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from conformance.certificate.bundle import BrokenBundle, NewerBundle, read_bundle
from conformance.certificate.signing import SigningKey
from conformance.contract.catalogue import load_catalogue
from conformance.registry.entry import Entry, is_reason
from conformance.registry.errors import Refused
from conformance.registry.files import GIT_ATTRIBUTES, MAX_CERTIFICATE, stamp
from conformance.registry.index import Index
from conformance.registry.keys import first_key, rotated
from conformance.registry.listing import digest_of
from conformance.registry.store import Registry, read_registry, signed_again, write_registry
from conformance.registry.submission import Wanted, accept, check
from conformance.registry.unfinished import Repeated
from conformance.text import Text

_NOT_EMPTY: Final = Text("{path} is not empty; name a new folder.", "{path} 不是空目录；请指定新的目录。")
_NOBODY: Final = Text("The registry has no certificate {digest}.", "登记册中没有证书 {digest}。")
_SEVERAL: Final = Text(
    "Several certificates begin with {digest}; give more digits.", "有多个证书以 {digest} 开头；请给出更多位。"
)
_TWICE: Final = Text("It was revoked at {at} already: {reason}", "它已于 {at} 撤销：{reason}")
_NO_REASON: Final = Text(
    "Give a reason of one printable line, at most 300 characters.", "请给出一行可打印文字作为原因，至多 300 个字符。"
)
_SAME_KEY: Final = Text(
    "{key} is or was a key of the registry; make a new one.", "{key} 是或曾是登记册的密钥；请生成新的密钥。"
)


def create(path: Path, name: str, key: SigningKey, policy: bytes, *, grace_days: int | None, at: datetime) -> Registry:
    """Create an empty registry in a folder that is new, empty, or has nothing but hidden files such as `.git`.

    Raises:
        Refused: the folder has files.
        OSError: a file cannot be written.
    """
    if path.exists() and any(not each.name.startswith(".") for each in path.iterdir()):
        raise Refused([_NOT_EMPTY.format(path=path)])
    path.mkdir(parents=True, exist_ok=True)
    index = Index(
        name=name,
        sequence=1,
        signed_at=stamp(at),
        keys=first_key(key.public, at),
        requirement_sets={load_catalogue().version: stamp(at)},
        files={},
        entries={},
        grace_days=grace_days,
    )
    (path / GIT_ATTRIBUTES).write_text("* -text\n", "ascii")
    return write_registry(path, Registry(index=index, entries={}, policy=policy), key, {})


def add(path: Path, content: bytes, key: SigningKey, wanted: Wanted, *, at: datetime) -> Entry:
    """List a certificate, with the authority's signature beside the vendor's.

    Raises:
        Refused: there is a reason against it.
        UnusableRegistry: the folder is not as the authority signed it.
        OSError: a file cannot be written.
    """
    registry = signed_again(read_registry(path, repeated=Repeated(added=_digest_in(content))), key, at)
    registry, entry, signed = accept(registry, check(registry, content, wanted, at=at), key)
    write_registry(path, registry, key, {entry.digest: signed})
    return entry


def revoke(path: Path, digest: str, reason: str, key: SigningKey, *, at: datetime) -> Entry:
    """Revoke a certificate; `digest` is its digest or the beginning of it. The entry stays, with the reason.

    Raises:
        Refused: it is not in the registry, was revoked before, or the reason is no line of text.
        UnusableRegistry: the folder is not as the authority signed it.
        OSError: a file cannot be written.
    """
    registry = signed_again(read_registry(path, repeated=Repeated(revoked=digest)), key, at)
    if not is_reason(reason):
        raise Refused([_NO_REASON])
    found = [entry for entry in registry.entries.values() if entry.digest.startswith(digest)]
    if len(found) != 1:
        raise Refused([(_SEVERAL if found else _NOBODY).format(digest=digest)])
    [entry] = found
    if entry.status == "revoked":
        raise Refused([_TWICE.format(at=entry.revoked_at, reason=entry.reason)])
    entry = entry.revoked(at, reason)
    write_registry(path, replace(registry, entries={**registry.entries, entry.digest: entry}), key, {})
    return entry


def rotate(path: Path, key: SigningKey, new: SigningKey, *, at: datetime) -> Registry:
    """Hand over to a new key, which the old one signs. Signatures that the old key made so far hold.

    Raises:
        Refused: the key is not the newest one, or the new key is not new.
        UnusableRegistry: the folder is not as the authority signed it.
        OSError: a file cannot be written.
    """
    registry = signed_again(read_registry(path, repeated=Repeated()), key, at)
    index = registry.index
    if index.knows(new.public):
        raise Refused([_SAME_KEY.format(key=new.public.fingerprint)])
    keys = rotated(index.keys, index.name, key, new.public, at)
    return write_registry(path, replace(registry, index=replace(index, keys=keys)), new, {})


def refresh(path: Path, key: SigningKey, *, policy: bytes | None, at: datetime) -> Registry:
    """Sign the registry again: with today's date, the newest requirement set, and a new policy if there is one.

    Raises:
        Refused: the key is not the newest one.
        UnusableRegistry: the folder is not as the authority signed it.
        OSError: a file cannot be written.
    """
    registry = signed_again(read_registry(path, repeated=Repeated(policy=policy)), key, at)
    if policy is not None:
        registry = replace(registry, policy=policy)
    return write_registry(path, registry, key, {})


def _digest_in(content: bytes) -> str | None:
    """Return the digest under which a certificate would be listed; None if it is none."""
    if len(content) > MAX_CERTIFICATE:
        return None
    try:
        return digest_of(read_bundle(content))
    except (BrokenBundle, NewerBundle):
        return None
