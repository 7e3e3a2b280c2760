"""The player, sample by sample.

At volume 0 dB what is under 0.9 of full scale passes unchanged: a line's samples can be looked for as such.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from concurrent.futures import CancelledError, Future
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import GIVE_UP_S

from voiceguide.sound import BLOCK, RATE, Pcm
from voiceguide.speech.bed import ATTACK, FADE_IN, FADE_OUT, RELEASE
from voiceguide.speech.chimes import ChimeKind
from voiceguide.speech.envelopes import Float
from voiceguide.speech.lullaby import lullaby
from voiceguide.speech.music import Music
from voiceguide.speech.player import DUCK_DB, FADE, RAMP, Event, Failed, Finished, Player, Started

DUCKED = 10 ** (DUCK_DB / 20)
NO_VOICE = OSError("no voice")


def tone(samples: int, *, hertz: float = 220.0, peak: float = 10_000) -> Pcm:
    wave = peak * np.cos(2 * np.pi * hertz * np.arange(samples) / RATE)
    return np.asarray(np.rint(wave), dtype=np.int16)


def done(pcm: Pcm) -> Future[Pcm]:
    future: Future[Pcm] = Future()
    future.set_result(pcm)
    return future


def failed(error: Exception) -> Future[Pcm]:
    future: Future[Pcm] = Future()
    future.set_exception(error)
    return future


def silence(samples: int) -> Pcm:
    return np.zeros(samples, np.int16)


def steepest(pcm: Pcm) -> int:
    """The largest step between two samples: a click is a step that speech doesn't make."""
    return int(np.abs(np.diff(pcm.astype(int))).max())


def settled(gain_db: float) -> Player:
    player = Player()
    player.gain_db = gain_db
    player.fill(RAMP)
    return player


# ---- lines ----


def test_delay_lines_and_gaps_are_exact_to_the_sample() -> None:
    first, second = tone(5000), tone(777, hertz=300)
    player = Player()
    player.fill(100)
    player.say(7, [done(first), done(second)], gap=0.35, delay=0.02)
    assert player.speaking
    heard = player.fill(320 + 5000 + 5600 + 777 + 200)
    assert heard.dtype == np.int16
    assert np.array_equal(heard, np.concatenate([silence(320), first, silence(5600), second, silence(200)]))
    assert player.events() == [
        Started(7, 0, at=420),
        Finished(7, 0, at=5420),
        Started(7, 1, at=11020),
        Finished(7, 1, at=11797),
    ]
    assert player.events() == []
    assert player.position == 100 + len(heard)
    assert not player.speaking


def test_an_empty_line_starts_and_finishes_at_once() -> None:
    player = Player()
    player.say(1, [done(silence(0)), done(tone(10))], gap=0)
    assert np.array_equal(player.fill(12)[:10], tone(10))
    assert player.events() == [Started(1, 0, 0), Finished(1, 0, 0), Started(1, 1, 0), Finished(1, 1, 10)]


def test_saying_nothing_hushes() -> None:
    player = Player()
    player.say(1, [done(tone(5000))])
    player.fill(100)
    player.say(2, [])
    assert not player.speaking
    assert not player.fill(FADE + 100)[FADE:].any()


def test_while_a_line_is_being_rendered_there_is_silence() -> None:
    player, late = Player(), Future[Pcm]()
    player.say(1, [late])
    assert not player.fill(3 * BLOCK).any()
    assert player.events() == []
    assert player.speaking and not player.sounding
    late.set_result(tone(100))
    assert np.array_equal(player.fill(100), tone(100))
    assert player.events() == [Started(1, 0, 3 * BLOCK), Finished(1, 0, 3 * BLOCK + 100)]


def test_a_line_that_fails_is_skipped_and_reported() -> None:
    error, cancelled = OSError("no voice"), Future[Pcm]()
    cancelled.cancel()
    player = Player()
    player.say(3, [failed(error), done(tone(50)), cancelled, done(tone(60))], gap=0.01)
    heard = player.fill(400)
    assert np.array_equal(heard, np.concatenate([tone(50), silence(160), tone(60), silence(130)])), "one gap"
    events = player.events()
    assert events[:4] == [Failed(3, 0, error), Finished(3, 0, 0), Started(3, 1, 0), Finished(3, 1, 50)]
    assert isinstance(events[4], Failed) and isinstance(events[4].error, CancelledError)
    assert events[5:] == [Finished(3, 2, 210), Started(3, 3, 210), Finished(3, 3, 270)]


