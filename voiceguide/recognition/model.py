"""A model that was loaded: which words it knows, and recognisers for the phrases of a routine.

This is the one place that decides between the closed graph and Vosk's run-time grammar. A model with a lexicon and
a bigram of its phones (graph/lexicon.txt, graph/phone_bigram.txt) gets the graph: it is compiled for the phrases and
lies beside links to the model's other files for as long as Vosk loads them. Any other model gets the grammar.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType, ModuleType
from typing import Any, Protocol

from voiceguide.errors import ModelError
from voiceguide.files.download import one_line
from voiceguide.files.stderr import collected
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import graph, lexicon, spelling
from voiceguide.recognition.acoustics import Acoustics
from voiceguide.recognition.lexicon import Lexicon
from voiceguide.recognition.verification import Verifier
from voiceguide.sound import RATE

BIGRAM = "graph/phone_bigram.txt"
BOUNDARIES = "graph/phones/word_boundary.int"
FILES = (lexicon.FILE, BIGRAM, BOUNDARIES)
"""What a model needs for the closed graph, besides its am/ and conf/."""
UNKNOWN_COUNT = 4
"""How often [unk] stands in a run-time grammar: each doubling makes rejection stronger by ln 2."""

NONE: Mapping[str, str] = MappingProxyType({})


class Model(Protocol):
    """What can be asked of either kind. Thread-safe."""

    settings: str
    """All but the model's files and the phrases that what is heard depends on."""

    def knows(self, word: str) -> bool:
        """Whether the model has the word."""

    verifier: Verifier | None
    """What looks at a phrase once more; None where the model's network can't be looked into."""

    def recogniser(self, book: Phrasebook) -> Any:
        """A vosk.KaldiRecognizer for the phrases and decoys, all of whose words are known, and for whatever else
        is said; with word times and confidences.

        Raises ModelError where Vosk refuses the model."""


class GrammarModel:
    """Recognises phrases by Vosk's run-time grammar."""

    settings = f"grammar {UNKNOWN_COUNT}"
    verifier: Verifier | None = None

    def __init__(self, path: Path) -> None:
        """Raises ModelError where Vosk refuses the model."""
        self._model = _opened(path, path)

    def knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def recogniser(self, book: Phrasebook) -> Any:
        return _recogniser(self._model, grammar(book))


def grammar(book: Phrasebook) -> str:
    """The phrases and decoys as Vosk's run-time grammar."""
    return json.dumps([*book.meanings, *book.decoys, *book.before, *book.after, *[graph.UNKNOWN] * UNKNOWN_COUNT])


class ClosedModel:
    """Recognises phrases by a graph of exactly these."""

    def __init__(self, path: Path, pronounce: Mapping[str, str] = NONE, costs: graph.Costs = graph.COSTS) -> None:
        """``pronounce``: words that the lexicon may lack, each spelt as it sounds.

        Raises ModelError where the lexicon or the bigram cannot be read (Vosk sees the rest when there are phrases),
        and SpeechError where words are spelt and there is no espeak-ng."""
        self.settings = f"graph {graph.FORMAT} {costs} {dict(pronounce)}"
        self._path = path.resolve()
        self._costs = costs
        self._lexicon = spelling.with_spellings(Lexicon.read(path / lexicon.FILE), pronounce)
        try:
            self._bigram = graph.read_bigram(path / BIGRAM)
        except (OSError, ValueError) as error:
            problem = f"{path / BIGRAM}: cannot be used ({one_line(error)})"
            raise ModelError(f"{problem}; install the model again") from error
        self.verifier: Verifier | None = _verifier(path, self._lexicon, self._bigram)
        self._lock = Lock()
        self._latest: tuple[dict[str, float], Any] | None = None
        """The last phrases, and the vosk.Model for them: a session and its guard ask for the same."""

    def knows(self, word: str) -> bool:
        return word in self._lexicon

    def recogniser(self, book: Phrasebook) -> Any:
        phrases = self._costs.of(book)
        with self._lock:
            if self._latest is None or self._latest[0] != phrases:
                self._latest = (phrases, self._open(self._compiled(phrases)))
            return _recogniser(self._latest[1])

    def recognisers(self, net: graph.Net, start: int) -> Callable[[], Any]:
        """Makes recognisers for what a net allows from the rest ``start`` on; all its words are known.

        Raises ModelError where Vosk refuses the model."""
        model = self._open(graph.compile_net(net, start, self._lexicon, self._bigram, self._costs))
        return lambda: _recogniser(model)

    def write(self, book: Phrasebook, folder: Path) -> None:
        """Write a model for the phrases and decoys that Vosk loads as it is, with links to this one's files."""
        self._write(self._compiled(self._costs.of(book)), folder)

    def _compiled(self, phrases: Mapping[str, float]) -> graph.Graph:
        return graph.compile_graph(phrases, self._lexicon, self._bigram, self._costs)

    def _open(self, made: graph.Graph) -> Any:
        with tempfile.TemporaryDirectory(prefix="voiceguide-") as name:
            self._write(made, Path(name))
            return _opened(Path(name), self._path)  # Vosk keeps no file open

    def _write(self, made: graph.Graph, folder: Path) -> None:
        (folder / BOUNDARIES).parent.mkdir(parents=True)
        for link in ("am", "conf", BOUNDARIES):
            (folder / link).symlink_to(self._path / link)
        made.write(folder / "graph")


