"""Whether a routine is good, and whether this machine is ready for a session."""
