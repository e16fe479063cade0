"""The conventional contenders of a preset beside a stock PyTorch loop of the same budget.

Run: python benchmarks/stock_loop.py [--preset NAME] [--contenders mlp] [--into PAGE]

The loop is that of tutorials: nn.Sequential with PyTorch's initial weights, ReLU, dropout, Adam,
cross-entropy, and a learning rate that is constant or follows PyTorch's OneCycleLR. It gets the
same training images, epochs and validation images. Its settings are searched by as many trials as
those of ours were, by Optuna's TPE on validation accuracy, as ``spikeoff tune`` does. For the
preset tuned, as there, the usual settings, the best ones for quick, and these with the usual
dropout train on the longer budget. The preset original was never tuned, so its loop has the usual
settings alone. The test images are used once for each seed, by the usual settings and by those
that won.

Needs the extra ``search``. One thread.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

from page_tables import publish, table
from spikeoff.contenders.hardware import use_threads
from spikeoff.contenders.presets import Preset, preset_config
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset, Images, load_dataset, split
from spikeoff.experiments.tuning.studies import N_TRIALS
from spikeoff.ledger.environment import cpu_name
from spikeoff.run.session import run

PRESETS: tuple[Preset, ...] = ("quick", "tuned", "original")
SEEDS = (0, 1, 2)
USUAL = "stock loop, Adam 0.001"
RATES = {"mlp": (3e-4, 1e-2), "cnn": (3e-4, 1e-2)}


@dataclass(frozen=True)
class Settings:
    """Of a stock loop: the usual ones, where nothing else is said."""

    rate: float = 0.001
    one_cycle: bool = False
    dropout: float = 0.3
    batch_size: int = 128


def network(name: str, dropout: float) -> nn.Module:
    """The contender's architecture, as a tutorial writes it."""
    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Dropout(dropout), nn.Linear(512, 10)
        )
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 512), nn.ReLU(), nn.Dropout(dropout), nn.Linear(512, 10),
    )  # fmt: skip


def inputs(images: Images) -> torch.Tensor:
    """[n, 1, 28, 28] float in [0, 1], laid out channels last."""
    pixels = torch.from_numpy(images.pixels).float()[:, None] / 255
    return pixels.contiguous(memory_format=torch.channels_last)


