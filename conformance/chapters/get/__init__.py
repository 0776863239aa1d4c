"""The test cases of get."""
