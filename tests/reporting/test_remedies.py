"""The fix beside a failure is the fix of what was observed: place, kind, status and expectation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.verdict import Failure
from conformance.reporting.next_steps import next_steps
from conformance.reporting.root_causes import causes_of
from conformance.text import Text

from .cause_samples import QUEUED, SCHEMA_EN, STOPPING, breach, failed, field, race, status
from .run_results import CIRCUMSTANCES, both


def fix_of(requirement: str, *failures: Failure, scenario: str = "a") -> str:
    (cause,) = causes_of([failed(scenario, requirement, *failures)])
    return cause.remedy.fix.en


def wrong(got: int, expected: str, step: str = "ack") -> Failure:
    return breach(f"HTTP {got}", expected=expected, pointer="", status=got, step=step)


FORBIDDEN = "HTTP 403 with error.type `permission_error`"


@pytest.mark.parametrize("operation", ["update", "heartbeat", "stop", "ack"])
def test_a_wrong_status_alone_is_fixed_by_the_expected_one(operation: str) -> None:
    fix = fix_of(f"{operation}.authz.forbidden", wrong(401, FORBIDDEN))
    assert fix == "Return HTTP 403 with error.type `permission_error`, not HTTP 401."
    assert fix_of(f"{operation}.authz.forbidden", wrong(200, FORBIDDEN)).startswith("Check the permission")


def test_a_server_error_that_no_mistake_explains_points_to_the_servers_log() -> None:
    fix = fix_of("update.invalid-json", wrong(500, "HTTP 400"))
    assert fix == "Return HTTP 400, not HTTP 500. The server's log names the error behind it."


@pytest.mark.parametrize(
    ("pointer", "begins"),
    [
        ("/type", "Write the field `/type` in successful responses."),
        ("/data/id", "Write the field `/data/id` in successful responses."),
        ("/started_at", "Always write every documented field"),
        ("/metadata", "Always write every documented field"),
    ],
)
def test_a_missing_field_is_one_that_is_null_only_if_it_can_be_null(pointer: str, begins: str) -> None:
    assert fix_of("ack.answer.schema-en", field(pointer, code=200)).startswith(begins)


def test_the_outer_type_of_an_error_is_told_from_that_in_it() -> None:
    fix = fix_of("ack.envelope.schema-en", field("/type", code=409))
    assert fix.startswith('Write `type` with the value "error" at the top level, beside `error`, in ')


def test_a_value_that_must_not_be_there_is_fixed_at_its_place() -> None:
    constant = replace(field("/type", "const", '"job"', code=200), expected=both('"work"'))
    assert fix_of("ack.answer.schema-en", constant) == 'Write "work" in `/type`.'
    number = replace(field("/id", "type", "7", code=200), expected=Text("a string", "字符串"))
    assert fix_of("get.answer.schema-en", number) == "Write `/id` as a string."
    causes = causes_of([failed("a", "get.answer.schema-en", number)])
    assert causes[0].remedy.fix.zh == "`/id` 应写为字符串。"


def test_an_error_type_is_fixed_for_each_status_that_has_it() -> None:
    wanted = {"ack.auth.missing": (401, "authentication_error"), "ack.authz.forbidden": (403, "permission_error")}
    verdicts = [
        failed(name, name, breach('"oops"', expected=f"HTTP {code} with error.type `{right}`", status=code))
        for name, (code, right) in wanted.items()
    ]
    (cause,) = causes_of(verdicts)
    assert (
        cause.remedy.fix.en
        == "Set `error.type` to `authentication_error` in a 401, `permission_error` in a 403 response."
    )
    (conflict,) = causes_of([failed("a", STOPPING, breach())])
    assert conflict.remedy.fix.en.startswith("Use `invalid_request_error`")


@pytest.mark.parametrize(
    ("rule", "begins"),
    [
        ("missing", "Check the token in one place"),
        ("invalid-token", "Look the whole token up"),
        ("expired", "Check the expiry on each request"),
        ("scheme", "Accept the token only as"),
    ],
)
def test_accepted_credentials_are_fixed_by_what_is_wrong_with_them(rule: str, begins: str) -> None:
    assert fix_of(f"stats.auth.{rule}", wrong(200, "HTTP 401")).startswith(begins)


@pytest.mark.parametrize(
    ("found", "begins"),
    [
        ("NaN is not JSON", "Write null instead"),
        ("duplicate name 'type' in one object", "Build one object"),
        ("a body that is not valid UTF-8", "Encode the body as UTF-8."),
        ("it starts with a byte order mark", "Write the body in UTF-8 without"),
    ],
)
@pytest.mark.parametrize("requirement", ["ack.answer.strict-json", "stop.envelope.strict-json"])
def test_a_body_that_is_no_strict_json_is_fixed_by_its_fault(requirement: str, found: str, begins: str) -> None:
    assert fix_of(requirement, breach(found, pointer="")).startswith(begins)


def test_a_retry_is_counted_only_where_earlier_ones_were_accepted() -> None:
    first, fifth = (wrong(409, "HTTP 200", step) for step in ("retry.1", "retry.5"))
    assert fix_of("ack.retry.active", first, scenario="retry.active").startswith("When the same worker acks")
    assert fix_of("ack.retry.active", fifth, scenario="retry.active").startswith("Decide from the item alone")


def test_a_crash_of_concurrent_acks_is_not_said_to_be_a_deadlock() -> None:
    (cause,) = causes_of([failed("race.same-worker", "ack.race.same-worker", status(500, 200))])
    assert cause.remedy.cause is None
    assert not cause.remedy.sure


def test_a_race_without_a_mistake_is_fixed_by_one_atomic_step() -> None:
    assert "one atomic step" in fix_of("ack.race.same-worker", race())


def test_other_violations_of_a_cause_name_its_mistake_only_if_they_show_the_same_thing() -> None:
    schema = failed("a", SCHEMA_EN, field("/error", "type", '"text"', code=404))
    (cause,) = causes_of([schema, failed("b", SCHEMA_EN, field("/error", "type", '"text"', code=409))])
    assert cause.remedy.cause is not None
    ids = [failed(f"identity.near-miss-{name}.queued", QUEUED, status(200, 409)) for name in ("suffix", "dot")]
    assert causes_of(ids)[0].remedy.sure


def test_text_from_the_target_in_a_fix_is_escaped_and_short() -> None:
    expected = both('"\x1b[2J' + "x" * 500 + '", as before')
    changed = replace(breach('"y"', pointer="/state"), expected=expected, keyword="enum")
    steps = next_steps(failed("a", "ack.answer.schema-en", changed), CIRCUMSTANCES)
    assert "\x1b" not in steps.fix.en
    assert len(steps.fix.en) < 300
