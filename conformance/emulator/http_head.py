"""Reads and writes raw HTTP/1.x messages, for responses that an application server would not send.

It parses only enough to find the end of a message. Header names keep their letter case.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

Field = tuple[bytes, bytes]

END = b"\r\n"
MAX_HEAD_BYTES = 1 << 16
_PART = 1 << 14


class NotHttp(Exception):
    """The data is not an HTTP/1.x message, or its head is too long."""


@dataclass(frozen=True)
class Head:
    """The start line of a message and its header fields, in order."""

    start: bytes
    fields: tuple[Field, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> "Head":
        """Parse ``raw``, which ends with the empty line. Raises NotHttp."""
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
        """Return the head as bytes, with the empty line."""
        return END.join((self.start, *(name + b": " + value for name, value in self.fields), b"", b""))

    def get(self, name: bytes) -> bytes:
        """Return the first value of a header, or empty bytes. Letter case of the name is ignored."""
        return next((value for known, value in self.fields if known.lower() == name), b"")

    def without(self, *names: bytes) -> "Head":
        """Return the head without these headers, given in lower case."""
        return replace(self, fields=tuple(field for field in self.fields if field[0].lower() not in names))

    def plus(self, *fields: Field) -> "Head":
        """Return the head with these headers appended."""
        return replace(self, fields=(*self.fields, *fields))

    @property
    def chunked(self) -> bool:
        """Whether the content is chunked."""
        return self.get(b"transfer-encoding").lower() == b"chunked"

    @property
    def length(self) -> int | None:
        """The declared content length, or None."""
        value = self.get(b"content-length")
        return int(value) if value else None

    @property
    def closing(self) -> bool:
        """Whether the sender will close the connection after this message."""
        return self.get(b"connection").lower() == b"close"

    @property
    def status(self) -> int:
        """The status code of a response. Raises NotHttp if there is none."""
        parts = self.start.split(b" ", 2)
        if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
            raise NotHttp(self.start)
        return int(parts[1])


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """Return the next head, or None if the other side closed the connection. Raises NotHttp."""
    try:
        return Head.parse(await reader.readuntil(END + END))
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise NotHttp(end.partial) from None
        return None
    except asyncio.LimitOverrunError as overrun:
        raise NotHttp("the head has no end") from overrun


async def read_content(reader: asyncio.StreamReader, head: Head, *, to_the_end: bool) -> AsyncIterator[bytes]:
    """Yield the content after a head, in parts and without its framing.

    If neither a length nor chunks are declared, there is no content, or with ``to_the_end`` it lasts until the connection
    closes. Raises NotHttp, and asyncio.IncompleteReadError if the content is cut off.
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
