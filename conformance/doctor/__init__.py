"""Checks, before a run, for problems that would stop it; each problem comes with a fix."""
