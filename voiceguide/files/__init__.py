"""Files that users write or download: read safely, with the place of every error."""
