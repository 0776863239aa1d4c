"""From transcripts to verdicts to an exit code."""
