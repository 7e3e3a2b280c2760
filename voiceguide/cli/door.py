"""The door: the commands of ``voiceguide``, their options, their output and their exit codes."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from voiceguide import __version__, config
from voiceguide.errors import FileError, SoundError, SourceError, VoiceguideError
from voiceguide.files.wording import printable
from voiceguide.routine import routine as routines
from voiceguide.sessions import live as guiding
from voiceguide.sessions import transcript
from voiceguide.sound import RATE, Block, Pcm

if TYPE_CHECKING:
    from voiceguide.sessions.journal import Journal, Past
    from voiceguide.sessions.recorded_lines import Own


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Gives the exit code: 0 fine, 1 failed, 2 wrong usage, 3 no sound device, 4 no model,
    130 interrupted."""
    arguments = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal, or a file's name, may lack letters
    try:
        if arguments.do in (guiding.run, _record, _listen, _say, _doctor):
            config.fill(arguments)
        return int(arguments.do(arguments) or 0)
    except SourceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except VoiceguideError as error:
        print(f"voiceguide: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("voiceguide: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"voiceguide: {error.strerror or error}: {error.filename or 'output'}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="voiceguide",
        description="A hands-free voice guide. Without a command: guides through the default routine, or rehearses "
        "it where there is no sound device.",
    )
    parser.add_argument("--version", action="version", version=f"voiceguide {__version__}")
    parser.set_defaults(do=_start)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    def command(name: str, do: Callable[[argparse.Namespace], int | None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[:1].upper() + text[1:] + ".")
        made.set_defaults(do=do)
        return made

    def model(made: argparse.ArgumentParser) -> None:
        made.add_argument("--model", type=Path, metavar="DIR", help="the folder of a Vosk model")

    def language(made: argparse.ArgumentParser) -> None:
        made.add_argument("--language", metavar="L", help="the language to speak and to hear, as es")

    def devices(made: argparse.ArgumentParser) -> None:
        for kind in ("input", "output"):
            made.add_argument(f"--{kind}-device", metavar="D", help=f"{kind} device: number, name or part of it")

    def music(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--music",
            metavar="M",
            help="play music from the start: a file or folder of your own, or lullaby, which is played when you ask "
            "for music without this option",
        )

    def baby(made: argparse.ArgumentParser) -> None:
        made.add_argument("--baby", metavar="NAME", help="your baby's name, as it is said")
        made.add_argument("--pronoun", metavar="P", help="how to speak of your baby: she, he or they")

    run = command("run", guiding.run, "guide through a routine, live")
    run.add_argument("routine", nargs="?", help=f"a routine's name or file (else {guiding.DEFAULT_ROUTINE})")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--keyboard", action="store_true", help="type commands instead of saying them")
    how.add_argument("--wait", action="store_true", help="wait for 'hello guide', guide, and wait again")
    run.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        help="go on with an unfinished session, or begin anew, unasked",
    )
    run.add_argument("--from", dest="at", metavar="STEP", help="start at this step or part")
    language(run)
    baby(run)
    music(run)
    devices(run)
    model(run)
    for what, use in (("button", "short: pause, go on; long: next"), ("led", "lit while it guides")):
        run.add_argument(f"--{what}", metavar="PIN", help=f"a {what} on a Raspberry Pi, by its BCM number ({use})")

    record = command("record", _record, "record a routine's sentences in your own voice, one after the other")
    record.add_argument("routine", help="a routine's name or file")
    record.add_argument("--from", dest="at", metavar="STEP", help="start at this step or part")
    record.add_argument("--again", action="store_true", help="record also what is recorded already")
    record.add_argument("--list", action="store_true", help="list what is recorded and what is not")
    record.add_argument("--delete", action="store_true", help="delete your recordings of this routine")
    record.add_argument("--yes", action="store_true", help="delete without asking")
    baby(record)
    devices(record)

    rehearse = command("rehearse", _rehearse, "rehearse a session in a simulated room")
    rehearse.add_argument("routine", nargs="?", help="a routine's name or file")
    rehearse.add_argument("--script", type=Path, metavar="FILE", help="what the parent says, and when")
    rehearse.add_argument(
        "--wav", type=Path, metavar="OUT.wav", help="write it: left the guide, right the microphone"
    )
    rehearse.add_argument("--json", action="store_true", help="one JSON object a line")
    music(rehearse)
    model(rehearse)

    hear = command("hear", _hear, "print the commands in a recording")
    hear.add_argument("file", type=Path)
    hear.add_argument("--routine", default=guiding.DEFAULT_ROUTINE, help="the routine whose parts can be named")
    hear.add_argument("--json", action="store_true", help="one JSON object a line")
    model(hear)

    listen = command("listen", _listen, "show the microphone's level and what is heard")
    language(listen)
    devices(listen)
    model(listen)

    say = command("say", _say, "speak a text")
    say.add_argument("text")
    language(say)
    say.add_argument("--wav", type=Path, metavar="OUT.wav", help="write it to a file instead")
    say.add_argument("--output-device", metavar="D", help="output device: number, name or part of it")

    command("routines", _routines, "list the routines")
    show = command("show", _show, "print a routine as readable text")
    show.add_argument("routine")
    show.add_argument("--html", action="store_true", help="as a card to print, an HTML page")
    check = command("check", _check, "check routine files")
    check.add_argument("files", nargs="*", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="one JSON object for each error")
    check.add_argument(
        "--by-ear", action="store_true", help="also speak every sentence, and listen for commands in it (minutes)"
    )
    model(check)
    check.add_argument("--schema", action="store_true", help="print the JSON Schema of routines, for an editor")
    command("new", _new, "start a routine from a template").add_argument("name", help="its name, in-kebab-case")

    models = command("models", _models_list, "list, install or find Vosk models")
    model(models)
    verbs = models.add_subparsers(metavar="VERB")
    verbs.add_parser("list", help="what is here").set_defaults(do=_models_list)
    install = verbs.add_parser("install", help="install an official model, or a zip file of one")
    install.add_argument("name")
    install.add_argument("--discard", action="store_true", help="throw a half-done download away")
    install.set_defaults(do=_models_install)
    verbs.add_parser("path", help="the folder of the model that is used").set_defaults(do=_models_path)

    history = command("history", _history, "list the sessions of the past, or delete them")
    history.add_argument("--json", action="store_true", help="one JSON object for each session")
    history.add_argument("--delete", metavar="ID", help="delete this session, or all")
    history.add_argument("--yes", action="store_true", help="delete without asking")
    service = command("service", _service, "start the guide at power-on, waiting for 'hello guide'")
    service.add_argument("verb", nargs="?", choices=["install", "uninstall", "status"], default="status")
    service.add_argument(
        "--system", action="store_true", help="for the system, not for you: where sound needs no login"
    )

    command("devices", _devices, "list the sound devices")
    doctor = command("doctor", _doctor, "check everything that a session needs")
    doctor.add_argument("--json", action="store_true", help="one JSON object for each check")
    language(doctor)
    devices(doctor)
    model(doctor)
    return parser


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


