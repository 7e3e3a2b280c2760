"""Vosk: its models, the words they know, and the phrases it listens for."""
