"""The voices: what there is, who speaks when one can't, and how each is made to sound like the others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import JOE, need_espeak, need_pico, need_piper
from hypothesis import given
from hypothesis import strategies as st

from voiceguide.errors import SpeechError
from voiceguide.sound import RATE, Pcm
from voiceguide.speech import catalogue, choice, espeak, speeds
from voiceguide.speech.catalogue import Manner
from voiceguide.speech.choice import Voices, choose
from voiceguide.speech.manners import loudness_db, measure
from voiceguide.speech.piper import LEAST, SHORT, pieces
from voiceguide.speech.voice import Voice

SENTENCE = "Rest your hands on your baby's legs, and wait for a moment."
LONG = (
    "With your thumbs, draw small circles from the heel towards the toes of the left foot, softly and slowly, again "
    "and again, for as long as your baby likes it."
)
ESPEAK, PICO = "en-us+f3", "pico-en-us"


@pytest.fixture(autouse=True)
def _espeak() -> None:
    need_espeak()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without voices, and whose machine hasn't been measured."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return catalogue.voices_folder()


@pytest.fixture(scope="module")
def voice() -> Iterator[Voice]:
    with Voice(cache=None) as made:
        yield made


def need(name: str) -> None:
    {"piper": need_piper, "pico": need_pico, "espeak": need_espeak}[catalogue.engine_of(name)]()


@pytest.fixture(params=[PICO, JOE])
def natural(request: pytest.FixtureRequest) -> str:
    """A voice that isn't espeak-ng's."""
    name: str = request.param
    need(name)
    return name


def seconds(pcm: Pcm) -> float:
    return len(pcm) / RATE


def half_there(folder: Path, name: str, *files: str) -> None:
    (folder / name).mkdir(parents=True)
    for file in files:
        (folder / name / file).write_bytes(b"{}")


# ---- what is rendered ----


def test_each_voice_speaks_at_the_same_level_and_without_a_click(voice: Voice, natural: str) -> None:
    pcm = voice.render(SENTENCE, voice=natural)
    assert pcm.dtype == np.int16 and 2.5 < seconds(pcm) < 7
    assert abs(int(pcm[0])) < 5 and abs(int(pcm[-1])) < 5
    assert np.abs(pcm.astype(int)).max() < 32768 * 10 ** (-3 / 20)


def test_a_voice_speaks_as_calmly_and_as_loudly_as_the_others(voice: Voice, natural: str) -> None:
    found = measure(voice, catalogue.find(natural), ESPEAK, [SENTENCE, LONG, "Say continue when you want to go on."])
    known = catalogue.find(natural).manner
    assert found.wpm == pytest.approx(known.wpm, rel=0.15)
    assert found.gain_db == pytest.approx(known.gain_db, abs=1.0)


def test_a_slower_pace_is_slower(voice: Voice, natural: str) -> None:
    slow, fast = (seconds(voice.render(SENTENCE, voice=natural, rate=rate)) for rate in (104, 176))
    assert slow / fast == pytest.approx(176 / 104, rel=0.2)


def test_markup_commands_nothing(voice: Voice, natural: str) -> None:
    marked = voice.render("<speed level='500'>hello [[h@]] dear baby, how are you today?", voice=natural)
    assert seconds(marked) > seconds(voice.render("hello dear baby, how are you today?", voice=natural))


@pytest.mark.parametrize("text", ["…", "?!", "\u200b"])
def test_a_text_without_a_word_is_silence_or_short(voice: Voice, natural: str, text: str) -> None:
    assert seconds(voice.render(text, voice=natural)) < 1.5


def test_an_engine_can_rest_and_speaks_again_when_it_is_asked() -> None:
    need_pico()
    with Voice(cache=None) as voice:
        kept = voice.render("One.", voice=PICO)
        assert voice.worker_pid is not None
        voice.rest("pico")
        assert voice.worker_pid is None
        assert voice.render("One.", voice=PICO) is kept, "what was made is still there"
        assert voice.kept("Two.", voice=PICO) is None
        assert voice.render("Two.", voice=PICO).any(), "and it speaks again"


def test_a_voice_with_a_rate_of_its_own_is_not_played_at_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    """MBROLA's voices have 16 kHz, and espeak-ng says so only once one of them has been chosen. They can't be had
    here, so the library's answer is made up."""

    class Dll:
        def espeak_ng_GetSampleRate(self) -> int:  # noqa: N802
            return 16_000

    class Library:
        dll = Dll()
        EE_OK = CHARS_UTF8 = ENDPAUSE = 0

        def Synth(self, text: bytes, flags: int) -> int:  # noqa: N802
            return self.EE_OK

    driver = espeak.EspeakDriver.__new__(espeak.EspeakDriver)
    driver._espeak, driver.hertz = Library(), 22_050
    driver.say("hello")
    assert driver.hertz == 16_000


