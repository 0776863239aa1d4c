"""Every attack, in tables: what is answered, to which requests, and what the run must then say."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from urllib.parse import quote

from conformance.emulator import Tokens

from .misbehaving_servers import (
    JSON,
    Misbehaviour,
    Place,
    Visit,
    drop_by_drop,
    over_and_over,
    raw,
    rewritten,
    silence,
    sized,
)
from .payloads import NASTY, PATHS

GIB: Final = 1 << 30


@dataclass(frozen=True, kw_only=True)
class World:
    """What an attacker knows and owns: the tokens that it is sent, and another host."""

    tokens: Tokens
    elsewhere: str


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One way to answer.

    `on` says which requests get it; `code` is the exit code that is right. Attacks `on` preparations end runs before
    they begin.
    """

    id: str
    answer: Callable[[World], Misbehaviour]
    on: Place
    code: int

    def __str__(self) -> str:
        return self.id


def acks(method: str, path: str) -> bool:
    """An ack."""
    return path.endswith("/ack")


def item_requests(method: str, path: str) -> bool:
    """Whatever is about one work item."""
    return re.search(r"/work/[^/]+", path) is not None


def gets(method: str, path: str) -> bool:
    """A get of an item."""
    return method == "GET" and re.search(r"/work/(?!poll)[^/]+$", path) is not None


def polls(method: str, path: str) -> bool:
    """A poll."""
    return path.endswith("/work/poll")


def sessions(method: str, path: str) -> bool:
    """The creation of a session: the last of the preparations."""
    return path.endswith("/sessions")


def removals(method: str, path: str) -> bool:
    """Whatever cleans up."""
    return method == "DELETE" or path.endswith(("/stop", "/archive", "/cancel"))


def everything(method: str, path: str) -> bool:
    """Every request."""
    return True


def table(on: Place, code: int, answers: dict[str, Misbehaviour]) -> list[Attack]:
    """Attacks that ask nothing of the world."""
    return [Attack(id=name, answer=partial(_whatever, answer), on=on, code=code) for name, answer in answers.items()]


def _whatever(answer: Misbehaviour, world: World) -> Misbehaviour:
    return answer


def envelope(text: str, **more: str) -> bytes:
    """An error envelope that says the same everywhere."""
    error = {"type": text, "message": text, "param": text}
    return json.dumps({"type": "error", "request_id": text, "error": error, **more}).encode()


def refused(body: bytes) -> Misbehaviour:
    """A refusal with that body."""
    return sized(body, status=b"409 Conflict")


# Answers that are none: nothing is known, so nothing is failed ------------------------------------------------------


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

# Bodies larger than anything: read to a bound and not judged; that their status is wrong is seen all the same ---------

TOO_LARGE: Final[dict[str, Misbehaviour]] = {
    "1 GiB": whole_gibibyte,
    "a body without an end": over_and_over(CHUNKED, b"10000\r\n" + b" " * 0x10000 + b"\r\n"),
    "gzip bomb": bomb,
    "a number of 10 MB": sized(b'{"id": ' + b"9" * 10_000_000 + b"}"),
    "a string of 10 MB": sized(b'{"id": "' + b"x" * 10_000_000 + b'"}'),
    "a message of 10 MB": refused(envelope("x" * 3_000_000)),
}

# Answers that are wrong -----------------------------------------------------------------------------------------------


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


# Tokens that come back ------------------------------------------------------------------------------------------------


def forms(token: str) -> dict[str, str]:
    """Ways to write a token, each as it stands in a JSON string."""
    bare = base64.b64encode(token.encode()).decode()
    shifted = base64.b64encode(f"..{token}..".encode()).decode()
    return {
        "plain": token,
        "base64": bare,
        "base64 within more": shifted,
        "base64 for URLs": base64.urlsafe_b64encode(f"{token}:".encode()).decode(),
        "in a URL": quote(token, safe=""),
        "wholly in a URL": "".join(f"%{ord(char):02X}" for char in token),
        "wholly escaped": "".join(f"\\u{ord(char):04x}" for char in token),
        "half escaped": token[:5] + "".join(f"\\u{ord(char):04X}" for char in token[5:9]) + token[9:],
        "in HTML": "".join(f"&#{ord(char)};" for char in token),
        "in a query": f"https://hostile.example/?token={quote(token, safe='')}&x=1",
    }


def told_in_the_body(world: World) -> Misbehaviour:
    """Every token in every form, in every field of a refusal."""
    told = " ".join(form for token in secrets(world.tokens) for form in forms(token).values())
    body = '{"type": "%s", "request_id": "%s", "error": {"type": "%s", "message": "%s", "param": "%s"}}'
    return refused((body % ((told,) * 5)).encode())


def told_in_an_item(world: World) -> Misbehaviour:
    """The same in the fields of an item."""
    told = " ".join(form for token in secrets(world.tokens) for form in forms(token).values())
    return sized(('{"type": "work", "id": "%s", "state": "%s", "created_at": "%s"}' % ((told,) * 3)).encode())


