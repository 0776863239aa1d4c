"""The headline of a root cause, its count, and the fix that it proposes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.chapters.registry import scenarios, worker_scenarios
from conformance.contract.catalogue import load_catalogue
from conformance.judging.verdict import Failure
from conformance.reporting.root_causes import cause_count_text, causes_of
from conformance.text import Text

from .cause_samples import (
    QUEUED,
    SCHEMA_EN,
    STARTING,
    STOPPING,
    breach,
    failed,
    field,
    race,
    status,
)
from .run_results import HOSTILE


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
    assert crash.remedy.fix != conflict.remedy.fix
    (wrong_type,) = causes_of([failed("a", QUEUED, breach())])
    assert "`invalid_request_error`" in wrong_type.remedy.fix.en


def test_a_cause_that_only_similar_ids_show_gets_the_fix_for_the_comparison() -> None:
    near = [failed(f"identity.near-miss-{name}.queued", QUEUED, status(200, 409)) for name in ("suffix", "prefix")]
    (similar,) = causes_of(near)
    (ignored,) = causes_of([*near, failed("identity.other-worker.queued", QUEUED, status(200, 409))])
    assert similar.remedy.fix.en.startswith("Compare the full strings")
    assert ignored.remedy.fix != similar.remedy.fix


def test_they_are_counted_where_that_tells_something() -> None:
    one, two = failed("a", QUEUED, breach()), failed("b", STOPPING, breach())
    assert cause_count_text(causes_of([one, two])) == Text("2 failed requirements, 1 cause", "2 条失败的要求，1 个原因")
    third = failed("c", STARTING, breach('"x"'))
    assert cause_count_text(causes_of([one, two, third])) == Text(
        "3 failed requirements, 2 causes", "3 条失败的要求，2 个原因"
    )
    assert cause_count_text(causes_of([one, third])) is None
    assert cause_count_text([]) is None


@pytest.mark.parametrize("requirement", load_catalogue().of_profile("worker").requirements)
def test_every_requirement_on_workers_has_a_headline_and_a_fix(requirement: str) -> None:
    for scenario in worker_scenarios():
        found = breach("it sent nothing", expected="a poll", pointer="", step="nothing")
        (cause,) = causes_of([failed(scenario, requirement, found)])
        assert cause.headline.en.startswith("Worker: it sent nothing (expected a poll)")
        assert cause.headline.zh.startswith("Worker：it sent nothing")
        assert cause.remedy.fix.en != "Make sure that this holds: a poll."


def test_a_headline_names_the_case_only_if_there_is_room_for_all_of_it() -> None:
    bad = [failed("poll.parameters", "poll.block-ms.refused", status(200, 400))]
    headline = causes_of(bad)[0].headline.en
    assert headline.startswith("Poll returns 200")
    assert not headline.endswith("…")


@pytest.mark.parametrize(
    ("found", "shown"),
    [('"x"', "`x`"), ('""', '`""`'), ('"a \\"b\\""', '`a \\"b\\"`'), ('"cut short…', "`cut short…`"), ("7", "7")],
)
def test_a_string_in_a_headline_is_code_even_if_it_was_cut(found: str, shown: str) -> None:
    wrong = replace(field("/type", "const", found, code=200), expected=Text('"work"', '"work"'))
    (cause,) = causes_of([failed("a", "ack.answer.schema-en", wrong)])
    assert cause.headline.en == f"`/type` is {shown} (expected `work`)"