@given(st.lists(st.sampled_from("abc ,;:"), max_size=300))
def test_a_sentence_in_pieces_is_still_the_sentence(phonemes: list[str]) -> None:
    cut = pieces(phonemes)
    assert [phoneme for piece in cut for phoneme in piece] == phonemes
    assert len(cut) <= 1 or all(len(piece) >= LEAST for piece in cut)
    assert len(phonemes) > SHORT or len(cut) <= 1


@pytest.mark.parametrize("gain", [-12.0, 0.0, 6.0])
def test_loudness_follows_the_gain(gain: float) -> None:
    tone = 3000 * np.sin(2 * np.pi * 997 * np.arange(2 * RATE) / RATE)
    as_is = loudness_db(np.rint(tone).astype(np.int16))
    assert as_is == pytest.approx(20 * np.log10(3000 / 32768) - 3.01, abs=0.2), "997 Hz is what BS.1770 is set to"
    assert loudness_db(np.rint(tone * 10 ** (gain / 20)).astype(np.int16)) == pytest.approx(as_is + gain, abs=0.05)


# ---- which there are ----


def test_a_voice_is_described(home: Path) -> None:
    need_piper()
    joe = catalogue.find(JOE)
    assert (joe.engine, joe.language, joe.accent, joe.speaker, joe.licence) == ("piper", "en", "US", "joe", "CC0")
    assert 55 < joe.megabytes < 70


@pytest.mark.parametrize(
    ("name", "engine"),
    [(JOE, "piper"), ("es_MX-claude-high", "piper"), (PICO, "pico"), (ESPEAK, "espeak"), ("mb/mb-us1", "espeak")],
)
def test_a_name_tells_the_engine(name: str, engine: str) -> None:
    assert catalogue.engine_of(name) == engine


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((), "en_GB-cori-medium.onnx is missing"),
        (("en_GB-cori-medium.onnx",), "en_GB-cori-medium.onnx.json is missing"),
        (("en_GB-cori-medium.onnx", "en_GB-cori-medium.onnx.json"), "en_GB-cori-medium.onnx.json is damaged"),
    ],
)
def test_a_voice_that_is_half_there_is_told_and_not_offered(home: Path, files: tuple[str, ...], why: str) -> None:
    half_there(home, "en_GB-cori-medium", *files)
    with pytest.raises(SpeechError, match=f"half there .{why}.; install it again: voiceguide voices install"):
        catalogue.find("en_GB-cori-medium")
    assert catalogue.broken() == {"en_GB-cori-medium": why}
    assert "en_GB-cori-medium" not in {known.name for known in catalogue.installed()}


def test_a_damaged_model_is_told_in_a_line(home: Path, voice: Voice) -> None:
    need_piper()
    joe = Path(catalogue.find(JOE).id)
    name = "en_US-broken-medium"
    half_there(home, name, f"{name}.onnx")
    shutil.copy(f"{joe}.json", home / name / f"{name}.onnx.json")
    with pytest.raises(SpeechError, match=f"^the voice {name} is damaged; install it again: voiceguide voices inst"):
        voice.render("hello", voice=name)


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("# Card\n\n* License: CC0\n", "CC0"),
        ("## Dataset\nLicence: See https://example.org\n", "See https://example.org"),
        ("", "not named in its MODEL_CARD"),
    ],
)
def test_the_licence_is_read_from_the_card(card: str, licence: str) -> None:
    assert catalogue.licence_of(card) == licence


