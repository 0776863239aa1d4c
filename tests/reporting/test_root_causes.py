"""Failures by cause: what counts as one, and how it is told on the terminal, in the summary and on the page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Failure, Verdict, VerdictKind
from conformance.reporting.html.page import page
from conformance.reporting.root_causes import Cause, cause_count_text, causes_of
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang, Text

from .run_results import HOSTILE, both, failure, mixed, record_of, verdict

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


def status(actual: int, wanted: int, step: str = "ack") -> Failure:
    return breach(f"HTTP {actual}", expected=f"HTTP {wanted}", pointer="", status=actual, step=step)


def field(pointer: str, keyword: str = "required", actual: str = "x", *, code: int = 409, step: str = "ack") -> Failure:
    return replace(breach(actual, expected="y", pointer=pointer, status=code, step=step), keyword=keyword)


def shown_by_get(failure: Failure) -> Failure:
    return replace(failure, step="after", request="GET http://127.0.0.1:4010/x", response="HTTP 200\n\n{}")


AGREES, SAME_ITEM = "ack.answer.get-agrees", "ack.answer.same-item"
SCHEMA_EN, SCHEMA_ZH = "ack.envelope.schema-en", "ack.envelope.schema-zh"


def test_breaches_that_look_alike_at_one_place_are_one_cause_whatever_the_requirement() -> None:
    causes = causes_of([failed("a", QUEUED, breach()), failed("b", QUEUED, breach()), failed("c", STOPPING, breach())])
    assert told(causes) == [((QUEUED, STOPPING), ("a", "b", "c"))]


@pytest.mark.parametrize("keyword", ["required", "type", "const", "format"])
def test_a_place_with_one_kind_of_violation_is_one_cause_whatever_the_status_and_the_value(keyword: str) -> None:
    verdicts = [
        failed("a", SCHEMA_EN, field("/request_id", keyword, "1", code=404)),
        failed("b", SCHEMA_ZH, field("/request_id", keyword, "2", code=409)),
    ]
    assert len(causes_of(verdicts)) == 1
    assert len(causes_of([*verdicts, failed("c", SCHEMA_EN, field("/error/message", keyword, "1"))])) == 2
    other = {"required": "type"}.get(keyword, "required")
    assert len(causes_of([*verdicts, failed("c", SCHEMA_EN, field("/request_id", other, "3"))])) == 2


def test_what_looks_alike_but_is_about_something_else_is_two_causes() -> None:
    another_worker, stopping = failed("a", QUEUED, status(200, 409)), failed("b", STOPPING, status(200, 409))
    assert told(causes_of([another_worker, stopping])) == [((QUEUED,), ("a",)), ((STOPPING,), ("b",))]
    scheme, expired = (failed(name, f"ack.auth.{name}", status(200, 401)) for name in ("scheme", "expired"))
    assert len(causes_of([scheme, expired])) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((QUEUED, 200, 409), (STARTING, 200, 409)),
        (("ack.auth.unknown-token", 200, 401), ("ack.auth.expired", 200, 401)),
        (("ack.auth.missing", 403, 401), ("ack.auth.x-api-key", 403, 401)),
        (("ack.not-found.work", 200, 404), ("ack.not-found.other-environment", 200, 404)),
        (("ack.first.starting", 202, 200), ("ack.retry.starting", 202, 200)),
        (("ack.retry.active", 500, 200), ("ack.race.stop", 500, 200)),
    ],
)
def test_a_wrong_status_is_one_cause_where_one_follows_from_the_other(
    first: tuple[str, int, int], second: tuple[str, int, int]
) -> None:
    causes = causes_of(failed(rule, rule, status(actual, wanted)) for rule, actual, wanted in (first, second))
    assert told(causes) == [((first[0], second[0]), (first[0], second[0]))]


def test_statuses_that_differ_are_two_causes() -> None:
    assert len(causes_of([failed("a", QUEUED, status(200, 409)), failed("b", QUEUED, status(403, 409))])) == 2


def test_a_similar_worker_id_is_another_cause_than_a_redelivery_unless_no_worker_is_compared() -> None:
    similar = failed("identity.near-miss-suffix.queued", QUEUED, status(200, 409))
    redelivered = failed("identity.redelivered", "ack.identity.redelivered", status(200, 409))
    assert len(causes_of([similar, redelivered])) == 2
    assert len(causes_of([similar, redelivered, failed("identity.other-worker.queued", QUEUED, status(200, 409))])) == 1


def test_every_refusal_with_200_and_an_error_is_one_cause() -> None:
    def accepted(wanted: int) -> Failure:
        return replace(status(200, wanted), actual=both('HTTP 200 with error.type "x"'))

    assert len(causes_of([failed("a", QUEUED, accepted(409)), failed("b", "ack.auth.missing", accepted(401))])) == 1


def test_what_a_get_shows_after_the_ack_is_the_acks_cause_and_the_ack_represents_it() -> None:
    ack = field("/metadata", "", "null", code=200)
    get = shown_by_get(field("/metadata", "", "{}"))
    (cause,) = causes_of([failed("a", AGREES, get), failed("a", SAME_ITEM, ack), failed("b", AGREES, get)])
    assert told([cause]) == [((AGREES, SAME_ITEM), ("a", "b"))]
    assert cause.failure == ack
    assert len(causes_of([failed("a", AGREES, get), failed("b", SAME_ITEM, field("/data", "", code=200))])) == 2


def test_one_place_of_one_response_is_one_cause_whatever_was_expected_there() -> None:
    by_schema = replace(breach(expected="a string"), keyword="type")
    together = [failed("a", QUEUED, breach()), failed("a", SCHEMA_EN, by_schema)]
    assert told(causes_of(together)) == [((QUEUED, SCHEMA_EN), ("a",))]
    below = [failed("a", SAME_ITEM, field("/data", "")), failed("a", SCHEMA_EN, field("/data/id"))]
    assert len(causes_of(below)) == 1


def test_three_places_of_one_response_with_one_kind_are_one_cause_and_two_are_not() -> None:
    three = [field(f"/{name}") for name in "abc"]
    (cause,) = causes_of([failed("a", SCHEMA_EN, *three), failed("b", SCHEMA_ZH, three[2])])
    assert cause.places == ("/a", "/b", "/c")
    assert cause.sentence == Text(
        "required fields `/a`, `/b` and 1 more missing (HTTP 409)", "响应缺少必需字段 `/a`、`/b` 等 3 处（HTTP 409）"
    )
    assert len(causes_of([failed("a", SCHEMA_EN, *three[:2])])) == 2


def test_error_types_are_one_cause_by_their_value_or_where_none_is_right() -> None:
    def typed(actual: str, code: int) -> Failure:
        return breach(actual, expected=f'"{code}"', status=code)

    assert len(causes_of([failed("a", QUEUED, typed("x", 409)), failed("b", "ack.auth.missing", typed("x", 401))])) == 1
    two = [failed("a", QUEUED, typed("x", 409)), failed("b", "ack.auth.missing", typed("y", 401))]
    assert len(causes_of(two)) == 2
    assert len(causes_of([*two, failed("c", "ack.not-found.work", typed("z", 404))])) == 1


def test_everything_that_a_refused_ack_changes_is_one_cause_with_what_it_does_to_the_owner() -> None:
    changed = [
        shown_by_get(breach(actual, expected=f"{before}, as before the refused ack", pointer=pointer))
        for pointer, before, actual in (("/state", '"queued"', '"stopped"'), ("/stopped_at", "null", '"2026-01-01"'))
    ]
    verdicts = [
        failed("a", "ack.refused.rightful-worker-unharmed", status(409, 200, "rightful")),
        failed("a", "ack.refused.changes-nothing", *changed),
    ]
    (cause,) = causes_of(verdicts)
    assert cause.headline.en == "Refused ack changes the state from `queued` to `stopped`"
    assert len(causes_of([*verdicts, failed("b", STOPPING, status(404, 409))])) == 2


def test_a_disclosure_is_one_cause_wherever_it_is() -> None:
    leak = "ack.authz.foreign-no-leak"
    verdicts = [
        failed("a", leak, field("/error/secret", "")),
        failed("b", leak, breach("a text with the item's `data.id`", pointer="/error/message")),
    ]
    assert [cause.headline.en for cause in causes_of(verdicts)] == ["`/error/secret` leaks the item to another tenant"]


def race(step: str = "after") -> Failure:
    return breach("no order explains them", expected="some order", pointer="", exhibit="0.1 ack …", step=step)


def test_that_no_order_explains_a_race_counts_only_by_itself() -> None:
    (cause,) = causes_of([failed("a", QUEUED, race(), breach()), failed("b", STOPPING, breach())])
    assert told([cause]) == [((QUEUED, STOPPING), ("a", "b"))]
    (alone,) = causes_of([failed("a", "ack.race.stop", race()), failed("b", "ack.race.heartbeat", race("ack.1"))])
    assert alone.sentence == both("no order explains them")
    assert alone.requirements == ("ack.race.stop", "ack.race.heartbeat")


def test_a_race_is_explained_by_the_same_fault_without_one() -> None:
    stopped = failed("race.stop.queued", "ack.race.stop", race())
    assert len(causes_of([stopped, failed("b", STOPPING, status(200, 409))])) == 1
    assert len(causes_of([stopped, failed("b", QUEUED, status(200, 409))])) == 2


def test_only_failures_have_causes() -> None:
    kinds: tuple[VerdictKind, ...] = ("waived", "warned", "passed", "inconclusive")
    assert causes_of(verdict("a", QUEUED, kind, failures=(breach(),)) for kind in kinds) == []


def test_the_acks_own_response_comes_first_then_what_blocks_most_then_the_most_requirements() -> None:
    get = failed("a", AGREES, shown_by_get(field("/metadata", "")))
    one, two = failed("b", STOPPING, status(200, 409)), failed("c", "ack.not-found.work", status(200, 404))
    several = [failed(name, f"ack.auth.{name}", status(403, 401)) for name in ("missing", "x-api-key")]
    blocked = [
        verdict(name, "ack.answer.schema-en", "inconclusive", reason=both("no"), blocked_by="ack.not-found.work")
        for name in "xyz"
    ]
    assert [cause.requirements for cause in causes_of([get, one, two, *several, *blocked])] == [
        ("ack.not-found.work",),
        ("ack.auth.missing", "ack.auth.x-api-key"),
        (STOPPING,),
        (AGREES,),
    ]


def test_a_cause_says_what_there_is_where_and_what_must_be() -> None:
    (cause,) = causes_of([failed("a", QUEUED, breach())])
    assert cause.sentence == Text(
        f'`/error/type` is "conflict_error" (HTTP 409); expected {EXPECTED}',
        f'`/error/type` 为 "conflict_error"（HTTP 409）；预期：{EXPECTED}',
    )
    (cause,) = causes_of([failed("a", QUEUED, breach("HTTP 200", pointer=""))])
    assert cause.sentence.en == f"HTTP 200; expected {EXPECTED}"
    (cause,) = causes_of([failed("a", QUEUED, replace(breach(), response=""))])
    assert cause.sentence.en.startswith('`/error/type` is "conflict_error"; ')


# --- headline and fix


@pytest.mark.parametrize(
    ("requirement", "failure", "headline"),
    [
        (
            STOPPING,
            status(200, 409),
            Text(
                "Ack of a `stopping` item returns 200 (expected 409)",
                "对 `stopping` 的 item 执行 ack 时返回 200（预期 409）",
            ),
        ),
        (
            "ack.first.starting",
            breach('"active"', expected="HTTP 200 with state `starting`", pointer="/state", status=200),
            Text(
                "First ack returns state `active` (expected `starting`)",
                "首次 ack 返回状态 `active`（预期 `starting`）",
            ),
        ),
        (
            "ack.answer.schema-en",
            field("/metadata", code=200),
            Text("Required field `/metadata` is missing from the Work item", "Work item 对象缺少必需字段 `/metadata`"),
        ),
        (
            SCHEMA_EN,
            replace(field("/error", "type", '"text"'), expected=Text("an object", "对象")),
            Text("`/error` is a string (expected an object)", "`/error` 是字符串（预期对象）"),
        ),
        (
            QUEUED,
            breach(),
            Text(
                "Error type of a 409 response is `conflict_error` (expected `invalid_request_error`)",
                "409 响应的错误类型为 `conflict_error`（预期 `invalid_request_error`）",
            ),
        ),
        (
            "ack.race.stop",
            replace(race(), request="GET http://127.0.0.1:4010/x"),
            Text("Ack overwrites a concurrent stop", "ack 覆盖了并发的 stop"),
        ),
    ],
)
def test_a_headline_states_a_fact(requirement: str, failure: Failure, headline: Text) -> None:
    (cause,) = causes_of([failed("a", requirement, failure)])
    assert cause.headline == headline


@pytest.mark.parametrize("kind", ["", "required", "type", "const", "format", "pattern"])
@pytest.mark.parametrize("pointer", ["", "/state", "/error/type", "/x" * 300, "Content-Type"])
@pytest.mark.parametrize("text", [*HOSTILE, "HTTP 999 " + "y" * 500])
def test_a_headline_is_short_whatever_the_target_sends(kind: str, pointer: str, text: str) -> None:
    failure = replace(breach(text, expected=text, pointer=pointer), keyword=kind)
    for requirement in (QUEUED, SCHEMA_EN, "ack.race.stop", "ack.refused.changes-nothing", "ack.authz.foreign-no-leak"):
        (cause,) = causes_of([failed("a", requirement, failure)])
        for words in (cause.headline.en, cause.headline.zh):
            assert 0 < len(words) <= 100


def test_every_requirement_with_an_expected_status_has_a_subject() -> None:
    expected = {
        each.requirement: scenario.id for scenario in scenarios().values() for each in scenario.expectations.values()
    }
    musts = {name: where for name, where in expected.items() if load_catalogue().requirements[name].level != "OBSERVE"}
    for requirement, where in musts.items():
        (cause,) = causes_of([failed(where, requirement, status(418, 200))])
        assert not cause.headline.en.startswith("Ack returns"), requirement


def test_the_fix_belongs_to_what_was_found() -> None:
    (crash,) = causes_of([failed("a", "ack.retry.active", status(500, 200))])
    (conflict,) = causes_of([failed("a", "ack.retry.active", status(409, 200))])
    assert crash.fix != conflict.fix
    (wrong_type,) = causes_of([failed("a", QUEUED, breach())])
    assert "`invalid_request_error`" in wrong_type.fix.en


def test_a_cause_that_only_similar_ids_show_gets_the_fix_for_the_comparison() -> None:
    near = [failed(f"identity.near-miss-{name}.queued", QUEUED, status(200, 409)) for name in ("suffix", "prefix")]
    (similar,) = causes_of(near)
    (ignored,) = causes_of([*near, failed("identity.other-worker.queued", QUEUED, status(200, 409))])
    assert similar.fix.en.startswith("Compare the full strings")
    assert ignored.fix != similar.fix


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
    causes = [cause.headline.in_(lang) for cause in causes_of(record().verdicts)]
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
def test_the_summary_has_one_entry_for_each(lang: Lang) -> None:
    text = markdown(record(), lang)
    heading = Text("## 3 failed requirements, 2 causes", "## 3 条失败的要求，2 个原因").in_(lang)
    (section,) = re.findall(rf"^{heading}\n\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    first, second = section.removeprefix("### ").split("\n### ")
    assert all(f"`{name}`" in first and f"`{name}`" not in second for name in (QUEUED, STOPPING))
    assert "`conflict_error`" in first.splitlines()[0]
    assert f"`{STARTING}`" in second
    assert first.count("- ") >= second.count("- ") > 5


def test_where_each_failure_is_its_own_cause_nothing_is_told_of_causes() -> None:
    for words in (markdown(mixed(), "en"), page(mixed(), {})):
        assert not re.search(r"\d causes?\b", words)


def test_the_page_tells_them_first_with_links_and_what_they_block() -> None:
    made = page(record(), {})
    top = made[made.index('<h2 id="causes">') : made.index('<h2 id="failure-list">')]
    assert "3 failed requirements, 2 causes" in top
    first, second = re.findall(r"<li>.*?</li>", top, re.DOTALL)
    assert re.findall(r'href="#(ack[^"]*)"', first) == [QUEUED, STOPPING, "ack.envelope.request-id-echo"]
    assert re.findall(r'href="#(ack[^"]*)"', second) == [STARTING]
    listed = re.findall(r'<details class="rule failed[^>]*>.*?<div class="inside" id="([^"]+)">', made, re.DOTALL)
    assert sorted(listed) == sorted([QUEUED, STOPPING, STARTING]), "each once on the page"
    assert listed[2] == STARTING, "those of one cause together"
    assert made.rindex('<details class="rule failed') < made.index('<h2 id="requirements">'), "failed before passed"


def test_a_cause_names_the_contradiction_of_the_docs_that_the_target_may_have_followed() -> None:
    top = page(record(), {}).partition('<h2 id="failure-list">')[0]
    first, second = re.findall(r"<li>.*?</li>", top[top.index('<h2 id="causes">') :], re.DOTALL)
    assert 'href="#register-conflict-type"' in first
    assert "register" not in second
