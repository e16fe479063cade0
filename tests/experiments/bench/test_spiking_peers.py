"""The peers see our spikes and learn from them; theirs is a network of our size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.cli import main
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.errors import UserError
from spikeoff.experiments.bench.izhikevich_gradient import EPOCH, Batches, measure, steps_of
from spikeoff.experiments.bench.pytorch import done
from spikeoff.experiments.bench.spiking_peers import PEERS, SnnTorch, SpikingPeer, import_peer
from spikeoff.kernels.rate_coding import rate_code_delta

pytestmark = pytest.mark.reference

for library in PEERS:
    pytest.importorskip(library)

CONFIG = IzhikevichGradientConfig(
    hidden=(64,), n_steps=10, batch_size=32, num_threads=1, device="cpu", dropout=0.0
)
KINDS = [kind for kinds in PEERS.values() for kind in kinds]


def test_peers_are_given_the_spikes_that_ours_draws() -> None:
    batches = Batches(CONFIG)
    images = batches.images(2)
    given = batches.spikes(2)
    drawn = rate_code_delta(
        images, CONFIG.n_steps, CONFIG.max_rate, seed=CONFIG.seed, epoch=EPOCH
    ).dense()
    assert given.shape == (CONFIG.n_steps, CONFIG.batch_size, 784)
    assert given.dtype == torch.float32
    ours = drawn.reshape(CONFIG.batch_size, CONFIG.n_steps, 784)
    assert 0 < ours.mean() < 1
    np.testing.assert_array_equal(given.transpose(0, 1), ours)
    np.testing.assert_array_equal(batches.labels(2), images.labels)


def test_batches_begin_again_after_the_last_whole_one() -> None:
    batches = Batches(CONFIG)
    n_batches = 60_000 // CONFIG.batch_size
    np.testing.assert_array_equal(batches.images(n_batches + 1).ids, batches.images(1).ids)
    assert len(set(batches.images(0).ids) & set(batches.images(1).ids)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_has_as_many_parameters_as_ours(kind: type[SpikingPeer]) -> None:
    peer = kind(CONFIG.hidden[0])
    n_parameters = sum(weights.numel() for weights in peer.module.parameters())
    assert n_parameters == IzhikevichGradient(CONFIG).parameter_count()


@pytest.mark.parametrize("kind", KINDS)
def test_a_peers_steps_learn(kind: type[SpikingPeer]) -> None:
    torch.manual_seed(0)
    batches = Batches(CONFIG)
    spikes, labels = batches.spikes(0), batches.labels(0)
    peer = kind(CONFIG.hidden[0])
    losses = [float(peer.step(spikes, labels)) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        counts = peer.counts(spikes)
    assert counts.shape == (CONFIG.batch_size, 10)
    assert torch.equal(counts, counts.round())
    assert 0 <= counts.min() < counts.max() <= CONFIG.n_steps
    right = float((counts.argmax(1) == labels).float().mean())
    assert right > 0.5


def test_one_input_product_for_all_steps_changes_no_gradient() -> None:
    """In snnTorch; to what float32 sums in another order differ by."""
    plain, hoisted = (kind(CONFIG.hidden[0]) for kind in PEERS["snntorch"])
    hoisted.module.load_state_dict(plain.module.state_dict())
    batches = Batches(CONFIG)
    spikes, labels = batches.spikes(0), batches.labels(0)
    losses = [float(peer.step(spikes, labels)) for peer in (plain, hoisted)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for one, other in zip(plain.module.parameters(), hoisted.module.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert one.grad.norm() > 0
        assert float((one.grad - other.grad).norm() / one.grad.norm()) < 1e-3


def test_a_peer_runs_on_pytorchs_own_settings() -> None:
    batches = Batches(CONFIG)
    list(IzhikevichGradient(CONFIG).learn(batches.images(0), 1))
    seen = []

    class Watched(SnnTorch):
        def counts(self, spikes: torch.Tensor) -> torch.Tensor:
            seen.append(torch.are_deterministic_algorithms_enabled())
            return super().counts(spikes)

    steps_of(Watched(CONFIG.hidden[0]), batches)(0)()
    assert seen == [False]


def test_every_engine_is_measured_in_every_turn() -> None:
    measured = measure(CONFIG, list(PEERS), turns=2)
    assert [one.engine for one in measured] == [
        "spikeoff", "snnTorch", "snnTorch", "SpikingJelly", "SpikingJelly"
    ]  # fmt: skip
    assert all(len(one.seconds) == 2 and min(one.seconds) > 0 for one in measured)


def test_the_verb_tells_what_each_peer_computes(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--n_hidden", "16", "--n_steps", "4", "--batch_size", "8", "--turns", "1"]
    with pytest.raises(SystemExit) as caught:
        main(["bench", "izhikevich-gradient", "--against", "snntorch", *flags])
    assert not caught.value.code
    shown = " ".join(capsys.readouterr().out.split())
    assert "784-16-10, 4 steps, no dropout, batch 8" in shown
    assert "1 thread," in shown
    assert "Leaky" in shown
    assert "SpikingJelly" not in shown


def test_a_missing_library_names_the_extra() -> None:
    with pytest.raises(UserError, match=r"pip install 'spikeoff\[peers\]'"):
        import_peer("snntorch", "no_such_part")


def test_the_clock_waits_for_a_gpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[str] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append("cuda"))
    done("cpu")
    assert not waited
    done("cuda")
    assert waited == ["cuda"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["bench", "izhikevich-gradient", "--device", "cuda"])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert "`device` (=cuda) is not available" in err
    assert err.count("\n") == 1
