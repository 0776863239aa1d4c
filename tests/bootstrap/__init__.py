"""Tests of `bootstrap.py`."""
