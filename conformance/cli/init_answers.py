"""What `init` writes its files for: options, completed by questions on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import click

from conformance.cli.click_messages import translated_messages
from conformance.cli.init_files import PLACEHOLDER_URL, WORKFLOWS, Answers
from conformance.cli.options import CannotStart
from conformance.client.connection_options import base_url_from
from conformance.options import TOKENS
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError
from conformance.text import LANGS, Lang, Text

CI: Final = (*WORKFLOWS, "none")
_LOCAL_URL: Final = "http://127.0.0.1:8000"

_UNPRINTABLE: Final = Text("{option} has an unprintable character; remove it.", "{option} 含有不可打印的字符；请去掉。")
_TOKEN: Final = Text(
    "{option} contains the token in {name}; leave it out, the started server inherits the variable.",
    "{option} 含有 {name} 中的 token；请去掉；所启动的服务器会继承该环境变量。",
)
_START_NEEDS_URL: Final = Text(
    "--start needs --base-url, the address of the started server.",
    "--start 需要 --base-url，即所启动服务器的地址。",
)
_ASK_START: Final = Text(
    "Command that starts the server (Enter if it is already running)", "启动服务器的命令（已在运行则直接按 Enter）"
)
_ASK_URL: Final = Text("URL of the server to judge", "待评测服务器的 URL")
_ASK_CI: Final = Text("Build server", "CI 系统")


def check(answers: Answers, *, complete: bool) -> None:
    """Check the values of options; they are `complete` if no question follows.

    Raises:
        CannotStart: one cannot be used.
    """
    if answers.base_url is not None:
        _check_url(answers.base_url, answers.lang)
    if answers.start is not None:
        _check_text("--start", answers.start, answers.lang)
        if complete and answers.base_url is None:
            raise CannotStart(_START_NEEDS_URL.in_(answers.lang))


def can_ask() -> bool:
    """Return whether a person sits at both ends: standard input and output are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def ask(answers: Answers, *, ask_lang: bool, ask_ci: bool) -> Answers:
    """Return the answers, completed by what the user types; Enter takes the default."""
    lang = answers.lang
    if ask_lang:
        lang = "zh" if _prompt("Language / 语言", lang, click.Choice(LANGS), lang) == "zh" else "en"
    base_url, start, ci = answers.base_url, answers.start, answers.ci
    if start is None:
        kind = _Checked(lambda text: _check_text("--start", text, lang))
        start = _prompt(_ASK_START.in_(lang), "", kind, lang, show_default=False).strip() or None
    if base_url is None:
        usual = PLACEHOLDER_URL if start is None else _LOCAL_URL
        entered = _prompt(_ASK_URL.in_(lang), usual, _Checked(lambda text: _check_url(text, lang)), lang)
        base_url = None if entered == PLACEHOLDER_URL else entered
    if ask_ci:
        ci = _prompt(_ASK_CI.in_(lang), ci, click.Choice(CI), lang)
    return replace(answers, base_url=base_url, start=start, ci=ci, lang=lang)


def _prompt(words: str, default: str, kind: click.ParamType[Any, Any], lang: Lang, *, show_default: bool = True) -> str:
    with translated_messages(lang):
        return str(click.prompt(words, default=default, type=kind, show_default=show_default))


class _Checked(click.types.StringParamType):
    """A text that is checked; `click.prompt` shows the error and asks again."""

    def __init__(self, check_text: Callable[[str], None]) -> None:
        self._check_text = check_text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text.

        Raises:
            UsageError: it cannot be used.
        """
        text = str(value)
        try:
            self._check_text(text)
        except CannotStart as error:
            raise click.UsageError(error.message) from None
        return text


def _check_url(value: str, lang: Lang) -> None:
    _check_text("--base-url", value, lang)
    try:
        base_url_from(value, DEFAULT_API_PREFIX)
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(lang)) from None


def _check_text(option: str, value: str, lang: Lang) -> None:
    """Check that a value can be written: it is printable and contains no token.

    Raises:
        CannotStart: it cannot.
    """
    if not value.isprintable():
        raise CannotStart(_UNPRINTABLE.format(option=option).in_(lang))
    for name in TOKENS:
        token = os.environ.get(name, "").strip()
        if token and token in value:
            raise CannotStart(_TOKEN.format(option=option, name=name).in_(lang))
