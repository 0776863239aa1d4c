"""The options that choose an arrangement: which go together, and what is said of those that do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.arrange.item_source import ArrangeConfig, arrange_config_from_options
from conformance.arrange.manifest import MANIFEST_FORMAT
from conformance.target import ConfigurationError

ITEM = {
    "state": "queued",
    "environment_id": "env_1",
    "work_id": "work_1",
    "worker_id": "worker-1",
    "delivered": True,
    "stopped_by": None,
}


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    data = {"format": MANIFEST_FORMAT, "cloud_environment_id": None, "second_environment_id": None, "items": [ITEM]}
    (tmp_path / "m.json").write_text(json.dumps(data))
    return str(tmp_path / "m.json")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a manifest without its way": ({"manifest": "m.json"}, "--manifest needs --arrange manifest."),
    "a command without its way": ({"arrange_command": "true"}, "--arrange-command needs --arrange command."),
    "a time without its way": ({"arrange_timeout": 3.0, "arrange": "manifest"}, "--arrange-timeout needs"),
    "both": ({"arrange": "command", "manifest": "m.json"}, "--manifest needs --arrange manifest."),
    "no manifest": ({"arrange": "manifest"}, "--arrange manifest needs --manifest FILE."),
    "no file": ({"arrange": "manifest", "manifest": "nowhere.json"}, "--manifest nowhere.json: it cannot be read"),
    "no command": ({"arrange": "command"}, "--arrange command needs --arrange-command CMD."),
    "an empty command": ({"arrange": "command", "arrange_command": " "}, "needs --arrange-command CMD."),
    "half a command": ({"arrange": "command", "arrange_command": "'x"}, "cannot be split into words"),
    "a command of nothing": ({"arrange": "command", "arrange_command": "no-such-program x"}, "'no-such-program'"),
    "no time": ({"arrange": "command", "arrange_command": "true", "arrange_timeout": 0.0}, "more than 0"),
    "no number": ({"arrange": "command", "arrange_command": "true", "arrange_timeout": float("nan")}, "more than 0"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_go_together_is_named(what: str) -> None:
    values, words = WRONG[what]
    with pytest.raises(ConfigurationError) as refusal:
        arrange_config_from_options(values, embedded=False)
    assert words in refusal.value.reason.en
    assert refusal.value.reason.zh != refusal.value.reason.en


@pytest.mark.parametrize("mode", ["manifest", "command"])
def test_the_embedded_emulator_holds_no_given_items(mode: str, manifest: str) -> None:
    values = {"arrange": mode} | ({"manifest": manifest} if mode == "manifest" else {"arrange_command": "true"})
    with pytest.raises(ConfigurationError, match="needs --base-url"):
        arrange_config_from_options(values, embedded=True)
    assert arrange_config_from_options(values, embedded=False).mode == mode


def test_without_a_word_it_is_the_api() -> None:
    assert arrange_config_from_options({}, embedded=True) == ArrangeConfig()


def test_a_command_is_split_as_a_shell_splits() -> None:
    values = {"arrange": "command", "arrange_command": "sh -c 'exit 1' \"two words\"", "arrange_timeout": 4.5}
    found = arrange_config_from_options(values, embedded=False)
    assert found.command == ("sh", "-c", "exit 1", "two words")
    assert found.timeout == 4.5


def test_it_crosses_to_another_process(manifest: str) -> None:
    for values in ({"arrange": "manifest", "manifest": manifest}, {"arrange": "command", "arrange_command": "true"}):
        found = arrange_config_from_options(values, embedded=False)
        assert ArrangeConfig.from_json(json.loads(json.dumps(found.to_json()))) == found
