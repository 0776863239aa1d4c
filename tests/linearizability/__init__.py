"""Tests of the linearizability check."""
