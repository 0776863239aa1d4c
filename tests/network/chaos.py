"""What goes wrong on the way to a server, drawn by a seed: the same seed brings the same troubles in the same order."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Trouble = Literal["none", "lost", "dropped", "reset", "page", "throttled", "late"]
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the front answers by itself."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one request. `heard`: the server behind carried it out all the same."""

    trouble: Trouble = "none"
    heard: bool = False
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Of so many requests one meets each trouble; 0 is never. `restart_after` requests the front is away once."""

    lost: int = 150
    dropped: int = 150
    reset: int = 150
    page: int = 60
    throttled: int = 40
    late: int = 40
    goaway: int = 25
    restart_after: int = 200
    restart_seconds: float = 3.0


ALL: Rates = Rates()


class Chaos:
    """Decides the fate of each request."""

    def __init__(self, seed: int, rates: Rates = ALL) -> None:
        self.rates = rates
        self.requests = 0
        self.met: dict[str, int] = {}
        self._rng = random.Random(f"chaos {seed}")

    def fate(self) -> Fate:
        """That of the next request."""
        self.requests += 1
        for trouble in ("lost", "dropped", "reset", "page", "throttled", "late"):
            rate = getattr(self.rates, trouble)
            if rate and self._rng.randrange(rate) == 0:
                self.met[trouble] = self.met.get(trouble, 0) + 1
                return self._of(trouble)
        return Fate()

    @property
    def restarts_now(self) -> bool:
        """Whether this is the request at which the front goes away."""
        return self.requests == self.rates.restart_after

    def ending(self, ways: Sequence[str]) -> str | None:
        """How an HTTP/2 connection ends with this request; None where it goes on."""
        if not self.rates.goaway or self._rng.randrange(self.rates.goaway):
            return None
        way = self._rng.choice(ways)
        self.met[f"goaway {way}"] = self.met.get(f"goaway {way}", 0) + 1
        return way

    def _of(self, trouble: Trouble) -> Fate:
        if trouble == "page":
            make, heard = self._rng.choice(_PAGES), self._rng.random() < 0.5
            return Fate(trouble, heard=heard, answer=make(self._rng))
        if trouble == "throttled":
            return Fate(trouble, answer=_throttled(self._rng))
        return Fate(trouble, heard=trouble in {"lost", "late"} or (trouble == "reset" and self._rng.random() < 0.5))


def _cloudflare(rng: random.Random) -> Answer:
    status = rng.choice((520, 521, 522, 523, 524, 525, 526, 527, 530, 500, 403))
    page = f"<html><title>{status}</title><body>cloudflare ray id: 8c2f</body></html>"
    return _page(status, page, ("Server", "cloudflare"), ("CF-RAY", f"{rng.getrandbits(64):x}-FRA"))


def _nginx(rng: random.Random) -> Answer:
    status = rng.choice((500, 502, 503, 504, 413, 404))
    page = f"<html><body><center><h1>{status}</h1></center><hr><center>nginx/1.25.3</center></body></html>"
    return _page(status, page, ("Server", "nginx/1.25.3"))


def _mesh(rng: random.Random) -> Answer:
    body = b"upstream connect error or disconnect/reset before headers. reset reason: connection termination"
    status = rng.choice((503, 504, 500))
    return Answer(status, [("Content-Type", "text/plain"), ("Server", "istio-envoy")], body)


def _balancer(rng: random.Random) -> Answer:
    status = rng.choice((502, 503, 504, 500))
    return _page(status, f"<html><body><center><h1>{status}</h1></center></body></html>", ("Server", "awselb/2.0"))


def _silent(rng: random.Random) -> Answer:
    return Answer(rng.choice((408, 502, 503, 504)), [], b"")


def _squid(_: random.Random) -> Answer:
    return _page(
        500,
        "<!DOCTYPE html><html><body>ERROR</body></html>",
        ("Via", "1.1 proxy (squid/5.7)"),
        ("X-Squid-Error", "ERR"),
    )


_PAGES: tuple[Callable[[random.Random], Answer], ...] = (_cloudflare, _nginx, _mesh, _balancer, _silent, _squid)


def _page(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, [("Content-Type", "text/html"), *headers], text.encode())


def _throttled(rng: random.Random) -> Answer:
    slow = time.time() - 600
    date = ("Date", email.utils.formatdate(slow, usegmt=True))
    forms: tuple[Headers, ...] = (
        [],
        [("Retry-After", "0")],
        [("Retry-After", "0.2")],
        [("Retry-After", "1")],
        [("Retry-After-Ms", "150")],
        [date, ("Retry-After", email.utils.formatdate(slow + 1, usegmt=True))],
        [("Retry-After", "soon")],
    )
    return Answer(429, [("Content-Type", "application/json"), *rng.choice(forms)], b"{}")
