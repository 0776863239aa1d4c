"""One whole run through the chaos."""

from __future__ import annotations

import ssl
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.emulator import EmulatorServer, Tokens
from conformance.emulator.configuration import ServerConfig, use_microseconds
from conformance.emulator.defects import DEFECTS
from tests.hostile.test_tls import OURS, with_certificate
from tests.network.chaos import ALL, Chaos, Rates
from tests.network.chaos_proxy import fronted
from tests.runs import run_suite, settings_for

DEFECTS_OF_THE_ACK: Final = (
    "first.acknowledged-at-null",
    "retry.active-conflicts",
    "retry.third-ack-500",
    "terminal.stopped-queued-revived",
    "identity.suffix-accepted",
    "not-found.malformed-500",
    "auth.longer-accepted",
    "refused.taken-over",
    "envelope.html-404",
    "race.foreign-wins",
)
"""Ten that the ack itself breaks the contract by, each in another chapter."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and what the chaos had for it."""

    seed: int
    exit_code: int
    seconds: float
    sentence: str
    met: dict[str, int]
    requests: int
    why: tuple[str, ...]


def run_through(seed: int, *, defect: str | None = None, http2: bool = False, rates: Rates = ALL) -> Outcome:
    """Judge the emulator, healthy or with a defect, behind a front of that seed."""
    server_config = use_microseconds(ServerConfig())
    if defect is not None:
        server_config = DEFECTS[defect].apply_to(server_config)
    tokens, chaos, begun = Tokens.generate(), Chaos(seed, rates), time.monotonic()
    why: tuple[str, ...] = ()
    with (
        tempfile.TemporaryDirectory() as folder,
        EmulatorServer(server_config.build(tokens)) as server,
        fronted(server.base_url, chaos, tls=_tls() if http2 else None) as base_url,
    ):
        options = {"ca_bundle": str(OURS), "http2": True} if http2 else {}
        try:
            settings = settings_for(base_url, tokens, Path(folder) / "run", race_repeat=1, seed=seed, **options)
            record = run_suite(settings, fleeting=True)
        except Exception:  # noqa: BLE001 - what a run must never do is what is looked for
            code, sentence = 4, traceback.format_exc()
        else:
            code, sentence = record.decision.exit_code, record.decision.sentence.en
            bad = [v for v in record.verdicts if v.kind in {"failed", "inconclusive", "suite-error"}]
            why = tuple(
                f"{v.line.scenario} {v.line.requirement}: {v.kind}: {v.reason.en if v.reason else ''}" for v in bad
            )
    return Outcome(seed, code, time.monotonic() - begun, sentence, chaos.met, chaos.requests, why)


def _tls() -> ssl.SSLContext:
    context = with_certificate(OURS)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
