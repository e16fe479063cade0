"""The signatures of the classifiers; made by ``python -m tests.estimators.make_stub``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from numpy.random.mtrand import RandomState

from spikeoff.estimators.families import Online, Votes, WithScores

class MLPClassifier(WithScores):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    augment: bool
    augment_alpha: float
    augment_sigma: float
    augment_shift: int
    augment_rotation: float
    augment_scale: float
    learning_rate: float
    schedule: Literal["cosine", "linear", "constant"]
    beta1: float
    beta2: float
    batch_size: int
    warmup_epochs: float
    clip_norm: float | None
    weight_decay: float
    label_smoothing: float
    weight_average: float
    patience: int | None
    engine: Literal["native", "tensorflow"]
    hidden: tuple[int, ...]
    dropout: float
    initialisation: Literal["equalised", "kaiming"]
    synapses: Literal["dense", "columns"]
    columns: int | None
    field: int
    keep: float
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 30,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        augment: bool = False,
        augment_alpha: float = 34.0,
        augment_sigma: float = 4.0,
        augment_shift: int = 1,
        augment_rotation: float = 0.0,
        augment_scale: float = 0.0,
        learning_rate: float = 0.02,
        schedule: Literal["cosine", "linear", "constant"] = "cosine",
        beta1: float = 0.9,
        beta2: float = 0.999,
        batch_size: int = 128,
        warmup_epochs: float = 1.0,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.0,
        weight_average: float = 0.0,
        patience: int | None = None,
        engine: Literal["native", "tensorflow"] = "native",
        hidden: tuple[int, ...] = (512,),
        dropout: float = 0.3,
        initialisation: Literal["equalised", "kaiming"] = "equalised",
        synapses: Literal["dense", "columns"] = "dense",
        columns: int | None = None,
        field: int = 10,
        keep: float = 1.0,
    ) -> None: ...

class CNNClassifier(WithScores):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    augment: bool
    augment_alpha: float
    augment_sigma: float
    augment_shift: int
    augment_rotation: float
    augment_scale: float
    learning_rate: float
    schedule: Literal["cosine", "linear", "constant"]
    beta1: float
    beta2: float
    batch_size: int
    warmup_epochs: float
    clip_norm: float | None
    weight_decay: float
    label_smoothing: float
    weight_average: float
    patience: int | None
    engine: Literal["native", "tensorflow"]
    channels: tuple[int, ...]
    convolutions: int
    n_hidden: int
    dropout: float
    map_dropout: float
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 30,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        augment: bool = False,
        augment_alpha: float = 34.0,
        augment_sigma: float = 4.0,
        augment_shift: int = 1,
        augment_rotation: float = 0.0,
        augment_scale: float = 0.0,
        learning_rate: float = 0.001,
        schedule: Literal["cosine", "linear", "constant"] = "cosine",
        beta1: float = 0.9,
        beta2: float = 0.999,
        batch_size: int = 128,
        warmup_epochs: float = 1.0,
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        label_smoothing: float = 0.1,
        weight_average: float = 0.0,
        patience: int | None = 5,
        engine: Literal["native", "tensorflow"] = "native",
        channels: tuple[int, ...] = (32, 64),
        convolutions: int = 1,
        n_hidden: int = 512,
        dropout: float = 0.3,
        map_dropout: float = 0.0,
    ) -> None: ...

class IzhikevichGradientClassifier(WithScores):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    augment: bool
    augment_alpha: float
    augment_sigma: float
    augment_shift: int
    augment_rotation: float
    augment_scale: float
    learning_rate: float
    schedule: Literal["cosine", "linear", "constant"]
    beta1: float
    beta2: float
    batch_size: int
    warmup_epochs: float
    clip_norm: float | None
    weight_decay: float
    label_smoothing: float
    weight_average: float
    patience: int | None
    engine: Literal["native", "torch"]
    neuron: Literal["izhikevich", "lif"]
    hidden: tuple[int, ...]
    n_steps: int
    dt: float
    coding: Literal["rate", "poisson", "latency", "latency-log", "threshold", "direct"]
    max_rate: float
    levels: tuple[int, ...]
    synapse: Literal["kick", "held", "decaying"]
    tau_syn: float
    current_gain: float
    readout: Literal["spikes", "spikes+potential", "linear"]
    output_gain: float
    hidden_pattern: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    output_pattern: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    tau_mem: float
    v_thresh: float
    logit_scale: float
    surrogate: Literal["fast_sigmoid", "arctan", "triangle"]
    surrogate_width: float
    max_slope: float
    hidden_scale: float
    output_scale: float
    initial_bias: float
    dropout: float
    spike_penalty: float
    keep: float
    synapses: Literal["dense", "columns"]
    columns: int | None
    field: int
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 30,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        augment: bool = False,
        augment_alpha: float = 34.0,
        augment_sigma: float = 4.0,
        augment_shift: int = 1,
        augment_rotation: float = 0.0,
        augment_scale: float = 0.0,
        learning_rate: float = 0.02,
        schedule: Literal["cosine", "linear", "constant"] = "cosine",
        beta1: float = 0.9,
        beta2: float = 0.999,
        batch_size: int = 128,
        warmup_epochs: float = 1.0,
        clip_norm: float | None = None,
        weight_decay: float = 0.01,
        label_smoothing: float = 0.0,
        weight_average: float = 0.0,
        patience: int | None = None,
        engine: Literal["native", "torch"] = "native",
        neuron: Literal["izhikevich", "lif"] = "izhikevich",
        hidden: tuple[int, ...] = (1024,),
        n_steps: int = 50,
        dt: float = 1.0,
        coding: Literal[
            "rate", "poisson", "latency", "latency-log", "threshold", "direct"
        ] = "rate",
        max_rate: float = 1.0,
        levels: tuple[int, ...] = (220, 160, 100, 40),
        synapse: Literal["kick", "held", "decaying"] = "kick",
        tau_syn: float = 5.0,
        current_gain: float = 1.0,
        readout: Literal["spikes", "spikes+potential", "linear"] = "spikes",
        output_gain: float = 1.0,
        hidden_pattern: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        output_pattern: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        tau_mem: float = 10.0,
        v_thresh: float = 20.0,
        logit_scale: float = 1.0,
        surrogate: Literal["fast_sigmoid", "arctan", "triangle"] = "fast_sigmoid",
        surrogate_width: float = 25.0,
        max_slope: float = 1.0,
        hidden_scale: float = 0.5,
        output_scale: float = 0.5,
        initial_bias: float = 4.0,
        dropout: float = 0.4,
        spike_penalty: float = 0.0,
        keep: float = 1.0,
        synapses: Literal["dense", "columns"] = "dense",
        columns: int | None = None,
        field: int = 10,
    ) -> None: ...

class IzhikevichSparseClassifier(WithScores):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    augment: bool
    augment_alpha: float
    augment_sigma: float
    augment_shift: int
    augment_rotation: float
    augment_scale: float
    learning_rate: float
    schedule: Literal["cosine", "linear", "constant"]
    beta1: float
    beta2: float
    batch_size: int
    warmup_epochs: float
    clip_norm: float | None
    weight_decay: float
    label_smoothing: float
    weight_average: float
    patience: int | None
    engine: Literal["native", "torch"]
    neuron: Literal["izhikevich", "lif"]
    hidden: tuple[int, ...]
    n_steps: int
    dt: float
    coding: Literal["rate", "poisson", "latency", "latency-log", "threshold", "direct"]
    max_rate: float
    levels: tuple[int, ...]
    synapse: Literal["kick", "held", "decaying"]
    tau_syn: float
    current_gain: float
    readout: Literal["spikes", "spikes+potential", "linear"]
    output_gain: float
    hidden_pattern: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    output_pattern: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    tau_mem: float
    v_thresh: float
    logit_scale: float
    surrogate: Literal["fast_sigmoid", "arctan", "triangle"]
    surrogate_width: float
    max_slope: float
    hidden_scale: float
    output_scale: float
    initial_bias: float
    dropout: float
    spike_penalty: float
    keep: float
    synapses: Literal["dense", "columns"]
    columns: int | None
    field: int
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 20,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        augment: bool = False,
        augment_alpha: float = 34.0,
        augment_sigma: float = 4.0,
        augment_shift: int = 1,
        augment_rotation: float = 0.0,
        augment_scale: float = 0.0,
        learning_rate: float = 0.01,
        schedule: Literal["cosine", "linear", "constant"] = "cosine",
        beta1: float = 0.9,
        beta2: float = 0.999,
        batch_size: int = 128,
        warmup_epochs: float = 1.0,
        clip_norm: float | None = None,
        weight_decay: float = 0.2,
        label_smoothing: float = 0.0,
        weight_average: float = 0.0,
        patience: int | None = None,
        engine: Literal["native", "torch"] = "native",
        neuron: Literal["izhikevich", "lif"] = "izhikevich",
        hidden: tuple[int, ...] = (256,),
        n_steps: int = 8,
        dt: float = 1.0,
        coding: Literal[
            "rate", "poisson", "latency", "latency-log", "threshold", "direct"
        ] = "threshold",
        max_rate: float = 1.0,
        levels: tuple[int, ...] = (220, 160, 100, 40),
        synapse: Literal["kick", "held", "decaying"] = "held",
        tau_syn: float = 5.0,
        current_gain: float = 20.0,
        readout: Literal["spikes", "spikes+potential", "linear"] = "linear",
        output_gain: float = 20.0,
        hidden_pattern: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        output_pattern: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        tau_mem: float = 10.0,
        v_thresh: float = 20.0,
        logit_scale: float = 1.0,
        surrogate: Literal["fast_sigmoid", "arctan", "triangle"] = "fast_sigmoid",
        surrogate_width: float = 25.0,
        max_slope: float = 1.0,
        hidden_scale: float = 0.1,
        output_scale: float = 0.1,
        initial_bias: float = 0.0,
        dropout: float = 0.2,
        spike_penalty: float = 0.0,
        keep: float = 1.0,
        synapses: Literal["dense", "columns"] = "dense",
        columns: int | None = None,
        field: int = 10,
    ) -> None: ...

class IzhikevichSTDPClassifier(WithScores, Online):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    n_hidden: int
    n_steps: int
    dt: float
    coding: Literal["rate", "poisson", "latency", "latency-log", "threshold"]
    max_rate: float
    levels: tuple[int, ...]
    synapse: Literal["kick", "held", "decaying"]
    tau_syn: float
    columns: int | None
    field: int
    stdp_lr: float
    hebbian_lr: float
    theta_plus: float
    readout: Literal["delta", "hebbian"]
    answer: Literal["spikes", "sum"]
    readout_weights: int
    a_plus: float
    a_minus: float
    tau_plus: float
    tau_minus: float
    hidden: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    output: Literal[
        "regular-spiking",
        "intrinsically-bursting",
        "chattering",
        "fast-spiking",
        "low-threshold-spiking",
        "thalamo-cortical",
        "resonator",
    ]
    hidden_gain: float
    output_gain: float
    output_bias: float
    output_tau: float
    slope: float
    hebbian_length: float
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 30,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        n_hidden: int = 512,
        n_steps: int = 20,
        dt: float = 1.0,
        coding: Literal["rate", "poisson", "latency", "latency-log", "threshold"] = "rate",
        max_rate: float = 0.5,
        levels: tuple[int, ...] = (220, 160, 100, 40),
        synapse: Literal["kick", "held", "decaying"] = "kick",
        tau_syn: float = 5.0,
        columns: int | None = None,
        field: int = 10,
        stdp_lr: float = 0.01,
        hebbian_lr: float = 0.005,
        theta_plus: float = 0.05,
        readout: Literal["delta", "hebbian"] = "delta",
        answer: Literal["spikes", "sum"] = "spikes",
        readout_weights: int = 1,
        a_plus: float = 0.1,
        a_minus: float = 0.05,
        tau_plus: float = 10.0,
        tau_minus: float = 10.0,
        hidden: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        output: Literal[
            "regular-spiking",
            "intrinsically-bursting",
            "chattering",
            "fast-spiking",
            "low-threshold-spiking",
            "thalamo-cortical",
            "resonator",
        ] = "fast-spiking",
        hidden_gain: float = 40.0,
        output_gain: float = 2.0,
        output_bias: float = 3.5,
        output_tau: float = 10.0,
        slope: float = 0.4,
        hebbian_length: float = 2.0,
    ) -> None: ...

class DiehlCookClassifier(Votes, Online):
    random_state: int | RandomState | None
    image_shape: Sequence[int] | None
    epochs: int
    num_threads: int | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    n_validation: int | None
    strict: bool
    engine: Literal["native", "brian2"]
    n_e: int | None
    n_i: int | None
    connect_xeai: bool
    n_e2: int
    example_time: float
    resting_time: float
    dt: float
    num_examples: int | None
    label_examples: int | None
    learning: Literal["online", "batched"]
    weight_update_interval: int
    input_intensity: float
    weight_sum: float
    weight_sum_2: float | None
    gain_2: float
    preset: Literal["published", "tuned"]
    vote: Literal["class-mean", "proportional", "learned"] | None
    response_inhibition: float | None
    nu_post: float | None
    nu_pre: float
    theta_plus: float
    data_path: Path | None
    def __init__(
        self,
        *,
        random_state: int | RandomState | None = 0,
        image_shape: Sequence[int] | None = None,
        epochs: int = 1,
        num_threads: int | None = None,
        device: Literal["auto", "cpu", "cuda", "mps"] = "auto",
        n_validation: int | None = 0,
        strict: bool = False,
        engine: Literal["native", "brian2"] = "native",
        n_e: int | None = None,
        n_i: int | None = None,
        connect_xeai: bool = False,
        n_e2: int = 0,
        example_time: float = 0.35,
        resting_time: float = 0.15,
        dt: float = 0.5,
        num_examples: int | None = None,
        label_examples: int | None = None,
        learning: Literal["online", "batched"] = "online",
        weight_update_interval: int = 100,
        input_intensity: float = 2.0,
        weight_sum: float = 78.0,
        weight_sum_2: float | None = None,
        gain_2: float = 40.0,
        preset: Literal["published", "tuned"] = "published",
        vote: Literal["class-mean", "proportional", "learned"] | None = None,
        response_inhibition: float | None = None,
        nu_post: float | None = None,
        nu_pre: float = 0.0001,
        theta_plus: float = 0.05,
        data_path: Path | None = None,
    ) -> None: ...
