"""`list --ambiguities` shows the register of the profile."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from conformance.cli.list_command import command
from conformance.contract.ambiguities import ambiguities_of_profile
from conformance.contract.operations import Profile
from conformance.text import LANGS, Lang


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["--ambiguities", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("profile", ["ack", "work"])
def test_the_entries_are_those_of_the_profile(profile: Profile, lang: Lang) -> None:
    expected = [entry.id for entry in ambiguities_of_profile(profile)]
    data = json.loads(shown("--profile", profile, "--lang", lang, "--format", "json"))
    assert [entry["id"] for entry in data] == expected
    text = shown("--profile", profile, "--lang", lang)
    assert [line.partition(":")[0] for line in text.splitlines() if line.partition(":")[0] in expected] == expected
    assert ("limit-above-maximum" in text) is (profile == "work")


def test_without_a_profile_every_entry_is_listed() -> None:
    assert shown("--lang", "en") == shown("--lang", "en", "--profile", "work")
