"""Speech by four synthesisers in many voices: espeak-ng, flite and festival as in Debian, and SVOX Pico."""

from __future__ import annotations

import importlib.util
import random
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from models.recipe import store
from models.recipe.errors import RecipeError
from models.recipe.phones import INDEX, arpabet
from models.recipe.split import HELD_OUT_ESPEAK, HELD_OUT_FESTIVAL, HELD_OUT_FLITE

Sound = NDArray[np.float64]

GUIDE_VOICE = "en-us+f3"
"""The guide's own voice: its echo is a noise."""

ESPEAK_ACCENTS = {
    "en-us": 6,
    "en-gb": 4,
    "en-gb-scotland": 2,
    "en-gb-x-rp": 2,
    "en-gb-x-gbclan": 1,
    "en-gb-x-gbcwmd": 1,
    "en-029": 1,
    "en-us-nyc": 2,
}
_VARIANTS = """m1 m2 m3 m4 m5 m6 m8 f1 f3 f4 klatt klatt2 klatt3 klatt4 Alex Alicia Andrea Andy Annie Denis Diogo Gene
Gene2 Henrique Hugo Jacky Lee Linda Marco Mario Michael Mike Mr Storm adam anika antonio aunty belinda benjamin boris
caleb david ed edward edward2 grandma grandpa iven iven2 iven3 iven4 john kaukovalta marcelo max michel miguel norbert
pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 travis victor zac"""
# The held-out variants are left out with every accent, not only in the held-out pairs.
ESPEAK_VARIANTS = sorted(set(_VARIANTS.split()) - {voice.partition("+")[2] for voice in HELD_OUT_ESPEAK})
FLITE_VOICES = {"rms": 2, "slt": 2, "kal16": 1}
FESTIVAL_VOICES = {"cmu_us_slt_arctic_hts": 2, "kal_diphone": 1}
PICO_VOICES = {"en-US": 1, "en-GB": 1}
assert not set(FLITE_VOICES) & set(HELD_OUT_FLITE)
assert not set(FESTIVAL_VOICES) & set(HELD_OUT_FESTIVAL)


@dataclass(frozen=True, slots=True)
class Job:
    """A shard of speech to make. The seed decides which voice says each of the ``texts``."""

    engine: str
    name: str
    seed: int
    texts: tuple[str, ...]


def check(engines: Collection[str]) -> None:
    """Raises RecipeError if a synthesiser or a voice is not installed."""
    programs = {"espeak": "espeak-ng", "guide": "espeak-ng", "flite": "flite", "festival": "festival"}
    for engine in sorted(engines):
        if engine in programs and shutil.which(programs[engine]) is None:
            raise RecipeError(f"{programs[engine]} is not installed: see models/recipe/README.md")
    if "pico" in engines and importlib.util.find_spec("py_nanotts") is None:
        raise RecipeError("py-nanotts is not installed: pip install -e '.[recipe]'")
    for voice in FESTIVAL_VOICES if "festival" in engines else ():
        tried = subprocess.run(["festival", "-b", f"(voice_{voice})"], capture_output=True, check=False)
        if tried.returncode != 0 or b"unbound variable" in tried.stderr:
            raise RecipeError(f"festival's voice {voice} is not installed: see models/recipe/README.md")


def run(job: Job, folder: Path) -> None:
    """Make the shard unless it exists. Utterances that fail are left out."""
    if not store.exists(folder, job.name):
        speak = {"espeak": _espeak, "flite": _flite, "festival": _festival, "guide": _guide, "pico": _pico}[
            job.engine
        ]
        store.write(folder, job.name, speak(job))


def _said(text: str) -> str:
    return text.replace(",", "")


def _mono16(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float64")
    sound = sound[:, 0] if sound.ndim > 1 else sound
    return np.asarray(sound if rate == store.RATE else resample_poly(sound, store.RATE, rate))


def _trimmed(sound: Sound) -> Sound | None:
    """Cut most of the silence from both ends. None if the rest is too short, silent, or longer than 11 s."""
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max(initial=0))
    if len(loud) == 0:
        return None
    margin = store.RATE // 20
    sound = sound[max(0, loud[0] - margin) : loud[-1] + margin]
    return sound if store.RATE // 8 <= len(sound) <= 11 * store.RATE else None


