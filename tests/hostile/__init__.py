"""Targets that mean no good: a run on them ends, within bounds, and says what it saw."""
