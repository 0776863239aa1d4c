"""The suite's own environment variables: one that is empty or unknown is a mistake, and never one that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from conformance.options.table import OPTIONS, PREFIX
from conformance.suggest import nearest
from conformance.target import ConfigurationError

ALLUREDIR: Final = f"{PREFIX}ALLUREDIR"
TOKENS: Final = ("QODER_PAT", "QODER_FORBIDDEN_PAT", "QODER_FOREIGN_PAT", "QODER_EXPIRED_PAT")
"""The variables that hold the tokens where no option names others."""

_BASE_URL: Final = f"{PREFIX}BASE_URL"
_MEANT_AS_URL: Final = frozenset(
    f"{PREFIX}{word}" for word in ("URL", "TARGET", "TARGET_URL", "SERVER", "HOST", "ENDPOINT")
)
"""What people write in its place, and what is not near to it by its letters."""

_OF_THE_TESTS: Final = (f"{PREFIX}ALL",)
"""What steers the project's own tests and is set while they start commands; WORK_CONFORMANCE_SEED and
WORK_CONFORMANCE_REPEAT, which do so too, are options as well."""

VARIABLES: Final[frozenset[str]] = frozenset({*(option.variable for option in OPTIONS), ALLUREDIR, *_OF_THE_TESTS})
"""Every environment variable of the suite's own; another one that begins like them is a mistake."""


def is_blank(value: object) -> bool:
    """Whether something that was given is no more than white space; None was not given."""
    return isinstance(value, str) and not value.strip()


def check_variables(environ: Mapping[str, str]) -> None:
    """See that no variable of the suite's is empty, and that there is none that it does not know.

    An unset secret of a build server comes as an empty variable: that is never taken for one that was left out.

    Raises:
        ConfigurationError: one is; the sentence names it and says what to do.
    """
    for name in sorted(name for name in environ if name.upper().startswith(PREFIX)):
        if name not in VARIABLES:
            raise _unknown(name)
        if any(map(is_blank, environ[name].removesuffix("\n").split("\n"))):
            raise _empty(name)
    for name in (*TOKENS, *(f"{token}_B" for token in TOKENS)):
        if is_blank(environ.get(name)):
            raise _empty(name)


def _unknown(name: str) -> ConfigurationError:
    name_as_ours = name.upper()
    near = _BASE_URL if name_as_ours in _MEANT_AS_URL else nearest(name_as_ours, sorted(VARIABLES))
    if near is None:
        return ConfigurationError(
            f"There is no environment variable {name}; unset it. The options that there are: work-conformance run --help.",
            f"没有环境变量 {name}；请取消设置。可用的选项参见 work-conformance run --help。",
        )
    return ConfigurationError(
        f"There is no environment variable {name}; did you mean {near}?",
        f"没有环境变量 {name}；是否应为 {near}？",
    )


def _empty(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"The environment variable {name} is empty; set it to a value, or unset it.",
        f"环境变量 {name} 的值为空；请设置值，或取消设置。",
    )
