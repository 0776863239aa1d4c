"""`replay`: the plugin with transcripts in the target's place gives the verdicts of the run, offline, in every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.cli.console import ConsoleReporter
from conformance.emulator import Tokens, create_app
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from conformance.emulator.serving import serve_in_background
from conformance.emulator.tcp_proxy import ProxyConfig
from conformance.evidence import read_evidence
from conformance.judging.run_result import RunResult
from tests.cli.processes import cli
from tests.runs import judge_app, run_suite, settings_for

Verdicts = list[tuple[str, str, str, str | None, str | None]]


def verdicts(record: RunResult) -> Verdicts:
    return sorted(
        (v.line.scenario, v.line.requirement, v.kind, v.blocked_by, v.reason.en if v.reason else None)
        for v in record.verdicts
    )


@pytest.mark.parametrize("name", list(DEFECTS)[:: len(DEFECTS) // 20])
def test_a_broken_servers_run_is_judged_again_to_the_same_verdicts(name: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with serve_in_background(
        DEFECTS[name].apply_to(use_microseconds(ServerConfig())), tokens, DEFECTS[name].wire(ProxyConfig())
    ) as base_url:
        record = run_suite(settings_for(base_url, tokens, tmp_path / "run"))
    again = read_evidence(tmp_path / "run").rejudge()
    assert verdicts(again) == verdicts(record)
    assert [v.failures for v in sorted(again.verdicts, key=str)] == [
        v.failures for v in sorted(record.verdicts, key=str)
    ]
    assert again.decision == record.decision


def test_a_run_that_was_cut_short_is_judged_again_to_the_same_verdicts(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    record = judge_app(create_app(tokens=tokens), tokens, tmp_path / "run", max_duration=0.5)
    kinds = {verdict.kind for verdict in record.verdicts}
    assert "inconclusive" in kinds
    again = read_evidence(tmp_path / "run").rejudge()
    assert verdicts(again) == verdicts(record)
    assert again.decision.exit_code == record.decision.exit_code == 3


def lines(folder: Path) -> list[tuple[str, str, str]]:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return sorted(
        (line["scenario"], requirement["id"], line["verdict"])
        for chapter in report["chapters"]
        for requirement in chapter["requirements"]
        for line in requirement["lines"]
    )


def test_the_command_writes_every_format_without_network_or_credentials(healthy_run: Path, tmp_path: Path) -> None:
    ended = cli("replay", str(healthy_run), "--output=again", "--alluredir=allure", cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    assert lines(tmp_path / "again") == lines(healthy_run)
    assert {path.name for path in (tmp_path / "again").iterdir()} == {
        *("run.json", "report.json", "report.schema.json", "report.html", "junit.xml"),
        *("ctrf.json", "summary.md", "badge.svg", "badge.json"),
    }
    report = json.loads((tmp_path / "again" / "report.json").read_text("utf-8"))
    assert report["run"]["replayed"] is True
    assert "Conformant: " in ended.last_line
    results = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "allure").glob("*-result.json")]
    assert len(results) == len(lines(healthy_run))
    assert all(result["steps"] for result in results if result["status"] == "passed")


def test_each_line_is_judged_in_one_step_where_nobody_listens_to_a_tests_phases(
    healthy_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[pytest.TestReport] = []
    monkeypatch.setattr(ConsoleReporter, "pytest_runtest_logreport", lambda _, report: reported.append(report))
    done = CliRunner().invoke(main, ["replay", str(healthy_run), f"--output={tmp_path / 'again'}"])
    assert done.exit_code == 0
    assert lines(tmp_path / "again") == lines(healthy_run)
    assert reported == []


def test_a_spoilt_run_is_refused_with_one_sentence_and_leaves_nothing(
    copied: Callable[[], Path], tmp_path: Path
) -> None:
    folder = copied()
    (folder / "plan.json").unlink()
    ended = cli("replay", str(folder), "--output=again", cwd=tmp_path)
    assert ended.code == 2
    assert ended.err == "Error: plan.json is missing; the evidence is incomplete.\n"
    assert not (tmp_path / "again").exists()


def test_it_is_never_written_over_itself(healthy_run: Path, tmp_path: Path) -> None:
    ended = cli("replay", str(healthy_run), f"--output={healthy_run}", cwd=tmp_path)
    assert ended.code == 2
    assert "Name another" in ended.err + ended.out
    assert (healthy_run / "evidence.json").exists()


def test_a_folder_that_is_no_run_is_refused_in_chinese_too(tmp_path: Path) -> None:
    done = CliRunner(env={"WORK_CONFORMANCE_LANG": "zh"}).invoke(main, ["replay", str(tmp_path)])
    assert done.exit_code == 2
    assert "evidence.json" in done.output


def test_a_run_with_waivers_is_judged_again_with_them(tmp_path: Path) -> None:
    subject = DEFECTS["envelope.conflict-error"]
    rules = sorted(subject.fails)
    text = "\n".join(f'[[waiver]]\nrequirement = "{rule}"\nreason = "known"' for rule in rules)
    (tmp_path / "w.toml").write_text(text)
    tokens = Tokens.generate()
    app = subject.apply_to(use_microseconds(ServerConfig())).build(tokens)
    record = judge_app(app, tokens, tmp_path / "run", waivers=str(tmp_path / "w.toml"))
    assert record.decision.word == "held-but-waived"
    assert record.decision.exit_code == 0
    assert {v.line.requirement for v in record.verdicts if v.kind == "waived"} == set(rules)
    again = read_evidence(tmp_path / "run").rejudge()
    assert verdicts(again) == verdicts(record)
    assert again.decision == record.decision
