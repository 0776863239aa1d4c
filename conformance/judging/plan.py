"""Which checks are judged on which scenarios in a run, decided before the first request."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from conformance.arrange.modes import ArrangeMode
from conformance.chapters.registry import every_scenario, scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import Profile
from conformance.judging.verdict import PlannedCheck
from conformance.scenario.model import Scenario
from conformance.suggest import nearest
from conformance.target import ConfigurationError
from conformance.text import Text


class UnknownName(ConfigurationError):
    """A chapter or requirement that does not exist; the message suggests the nearest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selection of checks in a profile. Empty means all of them; several parts must all match."""

    profile: Profile = "ack"
    chapters: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    lines: frozenset[PlannedCheck] | None = None
    expression: str = ""

    def __bool__(self) -> bool:
        return bool(self.chapters or self.requirements or self.lines is not None or self.expression)

    def require_known_names(self) -> None:
        """Check that every chapter and requirement exists in the profile.

        Raises:
            UnknownName: one does not exist.
        """
        known, whole = load_catalogue().of_profile(self.profile), load_catalogue()
        chapters, all_chapters = ([chapter.id for chapter in each.chapters] for each in (known, whole))
        _known(Text("chapter", "章节"), self.chapters, chapters, all_chapters)
        _known(Text("requirement", "要求"), self.requirements, known.requirements, whole.requirements)

    def includes(self, line: PlannedCheck) -> bool:
        """Return whether a check is selected, apart from the pytest expression."""
        requirement = load_catalogue().requirements[line.requirement]
        return (
            line.scenario in scenarios(self.profile)
            and (not self.chapters or requirement.chapter in self.chapters)
            and (not self.requirements or line.requirement in self.requirements)
            and (self.lines is None or line in self.lines)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan needs: objects that the suite creates, requests that change something, and minimum seconds.

    `repeat` is how often each scenario runs. `explore` is the duration in seconds of random requests that follow.
    `races_again` says that races are then repeated for as long as the rest took.
    """

    scenarios: int
    objects: int
    writes: int
    seconds: float
    repeat: int = 1
    explore: float = 0.0
    races_again: bool = False


def full_plan(profile: Profile = "ack") -> list[PlannedCheck]:
    """Return every check of a whole run of a profile, in the order of the chapters; scenarios that run on request are extra."""
    return [
        PlannedCheck(scenario.id, rule)
        for scenario in scenarios(profile).values()
        if not scenario.on_request
        for rule in scenario.requirements
    ]


def cost(
    lines: Iterable[PlannedCheck],
    *,
    writes_per_second: float,
    arranged_by: ArrangeMode = "api",
    repeat: int = 1,
    explore: float = 0.0,
    race_repeat: int | None = None,
) -> Cost:
    """Return what a plan needs, including its clean-up. The slowest scenario takes about three seconds per repetition.

    Races that are repeated for as long as there is time count once.
    """
    planned = [every_scenario()[name] for name in {line.scenario for line in lines}]

    def repetitions(scenario: Scenario) -> int:
        return scenario.repetitions((race_repeat or repeat) if scenario.race else repeat)

    objects = sum(scenario.objects * repetitions(scenario) for scenario in planned) + _SHARED_OBJECTS
    writes = sum(scenario.writes * repetitions(scenario) for scenario in planned) + _SHARED_WRITES
    if arranged_by != "api":
        planned = [scenario for scenario in planned if not scenario.item_spec.needs_poll]
        objects, writes = 0, sum(scenario.own_writes * repetitions(scenario) for scenario in planned)
        writes += _TRIAL_WRITES if arranged_by == "command" else 0
    if not planned:
        return Cost(scenarios=0, objects=0, writes=0, seconds=0)
    slowest = _SLOWEST_SECONDS * max([repetitions(each) for each in planned if not each.race], default=1)
    seconds = max(slowest, writes / writes_per_second if writes_per_second else 0)
    return Cost(
        scenarios=len(planned),
        objects=objects,
        writes=writes,
        seconds=seconds,
        repeat=repeat,
        explore=explore,
        races_again=race_repeat is None and repeat == 1 and any(scenario.race for scenario in planned),
    )


_SLOWEST_SECONDS = 3.0
_NEAREST = Text("did you mean {name}?", "是否应为 {name}？")
_SEE_LIST = Text("run `work-conformance list` to list all of them.", "运行 `work-conformance list` 可列出全部。")
_SHARED_OBJECTS = 5  # three environments, an agent, and the session that shows that work can be arranged
_SHARED_WRITES = 2 * _SHARED_OBJECTS + 2
_TRIAL_WRITES = 6  # the acks by which preflight checks whose items a program gives: at most two in each of three states


def _known(kind: Text, names: Iterable[str], known: Collection[str], elsewhere: Collection[str]) -> None:
    for name in names:
        if name not in known and name in elsewhere:
            raise UnknownName(
                f"The {kind.en} {name!r} is not in profile `ack`; add --profile work.",
                f"{kind.zh} {name!r} 不属于 profile `ack`；请加上 --profile work。",
            )
        if name not in known:
            near = nearest(name, known)
            hint = _NEAREST.format(name=near) if near is not None else _SEE_LIST
            raise UnknownName(f"There is no {kind.en} {name!r}; {hint.en}", f"没有名为 {name!r} 的{kind.zh}；{hint.zh}")