# ---- hush ----


@given(at=st.integers(1, 4999), hertz=st.sampled_from([100.0, 440.0, 1500.0]))
@settings(deadline=None)
def test_a_hush_is_a_short_fade_and_then_silence(at: int, hertz: float) -> None:
    line = tone(5000, hertz=hertz)
    line[-200:] = (line[-200:] * np.linspace(1, 0, 200)).astype(np.int16)  # like speech, it ends in silence
    player = Player()
    player.say(1, [done(line), done(line)], gap=0)
    before = player.fill(at)
    assert player.hush()
    after = player.fill(2 * BLOCK)
    assert not after[FADE:].any()
    # The line goes on for 5 ms under a falling curve, which itself falls by less than 2 % a sample.
    assert steepest(np.concatenate([before, after])) <= steepest(line) + 0.02 * 10_000
    assert not player.speaking
    assert not player.hush()
    player.fill(1)
    assert not player.sounding
    assert player.events() == [Started(1, 0, 0)], "no Finished for a line that wasn't heard to its end"


def test_a_hush_drops_the_chime_as_well() -> None:
    player = Player()
    player.chime()
    before = player.fill(1000)
    assert player.hush()
    after = player.fill(1000)
    assert not after[FADE:].any()
    assert steepest(np.concatenate([before, after])) < 2000


def test_a_hush_in_a_gap_cuts_nothing_off_but_drops_the_next_lines() -> None:
    player = Player()
    player.say(1, [done(tone(100)), done(tone(100))], gap=1.0)
    player.fill(200)
    player.fill(200)
    assert player.speaking and not player.sounding
    assert not player.hush()
    assert not player.fill(RATE * 2).any()