def trained(name: str, settings: Settings, images: Images, epochs: int, seed: int) -> nn.Module:
    """The network after ``epochs`` passes in random order.

    Channels last, which is the same network at two thirds of the time on this processor.
    """
    torch.manual_seed(seed)
    module = network(name, settings.dropout)
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(module.parameters(), lr=settings.rate)
    x, labels = inputs(images), torch.from_numpy(images.labels).long()
    n_steps = epochs * -(-len(images) // settings.batch_size)
    cycle = OneCycleLR(optimizer, settings.rate, total_steps=n_steps)
    if not settings.one_cycle:
        optimizer.param_groups[0].update(lr=settings.rate, betas=(0.9, 0.999))
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(images)), settings.batch_size):
            optimizer.zero_grad()
            functional.cross_entropy(module(x[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if settings.one_cycle:
                cycle.step()
    return module.eval()


def accuracy(module: nn.Module, images: Images) -> float:
    """Percent of correct answers."""
    with torch.no_grad():
        answers = torch.cat([module(part).argmax(1) for part in torch.split(inputs(images), 500)])
    return 100 * float((answers.numpy() == images.labels).mean())


class Loops:
    """Trained stock loops of one network on one budget; none is trained twice."""

    def __init__(self, name: str, preset: Preset, dataset: Dataset) -> None:
        config = preset_config(find(name), preset)
        self.name, self.epochs = name, config.epochs
        self.parts = [
            split(dataset, seed=seed, n_validation=config.n_validation, n_train=config.n_train)
            for seed in SEEDS
        ]
        self._trained: dict[tuple[Settings, int], nn.Module] = {}

    def trained(self, settings: Settings, seed: int) -> nn.Module:
        """The network of these settings and this seed."""
        key = settings, seed
        if key not in self._trained:
            images = self.parts[seed].train
            self._trained[key] = trained(self.name, settings, images, self.epochs, seed)
        return self._trained[key]

    def validation(self, settings: Settings, seed: int = 0) -> float:
        """Percent of the validation images answered correctly."""
        return accuracy(self.trained(settings, seed), self.parts[seed].validation)

    def accuracies(self, settings: Settings) -> Any:
        """[seeds, 2] validation and test accuracy (%)."""
        return np.array([
            (self.validation(settings, seed), accuracy(self.trained(settings, seed), part.test))
            for seed, part in enumerate(self.parts)
        ])  # fmt: skip


def searched(name: str, n_trials: int, loops: Loops) -> Settings:
    """The settings with the highest validation accuracy; the usual ones are the first trial."""
    tried: dict[int, Settings] = {}

    def objective(trial: optuna.Trial) -> float:
        settings = Settings(
            trial.suggest_float("rate", *RATES[name], log=True),
            trial.suggest_categorical("one_cycle", [True, False]),
            trial.suggest_float("dropout", 0.0, 0.6),
            trial.suggest_categorical("batch_size", [32, 64, 128, 256]),
        )
        tried[trial.number] = settings
        return loops.validation(settings)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.enqueue_trial(vars(Settings()))
    study.optimize(objective, n_trials=n_trials)
    return tried[study.best_trial.number]


def tuned_alike(name: str, preset: Preset, dataset: Dataset, loops: Loops) -> Settings:
    """The settings found by as many trials as those of the preset."""
    if preset == "original":
        return Settings()
    quick = Loops(name, "quick", dataset)
    found = searched(name, N_TRIALS["quick"], quick)
    if preset == "quick":
        return found
    finalists = (Settings(), found, replace(found, dropout=Settings().dropout))
    return max(finalists, key=loops.validation)


def ours(name: str, preset: Preset, seed: int) -> tuple[float, float]:
    """Validation and test accuracy (%) of the preset."""
    with tempfile.TemporaryDirectory() as folder:
        config: Any = replace(
            preset_config(find(name), preset), seed=seed, num_threads=1, device="cpu",
            timing_seconds=0.0, energy_seconds=0.0, save_path=Path(folder) / "run",
        )  # fmt: skip
        found = run(name, config).summary["accuracy"]
    return 100 * found["validation"], 100 * found["test"]


def main(arguments: Sequence[str]) -> None:
    """Print a row per contender and loop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--contenders", nargs="+", default=list(RATES))
    parser.add_argument("--preset", choices=PRESETS, default="quick")
    given, rest = parser.parse_known_args(arguments)
    use_threads(1)
    dataset, rows = load_dataset(), []
    for name in given.contenders:
        loops = Loops(name, given.preset, dataset)
        best = tuned_alike(name, given.preset, dataset, loops)
        found = {USUAL: loops.accuracies(Settings())}
        if given.preset in N_TRIALS:
            found[f"stock loop, tuned alike: {told(best)}"] = loops.accuracies(best)
        own = f"preset {given.preset}"
        found[own] = np.array([ours(name, given.preset, seed) for seed in SEEDS])
        means = {what: values.mean(axis=0) for what, values in found.items()}
        reference = max(values[1] for what, values in means.items() if what != own)
        for what, values in found.items():
            spread = values.std(axis=0, ddof=1)
            cells = [f"{m:.2f} ± {s:.2f}" for m, s in zip(means[what], spread, strict=True)]
            rows.append([f"`{name}`", what, *cells, f"{means[what][1] - reference:+.2f}"])
    head = ["contender", "training", "validation (%)", "test (%)", "to the best stock loop"]
    text = f"Mean and standard deviation of seeds {', '.join(map(str, SEEDS))}. {cpu_name()}."
    publish(f"stock_loop_{given.preset}", f"{table(head, rows)}\n\n{text}", rest)


def told(settings: Settings) -> str:
    """The settings in words."""
    cycle = "one cycle to" if settings.one_cycle else "constant"
    return (
        f"{cycle} {settings.rate:.2g}, dropout {settings.dropout:.2f}, batch {settings.batch_size}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
