"""Selections: what runs, what is said of it, and what the exit code is then."""

from __future__ import annotations

import json
import re
from pathlib import Path

from conformance.contract.catalogue import load_catalogue
from conformance.emulator import Tokens
from conformance.judging.plan import full_plan

from .apps import Answer, rewritten, served
from .processes import Ended, cli, start, tokens_environment

SCENARIO = "environment.unknown-work"


def check_selection_passed(ended: Ended) -> None:
    """Exit code 0 and the words for a selection, which is never called conformant."""
    assert ended.code == 0, ended.out + ended.err
    judged = {rule for _, rule, verdict in ended.lines if verdict == "passed"}
    must = [rule for rule in load_catalogue().of_profile("ack").requirements.values() if rule.level == "MUST"]
    judged_must = sum(rule.id in judged for rule in must)
    assert ended.last_line.startswith(f"Selection passed: {judged_must} of {len(must)} MUST judged · ")
    assert "onformant" not in ended.out
    assert ended.report["run"]["selection"] is not None
    ended.check_complete()


def test_by_chapter(tmp_path: Path) -> None:
    ended = cli("run", "--chapter", "environment-kind", "--chapter", "authorization", cwd=tmp_path)
    check_selection_passed(ended)
    chapters = {load_catalogue().requirements[rule].chapter for _, rule, _ in ended.lines}
    assert chapters == {"environment-kind", "authorization"}
    wanted = [line for line in full_plan() if load_catalogue().requirements[line.requirement].chapter in chapters]
    assert len(ended.lines) == len(wanted)


def test_by_requirement(tmp_path: Path) -> None:
    ended = cli("run", "--requirement", "ack.environment.not-self-hosted", cwd=tmp_path)
    check_selection_passed(ended)
    assert {rule for _, rule, _ in ended.lines} == {"ack.environment.not-self-hosted"}


def test_by_expression(tmp_path: Path) -> None:
    ended = cli("run", "-k", f"{SCENARIO} and not schema", "-n", "2", cwd=tmp_path)
    check_selection_passed(ended)
    assert {scenario for scenario, _, _ in ended.lines} == {SCENARIO}
    assert not [rule for _, rule, _ in ended.lines if "schema" in rule]
    assert len(ended.lines) > 3


def test_everything_that_is_asked_for_applies(tmp_path: Path) -> None:
    ended = cli("run", "--chapter", "error-envelope", "-k", f"{SCENARIO} and MUST and not stated", cwd=tmp_path)
    check_selection_passed(ended)
    for scenario, rule, _ in ended.lines:
        requirement = load_catalogue().requirements[rule]
        assert (scenario, requirement.chapter, requirement.level) == (SCENARIO, "error-envelope", "MUST")
        assert requirement.basis != "stated"


def test_what_an_earlier_run_did_not_pass(tokens: Tokens, tmp_path: Path) -> None:
    """Red on a server, fixed, and only the failures are asked again; a folder and its report are both accepted."""
    broken = True

    def wrong_type(scope: object, answer: Answer) -> Answer:
        status, headers, body = answer
        return status, headers, body.replace(b"not_found_error", b"not_found") if broken else body

    with served(tokens, lambda app: rewritten(wrong_type, app)) as base_url:
        options = ("--base-url", base_url, "-k", "not-found.work or environment.unknown-work")
        first = cli("run", *options, "--output", "first", cwd=tmp_path, env=tokens_environment(tokens))
        assert first.code == 1, first.out
        failure = {line[:2] for line in first.lines if line[2] != "passed"}
        assert 0 < len(failure) < len(first.lines)
        still = cli("run", "--base-url", base_url, "--failed-from", "first", "--output", "second",
                    cwd=tmp_path, env=tokens_environment(tokens))  # fmt: skip
        assert (still.code, {line[:2] for line in still.lines}) == (1, failure)
        broken = False
        fixed = cli("run", "--base-url", base_url, "--failed-from", "second/report.json", "--output", "third",
                     cwd=tmp_path, env=tokens_environment(tokens))  # fmt: skip
    check_selection_passed(fixed)
    assert {line[:2] for line in fixed.lines} == failure


