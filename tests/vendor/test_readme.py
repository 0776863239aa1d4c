"""What the docs say of prepared items, word for word: commands, program, files."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.arrange.command_arranger import request_for
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.manifest import parse_manifest, schema_text
from conformance.emulator import EmulatorServer, Tokens, create_app
from conformance.text import Lang
from tests.cli.processes import clean_environment, tokens_environment
from tests.documents import BOOK, WRITTEN
from tests.vendor.server import Vendor
from tests.vendor.test_vendor import OPTIONS, TOKEN, item_specs

ROOT = Path(__file__).parents[2]
EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


def block(lang: Lang, kind: str) -> str:
    """The one fenced block of that kind."""
    [body] = re.findall(rf"^```{kind}\n(.*?)^```$", BOOK[lang], re.MULTILINE | re.DOTALL)
    return str(body)


def value(lang: Lang, kind: str) -> Any:
    return json.loads(block(lang, kind))


def shell(line: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A line in a user's shell, in which `.venv` is active."""
    environ = clean_environment(**env)
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    return subprocess.run(["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def check_runs(kind: str, folder: Path) -> None:
    tokens = Tokens.generate()
    with EmulatorServer(create_app(tokens=tokens)) as server:
        env = {**tokens_environment(tokens), "WORK_CONFORMANCE_BASE_URL": server.base_url}
        for line in block("en", kind).splitlines():
            done = shell(line, folder, env)
            assert done.returncode == 0, line + done.stdout + done.stderr
    assert "Conformant: " in done.stdout


def test_the_commands_for_a_manifest(tmp_path: Path) -> None:
    check_runs("sh manifest", tmp_path)


def test_the_program_and_its_command(tmp_path: Path) -> None:
    (tmp_path / "arrange.py").write_text(block("en", "python arrange"))
    check_runs("sh command", tmp_path)


def test_the_program_that_stays_and_its_command(tmp_path: Path) -> None:
    (tmp_path / "arrange.py").write_text(block("en", "python arrange"))
    (tmp_path / "keep.py").write_text(block("en", "python keep"))
    check_runs("sh keep", tmp_path)


def test_the_command_for_another_shape(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(json.dumps((vendor := Vendor(TOKEN)).manifest(item_specs())))
    line = block("en", "sh vendor")
    assert shlex.join(OPTIONS) in line
    with EmulatorServer(vendor.app()) as server:
        line = line.replace("https://vendor.example", server.base_url).replace("QODER_PAT=…", f"QODER_PAT={TOKEN}")
        done = shell(line, tmp_path, {})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_program_shown_is_the_one_that_is_tested() -> None:
    program = ROOT / "tests" / "arrange" / "emulator_command.py"
    assert block("en", "python arrange") == program.read_text("utf-8")


@EACH_LANGUAGE
def test_the_files_shown_are_what_they_say(lang: Lang) -> None:
    assert len(parse_manifest(value(lang, "json manifest")).items) == 2
    item_spec = ItemSpec(transitions=("ack", "heartbeat", "force"))
    request = request_for(item_spec, "worker-1")
    assert value(lang, "json request") == request
    answer = value(lang, "json answer")
    assert value(lang, "json release") == {"format": request["format"], "release": answer}


@EACH_LANGUAGE
def test_every_key_of_an_item_is_explained(lang: Lang) -> None:
    properties = json.loads(schema_text())["$defs"]["item"]["properties"]
    rows = re.findall(r"^\| (`[^|]*) \|", BOOK[lang], re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(properties) <= explained
