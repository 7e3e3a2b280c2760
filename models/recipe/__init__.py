"""The recipe of the model in the box."""

import voiceguide as voiceguide  # before numpy: it keeps matrices to one thread