# Guiding


def _start(_: argparse.Namespace) -> int:
    """No command: guide, or rehearse where nothing can be played or heard."""
    from voiceguide.sound.live import devices

    try:
        found = devices()
        if not (any(d.inputs for d in found) and any(d.outputs for d in found)):
            raise SoundError("no sound device: a microphone and a speaker are needed")
    except SoundError as error:
        print(
            f"voiceguide: {error}; here is a rehearsal of {guiding.DEFAULT_ROUTINE} instead",
            file=sys.stderr,
            flush=True,
        )
        return main(["rehearse", guiding.DEFAULT_ROUTINE])
    return main(["run"])


def _record(arguments: argparse.Namespace) -> int | None:
    from voiceguide.language.language import load_language
    from voiceguide.routine.baby import Baby
    from voiceguide.sessions import recorder as record
    from voiceguide.sessions.recorded_lines import Own, Recorded
    from voiceguide.sound.live import LiveSound

    routine = routines.load(routines.find(arguments.routine))
    routine = Baby(arguments.baby, arguments.pronoun).routine(routine, load_language(routine.language))
    own = Own(routine.id)
    typed = sys.stdin if sys.stdin is not None else io.StringIO()  # None where it was closed
    if arguments.delete:
        return _delete(own, arguments.yes, typed)
    recorded = Recorded(routine, guiding.warn)
    lines = record.lines_of(routine)

    def place(line: record.Line) -> str:
        path = next(iter(recorded.paths(line.text)), None)
        return "" if path is None else "recorded" if path.parent == own.folder else "in its file"

    if arguments.list:
        for line in lines:
            print(f"{place(line) or '-':<12} {line.where:<20} {line.text}")
        print(
            f"{sum(map(bool, map(place, lines)))} of {len(lines)} sentences are recorded; yours are in {own.folder}"
        )
        if old := len(own.all()) - sum(own.path(line.text).is_file() for line in lines):
            print(f"{old} of yours are of sentences that are no longer there: they are not used")
        return None
    if arguments.at is not None:
        lines = record.from_step(lines, arguments.at, routine.id)
    todo = [line for line in lines if place(line) in (("", "recorded") if arguments.again else ("",))]
    if not todo:
        print("all of it is recorded; to record it anew: --again")
        return None
    print(f"{len(todo)} sentences to record. You hear each again, and nothing is stored that you do not keep.")
    sound = LiveSound(guiding.device(arguments.input_device), guiding.device(arguments.output_device))
    kept = record.Recorder(sound, typed, lambda line: print(line, flush=True), own).walk(todo)
    print(f"\n{kept} recorded, {len(todo) - kept} to go. The guide says yours in your voice from now on.")
    return None


