"""Tests of the registry of certificates."""
