"""What Vosk with a model costs, in a process that holds nothing else: run by cost.py.

    python vosk_alone.py MODEL SOUND.raw [GRAMMAR.json]

Prints a JSON object: rtf (processor time over audio time), rss_mb (peak), load_s (on the clock), audio_s.
"""

import json
import os
import sys
import time
from pathlib import Path

BLOCK_BYTES = 960
"""30 ms at 16 kHz and 16 bits. sound.BLOCK is not imported, because numpy's memory would count."""


def peak_mb() -> float:
    """The peak memory of this process. (VmHWM: getrusage would include the parent's before the start.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def main() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import vosk

    vosk.SetLogLevel(-1)
    model_folder, raw, *listed = sys.argv[1:]
    began = time.perf_counter()
    model = vosk.Model(model_folder)
    load_s = time.perf_counter() - began
    ears = vosk.KaldiRecognizer(model, 16_000, *(Path(name).read_text("utf-8") for name in listed))
    ears.SetWords(True)
    audio_s = 0.0
    began = time.process_time()
    with Path(raw).open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            audio_s += len(block) / 32_000
            if ears.AcceptWaveform(block):
                ears.Result()
            else:
                ears.PartialResult()
    ears.FinalResult()
    rtf = (time.process_time() - began) / audio_s
    print(json.dumps({"rtf": rtf, "rss_mb": peak_mb(), "load_s": load_s, "audio_s": audio_s}))


if __name__ == "__main__":
    main()
