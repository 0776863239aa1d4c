"""Reads values of a JSON body as they are written, in the same way as the scripts do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SCALAR: Final = re.compile(r'[^\]\[{},:" \t\r\n]+')
_CONTROL: Final = re.compile(r"[\x01-\x1f]")
_DEEPEST: Final = 60
_IDS: Final = (
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "H"),
    (re.compile(r"[0-9a-f]{16,}"), "H"),
    (re.compile(r"[0-9A-F]{16,}"), "X"),
    (re.compile(r"[0-9a-f]{8,}"), "H"),
)
_DIGITS: Final = re.compile(r"[0-9]+")


def values_by_pointer(text: str) -> dict[str, str]:
    """Return every value as it is written, by JSON pointer, up to the first syntax error; containers are `{` or `[`.

    Of members with the same name, the first counts.
    """
    values: dict[str, str] = {}
    for pointer, token in _read(_Reader(text), "", 0):
        values.setdefault(pointer, _CONTROL.sub(" ", token))
    return values


def shape(text: str) -> str:
    """Return a text without what differs between two runs: ids and numbers are replaced."""
    for pattern, letter in _IDS:
        text = pattern.sub(letter, text)
    return _DIGITS.sub("9", re.sub(r"[\t\r\n]", " ", text)).rstrip(" ")


def value_at(values: Mapping[str, str], pointer: str) -> str:
    """Return the value at a pointer: as it is written, or the sorted values in a container; empty if it is missing."""
    found = values.get(pointer, "")
    if found not in {"{", "["}:
        return found
    lines = [
        f"{place.removeprefix(pointer)}\t{each}" for place, each in values.items() if place.startswith(f"{pointer}/")
    ]
    return " ".join([found, *sorted(lines, key=str.encode)]).replace("\t", " ")


class _Reader:
    """A position in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def skip(self) -> str:
        """Skip white space and return the next character."""
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._text[self._at : self._at + 1]

    def take(self, pattern: re.Pattern[str]) -> str:
        """Return what matches next; nothing if nothing does."""
        self.skip()
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()


_OPEN: Final = re.compile(r"[\[{]")
_CLOSE: Final = re.compile(r"[\]}]")
_COLON: Final = re.compile(":")
_NEXT: Final = re.compile(r"[\]},]")


class _Malformed(Exception):
    """The text is not JSON from here on."""


def _read(reader: _Reader, place: str, depth: int) -> Iterator[tuple[str, str]]:
    try:
        yield from _value(reader, place, depth)
    except _Malformed:
        return


def _value(reader: _Reader, place: str, depth: int) -> Iterator[tuple[str, str]]:
    first = reader.skip()
    if first not in {"{", "["}:
        yield place, _needed(reader.take(_STRING if first == '"' else _SCALAR))
        return
    if depth > _DEEPEST:
        raise _Malformed
    yield place, reader.take(_OPEN)
    if reader.skip() == ("}" if first == "{" else "]"):
        reader.take(_CLOSE)
        return
    count = 0
    while True:
        name = str(count)
        count += 1
        if first == "{":
            name = _needed(reader.take(_STRING))[1:-1].replace("~", "~0").replace("/", "~1")
            _needed(reader.take(_COLON))
        yield from _value(reader, f"{place}/{name}", depth + 1)
        if _needed(reader.take(_NEXT)) != ",":
            return


def _needed(token: str) -> str:
    if not token:
        raise _Malformed
    return token
