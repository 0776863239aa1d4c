"""Known failures: waived while they look as known and have not expired, a failure of the run afterwards."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance.judging.failure_signature import failure_signature
from conformance.judging.verdict import Failure, PlannedCheck, Verdict
from conformance.judging.waivers import Waivers, entry_for, parse, read_waivers
from conformance.target import ConfigurationError
from conformance.text import Text

RULE = "ack.retry.active"
SCENARIO = "retry.active"
DAY = date(2026, 11, 21)


def failure(actual: str = "HTTP 409", pointer: str = "") -> Failure:
    return Failure(
        step="ack-2",
        pointer=pointer,
        expected=Text("HTTP 200", "HTTP 200"),
        actual=Text(actual, actual),
        source="",
        operations="",
        request="",
        response="",
        curl="",
    )


def failed(*failures: Failure, rule: str = RULE, scenario: str = SCENARIO) -> Verdict:
    return Verdict(line=PlannedCheck(scenario, rule), kind="failed", failures=failures or (failure(),))


def passed(rule: str = RULE, scenario: str = SCENARIO) -> Verdict:
    return Verdict(line=PlannedCheck(scenario, rule), kind="passed")


def waivers(*fields: str, subject: str = f'requirement = "{RULE}"', today: date = DAY) -> Waivers:
    lines = ["# known", "[[waiver]]", subject, 'reason = "Fixed in 2.1"', *fields]
    return parse("\n".join(lines), "w.toml", today)


def test_a_known_failure_is_waived_and_keeps_its_evidence() -> None:
    verdict = waivers('link = "https://tracker.example/1"').apply(failed())
    assert (verdict.kind, verdict.waiver, verdict.link) == (
        "waived",
        Text("Fixed in 2.1", "Fixed in 2.1"),
        "https://tracker.example/1",
    )
    assert verdict.failures == (failure(),)
    assert Verdict.from_json(verdict.to_json()) == verdict


@pytest.mark.parametrize(
    "verdict",
    [
        passed(),
        Verdict(line=PlannedCheck(SCENARIO, RULE), kind="inconclusive"),
        Verdict(line=PlannedCheck(SCENARIO, RULE), kind="suite-error"),
        failed(rule="ack.retry.starting"),
    ],
)
def test_nothing_else_is_waived(verdict: Verdict) -> None:
    assert waivers().apply(verdict) is verdict


def test_a_check_is_waived_in_its_scenario_alone() -> None:
    entries = waivers(subject=f'check = "{SCENARIO}::{RULE}"')
    assert entries.apply(failed()).kind == "waived"
    assert entries.apply(failed(scenario="retry.active.elsewhere")).kind == "failed"


def test_the_last_day_still_counts_and_the_next_does_not() -> None:
    fields = "expires = 2026-11-21"
    assert waivers(fields).apply(failed()).kind == "waived"
    late = waivers(fields, today=date(2026, 11, 22))
    assert late.apply(failed()).kind == "failed"
    [complaint] = late.waiver_problems([failed()])
    assert complaint.en == f"waiver in line 2 ({RULE}): expired on 2026-11-21; renew or remove it"
    assert "第 2 行" in complaint.zh


def test_one_that_has_expired_complains_whatever_was_judged() -> None:
    assert len(waivers("expires = 2020-01-01").waiver_problems([])) == 1


def test_a_failure_that_looks_otherwise_is_not_waived_and_said() -> None:
    entries = waivers('finding = ["answer: HTTP 200 | HTTP 409"]')
    assert entries.apply(failed()).kind == "waived"
    other = failed(failure("HTTP 500"))
    assert entries.apply(other) is other
    [complaint] = entries.waiver_problems([other])
    assert complaint.en.endswith("the failure has changed: answer: HTTP 200 | HTTP 500")


def test_one_more_finding_than_was_known_is_another_failure() -> None:
    entries = waivers('finding = ["answer: HTTP 200 | HTTP 409"]')
    assert entries.apply(failed(failure(), failure("gone", "/id"))).kind == "failed"


def test_one_that_matches_nothing_is_said_once_its_requirement_was_judged() -> None:
    assert waivers().waiver_problems([]) == []
    assert waivers().waiver_problems([Verdict(line=PlannedCheck(SCENARIO, RULE), kind="inconclusive")]) == []
    assert waivers().waiver_problems([failed()]) == []
    [complaint] = waivers().waiver_problems([passed()])
    assert (
        complaint.en == f"waiver in line 2 ({RULE}): matched no failure: the requirement passes now; remove the waiver"
    )


def test_an_error_type_and_a_field_are_no_ids() -> None:
    words = '"invalid_request_error" `latest_heartbeat_at` invalid_request stop_requested_at'
    assert failure_signature(failure(words)) == f"answer: HTTP 200 | {words}"


@pytest.mark.parametrize(
    "word",
    [
        "invalid_request_error",
        "not_found_error",
        "session_expired",
        "state_conflict",
        "worker_identitymismatch",
        "error_preconditionfailed",
        "error_http409",
        "http409_conflict",
    ],
)
def test_a_word_of_an_api_is_no_id_however_long(word: str) -> None:
    assert failure_signature(failure(f'"{word}"')) == f'answer: HTTP 200 | "{word}"'


def test_a_waiver_of_one_wrong_type_waives_no_other() -> None:
    types = ("worker_identitymismatch", "error_preconditionfailed", "state_transitionnotallowed")
    known, *others = [failure(f'"{name}"', "/error/type") for name in types]
    entries = waivers(f"finding = ['{failure_signature(known)}']")
    assert entries.apply(failed(known)).kind == "waived"
    assert [entries.apply(failed(other)).kind for other in others] == ["failed", "failed"]


@pytest.mark.parametrize(
    "found",
    [
        "work_019f3be4fd2475d9a784bf2c739e1194",
        "work_019f3be4-fd24-75d9-a784-bf2c739e1194",
        "work_01J8ZK3Q5V7N2M4P6R8T0W1X3Y",
        "wrk_a1b2c3d4",
        "sess_000123",
    ],
)
def test_an_id_of_any_usual_form_is_one(found: str) -> None:
    assert re.fullmatch(r"answer: HTTP 200 \| (work_)?<id>", failure_signature(failure(found)))


def test_a_finding_may_hold_what_differs_from_run_to_run() -> None:
    entries = waivers('finding = ["answer: HTTP 200 | id work_019f3be4fd2475d9"]')
    assert entries.apply(failed(failure("id work_019f00000000"))).kind == "waived"


CAUSE = 'cause = ["/error/type: HTTP 200 | \\"conflict_error\\""]'


def by_cause(*fields: str, cause: str = CAUSE, today: date = DAY) -> Waivers:
    return waivers(*fields, subject=cause, today=today)


def wrong_type(rule: str = RULE) -> Verdict:
    return failed(failure('"conflict_error"', "/error/type"), rule=rule)


@pytest.mark.parametrize("rule", [RULE, "ack.retry.starting", "ack.terminal.stopping"])
def test_a_cause_waives_whatever_follows_from_it(rule: str) -> None:
    verdict = by_cause().apply(wrong_type(rule))
    assert (verdict.kind, verdict.waiver) == ("waived", Text("Fixed in 2.1", "Fixed in 2.1"))


def test_a_cause_waives_no_failure_that_has_another_one_as_well() -> None:
    both = failed(failure('"conflict_error"', "/error/type"), failure("gone", "/id"))
    assert by_cause().apply(both) is both
    assert by_cause().apply(failed()).kind == "failed"
    two = by_cause(*["[[waiver]]", 'cause = ["/id: HTTP 200 | gone"]', 'reason = "Other"'])
    assert two.apply(both).waiver == Text("Fixed in 2.1; Other", "Fixed in 2.1; Other")


def test_a_cause_is_stale_once_a_whole_run_was_judged_and_nothing_looks_like_it() -> None:
    entries = by_cause()
    assert entries.waiver_problems([wrong_type(), failed()]) == []
    assert entries.waiver_problems([passed()], whole=False) == []
    assert entries.waiver_problems([passed(), Verdict(line=PlannedCheck(SCENARIO, RULE), kind="inconclusive")]) == []
    [complaint] = entries.waiver_problems([passed()])
    assert complaint.en.startswith("waiver in line 2 (/error/type: HTTP 200")
    assert complaint.en.endswith("matched no failure: the requirement passes now; remove the waiver")
    [complaint] = by_cause("expires = 2026-11-20").waiver_problems([wrong_type()])
    assert "expired on" in complaint.en


def test_a_look_does_not_depend_on_the_run() -> None:
    one = failure(
        "/created_at is 2026-11-21T10:00:00.123Z, id work_019f3be4fd2475d9a784bf2c739e1194, by conformance-0a1b-2", "/x"
    )
    two = failure(
        "/created_at is 2027-01-01T10:00:00+00:00, id work_01abcdef0123456789abcdef01234567, by conformance-ffff-1",
        "/x",
    )
    assert (
        failure_signature(one) == failure_signature(two) == "/x: HTTP 200 | /created_at is <time>, id <id>, by <worker>"
    )


def test_a_look_does_not_depend_on_measured_seconds() -> None:
    assert failure_signature(failure("it came after 0.52 s")) == failure_signature(failure("it came after 1.07 s"))
    assert failure_signature(failure("at most 15 requests in 3 s")).endswith("15 requests in 3 s")


def test_an_id_without_a_prefix_is_one_too_and_a_word_is_none() -> None:
    assert failure_signature(failure("id 01a201598b8d774fbdf91b98339616ae")) == failure_signature(
        failure("id f9c62620a201598b8d774fbdf91b9833")
    )
    assert failure_signature(failure("deadbeefdeadbeef 1234567890123456")).endswith("deadbeefdeadbeef <number>")


@pytest.mark.parametrize("text", ["\ud800\n\x1b[31m", '"quoted" \\ back', "界" * 1000, "::error::\r\n##teamcity[x]"])
def test_a_ready_made_entry_is_toml_and_waives_what_it_was_made_of(text: str) -> None:
    verdict = failed(failure(text), failure("HTTP 500", "/a"))
    lines = entry_for(RULE, [verdict])
    assert all(line.isprintable() for line in lines)
    entry = "\n".join(lines)
    tomllib.loads(entry)
    with pytest.raises(ConfigurationError, match="reason must say why"):
        parse(entry, "w.toml", DAY)
    assert parse(entry.replace('reason = ""', 'reason = "known"'), "w.toml", DAY).apply(verdict).kind == "waived"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('[[waiver]]\ncause = []\nreason = "x"', "line 2: cause must contain at least one failure signature"),
        ('[[waiver]]\ncause = 3\nreason = "x"', "line 2: cause must be a list of strings."),
        ('[[waiver]]\ncause = "x"\nfinding = "y"\nreason = "x"', "cannot be combined with finding"),
        ('[[waiver]]\ncause = "x"\nrequirement = "ack.retry.active"\nreason = "x"', "give one of requirement"),
        ('[[waiver]]\nrequirment = "x"', "line 2: there is no key 'requirment'; did you mean 'requirement'?"),
        ('[[waivers]]\nreason = "x"', "there is no key 'waivers'; did you mean 'waiver'?"),
        (
            '\n\n[[ waiver ]]\nrequirement = "ack.retry.activ"\nreason = "x"',
            "line 4: there is no requirement 'ack.retry.activ'; did you mean 'ack.retry.active'?",
        ),
        ('[[waiver]]\nreason = "x"', "line 1: give one of requirement"),
        (f'[[waiver]]\nrequirement = "{RULE}"\ncheck = "{SCENARIO}::{RULE}"\nreason = "x"', "give one of requirement"),
        (
            f'[[waiver]]\ncheck = "retry.actve::{RULE}"\nreason = "x"',
            "there is no scenario 'retry.actve'; did you mean 'retry.active'?",
        ),
        (
            f'[[waiver]]\ncheck = "{SCENARIO}::ack.auth.missing"\nreason = "x"',
            "retry.active does not judge ack.auth.missing",
        ),
        ('[[waiver]]\nrequirement = "ack.answer.id-form"\nreason = "x"', "is SHOULD, which never fails a run"),
        (f'[[waiver]]\nrequirement = "{RULE}"', "line 1: reason must say why"),
        (f'[[waiver]]\nrequirement = "{RULE}"\nreason = " "  # why', "line 3: reason must say why"),
        (
            f'[[waiver]]\ncheck = "{SCENARIO}::{RULE}"\nreason = "x"\n[[waiver]]\nrequirement = "{RULE}"\n\nreason = ""',
            "line 7: reason must say why",
        ),
        (f'[[waiver]]\nrequirement = "{RULE}"\nreason = "x"\nexpires = "soon"', "expires must be a date"),
        (f'[[waiver]]\nrequirement = "{RULE}"\nreason = "x"\nexpires = 2027-01-01T00:00:00Z', "expires must be a date"),
        (f'[[waiver]]\nrequirement = "{RULE}"\nreason = "x"\nlink = "javascript:alert(1)"', "link must be an http"),
        (f'[[waiver]]\nrequirement = "{RULE}"\nreason = "x"\nfinding = [1]', "finding must be a list of strings"),
        ("waiver = 3", "begin each entry with"),
        ("[[waiver]", "is not valid TOML"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line_and_its_mend(entry: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(entry, "w.toml", DAY)
    assert words in caught.value.reason.en
    assert caught.value.reason.zh != caught.value.reason.en


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_waivers(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_waivers(tmp_path / "latin.toml")


def test_which_answers_of_a_race_contradict_each_other_is_no_part_of_its_look() -> None:
    one, other = (
        replace(failure(actual), diagram=Text("a timeline", "时间线"))
        for actual in ("no order lets `ack.1` …", "lets `claim` …")
    )
    assert failure_signature(one) == failure_signature(other)
    assert failure_signature(one) != failure_signature(failure("no order lets `ack.1` …"))
    assert failure_signature(one) == "answer: responses that some order of the operations explains"


def test_a_signature_in_the_words_of_an_earlier_version_still_matches() -> None:
    missing = replace(
        failure("missing required field `/metadata`", "/metadata"),
        expected=Text("required field `/metadata`", "必需字段 `/metadata`"),
    )
    assert failure_signature(missing) == "/metadata: required field `/metadata` | missing required field `/metadata`"
    former = "/metadata: the field is there | no such field"
    assert waivers(f'finding = ["{former}"]').apply(failed(missing)).kind == "waived"
    assert by_cause(cause=f'cause = ["{former}"]').apply(failed(missing)).kind == "waived"
    assert waivers('finding = ["/data: the field is there | no such field"]').apply(failed(missing)).kind == "failed"