def _delete(own: Own, sure: bool, typed: TextIO) -> int:
    count = len(own.all())
    if not count:
        print(f"there are no recordings in {own.folder}")
        return 0
    if not sure:
        print(f"delete {count} recordings in {own.folder}? Type yes: ", end="", flush=True)
        if typed.readline().strip().lower() != "yes":
            print("voiceguide: nothing was deleted", file=sys.stderr)
            return 1
    own.delete()
    print(f"{count} recordings are deleted")
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from voiceguide.sessions import rehearsal
    from voiceguide.sessions.entries import Entry
    from voiceguide.sound.files import check_writable

    name = arguments.routine
    if arguments.script is not None:
        script = rehearsal.load_script(arguments.script)
    else:
        name = name or guiding.DEFAULT_ROUTINE
        routine = routines.load(routines.find(name))
        script = rehearsal.translated(rehearsal.load_script(rehearsal.built_in(routine)), routine.language)
    if arguments.wav is not None:
        check_writable(arguments.wav)  # before a rehearsal that would be in vain
    music = guiding.music_of(arguments.music, ahead=False)
    play = arguments.music is not None
    act = rehearsal.Rehearsal(script, routine=name, model=arguments.model, music=music, play=play, warn=guiding.warn)

    def tell(entry: Entry) -> None:
        if arguments.json:
            _print_json(entry.as_json())
        elif line := transcript.line(entry):
            print(line, flush=True)

    report = act.run(tell)
    if arguments.wav is not None:
        act.write(arguments.wav)
    score = report.summary()
    if arguments.json:
        _print_json(score.as_json())
    else:
        print(transcript.summary(score))
    if report.flawless:
        return 0
    print(f"voiceguide: the rehearsal was not flawless: {report.flaws()}", file=sys.stderr)
    return 1


# Hearing and speaking


