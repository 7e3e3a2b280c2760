"""Routines: loaded, checked against their rules, and shown."""
