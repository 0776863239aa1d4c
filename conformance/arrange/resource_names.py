"""Names of what a run makes: plain ones say so, and keyed ones look like any other and are recognised all the same.

A target could behave well where it sees the suite's name, so most of what a run makes has a name that says nothing. It
holds the run's id, under a mask, and a tag by which `clean` knows it without a journal: of 2^64 names that somebody
else gives one passes for the suite's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime
from typing import Final

SUITE_METADATA: Final = "work-conformance"
NAME_PREFIX: Final = "work-conformance-"

_RUN: Final = r"(?P<time>\d{8}T\d{6})-(?P<random>[0-9a-f]{6})"
_RUN_ID: Final = re.compile(_RUN)
_PLAIN: Final = re.compile(rf"(?P<run>{NAME_PREFIX}{_RUN})-")
_KEYED: Final = re.compile(r"[a-z](?P<code>[a-z2-7]{32})")
_TIME: Final = "%Y%m%dT%H%M%S"
_KEY: Final = b"work-conformance names"
_TAG: Final = 8
_LABEL: Final = 5
_WORDS: Final = ("batch", "owner", "project", "reference", "team", "ticket")
"""Keys of metadata that may mean anything."""


def object_name(run_id: str, label: str, *, keyed: bool = False) -> str:
    """The name of something that a run makes: recognisable, and unique within the account."""
    run = _RUN_ID.fullmatch(run_id) if keyed else None
    payload = _packed(run, label) if run is not None else None
    if payload is None:
        return f"{NAME_PREFIX}{run_id}-{label}"
    tag = _digest(payload, _TAG)
    code = base64.b32encode(tag + _masked(payload, tag)).decode().lower()
    return chr(ord("a") + tag[0] % 26) + code


def run_of_name(name: str) -> str | None:
    """The id of the run that gave this name; None where it is no run's."""
    plain = _PLAIN.match(name)
    if plain is not None:
        return plain["run"].removeprefix(NAME_PREFIX)
    keyed = _KEYED.fullmatch(name)
    return _unpacked(name, keyed["code"]) if keyed is not None else None


def metadata(run_id: str, label: str, *, keyed: bool = False) -> dict[str, str]:
    """What goes with the name: the run, or one entry that says nothing."""
    if not keyed:
        return {"suite": SUITE_METADATA, "run": run_id}
    digest = _digest(f"{run_id} {label}".encode(), 16)
    return {_WORDS[digest[0] % len(_WORDS)]: digest.hex()}


def _packed(run: re.Match[str], label: str) -> bytes | None:
    """Run and label in twelve bytes, each label other ones; None where the run's time is none."""
    try:
        seconds = int(datetime.strptime(run["time"], _TIME).replace(tzinfo=UTC).timestamp())
        return seconds.to_bytes(4, "big") + bytes.fromhex(run["random"]) + _digest(label.encode(), _LABEL)
    except (ValueError, OverflowError):
        return None


def _unpacked(name: str, code: str) -> str | None:
    try:
        raw = base64.b32decode(code.upper())
    except binascii.Error:
        return None
    tag, payload = raw[:_TAG], _masked(raw[_TAG:], raw[:_TAG])
    if _digest(payload, _TAG) != tag or ord(name[0]) != ord("a") + tag[0] % 26:
        return None
    moment = datetime.fromtimestamp(int.from_bytes(payload[:4], "big"), UTC)
    return f"{moment.strftime(_TIME)}-{payload[4:7].hex()}"


def _masked(payload: bytes, tag: bytes) -> bytes:
    """The payload under a mask that the tag gives; masked again, it is the payload."""
    return bytes(one ^ other for one, other in zip(payload, _digest(tag, len(payload)), strict=True))


def _digest(content: bytes, size: int) -> bytes:
    return hashlib.blake2b(content, key=_KEY, digest_size=size).digest()
