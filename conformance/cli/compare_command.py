"""`work-conformance compare`: compare two runs or two servers."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli import formats
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.comparison_file import check_page_file, write_page
from conformance.cli.completion import path_of
from conformance.cli.language import current_language, localize
from conformance.cli.options import (
    CannotStart,
    chosen_language,
    form_option,
    merge_config_file,
    processes_option,
    settings_options,
)
from conformance.cli.pytest_invocation import arguments, run_pytest, temporary_environment
from conformance.cli.run_command import check
from conformance.options import OPTIONS

if TYPE_CHECKING:
    from conformance.comparison.compare import Comparison
    from conformance.evidence import Evidence
    from conformance.text import Lang

EXIT_SAME: Final = 0
EXIT_DIFFERENT: Final = 1

_NOT_HERE: Final = frozenset({"base-url", "arrange-url", "failed-from", "baseline", "strict", "waivers"})
"""Options of run that compare does not take: they name one target, exist per server, or only set the exit code."""

_PAT_B: Final = "QODER_PAT_B"
_COMPANIONS: Final = ("forbidden", "foreign", "expired")

_NO_ANNOTATIONS: Final = {"GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": ""}
"""Set for both runs: a server's failure is not a failure of the comparison, so GitHub must not annotate it."""


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=(
        "work-conformance compare out/monday out/tuesday --html out/compare.html",
        "QODER_PAT=… work-conformance compare --base-url-a https://staging.example --base-url-b https://www.example --output out/",
    ),
    help=localize(
        "Compare two runs, given as folders, or judge two servers and compare their runs.\n\n"
        "Compares the verdict of every requirement, the observations where the docs are unclear, and the structure of the"
        " responses by operation and status. The structure is the fields and their types, the header names, the media"
        " type, and the format of ids and times. Ignores values, dates, lengths and anything that a connection or proxy adds.\n\n"
        "\b\nExit codes: 0 same, 1 different, 2 cannot be compared.\n\n"
        "For two servers, the options of run apply. They are judged one after the other into DIR/a and DIR/b. B's token"
        " comes from QODER_PAT_B, the optional ones from QODER_FORBIDDEN_PAT_B and so on. If QODER_PAT_B is not set, B"
        " uses the tokens of A.",
        "比较两次运行（给出其目录），或两个服务器（先评测再比较）。\n\n"
        "比较的内容：每条要求的结论、目标在文档未规定之处的行为，以及各操作、各状态码的响应形态，"
        "即字段及其类型、响应头的名称、媒体类型，以及 id 和时间的形式。具体的值、日期、长度以及连接或代理附加的内容不参与比较。\n\n"
        "\b\n退出码：0 一致，1 不一致，2 无法比较。\n\n"
        "比较两个服务器时可使用 run 的选项，二者依次评测，结果写入 DIR/a 和 DIR/b。B 的 token 取自 QODER_PAT_B"
        "（其余 token 取自 QODER_FORBIDDEN_PAT_B 等）；未设置时，B 使用 A 的 token。",
    ),
)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path), metavar="[RUN_A RUN_B]")
@click.option("--base-url-a", metavar="URL", help=localize("The first server.", "第一个服务器。"))
@click.option("--base-url-b", metavar="URL", help=localize("The second server.", "第二个服务器。"))
@click.option(
    "--arrange-url-a",
    metavar="URL",
    help=localize(
        "The --arrange-url option of run, for the first server.", "第一个服务器的 --arrange-url，含义同 run 的选项。"
    ),
)
@click.option(
    "--arrange-url-b",
    metavar="URL",
    help=localize(
        "The --arrange-url option of run, for the second server.", "第二个服务器的 --arrange-url，含义同 run 的选项。"
    ),
)
@click.option(
    "--pat-env-b",
    metavar="NAME",
    help=localize(
        "Environment variable with the token of the second server (default QODER_PAT_B).",
        "存放第二个服务器 token 的环境变量（默认 QODER_PAT_B）。",
    ),
)
@form_option("text", "md", "json")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    shell_complete=path_of("file"),
    help=localize("Also write the comparison as one HTML page.", "同时将比较结果写成一个 HTML 页面。"),
)
@settings_options([option.name for option in OPTIONS if option.name not in _NOT_HERE])
@processes_option
@click.pass_context
def command(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Compare two runs."""
    values = merge_config_file(ctx, config)
    lang = chosen_language(values["lang"])
    urls = values["base_url_a"], values["base_url_b"]
    folders: tuple[Path, ...] = values["runs"]
    page: Path | None = values["html"]
    two_servers = not folders and None not in urls
    if not two_servers and (len(folders) != 2 or urls != (None, None)):
        raise click.UsageError(
            localize(
                "Give two run folders, or two servers with --base-url-a and --base-url-b.",
                "请给出两个运行目录，或用 --base-url-a 和 --base-url-b 给出两个服务器。",
            ),
            ctx,
        )
    if page is not None:
        check_page_file(page, folders)
    a, b = _judge_both(values, lang) if two_servers else folders
    comparison, evidence = _compared(a, b)
    _print_comparison(comparison, values["form"], lang)
    if page is not None:
        write_page(comparison, evidence, (a, b), page, lang)
    raise SystemExit(EXIT_SAME if comparison.same else EXIT_DIFFERENT)


def _compared(a: Path, b: Path) -> tuple[Comparison, tuple[Evidence, Evidence]]:
    from conformance.comparison.compare import NotComparable, compare
    from conformance.evidence import BrokenEvidence, read_evidence

    try:
        evidence = read_evidence(a), read_evidence(b)
        return compare(*evidence), evidence
    except (BrokenEvidence, NotComparable) as error:
        raise CannotStart(error.reason.in_(current_language())) from None


def _print_comparison(comparison: Comparison, form: str, lang: Lang) -> None:
    from conformance.reporting.comparison_json import comparison_json
    from conformance.reporting.comparison_text import markdown, terminal

    formats.print_output(
        form,
        lang,
        data=lambda: comparison_json(comparison),
        markdown=partial(markdown, comparison),
        text=partial(terminal, comparison),
    )


# --- two servers


def _judge_both(values: Mapping[str, Any], lang: Lang) -> tuple[Path, Path]:
    """Judge both servers as `run` does and return the folders of the runs; their output goes to standard error.

    Raises:
        CannotStart: a server cannot be judged, or the user interrupted a run.
    """
    output = Path(values["output"] or f"reports/compare-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    first, second = (
        {
            **values,
            "base_url": values[f"base_url_{name}"],
            "arrange_url": values[f"arrange_url_{name}"],
            "output": str(output / name),
            "expression": "",
        }
        for name in "ab"
    )
    variables_of_b = _take_own_tokens(second)
    sides: list[tuple[dict[str, Any], dict[str, str | None]]] = [(first, {}), (second, variables_of_b)]
    for side, variables in sides:
        with temporary_environment(**variables):
            check(side)
    for name, (side, variables) in zip("AB", sides, strict=True):
        with temporary_environment(**variables, **_NO_ANNOTATIONS), contextlib.redirect_stdout(sys.stderr):
            _judge(name, side, lang)
    return output / "a", output / "b"


def _take_own_tokens(values: dict[str, Any]) -> dict[str, str | None]:
    """Set the second server's own token in `values` and return its environment variables.

    If the second server has its own token, the first server's tokens are not sent to it.
    """
    if values["pat_env_b"] is None and not os.environ.get(_PAT_B):
        return {}
    values["pat_env"] = values["pat_env_b"] or _PAT_B
    variables: dict[str, str | None] = {}
    for kind in _COMPANIONS:
        values[f"{kind}_pat_env"] = None
        name = f"QODER_{kind.upper()}_PAT"
        variables[name] = os.environ.get(f"{name}_B")
    return variables


def _judge(name: str, values: Mapping[str, Any], lang: Lang) -> None:
    import pytest

    from conformance.cli.console import ConsoleReporter
    from conformance.judging.exit_code import EXIT_CANNOT_START

    click.echo(f"{name}: {values['base_url']}")
    narrator = ConsoleReporter(lang, verbose=False)
    code = int(pytest.ExitCode.INTERRUPTED)
    with contextlib.suppress(KeyboardInterrupt):  # before pytest takes over, or after it
        code = run_pytest(arguments(values, lang, processes=values["processes"], extra=[]), narrator)
    outcome = narrator.exit_code(code)
    if outcome == EXIT_CANNOT_START:
        raise CannotStart(
            localize(f"{name} could not be judged; nothing was compared.", f"无法判定 {name}，未进行比较。")
        )
    if code == pytest.ExitCode.INTERRUPTED:
        raise CannotStart(localize("Interrupted; nothing was compared.", "已中断，未进行比较。"))
