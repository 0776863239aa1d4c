"""The order of verdicts, and a verdict as a value that can be sent to another process and saved."""

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
"""The order for repetitions of a race: repetitions without overlap do not count beside those with one."""

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
    """One check of the plan: a requirement that is judged on a scenario."""

    scenario: str
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedRequest:
    """A request that caused a violation which only a later response shows: the exchange in short, and its `curl` line."""

    step: str
    request: str
    response: str
    curl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One violation, with everything that a reader needs to reproduce it.

    `operations` lists the operations up to it, each with its status. `request` and `response` are the exchange in
    short, and `curl` repeats the request. `keyword` is the violated JSON Schema keyword, if a schema found it. `blamed`
    are the earlier requests that caused it; empty if the request itself is at fault. `process` describes the worker's
    process, and `output` are the last lines that it printed; a server has neither.
    """

    step: str
    pointer: str
    expected: Text
    actual: Text
    source: str
    operations: str
    request: str
    response: str
    curl: str
    diagram: Text | None = None
    keyword: str = ""
    blamed: tuple[BlamedRequest, ...] = ()
    process: Text | None = None
    output: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetitions:
    """The verdicts of a check whose scenario ran several times.

    `kinds` gives the number of repetitions per verdict, the worst first; it is empty if all were equal. `kept` is the
    number of the repetition whose transcript is kept, and `elsewhere` says that the verdict comes from another one.
    `race` marks repetitions of a race; `spread` is then the median of the seconds over which a burst left, or None if
    no burst left.
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
        """Whether the verdicts differ although the requests do not race; a missing redelivery is no difference."""
        return self.differ and not self.race

    @property
    def differ(self) -> bool:
        """Whether the verdicts differ. A race without overlap and a missing redelivery do not count as a difference."""
        silent: set[VerdictKind] = {"not-exercised", "inconclusive"} if self.race else {"not-exercised"}
        return len({kind for kind, _ in self.kinds} - silent) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one check of the plan.

    `blocked_by` is the requirement whose failure blocks it. `waiver` is the reason why a failure is waived, with a
    `link` if one was given. `observation` describes the target's behaviour where the docs leave it open. `repetitions`
    is set if the scenario was to run more than once.
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
    def in_kept_transcript(self) -> bool:
        """Whether its violations appear in the kept transcript, rather than in a repetition that was not kept."""
        return self.repetitions is None or not self.repetitions.elsewhere

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, so that a worker process can send it."""
        return {
            "scenario": self.line.scenario,
            "requirement": self.line.requirement,
            "kind": self.kind,
            "reason": self.reason.to_json() if self.reason else None,
            "blocked_by": self.blocked_by,
            "reds": [
                {**asdict(failure), "blamed": [*map(asdict, failure.blamed)], "output": [*failure.output]}
                for failure in self.failures
            ],
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
            failures=tuple(map(_failure, data["reds"])),
            observation=Text.from_json(data["observation"]) if data["observation"] else None,
            waiver=Text.from_json(data["waiver"]) if data["waiver"] else None,
            link=data["link"],
            repetitions=_repetitions(data["repetitions"]) if data["repetitions"] else None,
        )


def _failure(data: dict[str, Any]) -> Failure:
    """Read a failure; earlier versions wrote its diagram in one language, no blamed requests and no process."""
    diagram, process = data["diagram"], data.get("process")
    if isinstance(diagram, str):
        diagram = {"en": diagram, "zh": diagram} if diagram else None
    return Failure(
        **{
            **data,
            "expected": Text.from_json(data["expected"]),
            "actual": Text.from_json(data["actual"]),
            "diagram": Text.from_json(diagram) if diagram is not None else None,
            "blamed": tuple(BlamedRequest(**request) for request in data.get("blamed", ())),
            "process": Text.from_json(process) if process is not None else None,
            "output": tuple(data.get("output", ())),
        }
    )


def _repetitions(data: dict[str, Any]) -> Repetitions:
    return Repetitions(**{**data, "kinds": tuple((kind, times) for kind, times in data["kinds"])})


def worst(kinds: Iterable[VerdictKind], order: Sequence[VerdictKind] = WORST_FIRST) -> VerdictKind:
    """Return the worst of several verdicts; `not-exercised` if there are none."""
    return min(kinds, key=order.index, default="not-exercised")
