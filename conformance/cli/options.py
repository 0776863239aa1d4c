"""Settings as click options, with values from flags, then environment variables, then TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from conformance.cli.broken_toml import has_byte_order_mark, mentions_section
from conformance.cli.click_messages import translated_messages
from conformance.cli.completion import BY_METAVAR, BY_OPTION, one_of, scenarios_and_requirements
from conformance.cli.language import current_language, localize
from conformance.options import OPTIONS, Option, is_blank
from conformance.suggest import nearest
from conformance.text import LANGS, Lang, Text

F = TypeVar("F", bound=Callable[..., Any])

_TABLE: Final = "work-conformance"
_OF_RUN: Final = frozenset({"start", "wait"})
"""Keys of `run` alone that describe the server; other commands read the same file and ignore them."""


class _PooledConnection(click.types.StringParamType):
    """Text; an environment variable has one value per line, since values may contain spaces."""

    envvar_list_splitter = "\n"

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return each line as a value, without an empty last one."""
        return super().split_envvar_value(rv.removesuffix("\n"))


_TYPES: Final[dict[str, Any]] = {"text": _PooledConnection(), "number": float, "count": int}


class CannotStart(click.ClickException):
    """Ends a command with one sentence and exit code 2."""

    exit_code = 2


def chosen_language(chosen: str | None) -> Lang:
    """Return the chosen language (also from TOML), or else that of the call."""
    return current_language(["--lang", chosen]) if chosen else current_language()


def settings_options(names: Iterable[str] | None = None) -> Callable[[F], F]:
    """Add settings to a command: all that concern a server, or those in `names`."""
    chosen = [option for option in OPTIONS if (option.part != "worker" if names is None else option.name in set(names))]

    def decorate(function: F) -> F:
        for option in reversed(chosen):
            function = _click_option(option)(function)
        return click.option(
            "--config",
            metavar="FILE",
            shell_complete=BY_METAVAR["FILE"],
            help=localize(
                "TOML file with these options; also [tool.work-conformance] in pyproject.toml.",
                "包含这些选项的 TOML 文件；也可写在 pyproject.toml 的 [tool.work-conformance] 中。",
            ),
        )(function)

    return decorate


def lang_option(function: F) -> F:
    """Add `--lang` to a command that takes the language as a parameter; None if it is not given."""
    return _lang_option()(function)


def lang_option_without_parameter(function: F) -> F:
    """Add `--lang` to a command without a language parameter; `current_language` reads the command line itself."""
    return _lang_option(expose_value=False)(function)


