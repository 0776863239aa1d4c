"""Mutation testing of the suite: every check must fail on a broken server, and no check on a correct one."""
