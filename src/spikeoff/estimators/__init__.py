"""All contenders as scikit-learn classifiers."""

from spikeoff.estimators.classifiers import (
    CNNClassifier,
    DiehlCookClassifier,
    IzhikevichGradientClassifier,
    IzhikevichSparseClassifier,
    IzhikevichSTDPClassifier,
    MLPClassifier,
)

__all__ = [
    "CNNClassifier",
    "DiehlCookClassifier",
    "IzhikevichGradientClassifier",
    "IzhikevichSTDPClassifier",
    "IzhikevichSparseClassifier",
    "MLPClassifier",
]
