"""Real recordings in packs, and public corpora in their own layouts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe import recordings
from models.recipe.errors import RecipeError
from models.recipe.packs import Pack, measuring_packs, training_packs
from models.recipe.split import is_official_training
from models.recipe.store import RATE, Utterance
from models.recipe.tests.examples import CORPUS, needs_corpus, spectrum, tone, write_pack

READ_BY_ANN = (tone(700, 0.5), "read", "it rained", "ann")


def read(folder: Path, into: str = "speech") -> list[Utterance]:
    """All that would be trained on."""
    return [u for source in recordings.sources(folder) if source.folder == into for _, u in source.items()]


def put(path: Path, seconds: float = 0.5, hertz: float = 500) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(hertz, seconds), RATE)


# Packs


def test_each_recording_of_a_pack_is_found_where_its_line_says(tmp_path: Path) -> None:
    write_pack(
        tmp_path,
        "town-00",
        [READ_BY_ANN, (tone(1900, 0.4), "rain", "", "roof"), (tone(1200, 0.3), "words", "no", "bob")],
    )
    (pack,) = training_packs(tmp_path)
    found = list(pack.recordings())
    assert [(u.kind, u.text, u.voice, u.corpus) for _, u in found] == [
        ("read", "it rained", "ann", "town"),
        ("rain", "", "roof", "town"),
        ("words", "no", "bob", "town"),
    ]
    assert [round(spectrum(pcm.astype(float)), -2) for pcm, _ in found] == [700, 1900, 1200]
    assert [len(pcm) for pcm, _ in found] == [RATE // 2, RATE * 2 // 5, RATE * 3 // 10]


def test_speech_and_noise_of_a_pack_go_their_own_ways(tmp_path: Path) -> None:
    write_pack(tmp_path, "town-00", [READ_BY_ANN, (tone(1900, 0.4), "rain", "", "roof")])
    write_pack(tmp_path, "crowd-00", [(tone(400, 0.4), "untranscribed", "", "ann")])
    assert [u.text for u in read(tmp_path)] == ["it rained"]
    assert [u.kind for u in read(tmp_path, "noise")] == ["rain"], "speech without a text is not a noise"
    assert {source.shard for source in recordings.sources(tmp_path)} == {"recordings", "pack-town-00"}


@pytest.mark.parametrize("kept", ["town-tuning", "town-validation", "town-test"])
def test_packs_for_measuring_are_never_trained_on(tmp_path: Path, kept: str) -> None:
    write_pack(tmp_path, "town-00", [READ_BY_ANN])
    write_pack(tmp_path, f"{kept}-00", [(tone(500, 0.4), "words", "stop", "eve")])
    assert {u.voice for u in read(tmp_path)} == {"ann"}
    assert [pack.index.stem for pack in measuring_packs(tmp_path, kept)] == [f"{kept}-00"]


def test_a_pack_that_is_cut_short_is_one_line(tmp_path: Path) -> None:
    write_pack(tmp_path, "town-00", [READ_BY_ANN])
    index = tmp_path / "packs" / "town-00.jsonl"
    index.write_text('["read", "it rained", "ann", 0, 99999]\n')
    with pytest.raises(RecipeError, match=r"town-00.* ends before sample 99999"):
        list(Pack(index).recordings())
    index.write_text('["read"]\n')
    with pytest.raises(RecipeError, match="cannot read the index of the pack"):
        recordings.sources(tmp_path)
    index.write_text('["read", "it rained", "ann", 0, 8000]\n')
    index.with_suffix(".opus").unlink()
    with pytest.raises(RecipeError, match="cannot read the sound of the pack"):
        list(Pack(index).recordings())


@needs_corpus
def test_the_smallest_pack_of_the_corpus_can_be_read() -> None:
    packs = training_packs(CORPUS)
    if not packs:
        pytest.skip(f"no packs in {CORPUS}")
    for pcm, utterance in min(packs, key=lambda pack: pack.index.with_suffix(".opus").stat().st_size).recordings():
        assert len(pcm) == utterance.samples
        assert np.abs(pcm).max() > 1000


# Public corpora


def official_set(name: str) -> str:
    """``which_set`` in the README of Speech Commands, for 10 % each."""
    hashed = int(hashlib.sha1(name.encode()).hexdigest(), 16)
    per_cent = (hashed % (2**27 - 1 + 1)) * (100.0 / (2**27 - 1))
    return "validation" if per_cent < 10 else "testing" if per_cent < 20 else "training"


def test_speech_commands_keeps_its_own_split_by_speaker(tmp_path: Path) -> None:
    speakers = [f"{n:08x}" for n in range(30)]
    for speaker in speakers:
        for word in ("stop", "bed"):
            put(tmp_path / "speech-commands" / word / f"{speaker}_nohash_0.wav")
    put(tmp_path / "speech-commands" / "_background_noise_" / "tap_nohash_0.wav")
    found = read(tmp_path)
    training = {speaker for speaker in speakers if official_set(speaker) == "training"}
    assert 0 < len(training) < len(speakers)
    assert {(u.text, u.voice) for u in found} == {(word, speaker) for word in ("stop", "bed") for speaker in training}
    assert {(u.kind, u.corpus) for u in found} == {("words", "speech-commands")}


def test_a_large_corpus_is_read_in_several_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was read stays when a run is interrupted."""
    monkeypatch.setattr(recordings, "A_SHARD", 2)
    speakers = [f"{n:08x}" for n in range(20) if official_set(f"{n:08x}") == "training"][:5]
    for speaker in speakers:
        put(tmp_path / "speech-commands" / "stop" / f"{speaker}_nohash_0.wav")
    shards = [source for source in recordings.sources(tmp_path) if source.shard != "recordings"]
    assert [source.shard for source in shards] == [f"speech-commands-00{n}" for n in range(3)]
    assert [u.voice for source in shards for _, u in source.items()] == sorted(speakers)


