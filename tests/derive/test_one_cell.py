"""One cell of one sheet in one language is changed, and `schemas check` names page, row and both values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from conformance.derive.lexicon import LANGS, Lang
from tests.derive.schema_copies import derived_from, edit, run


class Change(NamedTuple):
    """The line of a sheet that begins so has `old` replaced, and is then told of.

    `told` are the row, where it is one, and what was committed and what the page says, as the difference shows them;
    no values mean that the row is gone or new as a whole.
    """

    sheet: str
    begins: str
    old: str | None
    new: str | None
    row: str | None
    before: str | None = None
    after: str | None = None


def in_both(lang: Lang) -> list[Change]:
    """Cells that both languages write alike: names, types, codes, numbers and examples."""
    item, ack, errors = f"{lang}/work-schemas", f"{lang}/ack", f"{lang}/errors"
    shared, poll = f"{lang}/conventions", f"{lang}/poll"
    return [
        Change(item, "| `created_at`", "| string ", "| integer ", "created_at", '["string"]', '["integer"]'),
        Change(item, "| `metadata`", "| object ", "| array ", "metadata", '["object"]', '["array"]'),
        Change(item, "| `started_at`", r"string\|null", "string", "started_at", '["string", "null"]', '["string"]'),
        Change(item, "| `environment_id`", "| string ", r"| string\|null ", "environment_id", '["string"]', '"null"]'),
        Change(item, "| `id`", "`work_`", "`wrk_`", "id", '"work_"', '"wrk_"'),
        Change(item, "| `data.id`", "`sess_`", "`session_`", "data.id", '"sess_"', '"session_"'),
        Change(item, "| `type`", '`"work"`', '`"item"`', "type", '"work"', '"item"'),
        Change(item, "| `data.type`", '`"session"`', '`"job"`', "data.type", '"session"', '"job"'),
        Change(item, "| `stopped_at`", "`stopped`", "`ended`", "stopped_at", '["stopped"]', '["ended"]'),
        Change(item, "| `stopping`", "`stopping`", "`halting`", "halting"),
        Change(item, "| `queued`", "`queued`", "`Queued`", "Queued"),
        Change(item, "| `latest_heartbeat_at`", "", None, "latest_heartbeat_at"),
        Change(item, "| `data`", "", None, "data"),
        Change(item, "| `stopped_at`", None, "| `stopped_by` | string | x |", "stopped_by"),
        Change(item, "| `stopped` ", None, "| `lost` | x |", "lost"),
        Change(
            ack,
            "| 409",
            "`invalid_request_error`",
            "`conflict_error`",
            "409",
            '"invalid_request_error"',
            '"conflict_error"',
        ),
        Change(
            ack,
            "| 403",
            "`permission_error`",
            "`authentication_error`",
            "403",
            '"permission_error"',
            '"authentication_error"',
        ),
        Change(ack, "| 404", "| 404", "| 410", "410"),
        Change(ack, "| 400", "", None, "400"),
        Change(ack, "| `Worker-ID`", "409", "412", "Worker-ID", "[409]", "[412]"),
        Change(ack, "| `Authorization`", "Bearer", "Basic", "Authorization", '"Bearer $', '"Basic $'),
        Change(ack, "curl", "-X POST", "-X PUT", None, '"method": "POST"', '"method": "PUT"'),
        Change(ack, '  -H "Worker', "Worker-ID", "Worker", None, '"Worker-ID"', '"Worker"'),
        Change(ack, '  "stopped_at"', "", None, None, '"stopped_at"', '"stop_requested_at": null, "metadata"'),
        Change(f"{lang}/get", '  "state"', "active", "stopping", None, '"state": "active"', '"state": "stopping"'),
        Change(f"{lang}/stop", "`POST", "/stop`", "/halt`", None, '/stop"', '/halt"'),
        Change(f"{lang}/get", "| `work_id`", "`work_`", "`item_`", "work_id", '"work_"', '"item_"'),
        Change(poll, '  "metadata"', "{}", '{}, "new": 1', None, '"metadata": {}}', '"metadata": {}, "new": 1}'),
        Change(poll, "| `reclaim_older_than_ms`", "5000", "6000", "reclaim_older_than_ms", '"5000"', '"6000"'),
        Change(poll, "| `block_ms`", "999", "900", "block_ms", "[1, 999]", "[1, 900]"),
        Change(poll, "| `block_ms`", "| integer ", "| number ", "block_ms", '["integer"]', '["number"]'),
        Change(shared, "| Session  ", "`sess_`", "`session_`", "Session", '"sess_"', '"session_"'),
        Change(shared, "| Environment", "", None, "Environment"),
        Change(errors, "| `error.type`", "", None, "error.type"),
        Change(errors, "| `error.param`", "", None, "error.param"),
        Change(
            f"{lang}/errors-older",
            "| 409",
            "`conflict_error`",
            "`api_error`",
            "409",
            '"conflict_error"',
            '"api_error"',
        ),
    ]


ENGLISH = [
    *in_both("en"),
    Change("en/ack", "- The heartbeat", "NO_HEARTBEAT", "NONE", None, "=NO_HEARTBEAT", "=NONE"),
    Change("en/errors", "| `request_id`", "| Yes ", "| No ", "request_id", "true", "false"),
    Change("en/ack", "| `Worker-ID`", "| No ", "| Yes ", "Worker-ID", "false", "true"),
    Change("en/conventions", "| Maximum keys", "16", "32", "max-keys", "[16]", "[32]"),
    Change("en/conventions", "| Maximum key length", "64", "128", "max-key-length", "[64]", "[128]"),
    Change("en/conventions", "| Maximum value length", "512", "500", "max-value-length", "[512]", "[500]"),
    Change("en/conventions", "A timestamp", "RFC 3339 (or ISO 8601)", "ISO 8601", None, "true", "nothing"),
    Change("en/conventions", "A timestamp", " in UTC", "", None, "true", "nothing"),
    Change("en/work-schemas", "| `created_at`", ", in UTC", "", "created_at", "true", "nothing"),
    Change("en/work-schemas", "| `created_at`", "The time", "The day", "created_at", "true", "nothing"),
    Change("en/work-schemas", "| `metadata`", "String-only: ", "", "metadata", "true", "nothing"),
    Change("en/work-schemas", "| `state`", "#work-states", "#status", "state", '"work-states"', "null"),
    Change("en/work-schemas", "| `id`", "with the `work_` prefix", "x `work_`", "id", '"work_"', "nothing"),
]
CHINESE = [
    *in_both("zh"),
    Change("zh/ack", "- 紧接在", "NO_HEARTBEAT", "NONE", None, "=NO_HEARTBEAT", "=NONE"),
    Change("zh/errors", "| `request_id`", "| 是 ", "| 否 ", "request_id", "true", "false"),
    Change("zh/ack", "| `Worker-ID`", "| 否 ", "| 是 ", "Worker-ID", "false", "true"),
    Change("zh/conventions", "| 最大键数量", "16", "32", "max-keys", "[16]", "[32]"),
    Change("zh/conventions", "| key 最大长度", "64", "128", "max-key-length", "[64]", "[128]"),
    Change("zh/conventions", "| value 最大长度", "512", "500", "max-value-length", "[512]", "[500]"),
    Change("zh/conventions", "时间一律", "RFC 3339（或 ISO 8601）", "ISO 8601 ", None, "true", "（无）"),
    Change("zh/conventions", "时间一律", "，时区为 UTC", "", None, "true", "（无）"),
    Change("zh/work-schemas", "| `created_at`", "（UTC）", "", "created_at", "true", "（无）"),
    Change("zh/work-schemas", "| `created_at`", "时间", "日期", "created_at", "true", "（无）"),
    Change("zh/work-schemas", "| `metadata`", "value 均为 string：", "", "metadata", "true", "（无）"),
    Change("zh/work-schemas", "| `state`", "#work-状态", "#状态", "state", '"work-states"', "null"),
    Change("zh/work-schemas", "| `id`", "前缀为 `work_`", "含 `work_`", "id", '"work_"', "（无）"),
]
NOTHING = {"en": "nothing", "zh": "（无）"}
COMMITTED_WORD = {"en": "committed", "zh": "已提交"}
NO_VALUES = {"en": ("no longer on the page", "but not committed"), "zh": ("页面上已没有", "但未提交")}


def identified(value: Change | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value.sheet} {value.row or value.begins.strip()}: {value.old} → {value.new}"


@pytest.mark.parametrize("lang", LANGS)
def test_the_committed_schemas_are_what_the_sheets_say(lang: Lang) -> None:
    result = run("check", "--lang", lang)
    assert result.exit_code == 0, result.output
    last = {"en": "The committed schemas match the pages.", "zh": "已提交的 schema 与页面一致。"}
    assert result.stdout.splitlines()[-1] == last[lang]


def test_a_copy_that_nobody_changed_is_what_its_sheets_say(schemas: Path) -> None:
    assert run("check", "--schemas", schemas).exit_code == 0


def test_the_changes_are_as_many_as_were_promised() -> None:
    assert len(set(ENGLISH)) >= 18
    assert len(set(CHINESE)) >= 18
    assert {change.sheet[:3] for change in ENGLISH} == {"en/"}
    assert {change.sheet[:3] for change in CHINESE} == {"zh/"}


@pytest.mark.parametrize(
    ("change", "reader"),
    [(change, LANGS[number % 2]) for number, change in enumerate([*ENGLISH, *CHINESE])],
    ids=identified,
)
def test_one_changed_cell_is_told_with_page_row_and_both_values(change: Change, reader: Lang, schemas: Path) -> None:
    line = edit(schemas, change.sheet, change.begins, change.old, change.new)
    result = run("check", "--schemas", schemas, "--lang", reader)
    assert result.exit_code == 1
    shown = result.stdout.splitlines()
    about = [told for told in shown if told.startswith(f"{change.sheet} § ")]
    if change.row is not None:
        about = [told for told in about if f"`{change.row}`" in told]
    if change.before is None:
        [told] = about
        assert NO_VALUES[reader][change.new is not None] in told
    else:
        before, after = change.before, NOTHING[reader] if change.after in NOTHING.values() else str(change.after)
        about = [told for told in about if before in told and after in told]
        assert about, shown
        assert all(COMMITTED_WORD[reader] in told for told in about)
    assert all(re.search(rf"schemas/docs/{change.sheet}\.md:[0-9]+[)）]", told) for told in about)
    if change.row is not None:
        assert f"schemas/docs/{change.sheet}.md:{line}" in about[0]
    other = "zh" if change.sheet.startswith("en") else "en"
    assert not [told for told in shown if told.startswith((f"{other}/", f"schemas/{other}/"))]


@pytest.mark.parametrize("change", [ENGLISH[0], CHINESE[0], ENGLISH[9], CHINESE[9]], ids=identified)
def test_the_differences_are_the_same_in_both_languages(change: Change, schemas: Path) -> None:
    edit(schemas, change.sheet, change.begins, change.old, change.new)
    shown = {lang: run("check", "--schemas", schemas, "--lang", lang).stdout for lang in LANGS}
    places = {lang: re.findall(r"schemas/[^ ]*\.(?:md:[0-9]+|json)", text) for lang, text in shown.items()}
    assert places["en"] == places["zh"] != []
    assert re.search(r"[\u4e00-\u9fff]", shown["zh"].splitlines()[-1])
    assert not re.search(r"[\u4e00-\u9fff]", shown["en"].splitlines()[-1])


@pytest.mark.parametrize(
    ("sheet", "begins", "old", "new"),
    [("en/ack", "To be called", "the job", "the work"), ("zh/ack", "在 poll 之后", "干活", "工作")],
)
@pytest.mark.parametrize("lang", LANGS)
def test_a_word_of_prose_is_told_by_sheet(
    sheet: str, begins: str, old: str, new: str, lang: Lang, schemas: Path
) -> None:
    edit(schemas, sheet, begins, old, new)
    result = run("check", "--schemas", schemas, "--lang", lang)
    assert result.exit_code == 1
    [told] = [line for line in result.stdout.splitlines() if line.startswith("schemas/docs/")]
    assert told.startswith(f"schemas/docs/{sheet}.md")
    assert "work-conformance schemas derive" in told


def test_a_changed_cell_of_the_committed_schema_is_told_by_its_pointer(schemas: Path) -> None:
    file = schemas / "zh" / "work_item.schema.json"
    text = file.read_text("utf-8")
    assert text.count('"const": "session"') == 1
    file.write_text(text.replace('"const": "session"', '"const": "job"'), "utf-8")
    result = run("check", "--schemas", schemas)
    assert result.exit_code == 1
    [told] = [line for line in result.stdout.splitlines() if line.startswith("schemas/zh/")]
    assert "/properties/data/properties/type/const" in told
    assert '"job"' in told
    assert '"session"' in told


@pytest.mark.parametrize("name", ["PAGES.json", "SOURCE.json", "DIVERGENCES.json", "en/error_409.schema.json"])
@pytest.mark.parametrize("lang", LANGS)
def test_a_missing_file_is_told(name: str, lang: Lang, schemas: Path) -> None:
    (schemas / name).unlink()
    result = run("check", "--schemas", schemas, "--lang", lang)
    assert result.exit_code == 1
    assert f"schemas/{name}" in result.stdout


@pytest.mark.parametrize("name", ["en/work_item.schema.json", "PAGES.json", "SOURCE.json", "DIVERGENCES.json"])
def test_a_file_that_says_the_same_in_other_bytes_is_told(name: str, schemas: Path) -> None:
    file = schemas / name
    file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    result = run("check", "--schemas", schemas)
    assert result.exit_code == 1
    assert f"schemas/{name}: the schemas agree" in result.stdout


def test_a_schema_that_no_page_gives_is_told(schemas: Path) -> None:
    (schemas / "en" / "error_418.schema.json").write_text("{}", "utf-8")
    result = run("check", "--schemas", schemas)
    assert result.exit_code == 1
    assert "schemas/en/error_418.schema.json" in result.stdout


@pytest.mark.parametrize("lang", LANGS)
def test_a_committed_file_that_is_no_json_is_told_with_its_line(lang: Lang, schemas: Path) -> None:
    (schemas / "PAGES.json").write_text('{\n "pages":,\n}', "utf-8")
    result = run("check", "--schemas", schemas, "--lang", lang)
    assert result.exit_code == 2
    assert f"{schemas / 'PAGES.json'}:2" in result.stderr


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("before", "after"), [("1", "true"), ("0", "false"), ("1", "1.0")])
def test_values_that_only_python_holds_equal_are_a_difference(
    before: str, after: str, lang: Lang, schemas: Path
) -> None:
    edit(schemas, f"{lang}/poll", '  "metadata"', "{}", f'{{}}, "n": {before}')
    for name, text in derived_from(schemas).files.items():
        (schemas / name).write_text(text, "utf-8")
    edit(schemas, f"{lang}/poll", '  "metadata"', f'"n": {before}', f'"n": {after}')
    shown = run("check", "--schemas", schemas).stdout.splitlines()
    [told] = [line for line in shown if line.startswith(f"{lang}/poll § ")]
    assert f'"n": {before}}}' in told
    assert f'"n": {after}}}' in told
