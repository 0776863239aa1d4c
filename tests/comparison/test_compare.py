"""Whole runs against each other: servers that are alike, and one that differs in a point of each kind."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.chapters.registry import scenarios
from conformance.comparison.compare import Comparison, NotComparable, compare
from conformance.evidence import Evidence, read_evidence
from conformance.judging.verdict import PlannedCheck

from .servers import PLAN, SCENARIOS
from .test_response_shape import answer, evidence, transcript


def test_a_run_is_like_itself(healthy: Path) -> None:
    comparison = compare(read_evidence(healthy), read_evidence(healthy))
    assert comparison.same
    assert comparison.one_sided == ()
    assert comparison.checks_compared == len(PLAN)
    assert comparison.kinds_compared >= 9


def test_what_is_never_the_same_twice_is_no_difference(healthy: Path, noisy: Path) -> None:
    """Dates, ports, ids, what proxies add, the words of a message, polls that find nothing, and tokens not given."""
    comparison = compare(read_evidence(healthy), read_evidence(noisy))
    assert [*comparison.verdicts, *comparison.observations, *comparison.shapes] == []
    assert comparison.same
    assert {(entry.side, entry.why) for entry in comparison.one_sided} == {("a", "no-input")}
    assert {entry.line.scenario for entry in comparison.one_sided} == {"auth.expired"}
    assert comparison.checks_compared + len(comparison.one_sided) == len(PLAN)


def test_the_noise_is_in_the_evidence(healthy: Path, noisy: Path) -> None:
    """What is no difference could have been one."""
    names, polls = [], []
    for folder in (healthy, noisy):
        said = [e for t in read_evidence(folder).transcripts.values() for e in t.exchanges if e.response is not None]
        names.append({name.lower() for e in said if e.response for name, _ in e.response.headers})
        polls.append([e.response.body.text for e in said if e.response and e.operation == "poll"])
    assert names[1] - names[0] >= {"via", "age"}
    assert "null" in polls[1]
    assert "null" not in polls[0]


def test_verdicts_that_differ(difference: Comparison) -> None:
    found = {entry.requirement: (entry.a, entry.b) for entry in difference.verdicts}
    assert found["ack.identity.mismatch-queued"] == ("passed", "failed")
    assert found["ack.terminal.stopping"] == ("passed", "failed")
    assert found["ack.answer.id-form"] == ("passed", "warned")
    [stopping] = [entry for entry in difference.verdicts if entry.requirement == "ack.terminal.stopping"]
    assert [a.line.scenario for a, _ in stopping.cases] == ["terminal.stopping.from-starting"]
    assert all(scenarios()[a.line.scenario].id in SCENARIOS for entry in difference.verdicts for a, _ in entry.cases)


def test_observations_that_differ(difference: Comparison) -> None:
    found = {
        entry.line.requirement: (str(entry.a and entry.a.en), str(entry.b and entry.b.en))
        for entry in difference.observations
    }
    assert set(found) == {
        "ack.observe.lower-case-bearer",
        "ack.observe.extra-fields",
        "ack.observe.response-headers",
    }
    assert found["ack.observe.lower-case-bearer"] == ('200, state "starting"', '401, error.type "authentication_error"')


@pytest.mark.parametrize(
    ("kind", "part", "where", "a", "b"),
    [
        (("ack", 200), "field", "/lease", None, ("object",)),
        (("get", 200), "field", "/lease", None, ("object",)),
        (("ack", 401), "header", "x-edition", None, ()),
        (("ack", 405), "media-type", "", ("application/json",), ("application/problem+json",)),
        (("ack", 200), "id-alphabet", "/id", ("0-9", "a-f"), ("0-9", "A-F", "G-Z")),
        (("ack", 200), "id-length", "/id", ("32",), ("26",)),
        (("get", 200), "time-fraction", "/created_at", ("6",), ("3",)),
    ],
)
def test_answers_that_differ(
    kind: tuple[str, int],
    part: str,
    where: str,
    a: tuple[str, ...] | None,
    b: tuple[str, ...] | None,
    difference: Comparison,
) -> None:
    found = [
        entry
        for entry in difference.shapes
        if ((entry.operation, entry.status), entry.part, entry.where) == (kind, part, where)
    ]
    assert [(entry.a, entry.b) for entry in found] == [(a, b)]


def test_nothing_else_is_said_to_differ(difference: Comparison) -> None:
    assert not difference.same
    parts = {entry.part for entry in difference.shapes}
    assert parts == {"field", "header", "media-type", "id-alphabet", "id-length", "time-fraction"}
    assert not [entry for entry in difference.shapes if "metadata" in entry.where or "request_id" in entry.where]


def test_waivers_neither_hide_nor_make_a_difference(healthy: Path, changed: Path) -> None:
    """What is compared are servers; a failure that one side has waived is a failure."""
    run = read_evidence(changed)
    waivers = '[[waiver]]\nrequirement = "ack.terminal.stopping"\nreason = "known"\n'
    waived = replace(run, metadata=replace(run.metadata, waivers=waivers))
    line = PlannedCheck("terminal.stopping.from-starting", "ack.terminal.stopping")
    assert waived.judge_check(line).kind == "waived"
    assert compare(run, waived).same
    assert compare(read_evidence(healthy), waived).verdicts == compare(read_evidence(healthy), run).verdicts


# --- what only one run looked at


def part_of(run: Evidence, *names: str) -> Evidence:
    about = replace(run.metadata, selection="-k something")
    return replace(run, metadata=about, plan=tuple(line for line in run.plan if line.scenario in names))


def test_a_selection_is_compared_with_its_part_of_the_other(healthy: Path, changed: Path) -> None:
    whole = read_evidence(healthy)
    part = part_of(read_evidence(changed), "retry.starting")
    comparison = compare(whole, part)
    assert {(entry.side, entry.why) for entry in comparison.one_sided} == {("a", "not-planned")}
    assert len(comparison.one_sided) + comparison.checks_compared == len(PLAN)
    assert {entry.operation for entry in comparison.shapes} <= {"ack", "create_session", "get", "poll", "send_message"}


def test_runs_with_nothing_in_common_cannot_be_compared(healthy: Path) -> None:
    run = read_evidence(healthy)
    with pytest.raises(NotComparable, match="in common"):
        compare(part_of(run, "retry.starting"), part_of(run, "retry.active"))


def test_runs_that_judged_nothing_cannot_be_compared() -> None:
    empty = evidence(transcript())
    with pytest.raises(NotComparable, match="in common"):
        compare(empty, empty)


def test_what_this_version_does_not_know_cannot_be_compared(healthy: Path) -> None:
    run = read_evidence(healthy)
    newer = replace(run, plan=(*run.plan, PlannedCheck("retry.starting", "ack.retry.of-tomorrow")))
    with pytest.raises(NotComparable, match=r"ack\.retry\.of-tomorrow"):
        compare(run, newer)


def test_another_catalogue_that_asks_for_other_things_cannot_be_compared(healthy: Path) -> None:
    run = read_evidence(healthy)
    whole = replace(run, metadata=replace(run.metadata, selection=None))
    older = replace(whole, metadata=replace(whole.metadata, catalogue_version="0.9"))
    assert compare(whole, older).same
    fewer = tuple(line for line in run.plan if line.scenario != "retry.active")
    with pytest.raises(NotComparable, match=r"0\.9"):
        compare(whole, replace(older, plan=fewer))


def test_an_observation_on_one_side_alone_is_a_difference() -> None:
    other = answer({}, step="something")
    talk = answer({}, step="ack")
    comparison = compare(evidence(transcript(talk)), evidence(transcript(talk, other)))
    assert comparison.observations == ()
    assert comparison.same


def test_files_of_two_runs_mixed_are_refused(healthy: Path, changed: Path, tmp_path: Path) -> None:
    """Reading refuses; compare never sees them."""
    from conformance.evidence import BrokenEvidence

    mixed = tmp_path / "mixed"
    shutil.copytree(healthy, mixed)
    shutil.copy(changed / "transcripts" / "retry.active.json", mixed / "transcripts" / "retry.active.json")
    with pytest.raises(BrokenEvidence, match=r"retry\.active"):
        read_evidence(mixed)
    assert json.loads((mixed / "evidence.json").read_text("utf-8"))["files"]
