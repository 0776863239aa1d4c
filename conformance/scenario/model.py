"""Scenarios and checks as values. A scenario talks and never judges; a check judges and never talks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.scenario.expectations import CaseExpectations
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.scenario.client_identity import OptionalToken
    from conformance.scenario.context import ScenarioContext
    from conformance.scenario.transcript_view import TranscriptView


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


CheckFunction = Callable[["TranscriptView"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """Judges one requirement on one transcript. What it yields are breaches; yielding nothing is a pass."""

    requirement: str
    judge: CheckFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(CaseExpectations):
    """A case: a conversation, what each of its acks must answer, and what else must hold.

    `beside_quiet` cases name the second environment without using it; a `race` is
    held when the cases that are none are over, and as often as there is time for; one that `controls_races` shows what
    the target does without a race; `run_last` ones wait until every other is over; `on_request` ones are held only where they are asked for. `token` is the
    optional credential that the case needs.
    """

    id: str
    chapter: str
    title: Text
    run_steps: Callable[[ScenarioContext], Awaitable[None]]
    checks: tuple[Check, ...] = ()
    beside_quiet: bool = False
    race: bool = False
    controls_races: bool = False
    run_last: bool = False
    on_request: bool = False
    token: OptionalToken | None = None
    mostly_waits: bool = False
    """Whether it waits for seconds between its few requests, so that races, which need to be alone, begin meanwhile."""
    extra_writes: int = 0
    """Requests of the conversation that change something and are neither acks nor on the item's way."""

    @property
    def quiet(self) -> bool:
        """Whether it is held in the second environment, where one case at a time may take whatever was delivered."""
        return self.item_spec.place == "quiet"

    @property
    def before_races(self) -> bool:
        """Whether races wait for it."""
        return not (self.race or self.run_last or self.mostly_waits)

    def repetitions(self, repeat: int) -> int:
        """How often it is held where each is to be held so often: what ends the run for the others, once.

        So is what repeats itself for as long as was asked. A race is held as often as its rounds allow.
        """
        return 1 if self.run_last or self.on_request else repeat

    @property
    def objects(self) -> int:
        """Sessions that it creates: one for each item, that of a control that is always sent included."""
        return self.item_spec.items + len({control.step for control in self.controls.values() if control.always})

    @property
    def writes(self) -> int:
        """Requests that change something, at most: session, message, way, acks; a stop and a delete afterwards."""
        arranged = 2 + sum(verb != "ack" for verb in self.item_spec.transitions)
        removed = 1 if self.item_spec.state == "stopped" else 2
        return self.item_spec.items * (arranged + removed) + len(self.expectations) + self.extra_writes

    @property
    def own_writes(self) -> int:
        """Those of them that are left where the item comes in its state and is nobody's to remove."""
        return len(self.expectations) - ("ack" in self.item_spec.transitions) + self.extra_writes

    def with_checks(self, *checks: Check) -> Scenario:
        """The same case with more that must hold."""
        return replace(self, checks=(*self.checks, *checks))

    @property
    def requirements(self) -> tuple[str, ...]:
        """Every requirement that the case judges, each once, in order."""
        return tuple(dict.fromkeys(check.requirement for check in self.checks))

    def check_functions(self, requirement: str) -> tuple[CheckFunction, ...]:
        """What this case judges for one requirement."""
        return tuple(check.judge for check in self.checks if check.requirement == requirement)
