"""Tests of conversations and of how checks see them, and transcripts built by hand."""
