"""Standard streams whose errors cannot change an exit code.

A stream that is closed (cron, a supervisor, `>&-`), full or broken discards its output. A character that its encoding
lacks (a Windows code page, ASCII) is written as an escape that is also valid in JSON.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Final, TextIO

_NAMES: Final = {1: "stdout", 2: "stderr"}
_ESCAPED: Final = "work-conformance.escaped"


@contextlib.contextmanager
def standard_streams() -> Iterator[None]:
    """Replace standard output and standard error if they are the process's own, and flush them at the end."""
    codecs.register_error(_ESCAPED, _escaped)
    _fill_gaps()
    before = {name: getattr(sys, name) for name in _NAMES.values()}
    for descriptor, name in _NAMES.items():
        if before[name] is None or before[name] is getattr(sys, f"__{name}__"):
            setattr(sys, name, _tolerant(before[name], descriptor))
    try:
        yield
    finally:
        for name, stream in before.items():
            getattr(sys, name).flush()
            setattr(sys, name, stream)


def _fill_gaps() -> None:
    """Open the null device in place of closed streams; otherwise the next opened file would get their descriptor."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            os.set_inheritable(descriptor, True)


def _tolerant(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        return _Text(_Raw(descriptor), "utf-8", line_buffering=True)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.reconfigure(errors=_ESCAPED)
    raw = getattr(stream.buffer, "raw", stream.buffer)  # with PYTHONUNBUFFERED there is no buffer between them
    if not isinstance(raw, io.FileIO):  # a Windows console, which supports Unicode
        return stream
    at_once = stream.line_buffering or raw is stream.buffer
    return _Text(_Raw(descriptor), stream.encoding, line_buffering=at_once)


class _Raw(io.FileIO):
    """A descriptor that accepts every write, also if the stream is broken."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)

    def write(self, data: object, /) -> int:
        """Write all data; a failing stream is replaced by the null device."""
        rest = memoryview(data).cast("B")  # type: ignore[arg-type]
        size = len(rest)
        try:
            while rest:
                written = super().write(rest)
                if written is None:  # a pipe that another process made non-blocking and that is full
                    select.select([], [self], [])
                    continue
                rest = rest[written:]
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)
        return size


class _Text(io.TextIOWrapper):
    """A text stream over such a descriptor."""

    def __init__(self, raw: _Raw, encoding: str, *, line_buffering: bool) -> None:
        # click treats an ASCII stream as a misconfiguration and would bypass this one to write UTF-8.
        self._ascii = codecs.lookup(encoding).name == "ascii"
        used = "utf-8" if self._ascii else encoding
        super().__init__(io.BufferedWriter(raw), used, errors=_ESCAPED, line_buffering=line_buffering)

    def write(self, text: str, /) -> int:
        """Write text; characters that the encoding lacks are escaped."""
        if self._ascii and not text.isascii():
            text = text.encode("ascii", _ESCAPED).decode("ascii")
        return super().write(text)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    r"""Return `\u0141` for a character that cannot be encoded, as surrogate pairs beyond the first plane."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
