import re
from dataclasses import replace

import pytest

from conformance.contract.catalogue import load_catalogue
from conformance.contract.operations import Profile
from conformance.judging.plan import full_plan
from conformance.judging.run_result import RunResult
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind
from conformance.plugin.judging_runner import TIME_LIMIT
from conformance.reporting.html.page import page
from conformance.reporting.summary_md import markdown
from conformance.reporting.table import align_columns, width
from conformance.reporting.terminal import lines
from conformance.scenario.execute import NO_LONGER_THERE
from conformance.text import LANGS, Lang, Text

from .run_results import HOSTILE, OBSERVATION, both, failure, hostile, mixed, record_of, verdict

PATH = "reports/latest/report.html"


def shown(record: RunResult, lang: Lang = "en", *, verbose: bool = False, columns: int = 100) -> list[str]:
    return list(lines(record, lang, report_path=PATH, verbose=verbose, columns=columns))


def green() -> RunResult:
    return record_of(*(Verdict(line=line, kind="passed") for line in full_plan()))


def table(record: RunResult, lang: Lang) -> list[str]:
    output = shown(record, lang, verbose=True)
    start = next(i for i, line in enumerate(output) if line.startswith({"en": "chapter ", "zh": "章节 "}[lang]))
    return output[start : output.index("", start)]


@pytest.mark.parametrize("lang", LANGS)
def test_the_first_and_the_last_line_are_the_sentence(lang: Lang) -> None:
    record = green()
    first, *_, last = shown(record, lang)
    assert first == record.decision.sentence.in_(lang)
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


def block(output: list[str], beginning: str = "FAILED") -> list[str]:
    start = next(number for number, line in enumerate(output) if line.startswith(beginning))
    return output[start : output.index("", start)]


def test_a_cause_has_one_block_with_what_was_sent_what_came_and_what_to_do() -> None:
    labels = [line.strip().split(":")[0] for line in block(shown(mixed(), columns=1000))]
    assert labels == [
        "FAILED 1/2",
        "Requirement",
        "Scenario",
        "Fails in",
        "Steps",
        "Sent",
        "Expected",
        "Got",
        "Likely cause",
        "Fix",
        "Effect on workers",
        "Docs",
        "Re-run",
        "Reproduce",
        "Details",
        "Skipped because of this failure",
    ]


def test_a_block_names_commands_and_files_that_a_reader_can_copy() -> None:
    output = block(shown(mixed()))
    assert "  Re-run: work-conformance run --requirement ack.retry.active --base-url http://127.0.0.1:4010" in output
    assert "  Reproduce: sh reports/latest/reproductions/retry.active.sh" in output
    details = "work-conformance explain ack.retry.active, reports/latest/report.html#ack.retry.active"
    assert f"  Details: {details}" in output
    assert "  Skipped because of this failure: 1 check of 1 requirement" in output


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_lines_fit_the_terminal_and_pieces_stay_whole(columns: int, lang: Lang) -> None:
    output = shown(mixed(), lang, columns=columns)
    commands = re.compile(r"work-conformance (run|clean|explain) |curl |sh reports/")
    for line in output[:-1]:
        if not commands.search(line) and width(line) > columns:
            assert " " not in line.strip().removeprefix("| ")
    text = "\n".join(output)
    source = load_catalogue().requirements["ack.retry.active"].sources[0]
    assert source.url.in_(lang) in text
    assert "work-conformance explain ack.retry.active" in text


@pytest.mark.parametrize("lang", LANGS)
def test_a_breach_can_be_understood_and_repeated_from_the_lines_alone(lang: Lang) -> None:
    text = "\n".join(shown(mixed(), lang, verbose=True, columns=10_000))
    requirement = load_catalogue().requirements["ack.retry.active"]
    assert requirement.text.in_(lang) in text
    assert failure().expected.in_(lang) in text
    assert "(at /state)" in text or "（位于 /state）" in text
    assert "    | POST http://127.0.0.1:4010/ack" in text
    assert "curl -sS -i" in text
    for source in requirement.sources:
        assert source.cite("en") in text
        assert source.cite("zh") in text


@pytest.mark.parametrize("lang", LANGS)
def test_without_v_there_is_neither_a_whole_request_nor_a_line_of_the_paraphrased_spec(lang: Lang) -> None:
    text = "\n".join(shown(mixed(), lang))
    assert "schemas/docs" not in text
    assert "curl" not in text
    assert "| POST" not in text
    other = load_catalogue().requirements["ack.retry.active"].sources[0].url.in_("zh" if lang == "en" else "en")
    assert f"<{other}>" not in text


