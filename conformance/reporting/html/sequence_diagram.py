"""Draws requests and responses as a sequence diagram: requests to the right, responses to the left, in time order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.exchange import Exchange, Transcript
from conformance.judging.verdict import Failure
from conformance.reporting.escaping import escape_line
from conformance.reporting.html.diff import parse_json_body

WIDTH: Final = 560
_TOP: Final = 46
_STEP: Final = 26
_BEFORE: Final = 22
_AFTER: Final = 2
_LABEL: Final = 44
_USUAL_AUTHORIZATION: Final = "Bearer ${QODER_PAT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One message; `sent`: it is a request to the target."""

    y: int
    sent: bool
    label: str
    failure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceDiagram:
    """The arrows of the diagram, and how many exchanges it leaves out."""

    arrows: tuple[Arrow, ...]
    left_out: int

    @property
    def height(self) -> int:
        """The height of the whole diagram."""
        return _TOP + _STEP * len(self.arrows) + 10


def draw_sequence(failure: Failure, transcript: Transcript | None) -> SequenceDiagram | None:
    """Return the exchanges around a violation; None if the transcript does not have its step."""
    if transcript is None or transcript.find(failure.step) is None:
        return None
    shown, left_out = _around(_folded(transcript.exchanges), failure.step)
    moments = []
    for number, (exchange, times) in enumerate(sorted(shown, key=lambda entry: entry[0].invoked), 1):
        is_failure = exchange.step == failure.step
        moments.append(
            (exchange.invoked, 0, number, Arrow(y=0, sent=True, label=_asked(exchange, times), failure=is_failure))
        )
        moments.append(
            (exchange.completed, 1, number, Arrow(y=0, sent=False, label=answered(exchange), failure=is_failure))
        )
    arrows = tuple(
        Arrow(y=_TOP + _STEP * place, sent=arrow.sent, label=f"{number} {arrow.label}", failure=arrow.failure)
        for place, (_, _, number, arrow) in enumerate(sorted(moments, key=lambda moment: moment[:3]))
    )
    return SequenceDiagram(arrows=arrows, left_out=left_out)


def _folded(exchanges: tuple[Exchange, ...]) -> list[tuple[Exchange, int]]:
    """Return the exchanges with their count; consecutive polls with equal responses are folded into one."""
    found: list[tuple[Exchange, int]] = []
    for exchange in exchanges:
        if found and exchange.operation == "poll":
            last, times = found[-1]
            if last.operation == "poll" and answered(last) == answered(exchange):
                found[-1] = (exchange, times + 1)
                continue
        found.append((exchange, 1))
    return found


def _around(exchanges: list[tuple[Exchange, int]], step: str) -> tuple[list[tuple[Exchange, int]], int]:
    """Return the failing exchange with those before it and those that overlap it or follow, and how many are left out."""
    place = next((at for at, (exchange, _) in enumerate(exchanges) if exchange.step == step), 0)
    failure = exchanges[place][0]
    end = place + 1
    while end < len(exchanges) and (end < place + 1 + _AFTER or exchanges[end][0].invoked < failure.completed):
        end += 1
    shown = exchanges[max(0, place - _BEFORE) : min(end, place + _BEFORE)]
    return shown, len(exchanges) - len(shown)


def _asked(exchange: Exchange, times: int) -> str:
    words = [exchange.operation, *_about(exchange)]
    if times > 1:
        words.append(f"×{times}")
    return escape_line(" · ".join(words), _LABEL)


def _about(exchange: Exchange) -> Iterator[str]:
    """Yield what distinguishes requests of one operation: worker id, credential, `force`."""
    for name, value in exchange.request.headers:
        other_token = name.lower() == "authorization" and value != _USUAL_AUTHORIZATION
        if other_token or name.lower().endswith("worker-id"):
            yield value
    if exchange.operation == "stop" and '"force": true' in (exchange.request.body or ""):
        yield "force"


def answered(exchange: Exchange) -> str:
    """Return a response in a few words: its status, and its error type or state."""
    if exchange.response is None:
        return escape_line(exchange.problem or exchange.outcome, _LABEL)
    value = parse_json_body(exchange)
    body = value if isinstance(value, dict) else {}
    error = body.get("error")
    said = error.get("type") if isinstance(error, dict) else body.get("state")
    return escape_line(f"{exchange.response.status} {said if isinstance(said, str) else ''}".strip(), _LABEL)
