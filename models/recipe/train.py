"""Trains the network: first by cross entropy on flite's phone timings, then by LF-MMI on whole utterances. Training
can be interrupted at any time; the next run resumes from the last checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.recipe import losses, orders
from models.recipe.adopt import read_network, settle
from models.recipe.augment import Augmenter, Batch
from models.recipe.corpus import BUCKETS, Corpus
from models.recipe.errors import DivergedError
from models.recipe.lfmmi import Bigram, Chains, Graphs, total
from models.recipe.network import STRIDE, Network, Shape
from models.recipe.phones import Pronunciations
from models.recipe.replay import Compute, Replay
from models.recipe.sound import Sound

_HEADS_RATE = 0.5
"""The learning rate of the output heads, relative to the rest."""
_WARM_UP = 300
_AVERAGE = 0.999
"""Decay of the exponential moving average of the weights. The average is what is exported."""
_REPORT = 250
DIVERGED = 0.3
"""How far the watched objective may fall below its best. Between reports it moves by about 0.01."""
_SLOWEST = 0.1
"""Part of the planned rate. If even this diverges, something else is wrong."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train.

    LF-MMI ends after ``steps``, or after ``hours`` of training if they are over first; its ``rate`` falls to zero by
    then. ``seconds``: of sound in a batch. ``orders_at``: the step at which the orders' wordings are found.
    ``start``: the folder of a model to start from, instead of the bootstrap. ``save_s``: seconds between checkpoints.
    """

    shape: Shape
    bootstrap_steps: int
    steps: int
    seconds: float
    bootstrap_rate: float = 3e-3
    rate: float = 2e-3
    hours: float = math.inf
    orders_at: int = 0
    start: Path | None = None
    seed: int = 1
    save_s: float = 20


class Trainer:
    """Trains by a plan. ``folder`` holds the checkpoints and the log; training resumes from it."""

    def __init__(
        self, plan: Plan, speech: Sound, noise: Sound, lexicon: Pronunciations, folder: Path, device: torch.device
    ) -> None:
        torch.manual_seed(plan.seed)
        if device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True
        self._plan, self.speech, self.noise, self._lexicon = plan, speech, noise, lexicon
        self._folder, self.device = folder, device
        folder.mkdir(parents=True, exist_ok=True)
        self._augmenter = Augmenter(speech, noise, plan.shape, device, plan.seed)
        self._network = Network(plan.shape).to(device)
        for parameter in self._network.parameters():  # once and for all: CUDA graphs write to these addresses
            parameter.grad = torch.zeros_like(parameter)
        self._average = Network(plan.shape).to(device).requires_grad_(False)
        self._optimiser = self._new_optimiser(plan.bootstrap_rate)
        self._phase, self._step, self._best = "bootstrap", 0, -math.inf
        self._part = 1.0
        """Part of the planned rate: halved whenever training diverges."""
        self.heard_h, self.took_h, self.watched = 0.0, 0.0, -math.inf
        """Hours of sound in all batches; hours of training; the objective on the watched utterances."""
        self._slots = {u.voice: u.text for u in speech.utterances if u.kind == "coffee"}
        """The slots of each order, by its name."""
        self._found: dict[str, str] = {}
        """What was said in each."""
        spoken = [u.text for u in speech.utterances if u.kind in ("espeak", "flite", "festival")]
        self.bigram = Bigram.of([t for t in spoken if all(word in lexicon for word in t.split())], lexicon)
        self._anything = Graphs.anything(self.bigram, device)
        self._replays: dict[tuple[str, int], Replay] = {}
        self._memory = torch.cuda.graph_pool_handle() if device.type == "cuda" else None

    def run(self) -> Network:
        """Train to the end, and return the averaged network.

        Raises DivergedError if going on is of no use, RecipeError if the model to start from cannot be read."""
        if not self._resume():
            self._begin()
        if self._phase == "bootstrap":
            aligned = self.speech.saying([u if u.phones else replace(u, text="") for u in self.speech.utterances])
            self._loop(Corpus(aligned, self.noise, self._lexicon), self._plan.bootstrap_steps, self._bootstrap)
            self._to_mmi()
        if self._step < self._plan.orders_at:
            self._loop(self._corpus(), self._plan.orders_at, self._mmi)
        if not self._found and self._step < self._plan.steps and not self._time_is_over():
            self._find_orders()
        self._loop(self._corpus(), self._plan.steps, self._mmi)
        self._save()
        return self._average.eval()

    def _corpus(self) -> Corpus:
        """All speech, but only those orders whose wording is known."""
        texts = [
            replace(u, text=self._found.get(u.voice, "")) if u.kind == "coffee" else u for u in self.speech.utterances
        ]
        self.speech = self.speech.saying(texts)
        corpus = Corpus(self.speech, self.noise, self._lexicon)
        self._say("hours of each kind: " + ", ".join(f"{kind} {hours:.2f}" for kind, hours in corpus.hours.items()))
        return corpus

    def _new_optimiser(self, rate: float) -> torch.optim.Optimizer:
        heads = [p for n, p in self._network.named_parameters() if n.startswith(("output", "second"))]
        rest = [p for n, p in self._network.named_parameters() if not n.startswith(("output", "second"))]
        groups = [{"params": rest, "part": 1.0}, {"params": heads, "part": _HEADS_RATE}]
        return torch.optim.AdamW(groups, lr=rate, weight_decay=1e-3)

    def _begin(self) -> None:
        """Start from scratch, with the mean of each band and one deviation for all; or from a trained model."""
        bands = self._heard()
        if self._plan.start is None:
            for network in (self._network, self._average):
                network.mean.copy_(bands.mean(dim=(0, 1)))
                network.deviation.copy_(bands.std())
            return
        there = read_network(self._plan.start)
        settle(there, bands.cpu())
        self._network.load_state_dict(there.state_dict())
        self._to_mmi()

    def _to_mmi(self) -> None:
        self._phase, self._step = "mmi", 0
        self._optimiser = self._new_optimiser(self._plan.rate)
        self._copy_to_average(0.0)
        self._save()

    def _heard(self) -> Tensor:
        """Augmented sound, float32[1, n, 40]."""
        corpus = Corpus(self.speech, self.noise, self._lexicon)
        rng = np.random.default_rng(self._plan.seed)
        drawn = (corpus.draw(rng, min(self._plan.seconds, 300))[0] for _ in range(6))
        heard = [self._augmenter.batch(chosen, 2**30 + k).bands.flatten(0, 1) for k, chosen in enumerate(drawn)]
        return torch.cat(heard)[None]

    def _loop(self, corpus: Corpus, until: int, compute: Compute) -> None:
        began = saved = counted = time.monotonic()
        first, heard, since = self._step, 0, 0
        sums = torch.zeros((), device=self.device)
        self._network.train()
        parameters = list(self._network.parameters())
        while self._step < until and not self._time_is_over():
            rng = np.random.default_rng((self._plan.seed, self._step, self._phase == "mmi"))
            chosen, bucket = corpus.draw(rng, self._plan.seconds)
            batch = self._batch(chosen, self._step + (self._phase == "mmi") * 10_000_000, bucket)
            wanted = self._wanted(corpus, chosen, batch, bucket)
            self._set_rate(until)
            figure = self._computed(compute, (batch.bands, batch.steps_there, *wanted), bucket)
            torch.nn.utils.clip_grad_norm_(parameters, 5.0)
            self._optimiser.step()
            self._step += 1
            self._copy_to_average(min(_AVERAGE, self._step / (self._step + 10)))
            sums += figure
            heard += int(batch.steps.sum())
            self.heard_h += float(batch.steps.sum()) * STRIDE / 100 / 3600
            self.took_h += (time.monotonic() - counted) / 3600
            counted = time.monotonic()
            since += 1
            if self._step % _REPORT == 0 or self._step == until or self._time_is_over():
                taken = time.monotonic() - began
                left = taken / (self._step - first) * (until - self._step)
                left = min(left, 3600 * (self._plan.hours - self.took_h))
                self.watched = self._watch(corpus)
                self._say(
                    f"{self._phase} step {self._step} of {until}: {float(sums) / since:.4f}, "
                    f"watched {self.watched:.4f}, {heard * 0.03 / 3600:.1f} h heard at {heard * 0.03 / taken:.0f} "
                    f"times real time, {left / 60:.1f} min left"
                )
                self._guard(self.watched)
                sums.zero_()
                since = 0
            if time.monotonic() - saved > self._plan.save_s:
                self._save()
                saved = time.monotonic()

    def _batch(self, chosen: NDArray[np.int64], step: int, bucket: int) -> Batch:
        """On a GPU all batches of a length range have one size, so that they can be replayed."""
        return self._augmenter.batch(chosen, step, longest=BUCKETS[bucket] if self.device.type == "cuda" else None)

    def _computed(self, compute: Compute, inputs: tuple[Tensor, ...], bucket: int) -> Tensor:
        if self.device.type != "cuda":
            return compute(*inputs)
        key = (self._phase, bucket)
        if key not in self._replays or not self._replays[key].fits(inputs):
            self._replays[key] = Replay(compute, inputs, self._memory)
        return self._replays[key](inputs)

    def _time_is_over(self) -> bool:
        return self._phase == "mmi" and self.took_h >= self._plan.hours

    def _done(self) -> float:
        """How much of LF-MMI is done, by steps or by time, whichever is further: from 0 to 1."""
        return min(1.0, max(self._step / self._plan.steps, self.took_h / self._plan.hours))

    def _set_rate(self, until: int) -> None:
        if self._phase == "bootstrap":
            rate = self._plan.bootstrap_rate * min(1, (self._step + 1) / 60) * (1 - 0.8 * self._step / until)
        else:
            rate = self._plan.rate * (min(1, (self._step + 1) / _WARM_UP) * (1 - self._done()) + 0.01)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * self._part * group["part"]

    def _wanted(self, corpus: Corpus, chosen: NDArray[np.int64], batch: Batch, bucket: int) -> tuple[Tensor, ...]:
        """What a batch should be recognised as: chains for LF-MMI, frame targets for the bootstrap."""
        if self._phase == "bootstrap":
            length = (batch.bands.shape[1] - self._plan.shape.left - self._plan.shape.right - 1) // STRIDE + 1
            spoken = [self.speech.utterances[item] if item >= 0 else None for item in chosen]
            return (torch.from_numpy(losses.targets(spoken, batch, length)).to(self.device),)
        states = corpus.states[bucket] if self.device.type == "cuda" else 0
        return Chains.of([corpus.chain(item) for item in chosen], self.device, states)

    def _mmi(self, bands: Tensor, steps: Tensor, *chains: Tensor) -> Tensor:
        return losses.mmi(self._network, self._anything, bands, steps, Chains(*chains))

    def _bootstrap(self, bands: Tensor, steps: Tensor, target: Tensor) -> Tensor:
        return losses.bootstrap(self._network, bands, target)

    @torch.no_grad()
    def _watch(self, corpus: Corpus) -> float:
        """The averaged network's objective on the watched utterances, for each step of 30 ms."""
        rng = np.random.default_rng(0)
        network = self._average if self._phase == "mmi" else self._network
        network.eval()
        objective, steps = 0.0, 0
        for k in range(4):
            chosen, bucket = corpus.draw(rng, min(self._plan.seconds, 120), watched=True)
            batch = self._batch(chosen, 2**31 + k, bucket)
            outputs = network(batch.bands)[0]
            chains = Chains.of([corpus.chain(item) for item in chosen], self.device)
            said = total(outputs, batch.steps_there, Graphs.said(chains, self._anything))[0]
            any_ = total(outputs, batch.steps_there, self._anything)[0]
            objective, steps = objective + float((said - any_).sum()), steps + int(batch.steps.sum())
        if network is self._network:
            network.train()
        return objective / max(steps, 1)

    def _guard(self, watched: float) -> None:
        """Keep the best checkpoint. If training has diverged from it, return to it and halve the rate."""
        if self._phase != "mmi":
            return
        if watched > self._best:
            self._best = watched
            self._save("best")
        elif not watched >= self._best - DIVERGED:
            lost, part = f"watched {watched:.2f} at step {self._step}, after {self._best:.2f}", self._part / 2
            if self._best == -math.inf or part < _SLOWEST:
                raise DivergedError(f"training diverged: {lost}, at {self._part:g} of the rate; lower `rate`")
            self._take_up("best")
            self._part = part
            self._say(f"diverged: {lost}; going on from step {self._step} at {part:g} of the rate")
            self._save()

    @torch.no_grad()
    def _copy_to_average(self, keep: float) -> None:
        for mine, its in zip(self._average.state_dict().values(), self._network.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(its, 1 - keep)
            else:
                mine.copy_(its)

    def _find_orders(self) -> None:
        self._average.eval()
        rows = [i for i, u in enumerate(self.speech.utterances) if u.kind == "coffee"]
        for number, index in enumerate(rows):
            name = self.speech.utterances[index].voice
            bands = self._augmenter.batch(np.array([index]), 0, plain=True).bands
            text = orders.said(self._average, bands, self._slots[name], self._anything, self._lexicon)
            self._found[name] = text
            if number % 50 == 0:
                self._say(f"order {number} of {len(rows)}: {text}")
        self._save()

    def _resume(self) -> bool:
        if not (self._folder / "state.pt").exists():
            return False
        self._take_up("state")
        self._say(f"going on with {self._phase} at step {self._step}")
        return True

    def _take_up(self, name: str) -> None:
        state: Mapping[str, Any] = torch.load(self._folder / f"{name}.pt", map_location="cpu", weights_only=True)
        self._phase, self._step, self._found = state["phase"], state["step"], state["orders"]
        self._best, self._part = state["best"], state["part"]
        self.heard_h, self.took_h, self.watched = state["heard_h"], state["took_h"], state["watched"]
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _save(self, name: str = "state") -> None:
        part = self._folder / f"{name}.part"
        torch.save(
            {
                "phase": self._phase,
                "step": self._step,
                "best": self._best,
                "part": self._part,
                "heard_h": self.heard_h,
                "took_h": self.took_h,
                "watched": self.watched,
                "orders": self._found,
                "network": self._network.state_dict(),
                "average": self._average.state_dict(),
                "optimiser": self._optimiser.state_dict(),
            },
            part,
        )
        part.rename(self._folder / f"{name}.pt")

    def _say(self, line: str) -> None:
        print(line, flush=True)
        with (self._folder / "log.txt").open("a") as log:
            log.write(line + "\n")
