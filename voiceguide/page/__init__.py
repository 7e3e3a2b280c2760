"""A page for a screen nearby: what the guide is doing, drawn; and touch, which is a command like any other."""
