"""Random fits of every convex loss beside an independent oracle: what is wrong, and how often.

python benchmarks/random_fits.py 5000 --start 0 [--solver auto|named|newton|dual|lbfgs|sgd] [--jobs 2]
python benchmarks/random_fits.py --seed 17 [--solver ...]

The first prints a line for each fit with which something is wrong, which repeats it, and a table of counts. The second
says more of one problem. Problems and the oracle are those of `tests/tools/fit_trials`, which the tests run, too; it
needs clarabel beside scipy. `named` fits each problem by every solver that takes it.
"""

import argparse
import os
import sys
import time
from collections import Counter, deque
from multiprocessing import connection, get_context
from pathlib import Path

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "tools"))

from fit_trials.problems import problem as problem_of  # noqa: E402
from fit_trials.trial import KINDS, Verdict, describe, trial  # noqa: E402

HANGS = 300.0  # seconds on the clock, after which a process is ended


def work(pipe, solvers):
    """Answer seeds with verdicts, in a process of its own."""
    while (seed := pipe.recv()) is not None:
        try:
            verdicts = trial(seed, solvers)
        except Exception as error:
            wrong = {"lost": f"the oracle failed: {type(error).__name__}: {error}"}
            verdicts = [Verdict(seed, solvers[0], wrong, None, describe(problem_of(seed)))]
        pipe.send(verdicts)


class Worker:
    """A process, and the seed that it is busy with."""

    def __init__(self, solvers):
        self.solvers = solvers
        self.start()

    def start(self):
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=work, args=(other, self.solvers), daemon=True)
        self.process.start()
        other.close()
        self.seed, self.since = None, 0.0

    def ask(self, seed):
        self.seed, self.since = seed, time.monotonic()
        self.pipe.send(seed)

    def lost(self, why):
        """End the process, start another, and give the verdict."""
        self.process.kill()
        self.process.join()
        verdict = Verdict(self.seed, self.solvers[0], {"lost": why}, None, describe(problem_of(self.seed)))
        self.start()
        return [verdict]


def run(seeds, solvers, jobs):
    """Yield the verdicts of each seed, in the order in which they come."""
    waiting = deque(seeds)
    workers = [Worker(solvers) for _ in range(jobs)]
    while True:
        for worker in workers:
            if worker.seed is None and waiting:
                worker.ask(waiting.popleft())
        busy = [worker for worker in workers if worker.seed is not None]
        if not busy:
            break
        ready = connection.wait([worker.pipe for worker in busy], timeout=5.0)
        for worker in busy:
            if worker.pipe in ready:
                try:
                    verdicts = worker.pipe.recv()
                except EOFError:
                    verdicts = worker.lost("its process ended")
                worker.seed = None
                yield verdicts
            elif time.monotonic() - worker.since > HANGS:
                yield worker.lost(f"no answer within {HANGS:g} seconds")
    for worker in workers:
        worker.pipe.send(None)
        worker.process.join()


def table(counts, fits, seconds):
    """Print how often each kind occurs, by solver."""
    solvers = sorted(fits)
    print(f"\n{'':64}" + "".join(f"{solver:>10}" for solver in solvers))
    print(f"{'fits':64}" + "".join(f"{fits[solver]:10,}" for solver in solvers))
    for kind, words in KINDS.items():
        print(f"{f'{kind}: {words}':64}" + "".join(f"{counts[solver, kind]:10}" for solver in solvers))
    for name, of in (("median", lambda s: s[len(s) // 2]), ("longest", lambda s: s[-1])):
        row = "".join(f"{of(sorted(seconds[solver])):10.3f}" if seconds[solver] else "" for solver in solvers)
        print(f"{f'seconds of a fit, {name}':64}{row}")


def show(seed, solvers):
    """Print a problem and everything that its fits say."""
    print(describe(problem_of(seed)))
    for verdict in trial(seed, solvers):
        print(f"\n{verdict}")
        for name, value in verdict.numbers.items():
            print(f"  {name:12}{value:.10g}")
        if verdict.fit is not None:
            one = verdict.fit
            print(f"  warned {one.warned}, other warnings {one.noise}, objective_ {one.objective!r}")
            print(f"  coef_ {one.coef}\n  intercept_ {one.intercept}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", type=int, nargs="?", default=1000, help="how many problems")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this problem alone")
    parser.add_argument("--solver", default="auto")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.seed is not None:
        return show(options.seed, (options.solver,))
    counts, fits, seconds = Counter(), Counter(), {}
    begun = time.monotonic()
    for verdicts in run(range(options.start, options.start + options.count), (options.solver,), options.jobs):
        for verdict in verdicts:
            fits[verdict.solver] += 1
            seconds.setdefault(verdict.solver, []).append(verdict.fit.seconds if verdict.fit else 0.0)
            for kind in verdict.wrong:
                counts[verdict.solver, kind] += 1
            if verdict.wrong:
                print(verdict, flush=True)
    table(counts, fits, seconds)
    print(f"{options.count:,} problems from {options.start} on, in {time.monotonic() - begun:.0f} seconds")
    return None


if __name__ == "__main__":
    sys.exit(main())
