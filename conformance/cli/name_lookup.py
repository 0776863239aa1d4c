"""Looks things up by name; an unknown name raises an error that suggests the nearest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from conformance.cli.language import current_language, localize
from conformance.cli.options import CannotStart
from conformance.suggest import nearest
from conformance.text import Text

T = TypeVar("T")


def lookup_by_name(known: Mapping[str, T], name: str, kind: Text, see: str) -> T:
    """Return the thing with this name. `kind` is the noun, `see` the command that lists all of them.

    Raises:
        CannotStart: the name is unknown.
    """
    if name in known:
        return known[name]
    noun = kind.in_(current_language())
    near = nearest(name, known)
    if near is not None:
        raise CannotStart(
            localize(
                f"Unknown {noun} {name!r}; did you mean {near!r}?",
                f"未知的{noun} {name!r}；是否应为 {near!r}？",
            )
        )
    raise CannotStart(
        localize(
            f"Unknown {noun} {name!r}; see `{see}` for all of them.",
            f"未知的{noun} {name!r}；全部名称参见 `{see}`。",
        )
    )
