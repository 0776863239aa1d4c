"""The formats of files as `name/number`: whether one is newer than another."""

from __future__ import annotations


def is_newer(form: str, known: str) -> bool:
    """Return whether a format has the name of a known one and a higher number."""
    name, _, number = form.rpartition("/")
    known_name, _, newest = known.rpartition("/")
    return name == known_name and number.isascii() and number.isdigit() and int(number[:9]) > int(newest)