def test_a_known_speaker_of_speech_commands_is_where_google_put_him() -> None:
    assert is_official_training("012c8314")
    assert not is_official_training("099d52ad")  # in its validation_list.txt


def test_librispeech_is_read_chapter_by_chapter_without_its_test_readers(tmp_path: Path) -> None:
    for subset, reader in (("train-clean-5", "1088"), ("dev-clean-2", "84"), ("test-clean", "61")):
        folder = tmp_path / "librispeech" / subset / reader / "7"
        put(folder / f"{reader}-7-0000.flac")
        put(folder / f"{reader}-7-0001.flac", seconds=17.5)
        (folder / f"{reader}-7.trans.txt").write_text(f"{reader}-7-0000 HE SAID 'TIS I\n{reader}-7-0001 TOO LONG\n")
    (said,) = read(tmp_path)
    assert (said.text, said.kind, said.voice, said.corpus) == ("he said tis i", "read", "1088", "librispeech")


def test_common_voice_leaves_out_the_speakers_of_its_test(tmp_path: Path) -> None:
    folder = tmp_path / "common-voice"
    head = "client_id\tpath\tsentence\n"
    rows = ['ann\ta.wav\tHer "name" isn’t Zoe.\n', "eve\te.wav\tHello.\n", "ann\tn.wav\tIt is 5 o'clock.\n"]
    (folder / "clips").mkdir(parents=True)
    (folder / "validated.tsv").write_text(head + "".join(rows), "utf-8")
    (folder / "test.tsv").write_text(head + rows[1], "utf-8")
    for name in ("a.wav", "e.wav", "n.wav"):
        put(folder / "clips" / name)
    assert [(u.text, u.voice) for u in read(tmp_path)] == [("her name isn't zoe", "ann")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t stop!", "don't stop"),
        ("'Tis the boys' ball", "tis the boys ball"),
        ("well - yes", "well yes"),
        ("It is 5 o'clock", None),
        ("Café", None),
        ("…", None),
    ],
)
def test_a_text_is_words_or_it_is_left_out(text: str, words: str | None) -> None:
    assert recordings.words_of(text) == words
