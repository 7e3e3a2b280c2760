"""Programs that measure: each prints what it found, and on what machine."""

import voiceguide as voiceguide  # before numpy: it keeps matrices to one thread
