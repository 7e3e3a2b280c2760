"""What must get the emergency words in every language, said as a frightened parent says it."""

from __future__ import annotations

import pytest

from voiceguide.language.language import known_languages, load_language

DANGERS = {
    "en": {
        "breath": [
            "she's not breathing",
            "he can't breathe",
            "baby is struggling to breathe",
            "she stopped breathing",
        ],
        "choking": ["he's choking"],
        "colour": ["she's blue", "he is turning blue", "his lips are blue", "baby is mottled"],
        "limp": ["she's limp", "he's floppy"],
        "response": ["she won't wake up", "he's unresponsive", "she's unconscious"],
        "fit": ["he's having a fit", "she's shaking"],
        "grunting": ["he's grunting"],
        "help": ["emergency"],
    },
    "es": {
        "breath": ["no respira", "ella no respira", "no puede respirar", "le cuesta respirar", "dejó de respirar"],
        "choking": ["se ahoga", "el bebé se está ahogando", "se atraganta", "mi niño se asfixia"],
        "colour": ["está azul", "se está poniendo morado", "sus labios están azules", "tiene la piel moteada"],
        "limp": ["está flácida", "está sin fuerzas", "está muy floja"],
        "response": ["no se despierta", "no reacciona", "está inconsciente"],
        "fit": ["tiene convulsiones", "convulsiona", "tiembla"],
        "grunting": ["gruñe al respirar"],
        "help": ["emergencia", "socorro", "llama a una ambulancia"],
    },
    "fr": {
        "breath": ["il ne respire pas", "elle respire plus", "il a du mal à respirer", "elle a arrêté de respirer"],
        "choking": ["il étouffe", "bébé s'étouffe", "elle suffoque", "il est en train de s'étouffer"],
        "colour": ["il est tout bleu", "elle devient bleue", "il a le visage bleu", "il a la peau marbrée"],
        "limp": ["elle est toute molle", "il bouge plus"],
        "response": ["il se réveille pas", "elle ne réagit plus", "je n'arrive pas à le réveiller"],
        "fit": ["il a des convulsions", "elle convulse", "il tremble"],
        "grunting": ["il geint en respirant"],
        "help": ["urgence", "au secours", "appelez une ambulance"],
    },
}
"""By kind of danger (those of en.yaml), a few ways to say each."""


@pytest.mark.parametrize("code", known_languages())
def test_each_kind_of_danger_can_be_said(code: str) -> None:
    book = load_language(code).phrasebook()
    assert DANGERS[code].keys() == DANGERS["en"].keys()
    missed = []
    for kind, phrases in DANGERS[code].items():
        for phrase in phrases:
            command = book.meaning(phrase)
            if command is None or not command.danger:
                missed.append((kind, phrase))
    assert missed == []
