"""What pytest collects: chapter, scenario, and one item for each requirement that a scenario judges."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from conformance.chapters.registry import every_scenario, scenarios
from conformance.client.counters import RequestCounters
from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import Profile
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import explain, headline
from conformance.reporting.next_steps import EXPLAIN, FIX, LIKELY_FIX
from conformance.reporting.remedies import remedy_of_verdict
from conformance.scenario.model import Scenario
from conformance.text import Lang, Text

JUDGE: Final = pytest.StashKey[Callable[[PlannedCheck], Verdict]]()
"""Waits for a check's transcript and judges it."""

TRAFFIC: Final = pytest.StashKey[Callable[[], RequestCounters]]()
"""What this process has sent so far; missing if no requests are sent."""

ON_REQUEST: Final = pytest.StashKey[bool]()
"""Whether the scenarios that run only on request were asked for."""

PROFILE: Final = pytest.StashKey[Profile]()
"""The profile whose operations are judged."""

LANGUAGE: Final = pytest.StashKey[Lang]()
"""The language of failure texts."""


class ShouldViolationWarning(UserWarning):
    """The target does not keep a SHOULD."""


class MustViolation(Exception):
    """The target violates a MUST."""


class Suite(pytest.Directory):
    """The package itself, collected in place of its Python files."""

    def collect(self) -> Iterable[ChapterNode]:
        """Yield a node for each chapter that has scenarios, in the order of the requirement set."""
        profile = self.config.stash[PROFILE]
        for chapter in load_catalogue().of_profile(profile).chapters:
            members = [
                scenario
                for scenario in scenarios(profile).values()
                if scenario.chapter == chapter.id and (not scenario.on_request or self.config.stash[ON_REQUEST])
            ]
            if members:
                yield ChapterNode.from_parent(self, name=chapter.id, members=members)


class ChapterNode(pytest.Collector):
    """The scenarios of a chapter."""

    def __init__(self, *, members: list[Scenario], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._members = members

    def collect(self) -> Iterable[ScenarioNode]:
        """Yield a node for each scenario."""
        for scenario in self._members:
            yield ScenarioNode.from_parent(self, name=scenario.id, scenario=scenario)


class ScenarioNode(pytest.Collector):
    """A scenario. It runs once for all of its items."""

    def __init__(self, *, scenario: Scenario, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scenario = scenario

    def collect(self) -> Iterable[RequirementItem]:
        """Yield an item for each requirement that the scenario judges."""
        for requirement in self.scenario.requirements:
            yield RequirementItem.from_parent(self, name=requirement, line=PlannedCheck(self.scenario.id, requirement))


class RequirementItem(pytest.Item):
    """One check of the plan."""

    verdict: Verdict | None = None

    def __init__(self, *, line: PlannedCheck, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.line = line
        requirement = load_catalogue().requirements[line.requirement]
        self.extra_keyword_matches.update({requirement.level, requirement.basis, requirement.chapter})

    @property
    def mostly_waits(self) -> bool:
        """Whether its scenario mostly waits, for seconds in which other scenarios can be judged."""
        return every_scenario()[self.line.scenario].mostly_waits

    def wait_for_verdict(self) -> Verdict:
        """Wait for the transcript and return the verdict on it."""
        return self.config.stash[JUDGE](self.line)

    def setup(self) -> None:
        """Have the check judged. Without a verdict it ends here, which pytest reports as an error."""
        verdict = self.verdict = self.wait_for_verdict()
        if verdict.kind == "not-exercised":
            pytest.skip(verdict.reason.in_(self._lang) if verdict.reason else "not exercised")
        if verdict.kind == "waived":
            pytest.xfail(verdict.waiver.in_(self._lang) if verdict.waiver else "waived")
        if verdict.kind in {"inconclusive", "suite-error"}:
            # No exception of our own: pytest would render its traceback, which takes 60 ms per item.
            pytest.fail(self._words(), pytrace=False)

    def runtest(self) -> None:
        """Pass, warn or fail according to the verdict."""
        assert self.verdict is not None
        if self.verdict.kind == "failed":
            raise MustViolation
        if self.verdict.kind == "warned":
            with warnings.catch_warnings():
                warnings.simplefilter("always")  # a SHOULD never fails an item, whatever warning filters are set
                warnings.warn(ShouldViolationWarning(self._words()), stacklevel=1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Render a failure in full; anything unexpected is left to pytest."""
        if self.verdict is not None and isinstance(excinfo.value, MustViolation):
            return self._words()
        return super().repr_failure(excinfo, style)

    def matches_address(self, address: tuple[str, ...]) -> bool:
        """Return whether an address names this item's chapter, scenario or requirement."""
        chain = tuple(node.name for node in self.listchain() if isinstance(node, ChapterNode | ScenarioNode))
        return (*chain, self.name)[: len(address)] == address

    def reportinfo(self) -> tuple[Any, None, str]:
        """Return the name under which pytest lists the item: scenario and requirement."""
        return self.path, None, f"{self.line.scenario}: {self.line.requirement}"

    @property
    def _lang(self) -> Lang:
        return self.config.stash[LANGUAGE]

    def _words(self) -> str:
        """Return the verdict in one line, which pytest repeats in its summary, and below it in full."""
        assert self.verdict is not None
        lines = [headline(self.verdict).in_(self._lang), "", *explain(self.verdict, self._lang)]
        if self.verdict.failures:
            found = remedy_of_verdict(self.verdict)
            steps = (
                (FIX if found.sure else LIKELY_FIX, Text(escape_line(found.fix.en), escape_line(found.fix.zh))),
                (EXPLAIN, f"work-conformance explain {self.line.requirement}"),
            )
            words = Text("{label}: {value}", "{label}：{value}")
            lines += [words.format(label=label, value=value).in_(self._lang) for label, value in steps]
        return "\n".join(lines)
