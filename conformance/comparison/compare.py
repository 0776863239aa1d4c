"""Compares the evidence of two runs, and returns every difference between their servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.chapters.registry import every_scenario
from conformance.comparison.response_shape import ABSENT, Field, Kind, Shape, keep_common_steps, parent_of, shapes_of
from conformance.comparison.value_format import ASPECTS, Aspect, same_format
from conformance.contract.catalogue import Requirement, load_catalogue
from conformance.evidence import Evidence
from conformance.exchange import Transcript
from conformance.judging.blocking import JUDGED
from conformance.judging.judge import judge_planned_check
from conformance.judging.run_result import RunMetadata
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind, worst
from conformance.text import Text

Side = Literal["a", "b"]
OneSidedReason = Literal["not-planned", "no-input", "not-polled"]
Part = Literal["answer", "media-type", "header", "field", "type", "format"] | Aspect


class NotComparable(Exception):
    """The runs cannot be compared; `reason` says why."""

    def __init__(self, en: str, zh: str) -> None:
        self.reason = Text(en, zh)
        super().__init__(en)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementDifference:
    """A requirement on which the servers differ: its verdicts over the scenarios of both runs, and the scenarios."""

    requirement: str
    a: VerdictKind
    b: VerdictKind
    cases: tuple[tuple[Verdict, Verdict], ...]

    @property
    def blocking_requirement(self) -> str | None:
        """The requirement whose failure on one side alone blocks every scenario; None if there is no such one."""
        causes = {a.blocked_by or b.blocked_by for a, b in self.cases}
        return causes.pop() if len(causes) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationDifference:
    """A difference in what the docs leave open; None if nothing was observed."""

    line: PlannedCheck
    a: Text | None
    b: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeDifference:
    """A difference in the responses with one status; None if a side does not have this part.

    `where` is the header's name or the field's JSON pointer.
    """

    operation: str
    status: int
    part: Part
    where: str
    a: tuple[str, ...] | None
    b: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSidedCheck:
    """A check that only one run could judge, for a reason unrelated to the server."""

    line: PlannedCheck
    side: Side
    why: OneSidedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences, the checks of only one run, and how much was compared.

    Of the planned checks of either run, a check counts as compared if both runs made it and at least one verdict says
    something about its server.
    """

    a: RunMetadata
    b: RunMetadata
    verdicts: tuple[RequirementDifference, ...]
    observations: tuple[ObservationDifference, ...]
    shapes: tuple[ShapeDifference, ...]
    one_sided: tuple[OneSidedCheck, ...]
    checks_compared: int
    checks_planned: int
    kinds_compared: int

    @property
    def same(self) -> bool:
        """Whether nothing differs in what both runs judged."""
        return not (self.verdicts or self.observations or self.shapes)


def compare(a: Evidence, b: Evidence) -> Comparison:
    """Compare two runs. This version judges both; waivers are ignored.

    Raises:
        NotComparable: they have nothing in common, or this version does not have all of their checks.
    """
    _require_known(a, b)
    lines = _shared_lines(a, b)
    judged = {line: (_verdict(a, line), _verdict(b, line)) for line in lines}
    one_sided = list(_planned_once(a, b)) + list(_not_given(a, b, judged))
    excused = {entry.line for entry in one_sided}
    compared = {line: pair for line, pair in judged.items() if line not in excused}
    if not any(x.kind in JUDGED and y.kind in JUDGED for x, y in compared.values()):
        raise NotComparable(
            "The runs have no judged check in common. Compare runs that judged the same checks.",
            "两次运行没有双方都已判定的检查。请比较判定内容相同的运行。",
        )
    names = dict.fromkeys(line.scenario for line in lines)
    pairs = [(a.transcripts[name], b.transcripts[name]) for name in names]
    shapes = shapes_of(pair for pair in pairs if _complete(*pair))
    return Comparison(
        a=a.metadata,
        b=b.metadata,
        verdicts=tuple(_verdict_differences(compared)),
        observations=tuple(_observation_differences(a, b, compared)),
        shapes=tuple(_shape_differences(*shapes)),
        one_sided=tuple(one_sided),
        checks_compared=sum(bool({x.kind, y.kind} & JUDGED) for x, y in compared.values()),
        checks_planned=len({*a.checks, *b.checks}),
        kinds_compared=len(shapes[0].keys() | shapes[1].keys()),
    )


def _require_known(a: Evidence, b: Evidence) -> None:
    """Refuse checks that this version cannot judge, and whole runs with different requirement sets."""
    for side in (a, b):
        if side.unknown_checks:
            about, line = side.metadata, side.unknown_checks[0]
            raise NotComparable(
                f"Run {about.run_id} judged {line.requirement} in {line.scenario}, which this version does not have."
                f" Compare with work-conformance {about.suite_version}, or repeat the run with this version.",
                f"运行 {about.run_id} 判定了 {line.scenario} 中的 {line.requirement}，当前版本没有该项。"
                f"请用 work-conformance {about.suite_version} 比较，或用当前版本重新运行。",
            )
    versions = a.metadata.catalogue_version, b.metadata.catalogue_version
    whole = a.metadata.selection is None and b.metadata.selection is None
    if whole and versions[0] != versions[1] and set(a.checks) != set(b.checks):
        raise NotComparable(
            f"The runs were made with the requirement sets {versions[0]} and {versions[1]}, which differ."
            " Repeat both runs with one version.",
            f"两次运行分别使用要求集 {versions[0]} 和 {versions[1]}，二者不同。请用同一版本重新运行。",
        )


def _shared_lines(a: Evidence, b: Evidence) -> list[PlannedCheck]:
    """Return the checks of both plans, in the order of the requirement set."""
    order = {name: number for number, name in enumerate(load_catalogue().requirements)}
    return sorted(set(a.checks) & set(b.checks), key=lambda line: (order[line.requirement], line.scenario))