def test_a_second_hush_does_not_cut_the_fade_short() -> None:
    heard = []
    for hushes in (1, 2):
        player = Player()
        player.say(1, [done(tone(5000))])
        player.fill(1000)
        player.hush()
        start = player.fill(FADE // 4)
        if hushes == 2:
            player.hush()
        heard.append(np.concatenate([start, player.fill(FADE)]))
    assert np.array_equal(heard[0], heard[1])


def test_a_ducked_line_fades_from_where_it_is() -> None:
    line = tone(5000)
    player = Player()
    player.say(1, [done(line)])
    player.duck(True)
    before = player.fill(1021)  # near a peak
    player.hush()
    assert steepest(np.concatenate([before[RAMP:], player.fill(BLOCK)])) <= DUCKED * (steepest(line) + 200)


def test_one_resumes_by_saying_the_interrupted_line_again() -> None:
    lines = [done(tone(3000, hertz=hertz)) for hertz in (200, 300, 400)]
    player = Player()
    player.say(1, lines, gap=0)
    player.fill(4000)
    player.hush()
    player.fill(BLOCK)
    (reached,) = {event.index for event in player.events() if isinstance(event, Started)} - {0}
    player.say(2, lines[reached:], gap=0)
    assert np.array_equal(player.fill(6000), np.concatenate([tone(3000, hertz=300), tone(3000, hertz=400)]))
    assert [(event.utterance, event.index) for event in player.events()] == [(2, 0), (2, 0), (2, 1), (2, 1)]


def test_saying_something_else_fades_the_old_into_the_new() -> None:
    old, new = tone(5000), tone(5000, hertz=300)
    player = Player()
    player.say(1, [done(old)])
    before = player.fill(1000)
    player.say(2, [done(new)], delay=0.0)
    after = player.fill(1000)
    assert np.array_equal(after[FADE:], new[FADE:1000])
    fade = after[:FADE].astype(int) - new[:FADE]
    assert abs(fade[0] - before[-1]) < 1000 and abs(fade[-1]) < 100
    assert player.events() == [Started(1, 0, 0), Started(2, 0, 1000)]


# ---- chime and ducking ----


@pytest.mark.parametrize("kind", ["heard", "no"])
def test_a_chime_is_short_and_soft_and_without_a_click(kind: ChimeKind) -> None:
    player = Player()
    player.chime(kind)
    assert player.sounding
    heard = np.concatenate([silence(1), player.fill(RATE)])
    last = int(np.flatnonzero(heard)[-1])
    assert last <= 0.25 * RATE
    assert 0.05 < np.abs(heard / 32768).max() < 0.15
    assert steepest(heard) < 2000
    assert steepest(heard[last - 100 :]) < 50
    assert not player.speaking


def test_the_two_chimes_differ() -> None:
    spectra = []
    for kind in ("heard", "no"):
        player = Player()
        player.chime(kind)
        spectra.append(np.abs(np.fft.rfft(player.fill(4000).astype(float))))
    heard, no = (int(np.argmax(spectrum)) * RATE / 4000 for spectrum in spectra)
    assert heard > 1.5 * no


def test_speech_is_ducked_under_a_chime() -> None:
    line = tone(RATE)
    player, alone = Player(), Player()
    player.say(1, [done(line)])
    player.fill(1000)
    player.chime()
    alone.chime()
    both, chime = player.fill(RATE - 1000), alone.fill(RATE - 1000)
    end = int(np.flatnonzero(chime)[-1]) + 1
    speech = both.astype(int) - chime
    under = speech[RAMP : end - 10]
    assert np.abs(under - DUCKED * line[1000 + RAMP : 1000 + end - 10]).max() <= 2
    assert np.array_equal(both[end + RAMP + 10 :], line[1000 + end + RAMP + 10 :])
    assert steepest(np.concatenate([line[:1000], speech.astype(np.int16)])) <= steepest(line) + 50


def test_a_chime_rings_on_when_something_else_is_said() -> None:
    player, alone = Player(), Player()
    for each in (player, alone):
        each.chime()
    player.say(1, [done(tone(100))], delay=1.0)
    assert np.array_equal(player.fill(4000), alone.fill(4000))


def test_a_second_chime_takes_over_without_a_click() -> None:
    player = Player()
    player.chime("heard")
    first = player.fill(900)
    player.chime("no")
    assert steepest(np.concatenate([first, player.fill(4000)])) < 2000


def test_ducking_lasts_until_it_is_undone() -> None:
    line = tone(3000)
    player = Player()
    player.say(1, [done(line)])
    player.duck(True)
    down = player.fill(1000)
    assert np.abs(down[RAMP:] - DUCKED * line[RAMP:1000]).max() <= 1
    player.duck(False)
    up = player.fill(2000)
    assert np.array_equal(up[RAMP:], line[1000 + RAMP :])
    assert steepest(np.concatenate([down, up])) <= steepest(line) + 50


# ---- volume ----


@given(gain_db=st.floats(-80, 80))
@settings(deadline=None)
def test_more_volume_is_never_softer_and_never_wraps_around(gain_db: float) -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    player = settled(gain_db)
    player.say(1, [done(every)])
    heard = player.fill(len(every)).astype(int)
    assert np.diff(heard).min() >= 0
    assert heard[0] <= heard[32768] == 0 <= heard[-1]


@pytest.mark.parametrize("gain_db", [-20.0, -6.0, 6.0])
def test_volume_is_in_decibels_and_applies_to_chimes_too(gain_db: float) -> None:
    player, plain = settled(gain_db), Player()
    for each in (player, plain):
        each.say(1, [done(tone(6000, peak=9000))])
        each.chime()
    louder = plain.fill(6000) * 10 ** (gain_db / 20)
    assert np.abs(player.fill(6000) - louder).max() <= 1.5


def test_volume_changes_within_20_ms_and_without_a_click() -> None:
    line = tone(4000)
    player = Player()
    player.say(1, [done(line)])
    heard = [player.fill(1000)]
    for gain_db, size in ((-40.0, 100), (3.0, 900), (-3.0, 1000)):  # the first is overtaken half-way
        player.gain_db = gain_db
        heard.append(player.fill(size))
    assert steepest(np.concatenate(heard)) <= 1.42 * steepest(line) + 60
    assert np.abs(heard[2][RAMP:] - 10 ** (3 / 20) * line[1100 + RAMP : 2000]).max() <= 1
    assert np.abs(heard[3][RAMP:] - 10 ** (-3 / 20) * line[2000 + RAMP : 3000]).max() <= 1


def test_volume_has_bounds_and_is_a_number() -> None:
    player = Player()
    assert player.gain_db == 0
    for asked, given_ in ((float("inf"), 24), (-float("inf"), -60), (3.5, 3.5)):
        player.gain_db = asked
        assert player.gain_db == given_
    with pytest.raises(ValueError, match="must be a number"):
        player.gain_db = float("nan")


# ---- music ----

MUSIC = 412
"""The amplitude of the music below, -38 dBFS. It's constant, so that its gain can be read off."""


def steady(size: int = 333) -> Music:
    def chunks() -> Generator[Float, None, None]:
        while True:
            yield np.full(size, MUSIC, np.float32)

    return Music(chunks(), ahead=False)


def with_music(samples: int = FADE_IN + RELEASE) -> Player:
    """A player whose music has faded in."""
    player = Player(steady())
    player.music_on = True
    player.fill(samples)
    return player


def test_there_is_no_music_until_it_is_turned_on() -> None:
    player = Player(steady())
    assert not player.music_on
    assert not player.fill(RATE).any()


def test_without_any_music_it_cannot_be_turned_on() -> None:
    player = Player()
    player.music_on = True
    assert not player.music_on
    assert not player.fill(RATE).any()


def test_music_fades_in_within_two_seconds_and_out_within_half_a_second() -> None:
    player = Player(steady())
    player.music_on = True
    coming = player.fill(FADE_IN)
    assert FADE_IN == 2 * RATE
    assert coming[0] == 0 and coming[FADE_IN // 2] == MUSIC // 4 and coming[-1] == MUSIC
    assert np.diff(coming).min() >= 0
    assert (player.fill(RATE) == MUSIC).all()
    player.music_on = False
    going = player.fill(RATE)
    assert FADE_OUT == RATE // 2
    assert going[FADE_OUT - 1000] > 0 and not going[FADE_OUT - 1 :].any()
    assert np.diff(going).max() <= 0


def test_music_goes_on_where_it_stopped() -> None:
    def chunks() -> Generator[Float, None, None]:
        yield from np.arange(100 * RATE, dtype=np.float32).reshape(-1, RATE) / 100

    player = Player(Music(chunks(), ahead=False))
    player.music_on = True
    before = player.fill(FADE_IN)[-1]
    player.music_on = False
    player.fill(10 * RATE)
    player.music_on = True
    after = player.fill(FADE_IN)[-1]
    assert after - before == pytest.approx((FADE_OUT + FADE_IN) / 100, abs=2)


def test_music_goes_down_for_speech_and_stays_down_in_its_gaps() -> None:
    player = with_music()
    player.say(1, [done(silence(4000)), done(silence(4000))], gap=0.35)
    under = player.fill(4000 + 5600 + 4000)
    assert ATTACK == RATE // 10
    assert under[0] > 0.99 * MUSIC
    assert np.diff(under).max() <= 0, "no pumping: it never comes up"
    assert (under[ATTACK:] == round(DUCKED * MUSIC)).all()
    after = player.fill(RELEASE)
    assert RELEASE == RATE
    assert np.diff(after).min() >= 0
    assert after[RELEASE // 2] == pytest.approx(DUCKED**0.5 * MUSIC, abs=1)
    assert after[-1] == MUSIC


def test_music_stays_down_while_a_line_is_being_rendered() -> None:
    player = with_music()
    player.say(1, [Future()])
    assert (player.fill(RATE)[ATTACK:] == round(DUCKED * MUSIC)).all()


def test_music_goes_down_at_once_for_somebody_who_speaks_to_the_guide() -> None:
    player = with_music()
    player.duck(True)
    assert (player.fill(RATE)[RAMP:] == round(DUCKED * MUSIC)).all()
    player.say(1, [done(silence(RATE))])
    assert (player.fill(RATE)[ATTACK:] == round(DUCKED**2 * MUSIC)).all(), "and even further if it was down already"
    player.duck(False)
    back = player.fill(RELEASE)
    assert steepest(back) <= 1, "it comes back slowly"
    assert back[-1] == MUSIC


def test_a_hush_leaves_the_music_alone_and_does_not_count_it() -> None:
    player = with_music()
    assert not player.sounding and not player.speaking
    assert not player.hush()
    assert (player.fill(RATE) == MUSIC).all()
    player.say(1, [done(tone(RATE))])
    player.fill(100)
    assert player.hush()
    assert (player.fill(RELEASE + RATE)[-RATE:] == MUSIC).all()


def test_music_has_a_volume_of_its_own() -> None:
    player = with_music()
    player.gain_db = 12.0
    assert (player.fill(RATE) == MUSIC).all()
    player.music_db = -6.0
    assert (player.fill(RATE)[RAMP:] == round(10 ** (-6 / 20) * MUSIC)).all()
    player.music_db = 1000.0
    assert player.music_db == 24
    assert player.gain_db == 12


MUSIC_LENGTH = 90_000  # longer than all its ramps one after the other
MUSIC_DEEDS = st.lists(
    st.tuples(
        st.integers(0, MUSIC_LENGTH - 1),
        st.sampled_from(["on", "off", "say", "hush", "chime", "duck", "unduck", "up", "down"]),
    ),
    max_size=10,
)


def perform_with_music(deeds: list[tuple[int, str]], cuts: list[int]) -> Pcm:
    player, heard = Player(Music(lullaby(), ahead=False)), [silence(0)]
    player.music_on = True
    edges = sorted({0, MUSIC_LENGTH, *cuts, *(at for at, _ in deeds)})
    for start, end in pairwise(edges):
        for at, deed in deeds:
            if at != start:
                continue
            if deed in ("on", "off"):
                player.music_on = deed == "on"
            elif deed == "say":
                player.say(at, [done(tone(1700)), failed(NO_VOICE), done(tone(900))], gap=0.4, delay=0.03)
            elif deed == "hush":
                player.hush()
            elif deed == "chime":
                player.chime()
            elif deed in ("duck", "unduck"):
                player.duck(deed == "duck")
            else:
                player.music_db += 5 if deed == "up" else -7
        heard.append(player.fill(end - start))
    return np.concatenate(heard)


@given(deeds=MUSIC_DEEDS, cuts=st.lists(st.integers(1, MUSIC_LENGTH - 1), max_size=40))
@settings(deadline=None, max_examples=50)
def test_the_size_of_blocks_changes_nothing_in_music(deeds: list[tuple[int, str]], cuts: list[int]) -> None:
    assert np.array_equal(perform_with_music(deeds, []), perform_with_music(deeds, cuts))


# ---- blocks and threads ----

LENGTH = 9000
DEEDS = st.lists(
    st.tuples(
        st.integers(0, LENGTH - 1),
        st.sampled_from(["say", "say later", "say louder", "hush", "heard", "no", "duck", "unduck", "up", "down"]),
    ),
    max_size=8,
)


def perform(deeds: list[tuple[int, str]], cuts: list[int]) -> tuple[Pcm, list[Event]]:
    """Do each deed at its sample, and fill between them, in blocks that end at ``cuts``."""
    player, heard = Player(), [silence(0)]
    edges = sorted({0, LENGTH, *cuts, *(at for at, _ in deeds)})
    for start, end in pairwise(edges):
        for at, deed in deeds:
            if at != start:
                continue
            if deed.startswith("say"):
                lines = [done(tone(1700)), failed(NO_VOICE), done(silence(0)), done(tone(900, peak=31_000))]
                player.say(at, lines, gap=0.011, delay=0.03 if deed == "say later" else 0.0)
            elif deed == "hush":
                player.hush()
            elif deed in ("heard", "no"):
                player.chime("heard" if deed == "heard" else "no")
            elif deed in ("duck", "unduck"):
                player.duck(deed == "duck")
            if deed in ("up", "down", "say louder"):
                player.gain_db += -7 if deed == "down" else 9
        heard.append(player.fill(end - start))
    return np.concatenate(heard), player.events()


@given(deeds=DEEDS, cuts=st.lists(st.integers(1, LENGTH - 1), max_size=40))
@settings(deadline=None)
def test_the_size_of_blocks_changes_nothing(deeds: list[tuple[int, str]], cuts: list[int]) -> None:
    whole, events = perform(deeds, [])
    pieces, same = perform(deeds, cuts)
    assert np.array_equal(whole, pieces)
    assert events == same


def test_no_samples_can_be_asked_for() -> None:
    player = Player()
    player.say(1, [done(tone(10))])
    assert len(player.fill(0)) == 0
    assert player.events() == []


def test_a_speaker_in_another_thread_gets_its_samples_whatever_else_goes_on() -> None:
    player, stop = Player(), threading.Event()
    filled: list[int] = []
    seen: list[Event] = []

    def speaker() -> None:
        while not stop.is_set():
            filled.append(len(player.fill(BLOCK)))
            time.sleep(0.0001)

    thread = threading.Thread(target=speaker)
    thread.start()
    for number in range(300):
        player.say(number, [done(tone(100)), failed(OSError())], gap=0.0)
        player.chime()
        player.duck(number % 2 == 0)
        player.gain_db = number % 7 - 3
        player.hush()
        seen += player.events()
    player.say(1000, [done(tone(100))])
    while player.speaking:
        time.sleep(0.001)
    stop.set()
    thread.join(GIVE_UP_S)
    seen += player.events()
    assert not thread.is_alive()
    assert player.position == sum(filled)
    assert [type(event) for event in seen if event.utterance == 1000] == [Started, Finished]
    positions = [event.at for event in seen if not isinstance(event, Failed)]
    assert positions == sorted(positions)
