"""Held-out speech: a fixed sample of commands, and of sentences that are none, by voices that no training uses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from models.recipe.split import HELD_OUT_ESPEAK, HELD_OUT_FESTIVAL, HELD_OUT_FLITE
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sound import Pcm
from voiceguide.speech.voice import Voice, levelled

VOICES = (
    *(f"festival {name}" for name in HELD_OUT_FESTIVAL),
    *(f"flite {name}" for name in HELD_OUT_FLITE),
    *(f"espeak {name}" for name in HELD_OUT_ESPEAK),
)
PHRASES_OF_A_KIND = 3
"""The number that the smallest kinds have ("yes", "what are the signs"), so that all kinds weigh the same."""

_OUTSIDE = """
neck|paws|step|text|necks|stew|top|shop|spot|step on it|nest|best|rest|test|fix|six|pack|black|bag|good|how|
cause|laws|box|hot|keep|knees|note|nose|know|snow|now|yet|jazz|guess|easy|heavy|eddy|spaghetti|greedy|hip|ship|
trip|sleep|tip|held|hell|yelp|kelp|lower|flower|shower|chowder|quiet|diet|riot|lighter|master|plaster|blaster|
older|shoulder|red|bread|pain au chocolat|dad|sat|mad|fired|wired|hungary|angry|hurry|sorry|story|kitchen|
bottle|nappy|blanket|window|the next bus is late|we had to stop at the lights|can you pause the film|
I'll be back at six|say hello to your granny|the neck of the bottle is cracked|put the paws down|mind the step|
he took his first step|the cat has soft paws|I need to go to the shop|let's go to the park later|
are you ready for lunch|your tea is getting cold|did you turn the oven off|I cannot find my glasses|
the washing machine is finished|who is at the door|your father is coming home early|what time is it|
it is raining again outside|the baby next door was crying all night|my sister is tired of her job|
the dog is hungry|the kettle is boiling|is the water warm enough|pass me the towel|
could you close the window please|I slept three hours last night|she was so happy at the party|
he said no to everything today|yes I know what you mean|no I didn't say that|oh yes of course|
that's a nice blanket|look at those tiny fingers|who's a lovely little boy|you are such a good girl|
there there it's all right|mummy is here|daddy loves you|did you have a nice nap|peekaboo|row row row your boat|
twinkle twinkle little star|what a big yawn|you smell of milk|shall we change your nappy|
where is your other sock|what have you got there|give granny a smile|the phone is ringing|I'll call you back|
put it on the table|turn the television off|the news is on at ten|somebody should stop him|
they finished two nil|she skipped breakfast this morning|he always repeats himself|
I told you so again and again|help yourself to some cake|how long have you lived here|
where are we going on Sunday|why did you do that|the music next door is too loud again|he drives too fast|
the bus was far too slow|wait for the green light|we will continue after the break|don't go back on your word|
the chest of drawers is full|I hurt my back in the garden|her face was all red from the sun|he has long arms|
my legs are killing me|the film was sad|I was scared of dogs as a child|you look pale have you eaten|
the sky is turning grey|blue suits you|the soup is too hot|mixed salad for two please|that was a good sign|
the doctor said he is fine|grandma can't hear the bell|I can't wait for the summer|
we skipped the last part of the show|one moment he laughs and then he cries|all done with the dishes|
let's begin with the potatoes|read me the letter|he doesn't like broccoli|she likes it when it snows|
they were not happy with the room|keep the change|move the chair a bit|hold the door please|hang the towel up|
hand me the oil|carry the bags upstairs|go away|come here|come on|sit down|good night|good morning|thank you|
excuse me|never mind|of course|I think so|maybe later
"""
OUTSIDE = tuple(_OUTSIDE.replace("\n", "").split("|"))
"""What people say in a room with a baby that is no command. Half of it sounds like one, or contains one."""


def kind_of(command: Command) -> str:
    """The kind of a command, for weighing: each name and each sign is a kind; all dangers together are one."""
    if command.danger:
        return "danger"
    if command.reason:
        return "kinds of crying"
    return f"{command.name} {command.sign}" if command.sign else command.name


def sample(book: Phrasebook) -> list[str]:
    """The same number of phrases of each kind: the one that the language file lists first, which people are told to
    say, and others in the order of their SHA-256."""
    kinds: dict[str, list[str]] = {}
    for phrase, command in book.meanings.items():
        kinds.setdefault(kind_of(command), []).append(phrase)
    chosen = []
    for phrases in kinds.values():
        rest = sorted(phrases[1:], key=lambda phrase: hashlib.sha256(phrase.encode()).hexdigest())
        chosen += [phrases[0], *rest[: PHRASES_OF_A_KIND - 1]]
    return chosen


class Speaker:
    """Renders text with the held-out voices, and keeps the sound in a folder."""

    def __init__(self, cache: Path) -> None:
        """``cache``: the folder; it is made if it is missing."""
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def prepare(self, texts: Iterable[str], voices: Iterable[str] = VOICES) -> None:
        """Render what is missing, many texts in one process.

        Raises FileNotFoundError if flite or festival is not installed, SpeechError if espeak-ng is not."""
        texts = list(dict.fromkeys(texts))
        for voice in voices:
            engine, name = voice.split(" ", 1)
            missing = [text for text in texts if not self._path(voice, text).exists()]
            if not missing:
                continue
            if engine == "espeak":
                with Voice(cache=None) as espeak:
                    for text in missing:
                        rate = 130 + int(hashlib.sha256(text.encode()).hexdigest(), 16) % 50
                        self._keep(voice, text, espeak.render(text, voice=name, rate=rate))
            else:
                with tempfile.TemporaryDirectory() as folder:
                    (_festival if engine == "festival" else _flite)(name, missing, Path(folder))
                    for n, text in enumerate(missing):
                        pcm, hertz = soundfile.read(Path(folder, f"{n}.wav"), dtype="int16")
                        self._keep(voice, text, levelled(pcm.tobytes(), hertz))

    def say(self, text: str, voice: str) -> Pcm:
        """int16[n], 16 kHz, trimmed, -20 dBFS (speech/voice.py): rendered first if it is missing."""
        path = self._path(voice, text)
        if not path.exists():
            self.prepare([text], [voice])
        return np.asarray(np.load(path), np.int16)

    def _path(self, voice: str, text: str) -> Path:
        return self._cache / f"{hashlib.sha256(json.dumps([voice, text]).encode()).hexdigest()[:32]}.npy"

    def _keep(self, voice: str, text: str, pcm: Pcm) -> None:
        part = self._cache / ".part.npy"
        np.save(part, pcm)
        part.replace(self._path(voice, text))


def _festival(voice: str, texts: list[str], folder: Path) -> None:
    lines = [f"(voice_{voice})"]
    for n, text in enumerate(texts):
        quoted = text.replace("\\", "").replace('"', "")
        lines.append(f'(utt.save.wave (SynthText "{quoted}") "{folder}/{n}.wav" \'riff)')
    lines.insert(1, "(define (SynthText text) (utt.synth (eval (list 'Utterance 'Text text))))")
    script = folder / "say.scm"
    script.write_text("\n".join(lines), "utf-8")
    subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)


def _flite(voice: str, texts: list[str], folder: Path) -> None:
    for n, text in enumerate(texts):
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", f"{folder}/{n}.wav"], check=True)
