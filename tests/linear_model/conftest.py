"""What tests of linear models share."""

import signal
import threading

import pytest


@pytest.fixture
def press_ctrl_c():
    """Send SIGINT after some seconds; Python turns it into KeyboardInterrupt, even in a background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timers = []

    def press(after):
        timers.append(threading.Timer(after, signal.raise_signal, [signal.SIGINT]))
        timers[-1].start()

    yield press
    for timer in timers:
        timer.cancel()
        timer.join()
    signal.signal(signal.SIGINT, before)
