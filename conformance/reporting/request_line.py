"""The request at fault in one line: method, path, what distinguishes it from the plain ack, and its outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import BlamedRequest, Failure
from conformance.reporting.escaping import escape_line
from conformance.text import Text, join

_ID: Final = re.compile(r"(?<![0-9A-Za-z])([a-z]+_)?[0-9a-f]{10,}([0-9a-f]{6})(?![0-9A-Za-z])")
_PLAIN: Final = ("authorization", "bearer ${qoder_pat}")
_UNIMPORTANT: Final = frozenset({"user-agent", "accept", "accept-encoding", "connection", "content-length", "host"})
_HEADER: Final = 80
_PATH: Final = 200
_STATUS: Final = 20
_BODY: Final = 60
_STEPS: Final = 12
"""How many steps are shown; the earlier ones of a longer conversation are counted."""
ARROW: Final = " → "
"""Between two steps."""
COMMA: Final = Text(", ", "，")
"""Between the parts of a request."""
AND: Final = Text(", ", "、")
SENT: Final = Text("Sent", "请求")
THEN_SENT: Final = Text("Then sent", "随后的请求")
"""The label of the request whose response shows what an earlier one did."""
NO_RESPONSE: Final = Text("no response", "无响应")
NOTHING_RECORDED: Final = Text("(nothing was recorded)", "（没有记录）")
_BLAMED: Final = 4
"""How many different requests at fault are shown."""


def sent_lines(failure: Failure, about: RunMetadata) -> Iterator[tuple[Text, Text]]:
    """Yield a label and a request for each request that matters: those at fault first, then the one that shows it.

    Long ids keep their last six digits. A failure of a worker that sent nothing has no request.
    """
    groups = blamed_groups(failure)
    for group in groups[:_BLAMED]:
        yield SENT, _with_outcome(group, about, named=len(failure.blamed) > 1)
    if len(groups) > _BLAMED:
        rest = len(groups) - _BLAMED
        yield SENT, Text("{n} more requests", "另有 {n} 种请求").format(n=rest)
    if groups or failure.request:
        yield THEN_SENT if groups else SENT, request_line(failure.request, about) or NOTHING_RECORDED


def request_in_short(failure: Failure, about: RunMetadata) -> Text:
    """Return the request at fault as `POST /environments/…/ack → HTTP 409`: the first one, without headers and body."""
    blamed = failure.blamed[0] if failure.blamed else failure
    first = _first_line(blamed.request, about)
    if about.api_prefix:
        first = first.replace(f" {about.api_prefix}/", " /", 1)
    status = escape_line(blamed.response.partition("\n")[0], _STATUS) if blamed.response else NO_RESPONSE
    words = Text("{request}{arrow}{status}", "{request}{arrow}{status}")
    return words.format(request=escape_line(first, _PATH) or NOTHING_RECORDED, arrow=ARROW, status=status)


def blamed_groups(failure: Failure) -> list[list[BlamedRequest]]:
    """Return the requests at fault in their order, equal ones together."""
    groups: dict[str, list[BlamedRequest]] = {}
    for blamed in failure.blamed:
        groups.setdefault(blamed.request, []).append(blamed)
    return list(groups.values())


def request_line(request: str, about: RunMetadata) -> Text | None:
    """Return `POST /…/ack, Worker-ID: w`; None for an empty request."""
    head, _, body = request.partition("\n\n")
    headers = head.split("\n")[1:]
    first = _first_line(request, about)
    if not first:
        return None
    parts = [_same(first), *_headers(headers, about.worker_header if first.startswith("POST ") else None)]
    if body:
        parts.append(Text("body {body}", "请求体 {body}").format(body=escape_line(body, _BODY)))
    return join(COMMA, parts)


def _first_line(request: str, about: RunMetadata) -> str:
    """Return method and path; long ids keep their last six digits."""
    first = request.partition("\n")[0]
    if about.base_url:
        first = first.replace(about.base_url, "", 1)
    return _ID.sub(lambda match: f"{match[1] or ''}…{match[2]}", first)


def _with_outcome(group: list[BlamedRequest], about: RunMetadata, *, named: bool) -> Text:
    """Return the request and the statuses that it got, with the names of its steps if there are several."""
    names = join(AND, (_same(f"`{each.step}`") for each in group))
    request = request_line(group[0].request, about) or _same(group[0].step)
    statuses = dict.fromkeys(each.response.partition("\n")[0] or NO_RESPONSE for each in group)
    outcome = join(AND, (each if isinstance(each, Text) else _same(escape_line(each, _HEADER)) for each in statuses))
    words = Text("{request} ({names}){arrow}{outcome}", "{request}（{names}）{arrow}{outcome}")
    if not named:
        words = Text("{request}{arrow}{outcome}", "{request}{arrow}{outcome}")
    return words.format(request=request, names=names, arrow=ARROW, outcome=outcome)


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
