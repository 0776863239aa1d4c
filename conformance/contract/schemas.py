"""Schema violations of a body, as sentences in both languages.

The schemas are files, one set for each documentation language (`schemas/en`, `schemas/zh`). Each set is derived from
the pages of its language (`conformance.derive`). `x-source` beside the keywords says where each came from, and a
violation cites the places of the keyword that it violates.

`schema_dialect` finds the violations. This module writes the sentences and shows at most one line of a body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from conformance.contract import timestamps
from conformance.contract.citations import source
from conformance.contract.json_pointer import pointer_step
from conformance.contract.schema_files import load_derived_file
from conformance.text import Lang, Text, join

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

SchemaName = Literal["work_item", "polled_item", "work_list", "heartbeat", "stats", "error"]

ERROR_STATUSES: Final = (400, 401, 403, 404, 409, 412)
"""The statuses in the pages' error tables (section "Errors", in Chinese "错误码")."""

STEMS: Final = (
    "work_item",
    "polled_item",
    "work_list",
    "heartbeat",
    "stats",
    *(f"error_{status}" for status in ERROR_STATUSES),
)
"""The schema files of each language, without `.schema.json`."""

MAX_VIOLATIONS: Final = 100
"""The first hundred violations are enough to refuse a body that has a million."""

_SHOWN: Final = 120
_PRECEDENCE: Final = ("required", "type", "const", "enum", "minimum", "maximum", "format", "pattern")
_UTC_OFFSET: Final = "(?:[Zz]|[+-]00:00)$"  # the spelling of the schemas
_BIG: Final = 10**100
_OR: Final = Text(" or ", "或 ")

_KINDS: Final = {
    "string": Text("a string", "字符串"),
    "null": Text("null", "null"),
    "object": Text("an object", "对象"),
    "array": Text("an array", "数组"),
    "boolean": Text("a boolean", "布尔值"),
    "number": Text("a number", "数字"),
    "integer": Text("an integer", "整数"),
}
_MESSAGES: Final = {
    "required": Text("required field {place} is missing", "响应缺少必需字段 {place}"),
    "type": Text(
        "{place} has the wrong JSON type: expected {expected}, got {actual}",
        "{place} 的 JSON 类型错误：预期 {expected}，实际 {actual}",
    ),
    "const": Text(
        "{place} is {actual}; the only documented value is {expected}",
        "{place} 为 {actual}，而文档规定的唯一取值是 {expected}",
    ),
    "enum": Text(
        "{place} is {actual}, which is none of the documented values {expected}",
        "{place} 为 {actual}，不在文档规定的取值 {expected} 之中",
    ),
    "minimum": Text("{place} is {actual}; it must be {expected}", "{place} 为 {actual}，应{expected}"),
    "maximum": Text("{place} is {actual}; it must be {expected}", "{place} 为 {actual}，应{expected}"),
    "format": Text(
        "{place} is {actual}, which is not a timestamp: {reason}",
        "{place} 为 {actual}，不是时间戳：{reason}",
    ),
    "pattern": Text(
        "{place} is {actual}; expected {expected}",
        "{place} 为 {actual}，预期为{expected}",
    ),
}


REQUIRED_FIELD: Final = Text("required field `{pointer}`", "必需字段 `{pointer}`")
"""What a schema expects where a required field is missing."""

MISSING_FIELD: Final = Text("missing required field `{pointer}`", "缺少必需字段 `{pointer}`")
"""What it found there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A place in a body that violates the schema.

    `pointer` is an RFC 6901 JSON pointer; for a missing field it points to where the field should be. In names that
    come from the target, unprintable characters are escaped and the text is cut to 120 characters. `keyword` is the
    violated JSON Schema keyword. `source` is where this keyword was derived from, cited in the schema's language: page,
    section, row, address. `at` are the lines of the paraphrased spec there.
    """

    pointer: str
    keyword: str
    message: Text
    expected: Text
    actual: Text
    source: str
    at: tuple[str, ...]


def load(lang: Lang, stem: str) -> Mapping[str, Any]:
    """Return one schema file, for example `load("en", "error_409")`. Do not modify the result: it is cached.

    Raises:
        SchemaFilesMissing: the file is missing.
    """
    return load_derived_file(f"{lang}/{stem}.schema.json")


@cache
def validators(lang: Lang) -> Mapping[str, Validator]:
    """Return the compiled schemas of one language by the names in `STEMS`.

    Raises:
        SchemaFilesMissing: a schema file is missing.
    """
    from conformance.contract import schema_dialect  # jsonschema is slow to import, and `list` does not need it

    return MappingProxyType({stem: schema_dialect.build_validator(load(lang, stem)) for stem in STEMS})


