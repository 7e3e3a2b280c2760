"""Sessions: the loop that guides, live or rehearsed, and what is kept of it."""
