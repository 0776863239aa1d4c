"""`work-conformance schemas`: derive JSON Schemas from the docs, check them, show contradictions of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.command_classes import SuggestingGroup
from conformance.cli.language import localize
from conformance.cli.options import (
    CannotStart,
    chosen_language,
    form_option,
    lang_option,
    lang_option_without_parameter,
)
from conformance.contract.schema_files import schema_folder
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from conformance.derive.output import Derivation

_DOCS_HELP: Final = localize(
    "Folder with en/*.md and zh/*.md, or the root URL of the docs. For a missing page, the command uses"
    " the paraphrased spec of this project.",
    "含有 en/*.md 和 zh/*.md 的目录，或文档的根 URL。缺少的页面取自本项目的转述规范。",
)
_DIFFERENT: Final = Text(
    "The committed schemas differ from the pages: {n} differences.", "已提交的 schema 与页面不一致：{n} 处差异。"
)
_UNREGISTERED: Final = Text(
    "The schemas match, but the contradictions above are missing from the ambiguity register.",
    "schema 一致，但上述矛盾未登记在歧义登记表中。",
)
_AGREE: Final = Text("The committed schemas match the pages.", "已提交的 schema 与页面一致。")
_DIVERGE: Final = {
    "languages": Text("the languages differ", "两种语言不一致"),
    "pages": Text("pages differ", "页面之间不一致"),
    "example": Text("an example differs from its table", "示例与表格不一致"),
    "row": Text("a row contradicts itself", "某一行自相矛盾"),
}
_docs = click.option("--docs", metavar="DIR|URL", help=_DOCS_HELP)


@click.group(
    cls=SuggestingGroup,
    examples=(
        "work-conformance schemas check",
        "work-conformance schemas divergences",
    ),
    help=localize(
        "Derive the JSON Schemas from the documentation pages of each language, check them, and show contradictions."
        "\n\nWithout --docs, the pages are the paraphrased spec in schemas/docs.",
        "由每种语言的文档页面推导 JSON Schema 并加以检查，列出页面的矛盾之处。\n\n"
        "不带 --docs 时，使用 schemas/docs 中的转述规范。",
    ),
)
@lang_option_without_parameter
def command() -> None:
    """`work-conformance schemas`."""


@command.command(
    examples=("work-conformance schemas derive --out schemas/",),
    help=localize("Derive the schemas from the pages and write them.", "由页面推导 schema，并写入文件。"),
)
@_docs
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help=localize(
        "Output folder (default: the schemas folder of a source checkout).",
        "输出目录（默认为源码目录中的 schemas 目录）。",
    ),
)
@lang_option
def derive(docs: str | None, out: Path | None, lang: str | None) -> None:
    """Write the schemas."""
    chosen = chosen_language(lang)
    target = out or _checkout()
    derivation = _derived(docs, chosen)
    try:
        for name, text in derivation.files.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(text.encode())
        for old in _stale(target, derivation):
            old.unlink()
    except OSError as error:
        why = error.strerror
        raise CannotStart(
            localize(
                f"--out: {error.filename} cannot be written ({why}).", f"--out：无法写入 {error.filename}（{why}）。"
            )
        ) from None
    click.echo(
        localize(
            f"{len(derivation.files)} files written to {target}.",
            f"已向 {target} 写入 {len(derivation.files)} 个文件。",
        )
    )
    _say(_read_from(derivation, docs, chosen))
    _say(_coverage(derivation, chosen))


@command.command(
    examples=("work-conformance schemas check --docs https://docs.qoder.com",),
    short_help=localize("Compare the committed schemas with the pages.", "比较已提交的 schema 与页面。"),
    help=localize(
        "Compare the committed schemas with the pages and list each difference by page, row and line."
        " Exit codes: 0 equal, 1 different, 2 a page cannot be read.",
        "比较已提交的 schema 与页面，并列出每处差异及其页面、表格行和行号。退出码：0 一致，1 不一致，2 无法读取页面。",
    ),
)
@_docs
@click.option(
    "--schemas",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=localize(
        "Folder of the schemas to check (default: those of this installation).",
        "待检查的 schema 所在的目录（默认为当前安装的版本）。",
    ),
)
@click.option(
    "--prose",
    is_flag=True,
    help=localize(
        "Also list the prose that no keyword expresses, row by row.", "同时逐行列出 schema 关键字无法表达的叙述文字。"
    ),
)
@lang_option
@click.pass_context
def check(ctx: click.Context, docs: str | None, folder: Path | None, lang: str | None, *, prose: bool) -> None:
    """Compare the committed schemas with the pages."""
    from conformance.derive.check import differences
    from conformance.derive.errors import UnparsablePage

    chosen = chosen_language(lang)
    where = folder or schema_folder()
    derivation = _derived(docs, chosen, sheets=where)
    try:
        found = differences(where, derivation)
    except UnparsablePage as error:
        raise CannotStart(Text(error.en, error.zh).in_(chosen)) from None
    for difference in found:
        click.echo(Text(difference.en, difference.zh).in_(chosen))
    _say(_read_from(derivation, docs, chosen))
    _say(_coverage(derivation, chosen, prose=prose))
    new = [entry for entry in derivation.divergences if entry.id is None]
    for line in _divergences(new, chosen):
        click.echo(line)
    if found:
        click.echo(_DIFFERENT.format(n=len(found)).in_(chosen))
    else:
        click.echo((_UNREGISTERED if new else _AGREE).in_(chosen))
    ctx.exit(1 if found or new else 0)


@command.command(
    examples=("work-conformance schemas divergences",),
    short_help=localize("Show contradictions of the pages.", "列出页面之间的矛盾。"),
    help=localize(
        "Show contradictions between the two languages, two pages, or a table and its example, with page and line.",
        "列出两种语言之间、页面之间、表格与示例之间的矛盾，并给出页面和行号。",
    ),
)
@_docs
@form_option("text", "json")
@lang_option
def divergences(docs: str | None, form: str, lang: str | None) -> None:
    """Show contradictions of the pages."""
    chosen = chosen_language(lang)
    derivation = _derived(docs, chosen)
    if form == "json":
        click.echo(derivation.files["DIVERGENCES.json"], nl=False)
        return
    _say(_divergences(derivation.divergences, chosen))
    count = len(derivation.divergences)
    click.echo(Text(f"{count} contradictions.", f"共 {count} 处矛盾。").in_(chosen))


def _derived(docs: str | None, chosen: Lang, sheets: Path | None = None) -> Derivation:
    from conformance.derive.docs import read
    from conformance.derive.errors import UnparsablePage
    from conformance.derive.output import Derivation

    try:
        derivation = Derivation(read((sheets or schema_folder()) / "docs", docs))
        len(derivation.files)  # derive everything here, so that errors in a page are reported here
    except UnparsablePage as error:
        raise CannotStart(Text(error.en, error.zh).in_(chosen)) from None
    return derivation


def _checkout() -> Path:
    folder = Path("schemas")
    if not (folder / "docs").is_dir():
        raise CannotStart(
            localize(
                "There is no schemas/docs folder here; give the output folder with --out.",
                "当前目录下没有 schemas/docs；请用 --out 指定输出目录。",
            )
        )
    return folder


def _stale(target: Path, derivation: Derivation) -> Iterator[Path]:
    for lang in ("en", "zh"):
        for file in (target / lang).glob("*.schema.json"):
            if f"{lang}/{file.name}" not in derivation.files:
                yield file


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


def _read_from(derivation: Derivation, docs: str | None, chosen: Lang) -> Iterator[str]:
    if docs is not None:
        names = ", ".join(derivation.docs.paraphrased_pages)
        if names:
            yield Text(
                f"Not found there, taken from the paraphrased spec: {names}", f"其中没有以下页面，改用转述规范：{names}"
            ).in_(chosen)
        for pages in derivation.docs.pages.values():
            for page in pages.values():
                if page.unread:
                    unread = ", ".join(f"{heading} ({line})" for heading, line in page.unread)
                    yield Text(f"{page.name}: sections not read: {unread}", f"{page.name}：未读取的小节：{unread}").in_(
                        chosen
                    )


def _coverage(derivation: Derivation, chosen: Lang, *, prose: bool = False) -> Iterator[str]:
    from conformance.derive.coverage import coverage

    counted = coverage(derivation)
    yield Text(
        f"{counted.used} of {counted.rows} table rows became keywords. The others:",
        f"{counted.rows} 个表格行中，有 {counted.used} 行成为 schema 的关键字。其余各行：",
    ).in_(chosen)
    for entry in counted.unused:
        if entry.lang == chosen:
            reason = Text(entry.en, entry.zh).in_(chosen)
            rows = ", ".join(entry.rows)
            yield f"  {entry.page} § {entry.section}: {rows} ({reason})"
    yield Text(
        f"{len(counted.prose)} rows and paragraphs contain prose that no keyword expresses"
        + (":" if prose else " (--prose lists them)."),
        f"{len(counted.prose)} 行或段落含有关键字无法表达的叙述文字" + ("：" if prose else "（用 --prose 列出）。"),
    ).in_(chosen)
    if prose:
        yield from (f"  {at}  {text}" for at, text in counted.prose)


def _divergences(entries: list[Any], chosen: Lang) -> Iterator[str]:
    unknown = Text("not in the ambiguity register", "未登记").in_(chosen)
    nothing = Text("nothing", "无").in_(chosen)
    for entry in entries:
        about = f"`{entry.row}`, {entry.aspect}" if entry.row else entry.aspect
        yield f"{entry.id or unknown}: {_DIVERGE[entry.kind].in_(chosen)}: {about}"
        for side in entry.sides:
            value = nothing if side.value is None else json.dumps(side.value, ensure_ascii=False)
            yield f"  {side.place.at}  {side.place.page}#{side.place.section}: {value}"
