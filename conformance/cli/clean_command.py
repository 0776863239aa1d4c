"""`work-conformance clean`: delete objects that earlier runs left on a target."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from conformance.arrange.cleanup import UnremovedResource, find_resources, remove_resources, run_of
from conformance.arrange.journal import JournaledResource
from conformance.arrange.preflight import PreflightError as Unreachable
from conformance.arrange.preflight import require_authorized
from conformance.arrange.responses import CannotArrange, NoUsableResponse
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, merge_config_file, settings_options
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.client_session import run_with_client
from conformance.client.counters import RequestCounters
from conformance.options import CONNECTION_PARTS, option_names
from conformance.reporting.escaping import escape_line
from conformance.reporting.messages import throttled_requests_text
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@click.command(
    cls=NoEmptyValuesCommand,
    context_settings={"max_content_width": 100},
    examples=("QODER_PAT=… work-conformance clean --base-url https://staging.example --older-than 2h --dry-run",),
    help=localize(
        "List objects that earlier runs left on a target, recognised by name, and delete them.\n\n"
        "The command cannot tell these from the objects of a run in progress. If others use the account, select a run"
        " (--run-id) or an age (--older-than)."
        " Exit codes: 0 nothing is left, 1 something could not be deleted, 2 the target cannot be reached.",
        "列出先前的运行遗留在目标上的对象（按名称识别），并将其删除。\n\n"
        "命令会把正在进行的运行所创建的对象也识别为遗留对象。如果其他人也使用该账号，请用 --run-id 指定运行，或指定时间。"
        "退出码：0 没有遗留，1 有对象无法删除，2 无法连接目标。",
    ),
)
@settings_options([*option_names(*CONNECTION_PARTS), "lang", "concurrency"])
@click.option(
    "--run-id", default=None, metavar="ID", help=localize("Only objects of this run.", "只删除该次运行遗留的对象。")
)
@click.option(
    "--older-than",
    default=None,
    metavar="AGE",
    help=localize(
        "Only runs that started at least this long ago, for example 90m, 2h or 1d.",
        "只处理至少这么久以前开始的运行，例如 90m、2h 或 1d。",
    ),
)
@click.option("--dry-run", is_flag=True, help=localize("List the objects without deleting them.", "只列出，不删除。"))
@click.pass_context
def command(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Delete objects that earlier runs left."""
    values = merge_config_file(ctx, config)
    settings = _settings(values)
    request_counters = RequestCounters()
    try:
        leftovers = _clean(settings, values, request_counters)
    except (Unreachable, ConfigurationError) as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    except (NoUsableResponse, CannotArrange, TargetUnreachable) as error:
        host = settings.target().host
        raise CannotStart(
            localize(f"{host}: the objects cannot be listed ({error}).", f"{host}：无法列出其中的对象（{error}）。")
        ) from None
    for leftover in leftovers:
        what = f"{leftover.collection} {escape_line(leftover.name)}: {escape_line(leftover.reason)}"
        click.echo(localize(f"left on the target: {what}", f"目标上有遗留对象：{what}"), err=True)
    if request_counters.throttled:
        click.echo(throttled_requests_text(request_counters.throttled).in_(current_language()))
    if not leftovers and not values["dry_run"]:
        click.echo(localize("Nothing is left.", "已没有遗留。"))
    raise SystemExit(1 if leftovers else 0)


def _settings(values: Mapping[str, Any]) -> Settings:
    try:
        settings = from_values(values, os.environ)
        settings.target()
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    return settings


def _clean(settings: Settings, values: Mapping[str, Any], request_counters: RequestCounters) -> list[UnremovedResource]:
    assert settings.credentials is not None
    target = settings.target()
    before = _moment(values["older_than"])

    async def conversation(api: Api) -> list[UnremovedResource]:
        require_authorized(await api.list_objects("preflight", "environments"), api.client)
        found = [
            made
            for made in await find_resources(api, values["run_id"])
            if before is None or _begun_before(made, before)
        ]
        for made in found:
            click.echo(_line(made))
        if not found:
            click.echo(localize("No objects were found.", "没有找到任何遗留。"))
        if values["dry_run"] or not found:
            return []
        leftovers = await remove_resources(api, found)
        n = len(found) - len(leftovers)
        click.echo(localize(f"Deleted: {n} of {len(found)}.", f"已删除 {n} 个，共 {len(found)} 个。"))
        return leftovers

    return run_with_client(
        target, settings.credentials, settings.limits, conversation, request_counters=request_counters
    )


def _line(made: JournaledResource) -> str:
    """Return a line about an object, with the run that created it if the name does not show that."""
    run = run_of(made) or ""
    of_run = "" if run in made.name else localize(f" (run {run})", f"（运行 {run}）")
    return f"{made.collection} {escape_line(made.id or '')} {escape_line(made.name)}{of_run}"


def _moment(age: str | None) -> datetime | None:
    if age is None:
        return None
    match = re.fullmatch(r"(\d{1,6})([smhd])", age)
    if match is None:
        raise ConfigurationError(
            f"--older-than {age!r}: write a number and s, m, h or d, for example 2h.",
            f"--older-than {age!r}：请写数字加 s、m、h 或 d，例如 2h。",
        )
    try:
        return datetime.now(UTC) - timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})
    except OverflowError:
        raise ConfigurationError(
            f"--older-than {age!r}: the age is out of range.", f"--older-than {age!r}：时长超出范围。"
        ) from None


def _begun_before(made: JournaledResource, moment: datetime) -> bool:
    """Return whether the object's run started before `moment`; False if its name has no valid date."""
    run_id = run_of(made) or ""
    try:
        return datetime.strptime(run_id.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) < moment
    except ValueError:
        return False
