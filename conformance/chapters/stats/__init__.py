"""The test cases of stats."""
