"""What a run tells GitHub Actions: annotations on standard output, and the summary of the step."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig
from conformance.emulator.defects import DEFECTS
from tests.cli.processes import Ended, cli

BROKEN = DEFECTS["first.accepted-202"]
SELECTION = ("--chapter", "first-ack")


def red_run(place: Path, **variables: str) -> Ended:
    """A run on a server that acks with 202."""
    tokens = Tokens.generate()
    with EmulatorServer(BROKEN.apply_to(ServerConfig()).build(tokens)) as server:
        options = ("--base-url", server.base_url, "--output", "out", *SELECTION)
        return cli("run", *options, cwd=place, env={"QODER_PAT": tokens.owner, **variables})


def commands(ended: Ended) -> list[str]:
    return [line for line in ended.out.splitlines() if line.lstrip().startswith("::")]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return red_run(tmp_path_factory.mktemp("elsewhere"))


def test_elsewhere_there_are_no_commands(elsewhere: Ended) -> None:
    assert elsewhere.code == 1, elsewhere.out + elsewhere.err
    assert commands(elsewhere) == []


def test_on_github_each_red_is_annotated_and_the_last_line_stays(elsewhere: Ended, tmp_path: Path) -> None:
    ended = red_run(tmp_path, GITHUB_ACTIONS="true")
    failed = [entry["id"] for chapter in ended.report["chapters"] for entry in chapter["requirements"]]
    shown = commands(ended)
    assert len(shown) == ended.report["result"]["counts"]["requirements"]["failed"] > 0
    assert all(any(line.startswith(f"::error title={name} (MUST) failed::") for name in failed) for line in shown)
    assert ended.last_line.partition(" · ")[0] == elsewhere.last_line.partition(" · ")[0]
    assert (ended.code, ended.err) == (elsewhere.code, elsewhere.err)


def test_the_summary_is_appended_to_what_others_wrote(tmp_path: Path) -> None:
    page = tmp_path / "step.md"
    page.write_text("# Another step", "utf-8")
    ended = red_run(tmp_path, GITHUB_STEP_SUMMARY=str(page))
    told = (ended.folder / "summary.md").read_text("utf-8")
    assert page.read_text("utf-8") == f"# Another step\n{told}"
    assert commands(ended) == []


def test_a_summary_that_cannot_be_written_is_told_and_changes_nothing(elsewhere: Ended, tmp_path: Path) -> None:
    ended = red_run(tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "nowhere" / "step.md"))
    assert "GITHUB_STEP_SUMMARY: cannot write the file (No such file or directory)" in ended.err
    assert ended.code == elsewhere.code
    assert (ended.folder / "summary.md").is_file()


def test_a_comparison_annotates_no_reds_of_the_servers(tmp_path: Path) -> None:
    page = tmp_path / "step.md"
    tokens = Tokens.generate()
    with EmulatorServer(BROKEN.apply_to(ServerConfig()).build(tokens)) as server:
        sides = ("--base-url-a", server.base_url, "--base-url-b", server.base_url, "--output", "out", *SELECTION)
        variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
        ended = cli("compare", *sides, cwd=tmp_path, env={"QODER_PAT": tokens.owner, **variables})
    assert ended.code == 0, ended.out + ended.err
    assert (tmp_path / "out" / "a" / "summary.md").is_file()
    assert "\n::" not in ended.out + ended.err
    assert not page.exists()
