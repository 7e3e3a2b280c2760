"""Routine files: what is read from them, what is wrong with them and where, and how they are found and started."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from voiceguide.errors import SourceError, VoiceguideError
from voiceguide.routine import loading as module
from voiceguide.routine.library import all_routines, find, new
from voiceguide.routine.loading import folder_of_routines, load, schema
from voiceguide.routine.routine import Item, Passage, Routine, seconds_to_say
from voiceguide.routine.rules import COMFORT_SIGNS, REASONS, STRESS_SIGNS
from voiceguide.routine.show import readable

SIGN = "{name: a sign, say: [Hold your baby close.], source: leaflet}"
CARE = "\n".join(
    [
        "signs:",
        "  comfort:",
        *(f"    {sign}: {SIGN}" for sign in COMFORT_SIGNS),
        "  stress:",
        *(f"    {sign}: {SIGN}" for sign in STRESS_SIGNS if sign != "crying"),
        "    crying:",
        "      name: crying",
        "      say: [Hold your baby close.]",
        "      reasons:",
        *(f"        {reason}: {{say: [So be it.], source: midwife}}" for reason in REASONS),
        "mixed: {say: [Talk softly.], source: leaflet}",
        "danger: {say: [Keep your baby warm.], source: midwife}",
        "",
    ]
)

FEET = """\
routine: feet
title: Warm feet
language: en
about: A minute for the feet.
sources:
  leaflet: Leaflet of the
    health visitors
  midwife: What the midwife said
welcome:
  - say: [Welcome.]
    source: leaflet
preparation:
  - id: warm-room
    say: [Make the room warm.]
    source: [leaflet, midwife]
parts:
  - id: feet
    name: feet
    also: [toes]
    steps:
      - id: feet-1
        title: Resting hands
        say:
          - Rest your hands
            on the feet.
          - Be still.
        hold: 20
        source: leaflet
      - id: feet-2
        title: Long strokes
        say: [Stroke the soles.]
        source: midwife
  - id: legs
    name: legs
    steps:
      - {id: legs-1, title: Legs, say: [Stroke the legs.], hold: 2.5, source: leaflet}
closing:
  - say: [That is all.]
    source: leaflet
why:
  - say: [It is a quiet time together.]
    source: leaflet
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to write routines in, and another one in place of the box's: both empty."""
    box = tmp_path / "box"
    box.mkdir()
    monkeypatch.setattr(module, "folder_of_routines", lambda: box)
    mine = tmp_path / "mine"
    mine.mkdir()
    return mine


def write(folder: Path, text: str, name: str = "feet") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def errors_in(path: Path) -> list[str]:
    """What an author reads, without the folder; checked to be lines in the order of the file."""
    with pytest.raises(SourceError) as raised:
        load(path)
    assert all(str(one).isprintable() for one in raised.value.errors)
    places = [(one.line, one.column) for one in raised.value.errors]
    assert places == sorted(places)
    return [str(one).removeprefix(f"{path.parent}/") for one in raised.value.errors]


# What is read


def test_a_routine_is_read(folder: Path) -> None:
    routine = load(write(folder, FEET + CARE))
    assert (routine.id, routine.title, routine.language) == ("feet", "Warm feet", "en")
    assert routine.about == "A minute for the feet."
    assert routine.sources["leaflet"] == "Leaflet of the health visitors", "texts have single spaces"
    assert routine.welcome == (Passage(("Welcome.",), ("leaflet",)),)
    assert routine.preparation == (Item("warm-room", ("Make the room warm.",), ("leaflet", "midwife")),)
    assert routine.closing == (Passage(("That is all.",), ("leaflet",)),)
    assert routine.why == (Passage(("It is a quiet time together.",), ("leaflet",)),)
    assert routine.mixed == Passage(("Talk softly.",), ("leaflet",))
    assert routine.danger == Passage(("Keep your baby warm.",), ("midwife",))


def test_parts_hold_their_steps_in_order(folder: Path) -> None:
    routine = load(write(folder, FEET + CARE))
    assert [(part.id, part.name, part.also) for part in routine.parts] == [
        ("feet", "feet", ("toes",)),
        ("legs", "legs", ()),
    ]
    assert [(step.id, step.part, step.hold) for step in routine.steps] == [
        ("feet-1", "feet", 20.0),
        ("feet-2", "feet", 0.0),
        ("legs-1", "legs", 2.5),
    ]
    assert routine.steps[0].say == ("Rest your hands on the feet.", "Be still.")


