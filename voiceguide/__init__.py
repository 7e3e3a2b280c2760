"""A hands-free voice guide: it reads a routine aloud, listens, and stops when the baby asks for it."""

__version__ = "0.1.0"
