"""The test cases of stop."""
