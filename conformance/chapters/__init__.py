"""The scenarios, one file per chapter of the contract, each with its checks."""
