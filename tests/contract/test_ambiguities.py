"""The register of what the docs leave open: whole, in both languages, and tied to what is judged."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import pytest

from conformance.contract import ambiguities
from conformance.contract.ambiguities import Ambiguity, ambiguities_of_profile, load_ambiguities
from conformance.contract.catalogue import CatalogueError, load_catalogue
from conformance.contract.operations import OPERATIONS
from conformance.emulator.defects import DEFECTS
from conformance.text import Text

EACH = pytest.mark.parametrize("entry", load_ambiguities(), ids=[entry.id for entry in load_ambiguities()])
CONFLICTS_OF_HEARTBEATS = ("state.queued", "state.stopped", "envelope.schema-en", "envelope.schema-zh")
CJK = re.compile(r"[\u4e00-\u9fff]")


def test_an_entry_has_an_id_of_its_own() -> None:
    ids = [entry.id for entry in load_ambiguities()]
    assert len(set(ids)) == len(ids) > 10
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", entry_id) for entry_id in ids)


@EACH
def test_an_entry_is_told_in_both_languages(entry: Ambiguity) -> None:
    for text in (entry.question, entry.positions, entry.reading):
        assert text.en.strip() == text.en != ""
        assert text.zh.strip() == text.zh != ""
        assert CJK.search(text.zh) or re.search("[`0-9]", text.zh)
        assert not CJK.search(text.en)
        assert set(re.findall(r"`[^`]+`", text.en)) == set(re.findall(r"`[^`]+`", text.zh))
        assert set(re.findall(r"\b[1-5]\d\d\b", text.en)) == set(re.findall(r"(?<!\d)[1-5]\d\d(?!\d)", text.zh))


@EACH
def test_a_question_ends_as_one_and_the_rest_as_sentences(entry: Ambiguity) -> None:
    assert (entry.question.en[-1], entry.question.zh[-1]) == ("?", "？")
    for text in (entry.positions, entry.reading):
        assert (text.en[-1], text.zh[-1]) == (".", "。")


@EACH
def test_an_entry_cites_the_pages_that_leave_it_open(entry: Ambiguity) -> None:
    assert entry.sources
    for source in entry.sources:
        for url in (source.url.en, source.url.zh):
            assert url.startswith("https://docs.qoder.com/")
        assert CJK.search(source.cite("zh"))


@EACH
def test_the_requirements_that_rest_on_a_reading_exist(entry: Ambiguity) -> None:
    assert set(entry.requirements) <= set(load_catalogue().requirements)
    assert len(set(entry.requirements)) == len(entry.requirements)


@EACH
def test_an_entry_concerns_the_smallest_profile_that_has_one_of_its_requirements(entry: Ambiguity) -> None:
    profiles = {load_catalogue().profile_of(name) for name in entry.requirements}
    if profiles:
        assert entry.profile == ("ack" if "ack" in profiles else "work")


def test_the_register_of_a_profile_names_its_own_requirements_alone() -> None:
    of_ack, of_work = ambiguities_of_profile("ack"), ambiguities_of_profile("work")
    assert of_work == load_ambiguities()
    assert [entry.id for entry in of_ack] == [entry.id for entry in of_work if entry.profile == "ack"]
    assert len(of_ack) == 20
    for entry in of_ack:
        assert all(name.startswith("ack.") for name in entry.requirements)


def test_the_rulings_on_what_is_open_are_all_there() -> None:
    """What the contract says goes by a reading has its entry."""
    readings = {rule for entry in load_ambiguities() for rule in entry.requirements}
    assert readings >= {
        "ack.identity.mismatch-queued",
        "ack.identity.mismatch-starting",
        "ack.identity.ack-without-id",
        "ack.environment.not-self-hosted",
        "ack.not-found.malformed",
        "ack.authz.foreign",
        "ack.envelope.param-not-null",
        "ack.answer.id-form",
        "ack.retry.acknowledged-at-unchanged",
    }


def test_the_conflict_type_concerns_every_refusal_with_409() -> None:
    (entry,) = (entry for entry in load_ambiguities() if entry.id == "conflict-type")
    fails = DEFECTS["envelope.conflict-error"].fails
    of_more = {"ack.identity.header-case", "ack.request.json-body"} | {rule for rule in fails if ".race." in rule}
    of_heartbeats = {f"heartbeat.{rule}" for rule in CONFLICTS_OF_HEARTBEATS}
    assert set(entry.requirements) == (fails - of_more) | of_heartbeats


def test_a_template_stands_for_every_operation_that_has_the_requirement() -> None:
    (entry,) = (entry for entry in load_ambiguities() if entry.id == "malformed-ids")
    assert entry.requirements == tuple(f"{operation}.not-found.malformed" for operation in OPERATIONS)


def test_the_disagreements_about_the_other_operations_have_entries() -> None:
    entries = {entry.id: entry for entry in load_ambiguities()}
    for name, kind, requirement in [
        ("limit-above-maximum", "limit", "list.limit.above-maximum"),
        ("next-page", "contradiction", "list.page.next"),
        ("redelivery", "limit", "poll.redelivery.after-window"),
        ("precondition-failed", "contradiction", "heartbeat.cas.stale-refused"),
        ("stop-requested-at", "gap", "stop.observe.forced-times"),
        ("oldest-queued-at", "gap", "stats.oldest.null-when-empty"),
        ("request-id", "contradiction", "list.envelope.schema-zh"),
        ("other-tenant", "gap", "stats.authz.foreign-token"),
    ]:
        assert entries[name].kind == kind, name
        assert requirement in entries[name].requirements, name
    for name in ("update-content-type",):
        assert entries[name].requirements == ()


def read(monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[Ambiguity, ...]:
    class File:
        def joinpath(self, _: str) -> File:
            return self

        def read_text(self, _: str) -> str:
            return text

    def files(_: str) -> Any:
        return File()

    monkeypatch.setattr(resources, "files", files)
    load_ambiguities.cache_clear()
    try:
        return ambiguities.load_ambiguities()
    finally:
        monkeypatch.undo()
        load_ambiguities.cache_clear()


ENTRY = """
[[ambiguity]]
id = "a"
sources = ["{page}"]
requirements = []
question = { en = "Is it?", zh = "是吗？" }
positions = { en = "Both.", zh = "两者。" }
reading = { en = "It is.", zh = "是。" }
"""


def test_an_entry_is_read_with_its_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = read(monkeypatch, ENTRY.replace("{page}", "ack#errors"))
    assert (entry.id, entry.reading, entry.requirements) == ("a", Text("It is.", "是。"), ())
    assert [source.page for source in entry.sources] == ["ack"]


@pytest.mark.parametrize("page", ["ack#nowhere", "nowhere#errors", "ack"])
def test_a_source_that_does_not_resolve_is_an_error(monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    with pytest.raises(CatalogueError, match="no such page, section or row"):
        read(monkeypatch, ENTRY.replace("{page}", page))


@pytest.mark.parametrize(("kind", "refused"), [("gap", True), ("contradiction", False), ("limit", False)])
def test_what_a_reading_fills_in_is_not_called_stated(
    kind: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ENTRY.replace("{page}", "ack#errors").replace("requirements = []", 'requirements = ["ack.auth.missing"]')
    text = text.replace('id = "a"', f'id = "a"\nkind = "{kind}"')
    if not refused:
        assert read(monkeypatch, text)[0].kind == kind
        return
    with pytest.raises(CatalogueError, match=r"ack\.auth\.missing rests on the reading of 'a'"):
        read(monkeypatch, text)