def test_signs_are_those_of_comfort_and_of_stress(folder: Path) -> None:
    signs = load(write(folder, FEET + CARE)).signs
    assert [sign.id for sign in signs.values() if sign.kind == "comfort"] == list(COMFORT_SIGNS)
    assert [sign.id for sign in signs.values() if sign.kind == "stress"] == list(STRESS_SIGNS)
    assert signs["crying"].reasons == dict.fromkeys(REASONS, ("So be it.",))
    assert signs["crying"].source == ("midwife",), "the reasons' own sources"
    assert signs["fussing"].reasons == {}


def test_danger_may_be_left_out(folder: Path) -> None:
    assert load(write(folder, FEET + CARE[: CARE.index("danger:")])).danger is None


# Care from another routine

BORROWER = FEET + "care_from: carer\n"
CARER = FEET.replace("routine: feet", "routine: carer") + CARE


def test_care_is_taken_from_a_routine_beside_it(folder: Path) -> None:
    own = load(write(folder, CARER, "carer"))
    routine = load(write(folder, BORROWER))
    assert (routine.signs, routine.mixed, routine.danger) == (own.signs, own.mixed, own.danger)


def test_care_is_taken_from_the_box_else(folder: Path) -> None:
    write(module.folder_of_routines(), CARER, "carer")
    assert set(load(write(folder, BORROWER)).signs) == {*COMFORT_SIGNS, *STRESS_SIGNS}


def test_the_routine_beside_it_comes_before_the_one_in_the_box(folder: Path) -> None:
    write(module.folder_of_routines(), CARER, "carer")
    write(folder, CARER.replace("Talk softly.", "Sing softly."), "carer")
    assert load(write(folder, BORROWER)).mixed.say == ("Sing softly.",)


def test_what_a_routine_says_of_its_own_comes_before_what_it_borrows(folder: Path) -> None:
    write(folder, CARER, "carer")
    own = "signs: {stress: {fussing: {name: fussing, say: [Sing.], source: midwife}}}\n"
    own += "mixed: {say: [Wait.], source: midwife}\n"
    routine = load(write(folder, BORROWER + own))
    assert routine.signs["fussing"].say == ("Sing.",)
    assert routine.signs["restless"].say == ("Hold your baby close.",)
    assert routine.mixed.say == ("Wait.",)
    assert routine.danger == Passage(("Keep your baby warm.",), ("midwife",))


def test_every_source_is_known_after_borrowing(folder: Path) -> None:
    write(folder, CARER.replace("What the midwife said", "What another midwife said"), "carer")
    routine = load(write(folder, BORROWER))
    assert routine.sources["midwife"] == "What the midwife said"
    assert routine.sources["carer-midwife"] == "What another midwife said"
    assert routine.danger is not None
    assert routine.danger.source == ("carer-midwife",)
    assert routine.signs["hiccoughs"].source == ("leaflet",), "the same in both files"


@pytest.mark.parametrize(
    ("carer", "message"),
    [
        (None, "there is no routine named `carer`; "),
        (BORROWER.replace("routine: feet", "routine: carer").replace("from: carer", "from: feet"), None),
        (CARER.replace("title:", "titel:"), "the routine `carer` has errors; see: voiceguide check "),
        (CARER.replace("e", "\xff").encode("latin-1"), "the routine `carer` has errors; see: voiceguide check "),
    ],
)
def test_care_cannot_be_taken_from(folder: Path, carer: str | bytes | None, message: str | None) -> None:
    if carer is not None:
        (folder / "carer.yaml").write_bytes(carer.encode() if isinstance(carer, str) else carer)
    message = message or "the routine `carer` has no signs of its own; write `care_from: feet`"
    (line,) = errors_in(write(folder, BORROWER))
    assert line.startswith(f"feet.yaml:43:12: {message}")


def test_a_routine_cannot_take_care_from_itself(folder: Path) -> None:
    assert errors_in(write(folder, FEET + "care_from: feet\n")) == [
        "feet.yaml:43:12: a routine cannot take its signs from itself; name another one, or write `signs` and `mixed`"
    ]


def test_a_name_that_no_file_can_have_is_no_routine_for_care(folder: Path) -> None:
    message = errors_in(write(folder, FEET + f"care_from: {'x' * 5000}\n"))
    assert [line.split("; ")[0] for line in message] == [
        "feet.yaml:43:12: `care_from` is 5000 characters long, and at most 60 fit",
        f"feet.yaml:43:12: there is no routine named `{'x' * 40}`",
    ]


