"""Recognises the suite's own emulator by its ids, also if nothing else says that it was the target."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.exchange import Exchange, Transcript

ENOUGH: Final = 3
"""Distinct marked ids; each would occur by chance once in 2^24 ids."""

_KEY: Final = b"work-conformance emulator"
_MARK: Final = 6
_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])")

_WORD: Final = re.compile(r"[0-9A-Za-z_-]{22,120}")
_ALPHABETS: Final = (
    ("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26, 26),
    (string.digits + string.ascii_uppercase + string.ascii_lowercase, 22, 28),
)
"""Alphabets of ULIDs and of ids without a pattern, with their shortest and longest ids."""


def is_emulator(transcripts: Iterable[Transcript]) -> bool:
    """Return whether ids in the URLs of the requests, or the request ids, are those that the emulator generates."""
    seen: set[str] = set()
    found = 0
    for transcript in transcripts:
        for exchange in transcript.exchanges:
            for name in set(_names(exchange)) - seen:
                seen.add(name)
                found += any(map(_is_marked, _spellings(name)))
            if found >= ENOUGH:
                return True
    return False


def _names(exchange: Exchange) -> Iterator[str]:
    """Yield what may be an id. A variant of the emulator may have resource ids without a mark, but marks each request id."""
    yield from _WORD.findall(exchange.request.url)
    if exchange.response is not None:
        yield from _WORD.findall(exchange.response.header("x-request-id") or "")


def _spellings(name: str) -> Iterator[str]:
    """Yield the hexadecimal digits that an id may stand for: variants of the emulator write them in other ways."""
    yield from (each.replace("-", "") for each in _ID.findall(name))
    last = name.rpartition("_")[2]
    for alphabet, length, longest in _ALPHABETS:
        if length <= len(last) <= longest and all(char in alphabet for char in last):
            number = 0
            for char in last[:length]:
                number = number * len(alphabet) + alphabet.index(char)
            yield f"{number:032x}"


def _is_marked(digits: str) -> bool:
    mark = hashlib.blake2b(digits[:-_MARK].encode(), key=_KEY, digest_size=_MARK // 2).hexdigest()
    return digits.endswith(mark)
