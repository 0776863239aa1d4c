"""Turns transcripts into verdicts, and verdicts into an exit code."""
