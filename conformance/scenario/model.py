"""Scenarios and checks as values. A scenario talks and never judges; a check judges and never talks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from conformance.arrange.item_spec import Want
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import Stage
    from conformance.scenario.transcript_view import View

OptionalToken = Literal["forbidden", "foreign", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in one exchange that is not as it must be.

    `pointer` names the place in the answer: a JSON pointer into the body, or a header. `exhibit` is a picture in
    text, several lines of the suite's own making.
    """

    step: str
    expected: Text
    actual: Text
    pointer: str = ""
    source: str = ""
    exhibit: str = ""


Judgement = Callable[["View"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """Judges one requirement on one transcript. What it yields are breaches; yielding nothing is a pass."""

    requirement: str
    judge: Judgement


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that is allowed: a status, and what its body must say about it."""

    status: int
    error_type: str | None = None
    state: str | None = None

    def describe(self) -> Text:
        """In words."""
        words = Text(f"HTTP {self.status}", f"HTTP {self.status}")
        if self.error_type:
            kind = self.error_type
            words = Text(f"{words.en} with error.type `{kind}`", f"{words.zh}，error.type 为 `{kind}`")
        if self.state:
            words = Text(f"{words.en} with state `{self.state}`", f"{words.zh}，state 为 `{self.state}`")
        return words


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the ack of one step must answer, and the requirement that says so.

    `optional` marks an answer that only a SHOULD asks for: where it differs, nothing else hangs on it.
    `presumes` names an earlier ack: unless that one went as it must, this one says nothing. `race` marks an ack of a
    burst: it may be lost without the case being so. `item` names the item that is acked, in a case of several.
    `witness` names the owning worker's ack in the same state: a refusal counts only where that one is accepted.
    """

    requirement: str
    allowed: tuple[Answer, ...]
    optional: bool = False
    presumes: str | None = None
    race: bool = False
    item: str | None = None
    witness: str | None = None

    def may_answer(self, *, success: bool) -> bool:
        """Whether the ack may succeed, or may be refused."""
        return any((answer.status == 200) == success for answer in self.allowed)

    def describe(self) -> Text:
        """Every alternative, in words."""
        return join(Text(", or ", "，或 "), (answer.describe() for answer in self.allowed))


def success(
    requirement: str,
    state: str | None,
    *,
    optional: bool = False,
    presumes: str | None = None,
    item: str | None = None,
) -> Expectation:
    """200 with the item in a state; None where another requirement says which."""
    return Expectation(requirement, (Answer(200, state=state),), optional, presumes, item=item)


def refusal(requirement: str, *allowed: tuple[int, str]) -> Expectation:
    """A refusal with one of these (status, error.type) pairs."""
    return Expectation(requirement, tuple(Answer(status, error_type) for status, error_type in allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The plain case that an ack is compared with, and the response that it must get.

    It is sent as the step `control.<name>`, after the conversation, and only where the ack went otherwise than it
    must; or `always`. Where the plain case goes wrong in the same way, its own requirement fails, and the ack's is
    blocked by that.
    """

    name: str
    expectation: Expectation
    send: Callable[[Stage, str], Awaitable[None]]
    always: bool = False

    @property
    def step(self) -> str:
        """The step of its ack."""
        return f"control.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A case: a conversation, what each of its acks must answer, and what else must hold.

    `want` is the item that it is about; `beside_quiet` cases name the second environment without using it; a `race` is
    held when the cases that are none are over, and as often as there is time for; one that `controls_races` shows what
    the target does without a race; `after_all` ones wait until every other is over; `on_request` ones are held only where they are asked for. `gets` names pairs of an ack step
    and the get step right after it. `controls` has, by the step of an ack, the plain case beside it. `token` is the
    optional credential that the case needs.
    """

    id: str
    chapter: str
    title: Text
    talk: Callable[[Stage], Awaitable[None]]
    expectations: dict[str, Expectation]
    checks: tuple[Check, ...] = ()
    gets: tuple[tuple[str, str], ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)
    want: Want = field(default_factory=Want)
    beside_quiet: bool = False
    race: bool = False
    controls_races: bool = False
    after_all: bool = False
    on_request: bool = False
    token: OptionalToken | None = None
    mostly_waits: bool = False
    """Whether it waits for seconds between its few requests, so that races, which need to be alone, begin meanwhile."""
    also_writes: int = 0
    """Requests of the conversation that change something and are neither acks nor on the item's way."""

    @property
    def quiet(self) -> bool:
        """Whether it is held in the second environment, where one case at a time may take whatever was delivered."""
        return self.want.place == "quiet"

    @property
    def before_races(self) -> bool:
        """Whether races wait for it."""
        return not (self.race or self.after_all or self.mostly_waits)

    def times(self, repeat: int) -> int:
        """How often it is held where each is to be held so often: what ends the run for the others, once.

        So is what repeats itself for as long as was asked. A race is held as often as its rounds allow.
        """
        return 1 if self.after_all or self.on_request else repeat

    @property
    def writes(self) -> int:
        """Requests that change something, at most: session, message, way, acks; a stop and a delete afterwards."""
        arranged = 2 + sum(verb != "ack" for verb in self.want.way)
        removed = 1 if self.want.state == "stopped" else 2
        return self.want.items * (arranged + removed) + len(self.expectations) + self.also_writes

    @property
    def own_writes(self) -> int:
        """Those of them that are left where the item comes in its state and is nobody's to remove."""
        return len(self.expectations) - ("ack" in self.want.way) + self.also_writes

    def with_checks(self, *checks: Check) -> Scenario:
        """The same case with more that must hold."""
        return replace(self, checks=(*self.checks, *checks))

    @property
    def requirements(self) -> tuple[str, ...]:
        """Every requirement that the case judges, each once, in order."""
        return tuple(dict.fromkeys(check.requirement for check in self.checks))

    def judgements(self, requirement: str) -> tuple[Judgement, ...]:
        """What this case judges for one requirement."""
        return tuple(check.judge for check in self.checks if check.requirement == requirement)
