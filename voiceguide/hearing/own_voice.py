"""What the guide's own voice would fake. It reaches the microphone, and must not be obeyed.

Each rendered sentence is run once through the recogniser of the session, and its text is searched
for phrases, so that it is known which commands it could fake, and when. While it plays, exactly those are refused at
exactly those moments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import platformdirs

from voiceguide.files.cache import Cache
from voiceguide.hearing.ears import Fake
from voiceguide.hearing.listener import CALM_BLOCKS
from voiceguide.language.language import Phrasebook
from voiceguide.language.template import normal
from voiceguide.recognition.model import Model, known
from voiceguide.recognition.watched import WatchedRecogniser
from voiceguide.sound import BLOCK, RATE, Pcm

DEFAULT_CACHE = Path(platformdirs.user_cache_dir("voiceguide")) / "own-voice"
CACHE_LIMIT = 16_000_000
"""Bytes on the disk: 4000 sentences. A routine has some 300, and each is kept for every pace that it's said in."""
FORMAT = 3
"""Of the cache's files; counted up with every change to how fakes are found."""
SLACK_S = 0.5
"""Words are not placed more exactly than this by where they stand in a text or in a partial result."""
LOOK_AHEAD_S = 0.3
"""A partial result is about this much older than the sound that it stands for (the model's right context)."""


class OwnVoice:
    """Finds the fakes of sentences, and keeps them on disk. Thread-safe."""

    def __init__(
        self, model: Model, phrasebook: Phrasebook, *, identity: str = "", cache: Path | None = DEFAULT_CACHE
    ) -> None:
        """``identity``: what tells the model from others (models.identity); ``cache``: a folder,
        or None."""
        self._model = model
        self._book = known(model, phrasebook)
        self._longest = max((len(phrase.split()) for phrase in self._book.meanings), default=0)
        self._cache = Cache(cache, ".json", CACHE_LIMIT) if cache is not None else None
        phrases = json.dumps([FORMAT, identity, model.settings, sorted(self._book.meanings), self._book.decoys])
        self._key = hashlib.sha256(phrases.encode()).hexdigest()

    def fakes(self, text: str, pcm: Pcm) -> tuple[Fake, ...]:
        """The commands that a sentence, rendered as ``pcm`` (int16[n], 16 kHz), could fake in the microphone.

        Every phrase counts that stands anywhere in the text or in a final result, however unsure, or that stood at
        the end of a partial result for as long as would do for a command."""
        name = hashlib.sha256("\0".join((self._key, text)).encode() + pcm.tobytes()).hexdigest()
        kept = self._recall(name)
        if kept is None:
            kept = _merged([*self._read(text, len(pcm) / RATE), *self._listen(pcm)], len(pcm) / RATE)
            self._keep(name, kept)
        return tuple(Fake(phrase, self._book.meanings[phrase], at, until) for phrase, at, until in kept)

    def _read(self, text: str, seconds: float) -> Iterator[tuple[str, float, float]]:
        """The phrases in the text. A word is said about where it stands in the sentence."""
        words = normal(text).split()
        for first, last, phrase in self._phrases(words):
            before, until = (sum(map(len, words[:n])) / max(1, sum(map(len, words))) for n in (first, last))
            yield phrase, round(before * seconds - SLACK_S, 2), round(until * seconds + SLACK_S, 2)

    def _listen(self, pcm: Pcm) -> Iterator[tuple[str, float, float]]:
        """The phrases in what the recogniser takes it for."""
        ears = WatchedRecogniser(partial(self._model.recogniser, self._book))
        lead = RATE // 2
        sound = np.concatenate([np.zeros(lead, np.int16), pcm, np.zeros(RATE, np.int16)])
        last_words: list[str] = []
        still = 0
        for i in range(0, len(sound) - BLOCK + 1, BLOCK):
            now = (i + BLOCK - lead) / RATE
            answer = ears.accept(sound[i : i + BLOCK].tobytes())
            if answer is None:  # the recogniser hung or failed: what stands in the text is known all the same
                return
            if answer.readings is not None:
                for spoken in (reading.words for reading in answer.readings):
                    for first, last, phrase in self._phrases([word.text for word in spoken]):
                        start, end = spoken[first].at - lead / RATE, spoken[last - 1].until - lead / RATE
                        yield phrase, round(start, 2), round(end, 2)
            else:
                words = answer.partial.split()
                still = still + 1 if words == last_words else 1
                last_words = words
                for _, last, phrase in self._phrases(words):
                    # The newest; those before it were noted when they were that.
                    if last == len(words) and still >= CALM_BLOCKS:
                        yield phrase, round(now - LOOK_AHEAD_S - SLACK_S, 2), round(now, 2)

    def _phrases(self, words: list[str]) -> Iterator[tuple[int, int, str]]:
        """The phrases among ``words``: from which word to which, and the phrase."""
        for first in range(len(words)):
            for last in range(first + 1, min(len(words), first + self._longest) + 1):
                phrase = " ".join(words[first:last])
                if phrase in self._book.meanings:
                    yield first, last, phrase

    def _recall(self, name: str) -> list[tuple[str, float, float]] | None:
        if self._cache is None:
            return None
        try:
            kept = json.loads(self._cache.read(name) or b"")
            return [(str(p), float(a), float(b)) for p, a, b in kept if p in self._book.meanings]
        except (ValueError, TypeError):
            return None

    def _keep(self, name: str, found: list[tuple[str, float, float]]) -> None:
        if self._cache is not None:
            self._cache.write(name, json.dumps(found).encode())


def _merged(found: list[tuple[str, float, float]], seconds: float) -> list[tuple[str, float, float]]:
    """One entry for each phrase and moment within the sentence: those that touch are one."""
    merged: dict[str, list[tuple[float, float]]] = {}
    for phrase, start, end in sorted(found, key=lambda f: f[1]):
        at, until = max(0.0, start), min(seconds, end)
        spans = merged.setdefault(phrase, [])
        if spans and at <= spans[-1][1] + 0.1:
            spans[-1] = (spans[-1][0], max(until, spans[-1][1]))
        else:
            spans.append((at, until))
    return [(phrase, at, until) for phrase, spans in merged.items() for at, until in spans]
