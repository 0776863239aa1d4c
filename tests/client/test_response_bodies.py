"""The body of a response: its coding, its size and its characters, whatever the other side sends."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib

import pytest

from conformance.exchange import Body

from .raw_exchanges import CHUNKED, MIB, TEXT, chunk, receive, writes_for_ever
from .servers import answer, script


def receive_encoded(content: bytes, coding: str) -> Body:
    return receive(script(answer(200, content, [("Content-Encoding", coding)]))).body


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (gzip.compress(TEXT.encode()), "gzip"),
        (gzip.compress(TEXT.encode()), "GZip"),
        (gzip.compress(TEXT.encode()), "x-gzip"),
        (gzip.compress(TEXT.encode()), "identity, gzip"),
        (gzip.compress(TEXT.encode()[:9]) + gzip.compress(TEXT.encode()[9:]), "gzip"),
        (zlib.compress(TEXT.encode()), "deflate"),
        (TEXT.encode(), "identity"),
    ],
    ids=["gzip", "case", "x-gzip", "identity-gzip", "two-members", "deflate", "identity"],
)
def test_content_codings_are_undone(content: bytes, coding: str) -> None:
    assert receive_encoded(content, coding) == Body(text=TEXT, size=len(TEXT.encode()))


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (b"not gzip at all", "gzip"),
        (b"", "gzip"),
        (gzip.compress(TEXT.encode())[:-9], "gzip"),
        (gzip.compress(TEXT.encode())[:-8] + b"\0" * 8, "gzip"),
        (gzip.compress(TEXT.encode()) + b"surplus", "gzip"),
        (TEXT.encode(), "br"),
        (gzip.compress(gzip.compress(TEXT.encode())), "gzip, gzip"),
    ],
    ids=["garbage", "empty", "cut", "checksum", "surplus", "unknown", "twice"],
)
def test_a_coding_that_cannot_be_undone_is_said_so(content: bytes, coding: str) -> None:
    assert receive_encoded(content, coding).problem == "bad-content-encoding"


def bomb(mebibytes: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    block = bytes(MIB)
    return b"".join([*(compressor.compress(block) for _ in range(mebibytes)), compressor.flush()])


def test_a_bomb_costs_little_memory_and_time() -> None:
    content = bomb(192)
    assert len(content) < MIB // 4
    handler = script(answer(200, content, [("Content-Encoding", "gzip")]))
    tracemalloc.start()
    try:
        began = time.monotonic()
        body = receive(handler).body
        took = time.monotonic() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (body.problem, body.size) == ("too-large", MIB)
    assert peak < 24 * MIB
    assert took < 20


def test_what_follows_a_complete_gzip_stream_is_not_hoarded() -> None:
    head = CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + chunk(gzip.compress(b"{}"))
    body = receive(writes_for_ever(head, chunk(b"\xff" * 60_000))).body
    assert (body.text, body.problem) == ("{}", "bad-content-encoding")


@pytest.mark.parametrize(("size", "problem"), [(1000, None), (1001, "too-large")])
def test_the_size_is_bounded_to_the_byte(size: int, problem: str | None) -> None:
    for headers, content in ([], b"x" * size), ([("Content-Encoding", "gzip")], gzip.compress(b"x" * size)):
        body = receive(script(answer(200, content, headers)), max_body=1000).body
        assert (body.size, body.problem) == (1000, problem)


def test_a_cut_in_the_middle_of_a_character_is_still_only_too_large() -> None:
    assert receive(script(answer(200, "é" * 600)), max_body=999).body.problem == "too-large"


def test_an_endless_body_is_read_to_the_limit_only() -> None:
    began = time.monotonic()
    body = receive(writes_for_ever(CHUNKED + b"\r\n", chunk(b"y" * 65_536))).body
    assert (body.size, body.problem) == (MIB, "too-large")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b'{"a": "\xc3"}', b"\xed\xa0\x80"])
def test_what_is_not_utf_8_is_said_so(content: bytes) -> None:
    body = receive(script(answer(200, content))).body
    assert (body.problem, body.size) == ("not-utf-8", len(content))
    assert "�" in body.text
