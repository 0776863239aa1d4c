"""`work-conformance init`: write a configuration and a CI workflow for a server."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.init_files import CONFIG_NAME, RUN, WORKFLOWS, Answers, files, mentions_owner
from conformance.cli.language import localize
from conformance.cli.options import CannotStart, chosen_language, lang_option
from conformance.text import Lang, Text


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=(
        "work-conformance init",
        "work-conformance init --yes --base-url https://staging.example --ci gitlab",
        'work-conformance init --base-url http://127.0.0.1:9000 --start "python my_server.py"',
    ),
    help=localize(
        f"Write a configuration ({CONFIG_NAME}) and a CI workflow into DIR (default: the current folder), and print the"
        " next commands.\n\n"
        "On a terminal it asks for each value that no option sets. It never asks for a token, which belongs in QODER_PAT or"
        " in a secret of the build server. If one of the files exists, it writes nothing.",
        f"在 DIR（默认为当前目录）中生成配置文件（{CONFIG_NAME}）和 CI 工作流，并给出接下来的命令。\n\n"
        "在终端中运行时，命令会询问选项未给出的内容。它从不询问 token：token 取自 QODER_PAT 或 CI 系统的 secret。"
        "如果其中某个文件已存在，则不写入任何文件。",
    ),
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--base-url", metavar="URL", help=localize("URL of the server to judge.", "待评测服务器的 URL。"))
@click.option(
    "--start",
    metavar="COMMAND",
    help=localize(
        "Command that starts the server, if it is not running yet.", "启动服务器的命令（若服务器尚未运行）。"
    ),
)
@click.option(
    "--ci",
    type=click.Choice((*WORKFLOWS, "none")),
    help=localize(
        "Build server to write a workflow for (default: gitlab if there is a .gitlab-ci.yml, else github).",
        "为哪种 CI 系统生成工作流（默认 github；已有 .gitlab-ci.yml 时为 gitlab）。",
    ),
)
@click.option("--force", is_flag=True, help=localize("Overwrite existing files.", "覆盖已有的文件。"))
@click.option("-y", "--yes", is_flag=True, help=localize("Ask nothing.", "不询问任何问题。"))
@lang_option
def command(
    folder: Path | None,
    base_url: str | None,
    start: str | None,
    ci: str | None,
    lang: str | None,
    *,
    force: bool,
    yes: bool,
) -> None:
    """Write a configuration and a CI workflow."""
    from conformance.cli.init_answers import ask, can_ask, check
    from conformance.cli.package_source import package_source

    place = folder or Path()
    usual = "gitlab" if (place / WORKFLOWS["gitlab"]).exists() else "github"
    answers = Answers(
        base_url=base_url, start=start, ci=ci or usual, lang=chosen_language(lang), source=package_source()
    )
    interactive = not yes and can_ask()
    check(answers, complete=not interactive)
    if interactive:
        answers = ask(answers, ask_lang=lang is None, ask_ci=ci is None)
    written = files(answers)
    if not force:
        _refuse_existing(place, written, answers.lang)
    _write(place, written, answers.lang)
    for line in _next_steps(place, answers, os.environ):
        click.echo(line)


def _refuse_existing(place: Path, written: Iterable[PurePosixPath], lang: Lang) -> None:
    """Check that no file exists, so that the command writes all files or none.

    Raises:
        CannotStart: at least one exists.
    """
    existing = [path for path in written if os.path.lexists(place / path)]
    if not existing:
        return
    words = _WORKFLOW_EXISTS if any(path in WORKFLOWS.values() for path in existing) else _EXISTS
    names = [str(place / path) for path in existing]
    raise CannotStart(words.format(names=Text(", ".join(names), "、".join(names))).in_(lang))


_EXISTS: Final = Text(
    "Nothing was written, since this exists: {names}. --force overwrites it.",
    "未写入任何文件，因为以下文件已存在：{names}。--force 会覆盖。",
)
_WORKFLOW_EXISTS: Final = Text(
    "Nothing was written, since this exists: {names}. --force overwrites it; --ci none writes no workflow.",
    "未写入任何文件，因为以下文件已存在：{names}。--force 会覆盖；--ci none 不生成工作流。",
)


def _write(place: Path, written: Mapping[PurePosixPath, str], lang: Lang) -> None:
    """Write the files, each atomically.

    Raises:
        CannotStart: one cannot be written.
    """
    from conformance.reporting.atomic_write import write_atomically

    for path, text in written.items():
        try:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place / path, text)
        except OSError as error:
            words = Text("{path} cannot be written ({why}).", "无法写入 {path}（{why}）。")
            raise CannotStart(words.format(path=place / path, why=error.strerror).in_(lang)) from None
        click.echo(Text("written: {path}", "已写入：{path}").format(path=place / path).in_(lang))


def _next_steps(place: Path, answers: Answers, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what to complete in the files, and then the next commands."""
    lang = answers.lang
    if answers.base_url is None:
        yield _SET_URL.format(file=place / CONFIG_NAME).in_(lang)
    if answers.ci in WORKFLOWS:
        if mentions_owner(answers.source):
            yield _SET_OWNER.format(file=place / WORKFLOWS[answers.ci]).in_(lang)
        yield _SET_SECRET.in_(lang)
    yield ""
    yield Text("Next:", "下一步：").in_(lang)
    if place.resolve() != Path.cwd():
        yield f"    cd {shlex.quote(str(place))}"
    if not environ.get("QODER_PAT"):
        yield Text("    export QODER_PAT=…  # a token of the target", "    export QODER_PAT=…  # 目标的 token").in_(
            lang
        )
    if answers.start is None:
        yield f"    work-conformance doctor --config {CONFIG_NAME}"
    yield f"    {RUN}"


_SET_URL: Final = Text("- Set base-url in {file}.", "- 请设置 {file} 中的 base-url。")
_SET_OWNER: Final = Text(
    "- Replace OWNER in {file} with the account that hosts your copy of the suite (docs/en/ci.md).",
    "- 请将 {file} 中的 OWNER 替换为托管本套件副本的账号（docs/zh/ci.md）。",
)
_SET_SECRET: Final = Text(
    "- Store the token as the secret QODER_PAT of the build server.",
    "- 请将 token 存为 CI 系统的 secret，名称为 QODER_PAT。",
)
