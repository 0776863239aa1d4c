"""The worker on the page about workers is conformant, and the commands beside it are valid."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest

from conformance.mutation.worker_run import judge_worker
from conformance.text import Lang
from tests.cli.processes import cli
from tests.documents import BOOK, PAGE, WRITTEN, blocks, commands, parsed, split
from tests.worker.conftest import CertifiedWorker
from tests.worker.test_workers import PLAIN

EACH_LANGUAGE = pytest.mark.parametrize("lang", WRITTEN)


def test_the_worker_of_the_page_is_conformant(tmp_path: Path) -> None:
    [block] = blocks(PAGE["en"]["judge-a-worker"], "python worker")
    (tmp_path / "my_worker.py").write_text("\n".join(block.lines), "utf-8")
    record = judge_worker(shlex.join([sys.executable, str(tmp_path / "my_worker.py")]), tmp_path / "run", PLAIN)
    assert {verdict.line: verdict.kind for verdict in record.verdicts if verdict.kind != "passed"} == {}


def test_the_commands_for_a_certificate(certified_worker: CertifiedWorker, tmp_path: Path) -> None:
    """The run of the first one is that of the fixture."""
    worker, *others = commands(BOOK["en"], "sh worker-product")
    assert commands(BOOK["zh"], "sh worker-product") == [worker, *others]
    parsed(split(worker)[1][1:])
    shutil.copytree(certified_worker.folder, tmp_path / "out")
    (tmp_path / "vendor.pem").write_bytes(certified_worker.key.pem(None))
    (tmp_path / "vendor.pem.pub").write_text(certified_worker.key.public.pem)
    for line in others:
        done = cli(*split(line)[1][1:], cwd=tmp_path)
        assert done.code == 0, done.out + done.err
    assert done.last_line.startswith("Valid: signed with the given key")


@EACH_LANGUAGE
def test_the_commands_of_the_page_are_valid(lang: Lang) -> None:
    found = commands(PAGE[lang]["judge-a-worker"], "sh worker")
    assert len(found) == 5
    for line in found:
        _, words = split(line)
        assert words[:2] == ["work-conformance", "worker"]
        parsed(words[1:])
