"""``python -m voiceguide``: the same as the command ``voiceguide``."""

import sys

from voiceguide.cli import main

sys.exit(main())
