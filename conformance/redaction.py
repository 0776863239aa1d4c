"""Replaces secrets in text that is about to be saved, in every form in which a server may echo them."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from conformance.target import MINIMUM_SECRET_LENGTH, Secret

_REMEMBERED: Final = 1024
_SHORT: Final = 256
"""How many texts a redactor caches, and their maximum length."""


class Redactor:
    """Replaces secrets in text that is about to be saved.

    It recognises each secret in the forms that a server may echo: plain, base64, and with any characters escaped as in
    JSON, a URL or HTML.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._replacements: list[tuple[str, str]] = []
        self._shortest: list[str] = []
        self._redacted = lru_cache(_REMEMBERED)(self._without)  # names and values of headers recur often
        self.add(*secrets)

    def add(self, *secrets: Secret) -> None:
        """Add secrets; longer values are replaced first."""
        for secret in secrets:
            for form in _forms(secret.reveal()):
                if (form, secret.variable) not in self._replacements:
                    self._replacements.append((form, secret.variable))
        self._replacements.sort(key=lambda pair: -len(pair[0]))
        self._shortest = _containing_no_other([form for form, _ in self._replacements])
        self._redacted.cache_clear()

    def __call__(self, text: str) -> str:
        return self._redacted(text) if len(text) <= _SHORT else self._without(text)

    def _without(self, text: str) -> str:
        if _ESCAPE.search(text):
            text = self._without_escaped(text)
        if self._is_in(text):
            for value, variable in self._replacements:
                text = text.replace(value, variable)
        return text

    def _is_in(self, text: str) -> bool:
        """Whether the text has any form of a secret; far quicker than replacing each, and almost always false."""
        return any(form in text for form in self._shortest)

    def _without_escaped(self, text: str) -> str:
        """Return the text without partly escaped secrets, which a reader could otherwise decode."""
        plain = _Unescaped(text)
        if not self._is_in(plain.text):
            return text
        found: list[tuple[int, int, str]] = []
        left = plain.text
        for value, variable in self._replacements:
            hits = re.finditer(re.escape(value), left)
            found += [(plain.origin(hit.start()), plain.origin(hit.end()), variable) for hit in hits]
            left = left.replace(value, "\0" * len(value))  # a shorter secret inside it must not match again
        parts, done = [], 0
        for begin, end, variable in sorted(found):
            parts += [text[done:begin], variable]
            done = end
        return "".join((*parts, text[done:]))


_ESCAPE: Final = re.compile(
    r"\\u00(?P<json>[0-9a-f]{2})|%(?P<url>[0-9a-f]{2})|&#x0*(?P<hex>[0-9a-f]{2});|&#0*(?P<html>[0-9]{2,3});|\\(?P<char>[\"/\\])",
    re.IGNORECASE,
)


class _Unescaped:
    """A text with its escaped ASCII characters resolved, and the origin of each character."""

    def __init__(self, text: str) -> None:
        parts: list[str] = []
        self._plain_at, self._text_at = [0], [0]
        done = length = 0
        for escape in _ESCAPE.finditer(text):
            parts += [text[done : escape.start()], _character(escape)]
            length += escape.start() - done + 1
            done = escape.end()
            self._plain_at.append(length)
            self._text_at.append(done)
        self.text = "".join((*parts, text[done:]))

    def origin(self, at: int) -> int:
        """Return the position in the original text for a position in this one."""
        segment = bisect_right(self._plain_at, at) - 1
        return self._text_at[segment] + at - self._plain_at[segment]


def _character(escape: re.Match[str]) -> str:
    if escape["char"]:
        return escape["char"]
    code = escape["json"] or escape["url"] or escape["hex"]
    return chr(int(code, 16) if code else int(escape["html"]))


def _containing_no_other(forms: list[str]) -> list[str]:
    """Return the forms that have no other one inside: a text without these has none of the others."""
    shortest: list[str] = []
    for form in sorted(forms, key=len):
        if not any(shorter in form for shorter in shortest):
            shortest.append(form)
    return shortest


def _forms(value: str) -> set[str]:
    forms = _readable(value)
    for plain in (value, f"{value}:", f":{value}"):
        encoded = base64.b64encode(plain.encode()).decode()
        forms |= {encoded, encoded.rstrip("=")}
    forms |= {stem for stem in _base64_stems(value.encode()) if len(stem) >= MINIMUM_SECRET_LENGTH}
    return forms | {form.replace("+", "-").replace("/", "_") for form in forms if form not in _readable(value)}


def printed_forms(secret: str) -> set[str]:
    """Return the forms in which a secret counts as printed: plain, and base64 alone or inside a longer text."""
    return {secret, *_base64_stems(secret.encode())}


def _readable(value: str) -> set[str]:
    """Return the forms that consist of the value's own characters."""
    return {value, quote(value, safe=""), json.dumps(value)[1:-1]}


def _base64_stems(value: bytes) -> Iterator[str]:
    """Yield the base64 forms of a value inside a longer text: three alignments, without the shared edges."""
    for shift, shared in enumerate((0, 2, 3)):
        whole = (shift + len(value)) * 8 // 6
        yield base64.b64encode(b"\0" * shift + value).decode()[shared:whole]
