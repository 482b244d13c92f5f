"""Times of several contenders in one process, taken in turns so that a noisy machine is unfair to none."""

from statistics import median
from time import perf_counter


def interleaved(contenders, repetitions):
    """Run every contender `repetitions` times, in turns, after one warm-up each.

    Parameters
    ----------
    contenders : dict of str to callable without arguments

    Returns
    -------
    dict of str to float
        The median of the seconds each took.
    """
    for run in contenders.values():
        run()
    seconds = {name: [] for name in contenders}
    for _ in range(repetitions):
        for name, run in contenders.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    return {name: median(times) for name, times in seconds.items()}
