"""From sound to commands: the recogniser hears what may be a phrase, and a second look decides whether it was one.

The recogniser is always asked which of its phrases fits best, so what it gives is only a suspicion. It becomes a
command when the sound, looked at once more, shows that the phrase was said and that it stood alone (judge.py). For
that the sound after it has to be waited for, some half a second. What calms doesn't wait: the guide falls silent on
suspicion (``Listener.suspects``), and speaks on where it was nothing.

A model that can't be looked into (recognition/verification.py) gives the probability of what it heard, and unknown
words before and after a phrase, which have to do.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from voiceguide.hearing import judge
from voiceguide.hearing.breath import Breath, Parser
from voiceguide.hearing.copies import Copies
from voiceguide.hearing.crying import CryEar
from voiceguide.hearing.ears import Decided, Fake, Heard, Ignored
from voiceguide.hearing.echo import EchoCanceller
from voiceguide.hearing.gate import SILENT_DB, Gate
from voiceguide.hearing.judge import BEFORE_S, STEP_S
from voiceguide.hearing.loudness import Loudness
from voiceguide.hearing.own_sound import OwnSound
from voiceguide.hearing.recent import Recent
from voiceguide.language.command import CALMING, Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition.graph import UNKNOWN
from voiceguide.recognition.model import Model, known
from voiceguide.recognition.watched import Answer, Reading, WatchedRecogniser
from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.sound.levels import loudness

CALM_BLOCKS, CALM_BLOCKS_LOUD = 2, 8
"""Blocks that a calming phrase must stand still before it is looked at: after the speaker has fallen silent, and
while he hasn't. A partial result may come before the word has ended."""
FIRM_BLOCKS = 4
"""The same for every other phrase, which is waited for anyway: sooner would be a look too many."""
DELAY_S = 0.15
"""What the network makes of a moment is known so much later: it looks 0.13 s ahead."""
LATE_S, ENDED_S = 0.45, 1.5
"""A phrase ended at most so long before its text came, and before Vosk found the end of the utterance."""
SHIFT_S = 0.3
"""When it ended is known no better than this at the first look."""
LONGER_S = 0.3
"""So much longer is waited where a phrase may go on as another command ("keep going", "keep going by yourself")."""
WORD_S, CONTEXT_S = 0.45, 0.55
"""A word takes no longer, but for one in a phrase; and what the network looks back. So much sound is looked at,
besides what comes before the phrase."""
VOICE_BLOCKS, VOICE_OF = 3, 5
"""Somebody speaks over the guide when so many of the last five blocks stand out from it: 90 ms. One or two are a
knock, or the echo's own ups and downs."""
VOICE_DB = 30.0
"""What is softer, in dB over one step of 16 bit, is nobody's voice: 60 dB below full scale, where a parent across the
room is at 45 dB below it."""
VOICE_S = 0.6
"""So long after the last of them he has ended: longer than the pauses between words."""
VOICE_STILL_BLOCKS = 7
"""Words that have stood still for so long, 0.21 s, are over."""
VOICE_AGAIN_S = 0.3
"""Who gave a command has said what he wanted: the last of his voice, and its echo in the room, count no more."""
IDLE_BLOCKS = 33
"""After a second of silence the recogniser gets nothing: most of a session is silence, and most of the computing is
the recogniser's."""
BESIDE_S = 0.1
"""So much beside a phrase counts, too, when it is compared with what was played: its ends are known no better."""
WAKE_BLOCKS = 8
"""When it is over the recogniser gets the 0.24 s before, too: the soft sounds with which a word begins."""
SHUT_BLOCKS = 5
"""Where the gate opens after so long, an utterance begins. (It stays open for 0.3 s by itself.)"""


@dataclass(frozen=True, slots=True)
class _Suspicion:
    """What may be a command."""

    breath: Breath
    noticed: float
    """Since when it has been likely; infinite where it is not."""
    until: float
    """When it was over."""
    due: float
    """When it is decided."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What came of a look."""

    confidence: float
    likely: float
    """How probable it is that it was said, whatever was said around it."""
    at: float
    until: float


