"""Output for the build server that a run detects, in addition to the report files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from conformance.judging.run_result import RunResult
from conformance.reporting.github import error_commands
from conformance.reporting.summary_md import markdown
from conformance.text import Lang, Text


def commands(record: RunResult, lang: Lang) -> Iterator[str]:
    """Yield annotation commands on GitHub Actions; nothing elsewhere."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        yield from error_commands(record, lang)


def append_summary(record: RunResult, lang: Lang) -> None:
    """Append the summary to the file that GitHub Actions names, if any; its earlier content stays."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(("\n" if file.tell() else "") + markdown(record, lang))
    except OSError as error:
        words = Text(
            "GITHUB_STEP_SUMMARY: cannot write the file ({why}); see summary.md for the text.",
            "GITHUB_STEP_SUMMARY：无法写入该文件（{why}）；内容见 summary.md。",
        )
        click.echo(words.format(why=error.strerror or type(error).__name__).in_(lang), err=True)
