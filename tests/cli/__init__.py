"""The command line, from outside: processes, exit codes, streams and files."""
