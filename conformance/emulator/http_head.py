"""Heads and contents of HTTP/1.x messages as they are on the wire, for what an application server would not send.

It reads just enough to know where a message ends. Names of headers keep the case in which they came.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

Field = tuple[bytes, bytes]

END = b"\r\n"
MAX_HEAD_BYTES = 1 << 16
_PART = 1 << 14


class NotHttp(Exception):
    """What came is no HTTP/1.x message, or its head is too long."""


@dataclass(frozen=True)
class Head:
    """The start line of a message and its header fields, in their order."""

    start: bytes
    fields: tuple[Field, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> "Head":
        """The head in ``raw``, which ends with the empty line. Raises NotHttp."""
        start, *lines = raw.split(END)[:-2]
        fields = []
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise NotHttp(line)
            fields.append((name, value.strip()))
        head = cls(start, tuple(fields))
        if not (head.get(b"content-length") or b"0").isdigit():
            raise NotHttp(raw)
        return head

    def render(self) -> bytes:
        """The head as it goes over the wire, with the empty line."""
        return END.join((self.start, *(name + b": " + value for name, value in self.fields), b"", b""))

    def get(self, name: bytes) -> bytes:
        """The first value of a header, whatever the case of its name; empty where there is none."""
        return next((value for known, value in self.fields if known.lower() == name), b"")

    def without(self, *names: bytes) -> "Head":
        """The head less these headers, named in lower case."""
        return replace(self, fields=tuple(field for field in self.fields if field[0].lower() not in names))

    def plus(self, *fields: Field) -> "Head":
        """The head with these headers at its end."""
        return replace(self, fields=(*self.fields, *fields))

    @property
    def chunked(self) -> bool:
        """Whether the content comes in chunks."""
        return self.get(b"transfer-encoding").lower() == b"chunked"

    @property
    def length(self) -> int | None:
        """The length that was announced, if any."""
        value = self.get(b"content-length")
        return int(value) if value else None

    @property
    def closing(self) -> bool:
        """Whether the sender will close the connection after this message."""
        return self.get(b"connection").lower() == b"close"

    @property
    def status(self) -> int:
        """The status code of an answer. Raises NotHttp where there is none."""
        parts = self.start.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
            raise NotHttp(self.start)
        return int(parts[1])


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next head; None where the other side has nothing more to say. Raises NotHttp."""
    try:
        return Head.parse(await reader.readuntil(END + END))
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise NotHttp(end.partial) from None
        return None
    except asyncio.LimitOverrunError as overrun:
        raise NotHttp("a head without an end") from overrun


async def read_content(reader: asyncio.StreamReader, head: Head, *, to_the_end: bool) -> AsyncIterator[bytes]:
    """The content that follows a head, in parts and without its framing.

    Where neither a length nor chunks were announced there is none, or it goes on ``to_the_end`` of the connection.
    Raises NotHttp, and asyncio.IncompleteReadError where it breaks off.
    """
    if head.chunked:
        while size := await _chunk_size(reader):
            async for part in _exactly(reader, size):
                yield part
            await reader.readexactly(len(END))
        while await reader.readuntil(END) != END:
            pass  # a trailer
    elif head.length is not None:
        async for part in _exactly(reader, head.length):
            yield part
    elif to_the_end:
        while part := await reader.read(_PART):
            yield part


async def _chunk_size(reader: asyncio.StreamReader) -> int:
    line = await reader.readuntil(END)
    try:
        return int(line.partition(b";")[0].strip(), 16)
    except ValueError:
        raise NotHttp(line) from None


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        part = await reader.read(min(size, _PART))
        if not part:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(part)
        yield part
