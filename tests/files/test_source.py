"""Reading a YAML file: plain data with places, every limit, and each error with its line and column."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguide.errors import FileError, SourceError, VoiceguideError
from voiceguide.files import nodes
from voiceguide.files.source import MAX_BYTES, Document, parse, read

ANYTHING: dict[str, Any] = {}

RECIPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"$ref": "#/$defs/word", "description": "What the dish is called", "examples": ["soup"]},
        "serves": {"type": "integer", "minimum": 1, "maximum": 12, "examples": [4]},
        "heat": {"enum": ["low", "middle", "high"]},
        "size": {"enum": ["small", "middling", "large", "huge"]},
        "cold": {"type": "boolean"},
        "steps": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/word"},
            "examples": [["Stir."]],
        },
        "takes": {"type": "number", "minimum": 1, "description": "Hours."},
        "shop": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z]+$", "description": "One word", "examples": ["milk"]},
            "additionalProperties": {"type": "integer"},
        },
        "when": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"at": {"type": "number"}, "after": {"type": "number"}},
                "anyOf": [{"required": ["at"]}, {"required": ["after"]}],
            },
        },
        "note": {"type": ["string", "array"], "minLength": 3, "items": {"type": "string"}},
    },
    "$defs": {
        "word": {
            "type": "string",
            "pattern": "\\S",
            "maxLength": 20,
            "description": "A few words",
            "examples": ["Stir."],
        }
    },
}


def plain(text: str) -> Any:
    """The data of any text."""
    return parse(text.encode(), "f.yaml", ANYTHING).data


def errors_in(content: str | bytes, schema: dict[str, Any] | None = None) -> list[str]:
    """The lines that the author reads, without the name of the file."""
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(SourceError) as raised:
        parse(content, "f.yaml", ANYTHING if schema is None else schema)
    return [line.removeprefix("f.yaml:") for line in str(raised.value).split("\n")]


@pytest.fixture(params=["libyaml", "python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes with libyaml on most machines, and without it on some."""
    if request.param == "python":
        monkeypatch.setattr(nodes, "_LOADER", yaml.BaseLoader)
    elif not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")


# Data and places


def test_a_document_is_plain_data() -> None:
    text = "name: soup\nserves: 4\nsteps:\n  - Chop.\n  - Stir.\n"
    assert plain(text) == {"name": "soup", "serves": 4, "steps": ["Chop.", "Stir."]}


@pytest.mark.usefixtures("either_parser")
def test_every_value_and_key_has_its_place() -> None:
    document = parse("name: söup 🥣\nsteps:\n  - Chop.\n  - {do: Stir.}\nlast:\n".encode(), "f.yaml", ANYTHING)
    assert document.position(["name"]) == (1, 7)
    assert document.position(["name"], key=True) == (1, 1)
    assert document.position(["steps"]) == (3, 3)
    assert document.position(["steps", 0]) == (3, 5)
    assert document.position(["steps", 1, "do"]) == (4, 10)
    assert document.position(["steps", 1, "do"], key=True) == (4, 6)
    assert document.position(["last"]) == (5, 6), "an empty value is after the colon"
    assert document.position([]) == (1, 1)
    assert document.position(["steps", 1, "not", "there"]) == (4, 5), "the nearest value around it"


def test_an_emoji_is_one_column() -> None:
    assert errors_in("🥣🥣: {a: 1, a: 2}") == [
        "1:12: `a` is written twice here (first on line 1); keep only one of the two"
    ]


