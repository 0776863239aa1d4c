"""A group of commands that says what may have been meant."""

from __future__ import annotations

import click

from conformance.cli.checked_command import CheckedCommand
from conformance.cli.language import say
from conformance.suggest import nearest


class SuggestingGroup(click.Group):
    """A misspelt command is answered with the nearest one, else with all."""

    command_class = CheckedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, but for the words of the complaint."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = nearest(args[0], known)
            mend = (
                say(f"Did you mean {near!r}?", f"是否应为 {near!r}？")
                if near is not None
                else say(f"The commands are {', '.join(known)}.", f"可用命令：{', '.join(known)}。")
            )
            raise click.UsageError(say(f"No such command {args[0]!r}. {mend}", f"没有命令 {args[0]!r}。{mend}"), ctx)
        return super().resolve_command(ctx, args)
