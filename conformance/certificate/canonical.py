"""The canonical JSON of certificates and statements: each value has exactly one form."""

from __future__ import annotations

import base64
import binascii
import json


def canonical(value: object) -> bytes:
    """Return the value's only form: keys sorted, no white space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def encode_base64(content: bytes) -> str:
    """Return Base64 in the standard alphabet, padded."""
    return base64.b64encode(content).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Decode what `encode_base64` wrote.

    Raises:
        ValueError: it is not base64, or not in the form that `encode_base64` writes.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if encode_base64(content) != text:
        raise ValueError("base64 is not in canonical form")
    return content
