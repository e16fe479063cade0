"""Training a network on arrays, without a folder, a record or measurements."""

from __future__ import annotations

import math

from spikeoff.contenders.base import Config, Contender
from spikeoff.data import Split
from spikeoff.errors import UserError
from spikeoff.run.loop import check_finite, note_best
from spikeoff.run.train_state import Best, TrainState


def fit_network(network: Contender, config: Config, parts: Split) -> int:
    """Train as a run does; the number of epochs.

    Where the network has a patience and there are validation images, training stops after that many
    epochs without a better one, and the state of the best epoch stands.

    Raises:
        UserError: the loss, or something learned, is no longer a number.
    """
    patience = network.patience if len(parts.validation) else None
    best, done = Best(), 0
    for epoch in network.passes(config.epochs, len(parts.train)):
        _learn(network, parts, epoch)
        done += 1
        if patience is not None:
            response = network.respond(parts.validation)
            loss = network.loss(response, parts.validation)
            note_best(best, epoch, loss, response.accuracy(parts.validation), network)
            if epoch - best.epoch >= patience:
                break
    if best.state is not None:
        network.restore(best.state)
    network.conclude(parts.train)
    return done


def _learn(network: Contender, parts: Split, epoch: int) -> None:
    for step in network.learn(parts.train, epoch):
        if not math.isfinite(step.loss or 0.0):
            raise UserError(
                f"the loss is {step.loss} in epoch {epoch}: training diverged; {network.remedy}"
            )
    check_finite(network.state(), network, TrainState(epoch))
