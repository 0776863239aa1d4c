"""The worker on the page about workers is conformant, and the commands beside it are valid."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from conformance.mutation.worker_run import judge_worker
from conformance.text import Lang
from tests.documents import PAGE, WRITTEN, blocks, commands, parsed, split
from tests.worker.test_workers import PLAIN

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


def test_the_worker_of_the_page_is_conformant(tmp_path: Path) -> None:
    [block] = blocks(PAGE["en"]["judge-a-worker"], "python worker")
    (tmp_path / "my_worker.py").write_text("\n".join(block.lines), "utf-8")
    record = judge_worker(shlex.join([sys.executable, str(tmp_path / "my_worker.py")]), tmp_path / "run", PLAIN)
    assert {verdict.line: verdict.kind for verdict in record.verdicts if verdict.kind != "passed"} == {}


@EACH_LANGUAGE
def test_the_commands_of_the_page_are_valid(lang: Lang) -> None:
    found = commands(PAGE[lang]["judge-a-worker"], "sh worker")
    assert len(found) == 5
    for line in found:
        _, words = split(line)
        assert words[:2] == ["work-conformance", "worker"]
        parsed(words[1:])
