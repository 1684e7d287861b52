"""Something that takes a while."""
import time

time.sleep(0.05)
