"""The Work API over httpx: records and redacts every exchange, keeps to the rate, resends only what surely did not happen."""
