"""Responses that send tokens back, or send the client to another host."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

from conformance.emulator import Tokens

from .attack import World
from .bad_responses import refused
from .misbehaving_servers import (
    JSON,
    Misbehaviour,
    raw,
    sized,
)


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


def token_in_body(world: World) -> Misbehaviour:
    """Every token in every form, in every field of a refusal."""
    leaked = " ".join(form for token in secrets(world.tokens) for form in forms(token).values())
    body = '{"type": "%s", "request_id": "%s", "error": {"type": "%s", "message": "%s", "param": "%s"}}'
    return refused((body % ((leaked,) * 5)).encode())


def token_in_item(world: World) -> Misbehaviour:
    """The same in the fields of an item."""
    leaked = " ".join(form for token in secrets(world.tokens) for form in forms(token).values())
    return sized(('{"type": "work", "id": "%s", "state": "%s", "created_at": "%s"}' % ((leaked,) * 3)).encode())


def token_in_headers(world: World) -> Misbehaviour:
    """In names, in values, in the reason of the status, and as a place to go to."""
    token = world.tokens.owner
    lines = [f"X-{token}: {token}", f"{token}: x", f"Location: {world.elsewhere}/?t={token}", f"Content-Type: {token}"]
    lines += [f"X-Form: {form}" for form in forms(token).values()]
    return sized(b"{}", status=b"409 " + token.encode(), headers="".join(f"{line}\r\n" for line in lines).encode())


def token_in_garbage(world: World) -> Misbehaviour:
    """Where no answer can be read."""
    return raw(f"{world.tokens.owner} is no status line\r\n{world.tokens.owner}\r\n\r\n".encode())


def token_at_read_limit(world: World) -> Misbehaviour:
    """So that what is read ends within the token."""
    edge = 128 << 10
    return refused((b"x" * (edge - 12) + world.tokens.owner.encode()) * 10)


def token_in_id(world: World) -> Misbehaviour:
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
