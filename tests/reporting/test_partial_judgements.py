"""What every report says of requirements that could be judged in part, and of objects that were removed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.judging.run_result import RunResult
from conformance.judging.verdict import Verdict
from conformance.reporting.html.page import page
from conformance.reporting.junit_xml import junit
from conformance.reporting.report_json import report, schema_text
from conformance.reporting.summary_md import markdown
from conformance.reporting.terminal import lines
from conformance.reporting.write import write_reports
from conformance.text import LANGS, Lang

from .run_results import failure, record_of, verdict

CAUSE, PARTLY, BLOCKED = "ack.retry.active", "ack.answer.media-type", "ack.retry.active-keeps-times"
SENTENCE: dict[Lang, str] = {
    "en": f"passed in 2 of 3; 1 blocked by {CAUSE}",
    "zh": f"3 项检查中有 2 项通过；其余 1 项因 {CAUSE} 而跳过",
}
HEADING: dict[Lang, str] = {
    "en": "Judged in part: failures block the other checks",
    "zh": "只判定了一部分：其余检查因失败而跳过",
}


def partly() -> RunResult:
    passed: list[Verdict] = [verdict(name, PARTLY) for name in ("first-ack.named-worker", "retry.starting")]
    stopped = [verdict("retry.active", name, "inconclusive", blocked_by=CAUSE) for name in (PARTLY, BLOCKED)]
    return record_of(verdict("retry.active", CAUSE, "failed", failures=(failure(),)), *passed, *stopped)


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_and_the_summary_say_how_much_was_judged(lang: Lang) -> None:
    output = list(lines(partly(), lang, report_path="report.json", verbose=True))
    at = next(number for number, line in enumerate(output) if line.startswith(HEADING[lang]))
    assert output[at + 1] == f"- {SENTENCE[lang]}"
    assert output[at + 2].endswith(PARTLY)
    short = "\n".join(lines(partly(), lang, report_path="report.json"))
    assert SENTENCE[lang] not in short
    assert {"en": "Judged only in part", "zh": "只判定了一部分"}[lang] in short
    summary = markdown(partly(), lang)
    assert f"## {HEADING[lang]}" in summary
    (entry,) = [line for line in summary.splitlines() if line.startswith(f"- `{PARTLY}`")]
    assert SENTENCE[lang] in entry.replace("\\", "")
    *_, blocked = [line for line in summary.splitlines() if BLOCKED in line]
    assert PARTLY not in blocked


@pytest.mark.parametrize("lang", LANGS)
def test_a_run_without_such_requirements_has_no_such_section(lang: Lang) -> None:
    record = record_of(verdict("auth.missing", "ack.auth.missing"))
    assert HEADING[lang] not in "\n".join(lines(record, lang, report_path="report.json"))
    assert HEADING[lang] not in markdown(record, lang)


def test_the_page_says_it_in_both_languages() -> None:
    made = page(partly(), {})
    assert SENTENCE["en"] in made
    assert SENTENCE["zh"] in made
    assert re.search(r'data-verdict="passed" data-level="MUST" data-chapter="[a-z-]+">\n<summary', made)
    top = made[made.index('<h2 id="failure-list">') : made.index('<h2 id="unexercised">')]
    assert f'id="{PARTLY}"' not in top


def test_programs_get_the_numbers() -> None:
    document = json.loads(json.dumps(report(partly())))
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(document)
    entries = {entry["id"]: entry for chapter in document["chapters"] for entry in chapter["requirements"]}
    assert (entries[PARTLY]["verdict"], entries[PARTLY]["blocked_by"]) == ("passed", [])
    assert entries[PARTLY]["partly"] == {"judged": 2, "of": 3, "behind": [CAUSE]}
    assert (entries[BLOCKED]["verdict"], entries[BLOCKED]["partly"]) == ("inconclusive", None)
    assert document["result"]["exit_code"] == 1


def test_of_a_single_check_the_files_of_checks_say_what_they_said() -> None:
    """JUnit has one case for each check: what is blocked there is an error there."""
    assert junit(partly()).count('type="blocked"') == 2


@pytest.mark.parametrize("lang", LANGS)
def test_checks_are_counted_as_judged_everywhere(lang: Lang) -> None:
    words = {"en": "3 of 5 checks judged", "zh": "5 项检查中判定了 3 项"}[lang]
    assert words in list(lines(partly(), lang, report_path="report.json"))[-1]
    assert words in markdown(partly(), lang)
    assert {"en": "3 of 5 checks judged, in 3 scenarios", "zh": "共 3 个场景，5 项检查中判定了 3 项"}[lang] in page(
        partly(), {}
    )


REMOVED: dict[Lang, str] = {"en": "those of the run were deleted", "zh": "运行所用的 id 已删除"}


@pytest.mark.parametrize(
    ("circumstances", "removed"),
    [
        ({}, True),
        ({"arranged_by": "manifest"}, False),
        ({"arranged_by": "command"}, False),
        ({"leftovers": ("environments: env_1: HTTP 500",)}, False),
    ],
    ids=["made and removed", "from a manifest", "from a program", "left behind"],
)
def test_only_what_was_removed_is_called_removed(circumstances: dict[str, Any], removed: bool, tmp_path: Path) -> None:
    record = record_of(verdict("retry.active", CAUSE, "failed", failures=(failure(),)), **circumstances)
    for lang in LANGS:
        write_reports(record, tmp_path, lang=lang)
        texts = [(tmp_path / name).read_text("utf-8") for name in ("report.html", "junit.xml")]
        ctrf = json.loads((tmp_path / "ctrf.json").read_text("utf-8"))
        texts += [
            ctrf["results"]["tests"][0]["trace"],
            "\n".join(lines(record, lang, report_path="report.json", verbose=True)),
        ]
        for text in texts:
            assert "curl " in text
            assert (REMOVED[lang] in text) is removed
