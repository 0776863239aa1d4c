"""Copies of the schemas and their sheets to change, and the command that reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner, Result

from conformance.cli.schemas_command import command
from conformance.contract.schema_files import schema_folder
from conformance.derive.docs import known_pages, read
from conformance.derive.lexicon import LANGS, Lang
from conformance.derive.output import Derivation
from conformance.derive.page import Page, read_page

COMMITTED = schema_folder()


def copied(folder: Path) -> Path:
    """The committed schemas with their sheets, in a folder of their own."""
    return Path(shutil.copytree(COMMITTED, folder / "schemas"))


def run(*arguments: object) -> Result:
    """The command in this process; what it raises is raised here."""
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


def refused(lang: Lang, *arguments: object) -> str:
    """The one sentence with which a call ends that cannot read what it is given."""
    result = run(*arguments, "--lang", lang)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    sentence = result.stderr.rstrip("\n")
    assert "\n" not in sentence
    assert sentence.startswith("Error: ")
    return sentence.removeprefix("Error: ")


def sheet(folder: Path, name: str) -> Path:
    """The file of a sheet such as `zh/ack` in a copy."""
    return folder / "docs" / f"{name}.md"


def edit(folder: Path, name: str, begins: str, old: str | None, new: str | None) -> int:
    """Change the first line of a sheet that begins so, and return its number.

    `old` in it becomes `new`; the line goes where `new` is None, and `new` comes after it where `old` is None.
    """
    file = sheet(folder, name)
    lines = file.read_text("utf-8").split("\n")
    place = next(place for place, line in enumerate(lines) if line.startswith(begins))
    if new is None:
        del lines[place]
    elif old is None:
        place += 1
        lines.insert(place, new)
    else:
        assert lines[place].count(old) == 1, lines[place]
        lines[place] = lines[place].replace(old, new)
    file.write_text("\n".join(lines), "utf-8", newline="")
    return place + 1


def text_of(name: str) -> str:
    """A committed sheet."""
    return sheet(COMMITTED, name).read_text("utf-8")


def page_of(name: str, text: str) -> Page:
    """A text read as the page of a name such as `zh/ack`."""
    lang, _, page = name.partition("/")
    [language] = [known for known in LANGS if known == lang]
    return read_page(page, language, name, text, known_pages()[page]["sections"])


def derived_from(folder: Path) -> Derivation:
    """What follows from the sheets of a copy."""
    return Derivation(read(folder / "docs"))
