"""Usage errors and help in Chinese: click's own words too, and nothing of it reaches the programs that a command starts."""

from __future__ import annotations

import ast
import gettext
import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from conformance.cli.click_messages import translated_messages
from tests import click_messages
from tests.cli.test_empty_values import COMMANDS

from .processes import Ended, cli

CHINESE = {"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"}
CLICK = Path(click.__file__).parent

ERRORS = {
    "an unknown option": (("run", "--bse-url", "x"), ("没有选项 '--bse-url'", "是否应为", "'--base-url'")),
    "an unknown command": (("rum",), ("没有命令 'rum'", "'run'")),
    "no command": (("--lang", "zh"), ("缺少命令", "doctor")),
    "a missing argument": (("explain",), ("缺少参数 'NAME'",)),
    "a missing option": (("key",), ("缺少选项 '--out'",)),
    "a missing value": (("run", "--chapter"), ("选项 '--chapter' 需要 1 个值",)),
    "a value for a flag": (("run", "--strict=1"), ("选项 '--strict' 不带值",)),
    "a value that is no number": (("run", "-n", "x"), ("'-n' 的值无效", "'x'")),
    "a value out of range": (("serve", "--port", "70000"), ("'--port' 的值无效", "0<=x<=65535")),
    "a value of none of the choices": (("list", "--format", "xml"), ("'xml' 不是可选值 'text', 'md', 'json' 之一",)),
    "a folder that is not there": (("replay", "nowhere"), ("目录 'nowhere' 不存在",)),
    "something extra": (("list", "extra"), ("多余的参数（extra）",)),
}


def chinese(*arguments: str, cwd: Path) -> Ended:
    return cli(*arguments, cwd=cwd, env=CHINESE)


@pytest.mark.parametrize("what", ERRORS)
def test_a_usage_error_is_in_chinese(what: str, tmp_path: Path) -> None:
    arguments, words = ERRORS[what]
    ended = chinese(*arguments, cwd=tmp_path)
    *hints, error = [line for line in ended.err.splitlines() if line]
    assert ended.code == 2
    if hints:  # click gives none where the value of an option is missing
        usage, hint = hints
        assert usage.startswith("用法：work-conformance ")
        assert re.fullmatch(r"运行 'work-conformance.* --help' 可查看帮助。", hint)
    assert error.startswith("错误：")
    assert all(word in error for word in words), error
    assert not english_words(ended.err)


def english_words(text: str) -> list[str]:
    """Words of sentences, which are neither names, options, metavars nor quoted."""
    plain = re.sub(r"'[^']*'|`[^`]*`|\[[^\]]*\]|（[^）]*）", "", text)
    known = {"work-conformance", *(word for way in COMMANDS for word in way)}
    words = re.findall(r"(?<![\w./:=-])[A-Za-z][a-z]+(?![\w./:=-])", plain)
    return [word for word in words if word not in known]


def test_the_option_goes_before_the_locale(tmp_path: Path) -> None:
    assert "错误：没有选项" in cli("run", "--lang", "zh", "--nope", cwd=tmp_path).err
    ended = cli("run", "--lang", "en", "--nope", cwd=tmp_path, env=CHINESE)
    assert "Error: No such option '--nope'" in ended.err
    assert "Try 'work-conformance run --help' for help." in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("replay", "nowhere"), "目录 'nowhere' 不存在"), (("verify", "nowhere"), "文件 'nowhere' 不存在")],
)
def test_the_option_also_translates_what_click_fixes_when_options_are_declared(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    ended = cli(*arguments, "--lang", "zh", cwd=tmp_path, env={"LC_ALL": "C.UTF-8"})
    assert words in ended.err


def test_a_bad_value_in_toml_is_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("concurrency = 'many'")
    ended = chinese("run", "--config", "c.toml", cwd=tmp_path)
    assert ended.err == "错误：c.toml：concurrency：'many' 不是有效的数值（integer）。\n"


@pytest.mark.parametrize("way", [(), *COMMANDS], ids=" ".join)
def test_help_has_no_english_sentence(way: tuple[str, ...], tmp_path: Path) -> None:
    """A word or two are names; three in a row are a sentence."""
    ended = chinese(*way, "--help", cwd=tmp_path)
    assert ended.code == 0
    assert ended.out.startswith("用法：work-conformance")
    assert "\n选项：\n" in ended.out
    assert "显示本帮助并退出。" in ended.out
    shown = ended.out.partition("\n示例：\n")[0]
    shown = shown.replace(" ".join(("work-conformance", *way)), "")
    assert re.findall(r"\b[a-z]+ [a-z]+ [a-z]+\b", shown) == []
    shown = shown.replace("`default`", "")  # the name of a policy
    assert not re.search(r"default|required|Options|Commands|OPTIONS|Show ", shown)


def test_the_environment_is_the_users_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    with translated_messages("zh"):
        assert gettext.gettext("Usage:") == "用法："
    assert "LANGUAGE" not in os.environ
    monkeypatch.setenv("LANGUAGE", "de")
    with translated_messages("zh"):
        assert os.environ["LANGUAGE"] == "zh"
    assert os.environ["LANGUAGE"] == "de"
    with translated_messages("en"):
        assert gettext.gettext("Usage:") == "Usage:"


def test_a_started_program_finds_the_users_language(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("import os; open('seen', 'w').write(str(os.environ.get('LANGUAGE')))")
    options = ("--start", "python3 server.py", "--base-url", "http://127.0.0.1:9", "--wait", "5", "--lang", "zh")
    cli("run", *options, cwd=tmp_path, env={"QODER_PAT": "pt-abcdefghijklmnopqrstuvwx", "LANGUAGE": ""})
    assert (tmp_path / "seen").read_text() == ""


# --- the table


def messages() -> dict[str, str]:
    return click_messages.read(click_messages.SOURCE.read_text("utf-8"))


def test_the_compiled_table_is_that_of_the_source() -> None:
    assert click_messages.COMPILED.read_bytes() == click_messages.compiled(messages())
    with click_messages.COMPILED.open("rb") as file:
        table = gettext.GNUTranslations(file)
    for message, translation in messages().items():
        singular, _, plural = message.partition("\0")
        assert not singular or table.ngettext(singular, plural or singular, 2) in (translation, singular)
        assert not singular or plural or table.gettext(singular) == translation


def test_a_translation_inserts_what_the_message_inserts() -> None:
    for message, translation in messages().items():
        if message:
            inserted = set(re.findall(r"\{[^}]*\}", translation))
            assert any(inserted == set(re.findall(r"\{[^}]*\}", form)) for form in message.split("\0")), message


FOR_PROGRAMMERS = re.compile(
    r"Deprecat|deprecated|declaration|defined twice|same flag|start character|iterable|editor|Windows|standard stream"
    r"|colour|Choice\(|values are required|UUID|format|Press any key|Do you want|Confirm|Repeat|two entered|version|^d$"
    r"|^\(?dynamic|No options defined"
)
"""Messages that no user of this command line sees."""


def test_every_message_of_the_installed_click_is_translated() -> None:
    known = {form for message in messages() for form in message.split("\0")}
    missing = {text for text in messages_of_click() if text not in known and not FOR_PROGRAMMERS.search(text)}
    assert missing == set(), "add these to messages.po and run python -m tests.click_messages"


def messages_of_click() -> Iterator[str]:
    for path in CLICK.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                for argument in node.args[: 2 if node.func.id == "ngettext" else 1]:
                    if isinstance(argument, ast.Constant):
                        yield str(argument.value)