def violations(schema_name: SchemaName, lang: Lang, instance: object, *, status: int | None) -> list[Violation]:
    """Return the violations of `instance` against the schema of `lang`, ordered by pointer; empty if it is valid.

    Each place is listed once, with its most basic violation: a number in place of a constant string has the wrong type,
    so its wrong value is not listed as well.

    `status` selects the error schema; other schemas do not use it. `instance` is a JSON value.

    Raises:
        ValueError: no page documents an error for `status`.
        SchemaFilesMissing: a schema file is missing.
    """
    stem: str = schema_name
    if schema_name == "error":
        if status not in ERROR_STATUSES:
            raise ValueError(f"no page documents an error for HTTP {status}")
        stem = f"error_{status}"
    worst: dict[tuple[str | int, ...], ValidationError] = {}
    for error in islice(validators(lang)[stem].iter_errors(cast(Any, instance)), MAX_VIOLATIONS):
        place = tuple(error.absolute_path)
        if place not in worst or _rank(error) < _rank(worst[place]):
            worst[place] = error
    schema = load(lang, stem)
    found = (_worded(error, place, schema, lang) for place, error in worst.items())
    return sorted(found, key=lambda violation: violation.pointer)


def _rank(error: ValidationError) -> int:
    return _PRECEDENCE.index(str(error.validator))


def _worded(error: ValidationError, place: tuple[str | int, ...], schema: Mapping[str, Any], lang: Lang) -> Violation:
    keyword = str(error.validator)
    missing = keyword == "required"
    pointer = "".join("/" + _step(str(step)) for step in place)
    expected = _expected(keyword, error.validator_value, pointer)
    actual = MISSING_FIELD.format(pointer=pointer) if missing else display_value(error.instance)
    reason = error.cause.reason if isinstance(error.cause, timestamps.NotTimestamp) else ""
    name = Text("`{p}`", "`{p}`").format(p=_cut(pointer)) if pointer else Text("the body", "响应体")
    message = _MESSAGES[keyword].format(place=name, expected=expected, actual=actual, reason=reason)
    here: Any = schema
    for step in list(error.absolute_schema_path)[:-1]:
        here = here[step]
    places = here["x-source"][keyword][place[-1]] if missing else here["x-source"][keyword]
    return Violation(
        pointer=pointer,
        keyword=keyword,
        message=message,
        expected=expected,
        actual=actual,
        source=_cited(places, lang),
        at=tuple(each["at"] for each in places),
    )


def _cited(places: list[Mapping[str, str]], lang: Lang) -> str:
    cited = dict.fromkeys(source(place["ref"]).cite(lang) for place in places)
    return {"en": "; ", "zh": "；"}[lang].join(cited)


def _expected(keyword: str, value: Any, pointer: str) -> Text:
    match keyword:
        case "required":
            return REQUIRED_FIELD.format(pointer=pointer)
        case "type":
            return join(_OR, [_KINDS[kind] for kind in ([value] if isinstance(value, str) else value)])
        case "enum":
            return join(Text(", ", "、"), [display_value(choice) for choice in value])
        case "minimum":
            return Text(f"at least {value}", f"不小于 {value}")
        case "maximum":
            return Text(f"at most {value}", f"不大于 {value}")
        case "format":
            return Text("an RFC 3339 timestamp", "RFC 3339 时间戳")
        case "pattern":
            return _expected_by_pattern(str(value))
        case _:
            return display_value(value)


def _expected_by_pattern(pattern: str) -> Text:
    if pattern == _UTC_OFFSET:
        return Text("in UTC (offset Z, +00:00 or -00:00)", "UTC 时间（偏移为 Z、+00:00 或 -00:00）")
    prefix = pattern.removeprefix("^")
    return Text("a string that starts with {prefix}", "以 {prefix} 开头的字符串").format(prefix=prefix)


def display_value(value: object) -> Text:
    """Return `value` for display: scalars as JSON, cut to 120 characters, containers by size."""
    match value:
        case str():
            # One character more than shown is enough to see whether the text is cut.
            return _cut(_printable(json.dumps(value[: _SHOWN + 1], ensure_ascii=False)))
        case dict():
            return Text("an object (fields: {n})", "对象（字段数：{n}）").format(n=len(value))
        case list():
            return Text("an array (elements: {n})", "数组（元素数：{n}）").format(n=len(value))
        case int() if not -_BIG < value < _BIG:
            return Text("a number of more than 100 digits", "超过 100 位的数字")
        case None | bool() | int() | float():
            text = json.dumps(value)
            return Text(text, text)
    raise TypeError(f"{type(value).__name__} is not a JSON type")


def _printable(text: str) -> str:
    """Escape characters that break a line, reorder it or have no UTF-8 form."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _step(name: str) -> str:
    """Return a name as one step of a JSON pointer, safe to print and not too long."""
    return pointer_step(_cut(_printable(name[: _SHOWN + 1])).en)


def _cut(text: str) -> Text:
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return Text(short, short)
