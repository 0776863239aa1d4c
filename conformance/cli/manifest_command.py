"""`work-conformance manifest`: write, check and explain the file of prepared work items."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from conformance.arrange.cleanup import UnremovedResource, remove_resources
from conformance.arrange.item_assignment import ItemAssignment, assign_items
from conformance.arrange.item_spec import ItemSpec
from conformance.arrange.journal import Journal, new_run_id
from conformance.arrange.manifest import InvalidManifest, Manifest, read_manifest, schema_text
from conformance.arrange.manifest_writer import Shortfall, make_manifest
from conformance.arrange.preflight import PreflightError as Unreachable
from conformance.arrange.preflight import require_authorized
from conformance.arrange.responses import CannotArrange, NoUsableResponse, PreconditionNotMet
from conformance.chapters.registry import scenarios
from conformance.cli.command_classes import SuggestingGroup
from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart, lang_option_without_parameter, merge_config_file, settings_options
from conformance.cli.profile_option import profile_option
from conformance.client.api import Api
from conformance.client.availability import TargetUnreachable
from conformance.client.client_session import run_with_client
from conformance.contract.operations import Profile
from conformance.options import CONNECTION_PARTS, option_names
from conformance.reporting.escaping import escape_line
from conformance.settings import Settings, from_values
from conformance.target import DEFAULT_API_PREFIX, ConfigurationError
from conformance.text import Text

_TOO_SHORT: Final = 3
_EXPECTED: Final = (
    Unreachable,
    CannotArrange,
    PreconditionNotMet,
    NoUsableResponse,
    TargetUnreachable,
    ConfigurationError,
    OSError,
)

_HURRIED: Final = 8.0
"""Seconds allowed for deleting everything after an interruption."""

T = TypeVar("T")


@click.group(
    cls=SuggestingGroup,
    context_settings={"max_content_width": 100},
    examples=(
        "work-conformance manifest needs",
        "work-conformance manifest check items.json",
    ),
    help=localize(
        "Prepare work items for `run --arrange manifest --manifest FILE`, or check a manifest of prepared items.",
        "为 `run --arrange manifest --manifest FILE` 准备 work item，或检查已有的清单文件。",
    ),
)
@lang_option_without_parameter
def command() -> None:
    """Prepared work items."""


@command.command(
    examples=("work-conformance manifest schema",),
    help=localize("Print the JSON Schema of a manifest.", "输出清单的 JSON Schema。"),
)
def schema() -> None:
    """Print the schema."""
    click.echo(schema_text(), nl=False)


@command.command(
    examples=("work-conformance manifest check items.json",),
    help=localize(
        "Check that a file is a manifest and has an item for every scenario.\n\n"
        "Scenarios that need an optional token also need their items."
        " Exit codes: 0 every scenario has its item, 2 not a manifest, 3 items are missing.",
        "检查文件是否为清单，以及其中是否备有每个场景所需的 item。\n\n"
        "需要可选 token 的场景也计算在内。退出码：0 每个场景都有 item，2 文件不是清单，3 item 数量不足。",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@profile_option
@lang_option_without_parameter
def check(file: Path, profile: Profile) -> None:
    """Check a manifest."""
    try:
        manifest = read_manifest(file)
    except InvalidManifest as error:
        raise CannotStart(f"{file}: {error.reason.in_(current_language())}") from None
    item_assignment = assign_items(_item_specs(profile), manifest.items)
    for line in _coverage(manifest, item_assignment):
        click.echo(line.in_(current_language()))
    if _lacks(manifest, item_assignment):
        raise SystemExit(_TOO_SHORT)


@command.command(
    examples=("work-conformance manifest needs",),
    help=localize(
        "Print the items and environments that the manifest of a full run needs.",
        "输出一次完整运行所需的各类 item 的数量和两个环境，供编写清单时参考。",
    ),
)
@profile_option
@lang_option_without_parameter
def needs(profile: Profile) -> None:
    """Print what a manifest must list."""
    item_assignment = assign_items(_item_specs(profile), ())
    for line in _needed(item_assignment):
        click.echo(line.in_(current_language()))


def _item_specs(profile: Profile) -> Iterator[tuple[str, ItemSpec]]:
    """Yield the item that each scenario of a profile needs; some need only an environment."""
    for name, scenario in scenarios(profile).items():
        if scenario.item_spec.items:
            yield name, scenario.item_spec


def _needed(item_assignment: ItemAssignment) -> Iterator[Text]:
    for kind, supply in item_assignment.supplies.items():
        yield Text("{n} × {kind}", "{n} × {kind}").format(n=supply.needed, kind=kind.words)
    yield Text(
        "`cloud_environment_id`: an environment that is not self-hosted",
        "`cloud_environment_id`：一个非 self-hosted 的环境",
    )
    yield Text(
        "`second_environment_id`: a self-hosted environment without any delivered item of the manifest",
        "`second_environment_id`：一个 self-hosted 的环境，不含清单中任何已投递的 item",
    )
    yield Text(
        "Prepare a few more of each kind: a scenario restarts if a response is lost, and races repeat on spare items.",
        "各类请多准备几个：响应丢失时场景会重新开始，并发场景会用剩余的 item 重复。",
    )


@command.command(
    examples=("QODER_PAT=… work-conformance manifest make --base-url https://staging.example --out items.json",),
    help=localize(
        "Create the items of a full run through the public API, and write a manifest.\n\n"
        "Active items keep their state for about ten minutes, the longest documented lease. If the API"
        " refuses an item, the output names it, and the manifest has the others.\n\n"
        "Exit codes: 0 all items were created, 2 none could be, 3 some could not.",
        "通过公开 API 创建各场景所需的每个 item，使其进入所需的状态，并写出清单。\n\n"
        "active 的 item 只能保持约十分钟，即文档允许的最长租约。命令列出无法创建的 item，并照常写入其余 item。\n\n"
        "退出码：0 全部已创建，2 一个也无法创建，3 部分无法创建。",
    ),
)
@settings_options([*option_names(*CONNECTION_PARTS), "lang", "concurrency", "profile"])
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("manifest.json"),
    show_default=True,
    metavar="FILE",
    help=localize("Path of the manifest.", "清单的路径。"),
)
@click.option(
    "--spare",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    metavar="N",
    help=localize(
        "Spare items of each kind, for scenarios that restart.",
        "每类备用 item 的数量，供重新开始的场景使用。",
    ),
)
@click.pass_context
def make(ctx: click.Context, /, config: str | None, **_: Any) -> None:
    """Write a manifest."""
    values = merge_config_file(ctx, config)
    settings = _settings(values)
    out = values["out"]
    _see_that_it_is_free(out)
    run_id = new_run_id()
    journal = Journal(out.with_name(f"{out.stem}.{run_id}.journal.jsonl"))
    item_specs = [item_spec for _, item_spec in _item_specs(settings.profile)]

    async def conversation(api: Api) -> tuple[Manifest | None, list[Shortfall]]:
        require_authorized(await api.list_objects("preflight", "environments"), api.client)
        at_once = settings.limits.concurrency
        return await make_manifest(api, journal, run_id, item_specs, spare=values["spare"], at_once=at_once)

    try:
        found, lacks = _talk(settings, conversation)
        manifest = _made_of(found, lacks)
        _write(out, manifest)
    except _EXPECTED as error:
        _take_back(settings, journal, run_id, within=None)
        raise CannotStart(_why(error, settings.target().host).in_(current_language())) from None
    except BaseException:
        _take_back(settings, journal, run_id, within=_HURRIED)
        raise
    for line in (*_lacking(lacks), *_made(out, manifest, settings, journal, run_id)):
        click.echo(line.in_(current_language()))
    if lacks:
        raise SystemExit(_TOO_SHORT)


def _made_of(manifest: Manifest | None, lacks: Sequence[Shortfall]) -> Manifest:
    """Return the manifest if any item could be created.

    Raises:
        CannotArrange: no item could be created; the message has the target's last response.
    """
    if manifest is None:
        raise CannotArrange(lacks[-1].why, "arrange")
    return manifest


def _lacking(lacks: Iterable[Shortfall]) -> Iterator[Text]:
    """Yield the kinds of items that could not be created, each with the target's response."""
    for lack in lacks:
        words = Text("not created: {n} × {kind}: {why}", "未能创建：{n} 个 {kind}：{why}")
        yield words.format(n=lack.n, kind=lack.what, why=lack.why)


