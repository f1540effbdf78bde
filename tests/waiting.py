"""Waiting for what happens in another thread or process."""

import time

PATIENCE_S = 30  # nothing waits for longer: a test that went wrong ends by itself


def eventually(condition):
    """Waits for the condition to hold; False if it never does."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
