"""`work-conformance worker`: judge a worker by what it sends to a scripted server."""

from __future__ import annotations

from typing import Any, Final

import click

from conformance.cli.baseline_option import refuse_bad_baseline
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import localize
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
from conformance.cli.run_command import check, end_where_nothing_failed
from conformance.options import ALLUREDIR
from conformance.text import Text

_OPTIONS: Final = (
    *("worker-start", "worker-attach", "real-leases", "output", "concurrency", "lang", "chapter", "requirement"),
    *("failed-from", "baseline", "strict", "waivers", "max-duration", "challenge", "for", "seed"),
)


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        'work-conformance worker --start "python my_worker.py"',
        'work-conformance worker --start "node worker.js --url {base_url} --environment {environment_id}" -k lost-ack',
        "work-conformance worker --attach -k plain-job",
    ),
    context_settings={"max_content_width": 100},
    help=localize(
        "Judge a worker by what it sends.\n\n"
        "Each scenario starts the worker's command anew against a scripted server of its own on this machine. The worker"
        " reads WORK_CONFORMANCE_BASE_URL, QODER_PAT, WORK_CONFORMANCE_ENVIRONMENT_ID and WORK_CONFORMANCE_JOB_SECONDS"
        " from its environment. A job is over after that many seconds.",
        "根据 worker 发送的请求评测 worker。\n\n"
        "每个场景都在本机的专用脚本服务器上重新启动 worker 的命令。worker 从环境变量 WORK_CONFORMANCE_BASE_URL、QODER_PAT、"
        "WORK_CONFORMANCE_ENVIRONMENT_ID 和 WORK_CONFORMANCE_JOB_SECONDS 读取参数。任务在该秒数后结束。",
    ),
)
@settings_options(_OPTIONS)
@processes_option
@expression_option
@allure_option(ALLUREDIR)
@verbose_option(
    Text(
        "Also print requests, responses and every list in full, and each chapter when it is finished.",
        "同时完整输出请求、响应和各个列表，并在每个章节完成时输出一行。",
    )
)
@quiet_option
@click.pass_context
@reduce_garbage_collection()
def command(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Judge a worker."""
    values = {**merge_config_file(ctx, config), "profile": "worker"}
    if values["worker_attach"] and values["processes"]:
        raise CannotStart(
            localize("--attach runs in a single process. Remove -n.", "--attach 只在单个进程中运行。请去掉 -n。")
        )
    settings = check(values)
    refuse_bad_baseline(settings.baseline, settings.output)
    end_where_nothing_failed(settings)
    from conformance.cli.console import ConsoleReporter

    lang = chosen_language(settings.lang)
    extra = allure_arguments(values["alluredir"])
    quiet = values["quiet"] or values["worker_attach"]
    reporter = ConsoleReporter(lang, verbose=values["verbose"], quiet=quiet, profile=settings.profile)
    code = run_pytest(arguments(values, lang, processes=values["processes"], extra=extra), reporter)
    raise SystemExit(reporter.exit_code(code))
