"""Sleeps for longer than any limit, and says before that it began."""

import time

print("began", flush=True)
time.sleep(3600)
