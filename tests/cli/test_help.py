"""The help of every command: an example that could start, and the commands in the order of a new user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.cli.command_classes import LocalizedCommand
from tests.documents import split

from .processes import cli


def every(command: click.Command, *way: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group with the words that lead to it."""
    yield way, command
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from every(found, *way, name)


COMMANDS = dict(every(main))
EXAMPLES = [
    (way, example)
    for way, command in COMMANDS.items()
    if isinstance(command, LocalizedCommand)
    for example in command.examples
]

FILES = (
    *("vendor.pem", "vendor.pem.pub", "certificate.json", "items.json"),
    *("authority.pem", "authority.pem.pub", "authority-2027.pem"),
)
"""Files that examples name."""


@pytest.mark.parametrize("way", [way for way in COMMANDS if way], ids=" ".join)
def test_every_command_shows_an_example(way: tuple[str, ...]) -> None:
    shown = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(main, [*way, "--help"]).output.partition("\nExamples:\n")[2]
    lines = [line.strip() for line in shown.splitlines()]
    assert [line for line in lines if f"work-conformance {' '.join(way)}" in line], shown


@pytest.mark.parametrize(("way", "example"), EXAMPLES, ids=[example[:60] for _, example in EXAMPLES])
def test_an_example_could_start(
    way: tuple[str, ...], example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("out", "out/monday", "out/tuesday", "reports/latest", "schemas", "registry"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for file in FILES:
        (tmp_path / file).touch()
    environ, (program, *arguments) = split(example)
    assert program == "work-conformance"
    assert set(environ) <= {"QODER_PAT"}
    assert ("QODER_PAT" in environ) == any(word.startswith("--base-url") for word in arguments) or way == ("init",)
    name, *rest = arguments
    ctx = click.Context(main, info_name="work-conformance")
    command: click.Command | None = main
    for word in way:
        assert isinstance(command, click.Group)
        assert word == name
        command = command.get_command(ctx, word)
        if isinstance(command, click.Group) and rest:
            name, *rest = rest
    assert command is not None
    if isinstance(command, click.Group):
        inner = command.get_command(ctx, name)
        assert inner is not None
        command = inner
    command.make_context(name, rest, parent=ctx)


def test_without_a_command_the_help_is_shown_and_begins_with_init(tmp_path: Path) -> None:
    ended = cli(cwd=tmp_path)
    shown = (ended.out + ended.err).partition("\nCommands:\n")[2]
    names = [line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2:3].isalpha()]
    assert names[:6] == ["init", "run", "worker", "doctor", "list", "explain"]
