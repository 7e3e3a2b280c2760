"""The loop, and what runs it: a live session, a rehearsal, or waiting to be woken."""
