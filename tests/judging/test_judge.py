"""From a transcript to one verdict: deterministic, and it never raises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import Level, Requirement, load_catalogue
from conformance.contract.operations import PROFILES
from conformance.exchange import Ending, EndKind, Transcript
from conformance.judging.judge import judge_requirement
from conformance.judging.plan import Selection, UnknownName, cost, full_plan
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.scenario.model import Check, CheckFunction, Finding
from conformance.scenario.transcript_view import Blocked, CannotJudge, NotExercised, SuiteError, TranscriptView
from conformance.text import Text
from tests.scenario.transcript_builder import begun, first_ack, refused, retries, shown

RULE = "ack.first.starting"
REASON = Text("because", "因为")
FINDING = Finding(step="ack", expected=Text("this", "这个"), actual=Text("that", "那个"))


def rule(level: Level = "MUST") -> Requirement:
    return replace(load_catalogue().requirements[RULE], level=level)


def check(*events: Finding | Exception) -> CheckFunction:
    """Yields findings, then raises."""

    def judgement(_: TranscriptView) -> Iterator[Finding]:
        for event in events:
            if isinstance(event, Exception):
                raise event
            yield event

    return judgement


def judged(*check_functions: CheckFunction, level: Level = "MUST") -> Verdict:
    dialog = first_ack()
    checks = tuple(Check(RULE, judgement) for judgement in check_functions)
    return judge_requirement(replace(dialog.scenario, checks=checks), rule(level), dialog.transcript())


@pytest.mark.parametrize(
    ("events", "level", "kind"),
    [
        ([], "MUST", "passed"),
        ([FINDING], "MUST", "failed"),
        ([FINDING, FINDING], "MUST", "failed"),
        ([FINDING], "SHOULD", "warned"),
        ([], "SHOULD", "passed"),
        ([], "OBSERVE", "not-exercised"),
        ([FINDING], "OBSERVE", "observed"),
        ([FINDING, CannotJudge(REASON)], "OBSERVE", "observed"),
        ([CannotJudge(REASON)], "OBSERVE", "not-exercised"),
        ([Blocked("ack.x.y", REASON)], "OBSERVE", "not-exercised"),
        ([NotExercised(REASON)], "OBSERVE", "not-exercised"),
        ([CannotJudge(REASON)], "MUST", "inconclusive"),
        ([Blocked("ack.x.y", REASON)], "MUST", "inconclusive"),
        ([NotExercised(REASON)], "MUST", "not-exercised"),
        ([SuiteError(REASON)], "MUST", "suite-error"),
        ([KeyError("x")], "MUST", "suite-error"),
        ([RecursionError()], "SHOULD", "suite-error"),
        ([KeyError("x")], "OBSERVE", "suite-error"),
        ([FINDING, CannotJudge(REASON)], "MUST", "failed"),
        ([FINDING, NotExercised(REASON)], "SHOULD", "warned"),
        ([FINDING, KeyError("x")], "MUST", "failed"),
        ([FINDING, KeyError("x")], "SHOULD", "suite-error"),
    ],
)
def test_what_a_check_says_becomes_a_verdict(events: list[Finding | Exception], level: Level, kind: str) -> None:
    assert judged(check(*events), level=level).kind == kind


def test_of_several_checks_the_worst_counts_and_all_findings_are_kept() -> None:
    verdict = judged(check(), check(FINDING), check(FINDING, CannotJudge(REASON)))
    assert (verdict.kind, len(verdict.failures), verdict.reason) == ("failed", 2, None)
    assert judged(check(), check(CannotJudge(REASON))).kind == "inconclusive"
    assert judged(check(NotExercised(REASON)), check()).kind == "passed"


def test_what_stood_in_the_way_is_told() -> None:
    verdict = judged(check(Blocked("ack.answer.schema-en", REASON)))
    assert (verdict.reason, verdict.blocked_by) == (REASON, "ack.answer.schema-en")


def test_a_check_that_breaks_says_where_and_not_with_what() -> None:
    reason = judged(check(KeyError("text of the target"))).reason
    assert reason is not None
    assert "judgement:" in reason.en
    assert "KeyError" in reason.en
    assert "text of the target" not in reason.en + reason.zh


def test_what_is_observed_is_told_in_words_and_not_as_a_breach() -> None:
    other = replace(FINDING, actual=Text("more", "更多"))
    verdict = judged(check(FINDING, other), check(CannotJudge(REASON)), level="OBSERVE")
    assert (verdict.kind, verdict.failures, verdict.reason) == ("observed", (), None)
    assert verdict.observation == Text("that; more", "那个；更多")
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize("level", ["MUST", "SHOULD"])
def test_what_is_judged_is_not_observed(level: Level) -> None:
    assert judged(check(FINDING), level=level).observation is None


def test_an_observation_that_was_not_made_says_why() -> None:
    verdict = judged(check(CannotJudge(REASON)), level="OBSERVE")
    assert (verdict.kind, verdict.reason, verdict.observation) == ("not-exercised", REASON, None)


def test_a_breach_keeps_its_picture_and_the_way_there() -> None:
    (failure,) = judged(check(replace(FINDING, diagram=Text("ack.1  [==]\nack.2  [==]", "-")))).failures
    assert failure.diagram == Text("ack.1  [==]\nack.2  [==]", "-")
    assert failure.operations == "1 200 → ack 200"


def test_a_flood_of_findings_is_cut() -> None:
    assert len(judged(check(*[FINDING] * 500)).failures) == 20


def test_a_finding_on_a_step_that_is_not_there_is_shown_without_evidence() -> None:
    (failure,) = judged(check(replace(FINDING, step="nowhere"))).failures
    assert (failure.request, failure.response, failure.curl) == ("", "", "")


ENDS: list[tuple[EndKind, str]] = [
    ("precondition", "inconclusive"),
    ("not-exercised", "not-exercised"),
    ("inconclusive", "inconclusive"),
    ("suite-error", "suite-error"),
    ("aborted", "inconclusive"),
    ("complete", "inconclusive"),
]


@pytest.mark.parametrize("scenario_id", scenarios())
@pytest.mark.parametrize(("ending", "kind"), ENDS)
def test_a_conversation_without_an_answer_is_never_passed_nor_failed(
    scenario_id: str, ending: EndKind, kind: str
) -> None:
    """What is only observed was then not observed, which no gate minds; a broken suite is one there too."""
    dialog = begun(scenario_id).ended(Ending(kind=ending, reason=REASON, step="arrange.stop.1"))
    kinds = dialog.kinds()
    observed = {rule for rule in kinds if load_catalogue().requirements[rule].level == "OBSERVE"}
    assert {kinds[rule] for rule in kinds.keys() - observed} <= {kind}
    assert {kinds[rule] for rule in observed} <= {kind if kind == "suite-error" else "not-exercised"}
    assert kinds


def test_a_saved_transcript_is_judged_again_with_the_same_verdicts() -> None:
    spoiled = refused().said("ack", 200, shown("starting"))
    for dialog in (first_ack(), retries("active"), refused(), spoiled, first_ack().lost("ack")):
        transcript = dialog.transcript()
        again = Transcript.from_json(json.loads(transcript.dumps()))
        for requirement in dialog.scenario.requirements:
            known = load_catalogue().requirements[requirement]
            assert judge_requirement(dialog.scenario, known, again) == judge_requirement(
                dialog.scenario, known, transcript
            )


# --- the plan


def test_the_full_plan_has_every_line_once() -> None:
    for profile in PROFILES:
        plan, known = full_plan(profile), load_catalogue().of_profile(profile).requirements
        assert len(set(plan)) == len(plan)
        asked_for = {rule.id for rule in known.values() if rule.exercised == "on-request"}
        planned = {name for name, held in scenarios(profile).items() if not held.on_request}
        assert {line.scenario for line in plan} == planned
        assert {line.requirement for line in plan} == set(known) - asked_for
        histories = {f"{name}.explore.history" for name in ("poll", "list", "get", "update", "heartbeat", "stop")}
        expected = {
            "ack": {"ack.observe.exploration"},
            "work": {"ack.observe.exploration"} | histories,
            "worker": set(),
        }
        assert asked_for == expected[profile]


def test_the_plan_of_ack_is_part_of_the_plan_of_all_operations() -> None:
    assert set(full_plan("ack")) < set(full_plan("work"))
    assert full_plan() == full_plan("ack")


def test_all_parts_of_a_selection_apply() -> None:
    starting, active = (
        PlannedCheck("retry.starting", "ack.retry.starting"),
        PlannedCheck("retry.active", "ack.retry.active"),
    )
    first = PlannedCheck("retry.active", "ack.first.starting")
    assert not Selection()
    assert all(Selection().includes(line) for line in (starting, active, first))
    assert [Selection(chapters=("retries",)).includes(line) for line in (starting, active, first)] == [
        True,
        True,
        False,
    ]
    chosen = Selection(chapters=("retries",), requirements=("ack.retry.active", "ack.first.starting"))
    assert [chosen.includes(line) for line in (starting, active, first)] == [False, True, False]
    assert [Selection(lines=frozenset({first})).includes(line) for line in (starting, first)] == [False, True]
    assert Selection(lines=frozenset())
    assert not Selection(lines=frozenset()).includes(first)


@pytest.mark.parametrize(
    ("selection", "hint"),
    [
        (Selection(chapters=("retry",)), "did you mean retries"),
        (Selection(requirements=("ack.retry.activ",)), "did you mean ack.retry.active"),
        (Selection(requirements=("zzz",)), "work-conformance list"),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_a_near_one(selection: Selection, hint: str) -> None:
    with pytest.raises(UnknownName, match=hint):
        selection.require_known_names()


def test_names_that_exist_are_taken() -> None:
    Selection(chapters=("retries",), requirements=("ack.retry.active",), expression="whatever").require_known_names()


def test_what_a_plan_costs() -> None:
    assert cost([], writes_per_second=20).objects == 0
    one = cost([PlannedCheck("first-ack.named-worker", RULE)] * 3, writes_per_second=1)
    assert (one.scenarios, one.writes, one.seconds) == (1, 5 + 12, 17.0)
    assert cost(full_plan(), writes_per_second=0).seconds < 10 < cost(full_plan(), writes_per_second=20).seconds
