"""Every command as a user runs it, in a process of its own, on a machine without a sound device."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from conftest import Speak, need_espeak
from rig import ALSA_DEFAULTS, GIVE_UP_S, environment_without_sound

import voiceguide
from voiceguide.cli.door import main
from voiceguide.language.language import known_languages, load_language
from voiceguide.recognition import models
from voiceguide.routine import loading
from voiceguide.routine.library import all_routines, find
from voiceguide.routine.loading import folder_of_routines, load
from voiceguide.sound import RATE, Pcm

PROGRAM = (sys.executable, "-m", "voiceguide")
COMMANDS = (
    "run record rehearse hear listen say routines show check new models history service devices doctor"
).split()

Result = subprocess.CompletedProcess[str]

without_sound = pytest.mark.skipif(
    not ALSA_DEFAULTS.exists() or any(Path("/proc/asound").glob("card*")),
    reason="needs ALSA's configuration, and a machine without a sound card",
)


def run(*arguments: str, cwd: Path, typed: str = "", more: Mapping[str, str] | None = None) -> Result:
    """``voiceguide ARGUMENTS`` in the folder ``cwd``, with ``typed`` on its standard input."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=environment_without_sound() | dict(more or {}),
        input=typed,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
        check=False,
    )


def refused(result: Result, code: int) -> str:
    """The one line on standard error of a command that failed as it should."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("voiceguide: ")
    return line


# ---- The door itself ----


def test_help_names_every_command(tmp_path: Path) -> None:
    result = run("--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^    {command} ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    result = run(command, "--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"usage: voiceguide {command}")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    result = run("--version", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"voiceguide {voiceguide.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["run", "--bogus"], ["hear"], ["say"], ["show"], ["new"], ["models", "bogus"], ["models", "install"]],
    ids=" ".join,
)
def test_wrong_usage_has_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: voiceguide")
    assert "Traceback" not in result.stderr


# ---- What users get wrong: one line each ----


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run firstweeks", "no routine .*first-weeks"),
        ("rehearse nobody", "no routine .*infant-massage"),
        ("hear nothing.wav --routine nobody", "no recording nothing.wav"),
        ("show nobody", "no routine .*first-weeks, hand-and-wrist, infant-massage"),
        ("run first-weeks --keyboard --from knees", "no step 'knees'; see: voiceguide show first-weeks"),
        ("run first-weeks --language xx", "no language 'xx'; choose one of: en"),
        ("hear nothing.wav", "no recording nothing.wav"),
        ("hear .", "no recording"),
        ("hear text.wav", r"text.wav is no recording that can be read \(WAV, FLAC, OGG, MP3\)"),
        ("hear empty.wav", "empty.wav is no recording"),
        ("hear cut.wav", "cut.wav is no recording"),
        ("check nothing.yaml", "nothing.yaml: there is no such file"),
        ("check .", "this is a folder; name a file in it"),
        ("run first-weeks --keyboard --music nowhere", "there is no recording nowhere"),
        ("rehearse --music empty.wav", "empty.wav is no recording that can be read"),
        ("rehearse --music .", r"no music in \.: none of its 3 files can be read; name a folder or file of WAV"),
        ("record nobody", "no routine .*first-weeks"),
        ("record first-weeks --from knees", "no step 'knees'; see: voiceguide show first-weeks"),
        ("new Quiet_Evening", "use small letters, digits and hyphens, as in my-routine"),
        ("new first-weeks", "there is a routine named `first-weeks` already"),
        ("say hello --wav nowhere/hello.wav", "cannot write nowhere/hello.wav"),
        ("rehearse --script nothing.yaml", "nothing.yaml: there is no such file"),
        ("say hello --wav hello.mp3", "cannot write hello.mp3: it would be a WAV file; name it hello.wav"),
        ("rehearse --wav nowhere/out.wav", "cannot write nowhere/out.wav: there is no folder nowhere"),
    ],
)
def test_a_users_error_is_one_line_that_says_what_to_do(tmp_path: Path, arguments: str, words: str) -> None:
    need_espeak()
    (tmp_path / "text.wav").write_text("This is no sound.", encoding="utf-8")
    (tmp_path / "empty.wav").touch()
    english = (folder_of_routines() / "first-weeks.yaml").read_text("utf-8")
    lines = (
        english[english.index("routine:") :]
        .replace("first-weeks", "klingon")
        .replace("language: en", "language: tlh")
    )
    (tmp_path / "klingon.yaml").write_text(lines, "utf-8")
    (tmp_path / "cut.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVE")
    assert re.search(words, refused(run(*arguments.split(), cwd=tmp_path), 1))


@without_sound
@pytest.mark.parametrize(
    "arguments",
    [
        "run",
        "run --input-device 3",
        "run --keyboard --output-device headphones",
        "listen",
        "say hello",
        "record first-weeks",
    ],
)
def test_no_sound_device_has_exit_code_3(tmp_path: Path, arguments: str) -> None:
    need_espeak()
    line = refused(run(*arguments.split(), cwd=tmp_path), 3)
    assert "no sound device" in line
    assert "voiceguide devices" in line


MODEL_COMMANDS = (
    "run first-weeks --model M",
    "rehearse --model M",
    "hear word.wav --model M",
    "models --model M path",
)


@pytest.fixture(scope="module")
def broken_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Paths without a model: missing, empty, a file, and folders with a missing, an empty and a damaged file."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "empty").mkdir()
    (folder / "file").write_text("no model", encoding="utf-8")
    for name in ("without-graph", "with-an-empty-file", "damaged"):
        shutil.copytree(models.box(), folder / name)
    for name in ("Gr.fst", "lexicon.txt"):  # without the lexicon, Vosk's grammar is wanted
        (folder / "without-graph/graph" / name).unlink()
    (folder / "with-an-empty-file/am/final.mdl").write_bytes(b"")
    network = (folder / "damaged/am/final.mdl").read_bytes()
    (folder / "damaged/am/final.mdl").write_bytes(network[: len(network) // 2])
    soundfile.write(folder / "word.wav", np.zeros(RATE, np.int16), RATE)
    return folder


@pytest.mark.parametrize("command", MODEL_COMMANDS)
def test_a_missing_model_has_exit_code_4(broken_models: Path, command: str) -> None:
    line = refused(run(*command.replace("M", "nowhere").split(), cwd=broken_models), 4)
    assert line == "voiceguide: --model: nowhere: no such folder"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("empty", "not a Vosk model: am/final.mdl is missing"),
        ("file", "not a folder; name the folder of the unpacked model"),
        ("without-graph", r"graph/Gr\.fst is missing; install the model again"),
        ("with-an-empty-file", r"am/final\.mdl is empty; install the model again"),
        ("damaged", "install it again, or choose another"),
    ],
)
def test_a_broken_model_has_exit_code_4_and_says_what_is_wrong(broken_models: Path, model: str, words: str) -> None:
    line = refused(run("hear", "word.wav", "--model", model, cwd=broken_models), 4)
    assert model in line
    assert re.search(words, line)


def test_a_model_that_the_environment_names_is_not_ignored(broken_models: Path) -> None:
    result = run("hear", "word.wav", cwd=broken_models, more={"VOICEGUIDE_MODEL": "empty"})
    assert "$VOICEGUIDE_MODEL: empty: not a Vosk model" in refused(result, 4)


def test_without_any_model_one_line_names_the_places(tmp_path: Path) -> None:
    # A copy of the program without the model in its box.
    shutil.copytree(
        Path(voiceguide.__file__).parent, tmp_path / "voiceguide", ignore=shutil.ignore_patterns("models")
    )
    shutil.copytree(folder_of_routines(), tmp_path / "routines")
    soundfile.write(tmp_path / "word.wav", np.zeros(RATE, np.int16), RATE)
    line = refused(run("hear", "word.wav", cwd=tmp_path), 4)
    assert "no recognition model for the language 'en' (looked: installed, /usr/share/vosk" in line
    name = load_language("en").model
    assert line.endswith(f"install one with: voiceguide models install {name} (or type the commands: run --keyboard)")


WITHOUT_ESPEAK = """
import ctypes
def load(self, name):
    raise OSError(name)
