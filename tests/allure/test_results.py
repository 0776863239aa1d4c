"""Results of a healthy run: one a line, the same identities however it is run, and all that a reader looks for."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import pytest

from conformance import __version__
from conformance.chapters.registry import scenarios
from conformance.contract.catalogue import load_catalogue
from tests.allure.allure_output import RESULTS, Result, Written, attachments, label, labels, plain_pytest, run, steps
from tests.cli.processes import Running

RETRIES = ("-k", "retry", "--seed", "7")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return run(*RETRIES, cwd=tmp_path_factory.mktemp("plain"))


def test_there_is_one_result_a_line(plain: Written) -> None:
    assert plain.ended.code == 0, plain.ended.out + plain.ended.err
    plain.check_whole()
    assert {result["status"] for result in plain.results} == {"passed"}


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("--lang", "zh")], ids=" ".join)
def test_identities_do_not_depend_on_the_run(options: tuple[str, ...], plain: Written, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    other = run(*RETRIES, *options, cwd=elsewhere)
    other.check_whole()
    assert other.identities == plain.identities
    assert {result["uuid"] for result in other.results}.isdisjoint(result["uuid"] for result in plain.results)


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("-n", "2", "--clean-alluredir")], ids=" ".join)
def test_plain_pytest_writes_the_same(options: tuple[str, ...], plain: Written, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # another root than the suite's own
    ended = plain_pytest("-k", "retry", f"--alluredir={RESULTS}", *options, cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    other = Written(ended=ended, folder=tmp_path / RESULTS)
    other.check_whole()
    assert other.identities == plain.identities


def test_what_a_result_says(plain: Written) -> None:
    catalogue = load_catalogue()
    for result in plain.results:
        requirement = catalogue.requirements[label(result, "requirement")]
        scenario = scenarios()[label(result, "scenario")]
        assert result["name"].endswith(f" [{requirement.id}]")
        assert result["fullName"] == f"work-conformance.{scenario.id}#{requirement.id}"
        assert label(result, "epic") == label(result, "parentSuite") == "Work API conformance: ack"
        assert label(result, "feature") == catalogue.chapter(requirement.chapter).title.en
        assert label(result, "story") == scenario.title.en
        assert result["titlePath"] == [label(result, name) for name in ("epic", "feature", "story")]
        assert label(result, "level") == requirement.level
        assert label(result, "basis") == requirement.basis
        assert label(result, "chapter") == requirement.chapter
        assert labels(result, "tag") == [requirement.level, "passed"]
        assert label(result, "severity") == {"MUST": "critical", "SHOULD": "normal"}[requirement.level]
        assert requirement.text.en in result["description"]
        assert requirement.inference is None or requirement.inference.en in result["description"]
        assert "descriptionHtml" not in result
        urls = {source.url.in_(lang) for source in requirement.sources for lang in ("en", "zh")}
        assert {link["url"] for link in result["links"]} == urls


def test_the_language_is_the_runs(tmp_path: Path) -> None:
    for result in run("-k", "retry.starting", "--lang", "zh", cwd=tmp_path).results:
        requirement = load_catalogue().requirements[label(result, "requirement")]
        assert requirement.text.zh in result["description"]
        assert label(result, "story") == scenarios()[label(result, "scenario")].title.zh
        assert {attachment["name"] for attachment in attachments(result)} <= {"请求与响应"}


def test_the_requests_are_steps_of_one_result_of_each_scenario(plain: Written) -> None:
    shown: dict[str, str] = {}
    for result in plain.results:
        scenario = label(result, "scenario")
        path = plain.ended.folder / "transcripts" / f"{scenario}.json"
        exchanges = json.loads(path.read_text("utf-8"))["exchanges"]
        assert len(exchanges) > 3
        if not result["steps"][0]["name"].startswith("requests and responses: see "):
            assert scenario not in shown
            shown[scenario] = result["fullName"]
            _check_steps(plain, result, exchanges)
    for result in plain.results:
        scenario = label(result, "scenario")
        if result["fullName"] != shown[scenario]:
            assert [step["name"] for step in result["steps"]] == [f"requests and responses: see {shown[scenario]}"]


def _check_steps(plain: Written, result: Result, exchanges: list[Result]) -> None:
    for step, exchange in zip(result["steps"], exchanges, strict=True):
        status = exchange["response"]["status"]
        assert step["name"] == f"{exchange['step']}: {exchange['operation']} → HTTP {status}"
        assert step["status"] == "passed"
        [entry] = step["attachments"]
        assert entry["name"] == "request and response"
        text = plain.text(entry)
        assert text.startswith(f"{exchange['request']['method']} {exchange['request']['url']}\n")
        assert f"\n\nHTTP {status}\n" in text
        assert exchange["response"]["body"]["text"] in text
        assert result["start"] <= step["start"] <= step["stop"] <= result["stop"]


def test_a_whole_run_that_passes_is_small(tmp_path: Path) -> None:
    written = run(cwd=tmp_path)
    written.check_whole()
    files = list(written.folder.iterdir())
    assert len(files) <= 3000
    assert sum(path.stat().st_size for path in files) <= 10_000_000


def test_every_attachment_is_plain_text(plain: Written) -> None:
    found = [entry for result in plain.results for entry in attachments(result)]
    assert {entry["type"] for entry in found} == {"text/plain"}
    assert all(entry["source"].endswith(".txt") for entry in found)


def test_the_environment_of_the_run(plain: Written) -> None:
    lines = (plain.folder / "environment.properties").read_text("ascii").splitlines()
    values = dict(line.split(" = ", 1) for line in lines)
    told = plain.ended.report["run"]
    assert values["base_url"].startswith("http://127.0.0.1:")
    assert values["embedded"] == "true"
    assert values["suite_version"] == __version__
    assert values["catalogue_version"] == load_catalogue().version
    assert values["python"] == platform.python_version()
    assert (values["run"], values["seed"]) == (told["id"], "7")


def test_two_runs_may_share_a_folder(plain: Written, tmp_path: Path) -> None:
    """Allure then shows the later one, with the earlier one as its retry: that is what it is."""
    first, second = (run("-k", "retry.starting", cwd=tmp_path) for _ in range(2))
    assert len(second.results) == 2 * len(first.ended.lines)
    assert len(second.identities) == len(first.ended.lines)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=" ".join)
def test_nothing_of_allure_is_loaded_unless_asked_for(options: tuple[str, ...], tmp_path: Path) -> None:
    script = (
        "import sys; from conformance.cli import main\n"
        "try: main(['run', '-k', 'retry.starting', *sys.argv[1:]])\n"
        "finally: print(sorted(name for name in sys.modules if 'allure' in name))"
    )
    with Running([sys.executable, "-c", script, *options], tmp_path, output="reports/latest") as running:
        ended = running.wait()
    assert (ended.code, ended.last_line) == (0, "[]"), ended.out + ended.err
    assert not (tmp_path / RESULTS).exists()


def test_it_runs_where_allure_pytest_takes_no_part(tmp_path: Path) -> None:
    ended = plain_pytest("-k", "retry.starting", "-p", "no:allure_pytest", cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    written = run("-k", "retry.starting", "--dry-run", cwd=tmp_path)
    assert written.ended.code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / RESULTS).write_text("a file")
    written = run("-k", "retry.starting", cwd=tmp_path)
    assert written.ended.code == 2
    assert written.ended.err.strip() == f"Error: --alluredir {RESULTS}: the folder cannot be written (File exists)."
    assert not (tmp_path / "out").exists()


def test_no_step_is_told_twice(plain: Written) -> None:
    for result in plain.results:
        names = [step["name"] for step in steps(result)]
        assert len(names) == len(set(names))
