"""The lexicon for training: the model's, and all other words of the texts."""

from __future__ import annotations

import shutil
from types import MappingProxyType

import pytest

from models.recipe.errors import RecipeError
from models.recipe.vocabulary import spelt, training_lexicon
from voiceguide.recognition.lexicon import Lexicon

MODEL = Lexicon(MappingProxyType({"pause": (("P", "AO", "Z"),), "the": (("DH", "AH"),)}))
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def test_words_that_the_model_lacks_come_from_the_dictionary() -> None:
    found = training_lexicon(MODEL, ["pause the samovar", "pause the baby"]).pronunciations
    assert found["baby"] == (("B", "EY", "B", "IY"),)
    assert found["pause"] == MODEL.pronunciations["pause"], "what the model has stays as it is"
    assert set(found) == {"pause", "the", "samovar", "baby"}


@needs_flite
def test_words_that_no_dictionary_has_come_from_their_spelling() -> None:
    found = training_lexicon(MODEL, ["the gathercole"]).pronunciations
    assert found["gathercole"] == (("G", "AE", "DH", "ER", "K", "OW", "L"),)


def test_without_flite_a_word_that_no_dictionary_has_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RecipeError, match="flite cannot say how 'gathercole' sounds"):
        spelt("gathercole")
