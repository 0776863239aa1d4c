"""JSON in the one form that a certificate and its statement have: a value has exactly one spelling."""

from __future__ import annotations

import base64
import binascii
import json


def canonical(value: object) -> bytes:
    """The value's only spelling: keys sorted, no white space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def encode_base64(content: bytes) -> str:
    """Base64 in the standard alphabet, padded."""
    return base64.b64encode(content).decode("ascii")


def decode_base64(text: str) -> bytes:
    """What `encode_base64` wrote.

    Raises:
        ValueError: it is not base64, or not the spelling that `encode_base64` gives.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if encode_base64(content) != text:
        raise ValueError("base64 in another spelling")
    return content