def test_each_finds_the_values_that_fit_a_pattern() -> None:
    document = parse(b"a:\n  - {n: 1}\n  - {m: 2}\n  - {n: 3}\nb: {n: 4}\n", "f.yaml", ANYTHING)
    assert list(document.each("a", "*", "n")) == [(("a", 0, "n"), 1), (("a", 2, "n"), 3)]
    assert list(document.each("*", "n")) == [(("b", "n"), 4)]
    assert list(document.each("c", "*")) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ('"true"', "true"),
        ("~", None),
        ("null", None),
        ("'null'", "null"),
        ("12", 12),
        ("-012", -12),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("'12'", "12"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("2001-01-01", "2001-01-01"),
        ("=", "="),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    read_back = plain(f"a: {text}")["a"]
    assert (read_back, type(read_back)) == (value, type(value))


def test_keys_are_always_text() -> None:
    assert plain("no: 1\ntrue: 2\n3: 4\nnull: 5") == {"no": 1, "true": 2, "3": 4, "null": 5}


def test_an_alias_is_the_value_that_it_names() -> None:
    document = parse(b"a: &calm [one, two]\nb: *calm\n", "f.yaml", ANYTHING)
    assert document.data["b"] == ["one", "two"]
    assert document.position(["b"], key=True) == (2, 1)
    assert document.position(["b", 1]) == (1, 16)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(mark: str, line_end: str) -> None:
    text = mark + line_end.join(["a: 1", "b: |", "  one", "  two", "c: {d: 1, d: 2}", ""])
    assert errors_in(text) == ["5:11: `d` is written twice here (first on line 5); keep only one of the two"]
    assert plain(text.replace(", d: 2", "")) == {"a": 1, "b": "one\ntwo\n", "c": {"d": 1}}


def test_what_follows_an_unquoted_text_can_be_asked_for() -> None:
    text = b'a: [one, "two", three]\nb: four #5\nc: "six" # seven\nd:\n  eight\n  nine # ten\n'
    document = parse(text, "f.yaml", ANYTHING)
    assert document.after(["a", 0]) == ', "two", three]'
    assert document.after(["a", 1]) == ""
    assert document.after(["b"]) == "#5"
    assert document.after(["c"]) == ""
    assert document.after(["d"]) == "# ten"
    assert document.after(["none"]) == ""


_printable = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\xad"), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | _printable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_printable, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(_json)
def test_json_is_read_back(value: object) -> None:
    assert plain(json.dumps({"value": value}, ensure_ascii=False)) == {"value": value}


@settings(deadline=None)
@given(st.lists(_printable, min_size=1, max_size=20))
def test_texts_are_found_on_the_line_where_they_are_written(texts: list[str]) -> None:
    written = "".join(f"- {json.dumps(text, ensure_ascii=False)}\n" for text in texts)
    document = parse(written.encode(), "f.yaml", ANYTHING)
    assert document.data == texts
    assert [document.position([i]) for i in range(len(texts))] == [(i + 1, 3) for i in range(len(texts))]


# Whatever is in a file: a document, or errors


def assert_read_or_explained(content: bytes) -> None:
    try:
        document = parse(content, "f.yaml", RECIPE)
    except SourceError as error:
        lines = content.decode("utf-8", "replace").replace("\r", "\n").count("\n") + 1
        assert error.errors
        for one in error.errors:
            assert one.what and one.instead
            assert str(one).isprintable()
            assert 1 <= one.line <= lines + 1
            assert one.column >= 1
        places = [(one.line, one.column) for one in error.errors]
        assert places == sorted(places)
    else:
        assert isinstance(document, Document)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_errors(content: bytes) -> None:
    assert_read_or_explained(content)


_SIGNS = "[]{}:,-&*!|>'\"%@`#?\\=~.\t \n\r\x85\u202eé"
_WORDS = (
    "a: ,: ,- ,\n  ,\n- ,<<: ,&a ,*a,!!int ,---\n,...,\\x07,1,1e999,0x,true,name,name: soup\n,serves: ,steps:,"
    "when: ,{at: ,after: ,note: ,shop: ,heat: low,%YAML 1.2"
)
_fragments = st.sampled_from([*_SIGNS, *_WORDS.split(",")])


@pytest.mark.usefixtures("either_parser")
@settings(deadline=None)
@given(st.lists(_fragments, max_size=30).map("".join))
def test_anything_like_yaml_gives_a_document_or_errors(text: str) -> None:
    assert_read_or_explained(text.encode())


@settings(deadline=None)
@given(st.lists(_fragments, max_size=30).map("".join))
def test_both_parsers_read_the_same(text: str) -> None:
    def read_by(parser: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nodes, "_LOADER", parser)
            try:
                document = parse(text.encode(), "f.yaml", ANYTHING)
            except SourceError:
                return None
            return document.data, [document.position(path) for path, _ in document.each("*", "*")]

    if yaml.__with_libyaml__:
        by_libyaml, by_python = read_by(yaml.CBaseLoader), read_by(yaml.BaseLoader)
        if by_libyaml is not None and by_python is not None:  # they refuse slightly different texts
            assert by_libyaml == by_python


# Texts that are not YAML


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: Note: this\n",
            "1:8: this colon does not fit here; put quotes around the whole text if the colon is",
        ),
        (
            "a: one\n  b: two\n",
            "2:4: this colon does not fit here; put quotes around the whole text if the colon",
        ),
        ("a:\n  - one\n b: two\n", "3:2: this does not fit the lines before it; line it up with the line above that"),
        ("- one\ntwo: 2\n", "2:1: this does not fit the lines before it; line it up with the line above that it "),
        ("a:\n\t- one\n", "2:1: a tab stands here; indent with spaces"),
        ("a: 1\nb:2\nc: 3\n", "2:1: this line is not `key: value`; write a colon and a space after the key"),
        ('a: 1\nb: "one\nc: 3\n', "2:4: the quote that begins here is never closed; close it"),
        ('a: "one\nb: 2\nc: "three"\n', "1:4: the quote that begins here closes on line 3, and more text follows; "),
        (
            'a: "So" he said\n',
            "1:4: the quote that begins here closes on line 1, and more text follows; put",
        ),
        ("a: 'it's so'\n", "1:4: the quote that begins here closes on line 1, and more text follows; put"),
        (
            "a: [one, two\nb: 2\n",
            "2:2: a comma or a closing bracket is missing before this (the bracket opens on line 1); "
            "add it, and quote texts that have commas or brackets",
        ),
        ("a: {one: 1\nb: 2\n", "2:2: a comma or a closing bracket is missing before this (the bracket opens on line"),
        ("a: ]\n", "1:4: a value is missing before this; close each [ or {, or quote the text"),
        ("a: - one\n", "1:4: `- ` cannot stand here; begin the list on a new line"),
        ("a: |one\n  two\n", "1:5: this cannot follow `|` or `>`; put the text on the next lines"),
        ('a: "\\q"\n', "1:4: a backslash in this text has no meaning; write it twice"),
        ("a: @one\n", '1:4: a text cannot begin with `@`; write it in double quotes, like "this"'),
        ("a: *very* soft\n", '1:4: a text cannot begin with `*`; write it in double quotes, like "this"'),
        ("a: & so on\n", '1:4: a text cannot begin with `&`; write it in double quotes, like "this"'),
        ("a: !e!x one\n", '1:4: a text cannot begin with `!`; write it in double quotes, like "this"'),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; use a file for each"),
        ("a: *x\n", "1:4: nothing before this has the name; if it is not an alias, write it in double quotes"),
    ],
)
def test_what_is_not_yaml_is_explained_in_plain_words(text: str, message: str) -> None:
    (line,) = errors_in(text)
    assert line.startswith(message)


