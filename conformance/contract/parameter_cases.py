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
    """Return what is no allowed integer, by name: one beyond each bound, a negative number, a fraction, a word.

    An empty value is not among them: the pages do not say whether it counts as none (`open_queries`). Errors as above.
    """
    schema = _schema(operation, parameter)
    minimum, maximum = schema.get("minimum"), schema.get("maximum")
    found: dict[str, str] = {}
    if minimum is not None and minimum != 0:  # one below zero is the negative number
        found["below"] = str(minimum - 1)
    if maximum is not None:
        found["above"] = str(maximum + 1)
    if minimum is not None and minimum >= 0:
        found["negative"] = "-1"
    return found | {"fraction": "1.5", "word": "ten"}


def open_queries(operation: str, parameter: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return queries that no page mentions, by name: the parameter without a value, and twice with different values.

    The two values are the least allowed one and the next. Errors as above.
    """
    schema = _schema(operation, parameter)
    least = int(schema.get("minimum", 1))
    return {"empty": ((parameter, ""),), "repeated": ((parameter, str(least)), (parameter, str(least + 1)))}


def _schema(operation: str, parameter: str) -> Mapping[str, Any]:
    """Return the schema of one query parameter. A test compares those of the two languages."""
    schema: Mapping[str, Any] = load_derived_file(f"en/query_{operation}.schema.json")["properties"][parameter]
    return schema
