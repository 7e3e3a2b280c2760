"""The closed graph: what it accepts, by walking it; what Vosk makes of it, with real voices; and who gets one."""

from __future__ import annotations

import json
import math
import shutil
import struct
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voiceguide.errors import ModelError
from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import fst, graph, models
from voiceguide.recognition import model as recognition
from voiceguide.recognition.fst import Transducer
from voiceguide.recognition.graph import UNKNOWN, Costs, Graph, compile_graph, label
from voiceguide.recognition.lexicon import FILE, Lexicon
from voiceguide.recognition.model import ClosedModel, GrammarModel
from voiceguide.routine.library import find
from voiceguide.routine.loading import load
from voiceguide.sound import RATE, Pcm

Speak = Callable[..., Pcm]
Words = tuple[str, ...]

WORDS = "baby is crying go on to the legs back a i'm next step".split()
PHRASES = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, unique=True)
PRICED = st.builds(
    lambda phrases, costs: dict(zip(phrases, costs, strict=False)),
    PHRASES,
    st.lists(st.sampled_from((5.0, 7.5, 8.0)), min_size=200, max_size=200),
)


@cache
def lexicon() -> Lexicon:
    return Lexicon.read(models.box() / FILE)


@cache
def bigram() -> graph.Bigram:
    return graph.read_bigram(models.box() / recognition.BIGRAM)


def compiled(phrases: Mapping[str, float], costs: Costs = graph.COSTS) -> Graph:
    return compile_graph(phrases, lexicon(), bigram(), costs)


def english() -> list[str]:
    book = load_language("en").phrasebook(load(find("infant-massage")).parts)
    return [p for p in (*book.meanings, *book.decoys) if all(w in lexicon().pronunciations for w in p.split())]


def leaving(made: Transducer) -> dict[int, list[tuple[int, int, int, float]]]:
    """The arcs of each state: read, written, target, cost."""
    found = defaultdict(list)
    for source, target, read, write, cost in made.arcs:
        found[source].append((read, write, target, cost))
    return found


def frames(words: Iterable[Words]) -> list[int]:
    """What is read for pronounced words: the first frame of each phone, and a later one."""
    read = []
    for phones in words:
        places = "S" if len(phones) == 1 else "B" + "I" * (len(phones) - 2) + "E"
        for phone, place in zip(phones, places, strict=True):
            read += [label(phone, place), label(phone, place, stay=True)]
    return read


def heard_as(made: Graph, read: Iterable[int]) -> dict[Words, float]:
    """All that may be written when this was read and all is over, and what it costs at least."""
    arcs, at = leaving(made.transducer), {(made.transducer.start, ()): 0.0}

    def on(now: dict[tuple[int, Words], float], wanted: int) -> dict[tuple[int, Words], float]:
        then: dict[tuple[int, Words], float] = {}
        for (state, words), cost in now.items():
            for got, write, target, more in arcs[state]:
                if got == wanted:
                    key = (target, (*words, made.words[write]) if write else words)
                    then[key] = min(cost + more, then.get(key, math.inf))
        return then

    def closed(now: dict[tuple[int, Words], float]) -> dict[tuple[int, Words], float]:
        new = now
        while new := {k: c for k, c in on(new, fst.EPSILON).items() if c < now.get(k, math.inf) - 1e-9}:
            now = now | new
        return now

    at = closed(at)
    for symbol in read:
        at = closed(on(at, symbol))
    return {words: cost for (state, words), cost in at.items() if state in made.transducer.final}


