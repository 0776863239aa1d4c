"""The Work API over httpx: records, redacts, keeps to the rate, and retries only what surely had no effect."""
