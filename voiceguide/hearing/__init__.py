"""Sound to commands, and what keeps the guide from obeying its own voice."""
