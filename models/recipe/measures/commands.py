"""Commands by held-out voices: how many are obeyed, and how soon."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Literal

from models.recipe.measures.context import Context
from models.recipe.measures.figures import Figure, share, spread
from models.recipe.measures.mix import Mixed, Samples, chance_for, cries, kitchen, mixed
from models.recipe.measures.speech import OUTSIDE, VOICES, sample
from voiceguide.hearing.ears import Heard
from voiceguide.hearing.listener import Listener
from voiceguide.language.command import ADVANCING, CALMING
from voiceguide.language.phrasebook import Phrasebook, normal
from voiceguide.sound import BLOCK, RATE, Pcm

VOICES_IN_NOISE = 3
"""How many of the voices say each phrase in each noise. They take turns."""
SNRS_DB = (20, 15, 10, 5)
NO_DECOYS = "single words that are no decoys"
"""Near misses that are not among the recogniser's decoys."""
Outcome = Literal["obeyed", "wrong", "missed"]


def heard_in(listener: Listener, pcm: Pcm, start: float = 0.0) -> list[Heard]:
    """The commands heard in ``pcm`` (int16[n], 16 kHz), in blocks of 30 ms from ``start`` seconds on. A command that
    only the end of the recording would decide does not count: a session has no such end."""
    found: list[Heard] = []
    for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
        found += [d for d in listener.hear(pcm[i : i + BLOCK], start + (i + BLOCK) / RATE) if isinstance(d, Heard)]
    return found


def outcome(book: Phrasebook, phrase: str, heard: list[Heard]) -> Outcome:
    """Obeyed: the command was heard, once or more, and no other. Wrong: another one was heard."""
    meaning = book.meanings[phrase]
    if any(one.command != meaning for one in heard):
        return "wrong"
    return "obeyed" if heard else "missed"


def spoken(
    context: Context, phrase: str, voice: str, condition: str, noise: Samples | None = None, snr_db: float = 0.0
) -> Mixed:
    """A phrase as the microphone hears it, the same in every run."""
    return mixed(context.speaker.say(phrase, voice), chance_for(phrase, voice, condition), noise=noise, snr_db=snr_db)


def clean_sample(context: Context) -> list[tuple[str, str]]:
    """(phrase, voice): each phrase by every voice."""
    return [(phrase, voice) for phrase in context.some(sample(context.book)) for voice in VOICES]


def noisy_sample(context: Context) -> list[tuple[str, str]]:
    """(phrase, voice): each phrase by some of the voices in turn."""
    return [
        (phrase, VOICES[(n + k * 2) % len(VOICES)])
        for n, phrase in enumerate(context.some(sample(context.book)))
        for k in range(VOICES_IN_NOISE)
    ]


def conditions(recordings: Path) -> Iterator[tuple[str, Samples | None, float]]:
    """Name, noise, and SNR in dB."""
    yield "clean", None, 0.0
    for name, noise in (("cries", cries(recordings)), ("kitchen", kitchen(recordings))):
        for snr_db in SNRS_DB:
            yield f"{name} {snr_db} dB", noise, snr_db


