"""How quickly the guide reacts, by command and stage by stage.

    python -m benchmarks.reaction [--live] [--rehearsal] [--every N] [--seed N]

--live: `voiceguide run` with PortAudio and a PulseAudio daemon of its own, in real time (ten minutes).
--rehearsal: in the simulated room, with its clock, and the computing added. Without either: both.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks import machine, reaction_live, reaction_room


def live(seed: int, every: int) -> None:
    """Measure, and print, the reactions of a live session."""
    print(f"live: {machine.facts()}")
    reactions, rest = reaction_live.measure(seed, every)
    for calming in (True, False):
        some = [one for one in reactions if one.calming == calming]
        print(f"\n{'calming commands: to silence' if calming else 'other commands: to the chime'}, ms")
        print(f"{'':<24}{'n':>4}{'p50':>7}{'p95':>7}   capture  known certain  acted    out  (medians)")
        for phrase in dict.fromkeys(one.phrase for one in some):
            _row(phrase, [one for one in some if one.phrase == phrase])
        _row("all", some)
        _row("  p95", some, 95)
        answers = [one.answer for one in some]
        print(f"from the decision to the answer: {np.median(answers):.0f} / {np.percentile(answers, 95):.0f}")
    print(f"\n{len(reactions)} commands were measured. Of others there is no reaction to measure: {rest or 'none'}")


def rehearsal(seed: int, every: int) -> None:
    """Measure, and print, the reactions in a rehearsal."""
    print(f"rehearsal: {machine.facts()}")
    reactions, given = reaction_room.measure(seed, every)
    for calming in (True, False):
        some = [one for one in reactions if one.calming == calming]
        print(f"\n{'calming commands: to silence' if calming else 'other commands: to the first change'}, ms")
        print(f"{'':<24}{'n':>4}{'p50':>7}{'p95':>7}    known decided computed  (medians, from the phrase's end)")
        for phrase in [*dict.fromkeys(one.phrase for one in some), "all"]:
            of = [one for one in some if phrase in ("all", one.phrase)]
            total = [one.changed for one in of]
            stages = [np.median([getattr(one, stage) for one in of]) for stage in ("known", "decided", "computed")]
            parts = "".join(f"{stage:>9.0f}" for stage in stages)
            print(f"{phrase:<24}{len(of):>4}{np.median(total):>7.0f}{np.percentile(total, 95):>7.0f}{parts}")
    print(f"\n{len(reactions)} of {given} commands were measured; the others were not obeyed\n", flush=True)


def _row(name: str, some: Sequence[reaction_live.Reaction], share: float = 50) -> None:
    total = [one.total for one in some]
    stages = [[getattr(one, stage) for one in some] for stage in ("capture", "known", "certain", "acted", "out")]
    parts = "".join(f"{np.percentile(stage, share):>8.0f}" for stage in stages)
    print(f"{name:<24}{len(some):>4}{np.median(total):>7.0f}{np.percentile(total, 95):>7.0f}  {parts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--rehearsal", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="every n-th phrase only")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    both = arguments.live == arguments.rehearsal
    if arguments.rehearsal or both:
        rehearsal(arguments.seed, arguments.every)
    if arguments.live or both:
        live(arguments.seed, arguments.every)


if __name__ == "__main__":
    main()
