"""What is kept of a scenario that is held several times: the worst of each line, and how often which verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.exchange import Ending, Transcript
from conformance.judging.judge import judge_planned_check
from conformance.judging.repetition import (
    REPETITIONS_FACT,
    RepetitionTotals,
    add_repetition,
    count_requests,
    verdict_over_repetitions,
)
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind
from conformance.judging.waivers import parse
from tests.reporting.html.sample_runs import exchange, item
from tests.reporting.run_results import failure

SCENARIO = "first-ack.named-worker"
STARTING, TIMES = "ack.first.starting", "ack.first.acknowledged-at"

Kinds = Mapping[str, VerdictKind]


def transcript(**facts: Any) -> Transcript:
    return Transcript(
        scenario=SCENARIO,
        run="run",
        seed=1,
        attempt=1,
        facts=facts,
        exchanges=(exchange("first", "ack", 200, item("starting")),),
        ending=Ending(kind="complete"),
    )


def verdict(requirement: str, kind: VerdictKind) -> Verdict:
    return Verdict(
        line=PlannedCheck(SCENARIO, requirement), kind=kind, failures=(failure(),) if kind == "failed" else ()
    )


def totals_of(*times: Kinds) -> RepetitionTotals:
    found: RepetitionTotals | None = None
    for number, kinds in enumerate(times, 1):
        verdicts = [verdict(name, kind) for name, kind in kinds.items()]
        found = add_repetition(found, transcript(number=number), verdicts, wanted=10)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ([{STARTING: "passed"}, {STARTING: "failed"}, {STARTING: "failed"}], 2),
        ([{STARTING: "inconclusive"}, {STARTING: "passed"}], 1),
        ([{STARTING: "failed", TIMES: "passed"}, {STARTING: "failed", TIMES: "failed"}], 2),
        ([{STARTING: "inconclusive", TIMES: "inconclusive"}, {STARTING: "failed", TIMES: "passed"}], 2),
        ([{STARTING: "passed"}] * 3, 1),
    ],
)
def test_the_worst_is_kept_and_of_equals_the_first(times: list[Kinds], kept: int) -> None:
    found = totals_of(*times)
    assert found.transcript_with_counts().facts["number"] == kept
    assert found.transcript_with_counts().facts[REPETITIONS_FACT]["kept"] == kept


def test_only_what_differed_is_counted_and_every_request() -> None:
    transcript_with_counts = totals_of(
        {STARTING: "passed", TIMES: "passed"},
        {STARTING: "failed", TIMES: "passed"},
        {STARTING: "passed", TIMES: "passed"},
    ).transcript_with_counts()
    fact = transcript_with_counts.facts[REPETITIONS_FACT]
    assert (fact["wanted"], fact["held"], fact["differed"]) == (10, 3, {STARTING: {"passed": 2, "failed": 1}})
    assert count_requests(transcript_with_counts) == 3
    assert count_requests(transcript()) == 1


def again(transcript_with_counts: Transcript, requirement: str, kind: VerdictKind) -> Verdict:
    """The verdict over all repetitions, from the file, where that on the kept transcript is of this kind."""
    read = Transcript.from_json(json.loads(transcript_with_counts.dumps()))
    return verdict_over_repetitions(verdict(requirement, kind), read)


def test_a_line_that_failed_only_in_another_repetition_has_failed() -> None:
    """The first line is the worst one's reason to be kept; the other must not come out green by it."""
    transcript_with_counts = totals_of(
        {STARTING: "failed", TIMES: "inconclusive"},
        {STARTING: "passed", TIMES: "failed"},
        {STARTING: "passed", TIMES: "passed"},
    ).transcript_with_counts()
    assert transcript_with_counts.facts[REPETITIONS_FACT]["kept"] == 1
    found = again(transcript_with_counts, TIMES, "inconclusive")
    assert (found.kind, found.failures, found.in_kept_transcript) == ("failed", (failure(),), False)
    assert found.repetitions is not None
    assert found.repetitions.kinds == (("failed", 1), ("inconclusive", 1), ("passed", 1))
    own = again(transcript_with_counts, STARTING, "failed")
    assert (own.kind, own.in_kept_transcript) == ("failed", True)


def test_a_waiver_of_the_kept_failure_hides_no_other() -> None:
    transcript_with_counts = totals_of(
        {STARTING: "failed", TIMES: "passed"}, {STARTING: "passed", TIMES: "failed"}
    ).transcript_with_counts()
    waivers = parse(f'[[waiver]]\nrequirement = "{STARTING}"\nreason = "known"\n')
    assert waivers.apply(again(transcript_with_counts, STARTING, "failed")).kind == "waived"
    assert waivers.apply(again(transcript_with_counts, TIMES, "passed")).kind == "failed"