def form_option(*forms: str) -> Callable[[F], F]:
    """Add `--format`; the first format is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=localize("Output format.", "输出格式。"),
    )


def processes_option(function: F) -> F:
    """Add `-n`, the number of worker processes; 0 runs everything in this process."""
    return click.option(
        "-n",
        "processes",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help=localize("Processes (pytest-xdist).", "进程数（pytest-xdist）。"),
    )(function)


def expression_option(function: F) -> F:
    """Add `-k`, the selection of scenarios and requirements by an expression."""
    return click.option(
        "-k",
        "expression",
        default="",
        metavar="EXPR",
        shell_complete=one_of(scenarios_and_requirements, separator=" "),
        help=localize(
            "Only scenarios and requirements that match, as in pytest -k.", "只运行匹配的场景和要求，同 pytest -k。"
        ),
    )(function)


def quiet_option(function: F) -> F:
    """Add `-q`, output without colours or redrawing."""
    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        help=localize("Plain lines, without colours or redrawing.", "只输出纯文本行，没有颜色和动态显示。"),
    )(function)


def allure_option(variable: str | None = None) -> Callable[[F], F]:
    """Add `--alluredir`; the environment variable `variable` may also name the folder."""
    return click.option(
        "--alluredir",
        default=None,
        metavar="DIR",
        shell_complete=BY_METAVAR["DIR"],
        envvar=variable,
        help=localize("Also write Allure results into this folder.", "同时把 Allure 结果写入该目录。"),
    )


def verbose_option(help_text: Text) -> Callable[[F], F]:
    """Add `-v`; `help_text` says what it adds to the output."""
    return click.option("-v", "--verbose", is_flag=True, help=help_text.in_(current_language()))


def merge_config_file(ctx: click.Context, config: str | None) -> dict[str, Any]:
    """Return the command's values, completed from TOML where neither a flag nor the environment has one.

    Raises:
        CannotStart: the file cannot be read, or has an unknown key.
    """
    values = dict(ctx.params)
    values.pop("config", None)
    table, origin = _table(config)
    allowed = {option.name for option in OPTIONS} | _OF_RUN | {name.replace("_", "-") for name in values}
    for name, value in table.items():
        if name not in allowed:
            near = nearest(name, sorted(allowed))
            raise CannotStart(
                localize(
                    f"{origin}: unknown key {name!r}; did you mean {near!r}?",
                    f"{origin}：未知的键 {name!r}；是否应为 {near!r}？",
                )
                if near is not None
                else localize(
                    f"{origin}: unknown key {name!r}; see `work-conformance run --help`.",
                    f"{origin}：未知的键 {name!r}；参见 `work-conformance run --help`。",
                )
            )
        key = name.replace("-", "_")
        if key in values and ctx.get_parameter_source(key) is click.core.ParameterSource.DEFAULT:
            values[key] = _typed(ctx, key, value, origin)
    return values


def _lang_option(*, expose_value: bool = True) -> Callable[[F], F]:
    return click.option(
        "--lang",
        type=click.Choice(LANGS),
        default=None,
        expose_value=expose_value,
        help=localize("Language; default: from the locale.", "语言；默认取自区域设置。"),
    )


def _click_option(option: Option) -> Callable[[F], F]:
    arguments: dict[str, Any] = {"help": option.help.in_(current_language()), "envvar": option.variable}
    if option.kind == "flag":
        arguments["is_flag"] = True
    else:
        arguments["type"] = click.Choice(option.choices) if option.choices else _TYPES[option.kind]
        arguments["metavar"] = option.metavar
        arguments["multiple"] = option.multiple
        arguments["shell_complete"] = BY_OPTION.get(option.name) or BY_METAVAR.get(option.metavar or "")
    return click.option(option.flag, option.key, **arguments)


def _table(config: str | None) -> tuple[Mapping[str, Any], str]:
    path = Path(config or "pyproject.toml")
    option = "--config: " if config is not None else ""
    try:
        content = path.read_bytes()
    except OSError as error:
        nothing = isinstance(error, FileNotFoundError) and not path.is_symlink()
        if config is None and (nothing or isinstance(error, IsADirectoryError)):
            return {}, ""
        why = error.strerror
        raise CannotStart(
            localize(f"{option}{path} cannot be read ({why}).", f"{option}无法读取 {path}（{why}）。")
        ) from None
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        if config is None and not mentions_section(content, _TABLE):
            return {}, ""  # a broken pyproject.toml without a section for the suite does not matter here
        why = (
            localize("it begins with a byte order mark", "文件带有字节顺序标记")
            if has_byte_order_mark(content)
            else str(error)
        )
        raise CannotStart(
            localize(
                f"{option}{path} is not TOML ({why}); fix it and save it as UTF-8 without a byte order mark.",
                f"{option}{path} 不是 TOML（{why}）；请修正，并保存为不带字节顺序标记的 UTF-8。",
            )
        ) from None
    return _section(data, path, alone=config is not None), str(path)


def _section(data: Mapping[str, Any], path: Path, *, alone: bool) -> Mapping[str, Any]:
    """Return the suite's section; without one, the whole file if it belongs to the suite `alone`.

    Raises:
        CannotStart: the section is not a table, or its name is misspelt.
    """
    tool = data.get("tool")
    tables = tool if isinstance(tool, dict) else {}
    others = [f"tool.{name}" for name in tables if name != _TABLE] + ([] if alone else list(data))
    for name in others:
        if re.sub(r"[-_. ]", "", name.removeprefix("tool.")).lower() == _TABLE.replace("-", ""):
            raise CannotStart(
                localize(
                    f"{path}: unknown section [{name}]; write [tool.{_TABLE}].",
                    f"{path}：未知的节 [{name}]；请写成 [tool.{_TABLE}]。",
                )
            )
    section = tables.get(_TABLE, data if alone else {})
    if not isinstance(section, dict):
        raise CannotStart(localize(f"{path}: [tool.{_TABLE}] is not a table.", f"{path}：[tool.{_TABLE}] 不是表。"))
    return section


def _typed(ctx: click.Context, key: str, value: Any, origin: str) -> Any:
    if value == [] or any(map(is_blank, value if isinstance(value, list) else (value,))):
        name = key.replace("_", "-")
        raise CannotStart(
            localize(
                f"{origin}: {name} is empty; set a value, or omit it.",
                f"{origin}：{name} 的值为空；请设置值，或去掉它。",
            )
        )
    parameter = next(parameter for parameter in ctx.command.params if parameter.name == key)
    try:
        with translated_messages():
            if not parameter.multiple:
                return parameter.type.convert(value, parameter, ctx)
            if isinstance(value, list):
                return tuple(parameter.type.convert(entry, parameter, ctx) for entry in value)
            raise click.BadParameter(localize("a list is expected", "应为列表"))
    except click.UsageError as error:
        name, why = key.replace("_", "-"), error.message.rstrip(".。")
        raise CannotStart(localize(f"{origin}: {name}: {why}.", f"{origin}：{name}：{why}。")) from None
