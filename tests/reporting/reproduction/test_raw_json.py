"""The scripts read JSON in awk as the suite does when it writes them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from conformance.reporting.reproduction.raw_json import shape, value_at, values_by_pointer
from tests.reporting.reproduction.shells import SHELLS, shell_of

LIBRARY = (files("conformance.reporting.reproduction") / "library.sh").read_text("utf-8")
BODIES = {
    "an item": '{"id":"work_1","state":"queued","data":{"type":"session","id":"sess_1"},"metadata":{},"n":-1.5e3}',
    "white space and another order": '\n { "state" :\t"queued" ,\r\n "id": "work_1", "list": [ ] , "deep": [1,[2,{"a":null}]] }',
    "escapes": r'{"a":"x\"y\\","b\/c":"\u00e9","d~e":{"f/g":true}}',
    "a list": '{"data":[{"id":"a","data":{"id":"s1"}},{"id":"b","data":{"id":"s2"}}],"has_more":false}',
    "a duplicate name": '{"state":"queued","state":"starting"}',
    "not JSON": "<html>503</html>",
    "cut off": '{"id":"work_1","state":"que',
    "NaN": '{"id":NaN,"x":1}',
    "a number": "17",
    "nothing": "",
    "text after it": '{"id":"a"} trailing',
    "a deep one": "[" * 100 + "]" * 100,
    "control characters": '{"a":"x\ty\x1b[2J"}',
    "letters of other languages": '{"a":"开始","b":"é"}',
}
POINTERS = ["", "/id", "/state", "/data", "/data/1/data/id", "/metadata", "/a", "/b~1c", "/d~0e/f~1g", "/deep", "/none"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES)
def test_the_script_finds_the_same_values(shell: str, body: str, tmp_path: Path) -> None:
    values = values_by_pointer(BODIES[body])
    folder = tmp_path / "responses"
    folder.mkdir()
    (folder / "1.body").write_text(BODIES[body], "utf-8")
    lines = "\n".join(
        f"printf '[%s][%s]\\n' \"$(value 1 '{each}')\" \"$(value 1 '{each}' | shape)\"" for each in POINTERS
    )
    found = shell_of(shell, f"DIR='{folder}'\n{LIBRARY}\n{lines}\n", tmp_path / "d")
    wanted = [value_at(values, each) for each in POINTERS]
    assert found.splitlines() == [f"[{each}][{shape(each)}]" for each in wanted]


def test_what_differs_between_two_runs_has_the_same_shape() -> None:
    assert shape('"2026-07-01T08:15:01.5Z"') == shape('"2027-11-21T18:25:31.123456Z"') != shape('"2026-07-01 08:15:01"')
    assert shape('"work_019f3be4fd2475d9a784bf2c739e1194"') == shape('"work_01a21f5444b3731db43d4125472a7c61"')
    assert shape('"work_019F3BE4FD2475D9A784BF2C739E1194"') != shape('"work_01a21f5444b3731db43d4125472a7c61"')
    assert shape('"queued"') != shape('"starting"')
