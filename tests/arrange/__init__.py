"""Tests of arranging and of cleaning up."""
