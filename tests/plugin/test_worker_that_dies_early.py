"""A worker process that dies before anything is judged: that is said, and is never an empty selection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.processes import cli

ONE = ("run", "--requirement", "ack.environment.not-self-hosted", "-n", "2")

AT = {
    "its start": "os._exit(9)",
    "loading pytest": "sys.meta_path.insert(0, Death('pytest'))",
    "loading xdist": "sys.meta_path.insert(0, Death('xdist.plugin'))",
    "loading the suite": "sys.meta_path.insert(0, Death('conformance.plugin.nodes'))",
    "loading the cases": "sys.meta_path.insert(0, Death('conformance.chapters.ack.races'))",
}
SITE = """\
import os, sys
class Death:
    def __init__(self, name): self.name = name
    def find_spec(self, name, path=None, target=None):
        if name == self.name: os._exit(9)
if "-c" in sys.orig_argv:  # a worker, and not the command itself
    {death}
"""


@pytest.mark.parametrize("when", AT)
def test_at(when: str, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(SITE.format(death=AT[when]))
    ended = cli(*ONE, cwd=tmp_path, env={"PYTHONPATH": str(site)})
    assert ended.code == 4, ended.out + ended.err
    assert "A worker process ended before anything was judged" in ended.err
    assert "The selection is empty" not in ended.err
    assert "INTERNALERROR" not in ended.out + ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_empty_selection_is_still_that(tmp_path: Path) -> None:
    ended = cli("run", "-k", "nothing_of_the_kind", "-n", "2", cwd=tmp_path)
    assert ended.code == 2
    assert ended.err.startswith("The selection is empty")
