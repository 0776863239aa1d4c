"""The options that a command needs to reach the same server in the same way again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.options.option import Option
from conformance.options.table import OPTIONS
from conformance.options.variables import is_blank

_PARTS: Final = frozenset({"connection", "token", "arrangement", "worker"})
_LEFT_OUT: Final = frozenset({"base-url", "timeout", "outage", "max-rate"})
"""Named elsewhere, or without influence on what is sent."""
_USER: Final = re.compile(r"(?<=//)[^/@]*@")
_DEFAULTS: Final = {"arrange": "api"}


def rerun_options(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the options that change what is sent, as words of a command line; a password in a URL is masked."""
    return tuple(word for option in OPTIONS for word in _words(option, values.get(option.key)))


def _words(option: Option, value: Any) -> Iterator[str]:
    if option.part not in _PARTS or option.name in _LEFT_OUT or value in (None, False, ()) or is_blank(value):
        return
    if option.kind == "flag":
        yield option.flag
        return
    for each in value if option.multiple else (value,):
        if str(each) != _DEFAULTS.get(option.name):
            yield from (option.flag, _USER.sub("***@", str(each)))
