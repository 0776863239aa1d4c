"""Tests of verdicts, counting, evidence and the gate."""
