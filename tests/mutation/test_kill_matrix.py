"""A proof tells a kill for the declared reason from everything else, and says what is missing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema
import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.emulator.defects import DEFECTS
from conformance.emulator.shapes import SHAPES
from conformance.emulator.variants import VARIANTS, variants_of
from conformance.judging.verdict import PlannedCheck
from conformance.mutation import kill_matrix_json
from conformance.mutation.foreign_shapes import FAULTS, ShapeResult, shape_jobs
from conformance.mutation.kill_matrix import Matrix, MutantResult, MutantStatus, checks, unexpected_results
from conformance.mutation.kill_matrix_html import page
from conformance.mutation.outcome import Job, Outcome
from conformance.mutation.selection import all_jobs_or_sample
from conformance.mutation.subjects import defects_of
from conformance.mutation.text_report import summary

ACK_DEFECTS, ACK_VARIANTS = defects_of("ack"), variants_of("ack")
DEFECT = DEFECTS["first.acknowledged-at-null"]
RULE = "ack.first.acknowledged-at"
LINE = PlannedCheck("first-ack.named-worker", RULE)
AS_DECLARED = Outcome(
    job=Job(defect=DEFECT.id),
    seconds=1.0,
    exit_code=1,
    failed=DEFECT.fails,
    warned=DEFECT.warns,
    failures=frozenset({LINE}),
)
ODD = next(iter(VARIANTS.values()))
GREEN = Outcome(job=Job(variants=(ODD.id,)), seconds=1.0, exit_code=0, warned=ODD.warns, skipped=ODD.skips)
HEALTHY = Outcome(job=Job(), seconds=1.0, exit_code=0)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (AS_DECLARED, "declared"),
        (replace(AS_DECLARED, failed=DEFECT.fails | {"ack.retry.active"}), "other"),
        (replace(AS_DECLARED, failed=frozenset({"ack.retry.active"})), "other"),
        (replace(AS_DECLARED, warned=frozenset({"ack.answer.id-form"})), "other"),
        (replace(AS_DECLARED, skipped=frozenset({"ack.identity.redelivered"})), "other"),
        (replace(AS_DECLARED, unexplained=("x",)), "other"),
        (replace(AS_DECLARED, failed=frozenset(), warned=frozenset()), "survived"),
        (replace(AS_DECLARED, crash="boom"), "crash"),
    ],
)
def test_the_fate_of_a_defect(outcome: Outcome, status: MutantStatus) -> None:
    trial = MutantResult(defect=DEFECT, outcome=outcome)
    assert trial.status == status
    assert (trial.killing_checks == {LINE}) == (status != "crash")


def test_what_chance_may_fail_is_no_other_reason() -> None:
    lucky = replace(DEFECT, may_fail=frozenset({"ack.race.stop"}))
    for failed in (DEFECT.fails, DEFECT.fails | lucky.may_fail):
        assert MutantResult(defect=lucky, outcome=replace(AS_DECLARED, failed=failed)).status == "declared"


def test_a_check_is_killed_only_by_what_is_declared() -> None:
    undeclared = replace(AS_DECLARED, failures=frozenset({LINE, PlannedCheck("retry.active", "ack.retry.active")}))
    killers = Matrix(outcomes=(undeclared,)).defects_killed_by_check
    assert killers[LINE] == (DEFECT.id,)
    assert [line for line, names in killers.items() if names] == [LINE]


@pytest.mark.parametrize(
    "outcome",
    [
        replace(GREEN, failed=frozenset({RULE})),
        replace(GREEN, exit_code=3),
        replace(GREEN, leftovers=1),
        replace(GREEN, crash="boom"),
        replace(GREEN, unexplained=("x",)),
        replace(GREEN, warned=ODD.warns | {"ack.no-such"}),
        replace(GREEN, skipped=ODD.skips | {"ack.no-such"}),
    ],
)
def test_a_variant_is_green_or_says_why_not(outcome: Outcome) -> None:
    assert unexpected_results(GREEN) == ()
    assert len(unexpected_results(outcome)) == 1


def declared_of(job: Job) -> Outcome:
    """A run on a server of foreign shape, as it is declared."""
    fault = DEFECTS[job.defect] if job.defect is not None else None
    seen = Outcome(job=job, seconds=1, exit_code=3, noticed=1)
    if fault is None:
        return seen
    return replace(seen, exit_code=1, failed=fault.fails, warned=fault.warns, skipped=fault.skips)


def whole() -> list[Outcome]:
    """Outcomes that prove everything."""
    failures: dict[str, set[PlannedCheck]] = {}
    for line in checks():
        failures.setdefault(line.requirement, set()).add(line)
    outcomes = [HEALTHY]
    for job in all_jobs_or_sample(1).jobs:
        if job.shapes:
            outcomes.append(declared_of(job))
        elif job.defect is not None:
            d = DEFECTS[job.defect]
            failure = frozenset(line for rule in d.fails | d.warns for line in failures[rule])
            outcomes.append(
                Outcome(
                    job=job, seconds=1, exit_code=1, failed=d.fails, warned=d.warns, skipped=d.skips, failures=failure
                )
            )
        elif job != Job():
            outcomes.append(Outcome(job=job, seconds=1, exit_code=0))
    return outcomes


def test_a_whole_proof_has_full_figures() -> None:
    matrix = Matrix(outcomes=tuple(whole()))
    assert matrix.all_ratios_full
    ratios = {name: (figure.count, figure.total) for name, figure in matrix.ratios.items()}
    assert ratios["defects"] == (len(ACK_DEFECTS), len(ACK_DEFECTS))
    assert ratios["checks"] == (len(checks()), len(checks()))
    assert ratios["variants"] == (len(ACK_VARIANTS), len(ACK_VARIANTS))
    assert ratios["combinations"] == (50, 50)
    assert ratios["shapes"] == (len(shape_jobs()), len(shape_jobs()))
    assert ratios["coarse"][1] == sum(DEFECTS[name].moves_time for name in ACK_DEFECTS) > 5


@pytest.mark.parametrize("place", [0, 1, 30, -1])
def test_one_run_that_breaks_the_suite_disproves(place: int) -> None:
    outcomes = whole()
    outcomes[place] = Outcome(job=outcomes[place].job, seconds=0, crash="RuntimeError: boom")
    assert not Matrix(outcomes=tuple(outcomes)).all_ratios_full
    output = "\n".join(summary(Matrix(outcomes=tuple(outcomes)), seed=1, left_out=0, took=(1, 1, 1), lang="en"))
    assert "RuntimeError: boom" in output


def test_a_check_without_a_killer_disproves_and_is_named() -> None:
    outcomes = [replace(o, failures=o.failures - {LINE}) for o in whole()]
    matrix = Matrix(outcomes=tuple(outcomes))
    assert not matrix.all_ratios_full
    assert f"{LINE.scenario} {LINE.requirement}" in "\n".join(
        summary(matrix, seed=1, left_out=0, took=(1, 1, 1), lang="en")
    )


def test_a_sample_says_what_it_left_out_and_is_the_same_for_a_seed() -> None:
    part, all_of_it = all_jobs_or_sample(7, 3), all_jobs_or_sample(7)
    assert part == all_jobs_or_sample(7, 3) != all_jobs_or_sample(8, 3)
    assert len(part.jobs) + part.left_out == len(all_of_it.jobs)
    assert all_of_it.left_out == 0
    output = list(
        summary(Matrix(outcomes=(HEALTHY,), sampled=True), seed=7, left_out=part.left_out, took=(1, 1, 1), lang="en")
    )
    assert (
        output[0]
        == f"Sample: 0 of {len(ACK_DEFECTS)} defects, 0 of {len(ACK_VARIANTS)} variants; {part.left_out} runs were left out."
    )
    assert any("unknown in a sample" in line for line in output)


@pytest.mark.parametrize("sampled", [False, True])
def test_the_matrix_of_a_sample_says_that_it_is_one(sampled: bool) -> None:
    """Page and JSON; the page marks no check as unproved that the sample could not prove."""
    matrix = Matrix(outcomes=(HEALTHY, AS_DECLARED, GREEN), sampled=sampled)
    text = page(matrix, seed=1, left_out=5, seconds=1.0)
    document = kill_matrix_json.document(matrix, seed=1, left_out=5, seconds=1.0)
    jsonschema.Draft202012Validator(json.loads(kill_matrix_json.schema_text())).validate(document)
    words = (
        f"Sample: 1 of {len(ACK_DEFECTS)} defects, 1 of {len(ACK_VARIANTS)} variants; 5 runs were left out.",
        f"抽样：缺陷 1/{len(ACK_DEFECTS)}，变体 1/{len(ACK_VARIANTS)}；略去 5 次运行。",
        "Kill matrix (sample) · 杀死矩阵（抽样）",
    )
    assert [each in text for each in words] == [sampled] * 3
    assert ('<span class="bad">✗' in text) is not sampled
    parts = {
        "defects": {"ran": 1, "of": len(ACK_DEFECTS)},
        "variants": {"ran": 1, "of": len(ACK_VARIANTS)},
    }
    assert document["sample"] == (parts if sampled else None)


def test_the_json_is_what_its_schema_says() -> None:
    outcomes = whole()
    outcomes[3] = replace(outcomes[3], unexplained=("x",), crash=None)
    document = kill_matrix_json.document(Matrix(outcomes=tuple(outcomes)), seed=1, left_out=0, seconds=1.0)
    schema = json.loads(kill_matrix_json.schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document)))
    assert document["proved"] is False
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({**document, "surprise": 1})


class _Page(HTMLParser):
    """Counts what opens and what closes, and what would be fetched."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [
            f"{tag} {value}" for name, value in attrs if name == "src" or (tag == "link" and name == "href")
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_is_well_formed() -> None:
    outcomes = whole()
    outcomes[5] = replace(outcomes[5], crash="<script>alert(1)</script>")
    text = page(Matrix(outcomes=tuple(outcomes)), seed=1, left_out=2, seconds=60.0)
    parser = _Page()
    parser.feed(text)
    assert parser.open == []
    assert parser.fetched == []
    assert "script" not in parser.tags
    assert "&lt;script&gt;" in text
    assert not re.search(r"url\(|@import|https?://", text)
    for defect in ACK_DEFECTS.values():
        assert f'id="defect-{defect.id}"' in text
    assert text.count('lang="en">') == text.count('lang="zh">') + 1, "but for the page itself, each sentence has both"


