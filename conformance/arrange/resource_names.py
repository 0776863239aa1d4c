"""Names of the objects that a run creates: plain names identify the suite, keyed ones only to the suite itself.

A target could behave well only when it recognises the suite's name, so most objects get a keyed name. It contains the
run's id, masked, and a tag by which `clean` recognises it without a journal. A foreign name passes for a keyed one with
a probability of 2^-64.
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
"""Metadata keys that identify nothing."""


def object_name(run_id: str, label: str, *, keyed: bool = False) -> str:
    """Return the name of an object that a run creates: recognisable, and unique within the account."""
    run = _RUN_ID.fullmatch(run_id) if keyed else None
    payload = _packed(run, label) if run is not None else None
    if payload is None:
        return f"{NAME_PREFIX}{run_id}-{label}"
    tag = _digest(payload, _TAG)
    code = base64.b32encode(tag + _masked(payload, tag)).decode().lower()
    return chr(ord("a") + tag[0] % 26) + code


def run_of_name(name: str) -> str | None:
    """Return the id of the run that gave this name; None if no run did."""
    plain = _PLAIN.match(name)
    if plain is not None:
        return plain["run"].removeprefix(NAME_PREFIX)
    keyed = _KEYED.fullmatch(name)
    return _unpacked(name, keyed["code"]) if keyed is not None else None


def metadata(run_id: str, label: str, *, keyed: bool = False) -> dict[str, str]:
    """Return the metadata beside the name: the run, or one entry that identifies nothing."""
    if not keyed:
        return {"suite": SUITE_METADATA, "run": run_id}
    digest = _digest(f"{run_id} {label}".encode(), 16)
    return {_WORDS[digest[0] % len(_WORDS)]: digest.hex()}


def _packed(run: re.Match[str], label: str) -> bytes | None:
    """Return run and label in twelve bytes, distinct for each label; None if the run's time is invalid."""
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
    """Return the payload masked with the tag; masking it again restores the payload."""
    return bytes(one ^ other for one, other in zip(payload, _digest(tag, len(payload)), strict=True))


def _digest(content: bytes, size: int) -> bytes:
    return hashlib.blake2b(content, key=_KEY, digest_size=size).digest()
