"""A run is bound to a challenge, a product and a key before its first request."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from conformance.binding import BINDING_HEADER, Binding, binding_from_options
from conformance.client.bad_credentials import bearer
from conformance.client.request import Call, headers_of, recorded_request
from conformance.evidence import read_evidence
from conformance.plugin.run_config import RunConfig
from conformance.plugin.worker_input import pack, unpack
from conformance.redaction import Redactor
from conformance.settings import from_values
from conformance.target import ConfigurationError, Credentials, Limits, Secret, Target
from tests.certificate.conftest import CHALLENGE, SUBJECT, Certified, product_file
from tests.cli.processes import cli

KEY = "0" * 64
BINDING = Binding(challenge="c", vendor="v", product="p", version="1", key=KEY)
BEARER = bearer(Secret("token-0123456789", "${QODER_PAT}"))


def test_the_plan_contains_it(certified: Certified) -> None:
    binding = read_evidence(certified.folder).binding
    assert binding is not None
    assert (binding.challenge, binding.vendor, binding.product) == (CHALLENGE, SUBJECT.vendor, SUBJECT.product)
    assert binding.key == certified.key.public.fingerprint
    plan = json.loads((certified.folder / "plan.json").read_text("utf-8"))
    assert Binding.from_json(plan["binding"]) == binding


def test_the_mark_goes_with_the_scenarios_that_are_recognisable_and_with_no_others(certified: Certified) -> None:
    evidence = read_evidence(certified.folder)
    assert evidence.binding is not None
    marked = 0
    for name, transcript in evidence.transcripts.items():
        for exchange in transcript.exchanges:
            headers = dict(exchange.request.headers)
            neutral = "User-Agent" in headers
            assert headers.get(BINDING_HEADER) == (None if neutral else evidence.binding.digest), name
            marked += not neutral
    assert marked > 100


def test_the_seed_follows_from_binding_and_run(certified: Certified) -> None:
    evidence = read_evidence(certified.folder)
    assert evidence.binding is not None
    assert evidence.metadata.seed == evidence.binding.seed(evidence.metadata.run_id)
    assert BINDING.seed("a") != BINDING.seed("b")
    assert 0 <= BINDING.seed("a") < 2**31


def test_every_part_counts_but_the_mark() -> None:
    others = ("challenge", "vendor", "product", "version")
    changed = [Binding(**{**BINDING.to_json(), name: "x"}) for name in others]
    changed.append(Binding(**{**BINDING.to_json(), "key": "1" * 64}))
    assert len({BINDING.digest, *(each.digest for each in changed)}) == 6
    unmarked = Binding(**{**BINDING.to_json(), "marked": False})
    assert (unmarked.digest, unmarked.mark) == (BINDING.digest, None)


@pytest.mark.parametrize("user_agent", [None, "okhttp/4.12.0"])
def test_what_is_sent_is_what_is_shown(user_agent: str | None) -> None:
    target = Target(base_url="http://x", binding=BINDING.digest)
    call = Call(step="s", operation="ack", method="POST", url="http://x/y", kind="write", user_agent=user_agent)
    sent = dict(headers_of(call, target, BEARER))
    seen = dict(recorded_request(call, target, BEARER, Redactor()).headers)
    wanted = BINDING.digest if user_agent is None else None
    assert (sent.get(BINDING_HEADER), seen.get(BINDING_HEADER)) == (wanted, wanted)


def test_worker_processes_send_the_mark(tmp_path: Path) -> None:
    config = RunConfig(
        run_id="r",
        seed=1,
        epoch=0.0,
        target=Target(base_url="http://x", binding=BINDING.digest),
        credentials=Credentials(pat=Secret("token-0123456789", "${QODER_PAT}")),
        limits=Limits(),
        folder=tmp_path,
    )
    assert unpack(pack(config, processes=2)).target.binding == BINDING.digest


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {**BINDING.to_json(), "more": 1},
        {**BINDING.to_json(), "key": "short"},
        {**BINDING.to_json(), "key": 7},
        {**BINDING.to_json(), "marked": 1},
        {**BINDING.to_json(), "vendor": "a\nb"},
    ],
)
def test_what_is_no_binding(data: object) -> None:
    with pytest.raises(ValueError, match="not "):
        Binding.from_json(data)


# --- options


def options(tmp_path: Path, certified: Certified, **values: Any) -> dict[str, Any]:
    return {"challenge": "c", "for": str(product_file(tmp_path / "product.toml", certified.key)), **values}


def test_no_mark_leaves_the_seed(certified: Certified, tmp_path: Path) -> None:
    binding = binding_from_options(options(tmp_path, certified, no_mark=True))
    assert binding is not None
    assert binding.mark is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"challenge": None}, "--challenge and --for need each other"),
        ({"for": None}, "--challenge and --for need each other"),
        ({"challenge": None, "for": None, "no_mark": True}, "--no-mark needs --challenge"),
        ({"seed": 7}, "--seed contradicts --challenge"),
        ({"challenge": "a\nb"}, "--challenge: give one printable line"),
        ({"for": "nothing.toml"}, "nothing.toml cannot be read"),
        ({"for": "."}, "is not a regular file"),
    ],
)
def test_options_that_contradict(values: dict[str, Any], words: str, certified: Certified, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=words):
        binding_from_options(options(tmp_path, certified, **values))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes in the file system are POSIX only (os.mkfifo)")
def test_a_product_file_that_is_a_pipe(certified: Certified, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError, match="pipe is not a regular file"):
        binding_from_options({**options(tmp_path, certified), "for": str(tmp_path / "pipe")})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("vendor =", "vendors =", "unknown: vendors"),
        ("version = '2.4'", "", "missing: version"),
        (SUBJECT.vendor, "Qoder", "vendor: Qoder is the name of the API's owner"),
        ("'2.4'", "''", "version: give one printable line"),
        ("'2.4'", "2.4", "version: give one printable line"),
        ("key = '", "key = 'x", "key is not a fingerprint"),
        ("vendor =", "vendor", "is not TOML"),
    ],
)
def test_a_product_file_that_cannot_be_used(
    old: str, new: str, words: str, certified: Certified, tmp_path: Path
) -> None:
    values = options(tmp_path, certified)
    path = Path(values["for"])
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=words):
        binding_from_options(values)


def test_the_header_is_the_suites_own() -> None:
    with pytest.raises(ConfigurationError, match="the scenarios set this header themselves"):
        from_values(
            {"base_url": "http://x", "header": [f"{BINDING_HEADER.lower()}=1"]}, {"QODER_PAT": "token-0123456789"}
        )


def test_a_run_refuses_a_seed_of_ones_own(certified: Certified, tmp_path: Path) -> None:
    product_file(tmp_path / "product.toml", certified.key)
    done = cli("run", "--challenge", "c", "--for", "product.toml", "--seed", "7", "--dry-run", cwd=tmp_path)
    assert done.code == 2
    assert "--seed contradicts --challenge" in done.err
