"""The contenders as scikit-learn classifiers."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

import spikeoff
from spikeoff.contenders.registry import BUILT_IN
from spikeoff.data import Dataset, Images, split
from spikeoff.data.network_input import content_ids
from spikeoff.data.spec import ImageSpec, numbered
from spikeoff.errors import UserError

SMALL: dict[str, dict[str, Any]] = {
    "MLPClassifier": {
        "hidden": (32,), "epochs": 10, "dropout": 0.0, "batch_size": 32, "warmup_epochs": 0.0,
        "learning_rate": 0.05,
    },
    "CNNClassifier": {"n_hidden": 16, "epochs": 12, "batch_size": 32},
    "IzhikevichGradientClassifier": {
        "hidden": (32,), "epochs": 10, "batch_size": 32, "n_steps": 10, "dropout": 0.0,
        "coding": "direct", "readout": "linear", "synapse": "held", "current_gain": 20.0,
        "hidden_scale": 0.1, "output_scale": 0.1, "initial_bias": 0.0,
    },
    "IzhikevichSparseClassifier": {
        "hidden": (32,), "epochs": 10, "batch_size": 32, "dropout": 0.0, "weight_decay": 0.0,
    },
    "IzhikevichSTDPClassifier": {"n_hidden": 32, "n_steps": 10, "epochs": 2},
    "DiehlCookClassifier": {
        "n_e": 8, "example_time": 0.02, "resting_time": 0.01, "dt": 1.0, "input_intensity": 60.0,
    },
}  # fmt: skip
ONLINE = ("IzhikevichSTDPClassifier", "DiehlCookClassifier")


def make(name: str, **more: Any) -> Any:
    return getattr(spikeoff, name)(num_threads=1, **{**SMALL[name], **more})


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    """Sixty 8 x 8 digits, numbers from 0 to 16, and labels that are words."""
    held = load_digits()
    return held.images[:60], np.array([f"digit {label}" for label in held.target[:60]])


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_scikit_learns_own_checks_pass(name: str) -> None:
    results = check_estimator(make(name), on_fail=None, on_skip=None)
    failed = {one["check_name"]: one["exception"] for one in results if one["status"] == "failed"}
    assert not failed
    skipped = [one["check_name"] for one in results if one["status"] == "skipped"]
    assert skipped in ([], ["check_array_api_input"])


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_pickled_classifier_answers_with_the_same_bits(name: str, digits: Any) -> None:
    x, y = digits
    model = make(name).fit(x, y)
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict_proba(x), model.predict_proba(x))
    assert np.array_equal(copy.transform(x), model.transform(x))
    assert copy.transform(x).shape == (60, len(copy.get_feature_names_out()))
    assert set(model.predict(x)) <= set(y)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONLINE)
def test_online_learning_goes_on_after_pickling_with_the_same_bits(name: str, digits: Any) -> None:
    x, y = digits
    labels = np.unique(y)
    whole = make(name).partial_fit(x[:30], y[:30], labels)
    halves = pickle.loads(pickle.dumps(whole))
    for model in (whole, halves):
        model.partial_fit(x[30:], y[30:])
    assert np.array_equal(whole.predict_proba(x), halves.predict_proba(x))
    assert np.array_equal(whole.transform(x), halves.transform(x))
    with pytest.raises(UserError, match="none of `classes`"):
        whole.partial_fit(x[:1], ["a letter"])
    with pytest.raises(UserError, match="as in the first call"):
        whole.partial_fit(x, y, labels[1:])


@pytest.mark.slow
def test_the_shape_and_type_of_x_change_nothing(digits: Any) -> None:
    x, y = digits
    as_bytes = np.rint(x * 255 / 16).astype(np.uint8)
    reference = make("CNNClassifier", epochs=2).fit(x, y).predict_proba(x)
    for other in (x.reshape(60, -1), x.astype(np.float32), x / 16, as_bytes, as_bytes[..., None]):
        model = make("CNNClassifier", epochs=2).fit(other, y)
        assert np.array_equal(model.predict_proba(other), reference)


@pytest.mark.slow
def test_a_classifier_is_the_network_of_its_contender(digits: Any) -> None:
    """The same passes by hand, from the interface of a contender."""
    x, y = digits
    model = make("MLPClassifier", random_state=5, n_validation=10).fit(x, y)
    pixels = np.rint(x * 255 / 16).astype(np.uint8)
    labels = np.unique(y, return_inverse=True)[1].astype(np.uint8)
    images = Images(pixels, labels, content_ids(pixels))
    spec = ImageSpec((8, 8), numbered(10))
    parts = split(Dataset("x", images, images, spec), seed=5, n_validation=10)
    kind = spikeoff.MLPClassifier._kind
    config = kind.config_type(seed=5, num_threads=1, n_validation=10, **SMALL["MLPClassifier"])
    network = kind(config, spec)
    for epoch in range(1, 11):
        list(network.learn(parts.train, epoch))
    assert np.array_equal(network.respond(images).scores, model.decision_function(x))


@pytest.mark.slow
def test_it_works_in_pipelines_searches_and_as_a_feature_extractor() -> None:
    x, y = (part[:200] for part in load_digits(return_X_y=True))
    pipe = make_pipeline(MinMaxScaler(), make("MLPClassifier"))
    search = GridSearchCV(pipe, {"mlpclassifier__hidden": [(8,), [32]]}, cv=2).fit(x, y)
    assert search.best_score_ > 0.5
    stdp = make("IzhikevichSTDPClassifier", n_hidden=128, n_steps=20, field=4)
    features = make_pipeline(stdp, LogisticRegression())
    assert cross_val_score(features, x, y, cv=2).mean() > 0.5  # guessing gives 0.1
    copy = clone(search.best_estimator_[-1])
    assert copy.get_params() == search.best_estimator_[-1].get_params()
    assert not hasattr(copy, "network_")


def test_early_stopping_needs_validation_images(digits: Any) -> None:
    x, y = digits
    hasty = make("MLPClassifier", epochs=50, patience=1, learning_rate=0.5, n_validation=20)
    assert hasty.fit(x, y).n_iter_ < 50
    assert hasty.set_params(n_validation=0).fit(x, y).n_iter_ == 50


@pytest.mark.parametrize("name", SMALL)
def test_the_signature_and_docs_come_from_the_configuration(name: str) -> None:
    kind = getattr(spikeoff, name)
    parameters = inspect.signature(kind).parameters
    config = kind._kind.config_type
    assert kind._kind.id in BUILT_IN
    for parameter in parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert f"\n{parameter.name} : " in kind.__doc__
        if parameter.name not in ("random_state", "image_shape", "n_validation"):
            assert parameter.default == getattr(config(), parameter.name)
    assert list(kind().get_params()) == sorted(parameters)
    assert "Peak learning rate of Adam" in (spikeoff.MLPClassifier.__doc__ or "")
    with pytest.raises(TypeError, match="no_such"):
        kind(no_such=1)


def test_wrong_parameters_are_refused_in_fit(digits: Any) -> None:
    x, y = digits
    for model, message in (
        (make("MLPClassifier", dropout=2.0), "dropout"),
        (make("MLPClassifier", image_shape=(7, 9)), "image_shape"),
        (make("MLPClassifier", n_validation=-1), "n_validation"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(x.reshape(60, -1), y)
    with pytest.raises(ValueError, match="classes"):
        make("DiehlCookClassifier").partial_fit(x, y)
