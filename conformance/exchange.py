"""Requests and responses as values that can be saved and read back.

A scenario produces a `Transcript`; the checks see it and nothing else. Everything in it has been decoded, limited in
size and cleared of secrets, so the transcript that is judged is the one that is saved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Final, Literal, get_args

from conformance.contract.strict_json import NotStrictJson, parse
from conformance.text import Text

TRANSCRIPT_FORMAT: Final = "work-conformance-transcript/1"

UNKEPT_FACT: Final = "unkept"
"""The fact with the number of requests that the transcript does not show."""

STALE_READ_FACT: Final = "stale"
"""The suffix of a repeated GET's step: the first response is `<step>.stale`, the last one `<step>`."""

SPREAD_FACT: Final = "spread"
"""The fact with the seconds between the first and the last request of a burst."""

ARRANGED_BY: Final = "arranged_by"
"""The fact that says where the items came from."""

SCRIPT: Final = "script"
"""Its value where a scripted server played to a worker, which sent the requests."""

Outcome = Literal["ok", "fail", "unknown"]
"""`ok`: there was a complete response. `fail`: the operation surely had no effect. `unknown`: it may have had one."""

BodyProblem = Literal["too-large", "bad-content-encoding", "not-utf-8"]

EndKind = Literal[
    "complete",  # the scenario ran to its end
    "precondition",  # the item did not reach its state; `step` names the exchange that is the cause
    "not-exercised",  # the target did not offer something optional
    "inconclusive",  # a response was lost, or the target became unavailable
    "suite-error",  # the suite itself failed
    "aborted",  # interrupted, or out of time
]

Header = tuple[str, str]

JSON_TYPE: Final[Header] = ("Content-Type", "application/json")


class MalformedTranscript(ValueError):
    """A saved transcript that this version cannot read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was sent, with secrets replaced by the shell variables that contain them."""

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
    """A complete response. Header names and values are as received, in order."""

    status: int
    headers: tuple[Header, ...]
    body: Body

    def header(self, name: str) -> str | None:
        """Return the first value of the header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def json(self, otherwise: Any = None) -> Any:
        """Return the JSON value of the body (RFC 8259, read strictly), or `otherwise` if it cannot be read."""
        if self.body.problem is not None:
            return otherwise
        try:
            return parse(self.body.text)
        except NotStrictJson:
            return otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its result.

    `step` is unique in its transcript. `invoked` and `completed` are seconds on the run's monotonic clock: before the
    first byte was sent, and after the last one was read, both of the last try.
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
    """How a scenario ended, and why if it did not run to its end."""

    kind: EndKind
    reason: Text | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One attempt at one scenario. `facts` contains plain JSON values by name, such as the prepared items."""

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
        """The number of requests, including retries, earlier attempts and requests that were not kept."""
        shown = sum(exchange.tries for attempt in (self.exchanges, *self.earlier_attempts) for exchange in attempt)
        return shown + int(self.facts.get(UNKEPT_FACT, 0))

    @property
    def state_mapping(self) -> Mapping[str, str]:
        """The target's own state names and the documented states that they stand for (`--map-state`)."""
        states: Mapping[str, str] = self.facts.get("states", {})
        return states

    def find(self, step: str) -> Exchange | None:
        """Return the exchange of that step, or None if the scenario ended before it."""
        return next((exchange for exchange in self.exchanges if exchange.step == step), None)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back to an equal value."""
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
        """Return the file's text: safe in UTF-8, with stable key order, each exchange on its own line.

        Python's indented JSON takes ten times as long, and every scenario waits for it.
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
    """Return its JSON object, without `dataclasses.asdict`, which copies even immutable values."""
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
        raise ValueError(f"{value!r} is not one of {get_args(words)}")
