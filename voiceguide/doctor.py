"""A check of everything that a session needs, each with its remedy."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import platformdirs

from voiceguide.errors import VoiceguideError
from voiceguide.guide.commands import Language, load_language
from voiceguide.guide.routine import all_routines, load
from voiceguide.hearing import models
from voiceguide.hearing.listener import Heard, Listener, known
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.speech.voice import Voice

SOUND_S = 2.0
"""For which the devices are tried: the speaker's latency is widened within one, where that is needed."""
CHANNELS = {"microphone": "inputs", "speaker": "outputs"}
FREE_BYTES = 300_000_000
"""For the cache of rendered speech (200 MB at most) and some air."""


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


def examine(model: Path | None = None, code: str = "en") -> Iterator[Finding]:
    """Check everything, one finding after the other. ``model``: the folder of a model, as for ``run``; ``code``: the
    language. Raises VoiceguideError where there is no file for it."""
    language = load_language(code)
    yield _python()
    rendered: dict[str, Pcm] = {}
    yield _checked("voice", lambda: _voice(language, rendered))
    yield from _hearing(model, language, rendered.get("pause"))
    yield _checked("routines", _routines)
    yield from _sound()
    yield _disk()


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


def _voice(language: Language, rendered: dict[str, Pcm]) -> str:
    with Voice(cache=None) as voice:
        rendered["pause"] = voice.render(language.examples("pause")[0], voice=language.voice)
    return f"pyttsx3 with espeak-ng renders speech: {len(rendered['pause']) / RATE:.2f} s for one word"


def _hearing(model: Path | None, language: Language, pause: Pcm | None) -> Iterator[Finding]:
    try:
        path = models.find(model, language=language.code, official=language.model)
        loaded = models.load(path)
        of_it = (routine.parts for routine in map(load, all_routines()) if routine.language == language.code)
        book = language.phrasebook(next(of_it, ()))
        usable = known(loaded, book)
        ears = Listener(loaded, usable)
    except VoiceguideError as error:
        yield Finding("model", False, str(error).splitlines()[0], "voiceguide models list shows what is here")
        return
    yield Finding("model", True, f"{path} loads")
    missing = sorted({w for p in set(book.meanings) - set(usable.meanings) for w in p.split()})
    unknown = [word for word in missing if not loaded.knows(word)]
    detail = f"{len(usable.meanings)} of {len(book.meanings)} phrases are known to the model"
    detail += f"; it lacks the words: {', '.join(unknown)}" if unknown else ""
    yield Finding("phrases", bool(usable.meanings), detail, "" if usable.meanings else "install another model")
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


def _sound() -> Iterator[Finding]:
    """The two ends as a session opens them, and whether they keep up."""
    from voiceguide.sound.live import LiveSound, devices

    try:
        found = devices()
        missing = [kind for kind, channels in CHANNELS.items() if not any(getattr(d, channels) for d in found)]
        sound = LiveSound(microphone="microphone" not in missing)
        for kind in missing:
            yield Finding(kind, False, f"there is no {kind}", "plug one in, then look at: voiceguide devices")
        if "speaker" in missing:
            return
        sound.open(lambda n: np.zeros(n, np.int16))
        try:
            while sound.read().at < SOUND_S:
                pass
            running, problems = sound.running, sound.problems()
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
    remedy = "see docs/sound.md, and what else the machine is doing" if problems else ""
    yield Finding("sound", not problems, problems or f"nothing was lost in {SOUND_S:g} s", remedy)


def _disk() -> Finding:
    folder = Path(platformdirs.user_cache_dir("voiceguide"))
    at = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(at).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    if free < FREE_BYTES:
        return Finding("disk", False, detail, "free some space: rendered speech is kept there, up to 200 MB")
    return Finding("disk", True, detail)
