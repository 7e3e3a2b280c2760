"""Decides: an event goes in, actions come out. No input or output, no clock, no threads."""
