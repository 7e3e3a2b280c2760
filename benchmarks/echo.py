"""How well commands are heard over the guide's own voice, by how loud its echo is; and what the echo triggers.

    python -m benchmarks.echo [--every 4] [--echo=-10,0] [--defence=both]

The guide reads the steps of the infant massage into a simulated room, on and on, ducked as in a session. Once nobody
else speaks; then a parent gives commands over it, by voices that the model in the box was not trained on. Each
defence is tried alone: `guard` is the gate and the guard against its own commands, `canceller` the echo canceller.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import machine, progress
from voiceguide.hearing.ears import Fake, Heard
from voiceguide.hearing.gate import Gate
from voiceguide.hearing.listener import Listener
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.sessions.assembly import Hearing, Options, content
from voiceguide.sound import RATE, Pcm
from voiceguide.sound.room import Room
from voiceguide.speech.player import Player, Started
from voiceguide.speech.voice import Voice

VOICES = ("en-us+m7", "en-gb-x-rp+f5", "en-gb-scotland+f2")
PHRASES = (
    *("pause", "stop", "hold on", "wait a moment", "be quiet", "baby is fussing", "she's crying", "he's hiccuping"),
    *("baby is crying", "she's turning red", "he's arching", "baby is restless", "mixed signs", "next", "next step"),
    *("repeat", "say that again", "how long", "where are we", "louder", "slower", "skip this part", "go back"),
    *("go to the legs", "bright eyes", "she's smiling", "what can I say", "finish for today", "too fast", "hungry"),
)
FIRST_S, EVERY_S, WITHIN_S = 4.0, 4.3, 2.5
"""The first command; from one to the next; how late one may be obeyed."""
DELAYS_MS = (20.0, 60.0, 120.0, 200.0)
DEFENCES = ("none", "guard", "canceller", "both")


class OpenGate(Gate):
    """Lets everything through."""

    def take(self, pcm: Pcm, at: float, own_db: float, heard: Pcm | None = None) -> list[tuple[Pcm, float]]:
        super().take(pcm, at, own_db, heard)
        self.shut = 0
        return [(pcm, at)]


class NoCanceller:
    def take(self, pcm: Pcm, played: Pcm) -> Pcm:
        return pcm


@dataclass
class Lines:
    """What the guide reads, and what each line could fake."""

    sounds: list[Pcm] = field(default_factory=list)
    fakes: list[tuple[Fake, ...]] = field(default_factory=list)


@dataclass
class Outcome:
    given: int = 0
    obeyed: int = 0
    wrong: int = 0
    late_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_s: float = 0.0


def listener(hearing: Hearing, defence: str) -> Listener:
    ears = hearing.listener()
    if defence in ("none", "guard"):
        ears._canceller = NoCanceller()  # type: ignore[assignment]
    if defence in ("none", "canceller"):
        ears._gate = OpenGate()
        ears.own_voice = lambda fakes, start: None  # type: ignore[method-assign]
    return ears


def run(ears: Listener, room: Room, lines: Lines, spoken: list[tuple[str, Pcm]], book: Phrasebook) -> Outcome:
    """Read the lines once, or for as long as there are commands to say over them."""
    outcome = Outcome()
    player = Player()
    room.open(player.fill)
    waiting = list(spoken)
    given: list[tuple[Any, float]] = []
    due, n = FIRST_S, 0
    while n < len(lines.sounds) or waiting or room.now < due:
        if not player.speaking:
            if n >= len(lines.sounds) and not waiting and room.now > due - EVERY_S + WITHIN_S:
                break
            future: Future[Pcm] = Future()
            future.set_result(lines.sounds[n % len(lines.sounds)])
            player.say(n, [future], delay=0.35)
            n += 1
        if waiting and room.now >= due:
            phrase, pcm = waiting.pop(0)
            _, until = room.place(pcm)
            given.append((book.meaning(phrase), until))
            due += EVERY_S
        elif not waiting and not spoken:
            due = 0.0
        block = room.read()
        for event in player.events():
            if isinstance(event, Started):
                start = block.at - (player.position - event.at) / RATE
                ears.own_voice(lines.fakes[event.utterance % len(lines.fakes)], start)
        began = time.process_time()
        heard = ears.hear(block.pcm, block.at, played=block.played)
        outcome.cpu_s += time.process_time() - began
        player.duck(ears.voice)
        for one in heard:
            if not isinstance(one, Heard):
                continue
            match = [g for g in given if g[0] == one.command and -1.5 < one.decided - g[1] < WITHIN_S]
            if match:
                given.remove(match[0])
                outcome.obeyed += 1
                outcome.late_ms.append(1000 * (one.decided - match[0][1]))
            else:
                outcome.wrong += 1
    outcome.given = len(spoken)
    outcome.seconds = room.now
    return outcome


def conditions(arguments: argparse.Namespace) -> Iterator[tuple[str, float, str]]:
    for echo in arguments.echo.split(","):
        for defence in arguments.defence.split(","):
            yield ("no echo", -120.0, defence) if echo == "no" else (f"{echo} dB", float(echo), defence)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--echo", default="no,-20,-10,0", help="dB of the echo against the parent's voice")
    parser.add_argument("--defence", default=",".join(DEFENCES))
    parser.add_argument("--every", type=int, default=1, help="take only every nth phrase and sentence")
    parser.add_argument("--reverb", type=float, default=0.3)
    arguments = parser.parse_args()

    routine, language = content(Options())
    hearing = Hearing.of(routine, language)
    own = hearing.own_voice()
    lines = Lines()
    with Voice() as voice:
        texts = [line for step in routine.steps for line in step.say]
        for n, text in enumerate(texts):
            progress.show(f"rendering {n + 1} of {len(texts)} sentences")
            pcm = voice.render(text)
            lines.sounds.append(pcm)
            lines.fakes.append(own.fakes(text, pcm))
        spoken = [(p, voice.render(p, voice=v, rate=150)) for v in VOICES for p in PHRASES][:: arguments.every]
    order = np.random.default_rng(5).permutation(len(spoken))
    spoken = [spoken[i] for i in order]
    lines.sounds, lines.fakes = lines.sounds[:: arguments.every], lines.fakes[:: arguments.every]
    print(f"\n{machine.facts()}; reverberation {arguments.reverb} s,", end=" ")
    print(f"{len(spoken)} commands, delays {', '.join(f'{d:.0f}' for d in DELAYS_MS)} ms\n")
    print("| echo | defence | triggered by itself | obeyed | wrong | decided, ms: median / p95 | CPU of a core |")
    print("|---|---|---|---|---|---|---|")
    for name, echo_db, defence in conditions(arguments):
        alone, over = Outcome(), Outcome()
        for n, delay in enumerate(DELAYS_MS):
            said = spoken[n :: len(DELAYS_MS)]
            quarter = Lines(lines.sounds[n :: len(DELAYS_MS)], lines.fakes[n :: len(DELAYS_MS)])
            for total, what, read in ((alone, [], quarter), (over, said, lines)):
                room = Room(echo_db=echo_db, delay_ms=delay, reverb_s=arguments.reverb, seed=n)
                one = run(listener(hearing, defence), room, read, what, hearing.book)
                total.given += one.given
                total.obeyed += one.obeyed
                total.wrong += one.wrong
                total.late_ms += one.late_ms
                total.seconds += one.seconds
                total.cpu_s += one.cpu_s
        share = 100 * over.obeyed / max(1, over.given)
        late = np.percentile(over.late_ms or [0.0], [50, 95])
        print(
            f"| {name} | {defence} | {alone.wrong} in {alone.seconds / 60:.0f} min | {over.obeyed} of {over.given},"
            f" {share:.1f} % | {over.wrong} | {late[0]:.0f} / {late[1]:.0f} |"
            f" {100 * (alone.cpu_s + over.cpu_s) / (alone.seconds + over.seconds):.1f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main()
