"""What `bootstrap.py` says if it cannot start."""

from __future__ import annotations

import ast
import sys

import pytest

import bootstrap

from .stand_ins import SOURCE, Machine, change_project


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Call it; it must not start, and say one sentence after the line that it sets up."""
    assert bootstrap.main([*arguments]) == bootstrap.CANNOT_START
    said = capsys.readouterr()
    assert said.out == ""
    *_, sentence = said.err.splitlines()
    assert len(said.err.splitlines()) <= 2
    assert sentence.endswith(".")
    return sentence


def test_an_old_python_is_named_and_nothing_is_made(
    venv: bootstrap.Venv, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "version_info", (3, 10, 13, "final", 0))
        patched.setattr(sys, "version", "3.10.13 (main)")
        sentence = refused(capsys, "run")
    assert sentence.startswith("Python 3.11 or newer is required, but this is 3.10.13 ")
    assert machine.commands == []


def test_an_old_python_can_read_the_file() -> None:
    ast.parse(SOURCE.read_text("utf-8"), feature_version=(3, 7))


def test_the_oldest_python_is_the_projects() -> None:
    pyproject = SOURCE.with_name("pyproject.toml").read_text("utf-8")
    assert 'requires-python = ">={}.{}"'.format(*bootstrap.MINIMUM) in pyproject


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(
    module: str,
    venv: bootstrap.Venv,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert bootstrap.main(["run"]) == bootstrap.CANNOT_START
    said = capsys.readouterr().err
    assert "apt install python3-venv" in said
    assert len(said.splitlines()) == 1
    assert machine.commands == []
    assert not venv.folder.exists()


def test_an_environment_that_is_there_needs_no_ensurepip(
    venv: bootstrap.Venv, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.prepare(dev=False)
    change_project(venv)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "pip"]


@pytest.mark.parametrize(
    ("verb", "words", "part"),
    [
        ("venv", "created successfully because ensurepip is not available.\n", "apt install python3-venv"),
        ("venv", "Error: [Errno 28] No space left on device\n", "No space left on device"),
        (
            "pip",
            "ERROR: Could not find a version that satisfies x (from versions: none)\n",
            "no package index responds",
        ),
        ("pip", "WARNING: Retrying after connection broken by 'NewConnectionError'\n", "no package index responds"),
        ("pip", "ERROR: Package 'a' requires a different Python: 3.9\n", "requires a different Python: 3.9"),
        ("pip", "/x/python: No module named pip\n", "move it away"),
        ("pip", "", "gave no reason"),
    ],
)
def test_a_failure_is_one_sentence_and_the_next_call_repairs_it(
    verb: str, words: str, part: str, venv: bootstrap.Venv, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.fails = lambda command: words if verb in command else None
    assert part in refused(capsys, "run")
    machine.fails = lambda _: None
    machine.commands.clear()
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip"]


def test_without_network_what_was_installed_stays_as_it_was(
    venv: bootstrap.Venv, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.prepare(dev=False)
    state = venv.state()
    change_project(venv)
    capsys.readouterr()
    machine.fails = lambda _: "NewConnectionError"
    refused(capsys, "run")
    assert venv.state() == state


def test_a_folder_that_cannot_be_written_is_named(
    venv: bootstrap.Venv, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.folder.touch()
    assert str(venv.folder) in refused(capsys, "run")


def test_a_bootstrap_without_its_clone_says_so(
    venv: bootstrap.Venv, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (venv.root / "pyproject.toml").unlink()
    assert "pyproject.toml" in refused(capsys, "run")


def test_without_a_command_the_usage_is_shown(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main([]) == bootstrap.CANNOT_START
    assert bootstrap.main(["--help"]) == 0
    assert "bootstrap.py test" in capsys.readouterr().err
    assert machine.commands == []
