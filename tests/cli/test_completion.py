"""Completion in the shell, through the protocol of click: the words so far in variables, one line per suggestion."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.chapters.registry import every_scenario
from conformance.cli import _COMMANDS
from conformance.cli.explanations import explainable_names
from conformance.contract.catalogue import load_catalogue
from conformance.emulator.defects import DEFECTS
from conformance.emulator.shapes import SHAPES
from conformance.emulator.variants import VARIANTS
from conformance.options import PREFIX
from conformance.text import Lang
from tests.cli.loaded_modules import loaded_by
from tests.documents import PAGE, WRITTEN, blocks, environment

VARIABLE = "_WORK_CONFORMANCE_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
SERVER = {"anyio", "starlette", "uvicorn"}
SLOW_TO_IMPORT = SERVER | {"cryptography", "httpx", "jinja2", "jsonschema", "markdown_it", "pytest", "rich"}


def completion_variables(line: str) -> dict[str, str]:
    """The environment variables by which bash asks click for suggestions."""
    return {VARIABLE: "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}


def completed(line: str, cwd: Path, **env: str) -> list[str]:
    """The suggestions for the last word of a line, as bash gets them: type and value."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance"],
        cwd=cwd,
        env={**environment(), **completion_variables(line), **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip("\n").splitlines()


def names(line: str, cwd: Path) -> set[str]:
    suggestions = completed(line, cwd)
    assert all(suggestion.startswith("plain,") for suggestion in suggestions)
    return {suggestion.partition(",")[2] for suggestion in suggestions}


def test_commands_are_completed(tmp_path: Path) -> None:
    assert names("work-conformance ", tmp_path) == set(_COMMANDS)
    assert names("work-conformance c", tmp_path) == {"certify", "clean", "compare"}
    assert names("work-conformance manifest ", tmp_path) == {"check", "make", "needs", "schema"}
    assert names("work-conformance --la", tmp_path) == {"--lang"}


def test_options_are_completed(tmp_path: Path) -> None:
    assert names("work-conformance run --base-", tmp_path) == {"--base-url"}
    assert names("work-conformance run --lang ", tmp_path) == {"en", "zh"}
    assert names("work-conformance init --ci g", tmp_path) == {"github", "gitlab"}


KNOWN = {
    "run --chapter": {chapter.id for chapter in load_catalogue().chapters},
    "run --requirement": set(load_catalogue().requirements),
    "run --strict -k": {*every_scenario(), *load_catalogue().requirements},
    "serve --defect": set(DEFECTS),
    "serve --variant": set(VARIANTS),
    "serve --shape": set(SHAPES),
    "compare --requirement": set(load_catalogue().requirements),
    "explain": set(explainable_names()),
}


@pytest.mark.parametrize("words", KNOWN)
def test_names_are_completed(words: str, tmp_path: Path) -> None:
    every = KNOWN[words]
    assert names(f"work-conformance {words} ", tmp_path) == every
    first = min(every)
    assert names(f"work-conformance {words} {first[:-1]}", tmp_path) == {
        name for name in every if name.startswith(first[:-1])
    }
    assert names(f"work-conformance {words} nothing-of-this-name", tmp_path) == set()


def test_the_last_name_of_a_list_is_completed(tmp_path: Path) -> None:
    one, two, *_ = sorted(VARIANTS)
    assert f"{one},{two}" in names(f"work-conformance serve --variant {one},{two[:-1]}", tmp_path)


@pytest.mark.parametrize(
    ("line", "kind"),
    [("run --config ", "file"), ("run --output ", "dir"), ("verify ", "file"), ("run --failed-from ", "dir")],
)
def test_the_shell_completes_paths(line: str, kind: str, tmp_path: Path) -> None:
    assert completed(f"work-conformance {line}", tmp_path) == [f"{kind},"]


@pytest.mark.parametrize("line", ["rum --foo ", "run --nope x ", "run --chapter nope --lang ", "explain x y "])
def test_a_mistake_in_the_line_prints_nothing_else(line: str, tmp_path: Path) -> None:
    completed(f"work-conformance {line}", tmp_path)
    completed(
        f"work-conformance {line}", tmp_path, **{f"{PREFIX}BSE_URL": "x", "QODER_PAT": "", "LC_ALL": "zh_CN.UTF-8"}
    )


@pytest.mark.parametrize(
    ("line", "unused"),
    [
        ("", SLOW_TO_IMPORT),
        ("run --", SLOW_TO_IMPORT),
        ("run --requirement ", SLOW_TO_IMPORT),
        ("serve --defect ", SLOW_TO_IMPORT - SERVER),
        ("explain ", SLOW_TO_IMPORT - SERVER - {"httpx", "rich"}),
    ],
)
def test_a_suggestion_loads_no_slow_library(line: str, unused: set[str]) -> None:
    loaded = loaded_by(env={**environment(), **completion_variables(f"work-conformance {line}")}, begins="plain,")
    assert "conformance" in loaded
    assert loaded & unused == set()


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_lines_for_start_up_files_work(lang: Lang, tmp_path: Path) -> None:
    [block] = blocks(PAGE[lang]["getting-started"], "sh completion")
    assert len(block.lines) == len(SHELLS)
    for shell, line in zip(SHELLS, block.lines, strict=True):
        assert f"{VARIABLE}={shell}_source work-conformance" in line
        done = subprocess.run(
            [sys.executable, "-m", "conformance"],
            cwd=tmp_path,
            env={**environment(), VARIABLE: f"{shell}_source"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{VARIABLE}={shell}_complete" in done.stdout
        assert "work-conformance" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_calls_it(tmp_path: Path) -> None:
    """The line of the docs, and then bash's own completion function as a Tab calls it."""
    (tmp_path / "work-conformance").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m conformance "$@"\n')
    (tmp_path / "work-conformance").chmod(0o755)
    [block] = blocks(PAGE["en"]["getting-started"], "sh completion")
    script = (
        f"PATH={shlex.quote(str(tmp_path))}:$PATH\n{block.lines[0]}\n"
        "COMP_WORDS=(work-conformance run --chapter ret) COMP_CWORD=3\n"
        "_work_conformance_completion work-conformance; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("retries\n", "")
