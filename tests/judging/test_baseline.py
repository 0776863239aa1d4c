"""What changed since an earlier run."""

from __future__ import annotations

from conformance.judging.baseline import Baseline, changes_since
from conformance.judging.verdict import PlannedCheck, VerdictKind


def checks(**kinds: VerdictKind) -> dict[PlannedCheck, VerdictKind]:
    """Checks from `requirement__scenario=kind`."""
    return {PlannedCheck(name.split("__")[1], name.split("__")[0]): kind for name, kind in kinds.items()}


def baseline(**kinds: VerdictKind) -> Baseline:
    return Baseline(run_id="r", started_at="2026-01-01T00:00:00Z", base_url="http://t", checks=checks(**kinds))


def test_each_requirement_has_one_change() -> None:
    before = baseline(a__s="passed", b__s="failed", c__s="failed", d__s="inconclusive", e__s="failed", f__s="passed")
    now = checks(a__s="failed", b__s="failed", c__s="passed", d__s="failed", e__s="inconclusive", f__s="passed")
    since = changes_since(before, "abcdef", now)
    assert since.new == ["a"]
    assert since.still == ["b"]
    assert since.of("fixed") == ["c"]
    assert since.of("revealed") == ["d"]
    assert since.of("dropped") == ["e"]
    assert since.of("other") == ["f"]


def test_a_failure_that_spreads_is_new_and_names_its_scenarios() -> None:
    since = changes_since(
        baseline(a__s="failed", a__t="passed", b__s="passed"),
        "ab",
        checks(a__s="failed", a__t="failed", b__s="failed"),
    )
    assert since.new == ["a", "b"]
    assert since.new_scenarios == {"a": ("t",)}


def test_only_planned_requirements_change() -> None:
    since = changes_since(baseline(a__s="failed", b__s="failed"), "a", checks(a__s="passed"))
    assert since.changes == {"a": "fixed"}


def test_a_requirement_is_not_fixed_while_a_failed_scenario_was_not_judged_again() -> None:
    since = changes_since(baseline(a__s="failed", a__t="failed"), "a", checks(a__s="passed"))
    assert since.changes == {"a": "dropped"}


def test_what_the_baseline_did_not_plan_is_not_called_new() -> None:
    since = changes_since(baseline(), "a", checks(a__s="failed"))
    assert (since.new, since.of("revealed")) == ([], ["a"])
