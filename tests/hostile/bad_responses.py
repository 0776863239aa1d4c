"""Responses that are none, too large or wrong."""

from __future__ import annotations

import json
import zlib
from functools import cache
from typing import Any, Final

from .misbehaving_servers import (
    JSON,
    Misbehaviour,
    Visit,
    drop_by_drop,
    over_and_over,
    raw,
    silence,
    sized,
)
from .payloads import NASTY, PATHS

GIB: Final = 1 << 30


def envelope(text: str, **more: str) -> bytes:
    """An error envelope that says the same everywhere."""
    error = {"type": text, "message": text, "param": text}
    return json.dumps({"type": "error", "request_id": text, "error": error, **more}).encode()


def refused(body: bytes) -> Misbehaviour:
    """A refusal with that body."""
    return sized(body, status=b"409 Conflict")


async def whole_gibibyte(visit: Visit) -> None:
    """1 GiB, as it was promised."""
    await visit.send(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (JSON, GIB))
    for _ in range(GIB >> 16):
        await visit.send(b" " * (1 << 16))


async def reset(visit: Visit) -> None:
    """The connection is reset in the middle of the body."""
    await visit.send(b"HTTP/1.1 200 OK\r\n%bContent-Length: 1000\r\n\r\n{" % JSON)
    visit.writer.transport.abort()


async def half_the_honest_answer(visit: Visit) -> None:
    """The emulator's answer, closed in the middle of its body."""
    answer = await visit.honest()
    await visit.send(answer[:-20])


def head_of(count: int, *, value: bytes = b"x") -> Misbehaviour:
    """Many headers, and a fine body."""
    return sized(b"{}", headers=JSON + b"".join(b"X-%d: %b\r\n" % (n, value) for n in range(count)))


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(200)), packer.flush()])


async def bomb(visit: Visit) -> None:
    """200 MB of white space in 200 KB."""
    await sized(_bomb(), headers=JSON + b"Content-Encoding: gzip\r\n")(visit)


def _empty_member() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.flush()


OPENED = b"HTTP/1.1 200 OK\r\n" + JSON
CHUNKED = OPENED + b"Transfer-Encoding: chunked\r\n\r\n"

