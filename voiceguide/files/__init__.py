"""Files that users write or download: read safely, with an error for every mistake and its place."""