def test_the_nearest_routine_is_suggested_for_care(folder: Path) -> None:
    write(folder, CARER, "carer")
    assert errors_in(write(folder, FEET + "care_from: caror\n")) == [
        "feet.yaml:43:12: there is no routine named `caror`; write `carer` if you meant that"
    ]


# Mistakes


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "routine: feet",
            "routine: toes",
            "1:10: the id `toes` is not the name of the file; write `routine: feet`, or name the file toes.yaml",
        ),
        (
            "routine: feet",
            "routine: Feet!",
            '1:10: `routine` cannot be "Feet!"; write for example infant-massage '
            "(id of the routine: the name of its file without .yaml)",
        ),
        (
            "language: en",
            "language: English",
            '3:11: `language` cannot be "English"; write for example en '
            "(language of every text in this file, as a language code)",
        ),
        (
            "    source: leaflet\nprep",
            "    source: leeflet\nprep",
            "11:13: `leeflet` is not one of the `sources`; write `leaflet` if you meant that, or add it to `sources`",
        ),
        (
            "[leaflet, midwife]",
            "[leaflet, aunt]",
            "15:23: `aunt` is not one of the `sources`; write one of `leaflet`, `midwife`, or add it to `sources`",
        ),
        (
            "hungry: {say: [So be it.], source: midwife}",
            "hungry: {say: [So be it.], source: wife}",
            "64:44: `wife` is not one of the `sources`; write `midwife` if you meant that, or add it to `sources`",
        ),
        (
            "id: feet-2",
            "id: feet-1",
            "29:13: the id `feet-1` is used twice (first on line 21); give this one another id",
        ),
        (
            "id: feet-2",
            "id: warm-room",
            "29:13: the id `warm-room` is used twice (first on line 13); give this one another id",
        ),
        ("name: legs", "name: Toes", "34:11: the part name `Toes` is used twice (first on line 19); keep it for one"),
        ("also: [toes]", "also: [feet]", "19:12: the part name `feet` is used twice (first on line 18); keep it for"),
        ("also: [toes]", "also: [toe 2]", '19:12: entry 1 of `also` cannot be "toe 2"; write for example feet ('),
        ("also: [toes]", "also: [(a|b)]", '19:12: entry 1 of `also` cannot be "(a|b)"; write for example feet ('),
        (
            "Stroke the soles.",
            "Stroke " + "the " * 30 + "soles.",
            "31:15: this sentence has 32 words, more than 30; split it into shorter sentences",
        ),
        ("hold: 20", "hold: soon", "27:15: `hold` must be a number, not a text; write for example 30 (seconds that"),
        (
            "hold: 20",
            "hold: -1",
            "27:15: `hold` is -1, and must be at least 0; write for example 30 (seconds that the",
        ),
        (
            "hold: 20",
            "hold: 601",
            "27:15: `hold` is 601, and must be at most 600; write for example 30 (seconds that",
        ),
        ("hold: 20", "holds: 20", "27:9: `holds` is not known here; write `hold` if you meant that"),
        (
            "- Be still.",
            "- {text: Be still., recording: /still.flac}",
            '26:42: `recording` cannot be "/still.flac"; write for example "legs-1-a.flac" (a sound file beside this',
        ),
        (
            "- Be still.",
            "- {recording: still.flac}",
            '26:13: entry 2 of `say` has no `text`; add `text: "Rest both hands on your baby\'s legs."` (what is',
        ),
        (
            "- Be still.",
            "- {text: " + "Be " * 31 + "still., recording: still.flac}",
            "26:20: this sentence has 32 words, more than 30; split it into shorter sentences",
        ),
        (
            "- Be still.",
            "- {text: Be still., recording: still.flac}\n        recording: feet.flac",
            "26:42: this sentence is in the recording of the whole step; keep only one of the two recordings",
        ),
        (
            "- Be still.",
            "- {text: Be still., recording: a.flac}\n          - {text: Be  still., recording: b.flac}",
            "27:43: this sentence has another recording further up; name the same one, or change the words",
        ),
        ("hold: 20", "recording: ../feet.flac", '27:20: `recording` cannot be "../feet.flac"; write for example'),
        ("- Be still.", "- Now: be still.", "26:13: entry 2 of `say` must be a text, not a group of `key: value`"),
        ("- Be still.", "-", "26:12: entry 2 of `say` is empty; write for example "),
        ("say: [Stroke the soles.]", "say: []", '31:14: `say` is empty; write for example ["Rest both hands on'),
        (
            "say: [Stroke the soles.]",
            "say: Stroke.",
            "31:14: `say` must be a list, not a text; write it as a list, like",
        ),
        (f"    restless: {SIGN}\n", "", "52:3: `stress` has no `restless`; add `restless:` with `name`, `say` and"),
        (f"    enjoying: {SIGN}\n", "", "44:3: `comfort` has no `enjoying`; add `enjoying:` with `name`, `say` and"),
        (
            "  leaflet: L",
            "  Leaf let: x\n  leaflet: L",
            "6:3: `Leaf let` cannot be a key here; write for example article",
        ),
    ],
)
def test_an_error_is_reported_with_its_place(folder: Path, old: str, new: str, message: str) -> None:
    good = FEET + CARE
    assert old in good
    (line,) = errors_in(write(folder, good.replace(old, new, 1)))
    assert line.startswith(f"feet.yaml:{message}")


