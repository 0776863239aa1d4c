"""What was said on the wire, as values that can be written down and read back.

A scenario produces a `Transcript`; the checks see it and nothing else. Everything in here has already been
decoded, bounded in size and cleared of secrets, so the transcript that is judged is the one that is saved.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, Literal, get_args

from conformance.contract.strict_json import NotStrictJson, parse
from conformance.text import Text

TRANSCRIPT_FORMAT: Final = "work-conformance-transcript/1"

UNKEPT_FACT: Final = "unkept"
"""The fact that says how many requests were sent that the transcript does not show."""

STALE_READ_FACT: Final = "stale"
"""What follows a get's step where it was read again: the first reading is `<step>.stale`, the last `<step>`."""

SPREAD_FACT: Final = "spread"
"""The fact that says how many seconds lay between the first and the last request of a burst that left together."""

Outcome = Literal["ok", "fail", "unknown"]
"""`ok`: a complete answer came. `fail`: the operation surely did not happen. `unknown`: it may have."""

BodyProblem = Literal["too-large", "bad-content-encoding", "not-utf-8"]

EndKind = Literal[
    "complete",  # the conversation was held to its end
    "precondition",  # the item could not be brought into its state; `step` names the exchange to blame
    "not-exercised",  # the target did not offer what the docs say it may offer
    "inconclusive",  # an answer was lost, or the target was gone
    "suite-error",  # the suite itself broke
    "aborted",  # interrupted, or out of time
]

Header = tuple[str, str]

JSON_TYPE: Final[Header] = ("Content-Type", "application/json")


