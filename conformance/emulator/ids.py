"""Generates resource ids, a prefix and the 32 lower-case hex digits of a UUID version 7, and request ids.

Every published example of a resource id has this format, and the list page says that ascending ids are in order of
creation. The last six digits of each id are a keyed digest of the others: by them an id shows that it comes from this
emulator. Variants write resource ids in other formats, some of which have no place for the mark; no variant changes the
request ids.
"""

import hashlib
import secrets
import uuid

from .clock import Clock

MARK_KEY = b"work-conformance emulator"
_MARK_BITS = 24
_TAIL_BITS = 74 - _MARK_BITS
_VERSION = 7 << 76
_VARIANT = 2 << 62


class IdGenerator:
    """Generates strictly ascending ids, even within one millisecond or if the clock steps back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._milliseconds = -1
        self._tail = 0

    def new_id(self, prefix: str) -> str:
        """Return a new id, for example ``work_019f3be4fd2475d9a784bf2c739e1194`` for the prefix ``work_``."""
        milliseconds = int(self._clock().timestamp() * 1000)
        if milliseconds > self._milliseconds:
            # The top bit stays zero, so that increments within this millisecond do not overflow the tail.
            self._milliseconds, self._tail = milliseconds, secrets.randbits(_TAIL_BITS - 1)
        else:
            self._tail += 1 + secrets.randbits(16)
        tail = self._tail << _MARK_BITS
        high, low = tail >> 62, tail & ((1 << 62) - 1)
        value = self._milliseconds << 80 | _VERSION | high << 64 | _VARIANT | low
        digits = f"{value:032x}"[: -_MARK_BITS // 4]
        return f"{prefix}{digits}{_mark(digits)}"


def new_request_id() -> str:
    """Return the id of a request that came without one: a UUID version 4 with the mark."""
    digits = uuid.uuid4().hex[: -_MARK_BITS // 4]
    return str(uuid.UUID(digits + _mark(digits)))


def _mark(digits: str) -> str:
    """Return the last digits of an id that begins with these."""
    return hashlib.blake2b(digits.encode(), key=MARK_KEY, digest_size=_MARK_BITS // 8).hexdigest()
