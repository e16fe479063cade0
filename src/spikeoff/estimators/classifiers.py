"""The classifiers: one class per contender.

Type checkers and editors read ``classifiers.pyi`` instead, which has the parameters of each. It is
made from the configurations of the contenders: ``python -m tests.estimators.make_stub``.
"""

from __future__ import annotations

from spikeoff.contenders.diehl_cook.contender import DiehlCook
from spikeoff.contenders.gradient.cnn import CNN
from spikeoff.contenders.gradient.mlp import MLP
from spikeoff.contenders.gradient.sparse import IzhikevichSparse
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.izhikevich_stdp.contender import IzhikevichSTDP
from spikeoff.estimators.families import Online, Votes, WithScores


class MLPClassifier(WithScores, contender=MLP):
    """The multilayer perceptron, the conventional network of the race."""


class CNNClassifier(WithScores, contender=CNN):
    """The convolutional network; with ``n_validation``, it stops early."""


class IzhikevichGradientClassifier(WithScores, contender=IzhikevichGradient):
    """Izhikevich neurons (or leaky integrate-and-fire ones), trained by surrogate gradient."""


class IzhikevichSparseClassifier(WithScores, contender=IzhikevichSparse):
    """Izhikevich neurons with few spikes and few steps, trained by surrogate gradient."""


class IzhikevichSTDPClassifier(WithScores, Online, contender=IzhikevichSTDP):
    """Izhikevich neurons that learn by STDP and a local rule from the label."""


class DiehlCookClassifier(Votes, Online, contender=DiehlCook):
    """The network of Diehl and Cook, which learns without labels.

    Labels serve to name its neurons after training. The probability of a class is its share of the
    votes; with the learned vote, that of the regression.
    """
