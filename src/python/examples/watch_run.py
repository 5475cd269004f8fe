"""A run that is watched, and ended by its caller once it is good enough."""

import vqe_batch

LIH = {"symbols": ["Li", "H"], "coords": [[0, 0, 0], [0, 0, 1.5949]]}


class GoodEnough(Exception):
    """The energy is what we want."""


def watch(evaluation):
    print(f"{evaluation.iteration:3} {evaluation.energy:.8f}")
    if evaluation.energy < -7.8820:
        raise GoodEnough(evaluation.energy)


try:
    vqe_batch.run(LIH, seed=1, callback=watch)
except GoodEnough as reached:
    print("ended at", reached)
