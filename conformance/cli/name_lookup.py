"""Things that are asked for by name: an unknown name says which one is nearest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.suggest import nearest
from conformance.text import Text

T = TypeVar("T")


def lookup_by_name(known: Mapping[str, T], name: str, kind: Text, see: str) -> T:
    """What has that name. `kind` is the noun, `see` the command that lists all of them.

    Raises:
        CannotStart: nothing has it.
    """
    if name in known:
        return known[name]
    noun = kind.in_(current_language())
    near = nearest(name, known)
    if near is not None:
        raise CannotStart(
            localize(
                f"There is no {noun} {name!r}; did you mean {near!r}?",
                f"没有名为 {name!r} 的{noun}；是否应为 {near!r}？",
            )
        )
    raise CannotStart(
        localize(
            f"There is no {noun} {name!r}; see `{see}` for every one.",
            f"没有名为 {name!r} 的{noun}；全部列表参见 `{see}`。",
        )
    )