def test_what_does_not_come_about_each_time_is_counted_and_not_unsteady() -> None:
    """A race has a refusal at times, a redelivery happens or not: then nothing was said, and nothing differs."""
    twice: list[Kinds] = [{STARTING: "passed"}, {STARTING: "not-exercised"}]
    found = again(totals_of(*twice).transcript_with_counts(), STARTING, "passed").repetitions
    assert found is not None
    assert (found.kinds, found.flaky) == ((("passed", 1), ("not-exercised", 1)), False)
    found = again(totals_of(*twice, {STARTING: "warned"}).transcript_with_counts(), STARTING, "warned").repetitions
    assert found is not None
    assert found.flaky


def test_a_newer_check_may_make_it_worse_and_never_better() -> None:
    transcript_with_counts = totals_of({STARTING: "passed"}, {STARTING: "passed"}).transcript_with_counts()
    assert again(transcript_with_counts, STARTING, "failed").kind == "failed"
    transcript_with_counts = totals_of(
        {STARTING: "failed", TIMES: "inconclusive"}, {STARTING: "passed", TIMES: "failed"}
    ).transcript_with_counts()
    assert again(transcript_with_counts, TIMES, "passed").kind == "failed"


def test_a_verdict_crosses_a_process_with_its_tally() -> None:
    transcript_with_counts = totals_of(
        {STARTING: "failed", TIMES: "passed"}, {STARTING: "passed", TIMES: "failed"}
    ).transcript_with_counts()
    for found in (again(transcript_with_counts, TIMES, "passed"), again(transcript_with_counts, STARTING, "failed")):
        assert Verdict.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    "fact",
    [
        None,
        7,
        {},
        {"wanted": 2, "held": 2, "kept": 1, "differed": [], "elsewhere": {}},
        {"wanted": 2, "held": 2, "kept": 1, "differed": {STARTING: 3}, "elsewhere": {}},
        {"wanted": 2, "held": 2, "kept": 1, "differed": {}, "elsewhere": {STARTING: {"kind": "passed"}}},
        {
            "wanted": 2,
            "held": 2,
            "kept": 1,
            "differed": {},
            "elsewhere": {STARTING: {**verdict(TIMES, "passed").to_json(), "kind": "never heard of"}},
        },
    ],
)
def test_what_cannot_be_read_is_never_a_pass(fact: Any) -> None:
    found = judge_planned_check(PlannedCheck(SCENARIO, STARTING), transcript(**{REPETITIONS_FACT: fact}))
    assert found.kind == "suite-error"
    assert found.reason is not None


def test_it_stays_as_large_whatever_the_number() -> None:
    times: list[Kinds] = [{STARTING: "failed" if n % 3 else "passed", TIMES: "passed"} for n in range(300)]
    few, many = (len(totals_of(*times[:count]).transcript_with_counts().dumps()) for count in (30, 300))
    assert many - few < 20


def raced(*times: VerdictKind, spreads: tuple[float | None, ...] = ()) -> RepetitionTotals:
    found: RepetitionTotals | None = None
    for number, kind in enumerate(times, 1):
        facts = {"spread": spreads[number - 1]} if spreads else {}
        found = add_repetition(found, transcript(**facts), [verdict(STARTING, kind)], wanted=number, race=True)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("times", "kind", "differ"),
    [
        (("passed", "inconclusive", "passed"), "passed", False),
        (("inconclusive", "passed"), "passed", False),
        (("not-exercised", "inconclusive"), "inconclusive", False),
        (("inconclusive", "failed", "passed"), "failed", True),
        (("suite-error", "passed"), "suite-error", True),
        (("inconclusive", "inconclusive"), "inconclusive", False),
    ],
)
def test_repetitions_in_which_a_race_did_not_come_about_do_not_count_beside_others(
    times: tuple[VerdictKind, ...], kind: VerdictKind, differ: bool
) -> None:
    found = raced(*times)
    kept = found.verdicts[0].kind
    over = verdict_over_repetitions(verdict(STARTING, kept), found.transcript_with_counts())
    assert over.kind == kind == kept, "the transcript that is kept shows it"
    assert over.repetitions is not None
    assert (over.repetitions.wanted, over.repetitions.held, over.repetitions.race) == (len(times), len(times), True)
    assert over.repetitions.differ is differ
    assert not over.repetitions.flaky


def test_of_the_spreads_of_a_race_the_median_is_kept() -> None:
    found = raced("passed", "passed", "inconclusive", "passed", spreads=(0.001, 0.005, None, 0.002))
    over = verdict_over_repetitions(verdict(STARTING, "passed"), found.transcript_with_counts())
    assert over.repetitions is not None
    assert over.repetitions.spread == 0.002
