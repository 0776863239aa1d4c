"""Finds keys that a JSON object has twice: readers differ in which one counts, and so would see different evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.text import Text

_SHOWN: Final = 40
_TWICE: Final = Text(
    "{name} has the key {key} twice in one object: readers would see different evidence.",
    "{name} 中同一对象的键 {key} 出现两次：不同的读取方会看到不同的证据。",
)


def repeated_keys(files: Mapping[str, bytes]) -> Iterator[Text]:
    """Yield the files with such a key, each with the first one. The files are known to be JSON."""
    for name, content in files.items():
        twice: list[str] = []

        def pairs(found: list[tuple[str, Any]], twice: list[str] = twice) -> None:
            if len(found) > len({key for key, _ in found}):
                twice.append(next(key for at, (key, _) in enumerate(found) if key in {past for past, _ in found[:at]}))

        json.loads(content, object_pairs_hook=pairs)
        if twice:
            yield _TWICE.format(name=name, key=twice[0][:_SHOWN])
