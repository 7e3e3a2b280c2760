"""The evaluation of a model: its statistics, its sound, its parser of orders, its report; and a tiny run of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recipe import evaluate
from models.recipe.card import card
from models.recipe.measures import sphinx
from models.recipe.measures.alarms import false_alarms
from models.recipe.measures.coffee import ORDER_COST, Slots, grammar, orders, over_snrs, parsed, sentences
from models.recipe.measures.commands import outcome
from models.recipe.measures.context import Context
from models.recipe.measures.figures import BARS, poisson, rate, share, spread, verdict, wilson
from models.recipe.measures.mix import LEAD_S, Samples, chance_for, kitchen, mixed
from models.recipe.measures.report import bars
from models.recipe.measures.speech import OUTSIDE, VOICES, Speaker, kind_of, sample
from models.recipe.split import held_out
from voiceguide.hearing.ears import Heard
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import BLOCK, RATE, Pcm

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no recordings in {CORPUS}")
needs_voices = pytest.mark.skipif(
    not (shutil.which("flite") and shutil.which("festival")), reason="flite or festival is not installed"
)

SLOTS: Slots = {
    "size": ["small", "medium", "twelve ounce"],
    "roast": ["light roast", "medium roast"],
    "numberOfShots": ["single shot", "double shot"],
    "coffeeDrink": ["coffee", "iced coffee", "latte"],
    "milkAmount": ["milk", "soy milk", "a bit of soy milk"],
    "sugarAmount": ["sugar", "brown sugar"],
}


# ---- orders of coffee ----


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("i want a medium roast latte", {"roast": "medium roast", "coffeeDrink": "latte"}),
        ("i want a medium latte", {"size": "medium", "coffeeDrink": "latte"}),
        (
            "brew a medium medium roast iced coffee",
            {"size": "medium", "roast": "medium roast", "coffeeDrink": "iced coffee"},
        ),
        (
            "get me a coffee with a bit of soy milk and brown sugar",
            {"coffeeDrink": "coffee", "milkAmount": "a bit of soy milk", "sugarAmount": "brown sugar"},
        ),
        ("[unk] latte [unk]", {"coffeeDrink": "latte"}),
        ("", {}),
    ],
)
def test_slots_are_found_in_an_order(text: str, slots: dict[str, str]) -> None:
    assert parsed(text, SLOTS) == slots


@needs_corpus
def test_what_the_coffee_grammar_says_has_the_slots_that_were_put_into_it() -> None:
    expressions, slots = grammar(CORPUS / "coffee" / "grammar.yaml")
    said = sentences(expressions, slots)
    assert len(said) > 1000
    assert all("coffeeDrink" in parsed(text, slots) for text in said)
    assert not [text for text in said if set("$[](),:") & set(text)]


@needs_corpus
def test_the_net_of_orders_has_exactly_those_of_the_coffee_grammar() -> None:
    expressions, slots = grammar(CORPUS / "coffee" / "grammar.yaml")
    net, start = orders(expressions, slots, len)

    def cost(words: list[str], rest: int) -> float | None:
        """The least that it costs to say just these words from a rest on; None where they cannot be said."""
        if not words:
            return net.rests[rest].ends
        ways = [(price, cost(words[1:], after)) for word, price, after in net.rests[rest].words if word == words[0]]
        return min((price + more for price, more in ways if more is not None), default=None)

    for text in sentences(expressions, slots):
        words = text.split()
        assert cost(words, start) == ORDER_COST + sum(map(len, words)), text
        assert cost([*words, "and"], start) is None, text
        assert cost([*words[:-1], "please"], start) is None, text
    for text in ("a latte", "can i get", "can i get a large small latte", "give me a latte with milk and cream"):
        assert cost(text.split(), start) is None, text
    assert cost("give me large latte".split(), start) is not None, "an article is often too short to be heard"


def test_noisy_conditions_count_together_only_when_all_are_there() -> None:
    figures = {f"kitchen {snr} dB": {"right": share(6, 10)} for snr in (24, 21, 18, 15, 12, 9)}
    assert over_snrs(figures) is None
    figures["kitchen 6 dB"] = {"right": share(4, 10)}
    together = over_snrs(figures)
    assert together is not None
    assert (together["count"], together["n"]) == (40, 70)


# ---- statistics ----


def test_wilsons_interval() -> None:
    # Newcombe (1998), table I.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(29, 29) == pytest.approx((0.8830, 1.0), abs=1e-4)


def test_exact_interval_of_a_count() -> None:
    # Half of the quantiles of chi square with 2k and 2k + 2 degrees of freedom.
    assert poisson(0) == pytest.approx((0.0, 3.6889), abs=1e-3)
    assert poisson(1) == pytest.approx((0.0253, 5.5716), abs=1e-3)
    assert poisson(10) == pytest.approx((4.7954, 18.3904), abs=1e-3)


@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_its_share(a: int, b: int) -> None:
    low, high = wilson(min(a, b), max(a, b))
    assert 0 <= low <= high <= 1
    if max(a, b):
        assert low <= min(a, b) / max(a, b) <= high


def test_a_rate_is_per_hour() -> None:
    figure = rate(3, 0.5)
    assert figure["per_hour"] == 6
    assert figure["low"] < 6 < figure["high"]


def test_a_verdict_says_by_how_much() -> None:
    quiet = next(bar for bar in BARS if bar.what == "commands obeyed, quiet")
    memory = next(bar for bar in BARS if bar.what.startswith("memory"))
    assert verdict(0.98, quiet) == "met"
    assert verdict(0.955, quiet) == "**missed by 2.5 points**"
    assert verdict(0.97996, quiet) == "**missed by less than 0.1 points**"
    assert verdict(101.0, memory) == "**missed by 11 MB**"
    assert verdict(None, memory) == "not measured"


# ---- sound ----


def _speech(chance: np.random.Generator) -> Pcm:
    """Two loud words with a pause between them."""
    word = chance.normal(scale=3000, size=RATE // 2)
    return np.concatenate([word, np.zeros(RATE // 4), word]).astype(np.int16)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 30), st.integers(0, 1000))
def test_the_noise_is_as_far_below_the_speech_as_was_asked(snr_db: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    speech = _speech(chance)
    bursts = np.repeat(chance.uniform(0, 1, 20), RATE // 4)  # a noise that comes and goes
    noise: Samples = (chance.normal(scale=500, size=len(bursts)) * bursts).astype(np.float32)
    quiet = mixed(speech, chance_for(seed), level_db=-28).pcm.astype(np.float64)
    noisy = mixed(speech, chance_for(seed), noise=noise, snr_db=snr_db, level_db=-28).pcm.astype(np.float64)
    power = np.mean(quiet.reshape(-1, BLOCK) ** 2, axis=1)
    active = power > power.max() * 1e-3
    added = np.mean((noisy - quiet).reshape(-1, BLOCK)[active] ** 2)
    assert 10 * np.log10(np.mean(power[active]) / added) == pytest.approx(snr_db, abs=0.3)
    assert 10 * np.log10(np.mean(power[active]) / 32768**2) == pytest.approx(-28, abs=0.1)


def test_speech_ends_where_it_fell_silent() -> None:
    speech = np.concatenate([_speech(np.random.default_rng(1)), np.zeros(RATE // 2, np.int16)])
    one = mixed(speech, chance_for("end"))
    assert one.start == pytest.approx(LEAD_S, abs=0.005)
    assert one.end == pytest.approx(LEAD_S + 1.25, abs=0.005)
    assert len(one.pcm) % BLOCK == 0


# ---- what is kept for evaluation ----


def test_no_held_out_recording_is_trained_on(tmp_path: Path) -> None:
    recordings = pytest.importorskip("models.recipe.recordings", reason="the recipe's packages are not installed")
    device = "0c1d2e3f-1111-2222-3333-{:012x}"
    tone = np.random.default_rng(0).integers(-3000, 3000, 8000, "int16")
    for folder, names in (
        ("words/alexa", [f"{n}.flac" for n in range(60)]),
        ("cries/hungry", [f"{device.format(n)}-{k}.flac" for n in range(20) for k in range(2)]),
    ):
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            soundfile.write(tmp_path / folder / name, tone, RATE)
    (tmp_path / "noise").mkdir()
    ramp = np.arange(50 * RATE) // RATE * 100  # every second has its own value
    soundfile.write(tmp_path / "noise" / "kitchen.flac", ramp.astype(np.int16), RATE)
    spoken = {one.voice for _, one in recordings.speech(tmp_path, {"alexa"})}
    noises = list(recordings.noise(tmp_path))
    trained = spoken | {one.voice for _, one in noises}
    paths = sorted(tmp_path.rglob("*-*.flac")) + sorted((tmp_path / "words").rglob("*.flac"))
    kept = {path.stem for path in paths if held_out(path)}
    assert kept
    assert trained - {"kitchen"} == {path.stem for path in paths} - kept
    assert sum(len(pcm) for pcm, one in noises if one.voice == "kitchen") <= 40 * RATE
    assert kitchen(tmp_path)[0] == 4000  # its last ten seconds of fifty


def test_a_baby_is_on_one_side_only() -> None:
    baby = "0c1d2e3f-1111-2222-3333-0123456789ab"
    assert len({held_out(f"{baby}-{n}-1.0-m-04-hu.flac") for n in range(50)}) == 1


def test_a_command_that_was_given_is_no_false_one(tmp_path: Path, speak: Callable[..., Pcm], vosk_model: Any) -> None:
    """The same sound twice: by one label it is the command that it is, by the other nobody gave one."""
    (tmp_path / "phrases").mkdir()
    labels = {"a.flac": "Emergency!", "b.flac": "warning"}
    for name in labels:
        soundfile.write(tmp_path / "phrases" / name, speak("emergency", "en-us+m1"), RATE)
    (tmp_path / "phrases" / "labels.json").write_text(json.dumps(labels))
    box = Path(__file__).parents[1] / "models" / "voiceguide-en"
    figures = dict(false_alarms(Context(box, tmp_path, Speaker(tmp_path / "speech")), ()))
    parts = [figures[f"phrases {part}"] for part in ("held out", "in training")]
    assert sum(part["files"] for part in parts) == 1
    assert {**parts[0]["heard"], **parts[1]["heard"]} == {"emergency": 1}


# ---- what is said ----


def test_every_kind_of_command_weighs_the_same(book: Phrasebook) -> None:
    phrases = sample(book)
    counts = dict.fromkeys(map(kind_of, book.meanings.values()), 0)
    for phrase in phrases:
        counts[kind_of(book.meanings[phrase])] += 1
    assert set(counts.values()) == {3}
    assert len(set(phrases)) == len(phrases)
    assert {"next", "pause", "stop", "yes", "baby is crying"} <= set(phrases)


def test_what_is_no_command_is_none(book: Phrasebook) -> None:
    assert len(set(OUTSIDE)) == len(OUTSIDE) >= 150
    assert [text for text in OUTSIDE if book.meaning(text)] == []


def test_anything_else_that_is_done_is_wrong(book: Phrasebook) -> None:
    def heard(phrase: str) -> Heard:
        return Heard(book.meanings[phrase], phrase, 1.0, 0.0, 0.5, 0.6)

    assert outcome(book, "next", []) == "missed"
    assert outcome(book, "next", [heard("next step")]) == "obeyed"
    assert outcome(book, "next", [heard("next"), heard("pause")]) == "wrong"


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join), min_size=1, unique=True))
def test_the_grammar_for_pocketsphinx_is_exactly_the_phrases(phrases: list[str]) -> None:
    lines = [line.split() for line in sphinx.grammar(phrases, None).splitlines()]
    heads = {line[0]: int(line[1]) for line in lines if line[0].endswith("_STATE")}
    arcs = [
        (int(line[1]), int(line[2]), line[4] if len(line) > 4 else "") for line in lines if line[0] == "TRANSITION"
    ]

    def said(state: int) -> set[str]:
        ends = {""} if state == heads["FINAL_STATE"] else set()
        return ends | {f"{word} {rest}".strip() for a, b, word in arcs if a == state for rest in said(b)}

    assert said(heads["START_STATE"]) == set(phrases)


# ---- the card ----

FACTS: dict[str, Any] = {
    "name": "voiceguide-en",
    "licence": "Apache-2.0",
    "runs": [
        {
            "command": "python -m models.recipe",
            "data": [
                {"what": "synthetic speech", "hours": 80.0, "source": "espeak-ng", "licence": "GPL-3.0"},
                {"what": "cries", "hours": 0.4, "source": "donateacry-corpus", "licence": "ODbL 1.0"},
            ],
            "voices": {"espeak": ["en-us+m1"], "flite": ["slt"]},
            "told": "LF-MMI: 1,200 h of sound, in 0.5 h on one GPU.",
        }
    ],
    "network": {
        "parameters": 2_100_000,
        "layers": "9 factored TDNN layers of 448 units",
        "left_context_s": 0.41,
        "right_context_s": 0.12,
        "frame_s": 0.03,
    },
    "words": 6000,
    "pronunciations": 7000,
    "limits": ["It knows no names."],
    "tried": ["More noise: no gain. More people would help most."],
}


def test_the_card_says_what_is_missed_and_by_how_much() -> None:
    condition = {
        "obeyed": share(93, 100),
        "wrong": share(1, 100),
        "missed": share(6, 100),
        "voices": {VOICES[0]: {"obeyed": share(93, 100)}},
        "decided": {"calming": spread([0.03]), "others": spread([])},
        "failures": [],
    }
    figures = {"commands": {"clean": condition}, "run": {"machine": "a machine", "every": 4, "model": "0"}}
    text = card(FACTS, figures)
    assert "| commands obeyed, quiet | ≥ 98.0 % | 93.0 % of 100 (86.3-96.6) | **missed by 5.0 points** |" in text
    assert "Missed: commands obeyed, quiet." in text
    assert "every 4th item only" in text
    assert "ked_diphone" in text
    assert "2,100,000" in text
    assert "--only commands`" in text
    assert "It knows no names." in text
    assert text.index("**missed by 5.0 points**") < text.index("More people would help most.") < text.index("Limits")
    assert "0.12 s after" in text


def test_the_card_tells_every_training() -> None:
    (first,) = FACTS["runs"]
    further = first | {"command": "python -m models.recipe --start MODEL", "told": "Further: 70 h of sound."}
    text = card(FACTS | {"runs": [first, further]}, {})
    assert "| made by | `python -m models.recipe`; then `python -m models.recipe --start MODEL` |" in text
    assert text.index("### Training 1: `python -m models.recipe`") < text.index("1,200 h of sound")
    assert text.index("1,200 h of sound") < text.index("### Training 2:") < text.index("Further: 70 h of sound.")
    assert "Training 1" not in card(FACTS, {})


def test_a_bar_met_in_few_hours_is_said_to_be_no_proof() -> None:
    held_out_rates = {"calming": rate(0, 0.3), "advancing": rate(0, 100.0)}
    rows = bars({"false_alarms": {"held out": held_out_rates}}).splitlines()
    assert next(row for row in rows if "false calming, held" in row).endswith("| met, in too few hours to show it |")
    assert next(row for row in rows if "false advancing, held" in row).endswith("| met |")


def test_the_card_stands_without_figures() -> None:
    assert "not measured" in card(FACTS, {})


# ---- a run ----


@needs_voices
def test_a_tiny_run_is_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], speak: Callable[..., Pcm], vosk_model: Any, book: Phrasebook
) -> None:
    box = Path(__file__).parents[1] / "models" / "voiceguide-en"
    arguments = ["--model", str(box), "--recordings", str(tmp_path), "--out", str(tmp_path / "out"), "--every", "42"]
    assert evaluate.main([*arguments, "--only", "reaction"]) == 0
    out, err = capsys.readouterr()
    assert "| reaction, median |" in out
    assert "reaction: all" in err
    figures = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))["reaction"]
    assert figures["all"]["given"] == len(sample(book)[::42]) * len(VOICES)
    assert figures["all"]["n"] >= 10
    assert -500 < figures["all"]["median_ms"] < 1000
    assert evaluate.main([*arguments, "--only", "reaction"]) == 0
    again = capsys.readouterr()
    assert again.out == out
    assert "reaction" not in again.err


def test_a_test_that_cannot_be_done_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", str(tmp_path), "--recordings", str(tmp_path), "--out", str(tmp_path / "out")]
    assert evaluate.main([*arguments, "--only", "cost"]) == 1
    assert "cost: cannot be measured: " in capsys.readouterr().err