@pytest.mark.parametrize("text", ["", "[]", '{"wpm": "fast"}', '{"wpm": 9999, "gain_db": 0}'])
def test_a_damaged_measurement_is_done_without(home: Path, text: str) -> None:
    need_piper()
    name = "en_US-jane-medium"
    shutil.copytree(Path(catalogue.find(JOE).id).parent, home / "joe")
    (home / "joe").rename(home / name)
    for suffix in (".onnx", ".onnx.json"):
        (home / name / f"{JOE}{suffix}").rename(home / name / f"{name}{suffix}")
    (home / name / catalogue.MEASURED).write_text(text)
    assert catalogue.find(name).manner == Manner()
    (home / name / catalogue.MEASURED).write_text(json.dumps({"wpm": 180, "gain_db": 1.5}))
    assert catalogue.find(name).manner == Manner(180, 1.5)


# ---- which speaks ----


def test_the_most_natural_voice_speaks_and_the_others_stand_by(home: Path) -> None:
    need_piper()
    need_pico()
    assert choose("en", ESPEAK) == ((JOE, PICO, ESPEAK), [])
    assert choose("es", "es+f3") == (("pico-es-es", "es+f3"), [])


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ({"": "espeak"}, ESPEAK),
        ({"": "en-gb+f2"}, "en-gb+f2"),
        ({"es": "es+f2"}, None),
        ({"en": ESPEAK, "": "en-gb"}, ESPEAK),
        ({"": "es+f2"}, None),
    ],
)
def test_what_was_asked_for_speaks_where_it_knows_the_language(
    home: Path, wanted: dict[str, str], first: str | None
) -> None:
    names, notes = choose("en", ESPEAK, wanted)
    assert names[0] == (first or choose("en", ESPEAK)[0][0])
    assert not notes


def test_a_voice_that_is_missing_or_of_another_language_is_told_and_the_next_one_speaks(home: Path) -> None:
    usual = choose("en", ESPEAK)[0]
    assert choose("en", ESPEAK, {"": "en_GB-cori-medium"}) == (
        usual,
        ["the voice en_GB-cori-medium is not installed; install it: voiceguide voices install en_GB-cori-medium"],
    )
    names, (note,) = choose("en", ESPEAK, {"en": "es+f2"})
    assert names == usual and note.startswith("the voice es+f2 speaks 'es', not 'en'; ")


def test_a_machine_that_is_too_slow_lets_another_voice_speak(home: Path) -> None:
    need_piper()
    joe = catalogue.find(JOE)
    assert speeds.measured(joe) is None
    speeds.keep(joe, speeds.TOO_SLOW / 2)
    assert choose("en", ESPEAK)[0][0] == JOE, "slow, but not too slow"
    speeds.keep(joe, speeds.TOO_SLOW * 2)
    assert JOE not in choose("en", ESPEAK)[0]
    assert "too slow for the voice en_US-joe-medium" in choice.unfit(joe)
    assert choose("en", ESPEAK, {"": JOE})[0][0] == JOE, "whoever asks for it gets it"


def test_the_speed_of_a_voice_is_measured_while_it_works(home: Path) -> None:
    need_piper()
    with Voice(cache=None) as voice:
        voice.render(LONG, voice=JOE)
    cost = speeds.measured(catalogue.find(JOE))
    assert cost is not None and cost > 0


def test_with_too_little_memory_no_neural_voice_speaks(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_piper()
    (tmp_path / "meminfo").write_text("MemTotal: 500000 kB\nMemAvailable: 200000 kB\n")
    monkeypatch.setattr(choice, "_MEMORY", tmp_path / "meminfo")
    assert JOE not in choose("en", ESPEAK)[0]


def test_where_a_voice_fails_one_line_says_so_and_the_next_one_goes_on(voice: Voice) -> None:
    said: list[str] = []
    voices = Voices(voice, ("en-us+nobody", "xx", ESPEAK), said.append)
    assert np.array_equal(voices.render(SENTENCE), voice.render(SENTENCE, voice=ESPEAK))
    assert [line.partition("; ")[0] for line in said] == [
        "espeak-ng has no voice 'en-us+nobody'",
        "espeak-ng has no voice 'xx'",
    ]
    assert said[-1].endswith(f"; {ESPEAK} speaks instead")
    voices.render("And again.")
    assert len(said) == 2, "told once"


def test_where_no_voice_can_speak_the_last_one_says_why(voice: Voice) -> None:
    with pytest.raises(SpeechError, match="no voice 'yy'"):
        Voices(voice, ("xx", "yy")).render("hello")
