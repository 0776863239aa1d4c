"""The functions of the scripts that compare responses, and those that wait."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.reporting.reproduction.shells import SHELLS, shell_of
from tests.reporting.reproduction.test_raw_json import LIBRARY

PAGES: Final = {
    "1": '{"data":[{"id":"a"},{"id":"b"},{"id":"c"}],"has_more":false,"next_page":null}',
    "2": '{"data":[{"id":"a"},{"id":"b"}],"has_more":true,"next_page":"b"}',
    "2.2": '{"data":[{"id":"c"}],"has_more":false,"next_page":null}',
    "3": '{"data":[{"id":"c"},{"id":"b"}],"has_more":false,"next_page":null}',
    "4": '{"id":"env_1","depth":2,"at":"2026-07-01T08:15:01Z","exact":"2026-07-01T08:15:01.9Z"}',
    "5": '{"data":[{"id":"a","environment_id":"env_1"},{"id":"x","environment_id":"env_2"}],"at":"2026-07-01T08:15:02Z"}',
    "6": "null",
}
CONDITIONS: Final = {
    "not_each_once 1 2": 1,  # with the page that follows
    "not_each_once 1 3": 0,
    "not_each_once 1 2 3": 0,
    "same_items 1 3 2 '/data/0/id=/data/0/id /data/1/id=/data/1/id' 3 /data/2/id=/data/0/id": 0,
    "same_items 3 2 2 '/data/0/id=/data/0/id'": 1,
    "same_items 3 3": 1,
    "same_items 9 0": 1,
    "when_seen 1 'less 2' same_value 2 /has_more true": 0,
    "when_seen 1 'less 2 2.2' same_value 2 /has_more true": 1,
    "when_seen 1 'all 2 2.2' same_value 2.2 /has_more false": 0,
    "when_seen 1 'all 2 2.9' same_value 2.2 /has_more false": 1,
    "foreign_item 5 4": 0,
    "other_number 4 /depth 1": 0,
    "other_number 4 /depth 2": 1,
    "other_number 4 /none 1": 1,
    "exactly 4 /depth 2": 0,
    "lacks 4 /state": 0,
    "lacks 4 /depth": 1,
    "lacks 6 /state": 1,
    "compared 4 /at eq 4 /exact": 0,
    "compared 4 /at lt 5 /at": 0,
    "compared 5 /at gt 4 /exact": 1,
    "compared 4 /id ne 1 /has_more": 0,
    "compared 4 /id ne 9 /has_more": 1,
}


def library_with(folder: Path) -> str:
    """Return lines that define the functions and these responses."""
    responses = folder / "responses"
    responses.mkdir()
    for number, body in PAGES.items():
        (responses / f"{number}.body").write_text(body, "utf-8")
        (responses / f"{number}.status").write_text("200", "utf-8")
    texts = "SAY_STEP_FAILED=failed SAY_STEP_ACCEPTED=accepted SAY_NOT_LISTED='not listed' SAY_NO_ID='no value at'"
    return f"DIR='{responses}'\n{texts}\nSECRETS=\nexport SECRETS\n{LIBRARY}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_condition_holds_as_in_the_run_and_never_for_a_request_that_was_not_sent(shell: str, tmp_path: Path) -> None:
    lines = "\n".join(f"{words}; echo $?" for words in CONDITIONS)
    found = shell_of(shell, library_with(tmp_path) + lines + "\n", tmp_path / "d").split()
    assert dict(zip(CONDITIONS, map(int, found), strict=True)) == CONDITIONS


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("given", "later"),
    [
        ("2026-07-01T08:15:01.123456Z", "2026-07-01T09:15:01Z"),
        ("2026-12-31T23:59:59Z", "2027-01-01T00:59:59Z"),
        ("2028-02-28t23:00:00+00:00", "2028-02-29T00:00:00Z"),
        ("2026-02-28T23:08:09Z", "2026-03-01T00:08:09Z"),
    ],
)
def test_an_hour_later(shell: str, given: str, later: str, tmp_path: Path) -> None:
    assert shell_of(shell, f"{LIBRARY}\nhour_later {given}\n", tmp_path / "d") == f"{later}\n"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("must 9", "failed"),
        ("must_not 1", "accepted"),
        ("take CURSOR 1 /next_page", "no value at /next_page"),
        ("list_until lists 4 - 1", "not listed"),
    ],
)
def test_a_step_that_goes_otherwise_than_in_the_run_ends_the_script_with_a_reason(
    shell: str, words: str, said: str, tmp_path: Path
) -> None:
    never = "request() { :; }\nsleep() { :; }\n"
    lines = f"{library_with(tmp_path)}{never}( {words} ) >said; echo $?; head -n 1 said; rm said\n"
    assert shell_of(shell, lines, tmp_path / "d") == f"2\n{said}\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_walk_ends_at_the_last_page_and_after_forty(shell: str, tmp_path: Path) -> None:
    tries = "page=1; next_page 2 /next_page; echo $? $CURSOR_NOW; next_page 1 /next_page; echo $?; page=40; next_page 2 /next_page; echo $?"
    assert shell_of(shell, library_with(tmp_path) + tries + "\n", tmp_path / "d") == "0 b\n1\n1\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_reading_is_repeated_until_its_failure_no_longer_shows(shell: str, tmp_path: Path) -> None:
    sent = "sent=0\nrequest() { sent=$((sent + 1)); }\nsleep() { :; }\n"
    goes = 'compare() { shown=1; [ "$sent" -lt 3 ] || shown=; }\nsettle 10 1; echo $sent\n'
    stays = "compare() { shown=1; }\nsent=0; settle 4 1; echo $sent\n"
    assert shell_of(shell, library_with(tmp_path) + sent + goes + stays, tmp_path / "d") == "3\n5\n"
