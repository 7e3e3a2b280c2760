"""The guide in a loop of your own. It has no sound, no clock and no threads: events go in, actions come out.

Type what a parent would say, such as "ready", "next" or "she's crying": python examples/guide.py
"""

import sys
import time

from voiceguide.guide.actions import CancelTimer, End, Say, StartTimer
from voiceguide.guide.events import Elapsed, Event, Heard, Spoken, Timer
from voiceguide.guide.machine import Guide
from voiceguide.language.language import load_language
from voiceguide.routine.library import find
from voiceguide.routine.loading import load

routine, language = load(find("first-weeks")), load_language("en")
phrases = language.phrasebook(routine.parts)
guide = Guide(routine, language)
timers: dict[Timer, float] = {}

actions = guide.start(time.monotonic())
while End() not in actions:
    events: list[Event] = []
    for action in actions:
        match action:
            case Say(utterance=utterance, lines=lines):
                print(*lines, sep="\n")
                events = [Spoken(utterance, index) for index in range(len(lines))]
            case StartTimer(name=name, seconds=seconds):
                timers[name] = time.monotonic() + seconds
            case CancelTimer(name=name):
                timers.pop(name, None)
    if not events:  # everything has been said: it's the parent's turn
        typed = sys.stdin.readline()
        if not typed:
            break
        due = [name for name, at in timers.items() if at <= time.monotonic()]
        timers = {name: at for name, at in timers.items() if name not in due}
        command = phrases.meaning(typed.strip())
        events += [*map(Elapsed, due), *([Heard(command)] if command else [])]
    actions = [action for event in events for action in guide.handle(event, time.monotonic())]
