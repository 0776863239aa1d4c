"""Reproduction scripts: one for each failing scenario, for a POSIX shell with curl."""
