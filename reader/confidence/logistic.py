"""Logistic regression whose weights may be held to one sign; numpy only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_SMALLEST_CHANGE = 1e-7  # of a weight: none moves any longer


@dataclass(frozen=True, slots=True)
class LogisticProblem:
    """What is minimized: a weighted likelihood and a normal prior, see ``loss``.

    Attributes:
        design: (n_questions, n_weights), ones first.
        offset: (n_questions,), log-odds that are given.
        is_right: (n_questions,).
        weight: (n_questions,).
        centre: (n_weights,), of the prior.
        penalty: (n_weights,), its precision.
        direction: (n_weights,), the sign that a weight may have, 0 for either.
    """

    design: Matrix
    offset: Matrix
    is_right: npt.NDArray[np.bool_]
    weight: Matrix
    centre: Matrix
    penalty: Matrix
    direction: npt.NDArray[np.int_]

    def loss(self, beta: Matrix) -> float:
        """Return the negative log-likelihood and log-prior of some weights."""
        log_odds = self.offset + self.design @ beta
        likelihood = self.weight * (np.logaddexp(0.0, log_odds) - self.is_right * log_odds)
        return float(likelihood.sum() + 0.5 * (self.penalty * (beta - self.centre) ** 2).sum())

    def projected(self, beta: Matrix) -> Matrix:
        """Return the weights with 0 for those of a sign that they may not have."""
        return np.where(beta * self.direction < 0, 0.0, beta)


def minimize(problem: LogisticProblem) -> Matrix:
    """Return the weights of least loss under their signs, (n_weights,).

    Newton's method on the free weights, those at their bound held there.
    """
    beta = problem.projected(problem.centre)
    loss = problem.loss(beta)
    for _ in range(200):
        step = _newton_step(problem, beta)
        for halvings in range(30):
            moved = problem.projected(beta - 0.5**halvings * step)
            lower = problem.loss(moved)
            if lower <= loss:
                break
        change = float(np.abs(moved - beta).max())
        beta, loss = moved, lower
        if change < _SMALLEST_CHANGE:
            break
    return beta


def _newton_step(problem: LogisticProblem, beta: Matrix) -> Matrix:
    """Return the whole step of the weights that are free: 0 for those held at their bound."""
    probability = sigmoid(problem.offset + problem.design @ beta)
    residual = problem.weight * (probability - problem.is_right)
    gradient = problem.design.T @ residual + problem.penalty * (beta - problem.centre)
    direction = problem.direction
    is_free = ~((direction != 0) & (beta == 0) & (gradient * direction > 0))
    design = problem.design[:, is_free]
    curvature = problem.weight * probability * (1 - probability)
    hessian = (design.T * curvature) @ design + np.diag(problem.penalty[is_free])
    step = np.zeros(len(beta))
    step[is_free] = np.linalg.solve(hessian, gradient[is_free])
    return step


def sigmoid(log_odds: Matrix) -> Matrix:
    """Return probabilities, without overflow."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500)))
