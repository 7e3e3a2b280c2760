"""Guesses from its spelling how a word sounds: by espeak-ng's rules, in the phones of the lexicon.

espeak-ng has global state, and may end the process that it runs in, so it gets a process of its own (phonetics.py).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from voiceguide.errors import SpeechError
from voiceguide.recognition.lexicon import Lexicon, Pronunciation

TIMEOUT_S = 20.0
"""For a whole list. Starting the process takes longer than the words do."""

_NO_ANSWER = "espeak-ng cannot tell how words sound; install the packages libespeak-ng1 and espeak-ng-data"

_TABLE = """
iː=IY i=IY ɪ=IH ᵻ=IH eɪ=EY e=EH ɛ=EH æ=AE a=AE ɑː=AA ɑ=AA ɒ=AA aː=AA ɔː=AO ɔ=AO oː=AO oʊ=OW əʊ=OW
o=OW ʊ=UH uː=UW u=UW ʌ=AH ə=AH ɐ=AH ɚ=ER ɜː=ER ɜ=ER ɝ=ER aɪ=AY aʊ=AW ɔɪ=OY y=UW ø=ER œ=ER ɨ=IH
eə=EH+R iə=IY+AH ɪə=IY+AH ʊə=UH+R aɪɚ=AY+ER aɪə=AY+AH p=P b=B t=T d=D k=K ɡ=G g=G f=F v=V θ=TH ð=DH
s=S z=Z ʃ=SH ʒ=ZH h=HH tʃ=CH dʒ=JH m=M n=N ŋ=NG l=L ɹ=R r=R w=W j=Y ɾ=T ʔ=T x=K ç=SH n̩=AH+N
l̩=AH+L m̩=AH+M əl=AH+L ʁ=R ɲ=N+Y β=B ɬ=L ɣ=G
"""
"""espeak-ng's symbols, without stress, and those of the CMU Pronouncing Dictionary."""
_PHONES = {symbol: found.replace("+", " ") for symbol, found in (pair.split("=") for pair in _TABLE.split())}
_LONGEST = max(map(len, _PHONES))
_CORRECTIONS = (
    # What the dictionary writes differently between vowels: "during", "period", "general", "area".
    (re.compile(r"\bR R\b"), "R"),
    (re.compile(r"\bIY AH R\b"), "IH R"),
    (re.compile(r"\bER R\b(?= [AEIOU])"), "ER"),
    (re.compile(r"\bIH(?= AH\b| OW\b| AE\b|$)"), "IY"),
)
_MARKS = dict.fromkeys(map(ord, "ˈˌ_ ̃ʲ̪"))


def with_spellings(lexicon: Lexicon, spellings: Mapping[str, str]) -> Lexicon:
    """The lexicon with more words, each spelt as it sounds ("tuina": "twee nah").

    Raises SpeechError if there's no espeak-ng."""
    said = sounds(spellings.values())
    return lexicon.with_words({word: said[spelt] for word, spelt in spellings.items() if said[spelt]})


def sounds(spellings: Iterable[str]) -> dict[str, tuple[Pronunciation, ...]]:
    """How each spelling (of one word, perhaps as several) is probably said: first as in America, then as in Britain,
    if more than an r differs. One that espeak-ng can't read has no pronunciation.

    Raises SpeechError if there's no espeak-ng."""
    asked = list(dict.fromkeys(spellings))
    if not asked:
        return {}
    try:
        # By path and with -P: the child imports nothing from the user's current folder.
        done = subprocess.run(
            [sys.executable, "-P", str(Path(__file__).with_name("phonetics.py").resolve())],
            input="".join(json.dumps(spelling) + "\n" for spelling in asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=True,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SpeechError(_NO_ANSWER) from error
    if len(answers) != len(asked):
        raise SpeechError(_NO_ANSWER)
    return {spelling: _ways(answer) for spelling, answer in zip(asked, answers, strict=True)}


def _ways(answer: list[str]) -> tuple[Pronunciation, ...]:
    american, british = answer
    ways = [phones(american), phones(american.replace("ᵻ", "ə"))]  # "wanted": some say an i, some an uh
    bare = [_bare(way) for way in ways]
    ways += [way for way in [phones(british)] if _bare(way) not in bare]
    return tuple(dict.fromkeys(filter(None, ways)))


def phones(ipa: str) -> Pronunciation:
    """espeak-ng's IPA in ARPAbet, without stress; empty if a symbol has no phone."""
    text = ipa.translate(_MARKS)
    found: list[str] = []
    at = 0
    while at < len(text):
        for length in range(min(_LONGEST, len(text) - at), 0, -1):
            if phone := _PHONES.get(text[at : at + length]):
                found += phone.split()
                at += length
                break
        else:
            return ()
    way = " ".join(found)
    for pattern, instead in _CORRECTIONS:
        way = pattern.sub(instead, way)
    return tuple(way.split())


def _bare(way: Pronunciation) -> Pronunciation:
    """What's the same in both accents if they differ only by an r, or an o."""
    return tuple({"ER": "AH", "AO": "AA"}.get(phone, phone) for phone in way if phone != "R")
