"""Reports as text: one renderer per file. A renderer takes a finished ``Report``, returns a string and decides nothing."""
