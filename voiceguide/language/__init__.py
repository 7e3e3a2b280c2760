"""What each language understands and says: phrases, what they mean, and the guide's own words."""