def test_an_unknown_sign_is_told_beside_the_one_that_is_missing(folder: Path) -> None:
    assert errors_in(write(folder, FEET + CARE.replace("    hiccoughs:", "    hiccups:"))) == [
        "feet.yaml:52:3: `stress` has no `hiccoughs`; add `hiccoughs:` with `name`, `say` and `source`",
        "feet.yaml:53:5: `hiccups` is not known here; write `hiccoughs` if you meant that",
    ]


def test_without_care_signs_and_mixed_are_missing(folder: Path) -> None:
    message = errors_in(write(folder, FEET))
    assert [line.split(";")[0] for line in message] == [
        "feet.yaml:1:1: the file has no `mixed`",
        "feet.yaml:1:1: the file has no `signs`",
    ]


def test_a_whole_kind_of_signs_is_told_once(folder: Path) -> None:
    start, end = CARE.index("  comfort:"), CARE.index("  stress:")
    (line,) = errors_in(write(folder, FEET + CARE[:start] + CARE[end:]))
    assert line.startswith("feet.yaml:43:1: `signs` has no `comfort`; add `comfort:` with `happy_sounds`, ")


def test_all_errors_are_reported_at_once(folder: Path) -> None:
    text = FEET + CARE
    for old, new_text in [
        ("title: Warm feet", "titel: Warm feet"),
        ("source: leaflet\nprep", "source: leeflet\nprep"),
        ("id: feet-2", "id: feet-1"),
        ("hold: 20", "hold: soon"),
        ("crying:\n      name: crying", "crying:\n      name: 1"),
    ]:
        text = text.replace(old, new_text, 1)
    assert [line.split("; ")[0] for line in errors_in(write(folder, text))] == [
        "feet.yaml:1:1: the file has no `title`",
        "feet.yaml:2:1: `titel` is not known here",
        "feet.yaml:11:13: `leeflet` is not one of the `sources`",
        "feet.yaml:27:15: `hold` must be a number, not a text",
        "feet.yaml:29:13: the id `feet-1` is used twice (first on line 21)",
        "feet.yaml:61:13: `name` must be a text, not a number",
    ]


# Every key that a routine needs, and every place where an unknown one could stand

GOOD: dict[str, Any] = yaml.safe_load(FEET + CARE)
FREE = {("sources",)}
OPTIONAL = {"also", "hold", "danger"}


