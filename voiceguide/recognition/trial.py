"""Whether a model can be heard with. Of a damaged one Vosk may end the whole process, without a word, so another
process tries it; once, for as long as its files stay as they are."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import platformdirs

from voiceguide.errors import ModelError, VoiceguideError
from voiceguide.files import atomic, private
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import model as recognition
from voiceguide.recognition.model import known
from voiceguide.sound import BLOCK, RATE, chirp

TRIED = Path(platformdirs.user_cache_dir("voiceguide")) / "models-tried"
LIMIT_S = 120.0
"""The biggest models take half a minute to load on a Raspberry Pi."""
REFUSED = 4
FORMAT = 1
"""Of the trial; changed with what is tried."""
PHRASES = ("next", "pause", "stop", "go on", "weiter", "suivant")
"""Whichever of these the model knows."""

LOUDNESS = (0.0, 2.0, 100.0, 10_000.0)
"""RMS of noise: digital silence, a microphone's hiss, a kitchen, an overdriven input."""


def need_good(path: Path, identity: str) -> None:
    """Raises ModelError where the model in ``path`` cannot be heard with. ``identity``: as models.identity."""
    done = TRIED / hashlib.sha256(f"{FORMAT} {identity}".encode()).hexdigest()
    if done.exists():
        return
    command = [sys.executable, "-P", "-m", "voiceguide.recognition.trial", str(path)]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise ModelError(f"{path}: the recogniser hangs with it; install it again, or choose another") from None
    except OSError:
        return  # no process can be had: it goes on untried
    if tried.returncode == REFUSED:
        raise ModelError(tried.stdout.decode(errors="replace").strip())
    if tried.returncode:
        raise ModelError(f"{path}: it is damaged, and ends the recogniser; install it again, or choose another")
    with contextlib.suppress(OSError):
        private.make(done.parent)
        atomic.write(done, b"")


def hear_with(path: Path) -> None:
    """Silence, noise of any loudness, tones: enough to go through all of its network."""
    model = recognition.load(path)
    recogniser = model.recogniser(known(model, Phrasebook(dict.fromkeys(PHRASES, Command("next")), ())))
    chance = np.random.default_rng(0)
    sounds = [np.clip(chance.normal(size=RATE) * loud, -32768, 32767).astype(np.int16) for loud in LOUDNESS]
    for sound in [*sounds, chirp.tone(), np.zeros(2 * RATE, np.int16)]:
        for start in range(0, len(sound), BLOCK):
            recogniser.AcceptWaveform(sound[start : start + BLOCK].tobytes())
            recogniser.PartialResult()
        recogniser.FinalResult()  # where it looks at all that could have been said


if __name__ == "__main__":
    try:
        hear_with(Path(sys.argv[1]))
    except VoiceguideError as refusal:
        print(refusal)
        sys.exit(REFUSED)