STOPS_ODDLY = Job(shapes=("stop-204",), defect="kind.conflict")
FOUND = declared_of(STOPS_ODDLY)


@pytest.mark.parametrize(
    "outcome",
    [
        replace(FOUND, failed=frozenset()),
        replace(FOUND, failed=FOUND.failed | {"ack.terminal.stopping"}),
        replace(FOUND, warned=frozenset({"ack.answer.id-form"})),
        replace(FOUND, unjudged=frozenset({"ack.terminal.stopping"})),
        replace(FOUND, skipped=frozenset({"ack.auth.missing"})),
        replace(FOUND, share=0.89),
        replace(FOUND, noticed=0),
        replace(FOUND, crash="boom"),
    ],
)
def test_on_a_foreign_shape_a_fault_is_found_nothing_else_blamed_and_enough_judged(outcome: Outcome) -> None:
    assert ShapeResult(outcome=FOUND).difference == ()
    assert len(ShapeResult(outcome=outcome).difference) == 1
    matrix = Matrix(outcomes=(outcome,), sampled=True)
    assert not matrix.all_ratios_full
    assert "stop-204" in "\n".join(summary(matrix, seed=1, left_out=0, took=(1, 1, 1), lang="en"))


def test_what_a_shape_makes_unreachable_need_not_be_judged() -> None:
    job = Job(shapes=("second-heartbeat",), defect="retry.active-conflicts")
    hidden = replace(declared_of(job), failed=frozenset(), unjudged=frozenset({"ack.retry.active"}), share=0.8)
    assert ShapeResult(outcome=hidden).difference == ()


def test_every_shape_is_met_alone_and_with_a_fault_of_every_chapter() -> None:
    jobs = shape_jobs()
    assert len(set(jobs)) == len(jobs)
    requirements = load_catalogue().requirements
    broken = {requirements[rule].chapter for name in FAULTS for rule in DEFECTS[name].fails}
    assert broken == {
        chapter.id
        for chapter in load_catalogue().of_profile("ack").chapters
        if any(rule.level == "MUST" for rule in chapter.requirements)
    }
    for name in SHAPES:
        mine = [job.defect for job in jobs if job.shapes == (name,)]
        assert mine == [None, *FAULTS]
