"""Where modules come from: never from the working directory, whose files are other people's.

Imports nothing that Python has not loaded itself by the time it comes here: anything else could be theirs already.
"""

from __future__ import annotations

import os
import sys

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib is not loaded yet
"""The folder that this package lies in."""


def deprioritize_working_directory(path: list[str] | None = None) -> None:
    """Do not look into the working directory for modules, or last where this package lies in it.

    `python -m` puts it first, and an empty entry of PYTHONPATH anywhere: a `random.py` there would be taken for Python's.
    """
    places = sys.path if path is None else path
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:  # it was removed
        return
    places[:] = [place for place in places if place and os.path.realpath(place) != here]
    if here == _HOME:
        places.append(here)
