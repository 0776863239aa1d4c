"""What `bootstrap.py` sets up, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

import bootstrap

from .stand_ins import Machine, change_project, change_state


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
