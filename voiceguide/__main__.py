"""``python -m voiceguide``: the same as the command ``voiceguide``."""

import sys

from voiceguide.cli.door import main

sys.exit(main())