# What is YAML, and still refused


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object:os.system x", "1:4: the tag `!!python/object:os.system` is not allowed"),
        ("a: !mine {b: 1}", "1:4: the tag `!mine` is not allowed"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3: a key must be a text"),
        ("a: 1\nb: 2\na: 3\n", "3:1: `a` is written twice here (first on line 1)"),
        ('a: 1\n"a": 3\n', "2:1: `a` is written twice here (first on line 1)"),
        ("a: &x [*x]\n", "1:8: nothing before this has the name"),
        ("? [a, b]\n: c\n", "1:3: a key must be a text"),
        ("? \n: b\n", "1:2: a key must be a text"),
        ('a: "x\\x07"\n', "1:4: a control character (U+0007) stands here"),
        ('a: "x\\ry"\n', "1:4: a control character (U+000D) stands here"),
        (
            '"a\\u202e": 1\n',
            "1:1: a hidden character (U+202E) stands here, which can change what the text seems to say",
        ),
        (
            "a: x\u2066y\n",
            "1:5: a hidden character (U+2066) stands here, which can change what the text seems to say",
        ),
        (
            "a: 1 # \u202e\n",
            "1:8: a hidden character (U+202E) stands here, which can change what the text seems to say",
        ),
        ("a: x\x1b[0m\n", "1:5: a control character (U+001B) stands here"),
        ("a: x\x85\n", "1:5: a control character (U+0085) stands here"),
        ("a: x\u2028\n", "1:5: a control character (U+2028) stands here"),
        *(
            (
                f"a: x{hidden}y\n",
                f"1:5: a hidden character (U+{ord(hidden):04X}) stands here, "
                "which can change what the text seems to say",
            )
            for hidden in "\u200e\u200f\u061c\u200b\u2060\xad\U000e0041"
        ),
        ("a: x\ufeff\n", "1:5: a hidden character (U+FEFF) stands here, which can change what the text seems to say"),
    ],
)
def test_what_no_file_may_contain(text: str, message: str) -> None:
    assert [line.split("; ")[0] for line in errors_in(text)] == [message]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: the file is empty; begin with `name: soup` (what the dish is called)"),
        (b"# only a note\n", "1:1: the file is empty; begin with `name: soup` (what the dish is called)"),
        (b"---\n...\n", "2:1: the file is empty; begin with `name: soup` (what the dish is called)"),
        ("name: soup\n".encode("utf-16"), "1:1: the file is written in UTF-16; save it again as UTF-8"),
        (b"name: s\0up\n", "1:8: a control character (U+0000) stands here; delete it"),
        (
            "name: soup\nheat: höh\n".encode("latin-1"),
            "2:8: the byte 0xf6 is not UTF-8 text; save the file again as UTF-8",
        ),
        (b"name: soup #" + b"x" * MAX_BYTES, "1:1: the file is larger than 1 MiB; make it smaller"),
        (
            b"- name: soup\n",
            "1:1: the file must be a group of `key: value` lines, not a list; "
            "begin with `name: soup` (what the dish is called)",
        ),
    ],
)
def test_files_without_a_document(content: bytes, message: str) -> None:
    assert errors_in(content, RECIPE) == [message]


