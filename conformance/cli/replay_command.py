"""`work-conformance replay`: judge a saved run again, offline."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.baseline_option import refuse_bad_baseline
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.completion import path_of
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, allure_option, chosen_language, lang_option, verbose_option
from conformance.cli.pytest_invocation import allure_arguments, arguments, reduce_garbage_collection, run_pytest
from conformance.text import Text


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=("work-conformance replay reports/latest",),
    help=localize(
        "Judge a saved run again: apply the same requirements to the transcripts in its folder, without network or"
        " credentials.\n\nThe version that judged the run gives the same verdicts; a newer one applies its own checks. Refuses"
        " files that were truncated, edited or mixed with another run's.",
        "重新判定一次已保存的运行：依据其目录中的传输记录（全部请求和响应）判定同样的要求，无需网络和凭证。\n\n"
        "结论与该次运行相同；命令也执行此后新增的检查。如果文件被截断、改动，或混入了其他运行的内容，则拒绝判定。",
    ),
)
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--output",
    metavar="DIR",
    shell_complete=path_of("dir"),
    help=localize(
        "Folder for the reports; default reports/<run>-replay.", "存放报告的目录；默认为 reports/<运行>-replay。"
    ),
)
@click.option(
    "--strict",
    is_flag=True,
    help=localize(
        "Requirements that were not exercised count as inconclusive.", "未执行的要求（例如缺少 token）按无法判定处理。"
    ),
)
@click.option(
    "--baseline",
    metavar="DIR",
    shell_complete=path_of("dir"),
    help=localize(
        "Folder of an earlier run: the reports mark the failures that are new since then.",
        "先前一次运行的目录：报告会标出此后新出现的失败。",
    ),
)
@allure_option()
@verbose_option(
    Text("Also print what was observed where the docs are unclear.", "同时列出观察结果，即目标在文档未规定之处的行为。")
)
@lang_option
@reduce_garbage_collection()
def command(
    run_dir: Path,
    output: str | None,
    baseline: str | None,
    alluredir: str | None,
    lang: str | None,
    *,
    strict: bool,
    verbose: bool,
) -> None:
    """Judge a saved run again."""
    from conformance.evidence import BrokenEvidence, read_evidence

    try:
        evidence = read_evidence(run_dir)
    except BrokenEvidence as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    refuse_bad_baseline(baseline, output)
    for line in evidence.unknown_checks:
        click.echo(
            localize(
                f"Skipped: this version does not judge {line.requirement} in {line.scenario}.",
                f"已跳过：当前版本不在 {line.scenario} 中判定 {line.requirement}。",
            ),
            err=True,
        )
    from conformance.cli.console import ConsoleReporter

    chosen = chosen_language(lang)
    values = {"output": output, "baseline": baseline, "strict": strict, "expression": ""}
    extra = [f"--target-replay={run_dir}", *allure_arguments(alluredir)]
    narrator = ConsoleReporter(chosen, verbose=verbose)
    raise SystemExit(narrator.exit_code(run_pytest(arguments(values, chosen, processes=0, extra=extra), narrator)))
