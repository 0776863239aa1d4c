"""`explain`: whatever has a name can be explained, in both languages and three forms."""

from __future__ import annotations

import json

import click.testing
import pytest

from conformance.chapters.registry import every_scenario
from conformance.cli.explain_command import command
from conformance.cli.explanations import explainable_names, explanations
from conformance.contract.ambiguities import load_ambiguities
from conformance.contract.catalogue import load_catalogue
from conformance.contract.common_mistakes import mistakes_of
from conformance.emulator.defects import DEFECTS
from conformance.emulator.shapes import SHAPES
from conformance.emulator.variants import VARIANTS
from conformance.text import LANGS, Lang
from conformance.workers.defects import WORKER_DEFECTS
from conformance.workers.variants import WORKER_VARIANTS
from tests.cli.loaded_modules import loaded_by

EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)


def explained(*arguments: str, code: int = 0) -> str:
    done = click.testing.CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def squeezed(text: str) -> str:
    return "".join(text.split())


@EACH_LANGUAGE
@pytest.mark.parametrize("form", ["text", "md"])
def test_a_requirement_is_told_in_full(lang: Lang, form: str) -> None:
    for rule in load_catalogue().requirements.values():
        output = explained(rule.id, "--lang", lang, "--format", form)
        shown = squeezed(output)
        assert rule.level in output
        assert squeezed(rule.text.in_(lang)) in shown
        if rule.inference is not None:
            assert squeezed(rule.inference.in_(lang)) in shown
        for source in rule.sources:
            for each in LANGS:
                assert squeezed(source.cite(each, sheet=True)) in shown, "the sources of both languages"
        for mistake in mistakes_of(rule.id):
            assert squeezed(mistake.what.in_(lang)) in shown
            assert squeezed(mistake.fix.in_(lang)) in shown
        for defect in DEFECTS.values():
            broken = rule.id in defect.fails | defect.warns
            assert (f"`{defect.id}`" in output) >= broken
        for scenario in every_scenario().values():
            if rule.id in scenario.requirements:
                assert f"`{scenario.id}`" in output


def test_a_requirement_says_what_it_is_compared_with_and_what_is_compared_with_it() -> None:
    data = {
        rule: json.loads(explained(rule, "--format=json")) for rule in ("ack.request.json-body", "ack.first.starting")
    }
    (json_body,), (first,) = data.values()
    assert json_body["controls"] == ["ack.first.starting", "ack.identity.mismatch-queued"]
    assert "ack.request.json-body" in first["control_of"]
    assert "`ack.first.starting`" in explained("ack.request.json-body", "--lang=zh")


@EACH_LANGUAGE
def test_every_name_is_explained(lang: Lang) -> None:
    catalogue = load_catalogue()
    every = {
        *catalogue.requirements,
        *every_scenario(),
        *DEFECTS,
        *VARIANTS,
        *SHAPES,
        *WORKER_DEFECTS,
        *WORKER_VARIANTS,
    }
    every |= {chapter.id for chapter in catalogue.chapters} | {entry.id for entry in load_ambiguities()}
    every |= {rule.id for chapter in catalogue.chapters for rule in chapter.excluded}
    assert set(explainable_names()) == every
    for name in explainable_names():
        for each in explanations(name):
            assert each.text.in_(lang)
            assert all(entry.in_(lang).strip() for part in each.parts for entry in part.entries)
            json.dumps(each.to_json())


def test_json_is_for_programs() -> None:
    [about] = json.loads(explained("ack.retry.active", "--format", "json"))
    assert (about["id"], about["kind"]) == ("ack.retry.active", "requirement")
    assert about["standing"]["level"] == "MUST"
    assert next(scenario["id"] for scenario in about["scenarios"]) == "retry.active"
    assert {"retry.active-conflicts", "retry.active-back-to-starting"} <= {entry["id"] for entry in about["defects"]}
    assert set(about["mistakes"][0]) == {"what", "mend"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("retry.active", "(scenario)"),
        ("races", "(chapter)"),
        ("conflict-type", "register"),
        ("retry.active-conflicts", "--defect"),
        ("until-close", "--variant"),
        ("ack.first.dispatch-pass", "not judged"),
    ],
)
def test_other_names_say_what_they_are(name: str, words: str) -> None:
    assert words in explained(name, "--lang", "en").splitlines()[0]


def test_a_name_of_two_things_is_explained_twice() -> None:
    assert [each.kind for each in explanations("auth.x-api-key")] == ["scenario", "defect"]
    output = explained("auth.x-api-key", "--lang", "en")
    assert "(scenario)" in output
    assert "--defect" in output


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("ack.retry.activ", "'ack.retry.active'"), ("dispatch", "'ack.first.dispatch-pass'"), ("zzzz", "list")],
)
def test_a_wrong_name_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    assert near in explained(wrong, code=2)


CONNECTS_DRAWS_OR_JUDGES = frozenset(
    {
        "httpx",
        "jinja2",
        "jsonschema",
        "lark",
        "markdown_it",
        "pytest",
        "rich",
        "securesystemslib",
        "cryptography",
        "xdist",
    }
    | {"allure_commons", "allure_pytest"}
)


@pytest.mark.parametrize("command", ["explain ack.retry.active", "list --defects", "run --help"])
def test_what_never_connects_loads_nothing_that_connects_draws_or_judges(command: str) -> None:
    assert loaded_by(*command.split()) & CONNECTS_DRAWS_OR_JUDGES == set()


@pytest.mark.parametrize("command", ["--help", "list", "list --ambiguities", "doctor --help", "replay --help"])
def test_what_only_shows_what_there_is_loads_no_event_loop_and_no_server_either(command: str) -> None:
    more = {"asyncio", "ssl", "starlette", "uvicorn", "xml"}
    assert loaded_by(*command.split()) & (CONNECTS_DRAWS_OR_JUDGES | more) == set()
