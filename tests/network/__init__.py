"""What stands between the suite and a target, and goes wrong: none of it is ever the target's fault."""