def _ears(arguments: argparse.Namespace, routine_name: str) -> Any:
    from voiceguide.hearing.listener import Listener
    from voiceguide.language.language import load_language
    from voiceguide.recognition import models

    routine = routines.in_language(routine_name, getattr(arguments, "language", None))
    language = load_language(routine.language)
    folder = models.find(arguments.model, language=routine.language, official=language.model)
    return Listener(models.load(folder, routine.pronounce), language.phrasebook(routine.parts))


def _hear(arguments: argparse.Namespace) -> None:
    import numpy as np

    from voiceguide.hearing.ears import Heard, Ignored
    from voiceguide.sound import BLOCK
    from voiceguide.sound.files import blocks_of, rate_of

    blocks = blocks_of(arguments.file)
    first = next(blocks, np.zeros(BLOCK, np.int16))  # a file that is no recording fails before the model is loaded
    ears = _ears(arguments, arguments.routine)
    rate = rate_of(arguments.file)
    if rate < RATE:
        print(f"voiceguide: recorded at {rate} Hz: below {RATE} Hz commands are often misheard", file=sys.stderr)
    fed = found = 0

    def show(decided: list[Heard | Ignored]) -> None:
        nonlocal found
        for heard in decided:
            if isinstance(heard, Heard):
                found += 1
                if arguments.json:
                    _print_json(heard.as_json())
                else:
                    print(
                        f"{heard.at:8.2f} s  {transcript.meaning(heard)}  ({heard.confidence:.2f})",
                        flush=True,
                    )

    def feed(pcm: Pcm) -> None:
        nonlocal fed
        fed += len(pcm)
        show(ears.hear(pcm, fed / RATE))

    feed(first)
    for block in blocks:
        feed(block)
    length = fed / RATE
    for _ in range(RATE // BLOCK):  # a second of silence: the end of a recording is the end of an utterance
        feed(np.zeros(BLOCK, np.int16))
    show(ears.finish())
    if not found and not arguments.json:
        print(f"no command in {length:.1f} s")


def _listen(arguments: argparse.Namespace) -> None:
    import numpy as np

    from voiceguide.hearing.ears import Heard
    from voiceguide.sound.levels import loudness
    from voiceguide.sound.live import LiveSound

    sound = LiveSound(guiding.device(arguments.input_device), guiding.device(arguments.output_device))
    ears = _ears(arguments, guiding.DEFAULT_ROUTINE)
    sound.open(lambda n: np.zeros(n, np.int16))
    print("Say something; Ctrl-C ends.", flush=True)
    terminal = sys.stdout.isatty()
    shown = 0.0
    try:
        while True:
            block: Block = sound.read()
            if block.lost:
                raise SoundError(f"the {' and the '.join(sorted(block.lost))} was lost; see `voiceguide devices`")
            for decided in ears.hear(block.pcm, block.at):
                text = transcript.meaning(decided) if isinstance(decided, Heard) else f"unsure: {decided.phrase}"
                print(f"{chr(13) if terminal else ''}{transcript.clock(block.at)}  {text:<60}", flush=True)
            if terminal and block.at >= shown + 0.1:
                shown = block.at
                level = loudness(block.pcm) - 90.3  # dB of full scale
                bar = "#" * max(0, round((level + 70) / 2))
                print(f"\r{level:6.0f} dB {bar:<36}", end="", flush=True)
    finally:
        sound.close()


def _say(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import load_language
    from voiceguide.sound.files import write_wav
    from voiceguide.speech.player import Player
    from voiceguide.speech.voice import DEFAULT_VOICE, Voice

    name = load_language(arguments.language).voice if arguments.language is not None else DEFAULT_VOICE
    with Voice() as voice:
        pcm = voice.render(arguments.text, voice=name)
    if arguments.wav is not None:
        write_wav(arguments.wav, pcm)
        return
    from voiceguide.sound.live import LiveSound

    sound = LiveSound(output_device=guiding.device(arguments.output_device), microphone=False)
    player = Player()
    rendered: Future[Pcm] = Future()
    rendered.set_result(pcm)
    player.say(1, [rendered])
    sound.open(player.fill)
    try:
        while player.speaking:
            if sound.read().lost:
                raise SoundError("the speaker was lost; see `voiceguide devices`")
        for _ in range(10):  # what is still on its way to the speaker
            sound.read()
    finally:
        sound.close()


# History


def _history(arguments: argparse.Namespace) -> int:
    from voiceguide.sessions.journal import Journal, default_path

    if not default_path().exists():
        if not arguments.json:
            print("no sessions are kept")
        return 0
    with Journal(say=guiding.warn) as journal:
        past = journal.sessions()
        if arguments.delete is not None:
            return _forget(journal, past, arguments)
        running = not journal.claim()
    latest = max(past, key=lambda one: one.changed, default=None)
    for one in past:
        how = one.ended or ("running" if running and one is latest else "cut off")
        if arguments.json:
            times = {key: _iso(seconds) for key, seconds in (("began", one.began), ("changed", one.changed))}
            lists = {"parts_done": one.parts, "signs": one.signs}
            _print_json({"id": one.id, **times, "routine": one.routine, **lists, "ended": how})
        else:
            signs = f"; signs: {', '.join(one.signs)}" if one.signs else ""
            done = ", ".join(one.parts) or "no part"
            print(
                printable(
                    f"{one.id:4d}  {_iso(one.began)[:16].replace('T', ' ')}  "
                    f"{one.routine:<16} {how:<10}  {done}{signs}"
                )
            )
    if not past and not arguments.json:
        print("no sessions are kept")
    return 0


def _iso(seconds: float) -> str:
    """A moment, in the time of this place."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")


def _forget(journal: Journal, past: list[Past], arguments: argparse.Namespace) -> int:
    every = arguments.delete == "all"
    number = next((one.id for one in past if str(one.id) == arguments.delete), None)
    if not every and number is None:
        raise VoiceguideError(f"no session {arguments.delete}; see: voiceguide history (or delete all)")
    what = f"all {len(past)} sessions" if every else f"session {number}"
    if not arguments.yes:
        print(f"delete {what}? Type yes: ", end="", flush=True)
        if (sys.stdin or io.StringIO()).readline().strip().lower() != "yes":
            print("voiceguide: nothing was deleted", file=sys.stderr)
            return 1
    journal.delete(number)
    print(f"{what} deleted")
    return 0


# Routines


def _routines(_: argparse.Namespace) -> None:
    for path in routines.all_routines():
        routine = routines.load(path)
        minutes = round(routine.seconds / 60)
        title = f"{routine.title}, in {routine.language}" if routine.language != "en" else routine.title
        print(f"{routine.id:<20} {title} ({len(routine.steps)} steps, about {minutes} minutes)")


def _show(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import load_language
    from voiceguide.routine.card import card
    from voiceguide.routine.show import readable
    from voiceguide.sessions.recorded_lines import Recorded
    from voiceguide.sessions.recorder import lines_of

    routine = routines.load(routines.find(arguments.routine))
    if arguments.html:
        print(card(routine, load_language(routine.language)), end="")
        return
    recorded = Recorded(routine)
    print(readable(routine, {line.text for line in lines_of(routine) if recorded.paths(line.text)}))


def _check(arguments: argparse.Namespace) -> int:
    if arguments.schema:
        print((Path(routines.__file__).parent / "routine.schema.json").read_text("utf-8"), end="")
        return 0
    if not arguments.files:
        print("voiceguide: check needs a file; for example: voiceguide check my-routine.yaml", file=sys.stderr)
        return 2
    from voiceguide.check.lint import Lint

    def progress(sentences: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{path}: {sentences} sentences ", end="", file=sys.stderr)

    def done() -> None:
        if arguments.by_ear and sys.stderr.isatty():
            print(file=sys.stderr)

    code = 0
    lint = Lint(arguments.model)
    for path in arguments.files:
        try:
            checked = lint.check(path, progress if arguments.by_ear else None)
        except VoiceguideError as error:
            done()
            code = max(code, error.exit_code)
            what, _, instead = str(error).partition("; ")
            unread = FileError(str(path), 1, 1, what, instead)
            for one in error.errors if isinstance(error, SourceError) else [unread]:
                if arguments.json:
                    keys = ("file", "line", "column", "what", "instead")
                    _print_json({key: getattr(one, key) for key in keys})
                else:
                    print(f"voiceguide: {error}" if one is unread else one, file=sys.stderr)
        else:
            done()
            routine = checked.routine
            if not arguments.json:
                minutes = max(1, round(routine.seconds / 60))
                print(f"{path}: good ({routine.title}, {len(routine.steps)} steps, about {minutes} min)")
            if arguments.by_ear and not arguments.json:
                for line in checked.near:
                    print(f"  {line}")
                for step in routine.steps:
                    spoken = round(sum(map(routines.seconds_to_say, step.say)))
                    held = f", then {step.hold:g} s" if step.hold else ""
                    print(f"  {step.id}: {spoken} s to say{held}")
    return code


def _new(arguments: argparse.Namespace) -> None:
    path = routines.new(arguments.name, Path.cwd())
    print(f"{path.name} is there; edit it, then try: voiceguide check {path.name}")


# The machine


def _models_list(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import known_languages, load_language
    from voiceguide.recognition import models

    for place in models.locations(arguments.model):
        print(f"{place.label:<22} {place.path}{'' if place.problem is None else f'  ({place.problem})'}")
    print(f"{'in use':<22} {models.find(arguments.model)}")
    for language in map(load_language, known_languages()):
        if language.code != "en":
            found = next((p.path for p in models.locations(language=language.code) if p.problem is None), None)
            path = found or f"none; to install one: voiceguide models install {language.model}"
            print(f"{f'for {language.name}':<22} {path}")


def _models_install(arguments: argparse.Namespace) -> None:
    from voiceguide.recognition import models

    if arguments.discard:
        print("thrown away" if models.discard(arguments.name) else "there is no half-done download of it")
        return
    path = models.install(arguments.name, say=lambda line: print(line, file=sys.stderr, flush=True))
    print(path)


def _models_path(arguments: argparse.Namespace) -> None:
    from voiceguide.recognition import models

    print(models.find(arguments.model))


def _devices(_: argparse.Namespace) -> None:
    from voiceguide.sound.live import devices

    found = devices()
    if not found:
        print("no sound device; connect a microphone and a speaker")
    for device in found:
        marks = [
            name
            for name, on in (("microphone", device.is_default_input), ("speaker", device.is_default_output))
            if on
        ]
        default = f"  default {' and '.join(marks)}" if marks else ""
        channels = f"{device.inputs} in, {device.outputs} out"
        print(f"{device.index:3d}  {device.name}  ({channels}, {device.rate:.0f} Hz, {device.host_api}){default}")


def _service(arguments: argparse.Namespace) -> int:
    from voiceguide.host import service

    it = service.unit(arguments.system)
    if arguments.verb == "install":
        service.install(it, print)
    elif arguments.verb == "uninstall":
        service.uninstall(it, print)
    else:
        faults = service.faults(it)
        for what, remedy in faults:
            print(f"{what}\n  -> {remedy}")
        if not faults:
            print(f"{it.path}: enabled, and running")
        return 1 if faults else 0
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from voiceguide.check.doctor import examine

    well = True
    chosen = guiding.device(arguments.input_device), guiding.device(arguments.output_device)
    for finding in examine(arguments.model, *chosen, arguments.language, config.settings()):
        well &= finding.ok
        if arguments.json:
            _print_json(finding.as_json())
        else:
            print(f"{'good' if finding.ok else 'BAD '}  {finding.check:<11} {finding.detail}", flush=True)
            if not finding.ok:
                print(f"      {'':<11} -> {finding.remedy}", flush=True)
    return 0 if well else 1
