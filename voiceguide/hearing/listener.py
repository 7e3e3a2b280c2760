"""From sound to commands: Vosk, given all phrases, and the rules of certainty.

A phrase may be part of something longer, or the least wrong of all that could be heard (and where a model gets a
run-time grammar, phrases recombine). So a text is no proof of a command. Certainty comes from what is asked of it
here:

* the *whole* utterance is one phrase; a part of it never counts. An utterance begins where Vosk says, or where the
  sound rose far above what was there for a while: a parent near the microphone after a cry, a television, or the
  guide's own voice. Unknown words before and after it while the guide speaks are its own voice, too;
* it stands still: a partial result may come before the word has ended (Vosk gives a word as soon as no other can
  follow), so it must not change for a while, a shorter while where the speaker has fallen silent;
* when it is then closed, it is probable enough that it was that command, whichever of its phrases it was.

Commands that calm ask for little patience, those that move on for more. Phrases with which others begin ("keep
going", "keep going by yourself") wait until Vosk itself finds the end of the utterance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise
from math import inf
from operator import attrgetter, itemgetter
from typing import TypeVar

from voiceguide.hearing.ears import Fake, Heard, Ignored
from voiceguide.hearing.echo import EchoCanceller
from voiceguide.hearing.gate import SILENT_DB, STANDS_OUT_DB, Gate
from voiceguide.language.command import ADVANCING, CALMING, Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.graph import UNKNOWN
from voiceguide.recognition.model import Model, known
from voiceguide.recognition.watched import Answer, WatchedRecogniser, Word
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.levels import loudness

T = TypeVar("T")

CALM_BLOCKS, CALM_BLOCKS_LOUD = 2, 8
"""Blocks that a calming phrase must stand still: after the speaker has fallen silent, and while he has not."""
LONG_WORDS, LONG_BLOCKS = 3, 4
"""With so many words and more it must stand still for so many blocks after he has fallen silent: in the middle of a
long sentence there are closures, too ("give me an eight" sounds like "give me a minute" until it goes on). But not
where a longer phrase begins with it: "baby is arching" is to be decided before "his back" is half said; and where it
is half said, it is what it began as."""
FIRM_BLOCKS, FIRM_BLOCKS_LOUD = 7, 16
"""The same for every other phrase. With 10 in the place of 7 each is decided 90 ms later, and none better: the same 9
of 643 recordings and 6 of 98 near misses were taken for commands, and as many commands were obeyed."""
DROP_DB = 15.0
"""The speaker has fallen silent when two blocks in a row are this far below the loudest of the last 1.2 s, and has
begun to speak when a block is not, after some that were:"""
CALM_PAUSE_S, FIRM_PAUSE_S = 0.3, 0.45
"""so long, for a calming phrase (longer than any closure inside a word), and for every other phrase."""
CALM_CONFIDENCE, CONFIDENCE, ADVANCING_CONFIDENCE = 0.5, 0.6, 0.7
"""Least confidence of each word that matters: of a command that calms, of any other, of one that moves on. With
the model in the box they nearly halve the false commands, and cost no hit in quiet (docs/hearing.md)."""
STOP_CONFIDENCE = 0.35
"""The same for "stop" and "pause", which cost least when they were not meant and most when they were; "stop",
"stopped" and "stop now" share their certainty."""
ONSET_S = 0.12
"""How exactly the onset of the sound and the start of the first word agree."""
VOICE_BLOCKS = 3
"""Somebody speaks over the guide when so many of the last five blocks stand out from it: 90 ms. One or two are a
knock, or the echo's own ups and downs."""
VOICE_DB = 30.0
"""What is softer, in dB over one step of 16 bit, is nobody's voice: 60 dB below full scale, where a parent across the
room is at 45 dB below it."""
VOICE_S = 0.6
"""So long after the last of them he has ended: longer than the pauses between words."""
VOICE_AGAIN_S = 0.3
"""Who gave a command has said what he wanted: the last of his voice, and its echo in the room, count no more."""
IDLE_BLOCKS = 33
"""After a second of silence the recogniser gets nothing: most of a session is silence, and most of the computing is
the recogniser's."""
IDLE_DB = 3.0
"""Silence, or steady noise, is what is no more than this above the softest of the last LEVELS_S. A voice as loud as
the noise adds as much."""
WAKE_BLOCKS = 8
"""When it is over the recogniser gets the 0.24 s before, too: the soft sounds with which a word begins."""
SHUT_BLOCKS = 5
"""Where the gate opens after so long, an utterance begins. (It stays open for 0.3 s by itself.)"""
LEVELS_S, PEAK_S = 4.0, 1.2
"""How far back loudness is remembered, and how far back the loudest is looked for, in seconds."""
ECHO_S = 0.5
"""How long after the guide's voice the microphone may still hear it: the way there, and the room's reverberation."""
UTTERANCE_S = 5.0
"""An utterance that began longer ago than this is no command."""
CLEAR_DB = 10.0
"""What stands out so far from the guide's own voice is someone else's, whatever the guide is saying."""
GUARD_S = 0.3
"""A command is the guide's own when its middle lies within this of where the guide's voice fakes it. (A parent
answers "say continue" 0.2 s after its end, and his word's middle comes later still.)"""


