"""The way in: what is set up and when, what it says when it cannot, and that it passes everything through.

Nothing is installed here; a stand-in takes the place of pip and of the environment's Python.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from conformance.cli.language import current_language

SOURCE = Path(bootstrap.__file__)
POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")


class Machine:
    """Stands in for the commands that set up: notes them, and does as little as they would."""

    def __init__(self, venv: bootstrap.Venv) -> None:
        self.venv = venv
        self.commands: list[list[str]] = []
        self.fails: Callable[[list[str]], str | None] = lambda _: None
        self.environ: dict[str, str] = {}

    def call(self, command: list[str], *, env: dict[str, str], stdout: Any, **_: Any) -> int:
        self.commands.append(command)
        self.environ = env
        words = self.fails(command)
        if words is not None:
            stdout.write(words.encode())
            return 1
        if "venv" in command:
            self.venv.python.parent.mkdir(parents=True)
            self.venv.python.touch()
        return 0

    @property
    def verbs(self) -> list[str]:
        return ["venv" if "venv" in command else "pip" for command in self.commands]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locale of these tests, whatever that of the machine is."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bootstrap.Venv:
    shutil.copy(SOURCE.with_name("pyproject.toml"), tmp_path)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return bootstrap.Venv(tmp_path)


@pytest.fixture
def machine(venv: bootstrap.Venv, monkeypatch: pytest.MonkeyPatch) -> Machine:
    stand_in = Machine(venv)
    monkeypatch.setattr(subprocess, "call", stand_in.call)
    return stand_in


def change_project(venv: bootstrap.Venv) -> None:
    with (venv.root / "pyproject.toml").open("a") as file:
        file.write("\n# changed\n")


def change_state(venv: bootstrap.Venv, **changes: object) -> None:
    state = json.loads(venv.state_file.read_text("utf-8"))
    venv.state_file.write_text(json.dumps({**state, **changes}), "utf-8")


# --- when something is set up


def test_a_missing_environment_is_made_once(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip"]
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip"]


def test_a_line_is_said_while_it_installs_and_none_later(
    venv: bootstrap.Venv, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    venv.prepare(dev=False)
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    venv.prepare(dev=False)
    assert capsys.readouterr().err == ""


def test_a_changed_project_is_installed_again(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    change_project(venv)
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "pip"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"python": "3.12.1 /opt/python"}, id="another Python"),
        pytest.param({"place": "/elsewhere"}, id="the clone was moved"),
        pytest.param({"finished": False}, id="an earlier call was cut off"),
    ],
)
def test_an_environment_that_does_not_fit_is_made_anew(
    venv: bootstrap.Venv, machine: Machine, changes: dict[str, object]
) -> None:
    venv.prepare(dev=False)
    change_state(venv, **changes)
    rest = venv.folder / "rest-of-the-old-one"
    rest.touch()
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "venv", "pip"]
    assert not rest.exists()


def test_a_damaged_state_file_is_an_environment_to_be_made_anew(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    venv.state_file.write_text('{"python": ')
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "venv", "pip"]


def test_an_environment_whose_python_is_gone_is_made_anew(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    venv.python.unlink()
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "venv", "pip"]


def test_somebodys_own_environment_is_added_to_and_kept(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.python.parent.mkdir(parents=True)
    venv.python.touch()
    theirs = venv.folder / "theirs"
    theirs.touch()
    venv.prepare(dev=False)
    assert machine.verbs == ["pip"]
    assert theirs.exists()


def test_the_tests_need_more_and_a_run_after_them_keeps_it(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    assert not any(word.startswith("mypy") for word in machine.commands[-1])
    venv.prepare(dev=True)
    assert set(bootstrap.dev_requirements(venv.root / "pyproject.toml")) <= set(machine.commands[-1])
    venv.prepare(dev=False)
    assert machine.verbs == ["venv", "pip", "pip"]
    change_project(venv)
    venv.prepare(dev=False)
    assert any(word.startswith("mypy") for word in machine.commands[-1])


def test_groups_within_a_group_are_read(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[dependency-groups]\nlint = ["ruff"]\ndev = ["mypy", { include-group = "lint" }]\n')
    assert bootstrap.dev_requirements(pyproject) == ["mypy", "ruff"]


def test_pip_touches_nothing_outside_the_clone(venv: bootstrap.Venv, machine: Machine) -> None:
    venv.prepare(dev=False)
    assert "--no-cache-dir" in machine.commands[-1]
    scratch = Path(machine.environ["TMPDIR"])
    assert not scratch.exists(), "gone with the command"
    assert "PIP_TARGET" not in machine.environ


# --- when it cannot


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
def test_a_failure_is_one_sentence_and_the_next_call_mends_it(
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


# --- the language


@pytest.mark.parametrize(
    ("arguments", "environ", "chinese"),
    [
        ([], {}, False),
        ([], {"LANG": "zh_CN.UTF-8"}, True),
        ([], {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ([], {"WORK_CONFORMANCE_LANG": "en", "LANG": "zh_CN.UTF-8"}, False),
        (["run", "--lang", "zh"], {}, True),
        (["run", "--lang=en"], {"LANG": "zh_CN.UTF-8"}, False),
        (["run", "--lang"], {"LANG": "zh_CN.UTF-8"}, True),
        (["run", "--lang", "fr"], {"WORK_CONFORMANCE_LANG": "zh"}, True),
    ],
)
def test_the_language_is_that_of_the_command_line(arguments: list[str], environ: dict[str, str], chinese: bool) -> None:
    assert bootstrap.is_chinese(arguments, environ) is chinese
    assert (current_language(arguments, environ) == "zh") is chinese


def test_in_a_chinese_locale_it_prints_chinese(
    venv: bootstrap.Venv, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert bootstrap.main([]) == bootstrap.CANNOT_START
    machine.fails = lambda command: "NewConnectionError" if "pip" in command else None
    assert bootstrap.main(["run"]) == bootstrap.CANNOT_START
    usage, setting_up, network = capsys.readouterr().err.rpartition("正在准备 .venv")
    assert "评测一个服务器" in usage
    assert setting_up
    assert "没有软件包索引响应" in network


def test_every_text_is_a_pair_of_languages() -> None:
    """What `say` and `Stop` take is localized, and its second text is Chinese."""
    tree = ast.parse(SOURCE.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in calls:
        if call.func.id in ("say", "Stop"):  # type: ignore[attr-defined]
            assert not isinstance(call.args[0], ast.Constant), ast.unparse(call)
    pairs = [call.args for call in calls if call.func.id == "localize" and len(call.args) == 2]  # type: ignore[attr-defined]
    assert len(pairs) > 8
    for english, chinese in pairs:
        assert re.search(r"[\u4e00-\u9fff]", ast.unparse(chinese)), ast.unparse(english)
        assert not re.search(r"[\u4e00-\u9fff]", ast.unparse(english))


# --- what it hands over

STAND_IN = """\
#!/bin/sh
printf '%s\\n' "$PWD" "$@"
case "$*" in *FAIL*) exit 7;; esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that is set up, with a Python that says what it is asked."""
    root = tmp_path / "clone"
    root.mkdir()
    for name in ("bootstrap.py", "pyproject.toml"):
        shutil.copy(SOURCE.with_name(name), root)
    venv = bootstrap.Venv(root)
    venv.python.parent.mkdir(parents=True)
    venv.python.write_text(STAND_IN)
    venv.python.chmod(0o755)
    venv.write_state(venv.wanted(), dev=True, finished=True)
    return root


def call(clone: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "bootstrap.py"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@POSIX
def test_everything_is_passed_through_from_any_folder(clone: Path, tmp_path: Path) -> None:
    done = call(clone, "run", "-k", "a or b", "--output", "FAIL", "", cwd=tmp_path)
    passed = ["-P", "-m", "conformance", "run", "-k", "a or b", "--output", "FAIL", ""]
    assert done.stdout.split("\n")[:-1] == [str(tmp_path), *passed]
    assert done.stderr == ""
    assert done.returncode == 7


@POSIX
@pytest.mark.parametrize("arguments", [["serve", "--port", "8080"], ["list"], ["run", "--help"], ["--version"]])
def test_every_command_is_passed_through(arguments: list[str], clone: Path, tmp_path: Path) -> None:
    done = call(clone, *arguments, cwd=tmp_path)
    assert done.stdout.splitlines()[4:] == arguments
    assert done.returncode == 0


@POSIX
def test_the_steps_of_the_tests_come_one_after_the_other_in_the_clone(clone: Path, tmp_path: Path) -> None:
    done = call(clone, "test", "-n", "3", "-k", "x", cwd=tmp_path)
    asked = " ".join(line for line in done.stdout.splitlines() if line not in {str(clone), "-m"})
    assert asked == "ruff check ruff format --check mypy pytest -n 3 -k x"
    assert str(tmp_path) not in done.stdout.splitlines()
    assert done.returncode == 0


def test_a_failed_step_fails_the_whole_and_the_rest_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran = []

    def finished(command: list[str], environ: dict[str, str]) -> int:
        ran.append(command[2])
        return 5 if command[2] == "mypy" else 0

    monkeypatch.setattr(bootstrap, "finished", finished)
    assert bootstrap.run_tests(tmp_path / "python", []) == 5
    assert ran == ["ruff", "ruff", "mypy", "pytest"]
    *before, last = capsys.readouterr().err.splitlines()
    assert "mypy failed; the other steps follow." in before
    assert last.startswith("$ pytest"), "after it only pytest speaks"


@pytest.mark.parametrize("option", ["-n", "-n4", "--numprocesses=2", "--pdb"])
def test_the_callers_number_of_processes_goes_before_ours(option: str) -> None:
    assert bootstrap.processes([option]) == []


@pytest.mark.parametrize(("cores", "options"), [(1, []), (2, ["-n", "2"]), (64, ["-n", "8"])])
def test_there_are_as_many_processes_as_cores(cores: int, options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(cores), raising=False)
    assert bootstrap.processes([]) == options
