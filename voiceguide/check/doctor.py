"""Checks everything that a session needs. Each check says what it found and, if that's bad, what to do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from voiceguide import config
from voiceguide.errors import ModelError, VoiceguideError
from voiceguide.files.paths import expanded, home, user_folder, user_name
from voiceguide.hearing.copies import NEAR_S
from voiceguide.hearing.crying import CryNetwork
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.host import service as host
from voiceguide.host.gpio import Panel, pin_of
from voiceguide.language.language import Language, load_language
from voiceguide.routine.baby import Baby
from voiceguide.routine.library import all_routines, in_language
from voiceguide.routine.loading import load
from voiceguide.sessions import journal
from voiceguide.sessions.assembly import Hearing, Options
from voiceguide.sound import BLOCK, RATE, Block, Pcm, chirp
from voiceguide.sound.room import PARENT_DB
from voiceguide.speech import catalogue, music, speeds
from voiceguide.speech.choice import choose, unfit
from voiceguide.speech.voice import Voice

CHANNELS = {"microphone": "inputs", "speaker": "outputs"}
FREE_BYTES = 300_000_000
"""For the cache of rendered speech (200 MB at most), and some to spare."""
FREE_MEMORY_BYTES = 250_000_000
"""A session takes 140 MB (docs/figures.md), and the process that renders its voice 30."""
CLOCK_SLACK_S = 86_400
"""A Raspberry Pi without a battery clock starts in the past. A day is for time zones."""
MEMORY = Path("/proc/meminfo")
SOUND_CARDS = Path("/dev/snd")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    check: str
    detail: str
    remedy: str = ""
    """What to do; empty if all is well."""

    @property
    def ok(self) -> bool:
        return not self.remedy

    def as_json(self) -> dict[str, object]:
        return {"check": self.check, "ok": self.ok, "detail": self.detail, "remedy": self.remedy}


@dataclass(slots=True)
class Patient:
    """What's examined."""

    language: Language
    options: Options
    settings: Mapping[str, str]
    """What the user has set, by name."""
    said: Pcm | None = None
    """"Pause" in the guide's voice, int16[n]; None until the voice has been checked, or if there's none."""


Check: TypeAlias = Callable[[Patient], Iterator[Finding]]


def examine(options: Options, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Finding]:
    """Run all checks, one after the other. Raises VoiceguideError if the guide doesn't speak the language."""
    patient = Patient(language_of(options, settings), options, settings)
    for check in CHECKS:
        yield from run(check, patient)


def run(check: Check, patient: Patient) -> Iterator[Finding]:
    """Run one check. An error that ends it becomes a finding: its text says what to do, mostly after a semicolon."""
    try:
        yield from check(patient)
    except VoiceguideError as error:
        detail, _, remedy = str(error).splitlines()[0].partition("; ")
        yield Finding(check.__name__, detail, remedy or detail)
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        what = f"{where}{error.strerror or error}"
        yield Finding(check.__name__, what, "put that right; a temporary folder is needed, too ($TMPDIR)")


def language_of(options: Options, settings: Mapping[str, str]) -> Language:
    """The language that was asked for, or that of the routine in the settings. Raises VoiceguideError."""
    code = options.language
    if code is None and "routine" in settings:
        with contextlib.suppress(VoiceguideError):  # which the check of the settings reports
            code = in_language(settings["routine"], None).language
    return load_language(code or "en")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that's there already."""
    return next(path for path in (folder, *folder.parents) if path.exists())


# ---- The software ----


def python(_: Patient) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", f"Python {version}, {sys.platform}")


