"""A check of everything that a session needs, each with its remedy."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

import numpy as np
import platformdirs

from voiceguide.errors import VoiceguideError
from voiceguide.files.paths import expanded
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.host import service
from voiceguide.host.gpio import Panel, pin_of
from voiceguide.language.language import Language, load_language
from voiceguide.routine.baby import Baby
from voiceguide.routine.library import all_routines, in_language
from voiceguide.routine.loading import load
from voiceguide.sessions import journal
from voiceguide.sessions.assembly import Hearing, Options
from voiceguide.sound import BLOCK, RATE, Block, Pcm, chirp
from voiceguide.sound.room import PARENT_DB
from voiceguide.speech import music
from voiceguide.speech.voice import Voice

CHANNELS = {"microphone": "inputs", "speaker": "outputs"}
FREE_BYTES = 300_000_000
"""For the cache of rendered speech (200 MB at most) and some air."""
FREE_MEMORY_BYTES = 250_000_000
"""A session holds 140 MB (docs/figures.md), and what renders its voice 30."""
CLOCK_SLACK_S = 86_400
"""A Raspberry Pi without a clock of its own begins in the past. A day, for time zones."""
MEMORY = Path("/proc/meminfo")
SOUND_CARDS = Path("/dev/snd")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""
    """What to do; empty when all is well."""

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def examine(options: Options, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Finding]:
    """Check everything, one finding after the other. The language, devices and models are those of the ``options``;
    if they name no language, that of the routine in the ``settings`` is taken.

    Raises VoiceguideError if the guide doesn't speak the language."""
    language = load_language(options.language or _language_of(settings))
    yield _python()
    yield _packages()
    yield _checked("settings", lambda: _settings(settings))
    rendered: dict[str, Pcm] = {}
    yield _checked("voice", lambda: _voice(language, rendered))
    yield from _hearing(options, language, rendered.get("pause"))
    yield _checked("routines", _routines)
    yield from _sound(options)
    yield _clock()
    yield _disk()
    yield _permissions()
    yield _journal()
    yield _memory()
    yield _service()


def _checked(check: str, look: Callable[[], str]) -> Finding:
    """A check that fails by a VoiceguideError, whose text says what to do."""
    try:
        return Finding(check, True, look())
    except VoiceguideError as error:
        first, *rest = str(error).splitlines()[0].split("; ", 1)
        return Finding(check, False, first, rest[0] if rest else first)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", True, f"Python {version}, {sys.platform}")


def _language_of(settings: Mapping[str, str]) -> str:
    try:
        return in_language(settings["routine"], None).language if "routine" in settings else "en"
    except VoiceguideError:
        return "en"  # the check of the settings tells of it


def _settings(found: Mapping[str, str]) -> str:
    """What they name beside the model and the devices, as a session takes it."""
    if "routine" in found:
        in_language(found["routine"], found.get("language"))
    Baby(found.get("baby"), found.get("pronoun"))
    if found.get("music", "lullaby") != "lullaby":
        music.files_of(expanded(found["music"]))
    pins = {what: found.get(what) for what in ("button", "led")}
    for what, pin in pins.items():
        if pin is not None:
            pin_of(pin, what)
    if not any(it.path.is_file() and not service.faults(it) for it in map(service.unit, (False, True))):
        with Panel(pins["button"], pins["led"]):  # the service has them while it runs
            pass
    return f"good: {', '.join(found)}" if found else "none; docs/configuration.md has what can be set"


def _voice(language: Language, rendered: dict[str, Pcm]) -> str:
    with Voice(cache=None) as voice:
        rendered["pause"] = voice.render(language.examples("pause")[0], voice=language.voice)
    return f"pyttsx3 with espeak-ng renders speech: {len(rendered['pause']) / RATE:.2f} s for one word"