def _why(error: BaseException, host: str) -> Text:
    if isinstance(error, Unreachable | ConfigurationError):
        return error.reason
    if isinstance(error, CannotArrange | PreconditionNotMet):
        words = Text("No manifest could be created at {host}: {why}", "无法在 {host} 上生成清单：{why}")
        return words.format(host=host, why=error.reason)
    if isinstance(error, NoUsableResponse | TargetUnreachable):
        words = Text("No manifest could be created: {host} stopped responding.", "无法生成清单：{host} 不再响应。")
        return words.format(host=host)
    return Text("The manifest cannot be written: {why}", "无法写入清单：{why}").format(why=error)


def _take_back(settings: Settings, journal: Journal, run_id: str, *, within: float | None) -> None:
    """Delete the objects of a manifest that could not be written, and print how to delete the rest."""
    made = journal.read()
    try:
        leftovers = _talk(settings, lambda api: remove_resources(api, made, within=within)) if made else []
    except ConfigurationError:
        return
    except KeyboardInterrupt:
        leftovers = [UnremovedResource(m.collection, m.name, m.id, localize("interrupted", "已中断")) for m in made]
    for leftover in leftovers:
        what = f"{leftover.collection} {escape_line(leftover.name)}: {escape_line(leftover.reason)}"
        click.echo(localize(f"left on the target: {what}", f"目标上有遗留对象：{what}"), err=True)
    if leftovers:
        clean = _clean(settings, run_id)
        click.echo(localize(f"Delete it: {clean}", f"请删除：{clean}"), err=True)
    else:
        journal.path.unlink(missing_ok=True)


