"""Scenarios and checks as values. A scenario sends requests and never judges; a check judges and sends none."""

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
    """Something in one exchange that violates a requirement.

    `pointer` names the place in the response: a JSON pointer into the body, or a header. `diagram` is a drawing in
    text, several lines that contain only the suite's own text. `keyword` is the violated JSON Schema keyword, if a schema
    found it. `blamed` are the earlier steps that caused it, if the step itself only shows it.
    """

    step: str
    expected: Text
    actual: Text
    pointer: str = ""
    source: str = ""
    diagram: Text | None = None
    keyword: str = ""
    blamed: tuple[str, ...] = ()


CheckFunction = Callable[["TranscriptView"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """Judges one requirement on one transcript. It yields violations; yielding none is a pass."""

    requirement: str
    judge: CheckFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(CaseExpectations):
    """A scenario: its requests, the expected responses to its acks, and further checks.

    - `names_second_environment`: mentions the second environment without using it.
    - `race`: runs after the scenarios that are no races, as often as there is time for.
    - `controls_races`: shows the target's behaviour without a race.
    - `run_last`: runs when all others are over.
    - `on_request`: runs only if requested.
    - `token`: the optional credential that it needs.
    """

    id: str
    chapter: str
    title: Text
    run_steps: Callable[[ScenarioContext], Awaitable[None]]
    checks: tuple[Check, ...] = ()
    names_second_environment: bool = False
    race: bool = False
    controls_races: bool = False
    run_last: bool = False
    on_request: bool = False
    token: OptionalToken | None = None
    mostly_waits: bool = False
    """Whether it waits for seconds between its few requests; races, which must run alone, start meanwhile."""
    extra_writes: int = 0
    """Requests that change something, apart from acks and from the steps that prepare the item."""

    @property
    def in_second_environment(self) -> bool:
        """Whether it runs in the second environment, where only one scenario at a time may poll delivered items."""
        return self.item_spec.place == "quiet"

    @property
    def before_races(self) -> bool:
        """Whether races wait for it."""
        return not (self.race or self.run_last or self.mostly_waits)

    def repetitions(self, repeat: int) -> int:
        """Return how often it runs if each scenario is to run `repeat` times.

        Scenarios that run last, or that repeat themselves for a given time, run once. Rounds decide for races.
        """
        return 1 if self.run_last or self.on_request else repeat

    @property
    def objects(self) -> int:
        """Sessions that it creates: one for each item, that of a control that is always sent included."""
        return self.item_spec.items + len({control.step for control in self.controls.values() if control.always})

    @property
    def writes(self) -> int:
        """Maximum requests that change something: session, message, preparation, acks, then a stop and a delete."""
        arranged = 2 + sum(verb != "ack" for verb in self.item_spec.transitions)
        removed = 1 if self.item_spec.state == "stopped" else 2
        return self.item_spec.items * (arranged + removed) + len(self.expectations) + self.extra_writes

    @property
    def own_writes(self) -> int:
        """Those of them that remain if the item is prepared elsewhere and not removed by the suite."""
        return len(self.expectations) - ("ack" in self.item_spec.transitions) + self.extra_writes

    def with_checks(self, *checks: Check) -> Scenario:
        """Return the same scenario with more checks."""
        return replace(self, checks=(*self.checks, *checks))

    @property
    def requirements(self) -> tuple[str, ...]:
        """Every requirement that it judges, each once, in order."""
        return tuple(dict.fromkeys(check.requirement for check in self.checks))

    def check_functions(self, requirement: str) -> tuple[CheckFunction, ...]:
        """Return its checks for one requirement."""
        return tuple(check.judge for check in self.checks if check.requirement == requirement)
