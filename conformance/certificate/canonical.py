"""JSON in the one form that a certificate and its statement have: a value has exactly one spelling."""

from __future__ import annotations

import base64
import binascii
import json


def canonical(value: object) -> bytes:
    """The value's only spelling: keys sorted, no white space, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def encoded(content: bytes) -> str:
    """Base64 in the standard alphabet, padded."""
    return base64.b64encode(content).decode("ascii")


def decoded(text: str) -> bytes:
    """What `encoded` wrote.

    Raises:
        ValueError: it is not base64, or not the spelling that `encoded` gives.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if encoded(content) != text:
        raise ValueError("base64 in another spelling")
    return content
