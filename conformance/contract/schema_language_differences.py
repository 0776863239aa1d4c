"""Differences between the schemas of the two languages, each derived from its own pages.

Both languages bind: a body has to satisfy both schemas. Where the schemas differ, the documentation contradicts
itself. Every report says so once, beside the ambiguity register.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from conformance.contract.schemas import STEMS, load
from conformance.text import Text

_NOT_COMPARED: Final = frozenset({"$id", "title", "x-source"})
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """A keyword that differs at one place. `says` is its value in each language, as JSON."""

    schema: str
    pointer: str
    says: Text

    @property
    def text(self) -> Text:
        """Return the difference as a sentence."""
        return Text(
            "{schema} at {pointer}: the English pages give {en}, the Chinese pages {zh}. A body has to satisfy both.",
            "{schema} 的 {pointer}：英文页面为 {en}，中文页面为 {zh}；响应体须同时满足两者。",
        ).format(schema=self.schema, pointer=self.pointer, en=self.says.en, zh=self.says.zh)


@cache
def schema_differences() -> tuple[SchemaDifference, ...]:
    """Return every difference between the schemas of the two languages.

    Raises:
        SchemaFilesMissing: a schema file is missing.
    """
    return tuple(difference for stem in STEMS for difference in differences(stem, load("en", stem), load("zh", stem)))


def differences(schema: str, en: Mapping[str, Any], zh: Mapping[str, Any]) -> list[SchemaDifference]:
    """Return the differences of two schemas, leaf by leaf."""
    return [
        SchemaDifference(schema, pointer, Text(_shown(left), _shown(right)))
        for pointer, left, right in _walk(en, zh, "")
    ]


def _walk(en: Any, zh: Any, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(en, dict) and isinstance(zh, dict):
        # Fields may have any name, so only names beside keywords are left out.
        fields = pointer.endswith("/properties")
        for name in dict.fromkeys((*en, *zh)):
            if fields or name not in _NOT_COMPARED:
                yield from _walk(en.get(name, _ABSENT), zh.get(name, _ABSENT), f"{pointer}/{name}")
    elif type(en) is not type(zh) or en != zh:
        yield pointer, en, zh


def _shown(value: Any) -> str:
    return "—" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
