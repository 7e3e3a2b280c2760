"""A hands-free voice guide: it reads a routine aloud, listens, and stops when the baby asks for it."""

import os

__version__ = "0.1.0"

# Before numpy is loaded: matrices are small here, and a second thread would only take a core from the sound.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