NO_ANSWERS: Final[dict[str, Misbehaviour]] = {
    "garbage": raw(b"\x16\x03\x01\x02\x00\x01 this is no HTTP\r\n\r\n"),
    "another protocol": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP/2 without being asked": raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    "nothing": raw(),
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "an impossible status": raw(b"HTTP/1.1 99999 ?\r\n\r\n"),
    "a status with an escape": raw(b"HTTP/1.1 2\x1b[2J00 \x1b]0;title\x07\r\n\r\n"),
    "an informational end": raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    "50,000 interim responses": raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000, OPENED + b"Content-Length: 2\r\n\r\n{}"),
    "interim responses without an end": over_and_over(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 1000),
    "interim responses of many bytes": over_and_over(b"", b"HTTP/1.1 103 X\r\nLink: " + b"x" * 8000 + b"\r\n\r\n"),
    "hints without an end": over_and_over(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100),
    "a head without an end": over_and_over(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 4096 + b"\r\n"),
    "a header of 10 MB": raw(OPENED + b"X-Long: ", b"x" * 10_000_000, b"\r\nContent-Length: 2\r\n\r\n{}"),
    "100,000 headers": head_of(100_000),
    "as many headers as the HTTP library takes": head_of(9_000),
    "as long headers as the HTTP library takes": head_of(10, value=b"x" * 9_000),
    "2 GiB promised": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n", b"{"),
    "2 GiB in a chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000\r\n{"),
    "a chunk of no size": raw(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk extension without an end": over_and_over(CHUNKED + b"1;", b"x" * 4096),
    "trailers without an end": over_and_over(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: " + b"x" * 4096 + b"\r\n"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "two lengths": raw(OPENED + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "closed in the middle of the body": half_the_honest_answer,
    "reset in the middle of the body": reset,
    "one byte a second": drop_by_drop(OPENED + b"Content-Length: 1000\r\n\r\n", b" " * 1000),
    "a head of one byte a second": drop_by_drop(b"", OPENED + b"\r\n"),
    "silence": silence,
    "gzip members without content and end": over_and_over(
        OPENED + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%b\r\n" % (len(_empty_member()) * 100, _empty_member() * 100),
    ),
}


TOO_LARGE: Final[dict[str, Misbehaviour]] = {
    "1 GiB": whole_gibibyte,
    "a body without an end": over_and_over(CHUNKED, b"10000\r\n" + b" " * 0x10000 + b"\r\n"),
    "gzip bomb": bomb,
    "a number of 10 MB": sized(b'{"id": ' + b"9" * 10_000_000 + b"}"),
    "a string of 10 MB": sized(b'{"id": "' + b"x" * 10_000_000 + b'"}'),
    "a message of 10 MB": refused(envelope("x" * 3_000_000)),
}


def item(**fields: object) -> bytes:
    """Something like a work item."""
    return json.dumps({"type": "work", "state": "starting", **fields}).encode()


NESTED = b"[" * 40_000 + b"]" * 40_000

WRONG_ANSWERS: Final[dict[str, Misbehaviour]] = {
    "gzip that is none": sized(b"{}", headers=JSON + b"Content-Encoding: gzip\r\n"),
    "gzip that breaks off": sized(_bomb()[:1000], headers=JSON + b"Content-Encoding: gzip\r\n"),
    "a coding nobody knows": sized(b"{}", headers=JSON + b"Content-Encoding: rot13\r\n"),
    "codings over codings": sized(b"{}", headers=JSON + b"Content-Encoding: " + b"gzip," * 1000 + b"gzip\r\n"),
    "nested 40,000 deep": sized(NESTED),
    "nested 100,000 deep and never closed": sized(b"[" * 100_000),
    "a deep envelope": refused(b'{"type": "error", "error": ' + NESTED + b"}"),
    "a number of 100,000 digits": sized(b'{"id": ' + b"9" * 100_000 + b"}"),
    "a number beyond all": sized(b'{"id": 1e999999999, "state": -1E+400}'),
    "a name of 100,000 characters": sized(b'{"' + b"n" * 100_000 + b'": 1}'),
    "20,000 fields": sized(json.dumps({str(n): n for n in range(10_000)}).encode()),
    "10,000 wrong entries of metadata": sized(item(metadata={str(n): n for n in range(10_000)})),
    "one name twice": sized(b'{"id": "a", "id": "b"}'),
    "escaped quotes without an end": sized(b'{"id": "' + b'\\"' * 50_000),
    "not UTF-8": sized(b'{"id": "\xff\xfe\xc3\x28"}'),
    "UTF-8 of a surrogate": refused(b'{"type": "\xed\xa0\x80"}'),
    "a lone surrogate": sized(b'{"id": "\\ud800", "state": "\\udfff"}'),
    "a lone surrogate in a refusal": refused(envelope("\ud800 \udfff")),
    "UTF-16": sized("{'ack'}".encode("utf-16"), headers=b"Content-Type: application/json; charset=x\r\n"),
    "a mark in front": sized(b"\xef\xbb\xbf{}"),
    "NUL alone": sized(b"\x00" * 1000),
    "NaN": sized(b'{"id": NaN}'),
    "not an object": sized(b'"starting"'),
    "nothing in a body": sized(b""),
    "two answers at once": raw(b"HTTP/1.1 200 OK\r\n%bContent-Length: 2\r\n\r\n{}" % JSON * 2),
    "an answer and a body that nobody asked for": raw(b"HTTP/1.1 204 No Content\r\n\r\n" + b"x" * 4096),
    "an unknown status": sized(envelope("x"), status=b"999 \x1b[31mBeyond"),
    "nasty words": refused(envelope(NASTY)),
    "nasty names": refused(json.dumps({NASTY: NASTY, "error": {NASTY: [NASTY]}}).encode()),
    "nasty fields": sized(item(id=NASTY, environment_id=NASTY, metadata=NASTY, created_at=NASTY, data={NASTY: NASTY})),
    "nasty state": sized(item(state=NASTY, type=NASTY)),
    "nasty bytes that are no JSON": refused(NASTY.encode("utf-8", "replace")),
    "nasty headers": sized(
        b"{}",
        headers=b"Content-Type: ::error::\x1b[2J\xff<script>\r\nX-A: ##vso[task.x]\r\nRetry-After: \x1b[2J\r\n",
    ),
    "a page": sized(b"<!doctype html><script>alert('hostile')</script>", headers=b"Content-Type: text/html\r\n"),
    "paths in ids": sized(item(id=PATHS, environment_id=PATHS)),
}


def somebody_elses(document: Any) -> Any:
    """The item of another."""
    if isinstance(document, dict) and "state" in document:
        return {**document, "id": document["id"][:-4] + "0000", "environment_id": "env_" + "0" * 32}
    return document
