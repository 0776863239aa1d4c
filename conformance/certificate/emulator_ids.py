"""Recognises the suite's own emulator by the ids in the requests, also if nothing else says that it was the target."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from conformance.exchange import Transcript

ENOUGH: Final = 3
"""Distinct marked ids; each would occur by chance once in 2^24 ids."""

_KEY: Final = b"work-conformance emulator"
_MARK: Final = 6
_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])")


def is_emulator(transcripts: Iterable[Transcript]) -> bool:
    """Return whether ids in the URLs of the requests are those that the emulator generates."""
    found: set[str] = set()
    for transcript in transcripts:
        for exchange in transcript.exchanges:
            found |= {name for name in _ID.findall(exchange.request.url) if name not in found and _is_marked(name)}
            if len(found) >= ENOUGH:
                return True
    return False


def _is_marked(name: str) -> bool:
    digits = name.replace("-", "")
    mark = hashlib.blake2b(digits[:-_MARK].encode(), key=_KEY, digest_size=_MARK // 2).hexdigest()
    return digits.endswith(mark)
