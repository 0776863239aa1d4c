"""Invariants of every run: each planned check has one verdict, and the exit code follows from the verdicts."""
