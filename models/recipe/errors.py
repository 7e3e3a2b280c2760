"""Errors of the recipe that are shown to the user."""


class RecipeError(Exception):
    """Something is missing or wrong. The message says what, and what to do."""


class DivergedError(Exception):
    """Training has diverged, and would not recover."""