def recombined(made: Graph, phrases: Iterable[str]) -> list[Words]:
    """What the graph may write that is no row of phrases, beginnings of phrases with [unk] after them, and [unk]:
    the graph is walked along all its ways at once with the tree of phrases, in which () is the root."""
    whole = {tuple(phrase.split()) for phrase in phrases}
    begun = {words[:n] for words in whole for n in range(len(words))}
    arcs = leaving(made.transducer)
    ways: dict[tuple[int, frozenset[Words]], Words] = {(made.transducer.start, frozenset({()})): ()}
    new, wrong = list(ways), []
    while new:
        state, nodes = new.pop()
        said = ways[state, nodes]
        if state in made.transducer.final and () not in nodes:
            wrong.append(said)
        for _, write, target, _ in arcs[state]:
            after = nodes
            if write:
                word = made.words[write]
                longer = {(*node, word) for node in nodes}
                after = frozenset((longer & begun) | ({()} if longer & whole or word == UNKNOWN else set()))
            key = (target, after)
            if key not in ways:
                ways[key] = (*said, made.words[write]) if write else said
                if not after:
                    wrong.append(ways[key])
                else:
                    new.append(key)
    return wrong


# ── what the graph accepts ───────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(PRICED, st.sampled_from((0, 1, 2, 9)))
def test_every_phrase_can_be_heard_at_its_price_in_each_pronunciation(phrases: dict[str, float], early: int) -> None:
    made = compiled(phrases, Costs(early=early))
    for phrase, price in list(phrases.items())[:5]:
        words = tuple(phrase.split())
        for said in product(*(lexicon().pronunciations[word] for word in words)):
            found = heard_as(made, frames(said))
            assert found[words] == pytest.approx(price + 2 * graph.EITHER, abs=1e-4)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(PRICED, st.sampled_from((0, 1, 2, 9)))
def test_nothing_can_be_heard_but_phrases_and_unknown_words(phrases: dict[str, float], early: int) -> None:
    assert recombined(compiled(phrases, Costs(early=early)), phrases) == []


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(english()), min_size=1, max_size=40, unique=True))
def test_so_it_is_with_what_the_guide_understands(phrases: list[str]) -> None:
    assert recombined(compiled(dict.fromkeys(phrases, 7.0)), phrases) == []


def test_all_that_the_guide_understands_fits_into_a_small_graph() -> None:
    made = compiled(dict.fromkeys(english(), 7.0))
    assert recombined(made, english()) == []
    assert len(made.transducer.const()) < 400_000


def test_a_pause_is_allowed_between_two_words_and_not_inside_one() -> None:
    made = compiled({"go on": 7.0})
    go, on = (lexicon().pronunciations[word][0] for word in ("go", "on"))
    silence = [label(graph.SILENCE), label(graph.SILENCE, stay=True)]
    pause = graph.COSTS.pause
    assert heard_as(made, [*frames([go]), *silence, *frames([on])])["go", "on"] == pytest.approx(
        7.0 + pause + 2 * graph.EITHER
    )
    read = frames([go, on])
    assert heard_as(made, [*read[:2], *silence, *read[2:]]) == {}


def test_the_rest_of_a_phrase_may_be_unknown() -> None:
    made = compiled({"baby is crying": 7.0})
    baby, other = lexicon().pronunciations["baby"][0], lexicon().pronunciations["teddy"][0]
    assert set(heard_as(made, frames([baby, other]))) == {("baby", UNKNOWN), (UNKNOWN, UNKNOWN)}


def test_of_two_words_that_sound_the_same_the_one_that_costs_less_is_heard() -> None:
    same = Lexicon({"sea": (("S", "IY"),), "see": (("S", "IY"),), "go": (("G", "OW"),)})
    for price, word in ((6.0, "see"), (8.0, "sea")):
        made = compile_graph({"see": price, "sea": 7.0, "go see": 7.0, "go sea": 7.0}, same, bigram())
        assert {*heard_as(made, frames([("S", "IY")])), (UNKNOWN,)} == {(word,), (UNKNOWN,)}


def test_a_word_without_a_pronunciation_is_no_phrase() -> None:
    with pytest.raises(KeyError, match="xyzzyx"):
        compiled({"xyzzyx": 7.0})


def test_the_costs_of_phrases_are_those_of_what_they_do() -> None:
    book = Phrasebook({"stop": Command("stop"), "next": Command("next"), "help": Command("help")}, ("text",))
    costs = Costs(calming=1, advancing=2, other=3, decoy=4)
    assert costs.of(book) == {"stop": 1, "next": 2, "help": 3, "text": 4}


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────


