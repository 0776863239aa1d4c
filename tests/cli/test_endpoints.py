"""`list --endpoints` names what a run asks a target for, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.arrange.modes import MODES
from conformance.cli.list_endpoints import ENDPOINTS, endpoints_for
from conformance.contract.catalogue import load_catalogue
from conformance.emulator import EmulatorServer, Tokens, create_app

from .apps import Recorded
from .processes import cli, tokens_environment

Routes = set[tuple[str, str]]


def template(method: str, path: str) -> tuple[str, str] | None:
    """The endpoint that a request is for; None where it is none (odd paths, which are observed)."""
    for endpoint in ENDPOINTS:
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(endpoint.path))
        fixed = [part for part in ("poll", "stats") if path.endswith(f"/work/{part}")]
        if endpoint.method == method and re.fullmatch(pattern, path) and all(endpoint.path.endswith(p) for p in fixed):
            return method, endpoint.path
    return None


def routes(recorded: Recorded) -> Iterator[tuple[str, str]]:
    for method, path, status in recorded.answers:
        found = template(method, path)
        odd = "/ack" in path or (path.endswith("/") and status >= 400)
        assert found is not None or odd, (method, path)
        if found is not None:
            yield found


def needed(way: str) -> Routes:
    return {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS if way in endpoint.ways}


def test_a_run_over_the_api_asks_for_what_is_listed_and_for_nothing_else(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    recorded = Recorded(create_app(tokens=tokens))
    with EmulatorServer(recorded) as server:
        env = tokens_environment(tokens) | {"WORK_CONFORMANCE_BASE_URL": server.base_url}
        assert cli("run", "--output", "out", "--explore", "3", cwd=tmp_path, env=env).code == 0
        cli("clean", cwd=tmp_path, env=env)
    found = set(routes(recorded))
    assert found <= needed("api")
    seldom = {route for route in needed("api") if route not in found}
    # What is only asked where a delete is refused or answered with 404, which the emulator does not do.
    assert {path.rpartition("/")[2] for _, path in seldom} <= {
        *("archive", "cancel", "{session_id}", "{agent_id}", "{environment_id}")
    }


def test_a_run_on_given_items_asks_for_what_is_listed_and_for_nothing_else(tmp_path: Path) -> None:
    tokens = Tokens.generate()
    recorded = Recorded(create_app(tokens=tokens))
    with EmulatorServer(recorded) as server:
        env = tokens_environment(tokens) | {"WORK_CONFORMANCE_BASE_URL": server.base_url}
        assert cli("manifest", "make", "--out", "m.json", cwd=tmp_path, env=env).code == 0
        recorded.answers.clear()
        run = cli("run", "--arrange", "manifest", "--manifest", "m.json", "--output", "out", cwd=tmp_path, env=env)
        assert run.code == 0, run.out
    assert set(routes(recorded)) == needed("manifest") == needed("command")


@pytest.mark.parametrize("form", ["text", "md", "json"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_form_tells_all_of_it(form: str, lang: str, tmp_path: Path) -> None:
    told = cli("list", "--endpoints", "--format", form, "--lang", lang, cwd=tmp_path)
    assert told.code == 0
    if form == "json":
        assert len(json.loads(told.out)) == len(ENDPOINTS)
        return
    for way in MODES:
        for endpoint in endpoints_for(way):
            assert f"{endpoint.method} {endpoint.path}" in told.out
            assert endpoint.consequence_if_missing.to_json()[lang] in told.out


def test_requirements_that_are_lost_exist() -> None:
    named = {name for e in ENDPOINTS for name in re.findall(r"\back\.[\w.-]+\w", e.consequence_if_missing.en)}
    assert named
    assert named <= set(load_catalogue().requirements)
