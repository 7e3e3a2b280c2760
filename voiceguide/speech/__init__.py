"""Text to sound, and the player that plays it."""