def test_one_line_says_what_was_sent_and_how_it_differs_from_a_plain_ack() -> None:
    request = (
        "POST http://127.0.0.1:4010/api/environments/env_0123456789abcdef0123/work/w/ack\n"
        "X-Api-Key: ${QODER_PAT}\nUser-Agent: axios\n\n{}"
    )
    record = record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(request=request),)))
    [line] = [line for line in shown(record, columns=1000) if line.startswith("  Sent: ")]
    assert line == (
        "  Sent: POST /api/environments/env_…ef0123/work/w/ack, X-Api-Key: ${QODER_PAT}, no Worker-ID,"
        " no Authorization, body {}"
    )


def test_a_long_conversation_is_shown_from_its_end() -> None:
    steps = " → ".join(f"get {n}" for n in range(100, 140))
    breach = replace(failure(), operations=steps)
    output = shown(record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(breach,))), columns=1000)
    [line] = [line for line in output if line.startswith("  Steps: ")]
    assert line.startswith("  Steps: (28 earlier steps) → get 128 → ")
    assert line.endswith("→ get 139")


def test_what_a_failure_blocks_is_only_counted() -> None:
    output = shown(mixed())
    assert "- 1 check: blocked by the failures above" in output
    assert not any("blocked by ack.retry.active" in line for line in output)


def test_what_is_blocked_by_something_that_did_not_fail_here_is_told() -> None:
    record = record_of(
        verdict("retry.active", "ack.retry.active-keeps-times", "inconclusive", blocked_by="ack.retry.active")
    )
    assert "- 1 check: blocked by ack.retry.active: inconclusive" in shown(record)


def test_checks_that_were_not_judged_are_counted_by_their_reason() -> None:
    output = shown(mixed())
    at = output.index("Not judged (4 checks)")
    assert output[at + 1] == "- 2 checks: the answer was lost"
    in_full = shown(mixed(), verbose=True)
    at = in_full.index("- 2 checks: the answer was lost")
    assert in_full[at + 1] == "  scenarios: retry.starting, identity.no-id"
    assert in_full[at + 2] == "  requirements: ack.retry.starting, ack.identity.optional"


def test_rare_reasons_are_counted_together() -> None:
    reasons = [verdict(f"s{n}", "ack.retry.starting", "inconclusive", reason=both(f"reason {n}")) for n in range(12)]
    output = shown(record_of(*reasons))
    at = output.index("Not judged (12 checks)")
    assert output[at + 9] == "- 4 checks: 4 other reasons (listed with -v)"
    assert sum("reason 11" in line for line in shown(record_of(*reasons), verbose=True)) == 1


@pytest.mark.parametrize(
    "part",
    [
        "target: http://127.0.0.1:4010",
        "selected: chapter retries",
        "Errors in the suite itself (1 check)",
        "- identity.redelivered, ack.identity.redelivered: it broke",
        "WARNED ack.retry.acknowledged-at-unchanged",
        "- ack.auth.expired (MUST): no token was given in QODER_EXPIRED_PAT",
        "Without a verdict (1 check)",
        "1 object left on the target; remove with: work-conformance clean --run-id 20260101T000000-abcdef --base-url http",
        "--insecure: ",
    ],
)
def test_nothing_that_a_reader_must_know_is_missing(part: str) -> None:
    assert any(line.startswith(part) for line in shown(mixed()))


@pytest.mark.parametrize("lang", LANGS)
def test_observations_are_told_on_demand(lang: Lang) -> None:
    told = Text("- ack.observe.undelivered: {it}", "- ack.observe.undelivered：{it}").format(it=OBSERVATION).in_(lang)
    assert told in shown(mixed(), lang, verbose=True)
    short = shown(mixed(), lang)
    assert told not in short
    assert sum("for all of them, use -v" in line or "用 -v 列出" in line for line in short) == 1


def test_where_nothing_was_observed_nothing_is_said_of_it() -> None:
    assert not any("-v" in line.split() for line in shown(green()))


def test_the_history_that_no_order_explains_is_drawn() -> None:
    picture = "             operation  answer\nack.1  ack  200 starting  [==]\nstop   stop unknown  [=?"
    breach = failure("after", exhibit=picture)
    output = shown(record_of(verdict("race.stop.queued", "ack.race.stop", "failed", failures=(breach,))))
    at = next(number for number, line in enumerate(output) if line.startswith("  History: * marks")) + 1
    assert [line.lstrip() for line in output[at + 1 : at + 4]] == [f"| {line}" for line in picture.splitlines()]
    assert not any("History:" in line for line in shown(mixed()))


def test_a_green_run_is_short() -> None:
    output = shown(green())
    assert len(output) == 3 + 2 + len(load_catalogue().of_profile("ack").chapters) + 1 + 3 + 3


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
        record_of(verdict("retry.active", "ack.retry.active", "failed", failures=(failure(actual=long, answer=long),))),
        verbose=True,
    )
    assert max(len(line) for line in output) < 1500
    assert "    | … (98800 more characters)" in output


