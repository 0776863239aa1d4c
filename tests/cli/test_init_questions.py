"""`init` on a terminal: what it asks, and what it does with each answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.cli.init_files import CONFIG_NAME, PLACEHOLDER_URL, WORKFLOWS

from .init_runs import URL, settings, written
from .terminals import on_terminal


def typed(*answers: str, cwd: Path, arguments: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run `init` on a terminal on which somebody types these lines: the exit code and the screen."""
    return on_terminal("init", *arguments, cwd=cwd, typed=answers)


def test_on_a_terminal_it_asks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("zh", "python my_server.py", "", "gitlab", cwd=tree)
    assert code == 0, shown
    assert set(written(tree)) == {CONFIG_NAME, ".gitlab-ci.yml"}
    read, values = settings(tree, monkeypatch)
    assert (read.base_url, read.lang, values["start"]) == ("http://127.0.0.1:8000", "zh", "python my_server.py")
    assert "启动服务器的命令" in shown
    assert "下一步" in shown
    assert not re.search("(?i)token:|pat:", shown), "it asks for no token"


def test_enter_takes_the_defaults(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("", "", "", "", cwd=tree)
    assert code == 0, shown
    assert set(written(tree)) == {CONFIG_NAME, str(WORKFLOWS["github"])}
    assert f"[{PLACEHOLDER_URL}]" in shown
    assert f"Set base-url in {CONFIG_NAME}" in shown


def test_a_wrong_answer_is_asked_for_again(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = typed("", "ftp://x", URL, "jenkins", "none", cwd=tree, arguments=("--lang", "zh"))
    assert code == 0, shown
    assert "错误：base URL 'ftp://x'" in shown
    assert "错误：'jenkins' 不是可选值" in shown
    assert settings(tree, monkeypatch)[0].base_url == URL


def test_what_an_option_gives_is_not_asked(tree: Path) -> None:
    given = ("--lang", "en", "--base-url", URL, "--start", "x", "--ci", "none")
    code, shown = typed(cwd=tree, arguments=given)
    assert code == 0
    assert "written:" in shown
    code, shown = typed(cwd=tree, arguments=("--yes", "--force"))
    assert code == 0
    assert "Language" not in shown


def test_the_end_of_input_writes_nothing(tree: Path) -> None:
    code, shown = typed("", "\x04", cwd=tree)
    assert code == 3, shown
    assert written(tree) == {}
