"""What goes wrong in the recipe in a way that a person has to know of."""


class RecipeError(Exception):
    """Something is missing, or is not what it should be: what, and what to do."""


class DivergedError(Exception):
    """Training has gone wrong, and would not come right again."""
