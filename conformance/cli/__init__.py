"""The command line, one file per command; each is imported only when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from typing import Final

import click

from conformance import __version__

_COMMANDS: Final = {
    "run": "Judge a server, or the embedded emulator.",
    "serve": "Start the emulator alone.",
    "list": "Show chapters, scenarios and requirements.",
    "clean": "Remove what earlier runs left on a target.",
}


class _Commands(click.Group):
    """Loads a command's module when it is needed, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"conformance.cli.{cmd_name}_command")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]!r}?" if near else f"The commands are {', '.join(_COMMANDS)}."
            raise click.UsageError(f"No such command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes of run: 0 conformant, 1 non-conformant, 2 cannot start, 3 inconclusive, 4 the suite broke.",
)
@click.version_option(__version__, prog_name="work-conformance")
def main() -> None:
    """Contract tests for the ack operation of the Qoder Cloud Agents Work API.

    \b
    Judge the embedded emulator (no account, no network):

        work-conformance run

    \b
    Judge any server:

        QODER_PAT=… work-conformance run --base-url https://staging.example --output out/
    """
