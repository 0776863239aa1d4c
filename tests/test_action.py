"""`action.yml`: what it hands to the command, whatever its inputs hold, and that it uses nothing undocumented."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import conformance
from conformance.text import Lang
from tests.documents import BOOK, README, WRITTEN, blocks, parsed

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
RECORDER = """\
import json, os, sys
json.dump([sys.argv[1:], os.environ.get("QODER_PAT")], open("called.json", "w"))
sys.exit(int(os.environ.get("CODE", "0")))
"""
NASTY = ('"; touch owned; "', "$(touch owned)", "`touch owned`", "a b", "*", "--insecure\n", "'")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's script is for bash")


def step() -> dict[str, Any]:
    """The one step of the action."""
    assert ACTION["runs"]["using"] == "composite"
    [only] = ACTION["runs"]["steps"]
    return dict(only)


def act(place: Path, inputs: dict[str, str], **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a runner does, with a stand-in for the command that notes how it was called."""
    (place / "action").mkdir()
    (place / "action" / "bootstrap.py").write_text(RECORDER)
    values = {name: given.get("default", "") for name, given in ACTION["inputs"].items()} | inputs
    variables = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: values[match[1]], text)
        for name, text in step()["env"].items()
    }
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step()["run"]],
        cwd=place,
        env={**path, "GITHUB_ACTION_PATH": str(place / "action"), **variables, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def called(place: Path) -> list[str]:
    arguments, _ = json.loads((place / "called.json").read_text("utf-8"))
    return list(arguments)


def test_inputs_become_options_of_run(tmp_path: Path) -> None:
    done = act(tmp_path, {"base-url": "https://staging.example", "args": "--strict\n\n--header=X-Route=a b\n"})
    assert done.returncode == 0, done.stderr
    options = ["--base-url", "https://staging.example", "--output", "work-conformance"]
    assert called(tmp_path) == ["run", *options, "--strict", "--header=X-Route=a b"]
    context = parsed(called(tmp_path))
    assert context.params["strict"] is True


def test_the_token_comes_from_the_environment_alone(tmp_path: Path) -> None:
    assert not {name for name in ACTION["inputs"] if re.search("pat|token|secret", name)}
    act(tmp_path, {"base-url": "https://staging.example"}, QODER_PAT="pt-of-the-step")
    assert json.loads((tmp_path / "called.json").read_text("utf-8"))[1] == "pt-of-the-step"


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_the_step_ends_with_the_code_of_run(code: int, tmp_path: Path) -> None:
    assert act(tmp_path, {"base-url": "https://staging.example"}, CODE=str(code)).returncode == code


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_without_a_server_nothing_is_judged(blank: str, tmp_path: Path) -> None:
    """Else a forgotten variable would have the emulator judged, and the job be green."""
    done = act(tmp_path, {"base-url": blank})
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=work-conformance::base-url is empty")
    assert not (tmp_path / "called.json").exists()


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("name", ["base-url", "output", "args"])
def test_no_text_of_an_input_becomes_a_part_of_the_script(name: str, text: str, tmp_path: Path) -> None:
    done = act(tmp_path, {"base-url": "https://staging.example", name: text})
    assert done.returncode == 0, done.stderr
    assert text.rstrip("\n") in [argument.rstrip("\n") for argument in called(tmp_path)]
    assert {path.name for path in tmp_path.iterdir()} == {"action", "called.json"}
    assert "${{" not in step()["run"]


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_steps_shown_are_those_of_the_action(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "yaml action")
    ours, upload = yaml.safe_load("\n".join(block.lines))["steps"]
    assert set(ours["with"]) == set(ACTION["inputs"])
    assert ours["env"] == {"QODER_PAT": "${{ secrets.QODER_PAT }}"}
    assert ours["uses"].endswith(f"@v{conformance.__version__}")
    assert parsed(["run", *ours["with"]["args"].splitlines()]).params["strict"] is True
    assert upload["with"]["path"] == ours["with"]["output"]


def test_its_command_is_the_readmes() -> None:
    [command] = re.findall(r"^\s*(python3 .*)$", step()["run"], re.MULTILINE)
    assert command == 'python3 "$GITHUB_ACTION_PATH/bootstrap.py" run "${options[@]}"'
    assert "python3 bootstrap.py run" in README["en"]


def test_what_it_says_is_in_both_languages() -> None:
    texts = [ACTION["description"], *(given["description"] for given in ACTION["inputs"].values())]
    for text in texts:
        assert re.search(r"[A-Za-z]{3} [a-z]+ ", text), text
        assert re.search(r"[\u4e00-\u9fff]{3}", text), text
