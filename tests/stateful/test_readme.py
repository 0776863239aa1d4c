"""What the docs show of an exploration."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.contract.model import PHASES
from conformance.stateful.sequence import OPERATION_NAMES, WORKERS
from conformance.stateful.to_history import ROWS
from conformance.text import Lang
from tests.documents import BOOK, WRITTEN, blocks

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


@EACH_LANGUAGE
def test_the_example_meets_every_pair(lang: Lang, tmp_path: Path) -> None:
    [block] = blocks(BOOK[lang], "sh explore")
    [line] = block.lines
    program, *arguments = shlex.split(line)
    assert program == "work-conformance"
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *arguments, "--lang", lang],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pairs = len(PHASES) * len(ROWS)
    assert {"en": f"{pairs} of {pairs} pairs", "zh": f"共 {pairs} 种，覆盖 {pairs} 种"}[lang] in " ".join(
        done.stdout.split()
    )


@EACH_LANGUAGE
def test_the_round_shown_is_written_as_rounds_are(lang: Lang) -> None:
    [block] = blocks(BOOK[lang], "text explore")
    head, *groups = block.lines
    assert re.fullmatch(r"--explore 1 --seed \d+, shrunk from \d+ requests", head)
    move = rf"(?:{'|'.join(OPERATION_NAMES)}) [ab](?: as (?:{'|'.join(WORKERS)}))?"
    for number, group in enumerate(groups, start=1):
        assert re.fullmatch(rf"{number}\. {move}(?: \|\| {move})*", group)


@EACH_LANGUAGE
def test_a_dry_run_announces_what_comes_on_top(lang: Lang) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--dry-run", "-v", "--explore", "7.5", "--lang", lang],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "race.explored" in done.stdout
    words = {"en": "Then random requests follow for 7.5 s", "zh": "随后发送 7.5 秒的随机请求"}[lang]
    assert "".join(words.split()) in "".join(done.stdout.split()), "wrapped at the width of the terminal"
