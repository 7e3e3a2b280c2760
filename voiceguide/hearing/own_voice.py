"""Which commands the guide's own voice would fake when it reaches the microphone.

Each rendered sentence is run through the session's recogniser once, and its text is searched for phrases. So we know
which commands it could fake, and when. While it plays, exactly those are refused, at exactly those moments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from voiceguide.files.cache import Cache
from voiceguide.files.paths import user_folder
from voiceguide.hearing.ears import Fake
from voiceguide.hearing.listener import CALM_BLOCKS
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.recognition.model import Model, known
from voiceguide.recognition.watched import WatchedRecogniser
from voiceguide.sound import BLOCK, RATE, Pcm

DEFAULT_CACHE = user_folder("cache") / "own-voice"
CACHE_LIMIT = 16_000_000
"""Bytes on the disk, enough for 4000 sentences. A routine has some 300, and each is kept for every pace."""
FORMAT = 3
"""Of the cache's files. Counted up with every change to how fakes are found."""
SLACK_S = 0.5
"""How far off the time of a word may be when it's only known from a text or a partial result."""
LOOK_AHEAD_S = 0.3
"""A partial result comes about this long after the sound it stands for (the model's right context)."""


class OwnVoice:
    """Finds the fakes of sentences, and keeps them on the disk. Thread-safe."""

    def __init__(
        self, model: Model, phrasebook: Phrasebook, *, identity: str = "", cache: Path | None = DEFAULT_CACHE
    ) -> None:
        """``identity``: of the model (models.identity), so that another model's fakes aren't used. ``cache``: a
        folder, or None."""
        self._model = model
        self._book = known(model, phrasebook)
        self._longest = max((len(phrase.split()) for phrase in self._book.meanings), default=0)
        self._cache = Cache(cache, ".json", CACHE_LIMIT) if cache is not None else None
        phrases = json.dumps([FORMAT, identity, model.settings, sorted(self._book.meanings), self._book.decoys])
        self._key = hashlib.sha256(phrases.encode()).hexdigest()

    def fakes(self, text: str, pcm: Pcm) -> tuple[Fake, ...]:
        """The commands that a sentence, rendered as ``pcm`` (int16[n], 16 kHz), could fake at the microphone.

        A phrase counts if it's anywhere in the text or in a final result, however uncertain, or if it stayed at the
        end of the partial result for as long as a command would have to."""
        name = hashlib.sha256("\0".join((self._key, text)).encode() + pcm.tobytes()).hexdigest()
        kept = self._recall(name)
        if kept is None:
            kept = _merged([*self._read(text, len(pcm) / RATE), *self._listen(pcm)], len(pcm) / RATE)
            self._keep(name, kept)
        return self._as_fakes(kept)

    def in_text(self, text: str, pcm: Pcm) -> tuple[Fake, ...]:
        """The commands among the words of a sentence: what there's time for if it's to be said at once."""
        return self._as_fakes(_merged(list(self._read(text, len(pcm) / RATE)), len(pcm) / RATE))

    def _as_fakes(self, found: list[tuple[str, float, float]]) -> tuple[Fake, ...]:
        return tuple(Fake(phrase, self._book.meanings[phrase], at, until) for phrase, at, until in found)

    def _read(self, text: str, seconds: float) -> Iterator[tuple[str, float, float]]:
        """The phrases in the text. When a word is said follows roughly from its place in the sentence."""
        words = normal(text).split()
        for first, last, phrase in self._phrases(words):
            before, until = (sum(map(len, words[:n])) / max(1, sum(map(len, words))) for n in (first, last))
            yield phrase, round(before * seconds - SLACK_S, 2), round(until * seconds + SLACK_S, 2)

    def _listen(self, pcm: Pcm) -> Iterator[tuple[str, float, float]]:
        """The phrases that the recogniser hears in it."""
        ears = WatchedRecogniser(partial(self._model.recogniser, self._book))
        lead = RATE // 2
        sound = np.concatenate([np.zeros(lead, np.int16), pcm, np.zeros(RATE, np.int16)])
        last_words: list[str] = []
        still = 0
        for i in range(0, len(sound) - BLOCK + 1, BLOCK):
            now = (i + BLOCK - lead) / RATE
            answer = ears.accept(sound[i : i + BLOCK].tobytes())
            if answer is None:  # the recogniser hung or failed: the phrases in the text are known all the same
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
                    # The newest one; earlier ones were noted when they were the newest.
                    if last == len(words) and still >= CALM_BLOCKS:
                        yield phrase, round(now - LOOK_AHEAD_S - SLACK_S, 2), round(now, 2)

    def _phrases(self, words: list[str]) -> Iterator[tuple[int, int, str]]:
        """The phrases among ``words``: the first word, the one after the last, and the phrase."""
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
    """Entries of the same phrase that touch are joined, and cut to the length of the sentence."""
    merged: dict[str, list[tuple[float, float]]] = {}
    for phrase, start, end in sorted(found, key=lambda f: f[1]):
        at, until = max(0.0, start), min(seconds, end)
        spans = merged.setdefault(phrase, [])
        if spans and at <= spans[-1][1] + 0.1:
            spans[-1] = (spans[-1][0], max(until, spans[-1][1]))
        else:
            spans.append((at, until))
    return [(phrase, at, until) for phrase, spans in merged.items() for at, until in spans]