ctypes.LibraryLoader.LoadLibrary = load
"""


@pytest.mark.parametrize("arguments", ["say hello --wav hello.wav", "run first-weeks --keyboard"])
def test_without_espeak_one_line_says_what_to_install(tmp_path: Path, arguments: str) -> None:
    # The library is hidden from the process that speaks: on this machine it may be installed.
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_ESPEAK, encoding="utf-8")
    more = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    line = refused(run(*arguments.split(), cwd=tmp_path, more=more), 1)
    assert "espeak-ng is not installed" in line
    assert "sudo apt install libespeak-ng1 espeak-ng-data" in line


# ---- Guiding ----


def test_a_session_is_guided_by_typed_commands_to_its_end(tmp_path: Path) -> None:
    need_espeak()
    typed = "ready\npause\nbogus\nhe's fussing\ncontinue\nfinish\nyes\n"
    result = run("run", "first-weeks", "--keyboard", cwd=tmp_path, typed=typed)
    assert (result.returncode, result.stderr) == (0, "")
    states = re.findall(r"^ *\d+:\d\d\.\d    \(([a-z]+)(?: [a-z0-9-]+)?\)$", result.stdout, re.MULTILINE)
    assert [state for state, _ in groupby(state for state in states if state != "hushed")] == [
        *("preparing", "guiding", "paused", "tending", "guiding", "finishing", "finished")
    ]
    assert '  ("bogus" is no command; type help to see what can be said now)' in result.stdout.splitlines()
    assert result.stdout.splitlines()[-2].endswith(f"guide   {load_language('en').say('goodbye')[-1]}")


def test_a_language_brings_the_translation_the_commands_and_the_prompts(tmp_path: Path) -> None:
    need_espeak()
    typed = "hello\nempezamos\nesta llorando\ntermina\nsí\n"
    result = run("run", "--keyboard", "--language", "es", "--baby", "Mia", cwd=tmp_path, typed=typed)
    assert (result.returncode, result.stderr) == (0, "")
    assert '  ("hello" is no command; type ayuda to see what can be said now)' in result.stdout.splitlines()
    assert "heard stress (crying): esta llorando" in result.stdout
    assert result.stdout.splitlines()[-2].endswith(f"guide   {load_language('es').say('goodbye')[-1]}")


def test_a_session_starts_at_the_part_that_is_asked_for_and_ends_with_what_is_typed(tmp_path: Path) -> None:
    need_espeak()
    result = run("run", "first-weeks", "--keyboard", "--from", "feet", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0].endswith("(guiding feet-1)")


@pytest.fixture
def at_work(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A program to interrupt. Its standard input stays open."""
    need_espeak()
    with subprocess.Popen(
        [*PROGRAM, *request.param],
        cwd=tmp_path,
        env=environment_without_sound() | {"STARTED_BY": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background, Ctrl-C would be switched off.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        yield process
        process.kill()


def still_there(mark: Path) -> bool:
    """Whether processes that a program has started are still running."""
    deadline = time.monotonic() + GIVE_UP_S
    while any(str(mark).encode() in _environment(process) for process in Path("/proc").glob("[0-9]*")):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.1)
    return False


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


@pytest.mark.parametrize("at_work", [["run", "first-weeks", "--keyboard"]], indirect=True, ids=["run"])
def test_ctrl_c_ends_the_program_with_exit_code_130(at_work: subprocess.Popen[str], tmp_path: Path) -> None:
    assert at_work.stdout is not None and at_work.stderr is not None
    while "guide" not in at_work.stdout.readline():
        assert at_work.poll() is None
    at_work.send_signal(signal.SIGINT)
    assert at_work.wait(GIVE_UP_S) == 130
    assert at_work.stderr.read() == "voiceguide: interrupted\n"
    assert not still_there(tmp_path), "the process that speaks has gone as well"


def test_ctrl_c_works_while_the_program_still_loads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class CtrlC:
        """It's pressed while the commands are imported."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "voiceguide.cli.commands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "voiceguide.cli.commands", raising=False)
    monkeypatch.setattr(sys, "meta_path", [CtrlC(), *sys.meta_path])
    assert main(["routines"]) == 130
    assert capsys.readouterr().err == "voiceguide: interrupted\n"


def test_the_door_is_open_before_anything_else_is_loaded() -> None:
    """Otherwise Ctrl-C at that moment would print a traceback."""
    program = "import sys; import voiceguide.cli.door; print(*(m for m in sys.modules if m.startswith('voiceguide')))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert sorted(loaded.split()) == ["voiceguide", "voiceguide.cli", "voiceguide.cli.door"]


@without_sound
@pytest.mark.parametrize("at_work", [[]], indirect=True, ids=["without a command"])
def test_without_a_command_and_a_sound_device_it_says_so_and_rehearses(at_work: subprocess.Popen[str]) -> None:
    assert at_work.stderr is not None and at_work.stdout is not None
    line = at_work.stderr.readline()
    assert "no sound device" in line
    assert "rehearsal of infant-massage" in line
    assert at_work.stdout.readline().strip().endswith("(preparing)")


# ---- Hearing ----

HEARD_KEYS = {"at", "until", "command", "phrase", "confidence", "decided"}


def recording(speak: Speak, *phrases: str) -> tuple[Pcm, list[float]]:
    """Commands with other speech between them, and when each command begins."""
    sound, starts = [np.zeros(RATE, np.int16)], []
    for phrase in phrases:
        starts.append(sum(map(len, sound)) / RATE)
        for said in (phrase, "the kettle is in the kitchen"):
            sound += [speak(said), np.zeros(3 * RATE // 2, np.int16)]
    return np.concatenate(sound), starts


@pytest.mark.parametrize(
    ("name", "hertz", "channels", "said"),
    [
        ("stereo.wav", 44_100, 2, {"pause": "pause", "next": "next", "baby is fussing": "stress"}),
        ("studio.flac", 48_000, 1, {"go back": "back", "louder": "louder", "baby is hiccuping": "stress"}),
        # By half the band "pause", "next" and "fussing" sound like any other word.
        ("telephone.wav", 8_000, 1, {"hold on": "pause", "where are we": "where", "baby is crying": "stress"}),
    ],
)
def test_commands_are_found_in_recordings_of_any_format(
    tmp_path: Path, speak: Speak, name: str, hertz: int, channels: int, said: dict[str, str]
) -> None:
    pcm, starts = recording(speak, *said)
    other = soxr.resample(pcm.astype(np.float32) / 32768, RATE, hertz)
    soundfile.write(tmp_path / name, np.stack([other] * channels, axis=1), hertz)
    result = run("hear", name, "--json", cwd=tmp_path)
    assert result.returncode == 0
    assert ("8000 Hz: below 16000 Hz commands are often misheard" in result.stderr) == (hertz < RATE)

    heard = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["phrase"], line["command"]) for line in heard] == list(said.items())
    for line, start in zip(heard, starts, strict=True):
        more = {"sign"} if line["command"] == "stress" else set()
        assert line.keys() == {"at", "until", "command", "phrase", "confidence", "decided"} | more
        assert line["at"] == pytest.approx(start, abs=0.3)
        assert line["at"] < line["until"] <= line["decided"] < line["until"] + 1.5
        assert 0 < line["confidence"] <= 1


def test_commands_are_printed_for_people(tmp_path: Path, speak: Speak) -> None:
    soundfile.write(tmp_path / "spoken.wav", recording(speak, "pause", "baby is fussing")[0], RATE)
    result = run("hear", "spoken.wav", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert re.fullmatch(r" +[01]\.\d\d s  pause: pause  \([01]\.\d\d\)", first)
    assert "stress (fussing): baby is fussing" in second


def test_a_part_is_named_as_in_the_routine(tmp_path: Path, speak: Speak) -> None:
    soundfile.write(tmp_path / "goto.wav", np.pad(speak("go to the feet"), RATE), RATE)
    for routine, targets in (("first-weeks", ["feet"]), ("infant-massage", [])):
        result = run("hear", "goto.wav", "--json", "--routine", routine, cwd=tmp_path)
        heard = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line["target"] for line in heard if line.get("target") == "feet"] == targets


@pytest.mark.parametrize("samples", [0, 3 * RATE])
def test_a_recording_without_a_command_has_none(tmp_path: Path, samples: int) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(samples, np.int16), RATE)
    result = run("hear", "silence.wav", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("no command in ")
    assert run("hear", "silence.wav", "--json", cwd=tmp_path).stdout == ""


# ---- Speaking ----


def test_a_text_is_spoken_into_a_file(tmp_path: Path) -> None:
    need_espeak()
    result = run("say", "Rest your hands on your baby's legs.", "--wav", "legs.wav", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    sound, hertz = soundfile.read(tmp_path / "legs.wav", dtype="int16")
    assert (hertz, sound.ndim) == (RATE, 1)
    assert 1.5 < len(sound) / RATE < 5.0
    assert np.abs(sound).max() > 3_000


# ---- Rehearsing ----


def test_a_reader_that_leaves_is_not_an_error(tmp_path: Path) -> None:
    need_espeak()
    with subprocess.Popen(
        [*PROGRAM, "rehearse", "first-weeks", "--json"],
        cwd=tmp_path,
        env=environment_without_sound(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["kind"] == "state"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(GIVE_UP_S) == 0


# ---- Routines ----


def test_the_routines_are_listed(tmp_path: Path) -> None:
    lines = run("routines", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "bedtime-wind-down",
        "first-weeks",
        "hand-and-wrist",
        "infant-massage",
        "infant-massage-es",
        "infant-massage-fr",
        "still-touch",
        "stuffy-nose",
        "teething-comfort",
        "tummy-ease",
    ]
    assert all(re.search(r"\(\d+ steps, about \d+ minutes\)$", line) for line in lines)


def test_a_routine_is_shown_with_all_its_sentences(tmp_path: Path) -> None:
    result = run("show", "first-weeks", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    shown = " ".join(result.stdout.split())
    for step in load(find("first-weeks")).steps:
        assert step.title in shown
        for sentence in step.say:
            assert sentence in shown


def test_a_new_routine_has_no_errors(tmp_path: Path) -> None:
    made = run("new", "quiet-evening", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    checked = run("check", "quiet-evening.yaml", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("quiet-evening.yaml: good (Quiet evening, ")
    assert "exists already" in refused(run("new", "quiet-evening", cwd=tmp_path), 1)


def spoilt(folder: Path) -> set[tuple[str, int, int]]:
    """Write two files with errors, and a good one. Returns where the errors are."""
    good = (folder_of_routines() / "first-weeks.yaml").read_text("utf-8").splitlines()
    (folder / "first-weeks.yaml").write_text("\n".join(good), encoding="utf-8")
    places = set()

    def spoil(name: str, *errors: tuple[str, str, str]) -> None:
        lines = [line.replace("routine: first-weeks", f"routine: {name}") for line in good]
        for before, after, wrong in errors:
            number = next(n for n, line in enumerate(lines) if before in line)
            lines[number] = lines[number].replace(before, after)
            places.add((f"{name}.yaml", number + 1, lines[number].index(wrong) + 1))
        (folder / f"{name}.yaml").write_text("\n".join(lines), encoding="utf-8")

    spoil("one", ("hold: 10", "hold: long", "long"), ("also: [leg]", "olso: [leg]", "olso"))
    spoil("two", ("id: feet-3", "id: feet-2", "feet-2"))
    return places


def test_every_error_in_every_file_is_printed_with_its_place(tmp_path: Path) -> None:
    places = spoilt(tmp_path)
    result = run("check", "one.yaml", "first-weeks.yaml", "two.yaml", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stdout.splitlines() == ["first-weeks.yaml: good (The first weeks, 6 steps, about 4 min)"]
    printed = [re.fullmatch(r"(\w+\.yaml):(\d+):(\d+): .+; .+", line) for line in result.stderr.splitlines()]
    assert {(line[1], int(line[2]), int(line[3])) for line in printed if line} == places
    assert len(printed) == len(places)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("necks", "`necks` sounds like `next`, a command; choose a word that sounds different"),
        ("pack", "`pack` sounds like `back`, a command; choose a word that sounds different"),
        ("lake", "`lake` sounds like `leg`, a name of another part; choose a word that sounds different"),
    ],
)
def test_names_that_sound_alike_are_reported(tmp_path: Path, name: str, message: str) -> None:
    good = (folder_of_routines() / "first-weeks.yaml").read_text("utf-8")
    text = good.replace("routine: first-weeks", "routine: alike").replace("name: feet", f"name: {name}")
    (tmp_path / "alike.yaml").write_text(text, encoding="utf-8")
    line = next(n for n, line in enumerate(text.splitlines(), 1) if f"name: {name}" in line)
    result = run("check", "alike.yaml", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, f"alike.yaml:{line}:11: {message}\n")


def test_nothing_in_the_routines_in_the_box_sounds_alike(tmp_path: Path) -> None:
    result = run("check", *map(str, all_routines()), cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_errors_are_objects_for_an_editor(tmp_path: Path) -> None:
    places = spoilt(tmp_path)
    result = run("check", "--json", "one.yaml", "first-weeks.yaml", "two.yaml", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, "")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert {(error["file"], error["line"], error["column"]) for error in found} == places
    for error in found:
        assert error.keys() == {"file", "line", "column", "what", "instead"}
        assert error["what"]
        assert error["instead"]


def test_the_schema_is_the_published_one(tmp_path: Path) -> None:
    result = run("check", "--schema", cwd=tmp_path)
    published = Path(loading.__file__).parent / "routine.schema.json"
    assert result.returncode == 0
    assert result.stdout == published.read_text("utf-8")
    assert json.loads(result.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_check_reports_a_language_that_the_guide_does_not_speak(tmp_path: Path) -> None:
    text = (folder_of_routines() / "first-weeks.yaml").read_text("utf-8")
    text = text.replace("routine: first-weeks", "routine: klingon").replace("language: en", "language: tlh")
    (tmp_path / "klingon.yaml").write_text(text, "utf-8")
    result = run("check", "klingon.yaml", cwd=tmp_path)
    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert re.match(r"klingon.yaml:\d+:11: the guide has no language `tlh`; write .*docs/languages.md$", line)


# ---- The machine ----


def test_the_models_are_listed_in_the_order_in_which_they_are_tried(tmp_path: Path) -> None:
    result = run("models", "list", cwd=tmp_path, more={"VOSK_MODEL_PATH": str(tmp_path)})
    assert (result.returncode, result.stderr) == (0, "")
    order = ["installed", "$VOSK_MODEL_PATH", "/usr/share/vosk", "~/.cache/vosk", "in the box", "in use"]
    lines = result.stdout.splitlines()[: len(order)]
    assert [next(label for label in order if line.startswith(label)) for line in lines] == order
    others = [load_language(code) for code in known_languages() if code != "en"]
    for line, language in zip(result.stdout.splitlines()[len(order) :], others, strict=True):
        assert (
            line == f"{f'for {language.name}':<22} none; to install one: voiceguide models install {language.model}"
        )
    assert run("models", cwd=tmp_path).stdout.splitlines()[-1] == result.stdout.splitlines()[-1]


def test_the_model_that_is_used_has_a_path(tmp_path: Path) -> None:
    result = run("models", "path", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, f"{models.box()}\n")
    shutil.copytree(models.box(), tmp_path / "mine")
    named = run("models", "path", cwd=tmp_path, more={"VOICEGUIDE_MODEL": str(tmp_path / "mine")})
    assert named.stdout == f"{tmp_path / 'mine'}\n"


@without_sound
def test_the_doctor_finds_what_is_missing_and_has_a_remedy(tmp_path: Path) -> None:
    need_espeak()
    result = run("doctor", "--json", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (1, ""), "there is no sound device"
    findings = {finding["check"]: finding for finding in map(json.loads, result.stdout.splitlines())}
    for finding in findings.values():
        assert finding.keys() == {"check", "ok", "detail", "remedy"}
        assert finding["detail"]
        assert finding["ok"] == (finding["remedy"] == "")
    assert {check for check, finding in findings.items() if not finding["ok"]} == {"microphone", "speaker"}
    machine = {"python", "packages", "clock", "disk", "permissions", "memory", "service"}
    assert {"voice", "model", "phrases", "hearing", "routines"} | machine <= findings.keys()

    printed = run("doctor", cwd=tmp_path).stdout.splitlines()
    bad = [n for n, line in enumerate(printed) if line.startswith("BAD")]
    assert len(bad) == 2
    assert all(printed[n + 1].lstrip().startswith("->") for n in bad)


def test_the_doctor_finds_a_missing_voice_and_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_ESPEAK, encoding="utf-8")
    result = run("doctor", "--json", "--model", "nowhere", cwd=tmp_path, more={"PYTHONPATH": str(tmp_path)})
    assert (result.returncode, result.stderr) == (1, "")
    findings = {finding["check"]: finding for finding in map(json.loads, result.stdout.splitlines())}
    assert not findings["voice"]["ok"]
    assert "sudo apt install libespeak-ng1" in findings["voice"]["remedy"]
    assert not findings["model"]["ok"]
    assert "nowhere" in findings["model"]["detail"]
