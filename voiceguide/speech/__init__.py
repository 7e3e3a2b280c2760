"""Text to speech, and the player that mixes it with chimes and music."""