def groups(data: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every group in the data."""
    if isinstance(data, dict):
        yield path
        for key, value in data.items():
            yield from groups(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from groups(value, (*path, index))


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def place(text: str, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column of the key at ``path``, or of the entry of a list: found by PyYAML alone."""
    node: Any = yaml.compose(text)
    mark = node.start_mark
    for key in path:
        if isinstance(node, yaml.MappingNode):
            key_node, node = next(pair for pair in node.value if pair[0].value == key)
            mark = key_node.start_mark
        else:
            node = node.value[key]
            mark = node.start_mark
    return mark.line + 1, mark.column + 1


REQUIRED = [(path, key) for path in groups(GOOD) if path not in FREE for key in at(GOOD, path) if key not in OPTIONAL]


@pytest.mark.parametrize(("path", "key"), REQUIRED, ids=lambda one: str(one).replace(" ", ""))
def test_a_key_that_is_missing_is_told_where_it_belongs(folder: Path, path: tuple[str | int, ...], key: str) -> None:
    data = copy.deepcopy(GOOD)
    del at(data, path)[key]
    file = write(folder, yaml.safe_dump(data, sort_keys=False))
    line, column = place(file.read_text(), path)
    message = [line for line in errors_in(file) if f"has no `{key}`; add `{key}:" in line]
    assert len(message) == 1
    assert message[0].startswith(f"feet.yaml:{line}:{column}: ")


@pytest.mark.parametrize("path", [path for path in groups(GOOD) if path not in FREE], ids=str)
def test_an_unknown_key_is_told_where_it_stands(folder: Path, path: tuple[str | int, ...]) -> None:
    data = copy.deepcopy(GOOD)
    at(data, path)["colour"] = "blue"
    file = write(folder, yaml.safe_dump(data, sort_keys=False))
    line, column = place(file.read_text(), (*path, "colour"))
    (message,) = errors_in(file)
    assert message.startswith(f"feet.yaml:{line}:{column}: `colour` is not known here; ")


_values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({"a": ["b"]})
)
_places = st.sampled_from([(path, key) for path in groups(GOOD) for key in at(GOOD, path)])


@settings(deadline=None)
@given(st.lists(st.tuples(_places, _values), min_size=1, max_size=4))
def test_whatever_stands_in_a_routine_it_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[tuple[str | int, ...], str], Any]]
) -> None:
    data = copy.deepcopy(GOOD)
    for (path, key), value in changes:
        try:
            at(data, path)[key] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    file = write(tmp_path_factory.mktemp("any"), yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    try:
        assert isinstance(load(file), Routine)
    except SourceError as error:
        assert error.errors
        assert all(str(one).isprintable() for one in error.errors)


# The schema


def test_the_schema_is_a_json_schema_with_words_and_examples_for_every_key() -> None:
    Draft202012Validator.check_schema(schema())

    def check(part: Any) -> None:
        if isinstance(part, dict):
            for name, its in part.get("properties", {}).items():
                target = schema()["$defs"][its["$ref"].split("/")[-1]] if "$ref" in its else {}
                words = {**target, **its}
                assert words.get("description"), name
                assert words.get("examples"), name
                for example in words["examples"]:
                    with_defs = {**its, "$defs": schema()["$defs"]}
                    assert Draft202012Validator(with_defs).is_valid(example), (name, example)
            if part.get("type") == "object":
                assert "additionalProperties" in part
            for inner in part.values():
                check(inner)

    check(schema())


# Times


def test_a_minute_holds_140_words_less_the_pauses() -> None:
    assert seconds_to_say(" ".join(["word"] * 139 + ["word."])) == pytest.approx(60, abs=1)
    assert seconds_to_say("") == 0


def test_each_sentence_has_a_pause() -> None:
    assert seconds_to_say("One two. Three four.") > seconds_to_say("One two three four.")


@given(st.text(), st.text())
def test_more_text_never_takes_less_time(first: str, second: str) -> None:
    assert seconds_to_say(f"{first} {second}") >= max(seconds_to_say(first), seconds_to_say(second))


# The routines in the box, and others

TEMPLATE = Path(module.__file__).with_name("template.yaml")


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_the_routines_in_the_box_load(path: Path) -> None:
    routine = load(path)
    assert routine.id == path.stem
    passages: tuple[Any, ...] = (*routine.steps, *routine.signs.values(), routine.mixed)
    used = {key for one in passages for key in one.source}
    assert used <= set(routine.sources)


@pytest.mark.parametrize("path", [*all_routines(), TEMPLATE], ids=lambda path: path.stem)
def test_the_schema_alone_accepts_them_as_an_editor_would(path: Path) -> None:
    Draft202012Validator(schema()).validate(yaml.safe_load(path.read_text("utf-8")))


def test_a_new_routine_names_the_schema_for_editors() -> None:
    assert TEMPLATE.read_text("utf-8").splitlines()[0] == "# yaml-language-server: $schema=routine.schema.json"


def test_the_routines_are_in_the_box() -> None:
    names = {"infant-massage", "first-weeks", "bedtime-wind-down", "hand-and-wrist"}
    assert names <= {path.stem for path in all_routines()}
    assert folder_of_routines() == Path(__file__).parents[2] / "routines"


def test_an_installed_package_has_its_routines_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "voiceguide"
    (installed / "routines").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(installed / "guide" / "routine.py"))
    assert folder_of_routines() == installed / "routines"


