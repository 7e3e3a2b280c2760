"""Tries out a model: can it be used to hear? A damaged one may make Vosk end the whole process without a word, so
another process tries it. Once is enough, until the model's files change."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np

from voiceguide.errors import ModelError, VoiceguideError
from voiceguide.files import atomic, child, private
from voiceguide.files.paths import user_folder
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import model as recognition
from voiceguide.recognition.model import known
from voiceguide.sound import BLOCK, RATE, chirp

TRIED = user_folder("cache") / "models-tried"
LIMIT_S = 120.0
"""The biggest models take half a minute to load on a Raspberry Pi."""
REFUSED = 4
FORMAT = 1
"""Of the trial. It changes when something else is tried, so that all models are tried again."""
PHRASES = ("next", "pause", "stop", "go on", "weiter", "suivant")
"""Those that the model knows are used."""

LOUDNESS = (0.0, 2.0, 100.0, 10_000.0)
"""RMS of noise: digital silence, a microphone's hiss, a kitchen, an overdriven input."""


def need_good(path: Path, identity: str) -> None:
    """Raise ModelError if the model in ``path`` can't be used. ``identity``: as models.identity gives it."""
    done = TRIED / hashlib.sha256(f"{FORMAT} {identity}".encode()).hexdigest()
    if done.exists():
        return
    try:
        tried = child.start("voiceguide.recognition.trial", str(path), piped=True)
    except OSError:
        return  # no process can be started: it stays untried
    with tried:
        try:
            told, _ = tried.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            raise ModelError(f"{path}: the recogniser hangs with it; install it again, or choose another") from None
        finally:
            tried.kill()
    if tried.returncode == REFUSED:
        raise ModelError(told.decode(errors="replace").strip())
    if tried.returncode:
        raise ModelError(f"{path}: it is damaged, and ends the recogniser; install it again, or choose another")
    with contextlib.suppress(OSError):
        private.make(done.parent)
        atomic.write(done, b"")


def hear_with(path: Path) -> None:
    """Recognise silence, noise of any loudness, and a tone: enough to go through all of its network."""
    model = recognition.load(path)
    recogniser = model.recogniser(known(model, Phrasebook(dict.fromkeys(PHRASES, Command("next")), ())))
    chance = np.random.default_rng(0)
    sounds = [np.clip(chance.normal(size=RATE) * loud, -32768, 32767).astype(np.int16) for loud in LOUDNESS]
    for sound in [*sounds, chirp.tone(), np.zeros(2 * RATE, np.int16)]:
        for start in range(0, len(sound), BLOCK):
            recogniser.AcceptWaveform(sound[start : start + BLOCK].tobytes())
            recogniser.PartialResult()
        recogniser.FinalResult()  # here it looks at everything that could have been said


if __name__ == "__main__":
    try:
        hear_with(Path(sys.argv[1]))
    except VoiceguideError as refusal:
        print(refusal)
        sys.exit(REFUSED)
