"""One setting of a run, with its names on the command line, in pytest, in TOML and in the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from conformance.text import Text

PREFIX: Final = "WORK_CONFORMANCE_"
"""Prefix of the suite's environment variables."""

Kind = Literal["text", "number", "count", "flag"]
Part = Literal["connection", "token", "arrangement", "run", "worker"]
"""The group of an option. Every command that connects to a target takes the connection and token options.

Those of `worker` concern the command of that name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting. `name` is the long option without dashes; the pytest option is `--target-<pytest_name>`."""

    name: str
    help: Text
    part: Part = "run"
    kind: Kind = "text"
    metavar: str | None = None
    multiple: bool = False
    choices: tuple[str, ...] = ()
    pytest_name: str | None = None

    @property
    def flag(self) -> str:
        """The long option on the command line. The command `worker` leaves its own name out."""
        return f"--{self.name.removeprefix('worker-') if self.part == 'worker' else self.name}"

    @property
    def key(self) -> str:
        """The name as an identifier."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable of the option."""
        return f"{PREFIX}{self.key.upper()}"

    @property
    def pytest_option(self) -> str:
        """The name as a pytest option."""
        return f"--target-{self.pytest_name or self.name}"

    @property
    def pytest_dest(self) -> str:
        """The name of the attribute with the value in pytest's config."""
        return f"target_{self.key}"
