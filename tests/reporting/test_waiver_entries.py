"""Ready-made waivers: one entry for a root cause, however many requirements fail of it, and they are those of the docs."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from conformance.emulator import Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck
from conformance.judging.waivers import parse
from conformance.reporting.waiver_entries import waiver_entries
from conformance.text import LANGS, Lang
from tests.documents import BOOK, WRITTEN, blocks
from tests.runs import judge_app

DAY = date(2029, 1, 1)


def judged(defect: str, folder: Path, chapters: tuple[str, ...]) -> RunResult:
    tokens = Tokens.generate()
    plan = [line for line in full_plan() if line.scenario.startswith(chapters)]
    return judge_app(DEFECTS[defect].change(ServerConfig()).build(tokens), tokens, folder, plan)


def test_one_wrong_error_type_is_one_entry(tmp_path: Path) -> None:
    record = judged("envelope.conflict-error", tmp_path / "out", ("terminal.", "identity.", "first-ack"))
    failed = record.tally.requirements_with_verdict("failed", level="MUST")
    assert len(failed) > 5
    text = (tmp_path / "out" / "waivers.toml").read_text("utf-8")
    assert ["cause" in entry for entry in tomllib.loads(text)["waiver"]] == [True]
    known = parse(text.replace('reason = ""', 'reason = "known"'), "w", DAY)
    assert {known.apply(verdict).kind for result in failed for verdict in result.verdicts} <= {
        "waived",
        "passed",
        "inconclusive",
    }


def test_the_missing_reason_is_asked_for_in_the_language_of_the_run(tmp_path: Path) -> None:
    record = judged("envelope.conflict-error", tmp_path / "out", ("terminal.",))
    english, chinese = (waiver_entries(record.tally.requirements_with_verdict("failed"), lang) for lang in LANGS)
    assert 'reason = ""  # say why; reports print it' in english
    assert 'reason = ""  # 写明理由，报告中会显示' in chinese
    assert "say why" not in chinese
    assert tomllib.loads(english) == tomllib.loads(chinese)


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_waiver_of_the_docs_waives_the_failure_that_it_names(lang: Lang, tmp_path: Path) -> None:
    record = judged("retry.active-conflicts", tmp_path, ("retry.active",))
    [block] = blocks(BOOK[lang], "toml waivers")
    known = parse("\n".join(block.lines), "README", DAY)
    verdicts = {verdict.line: verdict for verdict in record.verdicts if verdict.line.requirement == "ack.retry.active"}
    failed = verdicts[PlannedCheck("retry.active", "ack.retry.active")]
    assert failed.kind == "failed"
    assert known.apply(failed).kind == "waived"
