"""Grow a set of real passage vectors to a size that real text of this machine does not reach.

    python benchmarks/grown_vectors.py BASE.npy 1000000 OUT.npy

BASE holds unit vectors of real passages, (n, dimension) float32. Each new vector lies between a
real one and one of its 16 nearest neighbours, moved by the difference of another such pair, so
that it differs from its neighbours in the directions in which real passages do. How far is drawn
anew for each, so that there are close passages and lonely ones. It is a stand-in: the program
prints the local intrinsic dimension and the cosine of the 10th neighbour of both sets, and what
is measured on OUT must name it.
"""

import argparse
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
BLOCK = 25_000
NEIGHBOURS = 16


def main() -> None:
    """Read the base, write the grown set, and compare the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("n", type=int)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    base = np.load(arguments.base)
    out = np.lib.format.open_memmap(
        arguments.out, mode="w+", dtype=np.float32, shape=(arguments.n, base.shape[1])
    )
    grow(base, out)
    print("base ", neighbourhood(base))
    print("grown", neighbourhood(out))


def grow(base: Vectors, out: Vectors) -> None:
    """Fill ``out`` with vectors like those of ``base``; deterministic."""
    exact = faiss.IndexFlatIP(base.shape[1])
    exact.add(base)
    _, near = exact.search(base, NEIGHBOURS + 1)
    random = np.random.default_rng(0)
    for first in range(0, len(out), BLOCK):
        n = min(BLOCK, len(out) - first)
        real, other = random.integers(0, len(base), (2, n))
        near_real, near_other = (
            near[of, random.integers(1, NEIGHBOURS + 1, n)] for of in (real, other)
        )
        share = random.uniform(0, 0.8, (n, 1)).astype(np.float32)
        distance = random.uniform(0.5, 1.0, (n, 1)).astype(np.float32)
        rows = base[real] + share * (base[near_real] - base[real])
        rows += distance * (base[other] - base[near_other])
        out[first : first + n] = rows / np.linalg.norm(rows, axis=1, keepdims=True)


def neighbourhood(vectors: Vectors) -> str:
    """Describe how 200 of the vectors lie among the others.

    Source: E. Levina and P. Bickel, "Maximum Likelihood Estimation of Intrinsic Dimension",
    2004, equation 8, over the 20 and the 100 nearest neighbours.
    """
    chosen = np.sort(np.random.default_rng(1).choice(len(vectors), 200, replace=False))
    queries = np.asarray(vectors[chosen])
    best = np.full((len(queries), 101), -1, np.float32)
    for first in range(0, len(vectors), BLOCK):
        block = queries @ np.asarray(vectors[first : first + BLOCK]).T
        both = np.concatenate([best, block], axis=1)
        best = -np.sort(-np.partition(both, -101, axis=1)[:, -101:], axis=1)
    cosines = best[:, 1:]  # the first is the vector itself
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 1e-9))

    def dimension(k: int) -> float:
        logs = np.log(distances[:, k - 1 : k] / distances[:, : k - 1])
        return float(np.median((k - 2) / logs.sum(axis=1)))

    return (
        f"{len(vectors):>9,} vectors: intrinsic dimension {dimension(20):.1f} (20 neighbours), "
        f"{dimension(100):.1f} (100); cosine of the 10th neighbour {np.median(cosines[:, 9]):.3f}"
    )


if __name__ == "__main__":
    main()