def arcs_of(file: bytes) -> list[tuple[int, int, int, int, float]]:
    """Reads what ``const`` has written."""
    at = 4 + 4 + len("const") + 4 + len("standard")
    version, _, known, start, states, arcs = struct.unpack_from("<iiQqqq", file, at)
    assert (version, known & fst.EXPANDED, start) == (2, fst.EXPANDED, 0)
    at += struct.calcsize("<iiQqqq")
    assert len(file) == at + 20 * states + 16 * arcs
    rows = list(struct.iter_unpack("<iifi", file[at + 20 * states :]))
    found = []
    for state, (_, first, count, no_input, no_output) in enumerate(
        struct.iter_unpack("<fIIII", file[at : at + 20 * states])
    ):
        here = rows[first : first + count]
        assert no_input == sum(read == 0 for read, *_ in here)
        assert no_output == sum(write == 0 for _, write, *_ in here)
        found += [(state, target, read, write, cost) for read, write, cost, target in here]
    return found


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(0, 5), st.integers(0, 9), st.integers(0, 9), st.floats(0, 9, width=32)
        )
    ),
    st.sampled_from(("input", "output")),
)
def test_the_file_holds_the_arcs_sorted(arcs: list[tuple[int, int, int, int, float]], by: Any) -> None:
    made = Transducer(states=6, final={3: 1.5}, arcs=arcs)
    found = arcs_of(made.const(by=by))
    assert sorted(found) == sorted(arcs)
    side = 2 if by == "input" else 3
    assert [(arc[0], arc[side]) for arc in found] == sorted((arc[0], arc[side]) for arc in arcs)


@pytest.mark.parametrize("arc", [(0, 2, 1, 1, 0.0), (-1, 0, 1, 1, 0.0), (0, 1, -1, 1, 0.0), (0, 1, 1, -1, 0.0)])
def test_what_would_end_the_process_is_not_written(arc: tuple[int, int, int, int, float]) -> None:
    with pytest.raises(ValueError, match=r"none of the 2 states|negative"):
        Transducer(states=2, final={1: 0.0}, arcs=[arc]).const()


# ── what Vosk makes of it ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def closed() -> ClosedModel:
    return ClosedModel(models.box())


def test_a_word_of_the_routine_is_heard_as_it_is_spelt(speak: Speak) -> None:
    """No lexicon has "shantala"; the routine says how it sounds."""
    model = ClosedModel(models.box(), pronounce={"shantala": "shan tah lah"})
    assert model.knows("shantala") and not ClosedModel(models.box()).knows("shantala")
    book = book_of("go to the shantala", "go to the legs")
    assert heard(model, book, speak("go to the shan tah lah")) == "go to the shantala"


def book_of(*phrases: str, decoys: Words = ()) -> Phrasebook:
    return Phrasebook({phrase: Command("pause") for phrase in phrases}, decoys)


def texts(recogniser: Any, pcm: Pcm) -> Iterator[str]:
    """What is heard in the end, utterance by utterance."""
    for block in np.split(np.concatenate([np.zeros(RATE, np.int16), pcm, np.zeros(RATE, np.int16)]), 20):
        if recogniser.AcceptWaveform(block.tobytes()):
            yield json.loads(recogniser.Result())["text"]
    yield json.loads(recogniser.FinalResult())["text"]


def heard(model: ClosedModel, book: Phrasebook, pcm: Pcm) -> str:
    pcm = np.concatenate([pcm, np.zeros(-len(pcm) % 20, np.int16)])
    return " ".join(text for text in texts(model.recogniser(book), pcm) if text)