def test_the_folder_of_an_earlier_run_may_be_used_again(tmp_path: Path) -> None:
    options = ("--requirement", "ack.environment.not-self-hosted", "--output", "out")
    first = cli("run", *options, cwd=tmp_path)
    kept = first.report["run"]["id"]
    assert str(tmp_path) not in (first.folder / "report.json").read_text("utf-8")
    again = cli("run", "--failed-from", "out", cwd=tmp_path)
    assert (again.code, again.out) == (0, "No failures in out; nothing to judge again.\n")
    assert not (tmp_path / "reports").exists()
    (tmp_path / "out" / "transcripts" / "left.json").write_text("{")
    second = cli("run", *options, cwd=tmp_path)
    check_selection_passed(second)
    assert second.report["run"]["id"] != kept
    assert not (tmp_path / "out" / "transcripts" / "left.json").exists()


OPTIONAL = {"ack.auth.expired", "ack.authz.forbidden", "ack.authz.foreign", "ack.authz.foreign-no-leak"}


def test_without_the_optional_tokens_they_are_listed_and_strictly_missed(tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens) as base_url:
        pat = {"QODER_PAT": tokens.owner}
        options = ("run", "--base-url", base_url, "--output")
        with (
            start(*options, "out", cwd=tmp_path, env=pat) as one,
            start(*options, "strict", "--strict", cwd=tmp_path, env=pat) as other,
        ):
            ended, strict = one.wait(), other.wait()
    assert (ended.code, strict.code) == (0, 3), ended.out + strict.out
    assert ended.last_line.startswith("Conformant: ")
    assert "; not exercised: " in ended.unwrapped
    listed = {entry["requirement"] for entry in ended.report["not_exercised"]}
    assert listed == OPTIONAL
    assert {entry["exercised"] for entry in ended.report["not_exercised"]} == {"optional-input"}
    for variable in ("QODER_FORBIDDEN_PAT", "QODER_FOREIGN_PAT", "QODER_EXPIRED_PAT"):
        assert variable in ended.out
    assert strict.last_line.startswith("Inconclusive: ")
    assert strict.report["run"]["strict"] is True
    assert ended.lines == strict.lines
    ended.check_complete()
    strict.check_complete()


def test_a_selected_requirement_without_its_token_is_inconclusive(tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens) as base_url:
        options = ("--base-url", base_url, "--requirement", "ack.auth.expired", "--output", "out")
        ended = cli("run", *options, cwd=tmp_path, env={"QODER_PAT": tokens.owner})
    assert ended.code == 3
    assert ended.last_line.startswith("Inconclusive: ")


def test_tokens_may_have_other_names(tokens: Tokens, tmp_path: Path) -> None:
    names = {"pat": "OURS", "expired-pat": "OLD", "forbidden-pat": "BLOCKED", "foreign-pat": "THEIRS"}
    values = (tokens.owner, tokens.expired, tokens.forbidden, tokens.foreign)
    options = [word for option, name in names.items() for word in (f"--{option}-env", name)]
    with served(tokens) as base_url:
        chosen = ("--base-url", base_url, "--chapter", "authorization", "--output", "out")
        ended = cli("run", *chosen, *options, cwd=tmp_path, env=dict(zip(names.values(), values, strict=True)))
    check_selection_passed(ended)
    transcripts = "".join(path.read_text("utf-8") for path in (tmp_path / "out" / "transcripts").iterdir())
    assert set(re.findall(r"\$\{(\w+)\}", transcripts)) <= set(names.values())


def test_what_had_no_occasion_is_no_failure(tokens: Tokens, tmp_path: Path) -> None:
    with served(tokens) as base_url:
        env = {"QODER_PAT": tokens.owner}
        options = ("--base-url", base_url, "--chapter", "authentication", "--output", "out")
        first = cli("run", *options, cwd=tmp_path, env=env)
        assert "not-exercised" in {verdict for _, _, verdict in first.lines}
        # A selected MUST that had no occasion makes the run inconclusive, so there is something left to be judged.
        assert first.code == 3
        again = cli("run", "--base-url", base_url, "--failed-from", "out", cwd=tmp_path, env=env)
        assert "Nothing failed" not in again.out
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    report["result"]["exit_code"] = 0
    (tmp_path / "out" / "report.json").write_text(json.dumps(report))
    assert cli("run", "--failed-from", "out", cwd=tmp_path).code == 0
    report["result"]["lost_lines"] = [{"scenario": "retry.active", "requirement": "ack.retry.active"}]
    (tmp_path / "out" / "report.json").write_text(json.dumps(report))
    lost = cli("run", "--failed-from", "out", "--requirement", "ack.retry.active", cwd=tmp_path)
    assert lost.out.count("Nothing failed") == 0
    assert (lost.code, len(lost.lines)) == (0, 1)
