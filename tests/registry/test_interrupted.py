"""A command that was interrupted before it wrote the index: the old index holds, and the same command completes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from conformance.certificate.signing import new_key
from conformance.registry import store
from conformance.registry.changes import add, create, refresh, revoke, rotate
from conformance.registry.errors import BrokenRegistry
from conformance.registry.files import certificate_file, entry_file
from conformance.registry.store import Registry, read_registry
from conformance.registry.submission import Wanted
from conformance.reporting.atomic_write import write_atomically
from tests.certificate.conftest import CHALLENGE
from tests.registry.conftest import POLICY, Listed

Command = Callable[[Path, Listed, datetime], object]
NEW = new_key()
WEEK = POLICY + b"registry_max_age_days = 7\n"


class Killed(Exception):
    """Stands for a process that is killed."""


def adding(folder: Path, listed: Listed, at: datetime) -> object:
    return add(folder, listed.certified.content, listed.key, Wanted(challenge=CHALLENGE), at=at)


def revoking(folder: Path, listed: Listed, at: datetime) -> object:
    return revoke(folder, listed.entry.digest[:12], "recalled", listed.key, at=at)


def rotating(folder: Path, listed: Listed, at: datetime) -> object:
    return rotate(folder, listed.key, NEW, at=at)


def refreshing(folder: Path, listed: Listed, at: datetime) -> object:
    return refresh(folder, listed.key, policy=WEEK, at=at)


def added(after: Registry, listed: Listed) -> bool:
    return listed.entry.digest in after.entries


COMMANDS: dict[str, tuple[Command, Callable[[Registry, Listed], bool]]] = {
    "add": (adding, added),
    "revoke": (revoking, lambda after, listed: after.entries[listed.entry.digest].status == "revoked"),
    "rotate": (rotating, lambda after, _: after.index.signer == NEW.public),
    "refresh": (refreshing, lambda after, _: after.policy == WEEK),
}


def interrupted(command: Callable[[], object], writes: int) -> bool:
    """Run a command that is killed before a further write; return whether that was before its end."""
    left = writes

    def write(path: Path, text: str) -> None:
        nonlocal left
        if left == 0:
            path.with_name(f".{path.name}.123").write_text(text[:9], "utf-8")
            raise Killed
        left -= 1
        write_atomically(path, text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "write_atomically", write)
        try:
            command()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("writes", range(6))
@pytest.mark.parametrize("name", COMMANDS)
def test_the_same_command_completes_it(name: str, writes: int, listed: Listed, tmp_path: Path) -> None:
    command, is_done = COMMANDS[name]
    folder = listed.folder
    if name == "add":
        folder = tmp_path / "empty"
        create(folder, "Empty", listed.key, POLICY, grace_days=None, at=listed.at)
    before = (folder / "index.json").read_bytes()
    was_cut = interrupted(lambda: command(folder, listed, listed.later(hours=1)), writes)
    assert was_cut == (writes < (6 if name == "add" else 5)), "the writes of each command are covered, to the last one"
    if was_cut:
        assert (folder / "index.json").read_bytes() == before
        command(folder, listed, listed.later(hours=2))
    assert is_done(read_registry(folder), listed)
    assert not [path for path in folder.rglob(".*") if path.name.endswith(".123")]


def test_without_a_repetition_the_folder_is_not_taken_as_signed(listed: Listed, tmp_path: Path) -> None:
    """Another command refuses what the interrupted one left, and says what to do."""
    folder = tmp_path / "empty"
    create(folder, "Empty", listed.key, POLICY, grace_days=None, at=listed.at)
    assert interrupted(lambda: adding(folder, listed, listed.at), 2)
    with pytest.raises(BrokenRegistry, match="If a command was interrupted, repeat it"):
        refresh(folder, listed.key, policy=None, at=listed.at)


@pytest.mark.parametrize("file", [entry_file, certificate_file])
def test_a_strange_file_is_not_taken_for_an_interrupted_command(file: Callable[[str], str], listed: Listed) -> None:
    (listed.folder / file("0" * 64)).write_bytes(b"{}")
    for command, _ in COMMANDS.values():
        with pytest.raises(BrokenRegistry, match="is not in the index"):
            command(listed.folder, listed, listed.at)


def test_an_edited_entry_is_not_taken_for_an_interrupted_revocation(listed: Listed) -> None:
    path = listed.folder / entry_file(listed.entry.digest)
    path.write_bytes(path.read_bytes().replace(b"Gateway", b"Gatevay"))
    for command, _ in COMMANDS.values():
        with pytest.raises(BrokenRegistry, match="digest differs"):
            command(listed.folder, listed, listed.at)


def test_another_policy_is_not_taken_for_an_interrupted_refresh(listed: Listed) -> None:
    (listed.folder / "policy.toml").write_bytes(POLICY + b"bound = true\n")
    with pytest.raises(BrokenRegistry, match=r"policy\.toml is not the file"):
        refreshing(listed.folder, listed, listed.at)