def _clean(settings: Settings, run_id: str) -> str:
    """Return the command that deletes the created objects."""
    target = settings.target()
    clean = ["work-conformance", "clean", "--base-url", target.base_url, "--run-id", run_id]
    clean += ["--api-prefix", target.api_prefix] if target.api_prefix != DEFAULT_API_PREFIX else []
    clean += [word for name, value in target.headers for word in ("--header", f"{name}={value}")]
    return shlex.join(clean)


def _settings(values: Mapping[str, Any]) -> Settings:
    try:
        settings = from_values(values, os.environ)
        settings.target()
    except ConfigurationError as error:
        raise CannotStart(error.reason.in_(current_language())) from None
    return settings


def _talk(settings: Settings, conversation: Callable[[Api], Awaitable[T]]) -> T:
    assert settings.credentials is not None
    return run_with_client(settings.target(), settings.credentials, settings.limits, conversation)


def _see_that_it_is_free(out: Path) -> None:
    """Refuse to overwrite a file that is not a manifest."""
    if not out.parent.is_dir():
        folder = out.parent
        raise CannotStart(
            localize(f"--out {out}: the folder {folder} does not exist.", f"--out {out}：目录 {folder} 不存在。")
        )
    if out.exists():
        try:
            read_manifest(out)
        except InvalidManifest:
            raise CannotStart(
                localize(
                    f"--out {out}: the file exists and is not a manifest.", f"--out {out}：该文件已存在且不是清单。"
                )
            ) from None


def _write(out: Path, manifest: Manifest) -> None:
    part = out.with_name(f".{out.name}.{os.getpid()}")
    part.write_text(json.dumps(manifest.to_json(), indent=1) + "\n", "utf-8")
    part.replace(out)


def _made(out: Path, manifest: Manifest, settings: Settings, journal: Journal, run_id: str) -> Iterator[Text]:
    yield Text(
        "{out}: {n} items; active ones keep their state for about ten minutes. The created objects are listed in {journal}.",
        "{out}：{n} 个 item；其中 active 的 item 只能保持约十分钟。所创建的对象列于 {journal}。",
    ).format(out=out, n=len(manifest.items), journal=journal.path)
    yield Text("Delete them after use: {clean}", "使用后请删除：{clean}").format(clean=_clean(settings, run_id))


def _coverage(manifest: Manifest, item_assignment: ItemAssignment) -> Iterator[Text]:
    for kind, supply in item_assignment.supplies.items():
        mark = Text("TOO FEW", "不足") if supply.there < supply.needed else Text("ok", "足够")
        yield Text(
            "{mark}: {kind}: {needed} needed, {there} available", "{mark}：{kind}，需要 {needed} 个，现有 {there} 个"
        ).format(mark=mark, kind=kind.words, needed=supply.needed, there=supply.there)
    for name in ("cloud_environment_id", "second_environment_id"):
        given = getattr(manifest, name) is not None
        yield Text("{mark}: {name}", "{mark}：{name}").format(
            mark=Text("ok", "足够") if given else Text("MISSING", "缺少"), name=name
        )


def _lacks(manifest: Manifest, item_assignment: ItemAssignment) -> bool:
    short = any(supply.there < supply.needed for supply in item_assignment.supplies.values())
    return short or None in {manifest.cloud_environment_id, manifest.second_environment_id}
