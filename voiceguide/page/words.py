"""The page's own words, in each language. What can be touched is written as it's said (language/*.yaml)."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "state_preparing": "Preparing",
        "state_guiding": "",
        "state_paused": "Paused",
        "state_tending": "Your baby comes first",
        "state_reassuring": "A moment's rest",
        "state_finishing": "Finishing",
        "state_finished": "Goodbye",
        "place": "Step {place} of {places}",
        "say": "You can say, or touch",
        "saying": "The guide says",
        "understood": "Understood",
        "time": "Time left for this stroke, in seconds",
        "lost": "No connection to the guide. It goes on without this page.",
        "code": "The code that the guide shows",
        "pair": "Show the massage here",
        "wrong": "This code isn't right, or it has been used.",
        "full": "Eight screens are showing this already.",
    },
    "es": {
        "state_preparing": "Preparativos",
        "state_guiding": "",
        "state_paused": "En pausa",
        "state_tending": "Tu bebé es lo primero",
        "state_reassuring": "Un momento de calma",
        "state_finishing": "Terminando",
        "state_finished": "Hasta pronto",
        "place": "Paso {place} de {places}",
        "say": "Puedes decir, o tocar",
        "saying": "La guía dice",
        "understood": "Entendido",
        "time": "Tiempo que queda para este movimiento, en segundos",
        "lost": "Sin conexión con la guía, que sigue sin esta página.",
        "code": "El código que muestra la guía",
        "pair": "Mostrar el masaje aquí",
        "wrong": "Este código no es correcto o ya se ha usado.",
        "full": "Ya hay ocho pantallas conectadas.",
    },
    "fr": {
        "state_preparing": "Préparation",
        "state_guiding": "",
        "state_paused": "En pause",
        "state_tending": "Votre bébé passe avant tout",
        "state_reassuring": "Un moment de calme",
        "state_finishing": "Nous terminons",
        "state_finished": "À bientôt",
        "place": "Étape {place} sur {places}",
        "say": "Vous pouvez dire, ou toucher",
        "saying": "Le guide dit",
        "understood": "Compris",
        "time": "Temps restant pour ce mouvement, en secondes",
        "lost": "Pas de connexion avec le guide. Il continue sans cette page.",
        "code": "Le code que le guide affiche",
        "pair": "Montrer le massage ici",
        "wrong": "Ce code n'est pas le bon, ou il a déjà servi.",
        "full": "Huit écrans sont déjà connectés.",
    },
}


def words(language: str) -> Mapping[str, str]:
    """The words by name; English where there are none in this language."""
    return _WORDS.get(language, _WORDS["en"])
