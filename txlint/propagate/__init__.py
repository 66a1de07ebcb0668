"""Which effects happen while which transaction is open: summaries bottom-up, pairs at the openers, traces with least doubt on demand."""
