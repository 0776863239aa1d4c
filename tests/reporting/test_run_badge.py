"""The badge of a run: what the tests came to, and never that anything is certified."""

import json
from xml.etree import ElementTree

import pytest

from conformance.certificate.badge import ATTESTATIONS
from conformance.contract.catalogue import load_catalogue
from conformance.judging.run_result import RunResult
from conformance.reporting.run_badge import LABEL, badge_for, endpoint, svg
from conformance.text import LANGS, Lang, Text

from .run_results import HOSTILE, both, failure, hostile, mixed, record_of, verdict

SPACE = "{http://www.w3.org/2000/svg}"
GREEN = verdict("auth.missing", "ack.auth.missing")
MUST = sum(requirement.level == "MUST" for requirement in load_catalogue().of_profile("ack").requirements.values())
RECORDS = {
    "passed": (record_of(GREEN), Text("1 passed", "1 条通过")),
    "selected": (record_of(GREEN, selection="chapter x"), Text(f"1 of {MUST} passed", f"{MUST} 条中 1 条通过")),
    "failed": (
        record_of(GREEN, verdict("retry.active", "ack.retry.active", "failed", failures=(failure(),))),
        Text("1 failed", "1 条失败"),
    ),
    "waived": (
        record_of(GREEN, verdict("retry.active", "ack.retry.active", "waived", failures=(failure(),))),
        Text("1 passed, 1 waived", "1 条通过，1 条豁免"),
    ),
    "unjudged": (
        record_of(GREEN, verdict("retry.active", "ack.retry.active", "inconclusive", reason=both("lost"))),
        Text("inconclusive", "无法判定"),
    ),
    "broken": (mixed(), Text("suite error", "套件错误")),
    "stale": (
        record_of(
            verdict("retry.active", "ack.retry.active"),
            waivers='[[waiver]]\nrequirement = "ack.retry.active"\nreason = "until 2.1"\n',
        ),
        Text("stale waivers", "豁免已失效"),
    ),
}
EACH_LANGUAGE = pytest.mark.parametrize("lang", LANGS)
EACH_RECORD = pytest.mark.parametrize(("record", "message"), RECORDS.values(), ids=RECORDS)


@EACH_LANGUAGE
@EACH_RECORD
def test_it_says_tests_and_what_they_came_to(record: RunResult, message: Text, lang: Lang) -> None:
    root = ElementTree.fromstring(svg(record, lang))
    texts = [LABEL.in_(lang), message.in_(lang)]
    assert [text.text for text in root.iter(f"{SPACE}text")] == texts
    assert root.attrib["aria-label"] == ": ".join(texts)
    assert root.findtext(f"{SPACE}title") == record.decision.sentence.in_(lang)
    data = json.loads(endpoint(record, lang))
    assert {name: data[name] for name in ("schemaVersion", "label", "message")} == {
        "schemaVersion": 1,
        "label": texts[0],
        "message": texts[1],
    }
    assert data["color"] == badge_for(record, lang).colour.removeprefix("#")


@EACH_LANGUAGE
@EACH_RECORD
def test_it_never_says_certified(record: RunResult, message: Text, lang: Lang) -> None:
    for text in (svg(record, lang), endpoint(record, lang)):
        assert ATTESTATIONS["self-attested"].in_(lang) not in text
        assert Text("test", "测试").in_(lang) in text


@EACH_RECORD
def test_its_words_can_be_read_on_its_colour(record: RunResult, message: Text) -> None:
    """White on it has the contrast of 4.5 that WCAG asks of small text."""
    colour = badge_for(record, "en").colour
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    luminance = sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    assert 1.05 / (luminance + 0.05) >= 4.5


def test_only_what_holds_is_green() -> None:
    colours = {name: badge_for(record, "en").colour for name, (record, _) in RECORDS.items()}
    assert [name for name, colour in colours.items() if colour == colours["passed"]] == ["passed", "selected"]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_picture_is_well_formed_whatever_the_target_sent(text: str) -> None:
    tags = [element.tag for element in ElementTree.fromstring(svg(hostile(text), "en")).iter()]
    assert tags == [f"{SPACE}{name}" for name in ("svg", "title", "rect", "path", "g", "text", "text")]
