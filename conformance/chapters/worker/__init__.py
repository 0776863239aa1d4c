"""Profile `worker`: scenarios that play a server to a worker, and the checks of what the worker sent."""
