"""Secrets are planted wherever a server can put them, and then looked for in every byte that any command leaves."""

from __future__ import annotations

import gzip
import json
import os
import signal
from itertools import count
from pathlib import Path

import pytest
from starlette.types import Scope

from conformance.emulator import EmulatorServer, Tokens, create_app
from tests.hostile.inspection import check_without, contents

from .apps import Answer, Change, Gate, echo, rewritten
from .processes import Ended, cli, start, tokens_environment

GATEWAY = "gw-key-7Hq2Zt9LmWx4Vb6N"
ITEM_SECRET = "whsec-9Xq4canary7Lm2Kd8Vp"


def planting() -> Change:
    """Every answer tells every secret that came in, each item has one of its own, and every other answer is zipped."""
    turns = count()

    def plant(scope: Scope, answer: Answer) -> Answer:
        status, headers, body = echo(scope, answer)
        document = json.loads(body)
        if isinstance(document, dict) and document.get("type") == "work":
            document["secret"] = ITEM_SECRET
        body = json.dumps(document).encode()
        if next(turns) % 2:
            return status, [*headers, (b"content-encoding", b"gzip")], gzip.compress(body)
        return status, headers, body

    return plant


@pytest.fixture
def environment(tokens: Tokens) -> dict[str, str]:
    return {**tokens_environment(tokens), "GATEWAY_KEY": GATEWAY, "KEY_PASSWORD": "correct horse battery"}


def check_nowhere(folder: Path, environment: dict[str, str], *ended: Ended) -> None:
    """Not a trace of any secret in any file below the folder, nor in what was printed."""
    places = contents(folder)
    for number, each in enumerate(ended):
        places |= {f"{number}: stdout": each.out.encode(), f"{number}: stderr": each.err.encode()}
    check_without([*environment.values(), ITEM_SECRET], places)


def test_no_artefact_of_any_command_holds_one(environment: dict[str, str], tokens: Tokens, tmp_path: Path) -> None:
    whole = ("--output=out", "--alluredir=allure", "--verbose", "--race-repeat=1")
    with EmulatorServer(rewritten(planting(), create_app(tokens=tokens))) as server:
        target = ("--base-url", server.base_url, "--header-env", "X-Secret=GATEWAY_KEY")
        ran = [
            cli("run", *target, *whole, cwd=tmp_path, env=environment),
            cli("run", *target, "--output=two", "-n2", "--chapter=retries", cwd=tmp_path, env=environment),
        ]
        looked = [
            cli("doctor", *target, "--write", f"--format={form}", cwd=tmp_path, env=environment)
            for form in ("text", "json")
        ]
    assert ran[0].code == 0, ran[0].out + ran[0].err
    commands = (
        ("replay", "out", "--output=again", "--alluredir=allure2", "--verbose"),
        ("key", "--out=k.pem", "--password-env=KEY_PASSWORD"),
        ("certify", "out", "--demo", "--sign=k.pem", "--password-env=KEY_PASSWORD", "--output=bundle.json"),
        ("verify", "bundle.json", "--badge=badge", "--summary=summary.md"),
        ("compare", "out", "two", "--format=json"),
    )
    ran += [cli(*command, cwd=tmp_path, env=environment) for command in commands]
    assert [ended.code for ended in looked] == [0, 0], looked[0].out
    assert [ended.code for ended in ran[2:6]] == [0, 0, 0, 0], [ended.err for ended in ran]
    transcripts = b"".join(content for name, content in contents(tmp_path / "out").items() if "transcripts" in name)
    assert b"${QODER_PAT}" in transcripts
    assert b"${GATEWAY_KEY}" in transcripts
    assert b"[redacted]" in transcripts
    check_nowhere(tmp_path, environment, *ran, *looked)


def test_a_worker_that_dies_tells_none(environment: dict[str, str], tokens: Tokens, tmp_path: Path) -> None:
    gate = Gate(rewritten(planting(), create_app(tokens=tokens)), passing=5)
    with EmulatorServer(gate) as server:
        target = ("--base-url", server.base_url, "--header-env", "X-Secret=GATEWAY_KEY")
        options = (*target, "-n", "2", "--output", "out", "--chapter", "worker-identity", "--chapter", "authentication")
        with start("run", *options, cwd=tmp_path, env=environment) as running:
            assert gate.reached.wait(60)
            victim = next(pid for pid in sorted(running.members()) if pid != running.process.pid)
            os.kill(victim, signal.SIGABRT)
            gate.open()
            ended = running.wait()
    assert ended.code in {1, 4}, ended.out + ended.err
    check_nowhere(tmp_path, environment, ended)
