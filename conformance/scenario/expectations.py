"""What each ack of a scenario must answer, and the plain cases that it is compared with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.arrange.item_spec import ItemSpec
from conformance.text import Text, join

if TYPE_CHECKING:
    from conformance.scenario.context import ScenarioContext


@dataclass(frozen=True, slots=True)
class AllowedResponse:
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
    `depends_on` names an earlier ack: unless that one went as it must, this one says nothing. `race` marks an ack of a
    burst: it may be lost without the case being so. `item` names the item that is acked, in a case of several.
    `owner_ack_step` names the owning worker's ack in the same state: a refusal counts only where that one is accepted.
    """

    requirement: str
    allowed: tuple[AllowedResponse, ...]
    optional: bool = False
    depends_on: str | None = None
    race: bool = False
    item: str | None = None
    owner_ack_step: str | None = None

    def allows(self, *, success: bool) -> bool:
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
    depends_on: str | None = None,
    item: str | None = None,
) -> Expectation:
    """200 with the item in a state; None where another requirement says which."""
    return Expectation(requirement, (AllowedResponse(200, state=state),), optional, depends_on, item=item)


def refusal(requirement: str, *allowed: tuple[int, str]) -> Expectation:
    """A refusal with one of these (status, error.type) pairs."""
    return Expectation(requirement, tuple(AllowedResponse(status, error_type) for status, error_type in allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The plain case that an ack is compared with, and the response that it must get.

    It is sent as the step `control.<name>`, after the conversation, and only where the ack went otherwise than it
    must; or `always`. Where the plain case goes wrong in the same way, its own requirement fails, and the ack's is
    blocked by that.
    """

    name: str
    expectation: Expectation
    send: Callable[[ScenarioContext, str], Awaitable[None]]
    always: bool = False

    @property
    def step(self) -> str:
        """The step of its ack."""
        return f"control.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseExpectations:
    """What a case must get: by step, what each ack must answer, and the item that the case is about (`item_spec`).

    `gets` names pairs of an ack step and the get step right after it. `controls` has, by the step of an ack, the plain
    case beside it.
    """

    expectations: dict[str, Expectation]
    gets: tuple[tuple[str, str], ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)
    item_spec: ItemSpec = field(default_factory=ItemSpec)
