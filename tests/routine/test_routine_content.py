"""What the routines in the box must say: the article's facts; and the rules for words that are only heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from voiceguide.language.command import Command
from voiceguide.language.language import load_language
from voiceguide.routine.library import all_routines
from voiceguide.routine.loading import load

ROUTINES = Path(__file__).parents[2] / "routines"
FULL, SHORT, BEDTIME, HANDS = "infant-massage", "first-weeks", "bedtime-wind-down", "hand-and-wrist"
MASSAGES = (FULL, SHORT, BEDTIME)
EVERY = (*MASSAGES, HANDS)

COMFORT = {
    "happy_sounds",
    "bowel_sounds",
    "glowing_skin",
    "relaxed_breathing",
    "bright_eyed",
    "focusing",
    "enjoying",
}
STRESS = {
    "hiccoughs",
    "skin_colour",
    "unable_to_focus",
    "restless",
    "irritable",
    "disinterested",
    "crying",
    "fussing",
}
PARTS = {"arms", "legs", "belly", "chest", "neck", "face", "ears", "back"}
REASONS = {"hungry", "pain", "sad", "tired", "frightened"}
NO_STROKES = {"Asking your baby", "Turning over"}  # steps that prepare for touch

# The article's fourteen benefits, in its order: words by which each is known in plain speech.
BENEFITS = {
    "general well-being": "well-being",
    "gastrointestinal tract": "gut",
    "circulation": "circulation",
    "immune system": "immune system may",
    "sensory and body awareness": "awareness of the body",
    "neurological development": "coordination, balance, learning and concentration",
    "sleep": "sleep deeper and more soundly",
    "oxygen and nutrients": "oxygen and nutrients to the cells",
    "respiration": "breathing may improve",
    "pain management": "teething",
    "congestion, gas, colic": "congestion, gas and colic",
    "hormones": "growth hormone",
    "physiological systems": "circulatory, digestive, hormonal and immune",
    "pre-term babies": "babies born early to grow",
}

# The guide hears its own voice: a sentence that begins or ends like a command could be taken for one.
COMMAND_BEGINNINGS = (
    "next|stop|pause|continue|resume|repeat|go on|go to|go back|ready|start over|finish|skip|back|again|help|"
    "yes|no|louder|quieter|faster|slower|wait|keep going|how long|where are we|mixed signs|baby|the baby|"
    "begin|hush|previous|crying|fussing|restless|irritable|hungry|pain|sad|tired|frightened|hiccups|hiccoughs"
)
COMMAND_ENDINGS = (
    "next|stop|pause|continue|resume|repeat|go on|ready|start|finish|finished|skip|back|again|help|yes|no|"
    "louder|quieter|faster|slower|wait|wait for me|keep going|mixed signs|calm|crying|fussing|restless|"
    "irritable|hungry|pain|sad|tired|sleepy|frightened|scared|hiccups|hiccoughs|arching|smiling|happy|glowing|"
    "rumbling|relaxed|better|okay|settled|begin|previous|hush|softer|moment now|hold on|carry on"
)


def read(name: str) -> dict[str, Any]:
    data = yaml.safe_load((ROUTINES / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def spoken_blocks(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping with something to say, however deep, with a path to name it by."""
    if isinstance(node, dict):
        if "say" in node:
            yield where, node
        for key, child in node.items():
            yield from spoken_blocks(child, f"{where}/{key}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from spoken_blocks(child, f"{where}/{child.get('id', index) if isinstance(child, dict) else index}")


def sentences(node: Any) -> list[str]:
    return [sentence for _, block in spoken_blocks(node, "") for sentence in block["say"]]


def text(node: Any) -> str:
    return " ".join(sentences(node)).lower()


def words(sentence: str) -> int:
    return len(sentence.split())


def seconds_spoken(node: Any) -> float:
    """Words at 140 a minute, and 0.35 s of silence after each sentence."""
    return sum(words(sentence) / 140 * 60 + 0.35 for sentence in sentences(node))


def steps(routine: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for part in routine["parts"] for step in part["steps"]]


def minutes(routine: dict[str, Any]) -> float:
    """From the first word to the last: all that is spoken unasked, and the holds."""
    spoken = sum(seconds_spoken(routine[key]) for key in ("welcome", "preparation", "parts", "closing"))
    held = sum(float(step["hold"]) for step in steps(routine))
    return (spoken + held) / 60


@pytest.fixture(params=EVERY)
def routine(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.fixture(params=MASSAGES)
def massage(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.fixture
def full() -> dict[str, Any]:
    return read(FULL)


# What every routine keeps to


def test_the_file_is_named_after_the_routine() -> None:
    assert tuple(read(name)["routine"] for name in EVERY) == EVERY


def test_everything_said_is_a_list_of_sentences(routine: dict[str, Any]) -> None:
    """A YAML slip (a bare yes, a colon without quotes) turns a sentence into something else."""
    for where, block in spoken_blocks(routine, ""):
        assert isinstance(block["say"], list), where
        assert block["say"], where
        for sentence in block["say"]:
            assert isinstance(sentence, str), f"{where}: {sentence!r}"
            assert re.fullmatch(r"[A-Z][^.?!]*[.?!]", sentence), f"{where}: one sentence each: {sentence!r}"


def test_sentences_are_short_enough_to_follow(routine: dict[str, Any]) -> None:
    assert [s for s in sentences(routine) if words(s) > 18] == []


def test_sentences_are_plain_words_for_a_voice(routine: dict[str, Any]) -> None:
    """No digits, brackets, quotation marks, symbols or abbreviations: letters and simple punctuation only."""
    assert [s for s in sentences(routine) if not re.fullmatch(r"[A-Za-z ,;.?'-]+", s)] == []
    assert [s for s in sentences(routine) if re.search(r"\b[A-Z]{2,}\b", s)] == []


def test_the_baby_is_neither_he_nor_she(routine: dict[str, Any]) -> None:
    assert [s for s in sentences(routine) if re.search(r"\b(he|she|his|her|hers|him)\b", s.lower())] == []


def test_no_sentence_sounds_like_a_command(routine: dict[str, Any]) -> None:
    begins = re.compile(rf"({COMMAND_BEGINNINGS})\b", re.IGNORECASE)
    ends = re.compile(rf"\b({COMMAND_ENDINGS})[.?!]$", re.IGNORECASE)
    assert [s for s in sentences(routine) if begins.match(s) or ends.search(s)] == []


def test_every_block_names_sources_that_exist_and_every_source_is_used(routine: dict[str, Any]) -> None:
    used: set[str] = set()
    for where, block in spoken_blocks(routine, ""):
        assert "source" in block, f"{where}: no source"
        keys = block["source"] if isinstance(block["source"], list) else [block["source"]]
        assert keys, where
        used.update(keys)
    assert used == set(routine["sources"])


def test_ids_are_kebab_case_and_unique(routine: dict[str, Any]) -> None:
    for ids in (
        [part["id"] for part in routine["parts"]],
        [step["id"] for step in steps(routine)],
        [item["id"] for item in routine["preparation"]],
    ):
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", i) for i in ids)


def test_no_word_names_two_parts(routine: dict[str, Any]) -> None:
    names = [n for part in routine["parts"] for n in [part["name"], *part.get("also", [])]]
    assert len(set(names)) == len(names)


def test_a_time_that_is_named_is_the_time_that_is_held(routine: dict[str, Any]) -> None:
    """The last "about … seconds" of a step is its hold, or half of it where each side has its turn."""
    named = {"ten": 10, "fifteen": 15, "twenty": 20, "half a minute": 30}
    for step in steps(routine):
        said = " ".join(step["say"])
        times = re.findall(r"about (ten|fifteen|twenty) seconds|about (half a minute)", said)
        if times:
            seconds = named[times[-1][0] or times[-1][1]]
            each = 2 if re.search(r"\b(each (foot|hand|arm|side))\b", step["say"][-1]) else 1
            assert step["hold"] == seconds * each, step["id"]


def test_every_step_says_how_softly_and_how_long(massage: dict[str, Any]) -> None:
    softly = re.compile(r"\b(soft\w*|light\w*|gentl\w*|firm\w*|still|weight|press|loosen?)\b")
    long = re.compile(r"\b(seconds|minute|times|strokes|circles|sweeps|moment)\b")
    for step in steps(massage):
        if step["title"] in NO_STROKES:
            continue
        assert softly.search(text(step)), step["id"]
        assert long.search(text(step)), step["id"]
        assert 15 <= step["hold"] <= 40, step["id"]


def test_every_part_begins_with_resting_hands(massage: dict[str, Any]) -> None:
    """Only the asking and the turning come before."""
    for part in massage["parts"]:
        titles = [s["title"] for s in part["steps"] if s["title"] not in NO_STROKES]
        assert titles[0].startswith("Resting hands"), part["id"]


def test_the_baby_is_asked_before_anything_else(massage: dict[str, Any]) -> None:
    assert "same sign each time" in text(steps(massage)[0])


@pytest.mark.parametrize("path", [path for path in all_routines() if path.stem != HANDS], ids=lambda path: path.stem)
def test_a_sign_of_each_kind_is_named_before_the_first_stroke(path: Path) -> None:
    """The article: it's best to know them. Mixed signs are nothing that a parent would think of saying."""
    massage = load(path)
    book = load_language(massage.language).phrasebook(massage.parts)
    assert massage.steps[0].drawing == "ask", "no hand is on the baby yet"
    *_, each, some = massage.steps[0].say
    of_comfort, of_stress = {
        "en": ("bright eyes", "arching"),
        "es": ("ojos brillantes", "arquearse"),
        "fr": ("yeux brillants", "se cambrer"),
    }[massage.language]
    assert of_comfort in each and of_stress in each
    told = re.search(r"\b(?:say|di|dites) ([\w ]+),", some)
    assert told is not None and book.meaning(told[1]) == Command("mixed")


@pytest.mark.parametrize(("name", "least", "most"), [(FULL, 12, 22), (SHORT, 4, 6), (BEDTIME, 5, 7), (HANDS, 4, 5.5)])
def test_how_long_it_takes(name: str, least: float, most: float) -> None:
    assert least <= minutes(read(name)) <= most


def test_preparation_and_welcome_are_short_with_a_baby_waiting(routine: dict[str, Any]) -> None:
    assert seconds_spoken(routine["welcome"]) <= 20
    assert seconds_spoken(routine["preparation"]) <= 90


def test_fever_feeding_vaccination_and_one_hand(massage: dict[str, Any]) -> None:
    said = text(massage["preparation"])
    for caution in (
        "fever or an illness, leave the massage for another day",
        "under three months, at thirty eight celsius or more, see a doctor straight away",
        "after a vaccination, wait three days",
        "after a feed, let an hour pass",
        "never wake a sleeping baby for this, and end when sleep comes",
        "always keep one hand on your baby",
        "take off jewellery",
    ):
        assert caution in said


# The full routine


def test_all_parts_of_the_article_have_strokes(full: dict[str, Any]) -> None:
    assert {part["id"] for part in full["parts"]} == PARTS
    for part in full["parts"]:
        strokes = [
            s for s in part["steps"] if not s["title"].startswith("Resting hands") and s["title"] not in NO_STROKES
        ]
        assert len(strokes) >= 2, part["id"]


def test_the_legs_come_first_and_the_back_last(full: dict[str, Any]) -> None:
    assert [full["parts"][0]["id"], full["parts"][-1]["id"]] == ["legs", "back"]


@pytest.mark.parametrize(
    ("item", "words_of_it"),
    [
        ("calm-awake-baby", "settling for the night"),
        ("calm-awake-baby", "awake"),
        ("warm-room", "warm"),
        ("no-drafts", "drafts"),
        ("no-distractions", "distractions"),
        ("music", "soothing music"),
        ("music", "if you like"),
        ("blanket", "warm blanket"),
        ("oil", "a little oil or lotion"),
        ("oil", "optional"),
        ("oil", "patch tested"),
    ],
)
def test_preparation_covers_the_article(full: dict[str, Any], item: str, words_of_it: str) -> None:
    [found] = [i for i in full["preparation"] if i["id"] == item]
    assert words_of_it in text(found)


@pytest.mark.parametrize("benefit", BENEFITS)
def test_benefits_are_told_when_asked_and_never_promised(full: dict[str, Any], benefit: str) -> None:
    [passage] = [text(p) for p in full["why"] if BENEFITS[benefit] in text(p)]
    assert passage.startswith("the article we follow says massage may")
    assert "nobody can promise it" in passage


def test_benefits_are_not_told_unasked(full: dict[str, Any]) -> None:
    unasked = text([full[key] for key in ("welcome", "preparation", "parts", "closing")])
    assert [key for key, known_by in BENEFITS.items() if known_by in unasked] == []


@pytest.mark.parametrize(
    "fact",
    [
        "special time of communication",
        "your partner",
        "thermal regulation",
        "movement, smell, voice, touch and eye contact",
        "oxytocin",
        "cortisol",
    ],
)
def test_bonding_is_told_when_asked(full: dict[str, Any], fact: str) -> None:
    assert fact in text(full["why"])


def test_the_therapist_teaches_hands_on_with_a_doll(full: dict[str, Any]) -> None:
    said = text(full["closing"])
    assert "registered massage therapist" in said
    assert "hands-on" in said
    assert "doll" in said


def test_belly_neck_face_and_back_have_their_cautions(full: dict[str, Any]) -> None:
    part = {p["id"]: text(p) for p in full["parts"]}
    assert "cord has not healed" in part["belly"]
    assert "a feed was within the hour" in part["belly"]
    assert "from your baby's right side to the left" in part["belly"]
    assert "never the throat" in part["neck"]
    assert "no oil comes near the eyes and mouth" in part["face"]
    assert "wide-awake baby, with your eyes on the face" in part["back"]
    assert "slippery" in part["back"]
    assert "slippery" in text(full["closing"])
    assert "fallen asleep, let the massage end" in text(full["parts"])


def test_all_comfort_signs_have_one_short_warm_sentence(full: dict[str, Any]) -> None:
    comfort = full["signs"]["comfort"]
    assert set(comfort) == COMFORT
    for sign in comfort.values():
        [sentence] = sign["say"]
        assert words(sentence) <= 12


def test_all_stress_signs_have_two_to_four_sentences(full: dict[str, Any]) -> None:
    stress = full["signs"]["stress"]
    assert set(stress) == STRESS
    for name, sign in stress.items():
        assert 2 <= len(sign["say"]) <= 4, name


def test_signs_have_spoken_names(full: dict[str, Any]) -> None:
    for kind in full["signs"].values():
        for sign in kind.values():
            assert re.fullmatch(r"[a-z]+( [a-z]+){0,2}", sign["name"])


def test_crying_answers_each_reason(full: dict[str, Any]) -> None:
    reasons = full["signs"]["stress"]["crying"]["reasons"]
    assert set(reasons) == REASONS
    for name, reason in reasons.items():
        assert 2 <= len(reason["say"]) <= 4, name


def test_crying_says_never_to_shake(full: dict[str, Any]) -> None:
    """Among what is said for any crying, before a reason is asked for."""
    assert "Never, ever shake your baby." in full["signs"]["stress"]["crying"]["say"]


def test_blue_and_limp_lead_to_emergency_help(full: dict[str, Any]) -> None:
    stress = full["signs"]["stress"]
    assert "blue, grey or blotchy, or breathing is hard, call for emergency help" in text(stress["skin_colour"])
    assert "limp or cannot be woken, call for emergency help" in text(stress["unable_to_focus"])


def test_signs_leave_the_fixed_words_to_the_guide(full: dict[str, Any]) -> None:
    said = text([full["signs"], full["mixed"], full["danger"]])
    assert "tend to your baby" not in said
    assert "let us pause" not in said
    assert not re.search(r"\bnine\b", said)


# The short one


def test_first_weeks_is_legs_and_feet_without_oil(full: dict[str, Any]) -> None:
    short = read(SHORT)
    assert [part["id"] for part in short["parts"]] == ["legs", "feet"]
    assert "oil" not in text([short["parts"], short["closing"]])
    assert "use no oil" in text(short["preparation"])
    assert short["care_from"] == full["routine"]


# The exercise for a parent's own hands


def test_the_hands_are_not_to_hurt_and_nothing_is_promised() -> None:
    hands = read(HANDS)
    assert "nothing may hurt" in text(hands["welcome"])
    assert "ask a doctor before" in text(hands["preparation"])
    claims = re.compile(r"\b(cure\w*|heal\w*|reliev\w*|relief|treat\w*|prevent\w*|improve\w*|carpal|strengthen\w*)\b")
    assert not claims.search(text(hands))
    assert "promises nothing more" in text(hands["why"])


def test_the_baby_is_safe_before_both_hands_are_busy_and_comes_first() -> None:
    hands = read(HANDS)
    assert hands["preparation"][0]["id"] == "baby-safe"
    assert "we tend to your baby first" in text(hands["welcome"])
    assert "hold your baby close" in text(hands["mixed"])
