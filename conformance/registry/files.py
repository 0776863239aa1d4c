"""The files of a registry: their names, largest sizes, and the one form of their JSON."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from conformance.certificate.bundle import MAX_BYTES

INDEX: Final = "index.json"
POLICY: Final = "policy.toml"
ENTRIES: Final = "entries"
CERTIFICATES: Final = "certificates"
GIT_ATTRIBUTES: Final = ".gitattributes"
"""Keeps git from changing line ends, which digests cover."""

PAGES: Final = {"en": "index.html", "zh": "index.zh.html"}

MAX_INDEX: Final = 4 << 20
MAX_ENTRY: Final = 64 << 10
MAX_POLICY: Final = 64 << 10
MAX_PAGE: Final = 32 << 20
MAX_CERTIFICATE: Final = MAX_BYTES

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FORM: Final = "%Y-%m-%dT%H:%M:%SZ"


def entry_file(digest: str) -> str:
    """Return the path of a certificate's entry."""
    return f"{ENTRIES}/{require_digest(digest)}.json"


def certificate_file(digest: str) -> str:
    """Return the path of a certificate."""
    return f"{CERTIFICATES}/{require_digest(digest)}.json"


def sha256(content: bytes) -> str:
    """Return the SHA-256 digest in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def require_digest(value: object) -> str:
    """Return the value: a SHA-256 digest in hexadecimal. Paths are made of nothing else.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("not a digest")
    return value


def stamp(at: datetime) -> str:
    """Return a point in time as text, in UTC to the second."""
    return at.astimezone(UTC).strftime(_FORM)


def moment_of(value: object) -> datetime:
    """Return the point in time that `stamp` wrote.

    Raises:
        ValueError: it did not write it.
    """
    at = datetime.strptime(str(value), _FORM).replace(tzinfo=UTC)
    if stamp(at) != value:
        raise ValueError("not a point in time")
    return at


def dumped(value: Any) -> bytes:
    """Return the only form of a JSON value in a registry: sorted keys, one line each, ASCII."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"
