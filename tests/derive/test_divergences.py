"""Where the pages disagree: language with language, page with page, example with table, a row with itself."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conformance.contract.ambiguities import load_ambiguities
from conformance.derive.divergences import Divergence
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.output import unregistered_divergences
from tests.derive.schema_copies import COMMITTED, derived_from, edit, run, sheet

ENTRIES: list[dict[str, str]] = tomllib.loads(
    resources.files("conformance.derive").joinpath("registered.toml").read_text("utf-8")
)["entry"]


class Slip(NamedTuple):
    """A sheet without its language, the line that begins so, and what becomes of it; then what disagrees."""

    page: str
    begins: str | dict[Lang, str]
    old: str | None
    new: str | None
    kind: str
    aspect: str
    row: str | None


def slipped(schemas: Path, slip: Slip, *languages: Lang) -> None:
    for lang in languages:
        begins = slip.begins if isinstance(slip.begins, str) else slip.begins[lang]
        edit(schemas, f"{lang}/{slip.page}", begins, slip.old, slip.new)


def add_notes(schemas: Path, lang: Lang) -> None:
    file = sheet(schemas, f"{lang}/authentication")
    file.write_text(f"{file.read_text('utf-8')}\n{NOTES[lang]}\n\n- x\n", "utf-8")


def about(entry: Divergence) -> tuple[str, str, str | None]:
    return entry.kind, entry.aspect, entry.row


def new(schemas: Path) -> list[Divergence]:
    """The disagreements that the register does not know; the committed sheets have none."""
    return unregistered_divergences(derived_from(schemas).divergences)


NOTES: dict[Lang, str] = {"en": "## Notes", "zh": "## 注意事项"}

BETWEEN_LANGUAGES = [
    Slip("work-schemas", "| `stopped_at`", "", None, "languages", "row", "stopped_at"),
    Slip("work-schemas", "| `stopped_at`", None, "| `lost_at` | string | x |", "languages", "row", "lost_at"),
    Slip("work-schemas", "| `created_at`", "| string ", "| number ", "languages", "type", "created_at"),
    Slip("work-schemas", "| `id`", "`work_`", "`wrk_`", "languages", "prefix", "id"),
    Slip("work-schemas", "| `type`", '"work"', '"item"', "languages", "constant", "type"),
    Slip("errors", "| `request_id`", "| string ", "| integer ", "languages", "type", "request_id"),
    Slip("ack", "| 404", "`not_found_error`", "`api_error`", "languages", "error_type", "404"),
    Slip("poll", "| `reclaim_older_than_ms`", "5000", "500", "languages", "default", "reclaim_older_than_ms"),
    Slip("ack", {"en": "- The heartbeat", "zh": "- 紧接在"}, "NO_HEARTBEAT", "NONE", "languages", "mentions", None),
    Slip("ack", {"en": "The status", "zh": "状态码"}, "200", "202", "languages", "numbers", None),
    Slip("get", "`GET", "/work/{", "/works/{", "languages", "operation", None),
    Slip("get", '  "state"', '"active"', '"stopping"', "languages", "example body", None),
    Slip("poll", "curl", "-X GET", "-X PUT", "languages", "example request", None),
    Slip("authentication", "# ", None, "\n`GET /x`\n", "languages", "operation", None),
]


def test_every_disagreement_of_the_committed_sheets_is_in_the_register(schemas: Path) -> None:
    found = derived_from(schemas).divergences
    assert found
    assert unregistered_divergences(found) == []
    assert {entry.kind for entry in found} == {"pages", "example"}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("slip", BETWEEN_LANGUAGES, ids=str)
def test_a_fact_of_one_language_alone_disagrees(slip: Slip, lang: Lang, schemas: Path) -> None:
    slipped(schemas, slip, lang)
    [entry] = [entry for entry in new(schemas) if about(entry) == slip[4:]]
    assert [side.lang for side in entry.sides] == ["en", "zh"]
    assert entry.sides[0].value != entry.sides[1].value
    assert entry.id is None
    for side in entry.sides:
        assert side.place.at.startswith(f"schemas/docs/{side.lang}/{slip.page}.md:")


@pytest.mark.parametrize("slip", BETWEEN_LANGUAGES, ids=str)
def test_the_same_fact_in_both_languages_is_no_disagreement_of_languages(slip: Slip, schemas: Path) -> None:
    slipped(schemas, slip, *LANGS)
    assert not [entry for entry in new(schemas) if entry.kind == "languages"]


def test_what_was_not_seen_is_no_disagreement(schemas: Path) -> None:
    edit(schemas, "en/poll", "| 404", "`not_found_error`", "`api_error`")
    edit(schemas, "en/poll", "- A call waits once", "`block_ms`", "`wait_ms`")
    edit(schemas, "en/stop", "| `queued`", "", None)
    assert {entry.kind for entry in new(schemas)} == {"pages"}
    edit(schemas, "zh/poll", "| 403", "`permission_error`", "`api_error`")
    assert ("languages", "error_type", "403") in {about(entry) for entry in new(schemas)}


def test_what_a_language_does_not_say_disagrees_once_its_section_was_seen(schemas: Path) -> None:
    file = sheet(schemas, "zh/stop")
    file.write_text(file.read_text("utf-8").replace("本节其余部分未能看到。\n", ""), "utf-8")
    rows = {entry.row for entry in new(schemas) if entry.kind == "languages"}
    assert rows == {"queued", "starting", "active", "stopping", "stopped", "400", "401", "403", "404"}


@pytest.mark.parametrize("lang", LANGS)
def test_a_section_of_one_language_alone_disagrees(lang: Lang, schemas: Path) -> None:
    add_notes(schemas, lang)
    [entry] = new(schemas)
    assert about(entry) == ("languages", "section", None)
    assert [side.value for side in entry.sides] == (["there", None] if lang == "en" else [None, "there"])
    assert {side.place.section for side in entry.sides} == {"notes"}


def test_a_section_of_both_languages_is_no_disagreement(schemas: Path) -> None:
    for lang in LANGS:
        add_notes(schemas, lang)
    assert new(schemas) == []


def test_what_stands_in_placeholders_is_no_disagreement(schemas: Path) -> None:
    edit(schemas, "en/errors", '    "message"', "<what went wrong>", "<told to people>")
    assert new(schemas) == []


def test_a_placeholder_against_a_value_is_a_disagreement(schemas: Path) -> None:
    edit(schemas, "en/errors", '    "message"', "<what went wrong>", "Refused.")
    assert [about(entry) for entry in new(schemas)] == [("languages", "example body", None)]


WITHIN_A_LANGUAGE = [
    Slip("ack", "| 404", "`not_found_error`", "`api_error`", "pages", "error_type", "404"),
    Slip("ack", "| 404", "404", "410", "pages", "row", "410"),
    Slip("conventions", "| `has_more`", "| boolean ", "| string ", "pages", "type", "has_more"),
    Slip("conventions", "| `has_more`", None, "| `total` | integer | x |", "pages", "row", "total"),
    Slip("list", "| `has_more`", None, "| `total` | integer | x |", "pages", "row", "total"),
    Slip("errors-older", "| `error.param`", "", None, "pages", "row", "error.param"),
    Slip("errors-older", "| `type`", None, "| `trace` | string | {yes} | x |", "pages", "row", "trace"),
    Slip("errors", "| `error.message`", "| string ", "| object ", "pages", "type", "error.message"),
    Slip("errors-older", "| `type`", '"error"', '"fault"', "pages", "constant", "type"),
    Slip("conventions", "| Session  ", "`sess_`", "`session_`", "pages", "prefix", "data.id"),
    Slip("conventions", "| Environment", "`env_`", "`environment_`", "pages", "prefix", "environment_id"),
    Slip("ack", '  "started_at"', "", None, "example", "field", "started_at"),
    Slip("poll", '  "metadata"', "{}", '{}, "extra": 1', "example", "field", "extra"),
    Slip("get", '    "id"', '"id"', '"extra": 1, "id"', "example", "field", "data.extra"),
    Slip("errors", '    "message"', '"message"', '"text"', "example", "field", "error.text"),
    Slip("errors-older", '    "param"', '"param"', '"field"', "example", "field", "error.param"),
    Slip("conventions", '    "message"', '"message"', '"text"', "example", "field", "error.message"),
    Slip("ack", '  "state"', '"starting"', '"acked"', "example", "enum", "state"),
    Slip("get", '  "id"', "work_", "sess_", "example", "pattern", "id"),
    Slip("get", '    "id"', "sess_", "work_", "example", "pattern", "data.id"),
    Slip("poll", '  "type"', '"work"', '"session"', "example", "const", "type"),
    Slip("poll", '  "metadata"', "{}", '{"n": 1}', "example", "type", "metadata.n"),
    Slip("poll", '  "created_at"', '"2026-07-01T08:15:01Z"', "null", "example", "type", "created_at"),
    Slip("ack", '  "created_at"', "2026-07-01", "2026-02-30", "example", "format", "created_at"),
    Slip("ack", '  "created_at"', "01Z", "01", "example", "format", "created_at"),
    Slip("ack", '  "acknowledged_at"', "04Z", "04+08:00", "example", "pattern", "acknowledged_at"),
    Slip("stop", '  "state"', '"stopping"', '"halting"', "example", "enum", "state"),
    Slip("update-metadata", '    "job"', '"daily-report"', "1", "example", "type", "metadata.job"),
    Slip("list", '  "has_more"', "false", "null", "example", "type", "has_more"),
    Slip("list", '      "state"', '"active"', '"acked"', "example", "enum", "data.0.state"),
    Slip("list", '  "has_more"', '"has_more"', '"more"', "example", "field", "more"),
    Slip("heartbeat", '  "ttl_seconds"', "60", "601", "example", "maximum", "ttl_seconds"),
    Slip("heartbeat", '  "ttl_seconds"', "60", "9", "example", "minimum", "ttl_seconds"),
    Slip("heartbeat", '  "state"', '"active"', '"acked"', "example", "enum", "state"),
    Slip("stats", '  "depth"', "3", '"3"', "example", "type", "depth"),
    Slip("stats", '  "pending"', '"pending"', '"waiting"', "example", "field", "waiting"),
    Slip("stats", "curl", "/stats", "/statistics", "example", "operation", None),
    Slip("ack", "curl", "-X POST", "-X PUT", "example", "operation", None),
    Slip("ack", "curl", '/ack"', '/acknowledge"', "example", "operation", None),
    Slip("get", "curl", "/work/work_", "/work/item_", "example", "operation", None),
    Slip("poll", '  -H "Worker', "Worker-ID", "X-Worker", "example", "header", None),
    Slip("work-schemas", "| `stopped_at`", r"string\|null", "string", "row", "nullable", "stopped_at"),
    Slip("work-schemas", "| `created_at`", "| string ", r"| string\|null ", "row", "nullable", "created_at"),
    Slip("work-schemas", "| `stopped_at`", "`null`", "none", "row", "nullable", "stopped_at"),
]


@pytest.mark.parametrize("slip", WITHIN_A_LANGUAGE, ids=str)
def test_pages_examples_and_rows_disagree_in_each_language(slip: Slip, schemas: Path) -> None:
    for lang in LANGS:
        yes = {"en": "Yes", "zh": "是"}[lang]
        slipped(schemas, slip._replace(new=slip.new and slip.new.replace("{yes}", yes)), lang)
    found = [entry for entry in new(schemas) if about(entry) == slip[4:]]
    assert [entry.sides[0].lang for entry in found] == ["en", "zh"]
    for entry in found:
        assert {side.lang for side in entry.sides} == {entry.sides[0].lang}
        assert any(f"/{slip.page}.md:" in side.place.at for side in entry.sides)


REQUIRED: dict[Lang, tuple[str, str]] = {"en": ("| Yes ", "| No "), "zh": ("| 是 ", "| 否 ")}


@pytest.mark.parametrize("lang", LANGS)
def test_editions_that_require_differently_disagree(lang: Lang, schemas: Path) -> None:
    edit(schemas, f"{lang}/errors-older", "| `error.message`", *REQUIRED[lang])
    assert ("pages", "required", "error.message") in {about(entry) for entry in new(schemas)}


AGREEING: dict[str, list[tuple[str, str, str | None, str | None]]] = {
    "both pages have another error type": [
        *((page, "| 500", "`api_error`", "`conflict_error`") for page in ("errors", "errors-older")),
        ("ack", "| 409", None, "| 500 | `conflict_error` | x |"),
    ],
    "a general list that has the field too": [
        ("conventions", "| `has_more`", None, "| `next_page` | string\\|null | `null` |")
    ],
    "both editions lack a row": [
        ("errors", "| `error.param`", "", None),
        ("errors-older", "| `error.param`", "", None),
        ("errors", '    "message"', '",', '"'),
        ("errors", '    "param"', "", None),
        ("errors-older", '    "message"', '",', '"'),
        ("errors-older", '    "param"', "", None),
    ],
    "a prefix that table and field share": [
        ("conventions", "| Environment", "`env_`", "`environment_`"),
        ("work-schemas", "| `environment_id`", "`env_`", "`environment_`"),
        ("ack", '  "environment_id"', "env_", "environment_"),
        ("poll", '  "environment_id"', "env_", "environment_"),
        ("get", '  "environment_id"', "env_", "environment_"),
        ("stop", '  "environment_id"', "env_", "environment_"),
        ("update-metadata", '  "environment_id"', "env_", "environment_"),
        ("list", '      "environment_id"', "env_", "environment_"),
    ],
    "a header of another name in table and call": [
        ("poll", "| `Worker-ID`", "| `Worker-ID`", "| `X-Worker`"),
        ("poll", '  -H "Worker', "Worker-ID", "X-Worker"),
    ],
    "another state that exists": [("ack", '  "state"', '"starting"', '"active"')],
    "another instant": [("ack", '  "created_at"', "01Z", "59.123456789z")],
    "an operation and its call with another method": [
        ("get", "`GET", "`GET", "`HEAD"),
        ("get", "curl", "-X GET", "-X HEAD"),
    ],
    "a call of another item": [("get", "curl", "work_019f", "work_abcd")],
    "a prefix with signs that patterns give a meaning": [
        ("get", "| `work_id`", "`work_`", "`w(*[.`"),
        ("get", "curl", "/work/work_", "/work/w(*[."),
    ],
}


@pytest.mark.parametrize("how", AGREEING)
def test_what_agrees_is_not_listed(how: str, schemas: Path) -> None:
    for page, begins, old, replacement in AGREEING[how]:
        for lang in LANGS:
            edit(schemas, f"{lang}/{page}", begins, old, replacement)
    assert [(about(entry), entry.sides) for entry in new(schemas)] == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_row_that_may_be_null_and_says_so_agrees(lang: Lang, schemas: Path) -> None:
    line = {
        "en": "| `lost_at` | string\\|null | The time; else `null` |",
        "zh": "| `lost_at` | string\\|null | 时间，可为 `null` |",
    }
    edit(schemas, f"{lang}/work-schemas", "| `stopped_at`", None, line[lang])
    assert "row" not in {entry.kind for entry in new(schemas)}


def test_a_prefix_that_the_table_gets_is_no_disagreement_any_more(schemas: Path) -> None:
    for lang in LANGS:
        edit(schemas, f"{lang}/conventions", "| Environment", None, "| Work | `work_` |")
    assert "shared-prefix-table" not in {entry.id for entry in derived_from(schemas).divergences}


# The register ---------------------------------------------------------------------------------------------------------


def test_every_registered_id_is_in_the_ambiguity_register() -> None:
    assert {entry["id"] for entry in ENTRIES} <= {entry.id for entry in load_ambiguities()}


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
def test_every_registered_entry_is_of_a_disagreement_that_is_there(entry: dict[str, str], schemas: Path) -> None:
    found = [about(one) for one in derived_from(schemas).divergences if one.id == entry["id"]]
    assert (entry["kind"], entry["aspect"], entry["row"]) in found


@pytest.mark.parametrize("lang", LANGS)
def test_committed_disagreements_carry_ids_sides_and_lines(lang: Lang) -> None:
    committed: list[dict[str, Any]] = json.loads((COMMITTED / "DIVERGENCES.json").read_text("utf-8"))
    own = [entry for entry in committed if {side["language"] for side in entry["sides"]} == {lang}]
    ids = ["conflict-type", "next-page", "precondition-failed", "request-id", "shared-prefix-table"]
    assert sorted({entry["id"] for entry in own}) == ids
    conflicts = [entry for entry in own if entry["id"] == "conflict-type"]
    for page, conflict in zip(("ack", "heartbeat"), conflicts, strict=True):
        assert [side["says"] for side in conflict["sides"]] == ["invalid_request_error", "conflict_error"]
        assert [side["ref"] for side in conflict["sides"]] == [f"{page}#errors/409", "errors#error-types/409"]
    [missing] = [entry for entry in own if entry["id"] == "precondition-failed"]
    assert [side["ref"] for side in missing["sides"]] == ["heartbeat#errors/412", "errors#error-types"]


# The command ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", LANGS)
@pytest.mark.parametrize("lang", LANGS)
def test_check_fails_for_a_new_disagreement_though_the_files_agree(lang: Lang, reader: Lang, schemas: Path) -> None:
    line = edit(schemas, f"{lang}/poll", "| `reclaim_older_than_ms`", "5000", "6000")
    for name, text in derived_from(schemas).files.items():
        (schemas / name).write_text(text, "utf-8")
    result = run("check", "--schemas", schemas, "--lang", reader)
    assert result.exit_code == 1
    shown = result.stdout.splitlines()
    start = shown.index(
        {
            "en": "not in the ambiguity register: the languages differ: `reclaim_older_than_ms`, default",
            "zh": "未登记: 两种语言不一致: `reclaim_older_than_ms`, default",
        }[reader]
    )
    sides = shown[start + 1 : start + 3]
    assert f"{lang}/poll.md:{line}" in sides[LANGS.index(lang)]
    assert '"6000"' in sides[LANGS.index(lang)]
    assert '"5000"' in sides[1 - LANGS.index(lang)]
    last = {"en": "contradictions above are missing", "zh": "未登记在歧义登记表中"}
    assert last[reader] in shown[-1]


@pytest.mark.parametrize("reader", LANGS)
def test_the_command_lists_every_disagreement(reader: Lang) -> None:
    result = run("divergences", "--lang", reader)
    assert result.exit_code == 0
    shown = result.stdout.splitlines()
    assert shown[-1] == {"en": "14 contradictions.", "zh": "共 14 处矛盾。"}[reader]
    for entry in json.loads((COMMITTED / "DIVERGENCES.json").read_text("utf-8")):
        assert any(line.startswith(f"{entry['id']}: ") for line in shown)
        for side in entry["sides"]:
            assert any(line.strip().startswith(side["at"]) for line in shown)


def test_the_command_gives_json_too() -> None:
    result = run("divergences", "--format", "json")
    assert result.stdout == (COMMITTED / "DIVERGENCES.json").read_text("utf-8")


@pytest.mark.parametrize("lang", LANGS)
def test_the_command_shows_what_a_page_elsewhere_says_otherwise(lang: Lang, tmp_path: Path) -> None:
    file = tmp_path / lang / "ack.md"
    file.parent.mkdir()
    text = (COMMITTED / "docs" / lang / "ack.md").read_text("utf-8")
    file.write_text(text.replace("`permission_error`", "`authentication_error`"), "utf-8")
    shown = run("divergences", "--docs", tmp_path, "--lang", "en").stdout
    assert "not in the ambiguity register: the languages differ: `403`, error_type" in shown
    assert "not in the ambiguity register: pages differ: `403`, error_type" in shown
    assert f"{file}:67" in shown