def _hearing(options: Options, language: Language, pause: Pcm | None) -> Iterator[Finding]:
    try:
        of_it = (routine.parts for routine in map(load, all_routines()) if routine.language == language.code)
        book = language.phrasebook(next(of_it, ()))
        hearing = Hearing.load(language, book, options.named_models)
        ears = hearing.listener()
    except VoiceguideError as error:
        yield Finding("model", False, str(error).splitlines()[0], "voiceguide models list shows what is here")
        return
    yield Finding("model", True, f"{hearing.folder} loads")
    missing = sorted({w for p in set(book.meanings) - set(hearing.book.meanings) for w in p.split()})
    unknown = [word for word in missing if not hearing.model.knows(word)]
    detail = f"{len(hearing.book.meanings)} of {len(book.meanings)} phrases are known to the model"
    detail += f"; it lacks the words: {', '.join(unknown)}" if unknown else ""
    yield Finding(
        "phrases", bool(hearing.book.meanings), detail, "" if hearing.book.meanings else "install another model"
    )
    if pause is None:
        yield Finding("hearing", False, "not tried, as there is no voice", "see the voice check")
    else:
        yield _hears_pause(ears, pause, language.examples("pause")[0])


def _hears_pause(ears: Listener, pause: Pcm, said: str) -> Finding:
    sound = np.concatenate([np.zeros(RATE // 2, np.int16), pause // 2, np.zeros(RATE, np.int16)])
    blocks = [sound[i : i + BLOCK] for i in range(0, len(sound) - BLOCK + 1, BLOCK)]
    found = [d for n, block in enumerate(blocks) for d in ears.hear(block, (n + 1) * BLOCK / RATE)]
    heard = [d.command.name for d in found if isinstance(d, Heard)]
    if heard == ["pause"]:
        return Finding("hearing", True, f'a rendered "{said}" is heard as pause')
    return Finding("hearing", False, f'a rendered "{said}" is heard as {heard or "nothing"}', "try another model")


def _routines() -> str:
    names = [load(path).id for path in all_routines()]
    return f"{len(names)} routines: {', '.join(names)}"


def _sound(options: Options) -> Iterator[Finding]:
    """The two ends as a session opens them, whether they keep up, and what of one reaches the other."""
    from voiceguide.sound.live import LiveSound, devices

    try:
        found = devices()
        missing = [kind for kind, channels in CHANNELS.items() if not any(getattr(d, channels) for d in found)]
        sound = LiveSound(options.input_device, options.output_device, microphone="microphone" not in missing)
        for kind in missing:
            yield Finding(kind, False, f"there is no {kind}", "plug one in, then look at: voiceguide devices")
        if "speaker" in missing:
            return
        blocks: list[Block] = []
        sound.open(chirp.player())
        try:
            while not blocks or blocks[-1].at < chirp.SECONDS:
                blocks.append(sound.read())
            running, troubles = sound.running, sound.troubles()
        finally:
            sound.close()
    except VoiceguideError as error:
        yield Finding("sound", False, str(error), "see docs/sound.md; rehearse and run --keyboard work without")
        return
    for one in running:
        channels = "1 channel" if one.channels == 1 else f"{one.channels} channels"
        holds = "comes in pieces of" if one.kind == "microphone" else "the device holds"
        detail = f"{one.device.name}: {one.rate} Hz, {channels}, {holds} {one.latency * 1000:.0f} ms"
        yield Finding(one.kind, True, detail)
    remedy = "see docs/sound.md, and what else the machine is doing" if troubles else ""
    yield Finding("sound", not troubles, "; ".join(troubles) or f"nothing was lost in {chirp.SECONDS:g} s", remedy)
    if "microphone" not in missing:
        heard = chirp.heard(np.concatenate([b.pcm for b in blocks]), np.concatenate([b.played for b in blocks]))
        yield _level(heard)
        yield _loop(heard)


def _level(heard: chirp.Loop) -> Finding:
    detail = f"the noise floor is {heard.floor_db:.0f} dBFS, the loudest {heard.peak_db:.0f} dBFS"
    if heard.dead:
        remedy = "is it muted, or turned down? Look at alsamixer (F4), or pactl set-source-mute"
        return Finding("level", False, "the microphone gives no sound at all", remedy)
    if heard.peak_db > chirp.CLIPPING_DB:
        return Finding("level", False, detail, "it is overdriven: turn its gain down (alsamixer, F4)")
    if heard.floor_db > chirp.NOISY_DB:
        return Finding("level", False, detail, "turn off what is loud, or the microphone's gain down (alsamixer, F4)")
    return Finding("level", True, detail)


def _loop(heard: chirp.Loop) -> Finding:
    if heard.dead:
        return Finding("loop", False, "not tried, as the microphone gives no sound", "see the level check")
    if heard.delay is None or heard.echo_db is None:
        # A speakerphone's own canceller leaves nothing of it, and that is as good as can be.
        return Finding("loop", True, "of the chirp nothing came back: if you heard it, the device takes its echo out")
    above = heard.echo_db - PARENT_DB
    detail = f"the chirp came back after {heard.delay * 1000:.0f} ms at {heard.echo_db:.0f} dBFS"
    detail += f", {abs(above):.0f} dB {'above' if above > 0 else 'below'} a parent's voice"
    if above > chirp.LOUD_ECHO_DB:
        return Finding("loop", False, detail, "turn the speaker down, or put it further from the microphone")
    return Finding("loop", True, detail)


def _clock() -> Finding:
    """The sessions' dates come from it; nothing else does."""
    now, built = time.time(), Path(__file__).stat().st_mtime
    detail = f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(now))}"
    if now < built - CLOCK_SLACK_S:
        remedy = "sudo timedatectl set-ntp true, with the internet; or add a battery clock. It is for dates alone"
        return Finding("clock", False, f"{detail}, which is before voiceguide was installed", remedy)
    return Finding("clock", True, detail)


def _packages() -> Finding:
    """What voiceguide asks for, as its metadata has it."""
    try:
        needed = [line for line in metadata.requires("voiceguide") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        return Finding("packages", False, "voiceguide itself is not installed, but run from its folder", "./run")
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in needed]
    missing = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", False, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding("packages", True, f"all {len(names)} are installed")


def _permissions() -> Finding:
    """Folders that must be writable, and be no one else's; and the sound cards."""
    kept = {
        "rendered speech": Path(platformdirs.user_cache_dir("voiceguide")),
        "recordings and models": Path(platformdirs.user_data_dir("voiceguide", appauthor=False)),
        "progress and history": Path(platformdirs.user_state_dir("voiceguide", appauthor=False)),
    }
    for what, folder in kept.items():
        at = next(p for p in (folder, *folder.parents) if p.exists())
        if not (at.is_dir() and os.access(at, os.W_OK | os.X_OK)):
            remedy = f"sudo chown -R {getpass.getuser()} {at}; without it they are not kept"
            return Finding("permissions", False, f"{at} cannot be written: it is for {what}", remedy)
    locked = [card for card in SOUND_CARDS.glob("controlC*") if not os.access(card, os.R_OK | os.W_OK)]
    if locked:
        remedy = f"sudo usermod -aG audio {getpass.getuser()}, then log in again"
        return Finding("permissions", False, f"{locked[0]} may not be opened", remedy)
    return Finding("permissions", True, "what is kept can be written")


def _journal() -> Finding:
    """Only looked at: a broken one is set aside when a session begins."""
    path = journal.default_path()
    if not path.exists():
        return Finding("journal", True, "no session is kept yet")
    if fault := journal.fault(path):
        remedy = f"sessions are not kept so; move {path} away, or check its permissions"
        return Finding("journal", False, f"{path}: {fault}", remedy)
    return Finding("journal", True, f"{path} can be read and written")


def _service() -> Finding:
    """Only of one that is installed."""
    for system in (False, True):
        it = service.unit(system)
        if it.path.is_file():
            faults = service.faults(it)
            if not faults:
                return Finding("service", True, f"{it.path}: enabled, and running")
            return Finding("service", False, *faults[0])
    return Finding("service", True, "not installed; voiceguide service install starts the guide at power-on")


def _memory() -> Finding:
    try:
        lines = MEMORY.read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return Finding("memory", True, "not known on this system")
    detail = f"{free / 1e6:.0f} MB are free"
    if free < FREE_MEMORY_BYTES:
        return Finding("memory", False, detail, "end other programs: a session takes about 140 MB")
    return Finding("memory", True, detail)


def _disk() -> Finding:
    folder = Path(platformdirs.user_cache_dir("voiceguide"))
    at = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(at).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    if free < FREE_BYTES:
        return Finding("disk", False, detail, "free some space: rendered speech is kept there, up to 200 MB")
    return Finding("disk", True, detail)
