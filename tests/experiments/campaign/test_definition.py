"""Campaign files: what they ask for, and how a mistake in one is told."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.contenders.presets import preset_config
from spikeoff.contenders.registry import find
from spikeoff.errors import UserError
from spikeoff.experiments.campaign import Entry, is_race, read_campaign, read_race, with_threads
from spikeoff.experiments.campaign.plan import write_race


def written(text: str, folder: Path) -> Path:
    path = folder / "asked.toml"
    path.write_text(text)
    return path


def runs(text: str, folder: Path) -> list[Entry]:
    return read_campaign(written(text, folder)).entries(folder / "out")


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=4, unique=True),
    rates=st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=4, unique=True),
    seeds=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=3, unique=True),
)
def test_lists_stand_for_every_combination_each_in_a_folder_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], rates: list[float],
    seeds: list[int],
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("asked")
    text = f"seeds = {seeds}\n[mlp]\nn_hidden = {sizes}\nlearning_rate = {rates}\n[cnn]\n"
    made = runs(text, folder)
    assert len(made) == len(seeds) * (len(sizes) * len(rates) + 1)
    assert len({entry.place for entry in made}) == len(made)
    assert {entry.config.save_path for entry in made} == {folder / "out" / e.place for e in made}
    found = {
        (e.config.seed, *e.config.hidden, e.config.learning_rate)  # type: ignore[attr-defined]
        for e in made if e.contender == "mlp"
    }  # fmt: skip
    assert found == set(itertools.product(seeds, sizes, rates))


def test_what_a_table_does_not_say_is_said_by_all_then_by_the_preset(tmp_path: Path) -> None:
    made = runs(
        'preset = "quick"\n[all]\nn_train = 900\ntdp = 7\n[mlp]\ntdp = 9\n[cnn]\n', tmp_path
    )
    assert [(e.contender, e.config.n_train, e.config.tdp) for e in made] == [
        ("mlp", 900, 9), ("cnn", 900, 7)
    ]  # fmt: skip
    assert {e.config.epochs for e in made} == {preset_config(find("mlp"), "quick").epochs}


def test_a_preset_gives_way_to_the_coding_of_a_table(tmp_path: Path) -> None:
    """The quick preset has a max_rate, which only random codings have."""
    text = 'preset = "quick"\n[izhikevich-stdp]\ncoding = ["rate", "latency"]\n'
    rate, latency = (entry.config for entry in runs(text, tmp_path))
    assert rate.max_rate == preset_config(find("izhikevich-stdp"), "quick").max_rate  # type: ignore[attr-defined]
    assert latency.max_rate == find("izhikevich-stdp").config_type().max_rate  # type: ignore[attr-defined]
    assert latency.epochs == rate.epochs


def test_several_tables_of_one_contender_are_all_run(tmp_path: Path) -> None:
    text = "[[mlp]]\nn_hidden = [8]\n[[mlp]]\nn_hidden = [16, 32]\ndropout = 0.1\n"
    assert [e.place for e in runs(text, tmp_path)] == [
        f"mlp/n_hidden={n}/seed-0" for n in (8, 16, 32)
    ]


def test_a_contenders_own_preset_stands(tmp_path: Path) -> None:
    (entry,) = runs('[diehl-cook]\npreset = "tuned"\n', tmp_path)
    assert entry.config == find("diehl-cook").config_type(
        preset="tuned", save_path=entry.config.save_path  # type: ignore[call-arg]
    )  # fmt: skip


def test_a_contender_may_be_named_with_its_engine(tmp_path: Path) -> None:
    made = runs('[mlp]\n["mlp@tensorflow"]\n', tmp_path)
    assert [(e.contender, e.place, e.config.engine) for e in made] == [  # type: ignore[attr-defined]
        ("mlp", "mlp/seed-0", "native"), ("mlp", "mlp@tensorflow/seed-0", "tensorflow")
    ]  # fmt: skip


def test_values_that_no_folder_can_be_called_by_get_one(tmp_path: Path) -> None:
    made = runs('[mlp]\nmnist_path = ["../a b", "c/d", "../a_b"]\n', tmp_path)
    assert len({entry.place for entry in made}) == 3
    for entry in made:
        assert (tmp_path / "out" / entry.place).resolve().is_relative_to(tmp_path / "out")
        assert entry.place.count("/") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds = [0", "no readable TOML"),
        ("seeds = [0]", "no contender; give each a table"),
        ("[mpl]", "'mpl' is no contender"),
        ("[mlp]\nn_hiden = 3", "[mlp] `n_hiden` is no setting of MLPConfig"),
        ("[mlp]\nn_hidden = 0", "[mlp] `n_hidden` (=0) must be at least 1"),
        ("[mlp]\nn_hidden = [64, 0]", "[mlp] `n_hidden` (=0) must be at least 1"),
        ("[mlp]\nn_hidden = []", "`[mlp] n_hidden` is empty"),
        ("[mlp]\nn_hidden = [8, 8]", "`[mlp] n_hidden` names 8 twice"),
        ('[mlp]\nn_hidden = "8"', "[mlp] `n_hidden` (=8) must be a whole number"),
        ("[mlp]\nn_hidden = {a = 1}", "`n_hidden` (={'a': 1}) must be a whole number"),
        ("[mlp]\nn_hidden = [[1]]", "`n_hidden` (=[1]) must be a whole number"),
        ("[mlp]\nlearning_rate = inf", "`learning_rate` (=inf) must be finite"),
        ("[mlp]\nseed = 3", "`seed` has no place here; list seeds"),
        ("[mlp]\nsave_path = 'x'", "`save_path` has no place here"),
        ("[[mlp]]\n[[mlp]]", "one configuration twice"),
        ("[[mlp]]\nn_hidden=[8]\n[[mlp]]\nn_hidden=[8]\nepochs=1", "n_hidden=8 twice"),
        ("seeds = 3\n[mlp]", "`seeds` (=3) must be a list"),
        ("seeds = [true]\n[mlp]", "must be a list of whole numbers"),
        ("seeds = [-1]\n[mlp]", "`seed` (=-1) must be from 0"),
        ("seeds = [1, 1]\n[mlp]", "`seeds` names 1 twice"),
        ('preset = "fast"\n[mlp]', "`preset` (=fast) must be quick or original or full"),
        ("all = 3\n[mlp]", "`all` must be a table"),
        ("mlp = 3", "`mlp` must be a table of settings"),
        (
            f"[mlp]\nn_hidden = {list(range(1, 400))}\nepochs = {list(range(1, 400))}",
            "over 10000 runs",
        ),
        (f"[mlp]\nn_hidden = {'9' * 5000}", "no readable TOML"),
    ],
)
def test_a_mistake_gets_one_line_that_names_the_file(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read_campaign(written(text, tmp_path))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "asked.toml"))
    assert "\n" not in str(caught.value)


def test_the_runs_come_back_from_the_campaigns_folder(tmp_path: Path) -> None:
    made = runs("seeds = [3, 4]\n[mlp]\nn_hidden = [8, 16]\n[izhikevich-stdp]\n", tmp_path)
    assert not is_race(tmp_path / "out")
    write_race(made, tmp_path / "out", None)
    read, table = read_race(tmp_path / "out")
    assert [(e.contender, e.place, e.config) for e in read] == [
        (e.contender, e.place, e.config) for e in made
    ]
    assert table is None


def test_a_place_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    made = runs("[mlp]\n", tmp_path)
    write_race(made, tmp_path / "out", None)
    path = tmp_path / "out" / "race.json"
    whole = path.read_text()
    for place in ("../../elsewhere", "/etc", "a//b", "mlp/../..", ""):
        path.write_text(whole.replace('"mlp/seed-0"', f'"{place}"'))
        with pytest.raises(UserError, match="is no folder of a run"):
            read_race(tmp_path / "out")


def test_runs_keep_the_threads_that_they_began_with(tmp_path: Path) -> None:
    (one, two, three) = runs("[mlp]\nn_hidden = [8, 16, 32]\n[all]\n", tmp_path)
    first = with_threads([one, two], 2)
    assert [e.config.num_threads for e in first] == [2, 2]
    assert [e.config.num_threads for e in with_threads([one, two, three], 1, first)] == [2, 2, 1]
