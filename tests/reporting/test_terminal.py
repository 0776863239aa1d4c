import re

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict
from conformance.reporting.table import align_columns, width
from conformance.reporting.terminal import lines
from conformance.text import LANGS, Lang

from .run_results import HOSTILE, OBSERVATION, failure, hostile, mixed, record_of, verdict

PATH = "reports/latest/report.json"


def shown(record: RunResult, lang: Lang = "en", *, verbose: bool = False) -> list[str]:
    return list(lines(record, lang, report_path=PATH, verbose=verbose))


def green() -> RunResult:
    return record_of(*(Verdict(line=line, kind="passed") for line in full_plan()))


def table(record: RunResult, lang: Lang) -> list[str]:
    output = shown(record, lang)
    start = next(i for i, line in enumerate(output) if line.startswith({"en": "chapter ", "zh": "章节 "}[lang]))
    return output[start : output.index("", start)]


@pytest.mark.parametrize("lang", LANGS)
def test_the_last_line_is_the_sentence(lang: Lang) -> None:
    record = green()
    last = shown(record, lang)[-1]
    assert last.startswith(record.decision.sentence.in_(lang))
    assert last.endswith(PATH)
    checks = len(full_plan())
    assert {
        "en": f"{checks} of {checks} checks judged in 3.2 s",
        "zh": f"{checks} 项检查中判定了 {checks} 项，用时 3.2 秒",
    }[lang] in last


@pytest.mark.parametrize("lang", LANGS)
def test_the_table_is_aligned_and_counts_as_the_tally_does(lang: Lang) -> None:
    record = mixed()
    rows = table(record, lang)
    assert len({width(row) for row in rows}) == 1
    numbers = [int(cell) for cell in rows[-1].split()[1:]]
    assert sum(numbers) == len(record.tally.results)
    assert {load_catalogue().chapter("retries").title.in_(lang)} <= {row.split("  ")[0] for row in rows}


def test_a_wide_character_takes_two_cells_and_a_combining_one_none() -> None:
    assert width("ab") == 2
    assert width("中文") == 4
    assert width("e\u0301") == 1
    assert list(align_columns([["章节", "n"], ["a", "10"]])) == ["章节   n", "a     10"]


def test_a_failed_requirement_is_shown_once_with_its_first_breach() -> None:
    output = shown(mixed())
    assert output.count("FAILED ack.retry.active") == 1
    block = output[output.index("FAILED ack.retry.active") :]
    block = block[: block.index("")]
    assert sum(line.startswith("  expected:") for line in block) == 1
    assert "  also breached at: retry.2" in block
    assert "  also in: first-ack.named-worker" not in output[: output.index("FAILED ack.retry.active")]
    assert any(line.startswith("  also in: ") for line in block)
    assert "  blocks (checks: 1): ack.retry.active-keeps-times" in block


@pytest.mark.parametrize("lang", LANGS)
def test_a_breach_can_be_understood_and_repeated_from_the_lines_alone(lang: Lang) -> None:
    text = "\n".join(shown(mixed(), lang))
    requirement = load_catalogue().requirements["ack.retry.active"]
    assert requirement.text.in_(lang) in text
    assert failure().expected.in_(lang) in text
    assert "(at /state)" in text or "（位于 /state）" in text
    assert "    | POST http://127.0.0.1:4010/ack" in text
    assert "curl -sS -i" in text
    for source in requirement.sources:
        assert source.cite("en") in text
        assert source.cite("zh") in text


def test_what_a_failure_blocks_is_not_listed_again() -> None:
    text = "\n".join(shown(mixed()))
    assert "- blocked by ack.retry.active" not in text
    assert "- blocked by the failures above, which name them: 1" in text


def test_what_is_blocked_by_something_that_did_not_fail_here_is_listed() -> None:
    record = record_of(
        verdict("retry.active", "ack.retry.active-keeps-times", "inconclusive", blocked_by="ack.retry.active")
    )
    assert "- blocked by ack.retry.active: inconclusive" in shown(record)


def test_inconclusive_checks_are_grouped_by_their_reason() -> None:
    output = shown(mixed())
    at = output.index("- the answer was lost")
    assert output[at + 1] == "  scenarios: retry.starting, identity.no-id"
    assert output[at + 2] == "  requirements: ack.retry.starting, ack.identity.optional"


@pytest.mark.parametrize(
    "part",
    [
        "target: http://127.0.0.1:4010",
        "selected: chapter retries",
        "The suite itself broke (checks: 1)",
        "- it broke",
        "WARNED ack.retry.acknowledged-at-unchanged",
        "- ack.auth.expired (MUST): no token was given in QODER_EXPIRED_PAT",
        "Without a verdict (checks: 1)",
        "- environments: env_1: HTTP 500",
        "--insecure: ",
        "cut short: stopped by a signal",
    ],
)
def test_nothing_that_a_reader_must_know_is_missing(part: str) -> None:
    assert any(line.startswith(part) for line in shown(mixed()))


@pytest.mark.parametrize("lang", LANGS)
def test_observations_are_told_on_demand(lang: Lang) -> None:
    told = f"- ack.observe.undelivered: {OBSERVATION.in_(lang)}"
    assert told in shown(mixed(), lang, verbose=True)
    short = shown(mixed(), lang)
    assert told not in short
    assert sum("--verbose" in line for line in short) == 1
    assert not any("--verbose" in line for line in shown(mixed(), lang, verbose=True))


def test_where_nothing_was_observed_nothing_is_said_of_it() -> None:
    assert not any("--verbose" in line for line in shown(green()))


def test_the_history_that_no_order_explains_is_drawn() -> None:
    picture = "             operation  answer\nack.1  ack  200 starting  [==]\nstop   stop unknown  [=?"
    breach = failure("after", exhibit=picture)
    output = shown(record_of(verdict("race.stop.queued", "ack.race.stop", "failed", failures=(breach,))))
    at = next(number for number, line in enumerate(output) if line.strip() == "history:")
    assert [line.lstrip() for line in output[at + 1 : at + 4]] == [f"| {line}" for line in picture.splitlines()]
    assert not any(line.strip() == "history:" for line in shown(mixed()))


def test_a_green_run_is_short() -> None:
    output = shown(green())
    assert len(output) == 3 + 1 + len(load_catalogue().chapters) + 1 + 3


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_line_holds_or_begins_with_what_a_terminal_or_a_build_server_obeys(text: str, lang: Lang) -> None:
    for line in shown(hostile(text), lang, verbose=True):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", line)
        assert not re.match(r"::|##", line.strip())
        assert not re.search(r"##(\[|vso\[|teamcity\[)", line, re.IGNORECASE)


@pytest.mark.parametrize("lang", LANGS)
def test_no_line_begins_with_text_of_the_target(lang: Lang) -> None:
    mark = "TARGET"
    output = shown(hostile(f"{mark}\n{mark}\r\n  {mark}\n\n\t{mark}"), lang, verbose=True)
    assert any(mark in line for line in output)
    assert not [line for line in output if line.strip().startswith(mark)]


def test_a_long_answer_is_cut() -> None:
    long = "x" * 100_000
    output = shown(
        record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(actual=long, answer=long),)))
    )
    assert max(len(line) for line in output) < 1500
    assert "    | … (98800 more characters)" in output


def test_a_verdict_on_an_unknown_scenario_does_not_break_the_report() -> None:
    record = record_of(
        Verdict(line=PlannedCheck("renamed.case", "ack.auth.missing"), kind="failed", failures=(failure(),))
    )
    assert "  scenario: renamed.case [renamed.case]" in shown(record)
