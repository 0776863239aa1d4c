"""Results of runs that are not all green: statuses, explanations, steps, and what must never be in them."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import get_args

import pytest
from starlette.types import ASGIApp

from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from conformance.judging.verdict import PlannedCheck, Verdict, VerdictKind
from conformance.plugin import allure_content as content
from conformance.plugin.allure_categories import categories
from conformance.reporting.escaping import escape_surrogates
from conformance.target import Target
from conformance.text import LANGS, Lang, Text
from tests.allure.allure_output import Result, Written, attachments, label, run, steps
from tests.cli.apps import Gate, echo, rewritten
from tests.cli.processes import Running, start, tokens_environment
from tests.reporting.run_results import HOSTILE, failure

STATUSES: dict[VerdictKind, str] = {
    "failed": "failed",
    "suite-error": "broken",
    "inconclusive": "broken",
    "waived": "skipped",
    "warned": "passed",
    "passed": "passed",
    "observed": "passed",
    "not-exercised": "skipped",
}


def broken_server(tokens: Tokens) -> ASGIApp:
    """A server that acks with 202 and has `param` null in its errors."""
    server_config = ServerConfig()
    for name in ("first.accepted-202", "envelope.param-null"):
        server_config = DEFECTS[name].apply_to(server_config)
    return server_config.build(tokens)


SELECTION = tuple(f"--chapter={name}" for name in ("first-ack", "worker-identity", "error-envelope", "observations"))
"""Where that server, without the optional tokens, brings out every verdict but the suite's own trouble."""

