"""Tests of the cases and of their checks, as pure functions on transcripts built by hand."""
