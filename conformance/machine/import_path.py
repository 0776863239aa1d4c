"""Keeps Python from importing modules from the working directory, whose files belong to another project.

Imports only modules that Python has already loaded: any other one could already come from that directory.
"""

from __future__ import annotations

import os
import sys

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib is not loaded yet
"""The folder of this package."""


def deprioritize_working_directory(path: list[str] | None = None) -> None:
    """Remove the working directory from the import path, or move it to the end if this package is in it.

    `python -m` puts it first, as does an empty entry of PYTHONPATH. A `random.py` there would replace Python's own.
    """
    places = sys.path if path is None else path
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109
    except OSError:  # the working directory was removed
        return
    places[:] = [place for place in places if place and os.path.realpath(place) != here]
    if here == _HOME:
        places.append(here)
