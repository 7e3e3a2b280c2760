"""What goes wrong in the recipe in a way that a person has to know of."""


class DivergedError(Exception):
    """Training has gone wrong, and would not come right again."""