def _verifier(path: Path, words: Lexicon, bigram: graph.Bigram) -> Verifier | None:
    """None for a network of another kind than ours; Vosk says whether it is good."""
    try:
        acoustics = Acoustics(path / "am" / "final.mdl")
    except (OSError, ValueError):
        return None
    return Verifier(acoustics, words.pronunciations, bigram)


def load(path: Path, pronounce: Mapping[str, str] = NONE) -> Model:
    """The model in a folder that has been verified (models.verify). ``pronounce``: the routine's own words, each
    spelt as it sounds; the grammar cannot be given any.

    Raises ModelError where it cannot be read, or Vosk refuses it; SpeechError where words are spelt and there is no
    espeak-ng."""
    return ClosedModel(path, pronounce) if takes_graph(path) else GrammarModel(path)


def takes_graph(path: Path) -> bool:
    """Whether the closed graph can be made for the model in ``path``."""
    return all((path / name).exists() for name in FILES)


def _vosk() -> Any:
    """The module, without ``requests``: that is for downloads, which are not asked for here, takes 4 MB, and opens a
    socket when it is imported, to see whether there is IPv6. Nothing is to open any while it guides."""
    if "vosk" not in sys.modules and "requests" not in sys.modules:
        sys.modules["requests"] = ModuleType("requests")
        try:
            return importlib.import_module("vosk")
        finally:
            del sys.modules["requests"]
    return importlib.import_module("vosk")


def _recogniser(model: Any, *grammar: str) -> Any:
    made = _vosk().KaldiRecognizer(model, RATE, *grammar)
    made.SetWords(True)
    return made


def _opened(folder: Path, named: Path) -> Any:
    """The ``vosk.Model`` in ``folder``, without a word on standard error; ``named``: what errors are about."""
    try:
        vosk = _vosk()
    except (ImportError, OSError) as error:
        raise ModelError(f"Vosk cannot be loaded ({one_line(error)}); install voiceguide again") from error
    vosk.SetLogLevel(-1)
    with collected() as noise:  # Vosk's log level doesn't hide errors
        try:
            model = vosk.Model(str(folder))
        except Exception as error:  # Vosk raises nothing narrower
            model = None
            failure = error
    # Vosk goes on with a graph that could not be read, and the process dies when it is used.
    errors = [line for line in noise if line.startswith("ERROR")]
    if model is None or errors:
        reason = re.sub(r"^ERROR(?: \(.*?\) |: )", "", errors[0]) if errors else str(failure)
        reason = one_line(reason).replace(str(folder), str(named))
        raise ModelError(f"{named}: Vosk refuses this model ({reason}); install it again, or choose another")
    return model


def known(model: Model, phrasebook: Phrasebook) -> Phrasebook:
    """The phrases and decoys all of whose words the model knows. (Vosk drops an unknown word from a grammar with
    no more than a line on standard error, so that "go to the legs" would become "go the legs".)"""

    def knows(phrase: str) -> bool:
        return all(map(model.knows, phrase.split()))

    return Phrasebook(
        {phrase: command for phrase, command in phrasebook.meanings.items() if knows(phrase)},
        tuple(filter(knows, phrasebook.decoys)),
        tuple(filter(knows, phrasebook.before)),
        tuple(filter(knows, phrasebook.after)),
    )
