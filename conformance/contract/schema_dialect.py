"""A JSON Schema validator (draft 2020-12) whose keywords cope with hostile bodies.

The keywords differ from jsonschema's own in three ways. They build no message: jsonschema's messages hold a `repr` of
the instance, which is huge for a large one and raises RecursionError for a deep one. Each missing field is an error
with its own place. Values are equal only if their types are equal (in Python, True == 1).

`date-time` has its own check too: the usual one accepts a trailing newline and refuses lower-case `t` and `z`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import FormatError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from conformance.contract import timestamps


def build_validator(schema: Mapping[str, Any]) -> Validator:
    """Return a validator whose errors have places, keywords and causes, but empty messages.

    It never sends a request: a reference to another document raises an error when it is reached.
    """
    return cast(Validator, _Dialect(schema, format_checker=_FORMATS, registry=Registry()))


def _type(validator: Any, types: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if not any(validator.is_type(instance, kind) for kind in ([types] if isinstance(types, str) else types)):
        yield ValidationError("")


def _required(_v: Any, names: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError("", path=(name,))


def _enum(_v: Any, choices: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if not any(type(instance) is type(choice) and instance == choice for choice in choices):
        yield ValidationError("")


def _const(validator: Any, value: Any, instance: object, schema: object) -> Iterator[ValidationError]:
    return _enum(validator, [value], instance, schema)


def _pattern(_v: Any, pattern: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.search(pattern, instance):
        yield ValidationError("")


def _format(validator: Any, name: Any, instance: object, _: object) -> Iterator[ValidationError]:
    try:
        validator.format_checker.check(instance, name)
    except FormatError as error:
        # The cause is a timestamps.NotTimestamp, which says why.
        yield ValidationError("", cause=error.cause)


def _minimum(validator: Any, bound: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and cast(Any, instance) < bound:
        yield ValidationError("")


def _maximum(validator: Any, bound: Any, instance: object, _: object) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and cast(Any, instance) > bound:
        yield ValidationError("")


def _date_time(instance: object) -> bool:
    """Accept RFC 3339 with any offset: another keyword of the schemas requires UTC."""
    if isinstance(instance, str):
        try:
            timestamps.parse(instance)
        except timestamps.NotUtc:
            return True
    return True


_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("date-time", raises=timestamps.NotTimestamp)(_date_time)

_Dialect: Final[Any] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "type": _type,
        "required": _required,
        "enum": _enum,
        "const": _const,
        "pattern": _pattern,
        "format": _format,
        "minimum": _minimum,
        "maximum": _maximum,
    },
)