def test_a_file_of_exactly_one_mebibyte_is_read() -> None:
    assert plain("a: 1 #".ljust(MAX_BYTES, "x")) == {"a": 1}


def test_depth_is_limited() -> None:
    assert plain("[" * 32 + "]" * 32)
    assert errors_in("[" * 33 + "]" * 33) == ["1:33: this is nested more than 32 levels deep; write it flatter"]


def test_depth_is_limited_through_aliases() -> None:
    nested = "a: &a " + "[" * 20 + "]" * 20
    assert errors_in(f"{nested}\nb: [[[[[[[[[[[[*a]]]]]]]]]]]]\n") == [
        "2:16: this is nested more than 32 levels deep; write it flatter"
    ]


def test_anchors_and_aliases_are_limited() -> None:
    assert len(plain("a: &a x\nb: [" + "*a, " * 31 + "]\n")["b"]) == 31
    message = "more than 32 anchors and aliases (`&name`, `*name`) are used; write the text out"
    assert errors_in("a: &a x\nb: [" + "*a, " * 32 + "]\n") == [f"2:129: {message}"]
    assert errors_in("".join(f"- &a{i} x\n" for i in range(33))) == [f"33:3: {message}"]


def test_values_are_limited_and_an_alias_counts_as_all_that_it_names() -> None:
    thousands = "a: &a [" + "x, " * 8_000 + "]\n"
    assert len(plain(thousands + "b: *a\n")["b"]) == 8_000
    assert errors_in(thousands + "b: [*a, *a]\n") == ["2:9: the file has more than 20000 values; make it smaller"]


def test_at_most_a_hundred_errors_are_reported() -> None:
    lines = errors_in("name: soup\n" + "".join(f"x{i}: 1\n" for i in range(2000)), RECIPE)
    assert len(lines) == 101
    assert lines[-1] == "102:1: there are more errors; put these right first"


# What breaks the schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("serves: 2\n", "1:1: the file has no `name`; add `name: soup` (what the dish is called)"),
        ("name:\n", "1:6: `name` is empty; write for example soup (what the dish is called)"),
        ('name: "  "\n', "1:7: `name` is empty; write for example soup (what the dish is called)"),
        ("name: 12\n", '1:7: `name` must be a text, not a number; put it in quotes: "12"'),
        ("name: true\n", '1:7: `name` must be a text, not true or false; put it in quotes: "true"'),
        ("name: " + "x" * 21, "1:7: `name` is 21 characters long, and at most 20 fit; make it shorter"),
        (
            "name: [soup]\n",
            "1:7: `name` must be a text, not a list; write for example soup (what the dish is called)",
        ),
        ("name: soup\nnmae: x\n", "2:1: `nmae` is not known here; delete it, or write one of "),
        ("name: soup\nserve: 2\n", "2:1: `serve` is not known here; write `serves` if you meant that"),
        ("name: soup\nserves: four\n", "2:9: `serves` must be a whole number, not a text; write for example 4"),
        ("name: soup\nserves: 0\n", "2:9: `serves` is 0, and must be at least 1; write for example 4"),
        ("name: soup\nserves: 13\n", "2:9: `serves` is 13, and must be at most 12; write for example 4"),
        ("name: soup\ntakes: .5\n", "2:8: `takes` is 0.5, and must be at least 1; write hours"),
        ("name: soup\ntakes: .inf\n", "2:8: `takes` must be a number, not a text; write hours"),
        ("name: soup\nheat: hihg\n", '2:7: `heat` cannot be "hihg"; write one of `low`, `middle`, `high`'),
        ("name: soup\nsize: larg\n", '2:7: `size` cannot be "larg"; write `large` if you meant that'),
        ("name: soup\nheat: 7\n", "2:7: `heat` cannot be 7; write one of `low`, `middle`, `high`"),
        (
            "name: soup\ncold: no\n",
            "2:7: `cold` must be true or false, not a text; compare it with a file that works",
        ),
        ("name: soup\nsteps: Stir.\n", '2:8: `steps` must be a list, not a text; write it as a list, like ["Stir."]'),
        ("name: soup\nsteps: []\n", '2:8: `steps` is empty; write for example ["Stir."]'),
        ("name: soup\nsteps: [a, b, c, d]\n", "2:8: `steps` has 4 entries, and at most 3 fit; leave some out"),
        ("name: soup\nsteps:\n- a\n- b\n- a\n", "3:1: `steps` has an entry twice; keep only one of the two"),
        (
            "name: soup\nsteps:\n- Wait: a minute.\n",
            "3:3: entry 1 of `steps` must be a text, not a group of `key: value` lines; "
            "put quotes around the whole text if the colon is part of it",
        ),
        ("name: soup\nsteps:\n-\n", '3:2: entry 1 of `steps` is empty; write for example "Stir." (a few words)'),
        ("name: soup\nshop: {}\n", "2:7: `shop` is empty; compare it with a file that works"),
        ("name: soup\nshop: {Milk: 1}\n", "2:8: `Milk` cannot be a key here; write for example milk (one word)"),
        ("name: soup\nshop: {milk: one}\n", "2:14: `milk` must be a whole number, not a text; compare it with"),
        ("name: soup\nwhen:\n- {}\n", "3:3: entry 1 of `when` has none of `at`, `after`; add one of them"),
        ("name: soup\nnote: a\n", '2:7: `note` cannot be "a"; '),
        ("name: soup\nnote: [a, 2]\n", '2:11: entry 2 of `note` must be a text, not a number; put it in quotes: "2"'),
        ("name: soup\nnote: {}\n", "2:7: `note` must be a text or a list, not a group of `key: value` lines; "),
    ],
)
def test_what_breaks_the_schema_is_explained_in_plain_words(text: str, message: str) -> None:
    (line,) = errors_in(text, RECIPE)
    assert line.startswith(message)


