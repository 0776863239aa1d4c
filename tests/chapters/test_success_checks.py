"""What must hold of an ack that succeeds: good conversations pass, each spoiled one fails for its own reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenario.transcript_builder import ENVIRONMENT, Dialog, envelope, first_ack, retries, shown, without

FIRST = ["first-ack.named-worker", "identity.no-id", "request.json-body.first-ack", "identity.header-case.same-id"]


@pytest.mark.parametrize("scenario_id", FIRST)
def test_a_good_first_ack_passes_everything(scenario_id: str) -> None:
    assert first_ack(scenario_id).not_passed() == {}


@pytest.mark.parametrize("state", ["starting", "active"])
def test_good_retries_pass_everything(state: str) -> None:
    assert retries(state).not_passed() == {}


def spoiled(**changes: Any) -> Dialog:
    """A first ack whose answer, and the get after it, show other values."""
    body = shown("starting", **changes)
    return first_ack().said("ack", 200, body).said("after", 200, body)


@pytest.mark.parametrize("state", ["queued", "active", "stopping", "STARTING"])
def test_another_state_fails(state: str) -> None:
    verdict = spoiled(state=state).verdict("ack.first.starting")
    assert verdict.kind == "failed"
    assert [failure.pointer for failure in verdict.failures] == ["/state"]
    assert state in verdict.failures[0].actual.en


@pytest.mark.parametrize("status", [201, 202, 400, 404, 409, 500])
def test_another_status_fails_and_blocks_the_rest(status: int) -> None:
    dialog = first_ack().said("ack", status, envelope("api_error"))
    kinds = dialog.kinds()
    assert kinds.pop("ack.first.starting") == "failed"
    assert set(kinds.values()) == {"inconclusive"}
    assert {dialog.verdict(rule).blocked_by for rule in kinds} == {"ack.first.starting"}


@pytest.mark.parametrize("value", [None, "", "yesterday", 1782893704, "2026-07-01T08:15:00Z", "2026-02-30T08:15:04Z"])
def test_acknowledged_at_must_be_a_moment_not_before_the_creation(value: object) -> None:
    verdict = spoiled(acknowledged_at=value).verdict("ack.first.acknowledged-at")
    assert (verdict.kind, verdict.failures[0].pointer) == ("failed", "/acknowledged_at")


@pytest.mark.parametrize("value", ["2026-07-01T08:15:01Z", "2026-07-01T08:15:01.000001Z", "2026-07-01T08:15:00.9Z"])
def test_acknowledged_at_may_be_the_moment_of_creation_at_any_precision(value: str) -> None:
    assert spoiled(acknowledged_at=value).verdict("ack.first.acknowledged-at").kind == "passed"


def test_a_creation_that_is_no_moment_blocks_the_comparison() -> None:
    verdict = spoiled(created_at="once").verdict("ack.first.acknowledged-at")
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", "ack.answer.schema-en")


@pytest.mark.parametrize("name", ["started_at", "latest_heartbeat_at", "stop_requested_at", "stopped_at"])
def test_a_later_time_that_is_set_fails(name: str) -> None:
    verdict = spoiled(**{name: "2026-07-01T08:15:06Z"}).verdict("ack.first.later-times-null")
    assert [failure.pointer for failure in verdict.failures] == [f"/{name}"]
    assert verdict.kind == "failed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "work_019f3be4fd2475d9a784bf2c739e1195"),
        ("environment_id", "env_019e64e01a137caf953ac2ac7b42ec5d"),
        ("data", {"type": "session", "id": "sess_other"}),
        ("created_at", "2026-07-01T08:15:03Z"),
        ("metadata", {}),
    ],
)
def test_another_item_fails(name: str, value: object) -> None:
    verdict = spoiled(**{name: value}).verdict("ack.answer.same-item")
    assert (verdict.kind, [failure.pointer for failure in verdict.failures]) == ("failed", [f"/{name}"])


def test_the_environment_is_also_that_of_the_path() -> None:
    dialog = first_ack()
    dialog.facts["environment_id"] = ENVIRONMENT[:-1] + "0"
    assert dialog.verdict("ack.answer.same-item").kind == "failed"


def test_the_same_creation_at_another_precision_and_undocumented_fields_are_the_same_item() -> None:
    data = {"type": "session", "id": shown()["data"]["id"], "extra": 1}
    dialog = spoiled(created_at="2026-07-01T08:15:01.730Z", data=data, extra=[1])
    assert dialog.verdict("ack.answer.same-item").kind == "passed"


def test_an_item_that_poll_did_not_show_whole_cannot_be_compared() -> None:
    dialog = first_ack().said("arrange.poll.1", 200, without(shown(), "metadata"))
    verdict = dialog.verdict("ack.answer.same-item")
    assert (verdict.kind, verdict.blocked_by) == ("inconclusive", None)


def test_a_missing_field_is_the_schemas_failure_and_blocks_the_comparisons() -> None:
    dialog = first_ack().said("ack", 200, without(shown("starting"), "metadata"))
    kinds = dialog.kinds()
    failed = {rule for rule, kind in kinds.items() if kind == "failed"}
    assert failed == {"ack.answer.schema-en", "ack.answer.schema-zh"}
    for rule in ("ack.answer.same-item", "ack.answer.get-agrees"):
        assert dialog.verdict(rule).blocked_by == "ack.answer.schema-en"


@pytest.mark.parametrize(
    ("name", "value"), [("state", "queued"), ("acknowledged_at", None), ("acknowledged_at", "2026-07-01T08:15:06Z")]
)
def test_a_get_that_shows_something_else_fails(name: str, value: object) -> None:
    dialog = first_ack().said("after", 200, shown("starting", **{name: value}))
    verdict = dialog.verdict("ack.answer.get-agrees")
    assert (verdict.kind, verdict.failures[0].pointer, verdict.failures[0].step) == ("failed", f"/{name}", "after")
    assert dialog.late("after", 6).verdict("ack.answer.get-agrees").kind == "inconclusive"


def test_a_get_that_agrees_passes_however_late() -> None:
    assert first_ack().late("after", 60).verdict("ack.answer.get-agrees").kind == "passed"


def test_a_get_that_was_lost_leaves_only_its_own_check_open() -> None:
    assert first_ack().lost("after").not_passed() == {"ack.answer.get-agrees": "inconclusive"}


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("application/json", "passed"),
        ("Application/JSON; charset=UTF-8; x=y", "passed"),
        ("application/json ;a=b", "passed"),
        ("text/json", "failed"),
        ("application/problem+json", "failed"),
        ("application/jsonp", "failed"),
        ("", "failed"),
        (None, "failed"),
    ],
)
def test_the_media_type(media_type: str | None, kind: str) -> None:
    headers = (("content-TYPE", media_type),) if media_type is not None else ()
    dialog = first_ack().said("ack", 200, shown("starting"), headers=headers)
    assert dialog.verdict("ack.answer.media-type").kind == kind
    assert dialog.verdict("ack.answer.schema-en").kind == "passed"


@pytest.mark.parametrize("text", ["", "  ", "{", "{}{}", '{"a": NaN}', '{"a": 1, "a": 1}', "\ufeff{}", "<html>"])
def test_what_is_not_strict_json_fails_once_and_blocks_the_rest(text: str) -> None:
    dialog = first_ack().said("ack", 200, text=text)
    kinds = dialog.kinds()
    assert {rule for rule, kind in kinds.items() if kind == "failed"} == {"ack.answer.strict-json"}
    assert dialog.verdict("ack.answer.schema-en").blocked_by == "ack.answer.strict-json"


@pytest.mark.parametrize("problem", ["not-utf-8", "bad-content-encoding"])
def test_a_body_that_cannot_be_decoded_is_not_strict_json(problem: Any) -> None:
    dialog = first_ack().said("ack", 200, shown("starting"), problem=problem)
    assert dialog.verdict("ack.answer.strict-json").kind == "failed"


def test_a_body_that_is_too_large_is_not_judged() -> None:
    dialog = first_ack().said("ack", 200, text="{", problem="too-large")
    assert dialog.verdict("ack.answer.strict-json").kind == "inconclusive"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    ("change", "pointer"), [({"type": "job"}, "/type"), ({"id": "w"}, "/id"), ({"metadata": {"a": 1}}, "/metadata/a")]
)
def test_a_schema_violation_fails_in_its_language_and_cites_it(lang: str, change: dict[str, Any], pointer: str) -> None:
    verdict = spoiled(**change).verdict(f"ack.answer.schema-{lang}")
    assert (verdict.kind, verdict.failures[0].pointer) == ("failed", pointer)
    assert "https://" in verdict.failures[0].source


def test_an_unusual_id_only_warns() -> None:
    for body in ({"id": "work_42"}, {"data": {"type": "session", "id": "sess_ABC"}}):
        assert spoiled(**body).verdict("ack.answer.id-form").kind == "warned"


# --- retries


def retried(state: str, step: str, /, **changes: Any) -> Dialog:
    return retries(state).said(step, 200, shown(state, **changes))


@pytest.mark.parametrize("step", ["retry.1", "retry.2", "retry.3"])
def test_any_retry_that_moves_back_or_on_fails(step: str) -> None:
    assert retried("starting", step, state="queued").verdict("ack.retry.starting").kind == "failed"
    assert retried("active", step, state="starting").verdict("ack.retry.active").kind == "failed"
    assert retries("active").said(step, 409, envelope("x")).verdict("ack.retry.active").kind == "failed"


@pytest.mark.parametrize("value", [None, "2026-07-01T08:15:02Z", "never"])
def test_acknowledged_at_that_is_lost_or_moved_back_fails(value: object) -> None:
    verdict = retried("starting", "retry.2", acknowledged_at=value).verdict("ack.retry.acknowledged-at-kept")
    assert (verdict.kind, verdict.failures[0].step) == ("failed", "retry.2")


@pytest.mark.parametrize(
    "value", ["2026-07-01T08:15:04.9Z", "2026-07-01T08:15:03.1Z", "2026-07-01T08:15:04.000000000Z"]
)
def test_one_moment_at_two_precisions_is_unchanged(value: str) -> None:
    dialog = retried("starting", "retry.1", acknowledged_at=value)
    assert dialog.verdict("ack.retry.acknowledged-at-kept").kind == "passed"
    assert dialog.verdict("ack.retry.acknowledged-at-unchanged").kind == "passed"


def test_acknowledged_at_that_is_refreshed_only_warns() -> None:
    dialog = retried("active", "retry.3", acknowledged_at="2026-07-01T08:15:09Z")
    assert dialog.verdict("ack.retry.acknowledged-at-kept").kind == "passed"
    assert dialog.verdict("ack.retry.acknowledged-at-unchanged").kind == "warned"


def test_without_a_first_value_it_is_blocked_by_the_first_ack() -> None:
    dialog = retries("starting").said("arrange.ack", 200, shown("starting", acknowledged_at=None))
    for rule in ("ack.retry.acknowledged-at-kept", "ack.retry.acknowledged-at-unchanged"):
        assert (dialog.verdict(rule).kind, dialog.verdict(rule).blocked_by) == (
            "inconclusive",
            "ack.first.acknowledged-at",
        )


@pytest.mark.parametrize("name", ["started_at", "latest_heartbeat_at"])
@pytest.mark.parametrize("value", [None, "2026-07-01T08:15:10Z"])
def test_a_retry_that_moves_the_times_of_the_lease_fails(name: str, value: object) -> None:
    verdict = retried("active", "retry.2", **{name: value}).verdict("ack.retry.active-keeps-times")
    assert (verdict.kind, [failure.pointer for failure in verdict.failures]) == ("failed", [f"/{name}"])


def test_a_lease_that_may_have_run_out_is_not_held_against_the_target() -> None:
    dialog = retries("active").said("retry.1", 409, envelope("invalid_request_error"))
    assert dialog.verdict("ack.retry.active").kind == "failed"
    assert dialog.late("retry.1", 6).verdict("ack.retry.active").kind == "inconclusive"


def test_even_a_slow_answer_may_not_be_a_server_error() -> None:
    dialog = retries("active").said("retry.1", 500, envelope("api_error")).late("retry.1", 6)
    assert dialog.verdict("ack.retry.active").kind == "failed"


def test_a_lost_retry_leaves_everything_open_that_hangs_on_it() -> None:
    kinds = retries("starting").lost("retry.2").kinds()
    assert kinds["ack.retry.starting"] == "inconclusive"
    assert kinds["ack.first.starting"] == "passed"
    assert "failed" not in kinds.values()