def test_a_verdict_on_an_unknown_scenario_does_not_break_the_report() -> None:
    record = record_of(
        Verdict(line=PlannedCheck("renamed.case", "ack.auth.missing"), kind="failed", failures=(failure(),))
    )
    assert "  Scenario: renamed.case [renamed.case]" in shown(record)


# --- runs that end early


def unjudged(reason: Text, kind: VerdictKind = "inconclusive") -> list[Verdict]:
    return [Verdict(line=line, kind=kind, reason=reason) for line in full_plan()]


@pytest.mark.parametrize("lang", LANGS)
def test_a_target_that_no_longer_responds_is_told_in_the_first_line_with_the_time(lang: Lang) -> None:
    gone = unjudged(NO_LONGER_THERE)
    left = tuple(f"environments: env_{n}: not reached" for n in range(200))
    record = record_of(*gone, last_response_at="2026-01-01T12:33:06Z", leftovers=left)
    output = shown(record, lang)
    assert record.decision.exit_code == 3
    assert len(output) <= 60
    assert "12:33:06" in output[0]
    assert "12:33:06" in output[-1]
    assert "work-conformance run --failed-from reports/latest --base-url http://127.0.0.1:4010" in "\n".join(output)
    [clean] = [line for line in output if "work-conformance clean" in line]
    assert "200" in clean
    assert not any("env_7" in line for line in output)
    assert any("env_7" in line for line in shown(record, lang, verbose=True))


@pytest.mark.parametrize("lang", LANGS)
def test_a_time_limit_is_told_in_the_first_line_with_the_option_that_raises_it(lang: Lang) -> None:
    record = record_of(*unjudged(TIME_LIMIT), interrupted=TIME_LIMIT)
    output = shown(record, lang)
    assert record.decision.exit_code == 3
    assert len(output) <= 60
    assert "--max-duration" in output[0]
    assert "--max-duration" in output[-1]


@pytest.mark.parametrize("lang", LANGS)
def test_strict_is_named_where_it_alone_fails_the_run_with_what_is_missing(lang: Lang) -> None:
    reason = Text("no token was given in QODER_EXPIRED_PAT", "未提供 QODER_EXPIRED_PAT")
    verdicts = [
        Verdict(line=line, kind="not-exercised", reason=reason)
        if line.requirement == "ack.auth.expired"
        else Verdict(line=line, kind="passed")
        for line in full_plan()
    ]
    assert record_of(*verdicts).decision.exit_code == 0
    record = record_of(*verdicts, strict=True)
    output = shown(record, lang)
    assert record.decision.exit_code == 3
    assert len(output) <= 60
    assert "--strict" in output[0]
    assert "--strict" in output[-1]
    assert any("QODER_EXPIRED_PAT" in line and "--strict" in line for line in output[1:10])


@pytest.mark.parametrize("lang", LANGS)
def test_a_strict_run_that_ran_out_of_time_asks_for_no_token_that_was_given(lang: Lang) -> None:
    missing = Text("no token was given in QODER_FOREIGN_PAT", "未提供 QODER_FOREIGN_PAT")
    verdicts = [
        Verdict(line=line, kind="not-exercised", reason=missing)
        if line.requirement == "ack.authz.foreign"
        else Verdict(line=line, kind="inconclusive", reason=TIME_LIMIT)
        for line in full_plan()
    ]
    output = shown(record_of(*verdicts, interrupted=TIME_LIMIT, strict=True), lang)
    advice = {
        "en": "What to do: With --strict the run also needs QODER_FOREIGN_PAT.",
        "zh": "下一步：使用 --strict 时还需要提供 QODER_FOREIGN_PAT。",
    }
    assert advice[lang] in map(str.strip, output)
    assert not any("QODER_EXPIRED_PAT" in line or "QODER_FORBIDDEN_PAT" in line for line in output)


@pytest.mark.parametrize("lang", LANGS)
def test_the_verdict_and_the_first_failure_fit_on_one_screen(lang: Lang) -> None:
    for name, requirement in load_catalogue().requirements.items():
        if requirement.level == "MUST":
            record = record_of(verdict("retry.active", name, "failed", failures=(failure(),)))
            output = shown(record, lang)
            assert output.index("", output.index("") + 1) < 36  # the announcement before it has four lines


@pytest.mark.parametrize("profile", ["ack", "work"])
def test_deviations_of_operations_are_noticed_only_where_these_are_not_judged(profile: Profile) -> None:
    seen = (both("poll returned HTTP 200 and showed no state (3 times)"),)
    record = replace(mixed(), metadata=replace(mixed().metadata, noticed=seen, profile=profile))
    for text in ("\n".join(shown(record)), markdown(record, "en"), page(record, {})):
        assert ("showed no state" in text) is (profile == "ack")
