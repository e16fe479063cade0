"""A contender behind scikit-learn's interface."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from spikeoff.contenders.base import MAX_SEED, Config, Contender
from spikeoff.contenders.field_checks import from_plain
from spikeoff.contenders.hardware import settings_restored
from spikeoff.data import Dataset, Images, ImageSpec, split
from spikeoff.estimators.fitting import fit_network
from spikeoff.estimators.parameters import config_fields, constructor, parameter_docs
from spikeoff.estimators.pixels import PixelScale, make_images, shape_for

NOTES = """X has the shape [n, features], [n, height, width] or [n, height, width, channels]. Bytes
are pixels from 0 (background) to 255. Other numbers are scaled by the range of the training data:
its smallest number becomes 0 and its largest 255; later numbers outside this range are cut off.
Labels may be of any type.

Attributes
----------
classes_ : the labels.
n_features_in_ : numbers per image.
n_iter_ : epochs trained, or parts seen by ``partial_fit``.
network_ : the trained network, a ``spikeoff.contenders.base.Contender``.
"""


class ContenderClassifier(
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClassifierMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """What the classifiers share. A subclass names its contender: ``contender=MLP``."""

    _kind: ClassVar[type[Contender]]

    def __init_subclass__(cls, contender: type[Contender] | None = None, **others: Any) -> None:
        super().__init_subclass__(**others)
        if contender is not None:
            cls._kind = contender
            cls.__init__ = constructor(contender.config_type)  # type: ignore[method-assign]
            docs = parameter_docs(contender.config_type)
            cls.__doc__ = f"{(cls.__doc__ or '').rstrip()}\n\n{docs}\n\n{NOTES}"

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new network.

        Args:
            X: [n, ...] images.
            y: [n] labels.

        Raises:
            ValueError: X, y or a parameter breaks a rule (mostly ``spikeoff.UserError``).
        """
        rows, y = self._checked(X, y, reset=True)
        with settings_restored():
            images = self._begin(rows, y, np.unique(y))
            held_out = Dataset("X", images, images.take(slice(0, 0)), self._spec)
            parts = split(held_out, seed=self._config.seed, n_validation=self._config.n_validation)
            self.n_iter_ = fit_network(self.network_, self._config, parts)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """[n] the labels of the highest scores."""
        scores = self._scores(X)
        answers: NDArray[Any] = self.classes_[scores.argmax(axis=1)]
        return answers

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """[n, classes] probabilities, in the order of ``classes_``."""
        return self._probabilities(self._scores(X))

    def transform(self, X: Any) -> NDArray[Any]:
        """[n, hidden neurons] spikes of each hidden neuron, or its activation without spikes.

        Of several hidden layers, the last.
        """
        images = self._images(X)
        with settings_restored():
            return self.network_.hidden_activity(images)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = {**super().__getstate__()}
        if "network_" in state:
            state["network_"] = state["network_"].snapshot()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = {**state}
        learned = state.pop("network_", None)
        super().__setstate__(state)
        if learned is not None:
            with settings_restored():
                self.network_ = self._kind(self._config, self._spec)
                self.network_.resume(learned)

    @property
    def _n_features_out(self) -> int:
        """Hidden neurons, as those of a black image."""
        black = np.zeros((1, self._spec.n_pixels), np.uint8)
        with settings_restored():
            return int(self.network_.hidden_activity(make_images(black, self._spec)).shape[1])

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Rows of numbers and labels; with ``reset``, the shape of an image is learned."""
        flat, shape = _flattened(X)
        rows, y = validate_data(self, flat, y, reset=reset, dtype="numeric")
        check_classification_targets(y)
        if reset:
            given = self.image_shape if shape is None else shape
            self._shape = shape_for(rows.shape[1], given)
            self._scale = PixelScale.of(rows)
        return rows, y

    def _begin(self, rows: NDArray[Any], y: NDArray[Any], classes: NDArray[Any]) -> Images:
        """A new network for these classes; the images, with labels that it learns."""
        self.classes_ = classes
        self._spec = ImageSpec(self._shape, tuple(map(str, classes.tolist())))
        self._config = self._configured()
        self.network_ = self._kind(self._config, self._spec)
        return self._labelled(rows, y)

    def _labelled(self, rows: NDArray[Any], y: NDArray[Any]) -> Images:
        pixels = self._scale.pixels(rows)
        return make_images(pixels, self._spec, np.searchsorted(self.classes_, y))

    def _configured(self) -> Config:
        kind, state = self._kind.config_type, self.random_state
        if not isinstance(state, (int, np.integer)):
            state = check_random_state(state).randint(MAX_SEED, dtype=np.int64)
        given = {name: getattr(self, name) for name in config_fields(kind)}
        return from_plain(kind, {**given, "seed": int(state)})

    def _images(self, X: Any) -> Images:
        check_is_fitted(self, "network_")
        rows = validate_data(self, _flattened(X)[0], reset=False, dtype="numeric")
        return make_images(self._scale.pixels(rows), self._spec)

    def _scores(self, X: Any) -> NDArray[np.float32]:
        images = self._images(X)
        with settings_restored():
            return self.network_.respond(images).scores

    def _probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of scores that are logits."""
        probabilities: NDArray[np.float32] = softmax(scores, axis=1)
        return probabilities


def _flattened(X: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Images as rows, and their shape; rows as they are."""
    X = np.asarray(X) if isinstance(X, (list, tuple)) else X
    if getattr(X, "ndim", 0) <= 2:
        return X, None
    return X.reshape(len(X), -1), tuple(X.shape[1:])
