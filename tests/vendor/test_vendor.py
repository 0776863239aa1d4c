"""A server of another shape is judged by options alone: prefix, worker's header, an extra header, prepared items."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.arrange.item_assignment import kind_for_spec
from conformance.arrange.item_spec import ItemSpec
from conformance.chapters.registry import scenarios
from conformance.emulator import EmulatorServer
from tests.cli.processes import Ended, cli
from tests.vendor.server import EXTRA_HEADER, WORKER_HEADER, Prepared, Vendor, refuses

TOKEN = "vendor-key-0123456789abcdef"
OPTIONS = ("--api-prefix", "/v1", "--worker-header", WORKER_HEADER, "--header", "=".join(EXTRA_HEADER))


def item_specs() -> list[ItemSpec]:
    """One for each case, and two more of each kind."""
    needed = [scenario.item_spec for scenario in scenarios().values()]
    return needed + [*{kind_for_spec(item_spec): item_spec for item_spec in needed}.values()] * 2


@contextmanager
def serving(vendor: Vendor, folder: Path) -> Iterator[tuple[str, ...]]:
    """Serve it, write its manifest, and give the options that name both."""
    (folder / "items.json").write_text(json.dumps(vendor.manifest(item_specs())))
    with EmulatorServer(vendor.app()) as server:
        yield ("--base-url", server.base_url, "--arrange", "manifest", "--manifest", "items.json", *OPTIONS)


def judged(vendor: Vendor, folder: Path, *more: str) -> Ended:
    with serving(vendor, folder) as options:
        return cli("run", *options, "--output", "out", *more, cwd=folder, env={"QODER_PAT": TOKEN})


@pytest.mark.parametrize("processes", ["0", "2"])
def test_it_is_conformant(processes: str, tmp_path: Path) -> None:
    run = judged(Vendor(TOKEN), tmp_path, "-n", processes)
    assert run.code == 0, run.out + run.err
    run.check_complete()
    assert run.kinds() == {"passed", "not-exercised"}
    assert run.report["run"]["arranged_by"] == "manifest"
    assert run.report["target"]["worker_header"] == WORKER_HEADER


def lets_anybody_in_later(vendor: Vendor, item: Prepared, worker: str | None) -> bool:
    return refuses(vendor, item, worker) and item.shown["state"] != "starting"


def lets_the_stopped_be_acked(vendor: Vendor, item: Prepared, worker: str | None) -> bool:
    return refuses(vendor, item, worker) and item.shown["state"] != "stopped"


@pytest.mark.parametrize(
    ("rule", "requirement"),
    [
        (lets_anybody_in_later, "ack.identity.mismatch-starting"),
        (lets_the_stopped_be_acked, "ack.terminal.stopped-forced"),
    ],
)
def test_it_is_red_when_it_breaks(rule: object, requirement: str, tmp_path: Path) -> None:
    run = judged(Vendor(TOKEN, refuses=rule), tmp_path)  # type: ignore[arg-type]
    assert run.code == 1, run.out + run.err
    run.check_complete()
    assert f"{requirement}: " in run.unwrapped


def test_without_its_header_it_cannot_start(tmp_path: Path) -> None:
    with serving(Vendor(TOKEN), tmp_path) as options:
        run = cli("run", *options[:-2], cwd=tmp_path, env={"QODER_PAT": TOKEN})
    assert (run.code, run.err.count("\n")) == (2, 1), run.out + run.err
    assert "HTTP 400" in run.err


def test_with_the_wrong_worker_header_it_is_not_conformant(tmp_path: Path) -> None:
    with serving(Vendor(TOKEN), tmp_path) as options:
        words = ["Worker-ID" if word == WORKER_HEADER else word for word in options]
        run = cli("run", *words, "--output", "out", cwd=tmp_path, env={"QODER_PAT": TOKEN})
    assert run.code == 1, run.out + run.err
    assert "[ack.identity.mismatch-queued: " in run.unwrapped