def _espeak_sound(voice: str, speed: int, pitch: int, spread: int, gap: int, text: str) -> Sound | None:
    # The range of the pitch can only be set in SSML.
    marked = f'<prosody range="{spread}%">{text}</prosody>'
    command = ["espeak-ng", "-m", "-v", voice, "-s", str(speed), "-p", str(pitch), "-g", str(gap), "--stdout", marked]
    data = subprocess.run(command, capture_output=True, check=False).stdout
    # A stream's header has no valid length. What follows its 44 bytes is 22,050 Hz PCM.
    pcm = np.frombuffer(data[44 : len(data) // 2 * 2], np.int16)
    return _trimmed(resample_poly(pcm / 32768, 320, 441)) if len(pcm) else None


def _espeak(job: Job) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    rng = random.Random(job.seed)
    accents, weights = list(ESPEAK_ACCENTS), list(ESPEAK_ACCENTS.values())
    for text in job.texts:
        voice = f"{rng.choices(accents, weights)[0]}+{rng.choice(ESPEAK_VARIANTS)}"
        speed, pitch = round(rng.triangular(105, 240, 160)), rng.randint(10, 90)
        spread, gap = rng.choice((40, 70, 100, 130, 170)), rng.choice((0, 0, 0, 2, 4))
        sound = _espeak_sound(voice, speed, pitch, spread, gap, text)
        if sound is not None:
            yield store.normalised(sound), store.Utterance(0, 0, _said(text), "espeak", voice)


def _guide(job: Job) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    """Sentences in the guide's own voice. It is used as noise, so no text is kept."""
    for text in job.texts:
        sound = _espeak_sound(GUIDE_VOICE, 140, 50, 100, 0, text)
        if sound is not None:
            yield store.normalised(sound), store.Utterance(0, 0, "", "guide", GUIDE_VOICE)


def _flite(job: Job) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    rng = random.Random(job.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.wav"
        for text in job.texts:
            voice = rng.choices(list(FLITE_VOICES), list(FLITE_VOICES.values()))[0]
            pitch = rng.randint(140, 250) if voice == "slt" else rng.randint(75, 160)
            settings = {"duration_stretch": rng.uniform(0.75, 1.25), "int_f0_target_mean": pitch}
            settings["int_f0_target_stddev"] = rng.uniform(5, 35)
            command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(out)]
            for key, value in settings.items():
                command[3:3] = ["--setf", f"{key}={value:.2f}"]
            printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            if not out.exists():
                continue
            sound = _mono16(out)
            out.unlink()
            phones = _timings(printed, len(sound) / store.RATE)
            if store.RATE // 8 <= len(sound) <= 11 * store.RATE:
                yield store.normalised(sound), store.Utterance(0, 0, _said(text), "flite", voice, phones)


def _timings(printed: str, seconds: float) -> tuple[tuple[int, float], ...]:
    """The phones and their ends, which flite prints as "ae:0.35", stretched to the real length of the sound."""
    pairs = [part.rpartition(":") for part in printed.split() if ":" in part]
    if not pairs:
        return ()
    stretch = seconds / float(pairs[-1][2])
    if not 0.6 < stretch < 1.6:
        return ()
    phones = [INDEX.get(arpabet(name), 0) for name, _, _ in pairs]
    return tuple((phone, round(float(end) * stretch, 4)) for phone, (_, _, end) in zip(phones, pairs, strict=True))


def _festival(job: Job) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    rng = random.Random(job.seed)
    with tempfile.TemporaryDirectory() as folder:
        script, voices = [], []
        for n, text in enumerate(job.texts):
            voices.append(rng.choices(list(FESTIVAL_VOICES), list(FESTIVAL_VOICES.values()))[0])
            script += [
                f"(voice_{voices[-1]})",
                f"(Parameter.set 'Duration_Stretch {rng.uniform(0.75, 1.25):.2f})",
                f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{n}.wav" \'riff)',
            ]
        source = Path(folder) / "all.scm"
        source.write_text("\n".join(script))
        subprocess.run(["festival", "-b", str(source)], capture_output=True, check=False)
        for n, text in enumerate(job.texts):
            path = Path(folder) / f"{n}.wav"
            sound = _trimmed(_mono16(path)) if path.exists() else None
            if sound is not None:
                yield store.normalised(sound), store.Utterance(0, 0, _said(text), "festival", voices[n])


def _pico(job: Job) -> Iterator[tuple[store.Pcm, store.Utterance]]:
    from py_nanotts import NanoTTS

    rng, pico = random.Random(job.seed), NanoTTS()
    for text in job.texts:
        voice = rng.choices(list(PICO_VOICES), list(PICO_VOICES.values()))[0]
        # Both are women's voices. Lowered together with the formants, they sound a little like men's.
        pcm = pico.speak(text, voice=voice, speed=rng.triangular(0.75, 1.35, 1.0), pitch=rng.uniform(0.7, 1.25))
        sound = _trimmed(np.frombuffer(pcm, np.int16) / 32768)
        if sound is not None:
            yield store.normalised(sound), store.Utterance(0, 0, _said(text), "pico", voice)