class Listener:
    """Hears one stream of sound. Not thread-safe."""

    def __init__(self, model: Model, phrasebook: Phrasebook) -> None:
        """Phrases with a word that the model does not know are left out.

        Raises ModelError where Vosk refuses the model."""
        book = known(model, phrasebook)
        self._meanings = book.meanings
        self._patient = book.ambiguous()
        self._begins = frozenset(
            start for start, _ in book.begun() if _long(start) and self._meanings[start].name in CALMING
        )
        """The long phrases that calm and with which longer ones begin."""
        self._recogniser = WatchedRecogniser(partial(model.recogniser, book))
        self._fed = 0
        """Samples given to the recogniser: its word times count from them."""
        self._fed_until = 0.0
        self._now = 0.0
        self._canceller = EchoCanceller()
        self._gate = Gate()
        self._voice_until = self._voice_from = 0.0
        self._levels: deque[tuple[float, float]] = deque()
        """End and loudness of each block of the last LEVELS_S seconds, as the recogniser heard it."""
        self._silent_for = 0
        """Blocks."""
        self._kept: deque[tuple[Pcm, float, float]] = deque()
        """The last blocks that the recogniser has not been given, and their loudness."""
        self._partial = ""
        self._still = 0.0
        self._began = 0.0
        """When the partial result was no longer empty."""
        self._obeyed_until = -inf
        """The end of the last command."""
        self._spoilt = False
        """An utterance was closed early and not obeyed: what follows in the same breath is no command either."""
        self._excess: deque[tuple[float, float]] = deque(maxlen=200)
        """How far each of the last blocks stood out from the guide's own voice."""
        self._fakes: deque[tuple[Fake, float]] = deque(maxlen=64)
        self._spoke: deque[tuple[float, float]] = deque(maxlen=64)
        """When the guide's own voice reached the microphone."""

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Heard | Ignored]:
        """Take the next samples, which end at ``at`` seconds; give what was decided by them.

        ``pcm``: int16[n], 16 kHz, in blocks of about 30 ms. ``played``: int16[n], what the speaker was given
        meanwhile, as Block.played; None where there is no speaker. (n is a multiple of 15 ms then.)"""
        self._now = at
        own_db, heard = 0.0, None
        if played is not None:
            heard = pcm
            pcm = self._canceller.take(heard, played)
            own_db = loudness(played)
        if own_db > SILENT_DB:
            self._note_own(at - len(pcm) / RATE, at)
        shut = self._gate.shut
        blocks = self._gate.take(pcm, at, own_db, heard)
        self._excess.append((at, self._gate.excess_db))
        decided: list[Heard | Ignored] = []
        if shut >= SHUT_BLOCKS and not self._gate.shut and self._partial:
            # Someone else speaks: what came before was the guide's own voice, or is over.
            decided += self._finish(early=False)
        for block, then in blocks:
            decided += self._give(block, then)
        if any(isinstance(one, Heard) for one in decided):
            self._voice_until, self._voice_from = at, at + VOICE_AGAIN_S
        self._note_voice(at, loudness(pcm))
        return decided

    @property
    def voice(self) -> bool:
        """Whether somebody speaks, or spoke a moment ago, who has not given a command since.

        Over the guide's own sound any other sound counts that lasts; else what the recogniser takes for words, known
        or not."""
        return self._now < self._voice_until

    def _note_voice(self, at: float, level: float) -> None:
        if self._gate.excess_db < math.inf:
            latest = [db for then, db in islice(reversed(self._excess), 5) if then > self._voice_from]
            voice = level > VOICE_DB and sum(STANDS_OUT_DB < db < math.inf for db in latest) >= VOICE_BLOCKS
        else:
            voice = bool(self._partial) and self._still < FIRM_BLOCKS and at > self._voice_from
        if voice:
            self._voice_until = at + VOICE_S

    def _give(self, pcm: Pcm, at: float) -> list[Heard | Ignored]:
        """To the recogniser; but in a long silence not yet."""
        level = loudness(pcm)
        softest = min(map(itemgetter(1), self._levels), default=level)
        silent = level <= softest + IDLE_DB and not self._partial
        self._silent_for = self._silent_for + 1 if silent else 0
        self._kept.append((pcm, at, level))
        if self._silent_for > IDLE_BLOCKS:
            if len(self._kept) > WAKE_BLOCKS:
                _, then, left_out = self._kept.popleft()
                self._note_level(then, left_out)
            return []
        kept, self._kept = self._kept, deque()
        return [decided for block in kept for decided in self._take(*block)]

    def _note_level(self, at: float, level: float) -> None:
        self._levels.append((at, level))
        while self._levels[0][0] < at - LEVELS_S:
            self._levels.popleft()

    def _take(self, pcm: Pcm, at: float, level: float) -> list[Heard | Ignored]:
        self._fed += len(pcm)
        self._fed_until = at
        self._note_level(at, level)
        answer = self._recogniser.accept(pcm.tobytes())
        if answer is None or answer.readings is not None:
            return self._close(answer, early=False)
        text = self._of_others(answer.partial)
        # In blocks of the usual length, so that it does not matter in which the sound comes.
        lasts = len(pcm) / BLOCK
        self._still = self._still + lasts if text == self._partial else min(1.0, lasts)
        if text and not self._partial:
            self._began = at
        self._partial = text
        if not text and self._still >= FIRM_BLOCKS:
            self._spoilt = False
        phrase = self._candidate(text)
        if phrase is None or phrase in self._patient or self._still < self._patience(phrase):
            return []
        return self._finish(early=True)

    def finish(self) -> list[Heard | Ignored]:
        """The recording is over: decide on what was said last."""
        return self._finish(early=False)

    @property
    def replaced(self) -> int:
        """How often the recogniser hung or failed, and had to be replaced."""
        return self._recogniser.replaced

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        """The guide starts a sentence at ``start`` seconds: what it would fake is refused when it would."""
        self._fakes.extend((fake, start) for fake in fakes)

    def _note_own(self, start: float, end: float) -> None:
        """The guide's voice sounded; its echo lasts a little longer."""
        end += ECHO_S
        if self._spoke and start <= self._spoke[-1][1]:
            start = self._spoke.pop()[0]
        self._spoke.append((start, end))

    def _own_loudness(self, start: float, end: float) -> bool:
        """Whether what was heard then was no louder than the guide's own voice may be."""
        excess = sorted(db for at, db in self._excess if start < at <= end)
        return not excess or excess[len(excess) // 2] < CLEAR_DB

    def _own_between(self, start: float, end: float) -> bool:
        return any(a < end and start < b for a, b in self._spoke)

    def _of_others(self, partial: str) -> str:
        """A partial result without the unknown words at its ends, where those can be the guide's own voice. (A
        partial has no times: whether they are shows when it is closed.)"""
        if not self._own_between(self._now - UTTERANCE_S, self._now):
            return partial
        return " ".join(_stripped(partial.split(), lambda word: word == UNKNOWN))

    def _candidate(self, partial: str) -> str | None:
        """The phrase that a partial result may be: all of it, or its end where the sound rose from a pause between
        the words before it and its last one ("baby has stopped" may go on with "breathing")."""
        if partial in self._meanings:
            return partial
        words = partial.split()
        for first in range(1, len(words)):
            phrase = " ".join(words[first:])
            if phrase in self._meanings:
                onset, last = self._onset(phrase), self._fed_until - self._still * BLOCK / RATE
                return phrase if onset is not None and self._began <= onset + ONSET_S <= last + ONSET_S else None
        return None

    def _onset(self, phrase: str) -> float | None:
        """When the sound last rose from a pause, in seconds; None where it did not."""
        threshold = self._peak() - DROP_DB
        pause = CALM_PAUSE_S if self._meanings[phrase].name in CALMING else FIRM_PAUSE_S
        onset = quiet_since = None
        for (begin, _), (_end, level) in pairwise(self._levels):
            if level <= threshold:
                quiet_since = begin if quiet_since is None else quiet_since
            else:
                if quiet_since is not None and begin - quiet_since >= pause:
                    onset = begin
                quiet_since = None
        return onset

    def _peak(self) -> float:
        return max(level for at, level in self._levels if at > self._fed_until - PEAK_S)

    def _silent(self) -> bool:
        return all(level < self._peak() - DROP_DB for _, level in islice(reversed(self._levels), 2))

    def _patience(self, phrase: str) -> int:
        command = self._meanings[phrase]
        # One word for a kind of crying ("tired") is said of other things too; "stop" and "pause" are not.
        if command.name in CALMING and (" " in phrase or command.sign is None):
            if not self._silent():
                return CALM_BLOCKS_LOUD
            return LONG_BLOCKS if _long(phrase) and phrase not in self._begins else CALM_BLOCKS
        return FIRM_BLOCKS if self._silent() else FIRM_BLOCKS_LOUD

    def _finish(self, *, early: bool) -> list[Heard | Ignored]:
        return self._close(self._recogniser.close(), early=early)

    def _close(self, answer: Answer | None, *, early: bool) -> list[Heard | Ignored]:
        """Decide on an utterance. With None it was lost."""
        self._partial, self._still = "", 0.0
        spoilt, self._spoilt = self._spoilt, False
        if answer is None:
            self._fed = 0
        offset = self._fed_until - self._fed / RATE
        found: dict[Command, Heard] = {}
        for reading in (answer and answer.readings) or ():
            words = [Word(word.text, word.at + offset, word.until + offset) for word in reading.words]
            one = self._command(words, early)
            if one is not None:
                before = found.setdefault(one.command, one)
                found[one.command] = replace(before, confidence=before.confidence + reading.probability)
        likeliest = max(found.values(), key=attrgetter("confidence"), default=None)
        decided = likeliest and self._judge(likeliest)
        if isinstance(decided, Heard):
            self._obeyed_until = decided.until
        elif decided is None or decided.why == "low_confidence":
            self._spoilt = early
            none = 1 - sum(one.confidence for one in found.values())
            if likeliest is None or likeliest.confidence < none:
                decided = None
        return [] if decided is None or spoilt else [decided]

    def _command(self, words: list[Word], early: bool) -> Heard | None:
        """The command that an utterance of these words is, not sure at all yet."""
        words = _stripped(words, lambda word: word.text == UNKNOWN and self._own_between(word.at, word.until))
        if early and words and words[-1].text == UNKNOWN and " ".join(w.text for w in words[:-1]) in self._begins:
            words = words[:-1]
        for first in range(len(words)):
            phrase = " ".join(word.text for word in words[first:])
            if phrase not in self._meanings:
                continue
            at, until = words[first].at, words[-1].until
            if first:
                onset = self._onset(phrase)
                if onset is None or not words[first - 1].middle <= onset <= at + ONSET_S:
                    continue
            command = self._meanings[phrase]
            if command.name in CALMING or at >= self._obeyed_until + CALM_PAUSE_S:
                return Heard(command, phrase, 0.0, at, until, self._now)
            # Else: "she is arching" has been obeyed, and "her back" is no command.
        return None

    def _judge(self, heard: Heard) -> Heard | Ignored:
        """Whether a command is sure enough, and not the guide's own."""
        command = heard.command
        least = ADVANCING_CONFIDENCE if command.name in ADVANCING else CONFIDENCE
        if command.name in CALMING:
            least = CALM_CONFIDENCE if command.sign or command.name == "mixed" else STOP_CONFIDENCE
        if heard.confidence < least:
            return Ignored(heard.phrase, "low_confidence", self._now)
        middle = (heard.at + heard.until) / 2
        if self._own_loudness(heard.at, heard.until) and any(
            fake.command == command and start + fake.at - GUARD_S < middle < start + fake.until + GUARD_S
            for fake, start in self._fakes
        ):
            return Ignored(heard.phrase, "own_voice", self._now)
        return heard


def _long(phrase: str) -> bool:
    return len(phrase.split()) >= LONG_WORDS


def _stripped(words: list[T], is_other: Callable[[T], bool]) -> list[T]:
    """Without those at both ends that are another's."""
    first, last = 0, len(words)
    while first < last and is_other(words[first]):
        first += 1
    while last > first and is_other(words[last - 1]):
        last -= 1
    return words[first:last]
