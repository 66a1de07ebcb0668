"""Which effects happen while which transaction is open: summaries bottom-up, pairs at the openers, shortest traces on demand."""
