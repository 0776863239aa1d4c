"""Every attack, in tables: what is answered, to which requests, and what the run must then say."""

from __future__ import annotations

import json
from typing import Final

from .attack import Attack, acks, everything, gets, polls, removals, sessions, table
from .bad_responses import (
    NO_ANSWERS,
    TOO_LARGE,
    WRONG_ANSWERS,
    bomb,
    envelope,
    item,
    refused,
    somebody_elses,
    whole_gibibyte,
)
from .misbehaving_servers import (
    rewritten,
    silence,
    sized,
)
from .payloads import NASTY, PATHS
from .token_leaks import (
    elsewhere,
    token_at_read_limit,
    token_in_body,
    token_in_garbage,
    token_in_headers,
    token_in_id,
    token_in_item,
)

ON_ACKS: Final[tuple[Attack, ...]] = (
    *table(acks, 3, NO_ANSWERS),
    *table(acks, 1, TOO_LARGE),
    *table(acks, 1, WRONG_ANSWERS | {"an answer for another item": rewritten(somebody_elses)}),
    *(
        Attack(id=f"redirect {status}", answer=elsewhere(status), on=acks, code=1)
        for status in (301, 302, 303, 307, 308)
    ),
    Attack(id="a token in the body", answer=token_in_body, on=acks, code=1),
    Attack(id="a token in an item", answer=token_in_item, on=acks, code=1),
    Attack(id="a token in headers", answer=token_in_headers, on=acks, code=1),
    Attack(id="a token in garbage", answer=token_in_garbage, on=acks, code=3),
    Attack(id="a token at the edge of what is read", answer=token_at_read_limit, on=acks, code=1),
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
    Attack(id="a session's id: a token", answer=token_in_id, on=sessions, code=2),
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