def commands(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """Of each condition that is not yet ``done``: the shares of commands obeyed, wrong and missed, by voice too, and
    how long after the end of the speech the listener decided."""
    context.speaker.prepare(sample(context.book))
    for name, noise, snr_db in conditions(context.recordings):
        if name in done:
            continue
        counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
        failures: list[dict[str, object]] = []
        waits: dict[str, list[float]] = {"calming": [], "others": []}
        for phrase, voice in clean_sample(context) if noise is None else noisy_sample(context):
            said = spoken(context, phrase, voice, name, noise, snr_db)
            heard = heard_in(Listener(context.model, context.book), said.pcm)
            result = outcome(context.book, phrase, heard)
            counts[voice][result] += 1
            if result == "obeyed":
                calms = heard[0].command.name in CALMING
                waits["calming" if calms else "others"].append(heard[0].decided - said.end)
            else:
                failures.append({"said": phrase, "voice": voice, "heard": [one.phrase for one in heard]})
        total = sum(counts.values(), Counter())
        yield (
            name,
            {
                **_shares(total),
                "voices": {voice: _shares(counts[voice]) for voice in VOICES if counts[voice]},
                "decided": {what: spread(times) for what, times in waits.items()},
                "failures": failures,
            },
        )


def _shares(counts: Counter[Outcome]) -> Figure:
    results: tuple[Outcome, ...] = ("obeyed", "wrong", "missed")
    return {result: share(counts[result], counts.total()) for result in results}


def reaction(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """Vosk alone, in quiet: how many final results are the phrase, word by word, and when after the end of the speech
    the first partial result stood that was the phrase and stayed so; by the number of words.

    The speech ends with the last sample over 2 % of the rendering's peak."""
    context.speaker.prepare(sample(context.book))
    if "all" in done:
        return
    given: Counter[int] = Counter()
    times: dict[int, list[float]] = defaultdict(list)
    exact = 0
    for phrase, voice in clean_sample(context):
        said = spoken(context, phrase, voice, "clean")
        words = len(phrase.split())
        given[words] += 1
        finals, since = vosk_alone(context, said.pcm)
        exact += finals == [phrase]
        if finals and finals[0] == phrase and since is not None:
            times[words].append(since - said.end)
    for words in sorted(given):
        yield f"{words} word{'s' if words > 1 else ''}", spread(times[words]) | {"given": given[words]}
    yield "exact phrase", share(exact, given.total())
    yield "all", spread(time for some in times.values() for time in some) | {"given": given.total()}


def vosk_alone(context: Context, pcm: Pcm) -> tuple[list[str], float | None]:
    """The final results that are not empty, and the time in seconds from which the partial result was equal to the
    first of them; None if it never was. Blocks of 30 ms, with the grammar of a session."""
    ears = context.model.recogniser(context.book)
    finals: list[str] = []
    partial, since, known_since = "", 0.0, None
    for i in range(0, len(pcm) - BLOCK + 1, BLOCK):
        if ears.AcceptWaveform(pcm[i : i + BLOCK].tobytes()):
            text = json.loads(ears.Result())["text"]
            if text and not finals and text == partial:
                known_since = since
            finals += [text] if text else []
            partial = ""
            continue
        now = json.loads(ears.PartialResult())["partial"]
        if now != partial:
            partial, since = now, (i + BLOCK) / RATE
    text = json.loads(ears.FinalResult())["text"]
    if text and not finals and text == partial:
        known_since = since
    return finals + ([text] if text else []), known_since


def out_of_grammar(context: Context, done: Container[str]) -> Iterator[tuple[str, Figure]]:
    """Sentences and words that are no commands, in quiet, by two of the voices each: how many are taken for one."""
    context.speaker.prepare(OUTSIDE)
    if "all" in done:
        return
    accepted: list[dict[str, object]] = []
    counts: dict[str, Counter[str]] = {"single words": Counter(), NO_DECOYS: Counter(), "sentences": Counter()}
    total: Counter[str] = Counter()
    for n, text in enumerate(context.some(OUTSIDE)):
        for voice in (VOICES[n % len(VOICES)], VOICES[(n + 2) % len(VOICES)]):
            said = spoken(context, text, voice, "clean")
            heard = heard_in(Listener(context.model, context.book), said.pcm)
            count: Counter[str] = Counter(n=1, taken=bool(heard))
            count["calmed"] = any(one.command.name in CALMING for one in heard)
            count["advanced"] = any(one.command.name in ADVANCING for one in heard)
            total += count
            counts["sentences" if " " in text else "single words"] += count
            if " " not in text and normal(text) not in context.book.decoys:
                counts[NO_DECOYS] += count
            if heard:
                accepted.append({"said": text, "voice": voice, "heard": [one.phrase for one in heard]})
    for name, count in (*counts.items(), ("all", total)):
        figure = {what: share(count[what], count["n"]) for what in ("taken", "calmed", "advanced")}
        yield name, figure | ({"accepted": accepted} if name == "all" else {})