def packages(_: Patient) -> Iterator[Finding]:
    """The packages that voiceguide's metadata asks for."""
    try:
        needed = [line for line in metadata.requires("voiceguide") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        yield Finding("packages", "voiceguide itself is not installed, but run from its folder", "./run")
        return
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        yield Finding("packages", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    else:
        yield Finding("packages", f"all {len(names)} are installed")


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def settings(patient: Patient) -> Iterator[Finding]:
    """What they name, other than the model and the devices: a session would refuse the same."""
    found = patient.settings
    if "routine" in found:
        in_language(found["routine"], found.get("language"))
    Baby(found.get("baby"), found.get("pronoun"))
    if found.get("music", "lullaby") != "lullaby":
        music.files_of(expanded(found["music"]))
    pins = {what: found.get(what) for what in ("button", "led")}
    for what, pin in pins.items():
        if pin is not None:
            pin_of(pin, what)
    if not any(unit.path.is_file() and not host.faults(unit) for unit in map(host.unit, (False, True))):
        with Panel(pins["button"], pins["led"]):  # a running service would have them open
            pass
    good = f"good: {', '.join(found)}" if found else "none; docs/configuration.md has what can be set"
    yield Finding("settings", good)


def emergency(patient: Patient) -> Iterator[Finding]:
    """The number that the guide tells a parent to call. It must be right, and nobody but the user can know."""
    number, change = patient.options.emergency_number, "to change it, set emergency_number (docs/configuration.md)"
    country = config.country()
    if "emergency_number" in patient.settings or number != config.emergency_number():
        yield Finding("emergency", f"the guide says to call {number}, as you have set")
    elif country in config.EMERGENCY_NUMBERS:
        yield Finding("emergency", f"the guide says to call {number}, as your locale is of {country}; {change}")
    else:
        where = f"is of {country}" if country else "names no country"
        yield Finding("emergency", f"the guide says to call {number}: your locale {where}; {change}")


def voice(patient: Patient) -> Iterator[Finding]:
    """Each voice that may have to speak, and how fast it is."""
    language = patient.language
    names, notes = choose(language.code, language.voice, patient.options.voices)
    for note in notes:
        what, _, remedy = note.partition("; ")
        yield Finding("voice", what, remedy or "choose another one: voiceguide voices")
    for known in catalogue.installed():
        if known.language == language.code.partition("-")[0] and (reason := unfit(known)):
            yield Finding("voice", f"{reason}; {names[0]} speaks")
    with Voice(cache=None) as speaker:
        # Not in the guide's own voice: the model in the box was trained to hear over that one.
        parent = f"{language.voice.partition('+')[0]}+m7"
        patient.said = speaker.render(language.examples("pause")[0], voice=parent)
        for name in names:
            try:
                yield _speaks(speaker, name, language)
            except VoiceguideError as error:
                what, _, remedy = str(error).partition("; ")
                yield Finding("voice", what, remedy or what)


def _speaks(speaker: Voice, name: str, language: Language) -> Finding:
    """What a voice costs: a neural one as it was measured, once."""
    known = catalogue.find(name)
    for prompt in ("say_ready", "stop_and_tend", "goodbye"):
        for line in language.say(prompt):
            speaker.render(line, voice=name)
    cost = speeds.measured(known)
    detail = f"{name} speaks (pyttsx3 with {known.engine}, licence {known.licence})"
    if cost is None:
        return Finding("voice", detail)
    return Finding("voice", f"{detail}; a second of speech takes it {cost:.2f} s")


def hearing(patient: Patient) -> Iterator[Finding]:
    """The model, which phrases it knows, and whether it hears the guide's voice."""
    language = patient.language
    try:
        ours = (routine.parts for routine in map(load, all_routines()) if routine.language == language.code)
        book = language.phrasebook(next(ours, ()))
        loaded = Hearing.load(language, book, patient.options.named_models)
        ears = loaded.listener()
    except VoiceguideError as error:
        yield Finding("model", str(error).splitlines()[0], "voiceguide models list shows what is here")
        return
    yield Finding("model", f"{loaded.folder} loads")
    try:
        CryNetwork.in_the_box()
        yield Finding("crying", "the ear for crying loads")
    except ModelError as error:
        yield Finding("crying", str(error), "install voiceguide again; a session goes on without")
    heard = loaded.book.meanings
    words = {word for phrase in set(book.meanings) - set(heard) for word in phrase.split()}
    unknown = sorted(word for word in words if not loaded.model.knows(word))
    detail = f"{len(heard)} of {len(book.meanings)} phrases are known to the model"
    detail += f"; it lacks the words: {', '.join(unknown)}" if unknown else ""
    yield Finding("phrases", detail, "" if heard else "install another model")
    if patient.said is None:
        yield Finding("hearing", "not tried, as there is no voice", "see the voice check")
    else:
        yield _hears_pause(ears, patient.said, language.examples("pause")[0])


def _hears_pause(ears: Listener, said: Pcm, word: str) -> Finding:
    sound = np.concatenate([np.zeros(RATE, np.int16), said, np.zeros(2 * RATE, np.int16)])
    blocks = [sound[i : i + BLOCK] for i in range(0, len(sound) - BLOCK + 1, BLOCK)]
    found = [d for n, block in enumerate(blocks) for d in ears.hear(block, (n + 1) * BLOCK / RATE)]
    heard = [d.command.name for d in found if isinstance(d, Heard)]
    if heard == ["pause"]:
        return Finding("hearing", f'a rendered "{word}" is heard as pause')
    return Finding("hearing", f'a rendered "{word}" is heard as {heard or "nothing"}', "try another model")


def routines(_: Patient) -> Iterator[Finding]:
    names = [load(path).id for path in all_routines()]
    yield Finding("routines", f"{len(names)} routines: {', '.join(names)}")


# ---- The sound ----


def sound(patient: Patient) -> Iterator[Finding]:
    """The microphone and the speaker as a session opens them, whether they keep up, and the chirp's echo."""
    from voiceguide.sound.live import LiveSound, devices

    options = patient.options
    try:
        found = devices()
        missing = [kind for kind, channels in CHANNELS.items() if not any(getattr(d, channels) for d in found)]
        ends = LiveSound(options.input_device, options.output_device, microphone="microphone" not in missing)
        for kind in missing:
            yield Finding(kind, f"there is no {kind}", "plug one in, then look at: voiceguide devices")
        if "speaker" in missing:
            return
        blocks: list[Block] = []
        ends.open(chirp.player())
        try:
            while not blocks or blocks[-1].at < chirp.SECONDS:
                blocks.append(ends.read())
            running, troubles = ends.running, ends.troubles()
        finally:
            ends.close()
    except VoiceguideError as error:
        yield Finding("sound", str(error), "see docs/sound.md; rehearse and run --keyboard work without")
        return
    for one in running:
        channels = "1 channel" if one.channels == 1 else f"{one.channels} channels"
        holds = "comes in pieces of" if one.kind == "microphone" else "the device holds"
        yield Finding(one.kind, f"{one.device.name}: {one.rate} Hz, {channels}, {holds} {one.latency * 1000:.0f} ms")
    if troubles:
        yield Finding("sound", "; ".join(troubles), "see docs/sound.md, and what else the machine is doing")
    else:
        yield Finding("sound", f"nothing was lost in {chirp.SECONDS:g} s")
    if "microphone" not in missing:
        heard = chirp.heard(np.concatenate([b.pcm for b in blocks]), np.concatenate([b.played for b in blocks]))
        yield level(heard)
        yield loop(heard)


def level(heard: chirp.Loop) -> Finding:
    """Whether the microphone gives a sound that's neither dead, nor overdriven, nor noisy."""
    if heard.dead:
        remedy = "is it muted, or turned down? Look at alsamixer (F4), or pactl set-source-mute"
        return Finding("level", "the microphone gives no sound at all", remedy)
    remedy = ""
    if heard.peak_db > chirp.CLIPPING_DB:
        remedy = "it is overdriven: turn its gain down (alsamixer, F4)"
    elif heard.floor_db > chirp.NOISY_DB:
        remedy = "turn off what is loud, or the microphone's gain down (alsamixer, F4)"
    detail = f"the noise floor is {heard.floor_db:.0f} dBFS, the loudest {heard.peak_db:.0f} dBFS"
    return Finding("level", detail, remedy)


def loop(heard: chirp.Loop) -> Finding:
    """How loudly the guide hears itself."""
    if heard.dead:
        return Finding("loop", "not tried, as the microphone gives no sound", "see the level check")
    if heard.delay is None or heard.echo_db is None:
        # A speakerphone's own canceller leaves nothing of the chirp, and that's as good as it gets.
        return Finding("loop", "nothing of the chirp came back: if you heard it, the device cancels its echo")
    above = heard.echo_db - PARENT_DB
    detail = f"the chirp came back after {heard.delay * 1000:.0f} ms at {heard.echo_db:.0f} dBFS"
    detail += f", {abs(above):.0f} dB {'above' if above > 0 else 'below'} a parent's voice"
    if heard.delay > NEAR_S:
        return Finding("loop", detail, "that is late, as through Bluetooth or a network: use a speaker with a cable")
    if above > chirp.LOUD_ECHO_DB:
        return Finding("loop", detail, "turn the speaker down, or put it further from the microphone")
    return Finding("loop", detail)


# ---- The machine ----


def clock(_: Patient) -> Iterator[Finding]:
    """Only the dates of the sessions depend on it."""
    now, built = time.time(), Path(__file__).stat().st_mtime
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    if now >= built - CLOCK_SLACK_S:
        yield Finding("clock", date)
        return
    remedy = "sudo timedatectl set-ntp true, with the internet; or add a battery clock. Only dates depend on it"
    yield Finding("clock", f"{date}, which is before voiceguide was installed", remedy)


def disk(_: Patient) -> Iterator[Finding]:
    folder = user_folder("cache")
    free = shutil.disk_usage(_existing(folder)).free
    remedy = "free some space: rendered speech is kept there, up to 200 MB" if free < FREE_BYTES else ""
    yield Finding("disk", f"{free / 1e9:.1f} GB free at {folder}", remedy)


def permissions(_: Patient) -> Iterator[Finding]:
    """The folders that we write to, and the sound cards."""
    kept = {
        "rendered speech": user_folder("cache"),
        "recordings and models": user_folder("data"),
        "progress and history": user_folder("state"),
    }
    for what, folder in kept.items():
        at = _existing(folder)
        if not (at.is_dir() and os.access(at, os.W_OK | os.X_OK)):
            remedy = f"{_way_to_write(at)}; without it they are not kept"
            yield Finding("permissions", f"{at} cannot be written: it is for {what}", remedy)
            return
    locked = [card for card in SOUND_CARDS.glob("controlC*") if not os.access(card, os.R_OK | os.W_OK)]
    if locked:
        remedy = f"sudo usermod -aG audio {user_name()}, then log in again"
        yield Finding("permissions", f"{locked[0]} may not be opened", remedy)
        return
    yield Finding("permissions", "all folders can be written")


def _way_to_write(folder: Path) -> str:
    """What makes a folder writable. Only for one inside a home that's the user's own it's a command."""
    own = home() != Path("/") and home() in folder.parents and home().stat().st_uid == os.geteuid()
    if folder.is_dir() and own:
        return f"sudo chown -R {user_name()} {folder}"
    return "let $HOME, and $XDG_CACHE_HOME and the like where they are set, name folders of your own"


def sessions(_: Patient) -> Iterator[Finding]:
    """The journal. A damaged one is only reported here; the next session sets it aside."""
    path = journal.default_path()
    if not path.exists():
        yield Finding("journal", "no session is kept yet")
    elif error := journal.fault(path):
        remedy = f"until then no session is kept: move {path} away, or check its permissions"
        yield Finding("journal", f"{path}: {error}", remedy)
    else:
        yield Finding("journal", f"{path} can be read and written")


def memory(_: Patient) -> Iterator[Finding]:
    try:
        lines = MEMORY.read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        yield Finding("memory", "not known on this system")
        return
    remedy = "end other programs: a session takes about 140 MB" if free < FREE_MEMORY_BYTES else ""
    yield Finding("memory", f"{free / 1e6:.0f} MB are free", remedy)


def service(_: Patient) -> Iterator[Finding]:
    """The user's or the system's, if one is installed."""
    units = [host.unit(system) for system in (False, True)]
    unit = next((unit for unit in units if unit.wanted), None)
    if unit is None:
        packaged = any(unit.packaged for unit in units)
        how = f"sudo systemctl enable --now {host.NAME}" if packaged else "voiceguide service install"
        yield Finding("service", f"not {'enabled' if packaged else 'installed'}; {how} starts the guide at power-on")
    elif faults := host.faults(unit):
        yield Finding("service", *faults[0])
    else:
        yield Finding("service", f"{unit.where}: enabled, and running")


CHECKS: tuple[Check, ...] = (
    *(python, packages, settings, emergency, voice, hearing, routines),  # hearing listens to the voice
    sound,
    *(clock, disk, permissions, sessions, memory, service),
)
