"""How quickly the guide reacts, by command and stage by stage.

    python -m benchmarks.reaction --live [--every N] [--seed N]

--live: `voiceguide run` with PortAudio and a PulseAudio daemon of its own, in real time (ten minutes).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from benchmarks import machine, reaction_live


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


def _row(name: str, some: Sequence[reaction_live.Reaction], share: float = 50) -> None:
    total = [one.total for one in some]
    stages = [[getattr(one, stage) for one in some] for stage in ("capture", "known", "certain", "acted", "out")]
    parts = "".join(f"{np.percentile(stage, share):>8.0f}" for stage in stages)
    print(f"{name:<24}{len(some):>4}{np.median(total):>7.0f}{np.percentile(total, 95):>7.0f}  {parts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--live", action="store_true", required=True)
    parser.add_argument("--every", type=int, default=1, help="every n-th phrase only")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    live(arguments.seed, arguments.every)


if __name__ == "__main__":
    main()
