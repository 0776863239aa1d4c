"""Tests of the reports, with records made by hand."""