class Listener:
    """Hears one stream of sound. Not thread-safe."""

    def __init__(
        self,
        model: Model,
        phrasebook: Phrasebook,
        least: Callable[[Command], float] = judge.least,
        crying: CryEar | None = None,
    ) -> None:
        """Phrases with a word that the model does not know are left out. ``least``: the confidence that each command
        must reach. ``crying``: hears the same sound, without the guide's own voice.

        Raises ModelError where Vosk refuses the model."""
        book = known(model, phrasebook)
        self._least = least
        self._crying = crying
        self._parser = Parser(book)
        self._patient = book.ambiguous()
        self._recogniser = WatchedRecogniser(partial(model.recogniser, book))
        self._verifier = model.verifier
        self._now = 0.0
        self._fed = 0
        """Samples given to the recogniser: its word times count from them."""
        self._fed_until = 0.0
        self._copies = Copies()
        self._late = 0.0
        self._canceller = EchoCanceller()
        self._gate = Gate()
        self._own = OwnSound()
        self._loudness = Loudness()
        self._recent = Recent()
        self._voice_until = self._voice_from = 0.0
        self._steady_for = 0
        """Blocks of silence or steady noise."""
        self._kept: deque[tuple[Pcm, float, float]] = deque()
        """The last blocks that the recogniser has not been given, and their loudness."""
        self._text = ""
        """What has been said in this utterance, so far."""
        self._still = 0.0
        """For how many blocks that has not changed."""
        self._looked = ""
        """The text that was looked at last."""
        self._suspicion: _Suspicion | None = None
        self._obeyed_until = -math.inf
        """The end of the last command."""

    def hear(self, pcm: Pcm, at: float, *, played: Pcm | None = None) -> list[Decided]:
        """Take the next samples, which end at ``at`` seconds; give what was decided by them.

        ``pcm``: int16[n], 16 kHz, in blocks of about 30 ms. ``played``: int16[n], what the speaker was given
        meanwhile, as Block.played; None where there is no speaker. (n is a multiple of 15 ms then.)"""
        self._now = at
        own_db, heard = 0.0, None
        if played is not None:
            heard = pcm
            played = self._copies.take(heard, played)
            if self._copies.late != self._late:
                self._late = self._copies.late
                self._canceller, self._gate = EchoCanceller(), Gate()  # what they have learnt is of another distance
            pcm = self._canceller.take(heard, played)
            own_db = loudness(played)
        shut = self._gate.shut
        blocks = self._gate.take(pcm, at, own_db, heard)
        self._own.note(at - len(pcm) / RATE, at, self._gate.excess_db, sounded=own_db > SILENT_DB)
        decided: list[Heard | Ignored] = []
        suspected = self.suspects
        if shut >= SHUT_BLOCKS and not self._gate.shut and self._text:
            # Someone else speaks: what came before was the guide's own voice, or is over.
            decided += self._ended(self._recogniser.close())
        for block, then in blocks:
            decided += self._give(block, then)
        if any(isinstance(one, Heard) for one in decided) or (self.suspects and not suspected):
            self._voice_until, self._voice_from = at, at + VOICE_AGAIN_S
        self._note_voice(at, loudness(pcm))
        return [*decided, *self._hear_crying(blocks, at, said=bool(decided))]

    def _hear_crying(self, blocks: list[tuple[Pcm, float]], at: float, *, said: bool) -> list[Decided]:
        """``blocks``: as the gate gave them. ``said``: the parent has just said something."""
        if self._crying is None:
            return []
        if said:
            self._crying.forget()
        heard = self._crying.take(blocks[-1][0], at)
        return [heard] if heard is not None else []

    @property
    def voice(self) -> bool:
        """Whether somebody speaks, or spoke a moment ago, who has not given a command since.

        Over the guide's own sound any other sound counts that lasts; else what the recogniser takes for words, known
        or not."""
        return self._now < self._voice_until

    @property
    def suspects(self) -> bool:
        """Whether what was just said may be a command that calms."""
        suspicion = self._suspicion
        return suspicion is not None and suspicion.noticed <= self._now and suspicion.breath.command.name in CALMING

    def finish(self) -> list[Heard | Ignored]:
        """The recording is over: decide on what was said last."""
        decided = self._ended(self._recogniser.close())
        if self._suspicion is not None:
            decided += self._decide(self._suspicion)
        return decided

    @property
    def late(self) -> float:
        """Seconds by which the guide's own voice comes too late, as through Bluetooth; 0 as far as is known."""
        return self._late

    @property
    def replaced(self) -> int:
        """How often the recogniser hung or failed, and had to be replaced."""
        return self._recogniser.replaced

    def own_voice(self, fakes: tuple[Fake, ...], start: float) -> None:
        """The guide starts a sentence at ``start`` seconds: what it would fake is refused when it would."""
        self._own.says(fakes, start + self._late)

    def _note_voice(self, at: float, level: float) -> None:
        if self._gate.excess_db < math.inf:
            voice = level > VOICE_DB and self._own.somebody(VOICE_OF, self._voice_from, VOICE_BLOCKS)
        else:
            voice = bool(self._text) and self._still < VOICE_STILL_BLOCKS and at > self._voice_from
        if voice:
            self._voice_until = at + VOICE_S

    def _give(self, pcm: Pcm, at: float) -> list[Heard | Ignored]:
        """To the recogniser; but in a long silence not yet."""
        level = loudness(pcm)
        idle = self._loudness.steady(level) and not self._text and self._suspicion is None
        self._steady_for = self._steady_for + 1 if idle else 0
        self._kept.append((pcm, at, level))
        if self._steady_for > IDLE_BLOCKS:
            if len(self._kept) > WAKE_BLOCKS:
                left_out, then, level = self._kept.popleft()
                self._loudness.note(then, level)
                self._recent.note(left_out, then)
            return []
        kept, self._kept = self._kept, deque()
        return [decided for block in kept for decided in self._take(*block)]

    def _take(self, pcm: Pcm, at: float, level: float) -> list[Heard | Ignored]:
        self._fed += len(pcm)
        self._fed_until = at
        self._loudness.note(at, level)
        self._recent.note(pcm, at)
        answer = self._recogniser.accept(pcm.tobytes())
        if answer is None or answer.readings is not None:
            return self._ended(answer)
        # In blocks of the usual length, so that it does not matter in which the sound comes.
        lasts = len(pcm) / BLOCK
        self._still = self._still + lasts if answer.partial == self._text else min(1.0, lasts)
        self._text = answer.partial
        decided = self._look_at(answer.partial, ended=False)
        suspicion = self._suspicion
        if suspicion is not None and at >= suspicion.due:
            decided += self._decide(suspicion)
        return decided

    def _ended(self, answer: Answer | None) -> list[Heard | Ignored]:
        """The utterance has ended. With None it was lost."""
        self._text, self._still = "", 0.0
        if answer is None:
            self._fed = 0
            if self._verifier is None:  # else the sound is there to be looked at
                self._suspicion = None
        readings = (answer and answer.readings) or ()
        decided: list[Heard | Ignored] = []
        if readings:
            decided += self._look_at(" ".join(word.text for word in readings[0].words), ended=True)
        self._looked = ""
        suspicion = self._suspicion
        if suspicion is not None and self._verifier is None:
            decided += self._conclude(suspicion, self._read(suspicion.breath, readings))
        elif suspicion is not None and self._now >= suspicion.due:
            decided += self._decide(suspicion)
        return decided

    def _look_at(self, text: str, *, ended: bool) -> list[Heard | Ignored]:
        """Suspect what may be a command, once it has stood still or the utterance has ended; decide on another one
        that was said well before it."""
        if text == self._looked:
            return []
        words = text.split()
        while words and words[-1] == UNKNOWN and self._own.between(self._now - BEFORE_S, self._now):
            words.pop()  # what remains of the guide's own voice
        breath = self._parser.parse(words)
        suspicion = self._suspicion
        if breath is None or (not ended and self._still < self._patience(breath)):
            return []
        self._looked = text
        noticed = (
            suspicion.noticed if suspicion is not None and suspicion.breath.command == breath.command else math.inf
        )
        after_s = judge.after_s(breath.command)
        if self._verifier is None:
            self._suspicion = _Suspicion(breath, min(noticed, self._now), self._now, self._now + after_s)
            return []
        finding = self._look(breath, self._now - (ENDED_S if ended else self._still * STEP_S + LATE_S))
        if finding is None or (suspicion is not None and finding.confidence < judge.POSSIBLE):
            return []
        decided: list[Heard | Ignored] = []
        if suspicion is not None and finding.at > suspicion.until + judge.CALM_AFTER_S:
            decided += self._decide(suspicion)
            noticed = math.inf
        later = LONGER_S if breath.phrase in self._patient else 0.0
        if finding.confidence >= judge.LIKELY and not self._copied(finding):
            noticed = min(noticed, self._now)
        self._suspicion = _Suspicion(breath, noticed, finding.until, finding.until + after_s + DELAY_S + later)
        return decided

    def _patience(self, breath: Breath) -> int:
        """Blocks that it must stand still."""
        if breath.command.name not in CALMING:
            return FIRM_BLOCKS
        return CALM_BLOCKS if self._loudness.fallen else CALM_BLOCKS_LOUD

    def _decide(self, suspicion: _Suspicion) -> list[Heard | Ignored]:
        if self._verifier is not None:
            return self._conclude(suspicion, self._look(suspicion.breath, suspicion.until - SHIFT_S))
        answer = self._recogniser.close()
        self._text, self._still, self._looked = "", 0.0, ""
        if answer is None:
            self._fed = 0
        return self._conclude(suspicion, self._read(suspicion.breath, (answer and answer.readings) or ()))

    def _look(self, breath: Breath, since: float) -> _Finding | None:
        """At the sound that may be a phrase, and that did not end before ``since``."""
        assert self._verifier is not None
        after_s = judge.after_s(breath.command)
        start = since - WORD_S * (len(breath.words) + 1) - BEFORE_S - CONTEXT_S
        pcm, begin = self._recent.since(start)
        look = self._verifier.look(
            pcm, breath.words, breath.first, breath.last, max(0, round((since - begin) / STEP_S))
        )
        if look is None:
            return None
        count = len(look.speech)
        levels = np.array([loudness(pcm[i * BLOCK : (i + 1) * BLOCK]) for i in range(count)])
        times = begin + STEP_S * np.arange(count + 1)
        others = np.array([self._own.others(*times[i : i + 2]) for i in range(count)])
        evidence = judge.weigh(look, levels, others, after_s)
        confidence = judge.confidence(breath.command, evidence)
        return _Finding(confidence, evidence.said, float(times[look.begins]), float(times[look.ends]))

    def _copied(self, finding: _Finding) -> bool:
        """Whether what was found is a copy of what the speaker was given."""
        pcm, begin = self._recent.since(finding.at - BESIDE_S)
        until = min(finding.until + BESIDE_S, self._now)
        return self._copies.like(pcm[: max(0, round((until - begin) * RATE))], self._now - until)

    def _read(self, breath: Breath, readings: tuple[Reading, ...]) -> _Finding | None:
        """What the recogniser's readings of the utterance say of a command: only such count as have nothing else in
        them, but unknown words while the guide's own voice sounded."""
        offset = self._fed_until - self._fed / RATE
        sure, at, until = 0.0, math.inf, -math.inf
        for reading in readings:
            words = list(reading.words)
            for end in (0, -1):
                while (
                    words
                    and words[end].text == UNKNOWN
                    and self._own.between(words[end].at + offset, words[end].until + offset)
                ):
                    words.pop(end)
            found = self._parser.parse([word.text for word in words])
            if found is not None and found.whole and found.command == breath.command:
                sure += reading.probability
                if math.isinf(at):
                    at, until = words[found.first].at + offset, words[found.last - 1].until + offset
        return _Finding(sure, sure, at, until) if sure else None

    def _conclude(self, suspicion: _Suspicion, finding: _Finding | None) -> list[Heard | Ignored]:
        """Obey it or not."""
        self._suspicion = None
        breath, now = suspicion.breath, self._now
        if finding is None or finding.at < self._obeyed_until - DELAY_S:
            return []
        if self._copied(finding):
            return [Ignored(breath.phrase, "own_voice", now)]
        if finding.confidence < self._least(breath.command):
            unsure = breath.command.danger and finding.confidence >= judge.UNSURE
            alone = finding.likely >= judge.POSSIBLE and finding.confidence > finding.likely / 2
            return [Ignored(breath.phrase, "low_confidence", now, unsure)] if alone or unsure else []
        if self._own.faked(breath.command, finding.at, finding.until):
            return [Ignored(breath.phrase, "own_voice", now)]
        self._obeyed_until = finding.until
        return [
            Heard(
                breath.command, breath.phrase, finding.confidence, finding.at, finding.until, now, suspicion.noticed
            )
        ]
