"""The catalogue is covered: nothing in it is so written, or so judged, that no server could break it."""

from __future__ import annotations

from collections import Counter

from conformance.contract.catalogue import load
from tests.broken import odd, servers
from tests.broken.model import ELSEWHERE
from tests.races import servers as racy


def test_every_must_is_failed_by_a_server() -> None:
    lost_races = frozenset[str]().union(*(subject.fails for subject in racy.SERVERS))
    assert _of_level("MUST") - lost_races.union(*(subject.fails for subject in servers.SERVERS)) == set()


def test_every_should_is_warned_of_at_a_server() -> None:
    subjects = (*servers.SERVERS, *odd.SERVERS)
    assert _of_level("SHOULD") - frozenset[str]().union(*(subject.warns for subject in subjects)) == set()


def test_declarations_name_requirements_of_their_level() -> None:
    for subject in (*servers.SERVERS, *odd.SERVERS):
        assert subject.fails <= _of_level("MUST"), subject.id
        assert subject.warns <= _of_level("SHOULD"), subject.id


def test_every_chapter_is_broken_in_two_ways_at_least() -> None:
    catalogue = load()
    broken = Counter(
        chapter
        for subject in servers.SERVERS
        for chapter in {catalogue.requirements[requirement].chapter for requirement in subject.fails}
    )
    assert [
        chapter.id for chapter in catalogue.chapters if broken[chapter.id] < 2 and chapter.id not in ELSEWHERE
    ] == []


def test_every_server_has_an_id_of_its_own() -> None:
    named = Counter(subject.id for subject in (*servers.SERVERS, *odd.SERVERS))
    assert [name for name, times in named.items() if times > 1] == []


def _of_level(level: str) -> set[str]:
    return {requirement.id for requirement in load().requirements.values() if requirement.level == level}