@pytest.mark.parametrize("voice", ["en-us+m7", "en-gb", "en-gb-x-rp+f5"])
def test_phrases_are_heard_and_nothing_recombines(closed: ClosedModel, speak: Speak, voice: str) -> None:
    book = book_of("baby is crying", "go on")
    assert heard(closed, book, speak("baby is crying", voice)) == "baby is crying"
    assert heard(closed, book, speak("go on", voice)) == "go on"
    for text in ("baby is", "go crying", "baby go on", "is crying", "baby", "crying on", "on", "go baby is crying"):
        left = heard(closed, book, speak(text, voice)).replace("baby is crying", "").replace("go on", "")
        assert not left.split() or UNKNOWN in left.split(), text  # what stays is the beginning of a phrase and [unk]
        assert "go crying" not in left and left.split()[-1:] in ([], [UNKNOWN]), text


@pytest.mark.parametrize("voice", ["en-us+m7", "en-gb", "en-gb-x-rp+f5"])
def test_a_decoy_wins_over_the_command_that_it_sounds_like(closed: ClosedModel, speak: Speak, voice: str) -> None:
    decoys = ("text", "stop crying", "thank you")
    book = book_of("next", "stop", "baby is crying", decoys=decoys)
    for text in (*decoys, "next", "stop", "baby is crying"):
        assert heard(closed, book, speak(text, voice)) == text


@pytest.mark.parametrize("voice", ["en-us+m7", "en-gb", "en-gb-scotland+f2"])
def test_other_words_are_unknown(closed: ClosedModel, speak: Speak, voice: str) -> None:
    """Not en-us+f3: that is the guide's own voice, which the model was trained to hear as background."""
    book = book_of("next", "stop", "baby is crying", "hold on", "go to the legs")
    for text in ("What a lovely day it is.", "Where did I put the towel?", "I think the kettle is boiling."):
        assert set(heard(closed, book, speak(text, voice)).split()) == {UNKNOWN}, text


def test_without_any_phrase_all_is_unknown(closed: ClosedModel, speak: Speak) -> None:
    assert heard(closed, book_of(), speak("baby is crying")) == UNKNOWN


# ── who gets one ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_model_serves_all_who_hear_the_same_phrases(closed: ClosedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    really = recognition._opened

    def counted(folder: Path, named: Path) -> Any:
        opened.append(folder)
        return really(folder, named)

    monkeypatch.setattr(recognition, "_opened", counted)
    for book in (book_of("next"), book_of("next"), book_of("stop")):
        closed.recogniser(book)
    assert len(opened) == 2
    assert not any(folder.exists() for folder in opened)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ClosedModel(models.box()).recogniser(book_of("next"))
    assert list(tmp_path.iterdir()) == []


def test_it_knows_the_words_of_its_lexicon(closed: ClosedModel) -> None:
    assert closed.knows("baby") and not closed.knows("xyzzyx")


def test_a_model_without_a_lexicon_keeps_the_grammar(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models.box(), tmp_path / "model"))
    assert isinstance(models.load(folder), ClosedModel)
    (folder / FILE).unlink()
    assert isinstance(models.load(folder), GrammarModel)


@pytest.mark.parametrize("name", [FILE, recognition.BIGRAM])
@pytest.mark.parametrize("damage", ["<!DOCTYPE html>", "", "SIL AA\n0\n", "a\n"])
def test_a_lexicon_or_bigram_that_is_none(name: str, damage: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(models.box(), tmp_path / "model"))
    (folder / name).write_text(damage)
    with pytest.raises(ModelError, match=name) as problem:
        models.load(folder)
    assert "\n" not in str(problem.value)


def test_what_only_vosk_finds_out_is_told_when_there_are_phrases(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(models.box(), tmp_path / "model"))
    whole = (folder / "am" / "final.mdl").read_bytes()
    (folder / "am" / "final.mdl").write_bytes(whole[: len(whole) // 2])
    model = recognition.load(folder)
    with pytest.raises(ModelError) as problem:
        model.recogniser(book_of("next"))
    assert str(problem.value).startswith(f"{folder}: Vosk refuses this model (")
    assert capfd.readouterr() == ("", "")
