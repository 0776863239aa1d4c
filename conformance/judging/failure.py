"""Describes a violation so that a reader can reproduce it: the exchange in short, and a `curl` line without secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final
from urllib.parse import unquote

from conformance.exchange import Exchange, Header, Request, Transcript
from conformance.judging.request_variables import url_words, variables_of
from conformance.judging.verdict import BlamedRequest, Failure
from conformance.judging.worker_processes import is_of_worker, last_output, process_text
from conformance.scenario.model import Finding

_MAX_BODY: Final = 2000
_VARIABLE: Final = r"\$\{[A-Za-z_][A-Za-z0-9_]*(?:%\?|:\d+(?::\d+)?)?\}"
_EXPRESSION: Final = re.compile(
    rf"{_VARIABLE}|\$\(printf %s: \"{_VARIABLE}\" \| base64 -w0\)|\$\(tr a-zA-Z A-Za-z <<<{_VARIABLE}\)"
)


def describe_failures(transcript: Transcript, findings: Sequence[Finding]) -> list[Failure]:
    """Return findings, each with the exchange that it is about."""
    variables = variables_of(transcript) if findings else {}
    return [_described(transcript, finding, variables) for finding in findings]


def _described(transcript: Transcript, finding: Finding, variables: Mapping[str, str]) -> Failure:
    exchange = transcript.find(finding.step)
    return Failure(
        step=finding.step,
        pointer=finding.pointer,
        expected=finding.expected,
        actual=finding.actual,
        source=finding.source,
        operations=_in_short(_up_to(transcript, finding.step)),
        request=_request(exchange.request) if exchange else "",
        response=_answer(exchange) if exchange else "",
        curl=curl(exchange.request, variables) if exchange and not is_of_worker(transcript) else "",
        diagram=finding.diagram,
        keyword=finding.keyword,
        blamed=tuple(_blamed(transcript, finding, variables)),
        process=process_text(transcript),
        output=last_output(transcript),
    )


def _blamed(transcript: Transcript, finding: Finding, variables: Mapping[str, str]) -> Iterator[BlamedRequest]:
    for step in finding.blamed:
        exchange = transcript.find(step)
        if exchange is not None:
            yield BlamedRequest(
                step=step,
                request=_request(exchange.request),
                response=_answer(exchange),
                curl="" if is_of_worker(transcript) else curl(exchange.request, variables),
            )


def curl(request: Request, variables: Mapping[str, str] | None = None) -> str:
    """Return a shell line that repeats a request; secrets appear as the variables that hold them.

    `variables` are those of ids in the URL, by id.
    """
    words = ["curl", "-sS", "-i", "-X", request.method, _url(request.url, variables or {})]
    for name, value in request.headers:
        words += ["-H", _quoted(f"{name}: {value}")]
    if request.body is not None:
        words += ["--data-raw", shlex.quote(request.body)]
    return " ".join(words)


def _url(url: str, variables: Mapping[str, str]) -> str:
    """Return a URL as one shell word in which variables stand for ids and for secrets."""
    pieces = url_words(url, variables)
    return "".join(
        f'"${variables[unquote(piece)]}"' if place % 2 else _quoted(piece)
        for place, piece in enumerate(pieces)
        if piece
    )


def _quoted(text: str) -> str:
    """Return one shell word: the suite's own expressions for secrets in double quotes, everything else literal."""
    words, end = "", 0
    for expression in _EXPRESSION.finditer(text):
        literal = text[end : expression.start()]
        words += (shlex.quote(literal) if literal else "") + f'"{expression.group()}"'
        end = expression.end()
    rest = text[end:]
    return words + (shlex.quote(rest) if rest or not words else "")


def operations_after(transcript: Transcript, step: str) -> str:
    """Return the operations with their statuses after a step, as `Failure.operations` has those up to it."""
    return _in_short(transcript.exchanges[len(_up_to(transcript, step)) :])


def _up_to(transcript: Transcript, step: str) -> Sequence[Exchange]:
    steps = [exchange.step for exchange in transcript.exchanges]
    return transcript.exchanges[: steps.index(step) + 1] if step in steps else transcript.exchanges


def _in_short(exchanges: Sequence[Exchange]) -> str:
    """Return operations and statuses in order; a repeated one appears once, with its count."""
    return " → ".join(_times(words, len(list(same))) for words, same in groupby(map(_outcome, exchanges)))


def _outcome(exchange: Exchange) -> str:
    status = exchange.response.status if exchange.response is not None else exchange.outcome
    return f"{exchange.operation} {status}"


def _times(words: str, number: int) -> str:
    return words if number == 1 else f"{words} ({number}×)"


def _request(request: Request) -> str:
    lines = [f"{request.method} {request.url}", *(_header(header) for header in request.headers)]
    if request.body is not None:
        lines += ["", request.body[:_MAX_BODY]]
    return "\n".join(lines)


def _answer(exchange: Exchange) -> str:
    response = exchange.response
    if response is None:
        return exchange.problem or ""
    body = response.body.text
    lines = [f"HTTP {response.status}", *(_header(header) for header in response.headers), "", body[:_MAX_BODY]]
    if len(body) > _MAX_BODY:
        lines.append(f"… ({response.body.size} bytes)")
    return "\n".join(lines)


def _header(header: Header) -> str:
    return f"{header[0]}: {header[1]}"
