"""The test cases of heartbeat."""
