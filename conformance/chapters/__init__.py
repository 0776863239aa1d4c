"""The cases, one file per chapter of the contract: a scenario and, right below it, what must hold afterwards."""
