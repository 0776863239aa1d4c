"""What was expected and found reads naturally, and the words that waivers depend on stay as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judging.failure_signature import failure_signature
from conformance.reporting.found_and_expected import actual_text, chinese_quotes, expected_text
from conformance.reporting.root_causes import causes_of
from conformance.text import Text

from .cause_samples import breach, failed
from .run_results import both


def not_utf_8(body: str) -> str:
    shown = replace(breach("a body that is not valid UTF-8", pointer=""), response=f"HTTP 200\n\n{body}")
    return actual_text(shown).en.removeprefix("a body that is not valid UTF-8")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"note":"caf\ufffd","id":1}', ": byte 13, in the field `note`"),
        ('{"é":"\ufffd"}', ": byte 8, in the field `é`"),
        ('{\n "a": 1,\n \ufffd}', ": byte 13, in line 3, after the field `a`"),
        ("\ufffd", ": byte 1"),
        ("{}", ""),
    ],
)
def test_a_body_that_is_not_utf_8_is_found_at_its_first_wrong_byte(body: str, place: str) -> None:
    assert not_utf_8(body) == place


def test_the_headline_names_the_byte_too() -> None:
    shown = breach("a body that is not valid UTF-8", expected="a strict JSON body", pointer="", status=200)
    (cause,) = causes_of([failed("a", "ack.answer.strict-json", replace(shown, response='HTTP 200\n\n{"a":"\ufffd"}'))])
    assert cause.headline.en == "Successful ack has a body that is not valid UTF-8: byte 7, in the field `a`"
    assert failure_signature(shown) == "answer: a strict JSON body | a body that is not valid UTF-8"


def test_a_missing_header_is_said_to_be_missing() -> None:
    missing = replace(
        breach("no such header", expected="`application/json`", pointer="Content-Type"),
        actual=Text("no such header", "没有该响应头"),
    )
    assert expected_text(missing) == Text("Content-Type `application/json`", "Content-Type 为 `application/json`")
    assert actual_text(missing) == Text("the header Content-Type is missing", "缺少 Content-Type 响应头")
    wrong = breach('"text/html"', expected="`application/json`", pointer="Content-Type")
    assert actual_text(wrong) == Text('Content-Type "text/html"', "Content-Type 为“text/html”")
    (cause,) = causes_of([failed("a", "stop.answer.media-type", missing)])
    assert cause.headline.en == "Stop, success: the header Content-Type is missing"


def test_quotation_marks_are_chinese_in_chinese_but_not_in_code() -> None:
    assert chinese_quotes(both('为 "a" 或 `{"b": "c"}`')) == Text('为 "a" 或 `{"b": "c"}`', '为“a”或 `{"b": "c"}`')
    assert chinese_quotes(both(r'"a\"b"')).zh == r"“a\"b”"
