"""Multiply-accumulates of an ONNX file by the formulas of its operators and onnx's own shapes.

usage: count_macs.py MODEL.onnx...      prints "MACS MODEL.onnx" a line

A second derivation for tests: nothing of hwflow takes part. Sizes come from onnx.shape_inference;
a symbolic batch counts as 1. Padding that a window covers is counted, as usual.
"""
import math
import os
import sys

import onnx


def sizes_of(model):
    """Sizes of every tensor that the file or shape inference knows, by name."""
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    sizes = {t.name: list(t.dims) for t in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        if value.name in sizes or not value.type.tensor_type.HasField("shape"):
            continue
        dims = value.type.tensor_type.shape.dim
        sizes[value.name] = [d.dim_value or (1 if i == 0 else 0) for i, d in enumerate(dims)]
    return sizes


def needed_nodes(graph):
    """Nodes that an output of the graph depends on."""
    maker = {name: node for node in graph.node for name in node.output if name}
    wanted, needed = [o.name for o in graph.output], {}
    while wanted:
        node = maker.get(wanted.pop())
        if node is not None and id(node) not in needed:
            needed[id(node)] = node
            wanted.extend(node.input)
    return needed.values()


def macs_of_node(node, sizes):
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "Conv":  # every output element: input channels of a group, times the kernel
        return math.prod(sizes[node.output[0]]) * math.prod(sizes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":  # every input element goes into so many output elements
        return math.prod(sizes[node.input[0]]) * math.prod(sizes[node.input[1]][1:])
    if node.op_type == "Gemm":
        left = sizes[node.input[0]]
        inner = left[0] if attributes.get("transA", 0) else left[1]
        return math.prod(sizes[node.output[0]]) * inner
    if node.op_type == "MatMul":
        return math.prod(sizes[node.output[0]]) * sizes[node.input[0]][-1]
    return 0


def macs_of(model):
    sizes = sizes_of(model)
    constant = {t.name for t in model.graph.initializer}
    return sum(
        macs_of_node(node, sizes)
        for node in needed_nodes(model.graph)
        if not all(name in constant for name in node.input)
    )


def main():
    for file in sys.argv[1:]:
        print(macs_of(onnx.load(file, load_external_data=False)), os.path.basename(file))


if __name__ == "__main__":
    main()
