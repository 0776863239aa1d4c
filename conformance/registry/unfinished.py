"""What an interrupted command left in a registry's folder, so that the same command can be repeated and completes it.

A command writes certificates, entries, policy and pages first, and the index last. Until then the old index holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.registry.entry import Entry, read_entry
from conformance.registry.files import CERTIFICATES, ENTRIES, sha256

_TEMPORARY: Final = re.compile(r"\.(?:[0-9a-f]{64}\.json|index\.json|policy\.toml|index(?:\.zh)?\.html)\.[0-9]+")
"""Names of the temporary files that `write_atomically` leaves if its process is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What a command is about to write, and may have written before it was interrupted.

    `added` is the digest of a new certificate, `revoked` the beginning of a digest, `policy` the new policy.
    """

    added: str | None = None
    revoked: str | None = None
    policy: bytes | None = None

    def is_added(self, name: str) -> bool:
        """Return whether a file in the folder of entries or certificates is that of the new certificate."""
        return is_temporary(name) or (self.added is not None and name == f"{self.added}.json")

    def entry_before(self, digest: str, content: bytes, signed: str) -> Entry | None:
        """Return the signed entry from one that was revoked without a new index; None if it is anything else."""
        if self.revoked is None or not digest.startswith(self.revoked):
            return None
        try:
            entry = replace(read_entry(content), status="listed", revoked_at=None, reason=None)
        except ValueError:
            return None
        return entry if sha256(entry.dumps()) == signed else None


def is_temporary(name: str) -> bool:
    """Return whether a file is a temporary one of a command that was killed."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_temporary_files(path: Path) -> None:
    """Delete the temporary files of commands that were killed.

    Raises:
        OSError: one cannot be deleted.
    """
    for folder in (path, path / ENTRIES, path / CERTIFICATES):
        for each in folder.iterdir():
            if is_temporary(each.name):
                each.unlink()
