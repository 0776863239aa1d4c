"""`work-conformance list --defects`, `--variants` and `--shapes`: lists the servers and workers of a proof."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from conformance.cli import formats
from conformance.cli.workers_on_demand import worker_defects, worker_variants
from conformance.emulator.defects import DEFECTS, Defect
from conformance.emulator.shapes import SHAPES, Shape
from conformance.emulator.variants import VARIANTS, Variant
from conformance.text import Lang, Text

if TYPE_CHECKING:
    from conformance.workers.defects import WorkerDefect
    from conformance.workers.variants import WorkerVariant

What = Literal["defects", "variants", "shapes", "worker-defects", "worker-variants"]

_WARNS: Final = Text("warned", "警告")


class _Server(Protocol):
    """What a defect, a variant and a shape have in common: an id, and what the server does in both languages."""

    @property
    def id(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def zh(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """One list. `columns` are the names beside a server's sentence, by label; `data` are its further members in JSON."""

    load_servers: Callable[[], Mapping[str, _Server]]
    heading: Text
    total: Text
    columns: tuple[tuple[Text, Callable[[Any], Collection[str]]], ...]
    data: Callable[[Any], dict[str, Any]]

    def lines(self, lang: Lang) -> Iterator[str]:
        """Yield the list as text."""
        for server in self.load_servers().values():
            yield f"{server.id}: {_sentence(server, lang)}"
            for label, names in self.columns:
                if names(server):
                    yield f"  {label.in_(lang)}: {' '.join(sorted(names(server)))}"
        yield ""
        yield self.total.format(n=len(self.load_servers())).in_(lang)

    def markdown(self, lang: Lang) -> Iterator[str]:
        """Yield the list as a Markdown table."""
        yield f"| {self.heading.in_(lang)} |"
        yield "| --- | --- " + "| --- " * len(self.columns) + "|"
        for server in self.load_servers().values():
            cells = [", ".join(f"`{name}`" for name in sorted(names(server))) for _, names in self.columns]
            yield f"| `{server.id}` | {' | '.join([_sentence(server, lang), *cells])} |"

    def json(self) -> list[dict[str, Any]]:
        """Return the list as data."""
        return [
            {"id": server.id, "text": {"en": server.en, "zh": server.zh}, **self.data(server)}
            for server in self.load_servers().values()
        ]


def print_output(what: What, lang: Lang, form: str) -> None:
    """Print one of the lists as text, Markdown or JSON."""
    listing = _LISTINGS[what]
    formats.print_output(form, lang, data=listing.json, markdown=listing.markdown, text=listing.lines)


def _sentence(server: _Server, lang: Lang) -> str:
    return Text(server.en, server.zh).in_(lang)


def _of_defect(defect: Defect) -> dict[str, Any]:
    return {
        "fails": sorted(defect.fails),
        "warns": sorted(defect.warns),
        "skips": sorted(defect.skips),
        "may_fail": sorted(defect.may_fail),
        "moves_time": defect.moves_time,
    }


def _of_worker_defect(defect: WorkerDefect) -> dict[str, Any]:
    return {
        "fails": sorted(defect.fails),
        "warns": sorted(defect.warns),
        "skips": sorted(defect.skips),
        "may_fail": sorted(defect.may_fail),
    }


def _of_worker_variant(variant: WorkerVariant) -> dict[str, Any]:
    return {"warns": sorted(variant.warns), "skips": sorted(variant.skips)}


def _of_variant(variant: Variant) -> dict[str, Any]:
    return {"group": variant.group, "warns": sorted(variant.warns), "skips": sorted(variant.skips)}


def _of_shape(shape: Shape) -> dict[str, Any]:
    return {
        "unreachable": sorted(shape.unreachable),
        "least_share_judged": shape.judged,
        "states": dict(shape.states),
    }


_LISTINGS: Final[Mapping[What, _Listing]] = {
    "defects": _Listing(
        load_servers=lambda: DEFECTS,
        heading=Text(
            "Defect | What this server does wrong | Fails | Warned", "缺陷 | 该服务器的错误行为 | 失败 | 警告"
        ),
        total=Text("{n} defects", "{n} 个缺陷"),
        columns=(
            (Text("fails", "失败"), lambda defect: defect.fails),
            (_WARNS, lambda defect: defect.warns),
        ),
        data=_of_defect,
    ),
    "variants": _Listing(
        load_servers=lambda: VARIANTS,
        heading=Text(
            "Variant | What this server does | Group | Warned | Not exercised",
            "变体 | 该服务器的行为 | 组 | 警告 | 未执行",
        ),
        total=Text("{n} variants", "{n} 个变体"),
        columns=(
            (
                Text("only one of group", "与同组其他变体互斥"),
                lambda variant: () if variant.group is None else (variant.group,),
            ),
            (_WARNS, lambda variant: variant.warns),
            (Text("not exercised", "未执行"), lambda variant: variant.skips),
        ),
        data=_of_variant,
    ),
    "worker-defects": _Listing(
        load_servers=worker_defects,
        heading=Text(
            "Defect | What this worker does wrong | Fails | Warned", "缺陷 | 该 worker 的错误行为 | 失败 | 警告"
        ),
        total=Text("{n} defects", "{n} 个缺陷"),
        columns=(
            (Text("fails", "失败"), lambda defect: defect.fails),
            (_WARNS, lambda defect: defect.warns),
        ),
        data=_of_worker_defect,
    ),
    "worker-variants": _Listing(
        load_servers=worker_variants,
        heading=Text(
            "Variant | What this worker does | Warned | Not exercised", "变体 | 该 worker 的行为 | 警告 | 未执行"
        ),
        total=Text("{n} variants", "{n} 个变体"),
        columns=(
            (_WARNS, lambda variant: variant.warns),
            (Text("not exercised", "未执行"), lambda variant: variant.skips),
        ),
        data=_of_worker_variant,
    ),
    "shapes": _Listing(
        load_servers=lambda: SHAPES,
        heading=Text("Shape | What this server does | Cannot be judged", "偏离形态 | 该服务器的行为 | 无法判定"),
        total=Text("{n} shapes", "{n} 个偏离形态"),
        columns=((Text("cannot be judged", "无法判定"), lambda shape: shape.unreachable),),
        data=_of_shape,
    ),
}
