"""The language of `bootstrap.py`."""

from __future__ import annotations

import ast
import re

import pytest

import bootstrap
from conformance.cli.language import current_language

from .stand_ins import SOURCE, Machine


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
