"""`--map-state`: names of the target's own for documented states, from the option to the processes of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.plugin.run_config import RunConfig
from conformance.plugin.worker_input import pack, unpack
from conformance.settings import Settings, from_values
from conformance.target import ConfigurationError, Limits
from tests.client.servers import CREDENTIALS


def settings(*texts: str) -> Settings:
    return from_values({"base_url": "http://127.0.0.1:1", "map_state": texts}, {"QODER_PAT": "pt-" + "x" * 40})


def test_each_name_stands_for_one_state_and_the_last_word_counts() -> None:
    assert settings().states == ()
    states = settings("pending=queued", "failed=stopped", "pending=starting").states
    assert states == (("pending", "starting"), ("failed", "stopped"))
    target = settings("pending=queued").target()
    assert [target.documented_state(name) for name in ("pending", "queued", "odd")] == ["queued", "queued", "odd"]


@pytest.mark.parametrize("text", ["pending", "pending=", "=queued", "pending=waiting", "queued=starting"])
def test_what_maps_nothing_to_a_documented_state_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--map-state") as refused:
        settings(text)
    assert "queued, starting, active, stopping, stopped" in refused.value.reason.en


def test_every_process_of_a_run_knows_the_names(tmp_path: Path) -> None:
    run_config = RunConfig(
        run_id="r",
        seed=1,
        epoch=0.0,
        target=settings("pending=queued").target(),
        credentials=CREDENTIALS,
        limits=Limits(),
        folder=tmp_path,
    )
    packed = json.loads(json.dumps(pack(run_config, processes=3)))
    there = unpack(packed)
    assert there.target.states == (("pending", "queued"),)
    assert there.processes == 3
