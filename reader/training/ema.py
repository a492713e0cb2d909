"""A running average of the weights, which is often better than the last ones."""

import torch

from .master_weights import MasterWeights


class WeightAverage:
    """An exponential moving average (EMA) of the FP32 weights.

    Early updates weigh more, so that the average does not hang on to where it began.
    Source: Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging";
        the early weights are those of TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, master: MasterWeights, decay: float) -> None:
        """Start at the weights as they are now."""
        self._master = master
        self._decay = decay
        self.updates = 0
        self.weights = {name: w.detach().clone() for name, w in master.weights.items()}

    def update(self) -> None:
        """Take in the weights of the step just done."""
        self.updates += 1
        decay = min(self._decay, (1 + self.updates) / (10 + self.updates))
        average, now = list(self.weights.values()), list(self._master.weights.values())
        with torch.no_grad():
            torch._foreach_lerp_(average, now, 1 - decay)

    def restore(self, saved: dict[str, torch.Tensor], updates: int) -> None:
        """Go on from a saved average of that many updates."""
        self.updates = updates
        for name, weight in self.weights.items():
            weight.copy_(saved[name])
