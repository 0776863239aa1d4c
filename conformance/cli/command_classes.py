"""The click classes of the command line: commands reject empty values, and groups suggest similar commands."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click

from conformance.cli.language import current_language, localize
from conformance.options import check_variables, is_blank
from conformance.suggest import nearest
from conformance.target import ConfigurationError


class CheckedCommand(click.Command):
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


class SuggestingGroup(click.Group):
    """A group that suggests the nearest command for a misspelt one, or lists all commands."""

    command_class = CheckedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve like click, with a more helpful error message."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = nearest(args[0], known)
            hint = (
                localize(f"Did you mean {near!r}?", f"是否应为 {near!r}？")
                if near is not None
                else localize(f"The commands are {', '.join(known)}.", f"可用命令：{', '.join(known)}。")
            )
            raise click.UsageError(
                localize(f"No such command {args[0]!r}. {hint}", f"没有命令 {args[0]!r}。{hint}"), ctx
            )
        return super().resolve_command(ctx, args)


def _refuse_variables(ctx: click.Context) -> None:
    try:
        check_variables(os.environ)
    except ConfigurationError as error:
        raise click.UsageError(error.reason.in_(current_language()), ctx) from None


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else (value,)
