"""What the run made, found again after whatever happened."""

from __future__ import annotations

import multiprocessing
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.arrange.journal import Journal, JournaledResource, new_run_id


def test_intents_with_and_without_an_answer(journal: Journal) -> None:
    journal.record_intent("environments", "main")
    journal.record_created("environments", "main", "env_1")
    journal.record_intent("sessions", "lost")
    assert journal.read() == [
        JournaledResource("environments", "main", "env_1"),
        JournaledResource("sessions", "lost", None),
    ]


def test_what_was_refused_was_never_made(journal: Journal) -> None:
    journal.record_intent("agents", "a")
    journal.record_refused("agents", "a")
    journal.record_intent("sessions", "a")
    assert journal.read() == [JournaledResource("sessions", "a", None)]


def test_an_intent_repeated_after_its_answer_forgets_nothing(journal: Journal) -> None:
    journal.record_intent("agents", "a")
    journal.record_created("agents", "a", "agent_1")
    journal.record_intent("agents", "a")
    assert journal.read() == [JournaledResource("agents", "a", "agent_1")]


def test_a_journal_that_was_never_begun_is_empty(journal: Journal) -> None:
    assert journal.read() == []


@pytest.mark.parametrize("torn", ['{"made": "sessions", "name": "b", "i', "{", '{"intend": "sessio'])
def test_a_torn_last_line_is_passed_over(journal: Journal, torn: str) -> None:
    journal.record_intent("sessions", "a")
    journal.record_created("sessions", "a", "sess_1")
    journal.record_intent("sessions", "b")
    with journal.path.open("a") as file:
        file.write(torn)
    assert journal.read() == [JournaledResource("sessions", "a", "sess_1"), JournaledResource("sessions", "b", None)]


def test_names_of_any_script_and_line_separators_survive(journal: Journal) -> None:
    names = ["环境", "a\u2028b", "line\nbreak", 'quote"', "\\"]
    for name in names:
        journal.record_intent("sessions", name)
    assert [made.name for made in journal.read()] == names
    assert len([line for line in journal.path.read_bytes().splitlines() if line]) == len(names)


def test_a_line_that_was_torn_spoils_only_itself(journal: Journal) -> None:
    journal.record_intent("sessions", "a")
    with journal.path.open("ab") as file:
        file.write(b'{"intend": "sess')
    journal.record_intent("sessions", "b")
    assert [made.name for made in journal.read()] == ["a", "b"]


def test_what_was_removed_on_the_way_is_there_no_more(journal: Journal) -> None:
    journal.record_intent("sessions", "a")
    journal.record_created("sessions", "a", "sess_1")
    journal.record_removed(JournaledResource("sessions", "a", "sess_1"), ("env_1", "work_1"))
    assert journal.read() == Journal(journal.path).read() == []


def test_what_another_process_writes_is_read_on(journal: Journal) -> None:
    other = Journal(journal.path)
    for number in range(3):
        other.record_intent("sessions", f"s{number}")
        other.record_created("sessions", f"s{number}", f"sess_{number}")
        assert journal.find_created_session(f"sess_{number}") == JournaledResource(
            "sessions", f"s{number}", f"sess_{number}"
        )
    assert journal.find_created_session("sess_0") is not None
    other.record_removed(JournaledResource("sessions", "s0", "sess_0"), ("env_1", "work_0"))
    assert journal.find_created_session("sess_0") is None
    assert other.claim("env_1", "work_1")
    assert not journal.claim("env_1", "work_1")


@pytest.mark.parametrize("session_id", [None, 7, ["sess_1"], "sess_2", "env_1"])
def test_only_a_session_that_the_run_made_is_one(session_id: object, journal: Journal) -> None:
    journal.record_intent("environments", "e")
    journal.record_created("environments", "e", "env_1")
    journal.record_intent("sessions", "lost")
    assert journal.find_created_session(session_id) is None


def append_many(path: Path, number: int) -> None:
    journal = Journal(path)
    for count in range(40):
        name = f"{number}-{count}-" + "x" * 300
        journal.record_intent("sessions", name)
        journal.record_created("sessions", name, f"sess_{number}_{count}")


def test_several_processes_append_whole_lines(journal: Journal) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=append_many, args=(journal.path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    made = journal.read()
    assert len(made) == 120
    assert {m.id for m in made} == {f"sess_{number}_{count}" for number in range(3) for count in range(40)}


def test_a_run_id_tells_when_it_began() -> None:
    run_id = new_run_id(datetime(2026, 7, 1, 8, 15, 4, tzinfo=UTC))
    assert re.fullmatch(r"20260701T081504-[0-9a-f]{6}", run_id)
    assert new_run_id() != new_run_id()
