"""`work-conformance doctor`: find problems that would stop a run, each with a fix."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, chosen_language, form_option, merge_config_file, settings_options
from conformance.options import CONNECTION_PARTS, option_names
from conformance.text import Lang

if TYPE_CHECKING:
    from conformance.doctor.check_result import CheckResult

_FORMAT: Final = "work-conformance-doctor/1"
_IN_THE_WAY: Final = 2


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=("QODER_PAT=… work-conformance doctor --base-url https://staging.example",),
    help=localize(
        "Check everything that could stop a run: address, host name, connection, TLS, proxy, token, permissions, API prefix,"
        " rate limit, clock. Sends only GET requests, unless --write is given.\n\n"
        "Exit codes: 0 no problem stops a run, 2 a problem does; its line says how to fix it.",
        "检查可能妨碍运行的各个方面：地址、域名解析、连接、TLS、代理、token、权限、API 前缀、速率限制、时钟。"
        "除非给出 --write，否则只发送 GET 请求。\n\n"
        "退出码：0 可以开始运行，2 有妨碍运行的问题，输出给出修复建议。",
    ),
)
@settings_options([*option_names(*CONNECTION_PARTS, "arrangement"), "lang"])
@click.option(
    "--write",
    is_flag=True,
    help=localize(
        "Also create the objects that a run creates at its start, wait for an item, and delete them all.",
        "另外创建运行开始时所需的对象，等待 poll 投递一个 item，随后全部删除。",
    ),
)
@form_option("text", "json")
@click.pass_context
def command(ctx: click.Context, /, config: str | None, form: str, **_: Any) -> None:
    """Find problems that would stop a run."""
    values = merge_config_file(ctx, config)
    points, where = _examined(values)
    hindered = any(point.state == "bad" for point in points)
    if form == "json":
        document = {"format": _FORMAT, "base_url": where, "ok": not hindered, "points": [p.to_json() for p in points]}
        click.echo(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for line in _lines(points, chosen_language(values["lang"])):
            click.echo(line)
    raise SystemExit(_IN_THE_WAY if hindered else 0)


def _examined(values: Mapping[str, Any]) -> tuple[list[CheckResult], str]:
    """Return the check results and the address that was checked.

    Raises:
        CannotStart: the settings cannot be used.
    """
    from conformance.doctor.diagnose import run_checks
    from conformance.settings import from_values
    from conformance.target import ConfigurationError

    try:
        settings = from_values(values, os.environ)
        target = settings.target()
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    assert settings.credentials is not None, "a base URL was given"
    points = run_checks(
        target, settings.credentials, settings.limits, write=values["write"], arrange_config=settings.arrange_config
    )
    return points, target.base_url


def _lines(points: list[CheckResult], lang: Lang) -> Iterator[str]:
    from conformance.doctor.check_result import NAMES
    from conformance.reporting.table import width
    from conformance.text import Text

    names = [NAMES[point.id].in_(lang) for point in points]
    widest = max(map(width, names))
    for point, name in zip(points, names, strict=True):
        yield f"{_SIGNS[point.state]} {name}{' ' * (widest - width(name))}  {point.text.in_(lang)}"
        if point.fix is not None:
            yield f"  {' ' * widest}  → {point.fix.in_(lang)}"
    bad = sum(point.state == "bad" for point in points)
    doubtful = sum(point.state == "unknown" and point.fix is not None for point in points)
    yield ""
    if bad:
        yield Text("Problems that stop a run: {n}", "妨碍运行的问题：{n} 项").format(n=bad).in_(lang)
    elif doubtful:
        words = Text("No problem stops a run. Warnings: {n}.", "没有妨碍运行的问题。另有 {n} 项请查看。")
        yield words.format(n=doubtful).in_(lang)
    else:
        yield Text("No problem stops a run.", "没有妨碍运行的问题。").in_(lang)


_SIGNS: Final[dict[str, str]] = {"good": "✓", "bad": "✗", "unknown": "–"}
