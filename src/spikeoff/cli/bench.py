"""``spikeoff bench``: the flags are those of the contender's benchmark."""

from __future__ import annotations

import tyro

from spikeoff.flag_parsing import defer, run_parser


def bench() -> int:
    """Measure a contender's speed: spikeoff bench CONTENDER --help lists the flags."""
    return run_bench([])


def run_bench(given: list[str]) -> int:
    """``bench CONTENDER``: the flags are those of the contender's benchmark."""
    from spikeoff.experiments.bench import MODULES, find_bench

    if not given or given[0] in ("-h", "--help"):
        print(  # noqa: T201
            "usage: spikeoff bench CONTENDER [--against PEER ...] [flags]\n\n"
            f"CONTENDER is one of: {', '.join(MODULES)}\n"
            "Its peers and flags: spikeoff bench CONTENDER --help"
        )
        return 0
    name, *flags = given
    measure, command = defer(find_bench(name)), f"spikeoff bench {name}"
    run_parser(lambda: tyro.cli(measure, args=flags, prog=command, use_underscores=True), command)()
    return 0
