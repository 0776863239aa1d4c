"""`run --baseline DIR` and `replay --baseline DIR`, from the folder to the reports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.emulator import EmulatorServer, Tokens
from conformance.target import ConfigurationError
from tests.cli.processes import cli, tokens_environment
from tests.runs import run_suite, settings_for

from .servers import CHANGED, HEALTHY, PLAN

STOPPING = "ack.terminal.stopping"


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_run_marks_what_is_new_and_keeps_its_outcome(healthy: Path, changed: Path, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(CHANGED.build(tokens)) as served:
        settings = settings_for(served.base_url, tokens, tmp_path / "now", baseline=str(healthy))
        record = run_suite(settings, PLAN)
    assert record.since is not None
    assert STOPPING in record.since.new
    before = json.loads((changed / "report.json").read_text("utf-8"))
    now = json.loads((tmp_path / "now" / "report.json").read_text("utf-8"))
    assert now["result"]["exit_code"] == before["result"]["exit_code"] == 1
    assert now.keys() == before.keys()
    assert 'data-since="new"' in (tmp_path / "now" / "report.html").read_text("utf-8")
    assert "Since run `" in (tmp_path / "now" / "summary.md").read_text("utf-8")


def test_what_is_fixed_is_listed(changed: Path, tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(HEALTHY.build(tokens)) as served:
        settings = settings_for(served.base_url, tokens, tmp_path / "now", baseline=str(changed))
        record = run_suite(settings, PLAN)
    assert record.since is not None
    assert (record.since.new, record.since.still) == ([], [])
    assert STOPPING in record.since.of("fixed")
    text = (tmp_path / "now" / "report.html").read_text("utf-8")
    assert (
        f'href="#{STOPPING}"'
        in text[text.index('id="since-fixed"') : text.index("</section>", text.index("since-fixed"))]
    )


@pytest.mark.parametrize(("lang", "words"), [("en", "new failures 0, still failing "), ("zh", "新的失败 0 项")])
def test_a_replay_compares_too_and_ends_as_without(
    lang: str, words: str, changed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alone = called("replay", changed, "--output", "alone", "--lang", lang)
    result = called("replay", changed, "--baseline", changed, "--output", "out", "--lang", lang)
    assert result.exit_code == alone.exit_code == 1
    assert words in result.stdout
    assert words not in alone.stdout
    assert 'data-since="still"' in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert 'data-since="new"' not in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("what", ["missing", "a file", "no run", "edited", "the output folder"])
@pytest.mark.parametrize("command", ["run", "replay"])
def test_a_bad_folder_is_2_before_anything_starts(command: str, what: str, healthy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "before"
    if what == "a file":
        folder.write_text("", "utf-8")
    elif what == "no run":
        folder.mkdir()
    elif what != "missing":
        shutil.copytree(healthy, folder)
    if what == "edited":
        plan = folder / "plan.json"
        plan.write_bytes(plan.read_bytes() + b" ")
    output = "before" if what == "the output folder" else "out"
    about = {
        "run": ("run", "--start", "touch started", "--base-url", "http://127.0.0.1:1"),
        "replay": ("replay", healthy),
    }[command]
    ended = cli(
        *map(str, about),
        "--baseline",
        "before",
        "--output",
        output,
        cwd=tmp_path,
        env=tokens_environment(Tokens.generate()),
    )
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: --baseline before: ")
    assert len(ended.err.splitlines()) == 1
    assert "Name " in ended.err
    assert not (tmp_path / "started").exists()
    assert not (tmp_path / "out").exists()
    if what == "the output folder":
        assert (folder / "report.html").is_file()


def test_a_run_in_this_process_refuses_it_too(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    with pytest.raises(ConfigurationError, match="no finished run is in this folder"):
        run_suite(settings_for("http://127.0.0.1:1", tokens, tmp_path / "now", baseline=str(tmp_path)), PLAN)
    assert not (tmp_path / "now").exists()


def test_compare_does_not_take_it(healthy: Path) -> None:
    assert called("compare", healthy, healthy, "--baseline", healthy).exit_code == 2
