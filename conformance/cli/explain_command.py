"""`work-conformance explain`: explain a name of the suite. Opens no connection."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from conformance.cli import formats
from conformance.cli.command_classes import NoEmptyValuesCommand
from conformance.cli.completion import explainable, one_of
from conformance.cli.language import localize
from conformance.cli.options import CannotStart, chosen_language, form_option, lang_option
from conformance.suggest import several_nearest
from conformance.text import Lang

if TYPE_CHECKING:
    from conformance.cli.explanations import Explanation

_COLUMNS: Final = 110


@click.command(
    cls=NoEmptyValuesCommand,
    examples=(
        "work-conformance explain ack.terminal.stopping",
        "work-conformance explain races --lang zh --format md",
    ),
    help=localize(
        "Explain a requirement: text, level, basis, sources, scenarios, the emulator defects that violate it, and common"
        " mistakes with fixes. NAME may also be a scenario, a chapter, an ambiguity of the docs, a defect, a variant or a"
        " shape.",
        "说明一条要求：内容、级别、依据、出处、场景、模拟器中违反它的缺陷，以及常见错误和修复建议。"
        "NAME 也可以是场景、章节、文档的歧义，或模拟器的缺陷、变体和偏离形态。",
    ),
)
@click.argument("name", shell_complete=one_of(explainable))
@lang_option
@form_option("text", "md", "json")
def command(name: str, lang: str | None, form: str) -> None:
    """Explain a name."""
    from conformance.cli.explanations import explainable_names, explanations

    found = explanations(name)
    if not found:
        raise CannotStart(_unknown(name, explainable_names()))
    formats.print_output(
        form,
        chosen_language(lang),
        data=lambda: [each.to_json() for each in found],
        markdown=partial(_one_below_the_other, found, _markdown),
        text=partial(_one_below_the_other, found, _text),
    )


def _one_below_the_other(
    found: list[Explanation], lines: Callable[[Explanation, Lang], Iterator[str]], lang: Lang
) -> Iterator[str]:
    for number, each in enumerate(found):
        if number:
            yield ""
        yield from lines(each, lang)


def _unknown(name: str, known: list[str]) -> str:
    """Return a message with the nearest names: similar spellings, or else names that contain the word."""
    near = several_nearest(name, known, most=3, alike=0.6) or [each for each in known if name and name in each][:3]
    if not near:
        return localize(
            f"Unknown name {name!r}; see `work-conformance list` for all requirements and scenarios.",
            f"未知的名称 {name!r}；全部要求和场景参见 `work-conformance list`。",
        )
    several = localize(", ", "、").join(map(repr, near))
    return localize(f"Unknown name {name!r}; did you mean {several}?", f"未知的名称 {name!r}；是否应为 {several}？")


def _text(what: Explanation, lang: Lang) -> Iterator[str]:
    yield _title(what, lang)
    yield from textwrap.wrap(what.text.in_(lang), _COLUMNS, initial_indent="  ", subsequent_indent="  ")
    for part in what.parts:
        if part.entries:
            yield ""
            yield part.heading.in_(lang)
            for entry in part.entries:
                yield from textwrap.wrap(
                    entry.in_(lang),
                    _COLUMNS,
                    initial_indent="  - ",
                    subsequent_indent="    ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )


def _markdown(what: Explanation, lang: Lang) -> Iterator[str]:
    yield f"# {_title(what, lang)}"
    yield ""
    yield what.text.in_(lang)
    for part in what.parts:
        if part.entries:
            yield ""
            yield f"## {part.heading.in_(lang)}"
            yield ""
            yield from (f"- {entry.in_(lang)}" for entry in part.entries)


def _title(what: Explanation, lang: Lang) -> str:
    """Return the name and the kind of thing it names."""
    return f"{what.name} ({what.noun.en})" if lang == "en" else f"{what.name}（{what.noun.zh}）"