def test_a_routine_is_found_by_its_name() -> None:
    assert find("infant-massage") == folder_of_routines() / "infant-massage.yaml"


def test_a_routine_is_found_as_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(folder, FEET + CARE)
    assert find(str(path)) == path
    monkeypatch.chdir(folder)
    assert find("feet.yaml") == Path("feet.yaml")
    assert find("feet") == Path("feet.yaml")


@pytest.mark.parametrize("name", ["infant-masage", "Infant-Massage", "infant massage"])
def test_the_nearest_name_is_suggested(name: str) -> None:
    with pytest.raises(VoiceguideError, match="write `infant-massage` if you meant that"):
        find(name)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/"), max_size=300).map(lambda text: f"no such {text}"))
def test_a_name_that_is_none_is_told_in_one_line(name: str) -> None:
    with pytest.raises(VoiceguideError) as raised:
        find(name)
    assert str(raised.value).isprintable()
    assert "infant-massage" in str(raised.value)


# A new one


def test_a_new_routine_loads(tmp_path: Path) -> None:
    path = new("evening-feet", tmp_path)
    assert path == tmp_path / "evening-feet.yaml"
    routine = load(path)
    assert (routine.id, routine.title) == ("evening-feet", "Evening feet")
    assert routine.signs == load(find("infant-massage")).signs


def test_a_new_routine_overwrites_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "mine")
    with pytest.raises(VoiceguideError, match=r"feet\.yaml exists already; choose another name"):
        new("feet", tmp_path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["Feet", "two words", "../feet", "feet.yaml", "", "-feet", "feet\n", "1", "x" * 61])
def test_a_new_routine_needs_a_name_in_kebab_case(tmp_path: Path, name: str) -> None:
    with pytest.raises(VoiceguideError, match="cannot name a routine; use small letters, digits and hyphens"):
        new(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_new_routine_cannot_hide_one_in_the_box(tmp_path: Path) -> None:
    with pytest.raises(VoiceguideError, match="there is a routine named `first-weeks` already"):
        new("first-weeks", tmp_path)


def test_a_new_routine_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(VoiceguideError, match="cannot be written"):
        new("feet", tmp_path / "none")


# As a page


@pytest.mark.parametrize("path", all_routines(), ids=lambda path: path.stem)
def test_the_page_holds_all_that_is_said(path: Path) -> None:
    routine = load(path)
    words = " ".join(readable(routine).split())
    passages = (*routine.welcome, *routine.preparation, *routine.steps, *routine.closing, *routine.why)
    sayings: tuple[Any, ...] = (*passages, *routine.signs.values(), routine.mixed)
    for one in sayings:
        assert all(text in words for text in one.say)
    for text in (*routine.sources.values(), routine.about):
        assert " ".join(text.split()) in words


def test_the_page_gives_titles_times_and_sources(folder: Path) -> None:
    page = readable(load(write(folder, FEET + CARE))).split("\n")
    assert page[:5] == ["Warm feet", "=========", "A minute for the feet.", "", "About 30 seconds, in 3 steps."]
    assert "Feet (also: toes): 25 seconds" in page
    assert "  Resting hands [feet-1]: 25 seconds, then 20 seconds for the stroke" in page
    assert "    Rest your hands on the feet. Be still. [leaflet]" in page
    assert "    hungry: So be it." in page
    assert "  [midwife] What the midwife said" in page
    assert all(len(line) <= 80 for line in page)


# The documentation


def test_the_routine_in_the_documentation_loads(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "routine-format.md").read_text(encoding="utf-8")
    whole, signs = (block.split("```")[0] for block in text.split("```yaml\n")[1:])
    routine = load(write(tmp_path, whole, "evening-feet"))
    assert [step.id for step in routine.steps] == ["feet-1"]
    own = load(write(tmp_path, whole + signs, "evening-feet"))
    assert own.signs["happy_sounds"].say == ("Those are happy sounds.",)
    assert own.mixed.say == ("Hold your baby close, and talk softly.",)


def test_the_documentation_names_every_sign() -> None:
    text = (Path(__file__).parents[2] / "docs" / "routine-format.md").read_text(encoding="utf-8")
    for name in (*COMFORT_SIGNS, *STRESS_SIGNS, *REASONS, *schema()["properties"]):
        assert name in text
