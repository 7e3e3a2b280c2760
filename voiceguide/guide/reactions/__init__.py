"""What the guide does when something happens: a function for each reaction of the table, by subject."""
