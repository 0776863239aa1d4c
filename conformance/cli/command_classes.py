"""The click classes of the command line: help with examples, no empty values, suggestions of similar commands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import click

from conformance.cli.click_messages import translated_messages
from conformance.cli.language import current_language, localize
from conformance.options import check_variables, is_blank
from conformance.suggest import nearest
from conformance.target import ConfigurationError


class LocalizedFormatter(click.HelpFormatter):
    """Writes help with the punctuation of the language of the call."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line; in Chinese, no space follows the colon."""
        super().write_usage(prog, args, localize(prefix or "Usage: ", prefix or "用法："))

    def write_heading(self, heading: str) -> None:
        """Write a heading, in Chinese with a full-width colon."""
        self.write(f"{'':>{self.current_indent}}{heading}{localize(':', '：')}\n")


class LocalizedContext(click.Context):
    """A context whose help is written by `LocalizedFormatter`."""

    formatter_class = LocalizedFormatter


class LocalizedCommand(click.Command):
    """A command whose help and usage errors are in the language of the call; its help ends with `examples`."""

    context_class = LocalizedContext

    def __init__(self, *args: Any, examples: Sequence[str] = (), **attributes: Any) -> None:
        attributes.setdefault("options_metavar", localize("[OPTIONS]", "[选项]"))
        super().__init__(*args, **attributes)
        self.examples = tuple(examples)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse like click, with its messages in the language of the call."""
        with translated_messages():
            return super().make_context(info_name, args, parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, one per line so that each can be copied, and then the epilog."""
        if self.examples:
            with formatter.section(localize("Examples", "示例")):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        super().format_epilog(ctx, formatter)


class NoEmptyValuesCommand(LocalizedCommand):
    """A command that rejects empty options, arguments and environment variables before it runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse like click, after checking for empty values.

        Raises:
            UsageError: a value is empty, or a variable of the suite is empty or unknown.
        """
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        helped = any(name in args for name in self.get_help_option_names(ctx))
        if not (helped or ctx.resilient_parsing):
            self._refuse_empty(ctx, given)
            _refuse_variables(ctx)
        return super().parse_args(ctx, args)

    def _refuse_empty(self, ctx: click.Context, given: dict[str, Any]) -> None:
        for parameter in self.get_params(ctx):
            if any(map(is_blank, _each(given.get(parameter.name or "")))):
                name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
                raise click.UsageError(
                    localize(
                        f"{name} is empty; set a value, or omit it.",
                        f"{name} 的值为空；请设置值，或去掉它。",
                    ),
                    ctx,
                )


class SuggestingGroup(LocalizedCommand, click.Group):
    """A group that suggests the nearest command for a misspelt one, or lists all commands."""

    command_class = NoEmptyValuesCommand

    def __init__(self, *args: Any, **attributes: Any) -> None:
        attributes.setdefault("subcommand_metavar", localize("COMMAND [ARGS]...", "命令 [参数]..."))
        super().__init__(*args, **attributes)

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke like click; the error about a missing command lists all of them.

        Raises:
            UsageError: there is no command, only options.
        """
        if not (getattr(ctx, "_protected_args", ()) or ctx.args):
            hint = _all_commands(self.list_commands(ctx))
            raise click.UsageError(localize(f"Missing command. {hint}", f"缺少命令。{hint}"), ctx)
        return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve like click, with a more helpful error message."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = nearest(args[0], known)
            hint = _all_commands(known)
            if near is not None:
                hint = localize(f"Did you mean {near!r}?", f"是否应为 {near!r}？")
            raise click.UsageError(
                localize(f"No such command {args[0]!r}. {hint}", f"没有命令 {args[0]!r}。{hint}"), ctx
            )
        return super().resolve_command(ctx, args)


def _all_commands(names: Sequence[str]) -> str:
    return localize(f"The commands are {', '.join(names)}.", f"可用命令：{'、'.join(names)}。")


def _refuse_variables(ctx: click.Context) -> None:
    try:
        check_variables(os.environ)
    except ConfigurationError as error:
        raise click.UsageError(error.reason.in_(current_language()), ctx) from None


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)
