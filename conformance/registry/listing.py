"""What a registry says of a certificate, for third parties: listed, expired, revoked or unknown.

Only the index and one entry are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from conformance.certificate.bundle import Bundle
from conformance.certificate.signing import PublicKey
from conformance.certificate.statement import payload_of
from conformance.registry.entry import Entry, read_entry
from conformance.registry.errors import BrokenRegistry
from conformance.registry.fetch import Website
from conformance.registry.files import INDEX, MAX_ENTRY, MAX_INDEX, entry_file, sha256
from conformance.registry.freshness import DateProblem, date_problem
from conformance.registry.index import Index, read_index
from conformance.registry.keys import was_valid
from conformance.registry.source import Folder, Source
from conformance.registry.validity import Standing, standing_of
from conformance.text import Text

_OTHER_SIGNER: Final = Text(
    "The registry is signed with the key {signer}, and the given key {given} is not one of its keys.",
    "登记册由密钥 {signer} 签名，而所给密钥 {given} 不是它的任何一把密钥。",
)
_NOT_LISTED: Final = Text("The registry has no entry for this certificate.", "登记册中没有此证书的条目。")
_OTHER_KEY: Final = Text(
    "The registry lists this statement with the key {listed}, but the certificate is signed with {key}.",
    "登记册中该声明的密钥为 {listed}，而此证书由 {key} 签名。",
)
_CHANGED: Final = Text(
    "{name} is not the file that the authority signed: its digest differs.",
    "{name} 不是登记机构签名时的文件：摘要不一致。",
)
_NO_ENTRY: Final = Text("{name} is not an entry of a registry.", "{name} 不是登记册的条目。")
_NOT_THEN: Final = Text(
    "{name} names the key {key}, which was not the authority's at {at}.",
    "{name} 所称的密钥 {key} 在 {at} 并非登记机构的密钥。",
)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """How a certificate stands in a registry. `signer_known`: the caller gave one of the authority's keys.

    `date_problem` says that the index is too old, or dated in the future.
    """

    standing: Standing
    index: Index
    signer_known: bool
    reason: Text | None = None
    entry: Entry | None = None
    date_problem: DateProblem | None = None

    @property
    def is_confirmed(self) -> bool:
        """Whether the certificate is listed, by a recent index of a registry whose key the caller gave."""
        return self.standing == "listed" and self.signer_known and self.date_problem is None

    def to_json(self) -> Mapping[str, Any]:
        """Return the listing for programs."""
        return {
            "name": self.index.name,
            "standing": self.standing,
            "signer_known": self.signer_known,
            "signed_at": self.index.signed_at,
            "key": self.index.signer.fingerprint,
            "listed_at": None if self.entry is None else self.entry.listed_at,
        }


def source_of(place: str) -> Source:
    """Return where a registry's files are: below an address, or in a folder.

    Raises:
        UndecidedRegistry: the address is not https.
    """
    return Website(place) if "://" in place else Folder(Path(place))


def listing_of(
    bundle: Bundle, source: Source, key: PublicKey | None, *, at: datetime, max_age_days: int | None = None
) -> Listing:
    """Return what a registry says of a certificate at a point in time; without `max_age_days` the default applies.

    Raises:
        BrokenRegistry: its content is not what the owner of the given key signed.
        UndecidedRegistry: it cannot be read.
    """
    index = signed_index(source, key)
    digest = digest_of(bundle)
    unknown = Listing(
        standing="unknown",
        index=index,
        signer_known=key is not None,
        reason=_NOT_LISTED,
        date_problem=date_problem(index, at, max_age_days),
    )
    if digest not in index.entries:
        return unknown
    entry = entry_in(index, digest, source.read(entry_file(digest), MAX_ENTRY))
    if entry.key != bundle.key.fingerprint:
        return replace(unknown, reason=_OTHER_KEY.format(listed=entry.key, key=bundle.key.fingerprint))
    standing, reason = standing_of(entry, index, at)
    return replace(unknown, standing=standing, reason=reason, entry=entry)


def digest_of(bundle: Bundle) -> str:
    """Return the digest under which a registry lists a certificate: that of its signed statement."""
    return sha256(payload_of(bundle.certificate))


def signed_index(source: Source, key: PublicKey | None) -> Index:
    """Return the index of a registry; with a key, only if it is one of the authority's.

    Raises:
        BrokenRegistry: it is not signed, or by somebody else.
        UndecidedRegistry: it cannot be read.
    """
    index = read_index(source.read(INDEX, MAX_INDEX))
    if key is not None and not index.knows(key):
        raise BrokenRegistry(_OTHER_SIGNER.format(signer=index.signer.fingerprint, given=key.fingerprint))
    return index


def require_signed(name: str, content: bytes, digest: str) -> bytes:
    """Return the content of a file.

    Raises:
        BrokenRegistry: it does not have the digest that the authority signed.
    """
    if sha256(content) != digest:
        raise BrokenRegistry(_CHANGED.format(name=name))
    return content


def entry_in(index: Index, digest: str, content: bytes) -> Entry:
    """Return an entry from its bytes.

    Raises:
        BrokenRegistry: it is not the signed one, or the authority did not have the named key at that time.
    """
    name = entry_file(digest)
    try:
        entry = read_entry(require_signed(name, content, index.entries[digest]))
    except ValueError:
        raise BrokenRegistry(_NO_ENTRY.format(name=name)) from None
    if entry.digest != digest:
        raise BrokenRegistry(_NO_ENTRY.format(name=name))
    if not was_valid(index.keys, entry.authority, entry.listed_at):
        raise BrokenRegistry(_NOT_THEN.format(name=name, key=entry.authority, at=entry.listed_at))
    return entry
