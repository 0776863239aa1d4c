"""The lattice of verdicts, and a verdict as a value that can cross a process and be written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from conformance.text import Text

VerdictKind = Literal[
    "failed", "suite-error", "inconclusive", "waived", "warned", "passed", "observed", "not-exercised"
]

WORST_FIRST: Final[tuple[VerdictKind, ...]] = (
    "failed",
    "suite-error",
    "inconclusive",
    "waived",
    "warned",
    "passed",
    "observed",
    "not-exercised",
)

RACE_WORST_FIRST: Final[tuple[VerdictKind, ...]] = (
    "failed",
    "suite-error",
    "waived",
    "warned",
    "passed",
    "observed",
    "inconclusive",
    "not-exercised",
)
"""The same for the repetitions of a race: one that did not come about says nothing beside those that did."""

WORDS: Final[dict[VerdictKind, Text]] = {
    "failed": Text("failed", "失败"),
    "suite-error": Text("suite error", "套件错误"),
    "inconclusive": Text("inconclusive", "无法判定"),
    "waived": Text("waived", "已豁免"),
    "warned": Text("warned", "警告"),
    "passed": Text("passed", "通过"),
    "observed": Text("observed", "已观察"),
    "not-exercised": Text("not exercised", "未执行"),
}


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One line of the plan: a requirement to be judged on a scenario."""

    scenario: str
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One breach, with all that a reader needs to see it happen again.

    `conversation` is the way there, operation by operation with its status; `request` and `answer` are the exchange
    in short, and `curl` repeats it.
    """

    step: str
    pointer: str
    expected: Text
    actual: Text
    source: str
    conversation: str
    request: str
    answer: str
    curl: str
    exhibit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetitions:
    """How a line came out where its scenario was held several times.

    `kinds` says how often which verdict, the worst first, and is empty where it was the same each time; `kept` is the
    number of the repetition whose conversation is kept; `elsewhere` says that the verdict comes from another one.
    `race` marks repetitions of a race, of which `spread` is the median of the seconds over which a burst left; None
    where none left.
    """

    wanted: int
    held: int
    kept: int
    kinds: tuple[tuple[VerdictKind, int], ...] = ()
    elsewhere: bool = False
    race: bool = False
    spread: float | None = None

    @property
    def flaky(self) -> bool:
        """Whether what was said differs: that a race or a redelivery did not come about at times says nothing."""
        silent: set[VerdictKind] = {"not-exercised", "inconclusive"} if self.race else {"not-exercised"}
        return len({kind for kind, _ in self.kinds} - silent) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one line of the plan.

    `blocked_by` is the requirement whose failure stands in the way; `waiver` is the reason why a failure is waived, with
    a `link` where one was given; `observation` says in words what the target does
    where the docs leave it open. `repetitions` is there where the scenario was to be held more than once.
    """

    line: PlannedCheck
    kind: VerdictKind
    reason: Text | None = None
    blocked_by: str | None = None
    failures: tuple[Failure, ...] = ()
    observation: Text | None = None
    waiver: Text | None = None
    link: str | None = None
    repetitions: Repetitions | None = None

    @property
    def shown(self) -> bool:
        """Whether its breaches are to be seen in the scenario's transcript, and not in a repetition that was not kept."""
        return self.repetitions is None or not self.repetitions.elsewhere

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only, so that it crosses from a worker process."""
        return {
            "scenario": self.line.scenario,
            "requirement": self.line.requirement,
            "kind": self.kind,
            "reason": self.reason.to_json() if self.reason else None,
            "blocked_by": self.blocked_by,
            "reds": [asdict(failure) for failure in self.failures],
            "observation": self.observation.to_json() if self.observation else None,
            "waiver": self.waiver.to_json() if self.waiver else None,
            "link": self.link,
            "repetitions": asdict(self.repetitions) if self.repetitions else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Verdict:
        """Read what `to_json` wrote."""
        return cls(
            line=PlannedCheck(data["scenario"], data["requirement"]),
            kind=data["kind"],
            reason=Text.from_json(data["reason"]) if data["reason"] else None,
            blocked_by=data["blocked_by"],
            failures=tuple(
                Failure(
                    **{
                        **failure,
                        "expected": Text.from_json(failure["expected"]),
                        "actual": Text.from_json(failure["actual"]),
                    }
                )
                for failure in data["reds"]
            ),
            observation=Text.from_json(data["observation"]) if data["observation"] else None,
            waiver=Text.from_json(data["waiver"]) if data["waiver"] else None,
            link=data["link"],
            repetitions=_repetitions(data["repetitions"]) if data["repetitions"] else None,
        )


def _repetitions(data: dict[str, Any]) -> Repetitions:
    return Repetitions(**{**data, "kinds": tuple((kind, times) for kind, times in data["kinds"])})


def worst(kinds: Iterable[VerdictKind], order: Sequence[VerdictKind] = WORST_FIRST) -> VerdictKind:
    """The worst of several verdicts; `not-exercised` of none."""
    return min(kinds, key=order.index, default="not-exercised")
