"""Where the workflow that `init` writes installs the suite from."""

from __future__ import annotations

import itertools
import json

import pytest
import yaml

from conformance.cli.init_files import WORKFLOWS, Answers, files
from conformance.cli.package_source import PLACEHOLDER, _git_source
from conformance.text import LANGS, Lang

from .init_runs import EACH_CI, EACH_LANGUAGE, URL


@pytest.mark.parametrize(
    ("url", "commit", "source"),
    [
        ("https://git.example/team/suite.git", "0123abc4", "git+https://git.example/team/suite.git@0123abc4"),
        ("https://user:secret@git.example/team/suite", "0123abc4", None),
        ("https://git.example/team/suite?token=secret", "0123abc4", None),
        ("https://git.example/team/suite; rm x", "0123abc4", None),
        ("https://git.example/team/suite", "main: x", None),
        ("ssh://git@git.example/team/suite", "0123abc4", None),
        ("file:///home/me/suite", "0123abc4", None),
    ],
)
def test_an_installation_from_a_git_server_is_named_in_the_workflow(url: str, commit: str, source: str | None) -> None:
    record = {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}
    assert _git_source(record) == source
    if source is not None:
        for ci, lang in itertools.product(WORKFLOWS, LANGS):
            text = files(Answers(base_url=URL, start=None, ci=ci, lang=lang, source=source))[WORKFLOWS[ci]]
            assert f"pip install {source}\n" in text
            assert "OWNER" not in text
            assert "@OWNER@" not in text
            yaml.safe_load(text)


@pytest.mark.parametrize("record", [{}, [], None, {"url": 1}, {"url": "https://a/b", "dir_info": {}}])
def test_any_other_installation_leaves_the_placeholder(record: object) -> None:
    assert _git_source(json.loads(json.dumps(record))) is None


@EACH_LANGUAGE
@EACH_CI
def test_the_placeholder_says_what_it_stands_for(ci: str, lang: Lang) -> None:
    text = files(Answers(base_url=URL, start=None, ci=ci, lang=lang, source=PLACEHOLDER))[WORKFLOWS[ci]]
    comment, install = [line for line in text.splitlines() if "OWNER" in line]
    assert f"docs/{lang}/ci.md#" in comment
    assert install.endswith(PLACEHOLDER)
    yaml.safe_load(text)
