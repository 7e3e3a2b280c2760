"""Trains the network: first to tell phones apart where flite says when each was spoken, then by LF-MMI on whole
utterances. Any moment of it can be cut off; the next run goes on from the last checkpoint."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from models.recipe import lfmmi, orders, store
from models.recipe.augment import Augmenter, Batch
from models.recipe.sound import Sound
from models.recipe.lfmmi import Bigram, Chains, Graphs, Pronunciations, total
from models.recipe.network import STRIDE, Network, Shape
from models.recipe.phones import OUTPUTS

SHARES = {"espeak": 48, "flite": 17, "festival": 9, "words": 5, "phrases": 3, "coffee": 9, "noise": 9}
"""Of the time that is trained on, by kind; what is not there leaves its share to the others."""
_SECOND_HEAD = 0.1
_SMALL_OUTPUTS = 5e-4
"""Weights of the second head's cross entropy and of the outputs' squares in the loss."""
_HEADS_RATE = 0.5
_WARM_UP = 300
_AVERAGE = 0.999
"""How much of the running average of the weights is kept at each step. The average is what is exported."""
_BUCKETS = (1.0, 1.4, 1.8, 2.3, 3.0, 4.0, 5.5, 8.0, 14.0)
"""Seconds; a batch has utterances of one range."""
_REPORT = 250
_WATCHED = 50
"""One of so many utterances is not trained on: how well it is told shows the progress."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train. ``seconds``: of sound in a batch; ``orders_at``: the step at which the orders'
    wordings are found; ``save_s``: seconds between checkpoints."""

    shape: Shape
    bootstrap_steps: int
    steps: int
    seconds: float
    bootstrap_rate: float = 3e-3
    rate: float = 2e-3
    orders_at: int = 0
    seed: int = 1
    save_s: float = 20


class _Corpus:
    """The items to train on: utterances of the speech, and, as negative numbers, of the noise (see Augmenter)."""

    def __init__(self, speech: Sound, noise: Sound, lexicon: Pronunciations) -> None:
        items, seconds, kinds, watched, states = [], [], [], [], []
        for index, utterance in enumerate(speech.utterances):
            if not utterance.text or not all(word in lexicon for word in utterance.text.split()):
                continue
            length = utterance.samples / store.RATE
            phones = len([None for _, optional in lfmmi.chain(utterance.text, lexicon) if not optional])
            if length / 1.16 < 0.03 * 1.15 * phones:
                continue  # spoken too quickly for a path through all its phones
            items.append(index)
            seconds.append(length)
            kinds.append(utterance.kind)
            name = f"{utterance.kind} {utterance.voice} {utterance.text} {utterance.offset}"
            words = utterance.text.split()
            states.append(sum(max(map(len, lexicon[word])) for word in words) + len(words) + 1)
            watched.append(int(hashlib.sha256(name.encode()).hexdigest(), 16) % _WATCHED == 0)
        for index, piece in enumerate(noise.utterances):
            if piece.kind != "guide":
                items.append(-1 - index)
                seconds.append(3.0)
                kinds.append("noise")
                watched.append(False)
                states.append(1)
        self.items = np.array(items, np.int64)
        self.kinds = np.array(kinds)
        self._seconds = np.array(seconds)
        self._watched = np.array(watched, bool)
        self._bucket = np.searchsorted(_BUCKETS, self._seconds).clip(max=len(_BUCKETS) - 1)
        self.states = [max(np.array(states)[self._bucket == k], default=0) for k in range(len(_BUCKETS))]
        """The most states that the graph of an utterance of each range has."""
        self._weights = {watched: self._weight(watched) for watched in (False, True)}
        self.hours = {str(k): float(self._seconds[self.kinds == k].sum()) / 3600 for k in np.unique(self.kinds)}

    def _weight(self, watched: bool) -> NDArray[np.float64]:
        """How often each utterance is drawn: the kinds by their shares of the time."""
        weight = np.zeros(len(self.items))
        for kind, share in SHARES.items():
            of_kind = (self.kinds == kind) & (self._watched == watched)
            if of_kind.any():
                weight[of_kind] = share / self._seconds[of_kind].sum()
        return weight

    def draw(self, rng: np.random.Generator, seconds: float, *, watched: bool = False) -> tuple[NDArray[np.int64], int]:
        """A batch of about ``seconds`` of sound, the kinds by their shares, and its range of lengths."""
        weight = self._weights[watched]
        by_bucket = np.bincount(self._bucket, weight * self._seconds, len(_BUCKETS))
        bucket = int(rng.choice(len(_BUCKETS), p=by_bucket / by_bucket.sum()))
        inside = np.flatnonzero((self._bucket == bucket) & (weight > 0))
        size = max(4, int(seconds / (_BUCKETS[bucket] + 0.8)))
        chosen = rng.choice(inside, size, p=weight[inside] / weight[inside].sum())
        return self.items[chosen], bucket


_Compute = Callable[..., Tensor]
"""From a batch to gradients, in place; gives a figure that tells how well it went."""


class _Replay:
    """The computation of batches of one size as one CUDA graph: to launch its thousands of small kernels one by one
    takes many times longer than to run them."""

    def __init__(self, compute: _Compute, inputs: tuple[Tensor, ...], memory: Any) -> None:
        """``memory``: a pool of torch's, shared by all, since they run one after the other."""
        self._inputs = [tensor.clone() for tensor in inputs]
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            compute(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=memory):
            self._figure = compute(*self._inputs)

    def fits(self, inputs: tuple[Tensor, ...]) -> bool:
        return all(mine.shape == its.shape for mine, its in zip(self._inputs, inputs, strict=True))

    def __call__(self, inputs: tuple[Tensor, ...]) -> Tensor:
        for mine, its in zip(self._inputs, inputs, strict=True):
            mine.copy_(its)
        self._graph.replay()
        return self._figure