def told_in_headers(world: World) -> Misbehaviour:
    """In names, in values, in the reason of the status, and as a place to go to."""
    token = world.tokens.owner
    lines = [f"X-{token}: {token}", f"{token}: x", f"Location: {world.elsewhere}/?t={token}", f"Content-Type: {token}"]
    lines += [f"X-Form: {form}" for form in forms(token).values()]
    return sized(b"{}", status=b"409 " + token.encode(), headers="".join(f"{line}\r\n" for line in lines).encode())


def told_in_garbage(world: World) -> Misbehaviour:
    """Where no answer can be read."""
    return raw(f"{world.tokens.owner} is no status line\r\n{world.tokens.owner}\r\n\r\n".encode())


def told_at_the_edge(world: World) -> Misbehaviour:
    """So that what is read ends within the token."""
    edge = 128 << 10
    return refused((b"x" * (edge - 12) + world.tokens.owner.encode()) * 10)


def told_in_an_id(world: World) -> Misbehaviour:
    """As the id of the session that is made."""
    return sized(json.dumps({"id": world.tokens.owner}).encode(), status=b"201 Created")


def secrets(tokens: Tokens) -> tuple[str, ...]:
    """Every token."""
    return (tokens.owner, tokens.forbidden, tokens.foreign, tokens.expired)


def elsewhere(status: int) -> Callable[[World], Misbehaviour]:
    """To another host, in every way that a client may follow."""

    def answer(world: World) -> Misbehaviour:
        place = f"{world.elsewhere}/api/v1/cloud/x"
        ways = f"Location: {place}\r\nRefresh: 0; url={place}\r\nContent-Location: {place}\r\nLink: <{place}>; rel=next"
        also = f'{ways}\r\nAlt-Svc: h2="{world.elsewhere.partition("//")[2]}"\r\n'
        return sized(b"{}", status=b"%d Elsewhere" % status, headers=JSON + also.encode())

    return answer


ON_ACKS: Final[tuple[Attack, ...]] = (
    *table(acks, 3, NO_ANSWERS),
    *table(acks, 1, TOO_LARGE),
    *table(acks, 1, WRONG_ANSWERS | {"an answer for another item": rewritten(somebody_elses)}),
    *(
        Attack(id=f"redirect {status}", answer=elsewhere(status), on=acks, code=1)
        for status in (301, 302, 303, 307, 308)
    ),
    Attack(id="a token in the body", answer=told_in_the_body, on=acks, code=1),
    Attack(id="a token in an item", answer=told_in_an_item, on=acks, code=1),
    Attack(id="a token in headers", answer=told_in_headers, on=acks, code=1),
    Attack(id="a token in garbage", answer=told_in_garbage, on=acks, code=3),
    Attack(id="a token at the edge of what is read", answer=told_at_the_edge, on=acks, code=1),
)

AROUND_ACKS: Final[tuple[Attack, ...]] = (
    *table(gets, 3, {"get: silence": silence, "get: nasty words": refused(envelope(NASTY)), "get: gzip bomb": bomb}),
    *table(gets, 1, {"get: an answer for another item": rewritten(somebody_elses)}),
    *table(
        polls, 1, {"poll: a path as id": sized(item(id=PATHS)), "poll: a short nasty id": sized(item(id=NASTY[:60]))}
    ),
    Attack(id="get: elsewhere", answer=elsewhere(307), on=gets, code=3),
)

ON_PREPARATIONS: Final[tuple[Attack, ...]] = (
    *table(everything, 2, {f"everything: {name}": answer for name, answer in NO_ANSWERS.items()}),
    *table(everything, 2, {"everything: 1 GiB": whole_gibibyte, "everything: gzip bomb": bomb}),
    *table(
        everything, 2, {f"everything: {name}": WRONG_ANSWERS[name] for name in ("nasty words", "nested 40,000 deep")}
    ),
    Attack(id="everything: elsewhere", answer=elsewhere(308), on=everything, code=2),
    *table(
        sessions,
        2,
        {
            f"a session's id: {name}": sized(body, status=b"201 Created")
            for name, body in {
                "climbs": b'{"id": "../../../../etc/passwd"}',
                "dots": b'{"id": ".."}',
                "with a line end": b'{"id": "a\\r\\nX-Injected: yes"}',
                "nasty": json.dumps({"id": NASTY}).encode(),
                "half a character": b'{"id": "env_\\ud800"}',
                "without end": b'{"id": "' + b"e" * 100_000 + b'"}',
                "a number": b'{"id": 7}',
                "none": b"{}",
                "a list": b"[]",
            }.items()
        },
    ),
    Attack(id="a session's id: a token", answer=told_in_an_id, on=sessions, code=2),
    *table(
        polls, 2, {"poll: a nasty id": sized(item(id=NASTY)), "poll: silence": silence, "poll: 1 GiB": whole_gibibyte}
    ),
)

ON_REMOVALS: Final[tuple[Attack, ...]] = (
    *table(
        removals,
        3,
        {
            f"removals: {name}": NO_ANSWERS[name]
            for name in ("nothing", "50,000 interim responses", "interim responses without an end")
        },
    ),
    *table(removals, 3, {"removals: silence": silence}),
)
"""Stops are among them: where these are lost, requirements are open."""

__all__ = ["AROUND_ACKS", "ON_ACKS", "ON_PREPARATIONS", "ON_REMOVALS", "Attack", "World", "secrets"]
