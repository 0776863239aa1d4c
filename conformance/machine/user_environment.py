"""The environment of programs that the user names: as the user's own shell would give it to them."""

from __future__ import annotations

import os
from typing import Final

SAFE_PATH_VARIABLE: Final = "_CONFORMANCE_SAFE_PATH"
"""Set beside PYTHONSAFEPATH where that is the suite's doing and not the user's."""


def users_environment() -> dict[str, str]:
    """A copy of this process's environment, less what the suite set for its own worker processes.

    With PYTHONSAFEPATH a program in Python does not find the modules beside it.
    """
    environ = dict(os.environ)
    if environ.pop(SAFE_PATH_VARIABLE, None) is not None:
        environ.pop("PYTHONSAFEPATH", None)
    return environ
