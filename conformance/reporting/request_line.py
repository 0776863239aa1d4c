"""The request that failed in one line: method, path, and what distinguishes it from the plain ack."""

from __future__ import annotations

import re
from typing import Final

from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import Failure
from conformance.reporting.escaping import escape_line
from conformance.text import Text, join

_ID: Final = re.compile(r"(?<![0-9A-Za-z])([a-z]+_)?[0-9a-f]{10,}([0-9a-f]{6})(?![0-9A-Za-z])")
_PLAIN: Final = ("authorization", "bearer ${qoder_pat}")
_UNIMPORTANT: Final = frozenset({"user-agent", "accept", "accept-encoding", "connection", "content-length", "host"})
_HEADER: Final = 80
_BODY: Final = 60
_STEPS: Final = 12
"""How many steps are shown; the earlier ones of a longer conversation are counted."""
ARROW: Final = " → "
"""Between two steps."""
COMMA: Final = Text(", ", "，")
"""Between the parts of a request."""


def request_line(failure: Failure, about: RunMetadata) -> Text | None:
    """Return `POST /…/ack, Worker-ID: w`; None if no request was recorded. Long ids keep their last six digits."""
    head, _, body = failure.request.partition("\n\n")
    first, *headers = head.split("\n")
    if not first:
        return None
    if about.base_url:
        first = first.replace(about.base_url, "", 1)
    first = _ID.sub(lambda match: f"{match[1] or ''}…{match[2]}", first)
    parts = [_same(first), *_headers(headers, about.worker_header if first.startswith("POST ") else None)]
    if body:
        parts.append(Text("body {body}", "请求体 {body}").format(body=escape_line(body, _BODY)))
    return join(COMMA, parts)


def steps_before(failure: Failure) -> Text:
    """Return the operations up to the failing one with their statuses, without the beginning of a long list."""
    steps = failure.operations.split(ARROW)
    if len(steps) <= _STEPS:
        return _same(failure.operations)
    words = Text("({n} earlier steps) → {steps}", "（之前 {n} 步）→ {steps}")
    return words.format(n=len(steps) - _STEPS, steps=ARROW.join(steps[-_STEPS:]))


def _headers(lines: list[str], worker_header: str | None) -> list[Text]:
    pairs = [(name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    names = {name.lower() for name, _ in pairs}
    shown = [
        _same(escape_line(f"{name}: {value}", _HEADER))
        for name, value in pairs
        if name.lower() not in _UNIMPORTANT and (name.lower(), value.lower()) != _PLAIN
    ]
    missing = [name for name in (worker_header, "Authorization") if name and name.lower() not in names]
    return [*shown, *(Text("no {name}", "无 {name}").format(name=escape_line(name)) for name in missing)]


def _same(text: str) -> Text:
    return Text(text, text)