class MalformedTranscript(ValueError):
    """A saved transcript that this version cannot read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was sent, with secrets replaced by the shell variable that holds them."""

    method: str
    url: str
    headers: tuple[Header, ...]
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A response body after content decoding. `size` is in bytes, up to where reading stopped."""

    text: str
    size: int
    problem: BodyProblem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer. Header names and values are as received, in order."""

    status: int
    headers: tuple[Header, ...]
    body: Body

    def header(self, name: str) -> str | None:
        """The first value of the header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self, otherwise: Any = None) -> Any:
        """The JSON value of the body (RFC 8259, read strictly); `otherwise` where there is none that can be read."""
        if self.body.problem is not None:
            return otherwise
        try:
            return parse(self.body.text)
        except NotStrictJson:
            return otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it.

    `step` is unique in its transcript. `invoked` and `completed` are seconds on the run's monotonic clock:
    before the first byte was sent, after the last one was read, both of the last try.
    """

    step: str
    operation: str
    request: Request
    outcome: Outcome
    invoked: float
    completed: float
    response: Response | None = None
    problem: str | None = None
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a conversation ended, and why where it did not run to its end."""

    kind: EndKind
    reason: Text | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One attempt at one scenario. `facts` holds what was arranged: plain JSON values by name."""

    scenario: str
    run: str
    seed: int
    attempt: int
    facts: dict[str, Any]
    exchanges: tuple[Exchange, ...]
    ending: Ending
    earlier_attempts: tuple[tuple[Exchange, ...], ...] = ()

    @property
    def requests(self) -> int:
        """How many were sent, those that were sent again, of earlier attempts, or not kept included."""
        shown = sum(exchange.tries for attempt in (self.exchanges, *self.earlier_attempts) for exchange in attempt)
        return shown + int(self.facts.get(UNKEPT_FACT, 0))

    def find(self, step: str) -> Exchange | None:
        """The exchange of that step, or None where the conversation ended before it."""
        return next((exchange for exchange in self.exchanges if exchange.step == step), None)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` reads it back to an equal value."""
        ending = {
            "kind": self.ending.kind,
            "reason": self.ending.reason.to_json() if self.ending.reason else None,
            "step": self.ending.step,
        }
        return {
            "format": TRANSCRIPT_FORMAT,
            "scenario": self.scenario,
            "run": self.run,
            "seed": self.seed,
            "attempt": self.attempt,
            "facts": self.facts,
            "exchanges": [_plain(exchange) for exchange in self.exchanges],
            "ending": ending,
            "earlier_attempts": [[_plain(exchange) for exchange in attempt] for attempt in self.earlier_attempts],
        }

    def dumps(self) -> str:
        """The file's text: UTF-8 safe, stable key order as written, each exchange on a line of its own.

        Python's indented JSON takes ten times as long, and every conversation waits for it.
        """
        data = self.to_json()
        parts = {name: json.dumps(value) for name, value in data.items()}
        parts["exchanges"] = _by_line(data["exchanges"])
        parts["earlier_attempts"] = f"[{', '.join(map(_by_line, data['earlier_attempts']))}]"
        return "{\n" + ",\n".join(f' "{name}": {part}' for name, part in parts.items()) + "\n}\n"

    @classmethod
    def from_json(cls, data: Any) -> Transcript:
        """Read what `to_json` wrote.

        Raises:
            MalformedTranscript: another format version, or a part that is missing or of the wrong type.
        """
        if not isinstance(data, dict) or data.get("format") != TRANSCRIPT_FORMAT:
            found = data.get("format") if isinstance(data, dict) else type(data).__name__
            raise MalformedTranscript(f"expected format {TRANSCRIPT_FORMAT!r}, found {found!r}")
        try:
            _typed(data, scenario=str, run=str, seed=int, attempt=int)
            return cls(
                scenario=data["scenario"],
                run=data["run"],
                seed=data["seed"],
                attempt=data["attempt"],
                facts=dict(data["facts"]),
                exchanges=tuple(_exchange(entry) for entry in data["exchanges"]),
                ending=_ending(data["ending"]),
                earlier_attempts=tuple(
                    tuple(_exchange(entry) for entry in attempt) for attempt in data["earlier_attempts"]
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedTranscript(f"a part is missing or malformed: {error!r}") from error


def _plain(exchange: Exchange) -> dict[str, Any]:
    """Its JSON object, by hand: `dataclasses.asdict` copies every value that never changes."""
    request, response = exchange.request, exchange.response
    return {
        "step": exchange.step,
        "operation": exchange.operation,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": list(request.headers),
            "body": request.body,
        },
        "outcome": exchange.outcome,
        "invoked": exchange.invoked,
        "completed": exchange.completed,
        "response": None if response is None else _plain_response(response),
        "problem": exchange.problem,
        "tries": exchange.tries,
    }


def _plain_response(response: Response) -> dict[str, Any]:
    body = response.body
    return {
        "status": response.status,
        "headers": list(response.headers),
        "body": {"text": body.text, "size": body.size, "problem": body.problem},
    }


def _by_line(exchanges: list[dict[str, Any]]) -> str:
    lines = ",".join(f"\n  {json.dumps(exchange)}" for exchange in exchanges)
    return f"[{lines}\n ]" if lines else "[]"


def _exchange(data: dict[str, Any]) -> Exchange:
    _typed(data, step=str, operation=str, invoked=float | int, completed=float | int, problem=str | None, tries=int)
    _one_of(data["outcome"], Outcome)
    _typed(data["request"], method=str, url=str, body=str | None)
    response = data["response"]
    return Exchange(
        **{
            **data,
            "request": Request(**{**data["request"], "headers": _headers(data["request"]["headers"])}),
            "response": None if response is None else _response(response),
        }
    )


def _response(data: dict[str, Any]) -> Response:
    _typed(data, status=int)
    _typed(data["body"], text=str, size=int)
    if data["body"]["problem"] is not None:
        _one_of(data["body"]["problem"], BodyProblem)
    return Response(status=data["status"], headers=_headers(data["headers"]), body=Body(**data["body"]))


def _ending(data: dict[str, Any]) -> Ending:
    _one_of(data["kind"], EndKind)
    _typed(data, step=str | None)
    reason = data["reason"]
    return Ending(kind=data["kind"], reason=Text.from_json(reason) if reason is not None else None, step=data["step"])


def _headers(pairs: list[list[str]]) -> tuple[Header, ...]:
    headers = tuple((name, value) for name, value in pairs)
    if not all(isinstance(text, str) for header in headers for text in header):
        raise TypeError("a header is not a pair of strings")
    return headers


def _typed(data: dict[str, Any], **kinds: type | UnionType) -> None:
    for name, kind in kinds.items():
        if not isinstance(data[name], kind):
            raise TypeError(f"{name} is {type(data[name]).__name__}")


def _one_of(value: object, words: object) -> None:
    if value not in get_args(words):
        raise ValueError(f"{value!r} is none of {get_args(words)}")
