"""When a worker counts as hung, in time that passes as the test says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from voiceguide.speech.patience import (
    FIRST_CPU_S,
    IDLE_S,
    LEAST_CPU_S,
    LONGEST_S,
    LOOK_S,
    TIMES,
    Patience,
    Vitals,
    Watch,
    vitals,
)


def hangs_after(watch: Watch, *, cpu: float = 0.0, waits: bool = False, look: float = LOOK_S) -> float:
    """Seconds of looks until it hangs. ``cpu``: CPU seconds that it uses in each second; ``waits``: for a CPU."""
    looks = 0
    used = 0.0
    while True:
        looks += 1
        used += cpu * LOOK_S
        if watch.hangs(Vitals(used, waits), look):
            return looks * LOOK_S


def watch(limit: float = 5.0) -> Watch:
    return Watch(Vitals(0.0, False), limit)


def test_a_process_that_does_nothing_hangs_soon() -> None:
    assert hangs_after(watch()) == pytest.approx(IDLE_S, abs=2 * LOOK_S)


def test_a_process_that_computes_is_given_its_cpu_time() -> None:
    assert hangs_after(watch(5.0), cpu=1.0) == pytest.approx(5.0, abs=2 * LOOK_S)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_on_a_busy_machine_it_is_waited_for_longer(share: float) -> None:
    assert hangs_after(watch(2.0), cpu=share) == pytest.approx(2.0 / share, abs=2 * LOOK_S)


def test_a_process_that_waits_for_a_cpu_or_the_disk_is_waited_for_but_not_for_ever() -> None:
    assert hangs_after(watch(), waits=True) == pytest.approx(LONGEST_S, abs=2 * LOOK_S)


def test_a_sign_of_life_starts_it_all_again() -> None:
    watched = watch(5.0)
    for n in range(100):
        assert not watched.hangs(Vitals(0.0, False), LOOK_S)
        if n % 10 == 9:
            watched.sign(Vitals(0.0, False))
    watched.sign(Vitals(100.0, False))
    assert not watched.hangs(Vitals(104.9, False), LOOK_S)
    assert watched.hangs(Vitals(105.1, False), LOOK_S)


def test_a_long_stop_of_our_own_process_is_no_hang() -> None:
    """As when a laptop is closed."""
    assert hangs_after(watch(), look=3600.0) == pytest.approx(IDLE_S, abs=2 * LOOK_S)


def test_a_process_that_is_gone_is_not_waited_for_any_longer_than_an_idle_one() -> None:
    watched = watch()
    looks = 0
    while not watched.hangs(None, LOOK_S):
        looks += 1
    assert looks * LOOK_S == pytest.approx(IDLE_S, abs=2 * LOOK_S)


def test_how_long_a_text_may_take_is_learnt_from_others() -> None:
    patience = Patience()
    assert patience.limit("hello") == FIRST_CPU_S
    patience.learn("x" * 100, 0.1)
    assert patience.limit("hello") == LEAST_CPU_S, "a fast machine"
    patience.learn("x" * 100, 2.0)
    assert patience.limit("x" * 100) == pytest.approx(TIMES * 2.0)
    assert patience.limit("x" * 50) == pytest.approx(TIMES * 1.0)
    assert patience.limit("x") == patience.limit("x" * 20), "even one letter has its costs"
    for _ in range(20):
        patience.learn("x" * 100, 0.1)
    assert patience.limit("x" * 100) == LEAST_CPU_S, "it was slow only for a while"


def test_the_vitals_of_a_process() -> None:
    program = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.readline()
        assert vitals(process.pid).cpu_s >= 0.19
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        assert not vitals(process.pid).waits
        process.kill()
    with pytest.raises(OSError, match="No such file"):
        vitals(process.pid)
    assert vitals(os.getpid()).waits, "this one is running"
