"""Writing an ONNX graph by arithmetic: values that record the operations done with them.

The functions of a neuron model (``neurons``) take these values as they take PyTorch's tensors, so
that an ONNX file has the same equations as the kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.extras import import_extra

EXTRA = "onnx"

OPSET = 17
"""Version of ONNX' operators: old enough for any runtime in use, and has all that is needed."""


class Graph:
    """A graph under construction. Constants that are the same number are held once."""

    def __init__(self, prefix: str = "") -> None:
        """``prefix`` begins the names of values, which must differ from those of other graphs."""
        self.helper = import_extra(EXTRA, "onnx.helper")
        self._numpy_helper = import_extra(EXTRA, "onnx.numpy_helper")
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._prefix, self._numbers = prefix, dict[float, Value]()
        self._scans = 0

    def input(self, name: str) -> Value:
        """An input of the graph."""
        return Value(self, self._prefix + name)

    def constant(self, array: NDArray[Any], name: str = "constant") -> Value:
        """An array that the file holds."""
        name = f"{self._prefix}{name}_{len(self.initializers)}"
        self.initializers.append(self._numpy_helper.from_array(np.asarray(array, order="C"), name))
        return Value(self, name)

    def number(self, number: float) -> Value:
        """A float32 without axes."""
        if number not in self._numbers:
            self._numbers[number] = self.constant(np.array(number, np.float32), "number")
        return self._numbers[number]

    def integers(self, *values: int) -> Value:
        """A list of int64, such as axes."""
        return self.constant(np.array(values, np.int64), "integers")

    def add(self, operator: str, *inputs: Value, **attributes: Any) -> Value:
        """Apply an operator with one output."""
        return self.add_several(operator, [one.name for one in inputs], 1, **attributes)[0]

    def add_several(
        self, operator: str, inputs: Sequence[str], n_outputs: int, **attributes: Any
    ) -> list[Value]:
        """Apply an operator with several outputs."""
        stem = f"{self._prefix}{operator.lower()}_{len(self.nodes)}"
        names = [stem if n_outputs == 1 else f"{stem}_{k}" for k in range(n_outputs)]
        self.nodes.append(self.helper.make_node(operator, list(inputs), names, **attributes))
        return [Value(self, name) for name in names]

    def named(self, value: Value, name: str) -> Value:
        """``value`` under another name, such as that of an output."""
        self.nodes.append(self.helper.make_node("Identity", [value.name], [name]))
        return Value(self, name)

    def scan(
        self,
        start: Sequence[Value],
        sequence: Value,
        body: Callable[[Graph, list[Value], Value], tuple[Sequence[Value], Sequence[Value]]],
    ) -> tuple[list[Value], list[Value]]:
        """Repeat ``body`` over the second axis of ``sequence`` [n, steps, neurons].

        Args:
            start: state before the first step, each [n, neurons].
            sequence: what each step receives.
            body: from a graph, the state and one step's [n, neurons], the new state and outputs.

        Returns:
            The state after the last step, and the outputs of all steps, [n, steps, neurons] each.
        """
        self._scans += 1
        inner = Graph(f"{self._prefix}scan{self._scans}_")
        before = [inner.input(f"state{k}") for k in range(len(start))]
        received = inner.input("received")
        after, outputs = body(inner, before, received)
        results = [inner.add("Identity", one) for one in (*after, *outputs)]
        states = [("n", f"state{k}") for k in range(len(start))]
        sent = [("n", f"sent{k}") for k in range(len(outputs))]
        graph = inner.finish(
            f"{self._prefix}step{self._scans}", [*before, received], results,
            [*states, ("n", "received"), *states, *sent],
        )  # fmt: skip
        found = self.add_several(
            "Scan", [*(one.name for one in start), sequence.name], len(results), body=graph,
            num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[1] * len(outputs),
        )  # fmt: skip
        return found[: len(start)], found[len(start) :]

    def finish(
        self,
        name: str,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        shapes: Sequence[Sequence[int | str]],
    ) -> Any:
        """The graph as ONNX has it.

        Args:
            name: of the graph.
            inputs: its inputs.
            outputs: its outputs.
            shapes: of inputs and outputs in turn.
        """
        values = [*inputs, *outputs]
        told = [
            self.helper.make_tensor_value_info(value.name, 1, list(shape))  # 1: float32
            for value, shape in zip(values, shapes, strict=True)
        ]
        return self.helper.make_graph(
            self.nodes, name, told[: len(inputs)], told[len(inputs) :], self.initializers
        )


class Value:
    """A value of a graph. Arithmetic and ``where`` and ``clamp``, as tensors have them."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph, self.name = graph, name

    def _with(self, operator: str, other: Value | float, *, turned: bool = False) -> Value:
        value = other if isinstance(other, Value) else self.graph.number(other)
        return self.graph.add(operator, *((value, self) if turned else (self, value)))

    def __add__(self, other: Value | float) -> Value:
        return self._with("Add", other)

    def __radd__(self, other: float) -> Value:
        return self._with("Add", other, turned=True)

    def __sub__(self, other: Value | float) -> Value:
        return self._with("Sub", other)

    def __rsub__(self, other: float) -> Value:
        return self._with("Sub", other, turned=True)

    def __mul__(self, other: Value | float) -> Value:
        return self._with("Mul", other)

    def __rmul__(self, other: float) -> Value:
        return self._with("Mul", other, turned=True)

    def __truediv__(self, other: Value | float) -> Value:
        return self._with("Div", other)

    def __ge__(self, other: Value | float) -> Value:
        return self._with("GreaterOrEqual", other)

    def __gt__(self, other: Value | float) -> Value:
        return self._with("Greater", other)

    def __invert__(self) -> Value:
        return self.graph.add("Not", self)

    def clamp(self, min: float) -> Value:  # noqa: A002 (as PyTorch calls it)
        """The larger of this and ``min``."""
        return self._with("Max", min)

    def where(self, condition: Value, other: Value | float) -> Value:
        """This where the condition holds, else ``other``."""
        value = other if isinstance(other, Value) else self.graph.number(other)
        return self.graph.add("Where", condition, self, value)

    def float(self) -> Value:
        """Truth values as 0 and 1."""
        return self.graph.add("Cast", self, to=1)
