"""Closing the books: what was planned, what became of each line, and what the exit code may then say."""
