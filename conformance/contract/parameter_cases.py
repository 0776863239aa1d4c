"""Values of query parameters at and beyond their documented bounds, made from the derived schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.contract.schema_files import load_derived_file


def accepted_values(operation: str, parameter: str) -> Mapping[str, str]:
    """Return the bounds of an integer parameter, by name.

    Raises:
        SchemaFilesMissing: the schema file is missing.
        KeyError: the operation has no such parameter.
    """
    schema = _schema(operation, parameter)
    found = {
        name: schema[keyword] for name, keyword in (("least", "minimum"), ("most", "maximum")) if keyword in schema
    }
    return {name: str(value) for name, value in found.items()}


def refused_values(operation: str, parameter: str) -> Mapping[str, str]:
    """Return what is no allowed integer: one beyond each bound, a negative number, a fraction, a word. Errors as above."""
    schema = _schema(operation, parameter)
    found: dict[str, str] = {}
    if "minimum" in schema:
        found["below"] = str(schema["minimum"] - 1)
    if "maximum" in schema:
        found["above"] = str(schema["maximum"] + 1)
    found |= {"negative": "-1", "fraction": "1.5", "word": "ten"}
    if found.get("below") == found["negative"]:
        del found["below"]
    return found


def _schema(operation: str, parameter: str) -> Mapping[str, Any]:
    """Return the schema of one query parameter; both languages have the same (`schemas check`)."""
    schema: Mapping[str, Any] = load_derived_file(f"en/query_{operation}.schema.json")["properties"][parameter]
    return schema
