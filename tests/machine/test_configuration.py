"""A run that was meant for a server never judges the emulator in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.broken_toml import mentions_section
from tests.cli.processes import cli

ONE = ("run", "--requirement", "ack.environment.not-self-hosted")
OURS = '[tool.work-conformance]\nbase-url = "https://staging.example"\n'

BROKEN = {
    "a quote forgotten": OURS.replace('e"', "e").encode(),
    "a bracket forgotten": OURS.replace("e]", "e").encode(),
    "broken elsewhere": b"[project\nname = 1\n" + OURS.encode(),
    "twice": (OURS + OURS).encode(),
    "a dotted key": b'[tool]\nwork-conformance.base-url = "x\n',
    "quotes around the name": b'[tool."work-conformance"]\nbase-url = "x\n',
    "an inline table": b'[tool]\nwork-conformance = { base-url = "x"\n',
    "a sub-table": b"[tool.work-conformance.x]\ny =\n",
    "a mark": b"\xef\xbb\xbf" + OURS.encode(),
    "UTF-16": OURS.encode("utf-16"),
    "UTF-16 without a mark": OURS.encode("utf-16-le"),
    "Latin-1": OURS.encode() + b"# caf\xe9\n",
    "another spelling": OURS.replace("work-c", "work_c").encode(),
    "no tool": OURS.replace("tool.", "").encode(),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_with_our_section_is_never_passed_over(what: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(BROKEN[what])
    ended = cli(*ONE, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: pyproject.toml")
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "reports").exists()


THEIRS = {
    "no TOML": b"[",
    "a dependency": b'[project]\ndependencies = [\n  "work-conformance==1",\n',
    "a dependency of poetry's": b'[tool.poetry.dependencies]\nwork-conformance = "^1"\n[',
    "a longer name": b"[tool.work-conformance-extra]\nx =\n",
    "a comment": b"# see [tool.work-conformance]\n[\n",
    "a mark": b"\xef\xbb\xbf[project]\n",
}


@pytest.mark.parametrize("what", THEIRS)
def test_a_file_without_it_is_no_concern(what: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(THEIRS[what])
    assert not mentions_section(THEIRS[what], "work-conformance")
    assert cli(*ONE, "--dry-run", cwd=tmp_path).code == 0


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to("nowhere")
    ended = cli(*ONE, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "pyproject.toml cannot be read" in ended.err
    (tmp_path / "pyproject.toml").unlink()
    (tmp_path / "pyproject.toml").mkdir()
    assert cli(*ONE, "--dry-run", cwd=tmp_path).code == 0


@pytest.mark.parametrize("name", ["BASEURL", "BASE_UR", "URL", "TARGET", "base_url"])
def test_a_variable_that_was_meant_to_name_the_server(name: str, tmp_path: Path) -> None:
    variable = f"WORK_CONFORMANCE_{name}"
    ended = cli(*ONE, cwd=tmp_path, env={variable: "https://staging.example"})
    assert (ended.code, ended.out) == (2, "")
    assert variable in ended.err
    assert "WORK_CONFORMANCE_BASE_URL" in ended.err


def test_other_variables_are_no_concern(tmp_path: Path) -> None:
    assert cli(*ONE, "--dry-run", cwd=tmp_path, env={"WORK_CONFORMANCE_ALL": "1"}).code == 0