class Trainer:
    """Trains by a plan. ``folder``: where checkpoints and the log go, and are taken up from."""

    def __init__(
        self, plan: Plan, speech: Sound, noise: Sound, lexicon: Pronunciations, folder: Path, device: torch.device
    ) -> None:
        torch.manual_seed(plan.seed)
        if device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True
        self._plan, self._speech, self._noise, self._lexicon = plan, speech, noise, lexicon
        self._folder, self._device = folder, device
        folder.mkdir(parents=True, exist_ok=True)
        self._augmenter = Augmenter(speech, noise, plan.shape, device, plan.seed)
        self._network = Network(plan.shape).to(device)
        for parameter in self._network.parameters():  # always in place, since replays write to where they once were
            parameter.grad = torch.zeros_like(parameter)
        self._average = Network(plan.shape).to(device).requires_grad_(False)
        self._optimiser = self._new_optimiser(plan.bootstrap_rate)
        self._phase, self._step = "bootstrap", 0
        self._found: dict[str, str] = {}
        """What was said in the orders, by their names."""
        spoken = [u.text for u in speech.utterances if u.kind in ("espeak", "flite", "festival")]
        self.bigram = Bigram.of([t for t in spoken if all(word in lexicon for word in t.split())], lexicon)
        self._anything = Graphs.anything(self.bigram, device)
        self._replays: dict[tuple[str, int], _Replay] = {}
        self._memory = torch.cuda.graph_pool_handle() if device.type == "cuda" else None

    def run(self) -> Network:
        """Train to the end, and give the averaged network."""
        if not self._resume():
            self._normalise()
        if self._phase == "bootstrap":
            aligned = self._speech.saying([u if u.phones else replace(u, text="") for u in self._speech.utterances])
            self._loop(_Corpus(aligned, self._noise, self._lexicon), self._plan.bootstrap_steps, self._bootstrap)
            self._phase, self._step = "mmi", 0
            self._optimiser = self._new_optimiser(self._plan.rate)
            self._copy_to_average(0.0)
            self._save()
        until = self._plan.orders_at
        if self._step < until:
            self._loop(self._corpus(), until, self._mmi)
        if not self._found and self._step < self._plan.steps:
            self._find_orders()
        self._loop(self._corpus(), self._plan.steps, self._mmi)
        self._save()
        return self._average.eval()

    def _corpus(self) -> _Corpus:
        texts = [
            replace(u, text=self._found.get(u.voice, "")) if u.kind == "coffee" else u for u in self._speech.utterances
        ]
        self._speech = self._speech.saying(texts)
        corpus = _Corpus(self._speech, self._noise, self._lexicon)
        self._say("hours of each kind: " + ", ".join(f"{kind} {hours:.2f}" for kind, hours in corpus.hours.items()))
        return corpus

    def _new_optimiser(self, rate: float) -> torch.optim.Optimizer:
        heads = [p for n, p in self._network.named_parameters() if n.startswith(("output", "second"))]
        rest = [p for n, p in self._network.named_parameters() if not n.startswith(("output", "second"))]
        groups = [{"params": rest, "part": 1.0}, {"params": heads, "part": _HEADS_RATE}]
        return torch.optim.AdamW(groups, lr=rate, weight_decay=1e-3)

    def _normalise(self) -> None:
        """Mean of each band and one deviation for all, over augmented sound."""
        corpus = _Corpus(self._speech, self._noise, self._lexicon)
        rng = np.random.default_rng(self._plan.seed)
        bands = torch.cat(
            [
                self._augmenter.batch(corpus.draw(rng, min(self._plan.seconds, 300))[0], 2**30 + k).bands.flatten(0, 1)
                for k in range(6)
            ]
        )
        for network in (self._network, self._average):
            network.mean.copy_(bands.mean(dim=0))  # type: ignore[operator]
            network.deviation.copy_(bands.std())  # type: ignore[operator]

    def _loop(self, corpus: _Corpus, until: int, compute: _Compute) -> None:
        began = saved = time.monotonic()
        first, heard, since = self._step, 0, 0
        sums = torch.zeros((), device=self._device)
        self._network.train()
        parameters = list(self._network.parameters())
        while self._step < until:
            rng = np.random.default_rng((self._plan.seed, self._step, self._phase == "mmi"))
            chosen, bucket = corpus.draw(rng, self._plan.seconds)
            replayed = self._device.type == "cuda"
            batch = self._augmenter.batch(
                chosen,
                self._step + (self._phase == "mmi") * 10_000_000,
                longest=_BUCKETS[bucket] if replayed else None,
            )
            wanted = self._wanted(chosen, batch, random.Random(int(rng.integers(2**31))), corpus.states[bucket])
            inputs = (batch.bands, batch.steps_there, *wanted)
            self._set_rate(until)
            if replayed:
                key = (self._phase, bucket)
                if key not in self._replays or not self._replays[key].fits(inputs):
                    self._replays[key] = _Replay(compute, inputs, self._memory)
                figure = self._replays[key](inputs)
            else:
                figure = compute(*inputs)
            torch.nn.utils.clip_grad_norm_(parameters, 5.0)
            self._optimiser.step()
            self._step += 1
            self._copy_to_average(min(_AVERAGE, self._step / (self._step + 10)))
            sums += figure
            heard += int(batch.steps.sum())
            since += 1
            if self._step % _REPORT == 0 or self._step == until:
                taken = time.monotonic() - began
                left = taken / (self._step - first) * (until - self._step)
                self._say(
                    f"{self._phase} step {self._step} of {until}: {float(sums) / since:.4f}, watched "
                    f"{self._watch(corpus):.4f}, {heard * 0.03 / 3600:.1f} h heard at {heard * 0.03 / taken:.0f} times "
                    f"real time, {left / 60:.1f} min left"
                )
                sums.zero_()
                since = 0
            if time.monotonic() - saved > self._plan.save_s:
                self._save()
                saved = time.monotonic()

    def _set_rate(self, until: int) -> None:
        if self._phase == "bootstrap":
            rate = self._plan.bootstrap_rate * min(1, (self._step + 1) / 60) * (1 - 0.8 * self._step / until)
        else:
            done = self._step / self._plan.steps
            rate = self._plan.rate * (min(1, (self._step + 1) / _WARM_UP) * (1 - done) + 0.01)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["part"]

    def _wanted(
        self, chosen: NDArray[np.int64], batch: Batch, rng: random.Random | None, states: int = 0
    ) -> tuple[Tensor, ...]:
        """What the network should say of a batch: chains for LF-MMI, targets for the bootstrap."""
        if self._phase == "bootstrap":
            length = (batch.bands.shape[1] - self._plan.shape.left - self._plan.shape.right - 1) // STRIDE + 1
            return (torch.from_numpy(self._targets(chosen, batch, length)).to(self._device),)
        return Chains.of([self._chain(item, rng) for item in chosen], self._device, states)

    def _chain(self, item: int, rng: random.Random | None) -> list[tuple[int, bool]]:
        return lfmmi.chain(self._speech.utterances[item].text if item >= 0 else "", self._lexicon, rng)

    def _zero_gradients(self) -> None:
        torch._foreach_zero_([p.grad for p in self._network.parameters() if p.grad is not None])

    def _mmi(self, bands: Tensor, steps: Tensor, *chains: Tensor) -> Tensor:
        """Gradients of the loss; the objective for each step of 30 ms."""
        self._zero_gradients()
        outputs, second = self._network(bands)
        said = Graphs.said(Chains(*chains), self._anything)
        objective, wanted = lfmmi.objective(outputs, steps, said, self._anything)
        count = steps.sum()
        mask = (torch.arange(outputs.shape[1], device=outputs.device)[None] < steps[:, None]).unsqueeze(2)
        cross = -(second.log_softmax(dim=2) * wanted * mask).sum() / count
        squares = (outputs.square() * mask).sum() / count
        figure = objective.sum() / count
        (-figure + _SECOND_HEAD * cross + 0.5 * _SMALL_OUTPUTS * squares).backward()  # type: ignore[no-untyped-call]
        return figure.detach()

    def _bootstrap(self, bands: Tensor, steps: Tensor, target: Tensor) -> Tensor:
        """Gradients of the cross entropy of both heads against flite's timings; the share of outputs that have the
        right phone."""
        self._zero_gradients()
        known = target >= 0
        loss = torch.zeros((), device=bands.device)
        outputs, second = self._network(bands)
        for head in (outputs, second):
            loss = loss + functional.cross_entropy(head.flatten(0, 1), target.flatten(), ignore_index=-1)
        loss.backward()  # type: ignore[no-untyped-call]
        return ((outputs.argmax(dim=2) // 2 == target // 2) & known).sum() / known.sum()

    def _targets(self, chosen: NDArray[np.int64], batch: Batch, length: int) -> NDArray[np.int64]:
        """int64[B, T]: the output that is right at each step; -1 after the end."""
        target = np.full((len(chosen), length), -1, np.int64)
        # The middle of an output's window, in seconds.
        at = np.arange(length) * STRIDE * 0.01 + 0.0125
        for row, item in enumerate(chosen):
            phones = self._speech.utterances[item].phones if item >= 0 else ()
            ids = np.array([phone for phone, _ in phones] + [0])
            ends = np.array([end for _, end in phones])
            segment = np.searchsorted(ends, (at - batch.begins[row]) * batch.speeds[row])
            segment = np.where(at < batch.begins[row], -1, segment)
            label = np.where(segment < 0, 0, ids[np.clip(segment, 0, None)])
            same = np.r_[False, (label[1:] == label[:-1]) & ((segment[1:] == segment[:-1]) | (label[1:] == 0))]
            target[row, : batch.steps[row]] = (2 * label + same)[: batch.steps[row]]
        assert target.max() < OUTPUTS
        return target

    @torch.no_grad()
    def _watch(self, corpus: _Corpus) -> float:
        """How well the average does on utterances that are not trained on: the objective for each step of 30 ms."""
        rng = np.random.default_rng(0)
        network = self._average if self._phase == "mmi" else self._network
        network.eval()
        objective, steps = 0.0, 0
        for k in range(4):
            chosen, bucket = corpus.draw(rng, min(self._plan.seconds, 120), watched=True)
            batch = self._augmenter.batch(chosen, 2**31 + k, longest=_BUCKETS[bucket] if self._device.type == "cuda" else None)
            chains = Chains.of([self._chain(item, None) for item in chosen], self._device)
            outputs = network(batch.bands)[0]
            said = Graphs.said(chains, self._anything)
            difference = total(outputs, batch.steps_there, said)[0] - total(outputs, batch.steps_there, self._anything)[0]
            objective, steps = objective + float(difference.sum()), steps + int(batch.steps.sum())
        if network is self._network:
            network.train()
        return objective / max(steps, 1)

    @torch.no_grad()
    def _copy_to_average(self, keep: float) -> None:
        for mine, its in zip(self._average.state_dict().values(), self._network.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(its, 1 - keep)
            else:
                mine.copy_(its)

    def _find_orders(self) -> None:
        self._average.eval()
        rows = [i for i, u in enumerate(self._speech.utterances) if u.kind == "coffee"]
        labels = {u.voice: u.text for u in self._original_labels()}
        for number, index in enumerate(rows):
            name = self._speech.utterances[index].voice
            bands = self._augmenter.batch(np.array([index]), 0, plain=True).bands
            text = orders.said(self._average, bands, labels[name], self._anything, self._lexicon)
            self._found[name] = text
            if number % 50 == 0:
                self._say(f"order {number} of {len(rows)}: {text}")
        self._save()

    def _original_labels(self) -> list[store.Utterance]:
        return [u for u in self._labels if u.kind == "coffee"]

    def _resume(self) -> bool:
        self._labels = list(self._speech.utterances)
        path = self._folder / "state.pt"
        if not path.exists():
            return False
        state: Mapping[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        self._phase, self._step, self._found = state["phase"], state["step"], state["orders"]
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._say(f"going on with {self._phase} at step {self._step}")
        return True

    def _save(self) -> None:
        part = self._folder / "state.part"
        torch.save(
            {
                "phase": self._phase,
                "step": self._step,
                "orders": self._found,
                "network": self._network.state_dict(),
                "average": self._average.state_dict(),
                "optimiser": self._optimiser.state_dict(),
            },
            part,
        )
        part.rename(self._folder / "state.pt")

    def _say(self, line: str) -> None:
        print(line, flush=True)
        with (self._folder / "log.txt").open("a") as log:
            log.write(line + "\n")


def replace_speech(sound: Sound, utterances: list[store.Utterance]) -> Sound:
    """The same sound with other texts."""
    copy = object.__new__(Sound)
    copy.pcm, copy.offsets, copy.samples, copy.utterances = sound.pcm, sound.offsets, sound.samples, utterances
    return copy


def summary(corpus: Sound) -> dict[str, float]:
    """Hours of each kind in a store."""
    hours: dict[str, float] = {}
    for utterance in corpus.utterances:
        hours[utterance.kind] = hours.get(utterance.kind, 0.0) + utterance.samples / store.RATE / 3600
    return {kind: round(value, 2) for kind, value in sorted(hours.items())}


def save_log(path: Path, facts: dict[str, Any]) -> None:
    path.write_text(json.dumps(facts, indent=1) + "\n")
