"""The Work API over httpx: records, redacts, keeps to the rate, and resends only what surely did not happen."""
