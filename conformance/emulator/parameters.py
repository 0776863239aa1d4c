"""Reads query parameters and JSON bodies. Raises ApiError 400 for invalid ones."""

import json
import re
from collections.abc import Mapping
from typing import Never, cast

from starlette.datastructures import ImmutableMultiDict

from .errors import JsonObject, invalid_request

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)

MAX_METADATA_KEYS = 16
MAX_METADATA_KEY_CHARACTERS = 64
MAX_METADATA_VALUE_CHARACTERS = 512


class Query:
    """The query parameters of a request. The last value of a repeated parameter counts, except for `texts`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """Return the value as sent, or None if absent."""
        return self._values.get(name)

    def texts(self, name: str) -> list[str]:
        """Return every value of a repeated parameter, as sent."""
        if isinstance(self._values, ImmutableMultiDict):
            return list(self._values.getlist(name))
        return [self._values[name]] if name in self._values else []

    def integer(self, name: str, *, minimum: int, maximum: int | None = None) -> int | None:
        """Return an integer within the bounds, or None if absent. Raises ApiError 400 for any other value."""
        text = self._values.get(name)
        if text is None:
            return None
        bounds = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        refusal = invalid_request(f"{name} must be an integer {bounds}.", name)
        if _INTEGER.fullmatch(text) is None:
            raise refusal
        try:
            value = int(text)
        except ValueError:  # thousands of digits, which Python refuses to convert
            raise refusal from None
        if value < minimum or (maximum is not None and value > maximum):
            raise refusal
        return value


def _no_such_number(text: str) -> Never:
    raise ValueError(f"{text} is not JSON")


def json_object(body: bytes, *, blank_is_empty: bool = False) -> JsonObject:
    """Return the JSON object in a request body. With ``blank_is_empty``, an empty body means ``{}``.

    Raises ApiError 400 for a body that is not a JSON object in valid UTF-8.
    """
    if blank_is_empty and not body.strip():
        return {}
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_such_number)
        # The parser accepts an escaped lone surrogate or 1e999, but they could not be sent back.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise invalid_request("The request body must be valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid_request("The request body must be a JSON object.")
    return cast("JsonObject", value)


def required_text(document: JsonObject, name: str, *, maximum: int | None = None) -> str:
    """Return a field that must be a non-empty string of at most ``maximum`` characters."""
    value = document.get(name)
    if value is None:
        raise invalid_request(f"The field {name} is required.", name)
    if not isinstance(value, str) or not value.strip():
        raise invalid_request(f"{name} must be a non-empty string.", name)
    if maximum is not None and len(value) > maximum:
        raise invalid_request(f"{name} must have at most {maximum} characters.", name)
    return value


def optional_text(document: JsonObject, name: str) -> str | None:
    """Return a field that must be a string, or None if it is absent or null."""
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid_request(f"{name} must be a string.", name)
    return value


def metadata_patch(document: JsonObject) -> dict[str, str | None]:
    """Return the ``metadata`` of an update: a string sets a key, null removes it, and absent means no change."""
    value = document.get("metadata", {})
    if not isinstance(value, dict):
        raise invalid_request("metadata must be an object.", "metadata")
    if not all(entry is None or isinstance(entry, str) for entry in value.values()):
        raise invalid_request("Each value in metadata must be a string or null.", "metadata")
    return value


def new_metadata(document: JsonObject) -> dict[str, str]:
    """Return the ``metadata`` of a create: only string values, within the limits. Absent or null means none."""
    value = document.get("metadata")
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
        raise invalid_request("metadata must be an object with string values.", "metadata")
    return within_metadata_limits(value)


def within_metadata_limits(metadata: dict[str, str]) -> dict[str, str]:
    """Return the metadata. Raises ApiError 400 if it exceeds the limits of the shared schemas page."""
    if len(metadata) > MAX_METADATA_KEYS:
        raise invalid_request(f"metadata must have at most {MAX_METADATA_KEYS} keys.", "metadata")
    if any(len(key) > MAX_METADATA_KEY_CHARACTERS for key in metadata):
        raise invalid_request(
            f"Keys in metadata must have at most {MAX_METADATA_KEY_CHARACTERS} characters.", "metadata"
        )
    if any(len(value) > MAX_METADATA_VALUE_CHARACTERS for value in metadata.values()):
        raise invalid_request(
            f"Values in metadata must have at most {MAX_METADATA_VALUE_CHARACTERS} characters.", "metadata"
        )
    return metadata
