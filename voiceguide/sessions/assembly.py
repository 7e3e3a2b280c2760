"""Finds, loads and connects the parts of a session. Every command and benchmark gets them from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path

import numpy as np

from voiceguide.config import DEFAULT_ROUTINE, EMERGENCY_NUMBER, voice_in_environment
from voiceguide.errors import ModelError, SoundError, VoiceguideError
from voiceguide.files.paths import expanded
from voiceguide.hearing.crying import CryEar, CryNetwork
from voiceguide.hearing.ears import Crying, Heard, Ignored
from voiceguide.hearing.listener import Listener
from voiceguide.hearing.own_voice import OwnVoice
from voiceguide.language.language import Language, load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models
from voiceguide.recognition.model import NONE, Model, known
from voiceguide.routine.baby import Baby
from voiceguide.routine.library import in_language
from voiceguide.routine.routine import Routine
from voiceguide.sessions.narrator import Narrator
from voiceguide.sessions.recorded_lines import Recorded
from voiceguide.sound import BLOCK, RATE, Pcm, Sound
from voiceguide.sound.live import LiveSound, devices
from voiceguide.sound.silent import SilentSound
from voiceguide.speech import music
from voiceguide.speech.choice import NONE_WANTED, Wanted, choose
from voiceguide.speech.lullaby import lullaby
from voiceguide.speech.music import Music
from voiceguide.speech.voice import Voice

Warn = Callable[[str], None]
"""Tells the user, in a line, that something won't be as asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user has asked for."""

    routine: str | None = None
    """A name or a file; None: the default routine, or a script's."""
    language: str | None = None
    """Of the guide and the parent; None: the routine's."""
    baby: str | None = None
    """The baby's name."""
    pronoun: str | None = None
    """How to speak of the baby: she, he or they."""
    at: str | None = None
    """The step or part to start at."""
    resume: bool | None = None
    """Whether to go on with an unfinished session; None: ask the parent."""
    minutes: int | None = None
    """How many there are for the massage; None: as many as it takes."""
    music: str | None = None
    """A file, a folder or ``lullaby``, played from the start; None: the lullaby, if the parent asks for music."""
    cry: bool = False
    """Whether the guide asks if to stop when it hears crying."""
    keyboard: bool = False
    """Whether commands are typed instead of said."""
    input_device: str | int | None = None
    """A device's number, or part of its name; None: the default one."""
    output_device: str | int | None = None
    button: str | None = None
    """A Raspberry Pi's pin."""
    led: str | None = None
    emergency_number: str = EMERGENCY_NUMBER
    """The number to call, in digits."""
    voices: Wanted = field(default_factory=voice_in_environment)
    """As config.named_voices has them."""
    named_models: Mapping[str, Path] = field(default_factory=dict)
    """As config.named_models has them."""


def content(options: Options) -> tuple[Routine, Language]:
    """The routine, in its language or translated into the one that was asked for, and that language; both speak of
    the baby by name. Raises VoiceguideError."""
    if options.language is not None:
        load_language(options.language)  # an unknown language is a clearer error than a missing translation
    routine = in_language(options.routine or DEFAULT_ROUTINE, options.language)
    baby = Baby(options.baby, options.pronoun)
    language = baby.language(load_language(routine.language, options.emergency_number))
    routine = baby.routine(routine, language)
    if options.at is not None and not any(options.at in (step.id, step.part) for step in routine.steps):
        raise VoiceguideError(f"{routine.id} has no step '{options.at}'; see: voiceguide show {routine.id}")
    return routine, language


@dataclass(frozen=True, slots=True)
class Hearing:
    """A recognition model, loaded, and the phrases to listen for."""

    folder: Path
    model: Model
    book: Phrasebook
    """Only phrases whose words the model knows."""

    @classmethod
    def load(
        cls,
        language: Language,
        book: Phrasebook,
        named: models.Named = models.NONE_NAMED,
        pronounce: Mapping[str, str] = NONE,
    ) -> Hearing:
        """Find and load the model for a language. ``named``: as for models.find; ``pronounce``: as for models.load.

        Raises ModelError, and SpeechError if words are spelt and there's no espeak-ng."""
        folder = models.find(named, language=language.code, official=language.model)
        model = models.load(folder, pronounce)
        return cls(folder, model, known(model, book))

    @classmethod
    def of(cls, routine: Routine, language: Language, named: models.Named = models.NONE_NAMED) -> Hearing:
        """What's needed to hear the commands of a routine. Raises as ``load``."""
        return cls.load(language, language.phrasebook(routine.parts), named, routine.pronounce)

    def listener(self, crying: CryEar | None = None) -> Listener:
        return Listener(self.model, self.book, crying=crying)

    def hear(self, blocks: Iterable[Pcm]) -> Iterator[Heard | Ignored]:
        """What is heard in a recording, as it's decided. ``blocks``: int16[n], 16 kHz, of about 30 ms."""
        ears, samples = self.listener(), 0
        silence = np.zeros(BLOCK, np.int16)
        for pcm in chain(blocks, repeat(silence, RATE // BLOCK)):  # a second of silence ends the last utterance
            samples += len(pcm)
            for decided in ears.hear(pcm, samples / RATE):
                if not isinstance(decided, Crying):  # there's no ear for it here
                    yield decided
        yield from ears.finish()

    def own_voice(self) -> OwnVoice:
        return OwnVoice(self.model, self.book, identity=models.identity(self.folder))


def cry_ear(wanted: bool, warn: Warn) -> CryEar | None:
    """The ear for crying; None where it isn't ``wanted``, or can't be had: a session goes on without."""
    try:
        return CryEar(CryNetwork.in_the_box()) if wanted else None
    except ModelError as error:
        warn(f"not listening for crying: {error}")
        return None


def narrator(
    routine: Routine,
    language: Language,
    voice: Voice,
    own_voice: OwnVoice | None,
    *,
    ahead: bool,
    warn: Warn,
    wanted: Wanted = NONE_WANTED,
) -> Narrator:
    """A narrator in the voice that was asked for, or the best for the language; or in the user's own where there are
    recordings. ``ahead``: as for Narrator."""
    names, notes = choose(language.code, language.voice, wanted)
    for note in notes:
        warn(note)
    return Narrator(
        voice,
        own_voice,
        ahead=ahead,
        names=names,
        warn=warn,
        recorded=Recorded(routine, warn).pcm,
        respell=routine.respell,
    )


def music_of(wanted: str | None, *, ahead: bool, warn: Warn) -> Music:
    """The music that was asked for, as in Options. With ``ahead`` it's read in the background, in time for a real
    speaker.

    Raises VoiceguideError if it can't be found."""
    if wanted is None or wanted == "lullaby":
        return Music(lullaby(), ahead=ahead)
    return Music(music.recorded(music.files_of(expanded(wanted)), warn), ahead=ahead)


def sound_of(options: Options) -> Sound:
    """The microphone and the speaker. For typed commands no microphone is opened; and if there's no speaker either,
    and none was asked for, there's no sound."""
    if not options.keyboard:
        return LiveSound(options.input_device, options.output_device)
    try:
        speaker = any(device.outputs for device in devices())
    except SoundError:
        speaker = False
    if speaker or options.output_device is not None:
        return LiveSound(output_device=options.output_device, microphone=False)
    return SilentSound()
