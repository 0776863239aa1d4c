"""Tests of the HTTP client, and the small servers they talk to."""
