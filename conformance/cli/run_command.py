"""`work-conformance run`: judge a server, or the embedded emulator."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any, Final

import click

from conformance.cli.baseline_option import refuse_bad_baseline
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import current_language, localize
from conformance.cli.options import (
    CannotStart,
    allure_option,
    chosen_language,
    expression_option,
    merge_config_file,
    processes_option,
    quiet_option,
    settings_options,
    verbose_option,
)
from conformance.cli.pytest_invocation import allure_arguments, arguments, reduce_garbage_collection, run_pytest
from conformance.options import ALLUREDIR
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError
from conformance.text import Text

_LONGEST_WAIT: Final = 86_400


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        "work-conformance run",
        "QODER_PAT=… work-conformance run --base-url https://staging.example --strict --output out/",
        "work-conformance run --chapter retries --dry-run",
    ),
    context_settings={"max_content_width": 100},
    help=localize(
        "Judge a server, or the embedded emulator if --base-url is not given.\n\n"
        "The token comes from QODER_PAT. With the optional tokens (QODER_FORBIDDEN_PAT, QODER_FOREIGN_PAT,"
        " QODER_EXPIRED_PAT) the suite judges more requirements. You can also set the options in TOML, and those above -n"
        " as environment variables WORK_CONFORMANCE_<OPTION>. A repeatable option takes one value per line there.",
        "评测一个服务器；未给出 --base-url 时，评测内置模拟器。\n\n"
        "token 取自 QODER_PAT。可选的 token（QODER_FORBIDDEN_PAT、QODER_FOREIGN_PAT、QODER_EXPIRED_PAT）可以让套件判定更多要求。"
        "选项也可以写在 TOML 中。除列表末尾的几项外，还可以用环境变量 WORK_CONFORMANCE_<选项> 设置；可重复的选项每行一个值。",
    ),
)
@settings_options()
@processes_option
@expression_option
@allure_option(ALLUREDIR)
@click.option(
    "--start",
    default=None,
    metavar="COMMAND",
    help=localize("Start this server first, and stop it afterwards.", "先启动该服务器，评测结束后停止。"),
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    metavar="SECONDS",
    help=localize(
        "How many seconds the server may take to start (default 30).",
        "等待该服务器首次返回 API 响应的秒数（默认 30）。",
    ),
)
@verbose_option(
    Text(
        "Also print requests, responses and every list in full, and each chapter when it is finished; with --dry-run"
        " the whole plan.",
        "同时完整输出请求、响应和各个列表，并在每个章节完成时输出一行；与 --dry-run 同用时输出完整的计划。",
    )
)
@quiet_option
@click.option(
    "--dry-run",
    is_flag=True,
    help=localize(
        "Print the plan by chapter (-v: in full), its number of writes and its duration. Opens no connection.",
        "只显示计划概要（加 -v 为完整计划）和开销，不建立任何连接。",
    ),
)
@click.pass_context
@reduce_garbage_collection()
def command(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Judge a server."""
    values = merge_config_file(ctx, config)
    settings = check(values)
    refuse_bad_baseline(settings.baseline, settings.output)
    end_where_nothing_failed(settings)
    import pytest

    from conformance.cli.console import ConsoleReporter
    from conformance.cli.dry_run import DryRun
    from conformance.cli.server_process import run_server

    lang = chosen_language(settings.lang)
    if values["dry_run"]:
        dry = DryRun(lang, settings, verbose=values["verbose"])
        raise SystemExit(dry.exit_code(run_pytest(arguments(values, lang, processes=0, extra=["--collect-only"]), dry)))
    extra = allure_arguments(values["alluredir"])
    narrator = ConsoleReporter(lang, verbose=values["verbose"], quiet=values["quiet"], profile=settings.profile)
    code = int(pytest.ExitCode.INTERRUPTED)
    with (
        contextlib.suppress(KeyboardInterrupt),  # before pytest takes over, or after it
        run_server(values["start"], settings, wait=values["wait"]),
    ):
        code = run_pytest(arguments(values, lang, processes=values["processes"], extra=extra), narrator)
    raise SystemExit(narrator.exit_code(code))


def end_where_nothing_failed(settings: Settings) -> None:
    """Exit with 0 and a message if the earlier run has no failures to judge again."""
    from conformance.plugin.last_failed import is_fully_passed

    try:
        nothing = settings.failed_from is not None and is_fully_passed(settings.failed_from)
    except ConfigurationError:
        return  # the selection reports this together with other errors
    if nothing:
        place = settings.failed_from
        click.echo(
            localize(
                f"No failures in {place}; nothing to judge again.",
                f"{place} 中没有失败，无需重新判定。",
            )
        )
        raise SystemExit(0)


def check(values: Mapping[str, Any]) -> Settings:
    """Return the validated settings.

    Raises:
        CannotStart: a setting is invalid; the message is one sentence.
    """
    from conformance.judging.plan import Selection, UnknownName

    if values.get("profile") == "worker" and "worker_start" not in values:
        raise CannotStart(
            localize(
                "Profile worker judges a worker, not a server; use work-conformance worker.",
                "profile worker 评测的是 worker 而不是服务器；请使用 work-conformance worker。",
            )
        )
    try:
        settings = from_values(values, os.environ)
        Selection(
            profile=settings.profile, chapters=settings.chapters, requirements=settings.requirements
        ).require_known_names()
    except (ConfigurationError, UnknownName) as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    if values.get("start") and settings.base_url is None:
        raise CannotStart(
            localize(
                "--start needs --base-url, the address of the started server.",
                "--start 需要 --base-url，即所启动服务器的地址。",
            )
        )
    if not 0 <= values.get("wait", 0) < _LONGEST_WAIT:
        raise CannotStart(
            localize(
                f"--wait must be a number of seconds from 0 to {_LONGEST_WAIT}.",
                f"--wait 必须是 0 到 {_LONGEST_WAIT} 之间的秒数。",
            )
        )
    return settings
