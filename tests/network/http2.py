"""One HTTP/2 connection that ends as servers end them: with a GOAWAY, before, in or after the response it covers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from hyperframe.frame import GoAwayFrame

from tests.network.chaos import Answer

if TYPE_CHECKING:
    from tests.network.chaos_proxy import Request

ENDINGS = ("after", "before", "in between", "at once", "excluded", "refused")
"""GOAWAY after the response, before it, between its head and its body, in one segment with it; GOAWAY that says that
this request was not processed; and REFUSED_STREAM, after which the connection goes on."""


async def converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answered: Callable[[Request], Awaitable[Answer]],
    ends: Callable[[], str | None],
) -> None:
    """Answer requests one after another until the connection ends; `ends` says with which request, and how.

    Any other way than the `ENDINGS` is to close it after the response, without a word.
    """
    state = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    state.initiate_connection()
    writer.write(state.data_to_send())
    async for number, request in _requests(reader, writer, state):
        ending = ends()
        if ending == "refused":
            state.reset_stream(number, ErrorCodes.REFUSED_STREAM)
            writer.write(state.data_to_send())
            continue
        if ending == "excluded":
            writer.write(goaway(number - 2 if number > 1 else 0))
            await writer.drain()
            return
        await _respond(writer, state, number, await answered(request), ending)
        if ending is not None:
            return


async def _requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: H2Connection):  # type: ignore[no-untyped-def]
    from tests.network.chaos_proxy import Request

    heads: dict[int, list[tuple[str, str]]] = {}
    bodies: dict[int, bytes] = {}
    while data := await reader.read(65536):
        over = []
        for event in state.receive_data(data):
            if isinstance(event, RequestReceived):
                heads[event.stream_id] = [(str(name), str(value)) for name, value in event.headers or ()]
            elif isinstance(event, DataReceived):
                bodies[event.stream_id] = bodies.get(event.stream_id, b"") + (event.data or b"")
                state.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
            elif isinstance(event, StreamEnded):
                over.append(event.stream_id)
        writer.write(state.data_to_send())
        for number in over:
            pairs = dict(heads[number])
            plain = [pair for pair in heads[number] if not pair[0].startswith(":")]
            headers = [("host", pairs[":authority"]), *plain]
            yield number, Request(pairs[":method"], pairs[":path"], headers, bodies.get(number, b""))


async def _respond(
    writer: asyncio.StreamWriter, state: H2Connection, number: int, answer: Answer, ending: str | None
) -> None:
    farewell = goaway(number)
    if ending == "before":
        writer.write(farewell)
        await writer.drain()
    hop = {"connection", "keep-alive", "transfer-encoding", "content-length"}
    headers = [(name.lower(), value) for name, value in answer.headers if name.lower() not in hop]
    state.send_headers(number, [(":status", str(answer.status)), *headers])
    head = state.data_to_send()
    for begin in range(0, len(answer.body), state.max_outbound_frame_size):
        state.send_data(number, answer.body[begin : begin + state.max_outbound_frame_size])
    state.end_stream(number)
    body = state.data_to_send()
    if ending == "in between":
        writer.write(head + farewell)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(body)
    elif ending == "at once":
        writer.write(head + body + farewell)
    else:
        writer.write(head + body)
    await writer.drain()
    if ending == "after":
        await asyncio.sleep(0.01)
        writer.write(farewell)
        await writer.drain()


def goaway(last_stream_id: int, error_code: int = 0) -> bytes:
    """The frame, by hand: h2 would send nothing after it."""
    frame = GoAwayFrame(0)
    frame.last_stream_id = last_stream_id
    frame.error_code = error_code
    return frame.serialize()