def test_all_errors_are_reported_at_once_in_the_order_of_the_file() -> None:
    def check(document: Document) -> list[FileError]:
        return [document.error(["steps", 1], "too much salt", "take it out")]

    content = b"serves: 0\nsteps:\n  - 1\n  - Salt.\n  - &a x\nheat: hot\nheat: hot\nextra: !t x\n"
    with pytest.raises(SourceError) as raised:
        parse(content, "soup.yaml", RECIPE, check)
    assert [str(one).split("; ")[0] for one in raised.value.errors] == [
        "soup.yaml:1:1: the file has no `name`",
        "soup.yaml:1:9: `serves` is 0, and must be at least 1",
        "soup.yaml:3:5: entry 1 of `steps` must be a text, not a number",
        "soup.yaml:4:5: too much salt",
        'soup.yaml:6:7: `heat` cannot be "hot"',
        "soup.yaml:7:1: `heat` is written twice here (first on line 6)",
        "soup.yaml:8:1: `extra` is not known here",
        "soup.yaml:8:8: the tag `!t` is not allowed",
    ]
    assert str(raised.value).count("\n") == 7


def test_a_refused_value_is_not_blamed_for_its_type_too() -> None:
    assert errors_in("name: soup\nserves: !!int x\n", RECIPE) == [
        "2:9: the tag `!!int` is not allowed; delete it, or put the text in quotes"
    ]


# Files


def test_a_file_is_named_as_the_user_named_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("soup.yaml").write_text("name: 1\n")
    with pytest.raises(SourceError, match=r"^soup\.yaml:1:7: `name` must be a text"):
        read(Path("soup.yaml"), RECIPE)


def test_a_file_name_with_a_line_break_is_shown_with_escapes(tmp_path: Path) -> None:
    path = tmp_path / "so\nup.yaml"
    path.write_text("name: 1\n")
    with pytest.raises(SourceError, match=r"so\\nup\.yaml:1:7: ") as raised:
        read(path, RECIPE)
    assert str(raised.value).isprintable()


def test_files_that_cannot_be_read_are_reported_in_one_line(tmp_path: Path) -> None:
    for path, message in [
        (tmp_path / "none.yaml", "there is no such file"),
        (tmp_path, "this is a folder"),
        (tmp_path / ("x" * 300), "cannot be read (File name too long)"),
        (tmp_path / "nul\0", "cannot be read (embedded null byte)"),
    ]:
        with pytest.raises(VoiceguideError) as raised:
            read(path, RECIPE)
        assert not isinstance(raised.value, SourceError)
        assert message in str(raised.value)
        assert str(raised.value).isprintable()


def test_the_schema_library_is_loaded_only_when_a_file_is_read() -> None:
    code = "import sys, voiceguide.files.source; sys.exit('jsonschema' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
