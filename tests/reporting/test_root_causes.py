"""Failures by cause: what counts as one, and how it is told on the terminal, in the summary and on the page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Failure, Verdict, VerdictKind
from conformance.reporting.html.page import page
from conformance.reporting.root_causes import Cause, cause_count_text, causes_of
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang, Text

from .run_results import both, failure, mixed, record_of, verdict

QUEUED, STARTING, STOPPING = (
    "ack.identity.mismatch-queued",
    "ack.identity.mismatch-starting",
    "ack.terminal.stopping",
)
EXPECTED = "HTTP 409 with error.type `invalid_request_error`"


def breach(
    actual: str = '"conflict_error"',
    *,
    expected: str = EXPECTED,
    pointer: str = "/error/type",
    status: int = 409,
    step: str = "ack",
    exhibit: str = "",
) -> Failure:
    made = failure(step, actual=actual, pointer=pointer, answer=f"HTTP {status}\n\n{{}}", exhibit=exhibit)
    return replace(made, expected=both(expected))


def failed(scenario: str, requirement: str, *failures: Failure) -> Verdict:
    return verdict(scenario, requirement, "failed", failures=failures)


def told(causes: list[Cause]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(cause.requirements, cause.scenarios) for cause in causes]


# --- what is one cause


def test_breaches_that_look_alike_are_one_cause_whatever_the_requirement() -> None:
    causes = causes_of([failed("a", QUEUED, breach()), failed("b", QUEUED, breach()), failed("c", STOPPING, breach())])
    assert told(causes) == [((QUEUED, STOPPING), ("a", "b", "c"))]


@pytest.mark.parametrize(
    "other",
    [
        breach('"Conflict"'),
        breach(expected="HTTP 404 with error.type `not_found_error`"),
        breach(pointer="/type"),
        breach(status=404),
    ],
    ids=["actual", "expected", "place", "status"],
)
def test_breaches_that_differ_in_one_respect_are_two_causes(other: Failure) -> None:
    assert len(causes_of([failed("a", QUEUED, breach()), failed("b", STOPPING, other)])) == 2


def test_what_differs_from_run_to_run_makes_no_difference() -> None:
    first, second = (
        breach('"2026-01-01T00:00:00Z of work_019f3be4fd24"'),
        breach('"2027-02-03T04:05:06Z of work_0aaaaaaaa"'),
    )
    assert len(causes_of([failed("a", QUEUED, first), failed("b", STOPPING, second)])) == 1


def test_two_expectations_of_one_place_of_one_answer_are_one_cause_everywhere() -> None:
    by_schema = breach(expected='"invalid_request_error"')
    apart = [failed("a", QUEUED, breach()), failed("b", "ack.envelope.schema-en", by_schema)]
    assert len(causes_of(apart)) == 2
    together = [*apart, failed("a", "ack.envelope.schema-en", by_schema)]
    assert told(causes_of(together)) == [((QUEUED, "ack.envelope.schema-en"), ("a", "b"))]


def test_the_same_words_at_several_places_of_one_answer_are_one_cause() -> None:
    failures = [breach("no such field", expected="the field is there", pointer=f"/{name}") for name in "abcde"]
    assert len(causes_of(failed(str(n), QUEUED, failure) for n, failure in enumerate(failures))) == 5
    (cause,) = causes_of([failed("a", QUEUED, *failures), failed("b", STOPPING, failures[3])])
    assert cause.places == ("/a", "/b", "/c", "/d", "/e")
    assert cause.sentence == Text(
        "no such field at `/a`, `/b`, `/c` and 2 more places of a response HTTP 409; expected the field is there",
        "HTTP 409 响应的 `/a`、`/b`、`/c` 等 5 处为 no such field；预期：the field is there",
    )
    wholes = [breach("x", expected="y", pointer="", step=step) for step in ("ack.1", "ack.2")]
    assert causes_of([failed("a", QUEUED, *wholes)])[0].places == ()


@pytest.mark.parametrize(
    "other",
    [breach('"x"', expected="y"), breach(expected="y", step="another")],
    ids=["another-value", "another-answer"],
)
def test_only_the_same_words_about_the_same_answer_join_two_expectations(other: Failure) -> None:
    assert len(causes_of([failed("a", QUEUED, breach()), failed("a", STOPPING, other)])) == 2


def test_an_error_of_the_server_is_one_cause_whatever_was_expected() -> None:
    def crashed(expected: str) -> Failure:
        return breach("HTTP 500", expected=expected, pointer="", status=500)

    assert len(causes_of([failed("a", QUEUED, crashed("HTTP 409")), failed("b", STOPPING, crashed("HTTP 200"))])) == 1
    wrong = [
        failed(name, rule, breach("HTTP 200", expected=expected, pointer="", status=200))
        for name, rule, expected in (("a", QUEUED, "HTTP 409"), ("b", STOPPING, "HTTP 404"))
    ]
    assert len(causes_of(wrong)) == 2


def test_an_answer_of_another_status_is_one_cause_whatever_else_was_expected_of_it() -> None:
    def accepted(expected: str) -> Failure:
        return breach("HTTP 202", expected=expected, pointer="", status=202)

    wanted = ["HTTP 200 with state `starting`", "HTTP 200, or HTTP 409 with error.type `x`", "HTTP 200"]
    same = [failed(str(n), QUEUED, accepted(expected)) for n, expected in enumerate(wanted)]
    assert len(causes_of(same)) == 1
    assert len(causes_of([*same, failed("x", QUEUED, accepted("HTTP 409 with error.type `x`, or HTTP 200"))])) == 2
    right = [failed(str(n), QUEUED, breach("HTTP 200", expected=wanted[n], pointer="", status=200)) for n in range(3)]
    assert len(causes_of(right)) == 3, "the status is as expected: something else is wrong, and each time another thing"


def test_a_value_that_is_another_in_each_scenario_is_one_cause() -> None:
    def with_values(count: int, pointer: str = "/error/type") -> list[Cause]:
        values = ("alpha", "beta", "gamma", "delta")
        return causes_of(failed(f"s{n}", QUEUED, breach(f'"{values[n]}"', pointer=pointer)) for n in range(count))

    (cause,) = with_values(4)
    assert cause.scenarios == ("s0", "s1", "s2", "s3")
    assert cause.sentence == Text(
        f'"alpha" (differs by scenario) at `/error/type` of a response HTTP 409; expected {EXPECTED}',
        f'HTTP 409 响应的 `/error/type` 为 "alpha"（各场景不尽相同）；预期：{EXPECTED}',
    )
    assert len(with_values(3)) == 3
    assert len(with_values(4, pointer="")) == 4
    two = [failed(f"s{n}", (QUEUED, STOPPING)[n % 2], breach(f'"{n}"')) for n in range(4)]
    assert len(causes_of(two)) == 4
    again = [failed(name, QUEUED, breach(f'"{n}"')) for n in range(4) for name in ("a", "b")]
    assert len(causes_of(again)) == 4


def test_that_no_order_explains_a_race_counts_only_by_itself() -> None:
    race = breach("no order explains them", expected="some order", pointer="", status=200, exhibit="0.1 ack …")
    answer = breach()
    assert told(causes_of([failed("a", QUEUED, race, answer), failed("b", STOPPING, answer)])) == [
        ((QUEUED, STOPPING), ("a", "b"))
    ]
    (alone,) = causes_of([failed("a", QUEUED, race)])
    assert (alone.failure, alone.varies) == (race, False)
    other = replace(race, actual=both("no order lets `ack.1` answer 200"))
    (cause,) = causes_of([failed("a", QUEUED, race), failed("b", STOPPING, other)])
    assert cause.requirements == (QUEUED, STOPPING)
    assert cause.sentence.en == "no order explains them (differs by scenario); expected some order"


def test_only_failures_have_causes() -> None:
    kinds: tuple[VerdictKind, ...] = ("waived", "warned", "passed", "inconclusive")
    assert causes_of(verdict("a", QUEUED, kind, failures=(breach(),)) for kind in kinds) == []


def test_the_cause_of_the_most_requirements_comes_first_then_that_of_the_most_scenarios() -> None:
    one, two, three = breach("1"), breach("2"), breach("3")
    causes = causes_of(
        [
            failed("a", QUEUED, one),
            failed("b", STARTING, two),
            failed("c", STARTING, two),
            failed("d", QUEUED, three),
            failed("d", STOPPING, three),
        ]
    )
    assert [cause.failure.actual.en for cause in causes] == ["3", "2", "1"]


def test_a_cause_says_what_there_is_where_and_what_must_be() -> None:
    (cause,) = causes_of([failed("a", QUEUED, breach())])
    assert cause.sentence == Text(
        f'"conflict_error" at `/error/type` of a response HTTP 409; expected {EXPECTED}',
        f'HTTP 409 响应的 `/error/type` 为 "conflict_error"；预期：{EXPECTED}',
    )
    (cause,) = causes_of([failed("a", QUEUED, breach("HTTP 200", pointer=""))])
    assert cause.sentence.en == f"HTTP 200; expected {EXPECTED}"
    (cause,) = causes_of([failed("a", QUEUED, replace(breach(), answer=""))])
    assert cause.sentence.en.startswith('"conflict_error" at `/error/type`; ')


def test_they_are_counted_where_that_tells_something() -> None:
    one, two = failed("a", QUEUED, breach()), failed("b", STOPPING, breach())
    assert cause_count_text(causes_of([one, two])) == Text("2 failed requirements, 1 cause", "2 条失败的要求，1 个原因")
    third = failed("c", STARTING, breach('"x"'))
    assert cause_count_text(causes_of([one, two, third])) == Text(
        "3 failed requirements, 2 causes", "3 条失败的要求，2 个原因"
    )
    assert cause_count_text(causes_of([one, third])) is None
    assert cause_count_text([]) is None


# --- how it is told


def record() -> RunResult:
    """Three requirements fail of two causes; one is blocked by the first of them."""
    blocked = verdict("a", "ack.envelope.request-id-echo", "inconclusive", reason=both("no"), blocked_by=QUEUED)
    three = failed("c", STARTING, breach('"x"'))
    return record_of(failed("a", QUEUED, breach()), three, failed("b", STOPPING, breach()), blocked)


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_has_a_block_for_each_and_repeats_them_last(lang: Lang) -> None:
    output = list(lines(record(), lang, report_path="x", columns=1000))
    causes = [cause.sentence.in_(lang) for cause in causes_of(record().verdicts)]
    word = Text("FAILED {n}/2: {what}", "失败 {n}/2：{what}")
    blocks = [output.index(word.format(n=n, what=what).in_(lang)) for n, what in enumerate(causes, 1)]
    heading = Text("Root causes (2 causes, 3 failed requirements)", "根因（2 个原因，3 条失败的要求）").in_(lang)
    at = output.index(heading)
    assert blocks == sorted(blocks)
    assert blocks[-1] < at
    assert [output[at + 1], output[at + 3]] == [f"{n}. {what}" for n, what in enumerate(causes, 1)]
    assert len(output) == at + 1 + 2 * len(causes) + 2
    assert any(STOPPING in line for line in output[blocks[0] : blocks[1]])


def test_no_more_than_a_few_are_told_on_the_terminal() -> None:
    many = [failed(str(n), QUEUED, breach(pointer=f"/{n}")) for n in range(1, 19)]
    output = list(lines(record_of(*many, failed("b", STOPPING, breach(pointer="/1"))), "en", report_path="x"))
    assert sum(line.startswith("FAILED ") for line in output) == 5
    assert "13 more causes: see the end of this output, or use -v" in output
    assert "6 more causes: see report.html" in output


@pytest.mark.parametrize("lang", LANGS)
def test_the_summary_tells_them_before_the_failures(lang: Lang) -> None:
    text = markdown(record(), lang)
    heading = Text("## 3 failed requirements, 2 causes", "## 3 条失败的要求，2 个原因").in_(lang)
    (section,) = re.findall(rf"^{heading}\n\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    first, second = section.split("\n")
    assert f"`{QUEUED}`, `{STOPPING}`" in first
    assert '"conflict_error"' in first
    assert f"`{STARTING}`" in second
    assert text.index(heading) < text.index(f"### `{QUEUED}`")


def test_where_each_failure_is_its_own_cause_nothing_is_told_of_causes() -> None:
    for words in (markdown(mixed(), "en"), page(mixed(), {})):
        assert not re.search(r"\d causes?\b", words)


def test_the_page_tells_them_first_with_links_and_what_they_block() -> None:
    made = page(record(), {})
    top = made[made.index('<h2 id="causes">') : made.index('<h2 id="reds">')]
    assert "3 failed requirements, 2 causes" in top
    first, second = re.findall(r"<li>.*?</li>", top, re.DOTALL)
    assert re.findall(r'href="#(ack[^"]*)"', first) == [QUEUED, STOPPING, "ack.envelope.request-id-echo"]
    assert re.findall(r'href="#(ack[^"]*)"', second) == [STARTING]
    rest = made[made.index('<h2 id="reds">') : made.index('<h2 id="unexercised">')]
    assert "ack.envelope.request-id-echo" not in rest
    assert rest.count('<li class="failed">') == 3
    assert "conflict_error" not in rest, "told above"


def test_a_cause_names_the_contradiction_of_the_docs_that_the_target_may_have_followed() -> None:
    top = page(record(), {}).partition('<h2 id="reds">')[0]
    first, second = re.findall(r"<li>.*?</li>", top[top.index('<h2 id="causes">') :], re.DOTALL)
    assert 'href="#register-conflict-type"' in first
    assert "register" not in second
