"""The other side: a scripted server for one worker process, and the record of what the worker sends to it."""