def _verdict(evidence: Evidence, line: PlannedCheck) -> Verdict:
    return judge_planned_check(line, evidence.transcripts[line.scenario])


def _requirement(line: PlannedCheck) -> Requirement:
    return load_catalogue().requirements[line.requirement]


def _complete(a: Transcript, b: Transcript) -> bool:
    return a.ending.kind == b.ending.kind == "complete"


# --- checks of only one run


def _planned_once(a: Evidence, b: Evidence) -> Iterator[OneSidedCheck]:
    sides: tuple[tuple[Side, Evidence, Evidence], ...] = (("a", a, b), ("b", b, a))
    for side, its, other in sides:
        elsewhere = set(other.checks)
        yield from (
            OneSidedCheck(line=line, side=side, why="not-planned") for line in its.checks if line not in elsewhere
        )


def _not_given(
    a: Evidence, b: Evidence, judged: Mapping[PlannedCheck, tuple[Verdict, Verdict]]
) -> Iterator[OneSidedCheck]:
    """Yield checks that one run could not make without a token, or because it does not poll."""
    for line, (x, y) in judged.items():
        if (x.kind == "not-exercised") == (y.kind == "not-exercised"):
            continue
        side: Side = "b" if x.kind == "not-exercised" else "a"
        without = a if side == "b" else b
        if every_scenario()[line.scenario].token is not None:
            yield OneSidedCheck(line=line, side=side, why="no-input")
        elif _requirement(line).exercised == "needs-poll" and without.metadata.arranged_by != "api":
            yield OneSidedCheck(line=line, side=side, why="not-polled")


# --- differences


def _verdict_differences(compared: Mapping[PlannedCheck, tuple[Verdict, Verdict]]) -> Iterator[RequirementDifference]:
    by_requirement: dict[str, list[tuple[Verdict, Verdict]]] = {}
    for line, pair in compared.items():
        if _requirement(line).level != "OBSERVE":
            by_requirement.setdefault(line.requirement, []).append(pair)
    for requirement, pairs in by_requirement.items():
        cases = tuple(pair for pair in pairs if pair[0].kind != pair[1].kind)
        if cases:
            yield RequirementDifference(
                requirement=requirement,
                a=worst(a.kind for a, _ in pairs),
                b=worst(b.kind for _, b in pairs),
                cases=cases,
            )


def _observation_differences(
    a: Evidence, b: Evidence, compared: Mapping[PlannedCheck, tuple[Verdict, Verdict]]
) -> Iterator[ObservationDifference]:
    """Yield differences in observations, from the steps that both runs executed."""
    for line, verdicts in compared.items():
        if _requirement(line).level != "OBSERVE":
            continue
        pair = a.transcripts[line.scenario], b.transcripts[line.scenario]
        if _complete(*pair):
            common = keep_common_steps(*pair)
            verdicts = judge_planned_check(line, common[0]), judge_planned_check(line, common[1])
        seen = verdicts[0].observation, verdicts[1].observation
        if seen[0] != seen[1]:
            yield ObservationDifference(line=line, a=seen[0], b=seen[1])


def _shape_differences(a: Mapping[Kind, Shape], b: Mapping[Kind, Shape]) -> Iterator[ShapeDifference]:
    for kind in sorted(a.keys() | b.keys()):
        x, y = a.get(kind), b.get(kind)
        if x is None or y is None:
            yield _differs(kind, "answer", "", () if x else None, () if y else None)
            continue
        if x.media_types != y.media_types:
            yield _differs(kind, "media-type", "", tuple(sorted(x.media_types)), tuple(sorted(y.media_types)))
        for name in sorted(x.headers ^ y.headers):
            yield _differs(kind, "header", name, () if name in x.headers else None, () if name in y.headers else None)
        for pointer in sorted(x.fields.keys() | y.fields.keys()):
            yield from _field_differences(kind, pointer, x, y)


def _field_differences(kind: Kind, pointer: str, a: Shape, b: Shape) -> Iterator[ShapeDifference]:
    x, y = a.fields.get(pointer), b.fields.get(pointer)
    if x is None or y is None:
        if _could_show(pointer, a if x is None else b):
            yield _differs(kind, "field", pointer, _types(x), _types(y))
        return
    if x.types != y.types:
        yield _differs(kind, "type", pointer, _types(x), _types(y))
    if _format(x) != _format(y) and "string" in x.types & y.types:
        yield _differs(kind, "format", pointer, (_format(x),), (_format(y),))
        return
    for aspect in ASPECTS:
        one, other = x.format_counts.get(aspect), y.format_counts.get(aspect)
        if one is not None and other is not None and not same_format(aspect, one, other):
            yield _differs(kind, aspect, pointer, one.names, other.names)


def _could_show(pointer: str, shape: Shape) -> bool:
    """Return whether a side had an object that could contain the field; an empty list says nothing of its elements."""
    parent = shape.fields.get(parent_of(pointer))
    return pointer != "" and parent is not None and "object" in parent.types and not pointer.endswith("/*")


def _types(field: Field | None) -> tuple[str, ...] | None:
    return None if field is None else tuple(sorted(field.types - {ABSENT}) + sorted(field.types & {ABSENT}))


def _format(field: Field) -> str:
    """Return the format of a field's text, if it has one."""
    return "time" if "time-offset" in field.format_counts else "text"


def _differs(
    kind: Kind, part: Part, where: str, a: tuple[str, ...] | None, b: tuple[str, ...] | None
) -> ShapeDifference:
    return ShapeDifference(operation=kind[0], status=kind[1], part=part, where=where, a=a, b=b)
