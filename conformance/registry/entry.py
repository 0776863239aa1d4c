"""A registry's entry for one certificate, as a value and as a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final, Literal

from conformance.certificate.statement import ATTESTORS, Attestor
from conformance.contract.catalogue import version_numbers
from conformance.contract.operations import PROFILES, Profile
from conformance.product_names import is_line
from conformance.registry.files import dumped, moment_of, require_digest, stamp

FORMAT: Final = "work-conformance-registry-entry/1"
LONGEST_REASON: Final = 300

Status = Literal["listed", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a registry says of a certificate.

    `digest` is that of the signed statement, which stays the same when the authority adds its signature. `certificate`
    is that of the file. `key` is the fingerprint of the key that signed first, `authority` that of the authority's key
    on the day of listing. `traces` are digests of responses in the evidence. An entry without `valid_until` has no end.

    Raises:
        ValueError: a value is malformed, or a revocation lacks its date or reason.
    """

    digest: str
    certificate: str
    vendor: str
    product: str
    version: str
    catalogue: str
    suite: str
    started_at: str
    listed_at: str
    key: str
    authority: str
    traces: tuple[str, ...]
    attestation: Attestor = "self-attested"
    challenge: str | None = None
    valid_until: str | None = None
    status: Status = "listed"
    revoked_at: str | None = None
    reason: str | None = None
    profile: Profile = "ack"

    def __post_init__(self) -> None:
        for digest in (self.digest, self.certificate, self.key, self.authority):
            require_digest(digest)
        if not all(map(is_line, (self.vendor, self.product, self.version, self.catalogue, self.suite))):
            raise ValueError("not a line of text")
        if self.challenge is not None and not is_line(self.challenge):
            raise ValueError("not a challenge")
        if self.profile not in PROFILES:
            raise ValueError("not a profile")
        version_numbers(self.catalogue)
        for at in (
            self.started_at,
            self.listed_at,
            *(at for at in (self.valid_until, self.revoked_at) if at is not None),
        ):
            moment_of(at)
        if self.attestation not in ATTESTORS or not all(map(is_line, self.traces)):
            raise ValueError("not an attestation")
        revoked = self.revoked_at is not None and is_reason(self.reason)
        if not (revoked if self.status == "revoked" else self.reason is None and self.revoked_at is None):
            raise ValueError("a revocation has a date and a reason")
        if self.status not in ("listed", "revoked"):
            raise ValueError("not a status")

    def revoked(self, at: datetime, reason: str) -> Entry:
        """Return the entry of the certificate after it was revoked."""
        return replace(self, status="revoked", revoked_at=stamp(at), reason=reason)

    def dumps(self) -> bytes:
        """Return the file's bytes."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return dumped({**values, "format": FORMAT})


def read_entry(content: bytes) -> Entry:
    """Read what `Entry.dumps` wrote.

    Raises:
        ValueError: it did not write such bytes.
    """
    try:
        data = json.loads(content)
        values = {name: value for name, value in data.items() if name != "format"}
        entry = Entry(**{**values, "traces": tuple(values["traces"])})
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("not an entry") from None
    if entry.dumps() != content:
        raise ValueError("not an entry of this version")
    return entry


def is_reason(value: object) -> bool:
    """Return whether a value is one printable line that can be the reason of a revocation."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_REASON and value.isprintable() and bool(value.strip())