LINE = PlannedCheck("retry.starting", "ack.retry.starting")
SERVER = Target(base_url="http://127.0.0.1:4010")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A server that acks with 202, judged in two processes and without the optional tokens."""
    tokens = Tokens.generate()
    with EmulatorServer(broken_server(tokens)) as server:
        options = ("--base-url", server.base_url, "-n", "2")
        return run(*options, *SELECTION, cwd=tmp_path_factory.mktemp("broken"), env={"QODER_PAT": tokens.owner})


def test_every_verdict_has_its_status(broken: Written) -> None:
    assert broken.ended.code == 1, broken.ended.out + broken.ended.err
    broken.check_whole()
    kinds = {"failed", "inconclusive", "warned", "passed", "observed", "not-exercised"}
    assert {label(result, "verdict") for result in broken.results} == kinds
    for kind, status in STATUSES.items():
        assert {result["status"] for result in broken.of(kind)} <= {status}


def test_a_red_is_explained(broken: Written) -> None:
    for result in broken.of("failed"):
        details = result["statusDetails"]
        assert re.match(r"failed: step `.+`: expected .+; got: .+", details["message"])
        fix, re_run, explain, script, blank, scenario = details["trace"].splitlines()[:6]
        requirement = label(result, "requirement")
        assert fix.startswith("Fix: ")
        assert re_run.startswith(f"Re-run: work-conformance run --requirement {requirement} --base-url http://")
        assert explain == f"Explain: work-conformance explain {requirement}"
        assert script == f"Reproduce: reproductions/{label(result, 'scenario')}.sh"
        assert (blank, scenario.partition(":")[0]) == ("", "Scenario")
        assert "curl -" in details["trace"]
        failure = set(re.findall(r"^Steps: .+ \(step `(.+)`\)$", details["trace"], re.MULTILINE))
        assert failure
        assert {step["name"].partition(":")[0] for step in steps(result) if step["status"] == "failed"} >= failure


def test_what_is_not_judged_says_why(broken: Written) -> None:
    for kind, word in (("inconclusive", "inconclusive: "), ("not-exercised", "not exercised: ")):
        for result in broken.of(kind):
            assert result["statusDetails"]["message"].startswith(word)
            assert len(result["statusDetails"]["message"]) > len(word)
            assert not [step for step in steps(result) if step["status"] == "failed"]


def test_what_is_remarkable_about_a_green_is_its_last_step(broken: Written) -> None:
    """Allure 3 shows the details of a result only where that is not green."""
    for kind, word in (("warned", "warned: "), ("observed", "observed: ")):
        for result in broken.of(kind):
            last = result["steps"][-1]
            assert last["name"] == result["statusDetails"]["message"]
            assert last["name"].startswith(word)
    (explanation,) = broken.of("warned")[0]["steps"][-1]["attachments"]
    assert "Got: null" in broken.text(explanation)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", get_args(VerdictKind))
def test_every_trouble_is_in_one_category(kind: VerdictKind, lang: Lang) -> None:
    """As Allure matches: the whole message, with a dot that is any character."""
    verdict = Verdict(line=LINE, kind=kind, reason=Text("two\nlines", "两\n行"))
    details = content.details(verdict, lang, SERVER)
    found = [
        category["name"]
        for category in categories(lang)
        if content.status(verdict) in category["matchedStatuses"]
        and re.fullmatch(category["messageRegex"], details.message if details else "", re.DOTALL)
    ]
    assert content.status(verdict) == STATUSES[kind]
    assert [name.startswith(("Waived", "已豁免")) for name in found] in ([], [kind == "waived"])
    assert len(found) == (kind not in {"passed", "observed"})


def test_the_categories_are_written(broken: Written) -> None:
    """One for each root cause with its failures; each failure is in just one."""
    written = json.loads((broken.folder / "categories.json").read_text("utf-8"))
    by_cause = [entry for entry in written if entry not in categories("en")]
    causes, rest = by_cause[:-1], by_cause[-1]
    assert [entry["name"] for entry in causes] == [
        'HTTP 202 with state "starting"; expected HTTP 200 with state `starting`'
    ]
    assert rest["name"] == "A MUST failed"
    messages = [result["statusDetails"]["message"] for result in broken.of("failed")]
    for message in messages:
        assert matching(written, "failed", message) == [causes[0]["name"]]
    assert matching(written, "failed", "failed: another") == [rest["name"]]


def matching(written: list[Result], status: str, message: str) -> list[str]:
    """As Allure matches: the whole message, with a dot that is any character."""
    return [
        entry["name"]
        for entry in written
        if status in entry["matchedStatuses"] and re.fullmatch(entry["messageRegex"], message, re.DOTALL)
    ]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("text", [*HOSTILE, "a.b|c) [d] {2} $ ^ \\\\ ?+*"], ids=lambda text: repr(text[:12]))
def test_a_failure_is_in_the_category_of_its_cause_whatever_the_target_sent(text: str, lang: Lang) -> None:
    verdicts = [
        Verdict(line=LINE, kind="failed", failures=(failure(actual=text, step=text),)),
        Verdict(line=PlannedCheck("auth.missing", "ack.auth.missing"), kind="failed", failures=(failure(actual="x"),)),
    ]
    written = categories(lang, verdicts)
    json.dumps(written, ensure_ascii=False).encode()
    for verdict in verdicts:
        details = content.details(verdict, lang, SERVER)
        assert details is not None
        assert len(matching(written, "failed", escape_surrogates(details.message))) == 1
        assert matching(written, "failed", escape_surrogates(details.message)) != [written[2]["name"]]


def test_a_lost_verdict_is_the_suites_trouble() -> None:
    details = content.details(None, "en", SERVER)
    assert content.status(None) == "broken"
    assert details is not None
    assert details.message == "suite error: the run ended without a verdict on this check"


def test_properties_are_ascii_and_unambiguous() -> None:
    assert content._escaped("http://例え.jp/a\\b\n\U0001f600") == (r"http://\u4f8b\u3048.jp/a\u005cb\u000a\ud83d\ude00")


@pytest.mark.parametrize("processes", ["0", "2"])
def test_an_interrupted_run_has_a_result_for_every_line(processes: str, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    gate = Gate(create_app(tokens=tokens), passing=8)
    options = ("run", "--output", "out", "--alluredir", "results", "-n", processes)
    with EmulatorServer(gate) as server:
        env = tokens_environment(tokens)
        with start(*options, *SELECTION, "--base-url", server.base_url, cwd=tmp_path, env=env) as running:
            assert gate.reached.wait(60)
            running.process.send_signal(signal.SIGINT)
            written = Written(ended=running.wait(), folder=tmp_path / "results")
    assert written.ended.code == 3, written.ended.out + written.ended.err
    written.check_whole()
    assert {result["status"] for result in written.of("inconclusive")} == {"broken"}


RUN = ("-m", "conformance", "run", "--output=out")
PYTEST = ("-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance", "--target-output=out")


@pytest.mark.parametrize(
    ("command", "url"),
    [
        ((*RUN, "--chapter=worker-identity"), "--base-url"),
        ((*PYTEST, "--clean-alluredir", "--target-chapter=worker-identity"), "--target-url"),
    ],
    ids=["run", "pytest --clean-alluredir"],
)
def test_a_crashed_worker_takes_no_result_with_it(command: tuple[str, ...], url: str, tmp_path: Path) -> None:
    """Neither its own, nor with the worker that takes its place, which is told to clean the folder just as it was."""
    tokens = Tokens.generate()
    gate = Gate(create_app(tokens=tokens), passing=8)
    with EmulatorServer(gate) as server:
        whole = [sys.executable, *command, "--alluredir=results", "-n", "2", f"{url}={server.base_url}"]
        with Running(whole, tmp_path, tokens_environment(tokens), output="out") as running:
            assert gate.reached.wait(60)
            victim = next(pid for pid in sorted(running.members()) if pid != running.process.pid)
            os.kill(victim, signal.SIGKILL)
            gate.open()
            written = Written(ended=running.wait(), folder=tmp_path / "results")
    assert written.ended.report["result"]["exit_code"] == 4, written.ended.out + written.ended.err
    written.check_whole()
    (crashed,) = written.of("suite-error")
    assert crashed["status"] == "broken"
    assert crashed["statusDetails"]["message"] == "suite error: the process that judged it crashed"


def test_no_secret_gets_in_and_what_the_target_says_stays_text(tmp_path: Path) -> None:
    """The server tells everybody every secret that came in."""
    tokens = Tokens.generate()
    with EmulatorServer(rewritten(echo, create_app(tokens=tokens))) as server:
        options = ("--base-url", server.base_url, "--chapter", "retries", "--chapter", "authentication")
        written = run(*options, cwd=tmp_path, env=tokens_environment(tokens))
    secrets = [token.encode() for token in tokens_environment(tokens).values()]
    for path in written.folder.iterdir():
        inside = path.read_bytes()
        assert not [secret for secret in secrets if secret in inside], path.name
    written.check_whole()
    said = "".join(written.text(entry) for result in written.results for entry in attachments(result))
    assert "Bearer ${QODER_PAT}" in said
    assert "you sent" in said
    for result in written.results:
        assert not [text for text in (result["name"], result["description"]) if "you sent" in text]
