"""The same cases as plain pytest: options, selection, several processes, Allure, warnings."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Scope

from conformance.contract.catalogue import load_catalogue
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.judging.plan import full_plan
from conformance.options import OPTIONS
from tests.cli.apps import Answer, rewritten
from tests.cli.processes import Ended, Running, tokens_environment

SCENARIO = "environment.unknown-work"
EXPECTED = {line.requirement for line in full_plan() if line.scenario == SCENARIO}


@pytest.fixture
def tokens() -> Tokens:
    return Tokens.generate()


@pytest.fixture
def base_url(tokens: Tokens) -> Iterator[str]:
    with EmulatorServer(create_app(tokens=tokens)) as server:
        yield server.base_url


def run_pytest(*arguments: str, cwd: Path, tokens: Tokens) -> Ended:
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance"]
    with Running([*command, "--target-output=out", *arguments], cwd, tokens_environment(tokens), output="out") as run:
        return run.wait()


def node_ids(ended: Ended) -> list[str]:
    return [line.rpartition("::first")[0] or line for line in ended.out.splitlines() if "::" in line]


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_selection_on_a_server(processes: str, base_url: str, tokens: Tokens, tmp_path: Path) -> None:
    options = ("-k", SCENARIO, "-n", processes, f"--target-url={base_url}")
    ended = run_pytest(*options, cwd=tmp_path, tokens=tokens)
    assert ended.code == 0, ended.out + ended.err
    assert f"{len(EXPECTED)} passed" in ended.out
    assert {rule for _, rule, _ in ended.lines} == EXPECTED
    assert len(list((ended.folder / "transcripts").iterdir())) == 1
    assert (ended.folder / "junit.xml").is_file()
    ended.check_complete()


def addressing(*arguments: str, cwd: Path, tokens: Tokens) -> Ended:
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "--target-output=out"]
    with Running([*command, *arguments], cwd, tokens_environment(tokens), output="out") as running:
        return running.wait()


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_node_can_be_addressed_by_what_collection_prints(
    processes: str, base_url: str, tokens: Tokens, tmp_path: Path
) -> None:
    listed = run_pytest("--collect-only", "-q", "-k", SCENARIO, cwd=tmp_path, tokens=tokens)
    ids = [line for line in listed.out.splitlines() if SCENARIO in line]
    assert {line.rpartition("::")[2] for line in ids} == EXPECTED
    assert not (tmp_path / "out").exists()
    ended = addressing(*ids[:2], f"--target-url={base_url}", "-n", processes, cwd=tmp_path, tokens=tokens)
    assert ended.code == 0, ended.out + ended.err
    assert ended.lines == sorted((SCENARIO, line.rpartition("::")[2], "passed") for line in ids[:2])
    assert ended.report["result"]["word"] == "selection-held"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_any_depth_can_be_addressed(depth: int, tokens: Tokens, tmp_path: Path) -> None:
    address = ("environment-kind", SCENARIO, min(EXPECTED))[:depth]
    ended = addressing("::".join(("conformance", *address)), "--collect-only", "-q", cwd=tmp_path, tokens=tokens)
    assert ended.code == 0, ended.out + ended.err
    found = {tuple(line.split("::")[1:]) for line in ended.out.splitlines() if "::" in line}
    assert {line[:depth] for line in found} == {address}
    assert (len(found) == 1) == (depth == 3)


def test_an_address_of_nothing_is_a_usage_error(tokens: Tokens, tmp_path: Path) -> None:
    ended = addressing("conformance::retrys", cwd=tmp_path, tokens=tokens)
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "retrys does not exist" in ended.out + ended.err
    assert list(tmp_path.glob("out")) == []


def test_allure_results_appear(base_url: str, tokens: Tokens, tmp_path: Path) -> None:
    options = ("-k", SCENARIO, "--alluredir=results", f"--target-url={base_url}")
    ended = run_pytest(*options, cwd=tmp_path, tokens=tokens)
    assert ended.code == 0, ended.out + ended.err
    results = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "results").glob("*-result.json")]
    assert len(results) == len(EXPECTED)
    assert {result["status"] for result in results} == {"passed"}


def test_every_option_begins_alike_and_none_is_missing(tokens: Tokens, tmp_path: Path) -> None:
    ended = run_pytest("--help", cwd=tmp_path, tokens=tokens)
    _, _, section = ended.out.partition("conformance of a Work API server:")
    section = re.split(r"\n\S", section, maxsplit=1)[0]
    found = set(re.findall(r"^  (--[a-z0-9-]+)", section, re.MULTILINE))
    assert found == {option.pytest_option for option in OPTIONS} | {"--target-replay"}
    assert all(name.startswith("--target-") for name in found)


def test_a_bad_setting_is_a_usage_error(tokens: Tokens, tmp_path: Path) -> None:
    ended = run_pytest("--target-url=nonsense", cwd=tmp_path, tokens=tokens)
    assert ended.code == pytest.ExitCode.USAGE_ERROR
    assert "not an absolute http(s) URL" in ended.err
    assert "Traceback" not in ended.out + ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("filters", [(), ("-W", "error")], ids=" ".join)
def test_a_should_that_is_not_held_passes_with_a_warning(
    filters: tuple[str, ...], tokens: Tokens, tmp_path: Path
) -> None:
    def no_parameter(scope: Scope, answer: Answer) -> Answer:
        status, headers, body = answer
        document = json.loads(body)
        if status >= 400:
            document["error"] = document["error"] | {"param": None}
        return status, headers, json.dumps(document).encode()

    with EmulatorServer(rewritten(no_parameter, create_app(tokens=tokens))) as server:
        options = ("-k", "ack.envelope.param-not-null and identity", f"--target-url={server.base_url}", *filters)
        ended = run_pytest(*options, cwd=tmp_path, tokens=tokens)
    assert ended.code == 0, ended.out + ended.err
    assert {verdict for _, _, verdict in ended.lines} == {"warned"}
    assert re.search(rf"{len(ended.lines)} passed, .*{len(ended.lines)} warnings in", ended.out)
    assert "ShouldViolationWarning" in ended.out


def test_a_must_that_is_not_held_fails_with_all_that_a_reader_needs(
    tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    def wrong(scope: Scope, answer: Answer) -> Answer:
        return (404, *answer[1:]) if answer[0] == 400 else answer

    with EmulatorServer(rewritten(wrong, create_app(tokens=tokens))) as server:
        options = ("--target-chapter=environment-kind", f"--target-url={server.base_url}")
        ended = run_pytest(*options, cwd=tmp_path, tokens=tokens)
    assert ended.code == pytest.ExitCode.TESTS_FAILED
    for words in (
        "Expected: HTTP 400",
        "HTTP 404",
        "Level: MUST",
        "Docs (English): ",
        "Docs (Chinese): ",
        "Reproduce (use another item in the same state): curl ",
        "${QODER_PAT}",
    ):
        assert words in ended.out
    assert "Traceback" not in ended.out
    assert tokens.owner not in ended.out
    assert "- expected HTTP 400 with error.type `invalid_request_error`, got HTTP 404" in ended.out
    assert "Explain: work-conformance explain ack.environment.not-self-hosted" in ended.out


def test_what_cannot_be_judged_is_an_error_told_in_words(tokens: Tokens, tmp_path: Path) -> None:
    """Not a traceback of this suite: and quickly, since there may be hundreds of them."""
    with EmulatorServer(create_app(tokens=tokens)) as server:
        options = ("--target-max-duration=0.001", f"--target-url={server.base_url}")
        ended = run_pytest(*options, cwd=tmp_path, tokens=tokens)
    assert ended.code == pytest.ExitCode.TESTS_FAILED
    observed = sum(load_catalogue().requirements[line.requirement].level == "OBSERVE" for line in full_plan())
    assert f"{len(full_plan()) - observed} errors" in ended.out
    assert "Reason: the run's time limit was reached" in ended.out
    assert "    raise " not in ended.out
    assert ended.seconds < 30
