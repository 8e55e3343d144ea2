"""Writes small ONNX files, and what onnxruntime makes of them, for onnx_runtime_test.cpp.

usage: write_onnx_cases.py FOLDER

NAME.onnx is a model of one input "x"; NAME.in and NAME.out are an image and all outputs of
onnxruntime (graph optimisations off), as float32 one after the other. FOLDER/cases.txt has a line
a case: NAME values|cost MACS INPUT OUTPUT..., sizes as 1x3x8x8. `values`: the network computes
the same; `cost`: it has the same sizes and says that it is not executable. MACS is by
count_macs.py.
"""
import math
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../workload"))
from count_macs import macs_of  # noqa: E402

END = 2**63 - 1


class Graph:
    """A model under construction; every method returns the name of a tensor."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants, self.opset = [], [], 13

    def constant(self, values, dtype=np.float32):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype=dtype), name))
        return name

    def ints(self, *values):
        return self.constant(values, np.int64)

    def int(self, value):
        return self.constant(value, np.int64)

    def weights(self, *sizes):
        deviation = 1.0 / math.sqrt(max(1, np.prod(sizes[1:])))
        return self.constant(self.random.standard_normal(sizes) * deviation)

    def __call__(self, op_type, *inputs, outputs=1, **attributes):
        names = [f"{op_type}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(
            helper.make_node(op_type, inputs, names, name=f"n{len(self.nodes)}", **attributes)
        )
        return names[0] if outputs == 1 else names

    def conv(self, x, inputs, outputs, kernel=3, **attributes):
        attributes.setdefault("pads", [kernel // 2] * 4)
        if "auto_pad" in attributes:
            del attributes["pads"]
        group = attributes.get("group", 1)
        weights = self.weights(outputs, inputs // group, kernel, kernel)
        return self("Conv", x, weights, self.weights(outputs), **attributes)

    def head(self, x, channels, classes=5):
        features = self("Flatten", self("GlobalAveragePool", x))
        return self("Gemm", features, self.weights(channels, classes), self.weights(classes))

    def norm(self, x, channels):
        positive = self.random.uniform(0.5, 1.5, (2, channels))
        return self(
            "BatchNormalization", x, self.constant(positive[0]), self.weights(channels),
            self.weights(channels), self.constant(positive[1]),
        )

    def size_of(self, x, axis):
        return self("Gather", self("Shape", x), self.int(axis), axis=0)


CASES = []


def case(name, build, kind="values", opset=13, size=(1, 3, 9, 10), more_macs=0):
    """`more_macs`: those that count_macs.py does not count."""
    CASES.append((name, build, kind, opset, size, more_macs))


def cost(name, build, **options):
    case(name, build, kind="cost", **options)


# Poolings -----------------------------------------------------------------------------------------
for pads in ([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1, 0], [1, 0, 0, 1]):
    for kernel, stride in ((2, 2), (3, 2), (3, 3), (2, 3)):
        for ceil in (0, 1):
            window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": pads,
                      "ceil_mode": ceil}
            name = f"k{kernel}_s{stride}_p{''.join(map(str, pads))}_ceil{ceil}"
            case(f"max_pool_{name}", lambda g, w=window: g("MaxPool", "x", **w))
            for include in (0, 1):
                case(f"average_pool_{name}_include{include}", opset=19,
                     build=lambda g, w=window, i=include: g("AveragePool", "x", count_include_pad=i,
                                                            **w))
# The last window would begin beyond the input and its padding in front: it is dropped.
for kind in ("MaxPool", "AveragePool"):
    case(f"{kind}_drops_the_window_beyond", size=(1, 2, 4, 7), opset=19,
         build=lambda g, k=kind: g(k, "x", kernel_shape=[1, 1], strides=[3, 2], pads=[0, 0, 0, 0],
                                   ceil_mode=1))
    case(f"{kind}_drops_the_window_in_the_end_pad", size=(1, 2, 5, 6), opset=19,
         build=lambda g, k=kind: g(k, "x", kernel_shape=[2, 2], strides=[3, 3], pads=[1, 1, 1, 1],
                                   ceil_mode=1))
for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    for kernel, stride in ((3, 2), (2, 2), (3, 1), (3, 3)):
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "auto_pad": auto}
        case(f"max_pool_{auto}_{kernel}_{stride}", lambda g, w=window: g("MaxPool", "x", **w))
        for include in (0, 1):
            case(f"average_pool_{auto}_{kernel}_{stride}_include{include}",
                 lambda g, w=window, i=include: g("AveragePool", "x", count_include_pad=i, **w))
for include in (0, 1):
    for pads in ([0, 0, 0, 0], [1, 1, 1, 1], [2, 0, 1, 1]):
        for stride in (1, 2):
            case(f"average_pool_dilated_{''.join(map(str, pads))}_s{stride}_include{include}",
                 lambda g, p=pads, s=stride, i=include: g(
                     "AveragePool", "x", kernel_shape=[3, 2], dilations=[2, 3], strides=[s, s],
                     pads=p, count_include_pad=i), opset=19)
case("max_pool_dilated", lambda g: g("MaxPool", "x", kernel_shape=[3, 2], dilations=[2, 3],
                                     strides=[2, 1], pads=[1, 0, 1, 1]))
case("max_pool_rectangle", lambda g: g("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 1],
                                       pads=[1, 0, 1, 1]))
case("average_pool_1d", lambda g: g("AveragePool", "x", kernel_shape=[4], strides=[2]),
     size=(1, 3, 20))
case("global_max_pool", lambda g: g("GlobalMaxPool", "x"))
case("reduce_mean_pixels", lambda g: g("ReduceMean", "x", axes=[2, 3], keepdims=0))
case("reduce_max_channels", lambda g: g("ReduceMax", "x", axes=[1], keepdims=1))
cost("lp_pool", lambda g: g("LpPool", "x", kernel_shape=[2, 2], strides=[2, 2]))
cost("global_lp_pool", lambda g: g("GlobalLpPool", "x"))

# Convolutions -------------------------------------------------------------------------------------
for auto in ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"):
    for kernel, stride in ((1, 2), (2, 1), (3, 1), (3, 2), (4, 2), (4, 3)):
        case(f"conv_{auto}_k{kernel}_s{stride}",
             lambda g, a=auto, k=kernel, s=stride: g.conv("x", 3, 4, k, strides=[s, s], auto_pad=a))
case("conv_asymmetric", lambda g: g("Conv", "x", g.weights(4, 3, 3, 5), strides=[2, 1],
                                    pads=[0, 1, 2, 3]))
case("conv_groups_dilated", lambda g: g.conv(g.conv("x", 3, 8, 1), 8, 12, 3, pads=[2] * 4,
                                             dilations=[2, 2], group=4))
case("conv_depthwise", lambda g: g.conv("x", 3, 6, 3, group=3))
case("conv_1d", lambda g: g("Conv", "x", g.weights(4, 3, 3), pads=[1, 1]), size=(1, 3, 20))
case("conv_without_bias_by_name", lambda g: g("Conv", "x", g.weights(4, 3, 3, 3), ""))
for i, (kernel, stride, pads, more, group, dilation) in enumerate((
        (2, 2, [0] * 4, [0, 0], 1, 1), (3, 2, [1] * 4, [1, 1], 1, 1), (4, 2, [1] * 4, [0, 0], 2, 1),
        (3, 2, [0, 0, 1, 1], [0, 1], 4, 1), (3, 1, [1] * 4, [0, 0], 1, 2),
        (3, 3, [0] * 4, [2, 1], 2, 1), (2, 3, [0] * 4, [0, 0], 1, 1))):
    case(f"conv_transpose_{i}", size=(1, 4, 5, 6),
         build=lambda g, k=kernel, s=stride, p=pads, m=more, r=group, d=dilation: g(
             "ConvTranspose", "x", g.weights(4, 8 // r, k, k), g.weights(8), strides=[s, s], pads=p,
             output_padding=m, group=r, dilations=[d, d]))
for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    for kernel, stride in ((3, 2), (4, 2), (2, 2), (2, 3), (5, 2), (1, 2)):
        case(f"conv_transpose_{auto}_k{kernel}_s{stride}", size=(1, 3, 5, 6),
             build=lambda g, a=auto, k=kernel, s=stride: g(
                 "ConvTranspose", "x", g.weights(3, 4, k, k), g.weights(4), strides=[s, s],
                 auto_pad=a))
for i, (wanted, auto) in enumerate((([10, 12], "NOTSET"), ([10, 12], "SAME_UPPER"),
                                    ([12, 13], "SAME_UPPER"), ([12, 13], "SAME_LOWER"),
                                    ([12, 14], "NOTSET"), ([9, 14], "SAME_UPPER"))):
    case(f"conv_transpose_output_shape_{i}", size=(1, 3, 5, 6),
         build=lambda g, w=wanted, a=auto: g(
             "ConvTranspose", "x", g.weights(3, 4, 3, 3), g.weights(4), strides=[2, 2],
             output_shape=w, auto_pad=a))
case("conv_transpose_1d", lambda g: g("ConvTranspose", "x", g.weights(3, 4, 4), strides=[2],
                                      pads=[1, 1]), size=(1, 3, 20))

# Matrices -----------------------------------------------------------------------------------------
for across in (0, 1):
    for alpha, beta in ((1.0, 1.0), (0.5, 1.0), (1.0, 2.0), (0.25, -3.0), (1.0, 0.0)):
        case(f"gemm_transB{across}_alpha{alpha}_beta{beta}", size=(1, 12),
             build=lambda g, t=across, a=alpha, b=beta: g(
                 "Gemm", "x", g.weights(*((5, 12) if t else (12, 5))), g.weights(5), transB=t,
                 alpha=a, beta=b))
case("gemm_without_c", lambda g: g("Gemm", "x", g.weights(12, 5), alpha=0.5), size=(1, 12))
case("gemm_c_of_one", lambda g: g("Gemm", "x", g.weights(12, 5), g.constant(1.5), beta=0.5),
     size=(1, 12))
case("gemm_c_as_row", lambda g: g("Gemm", "x", g.weights(12, 5), g.weights(1, 5), beta=0.5),
     size=(1, 12))
case("matmul_and_add", lambda g: g("Add", g("MatMul", "x", g.weights(12, 5)), g.weights(5)),
     size=(1, 12))
cost("matmul_of_rows", lambda g: g("MatMul", "x", g.weights(4, 5)), size=(1, 3, 4))

# Resizing, padding, reshaping ---------------------------------------------------------------------
for factor in (2, 3):
    scales = [1, 1, factor, factor]
    case(f"resize_asymmetric_{factor}", lambda g, s=scales: g(
        "Resize", "x", "", g.constant(s), mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric"))
    case(f"resize_half_pixel_{factor}", lambda g, s=scales: g(
        "Resize", "x", "", g.constant(s), mode="nearest"))
    case(f"upsample_{factor}", lambda g, s=scales: g("Upsample", "x", g.constant(s)), opset=9)
    case(f"resize_opset10_{factor}", lambda g, s=scales: g("Resize", "x", g.constant(s)), opset=10)
cost("resize_linear", lambda g: g("Resize", "x", "", g.constant([1, 1, 2, 2]), mode="linear"))
cost("resize_sizes", lambda g: g("Resize", "x", "", "", g.ints(1, 3, 14, 17), mode="nearest"))
case("resize_scales_of_axes", lambda g: g(
    "Resize", "x", "", g.constant([2, 3]), axes=[2, 3], mode="nearest", nearest_mode="floor",
    coordinate_transformation_mode="asymmetric"), opset=18)
case("resize_scales_of_axes_turned", lambda g: g(
    "Resize", "x", "", g.constant([2, 3]), axes=[-1, 2], mode="nearest", nearest_mode="floor",
    coordinate_transformation_mode="asymmetric"), opset=18)
case("resize_sizes_of_axes", lambda g: g(
    "Resize", "x", "", "", g.ints(18, 20), axes=[2, 3], mode="nearest", nearest_mode="floor",
    coordinate_transformation_mode="asymmetric"), opset=18)
for policy in ("not_larger", "not_smaller", "stretch"):
    cost(f"resize_{policy}", lambda g, p=policy: g(
        "Resize", "x", "", "", g.ints(20, 33), axes=[2, 3], keep_aspect_ratio_policy=p,
        mode="nearest"), opset=18)
    cost(f"resize_down_{policy}", lambda g, p=policy: g(
        "Resize", "x", "", "", g.ints(4, 7), axes=[3, 2], keep_aspect_ratio_policy=p,
        mode="linear"), opset=19)
case("pad_input", lambda g: g("Pad", "x", g.ints(0, 0, 1, 2, 0, 0, 3, 0)))
case("pad_attribute", lambda g: g("Pad", "x", pads=[0, 0, 1, 2, 0, 0, 3, 0]), opset=10)
case("pad_of_axes", lambda g: g("Pad", "x", g.ints(1, 2, 3, 1), "", g.ints(2, 3)), opset=18)
case("pad_crops", lambda g: g("Pad", "x", g.ints(0, 0, -1, 2, 0, 0, 0, -3)))
case("pad_channels", lambda g: g("Pad", "x", g.ints(0, 2, 0, 0, 0, 3, 0, 0)))
cost("pad_reflect", lambda g: g("Pad", "x", g.ints(0, 0, 1, 1, 0, 0, 1, 1), mode="reflect"))
case("reshape_zero_and_open", lambda g: g("Relu", g("Reshape", "x", g.ints(0, 3, -1))))
case("reshape_to_features", lambda g: g("Gemm", g("Reshape", "x", g.ints(1, -1)),
                                        g.weights(270, 4)))
case("flatten_negative_axis", lambda g: g("Flatten", "x", axis=-3))
case("squeeze_and_unsqueeze", lambda g: g("Unsqueeze", g(
    "Squeeze", g("GlobalAveragePool", "x"), g.ints(-1, -2)), g.ints(2, 3)))
case("slice_two_axes", lambda g: g("Slice", "x", g.ints(1, 2), g.ints(3, END), g.ints(1, 3)))
case("slice_with_steps", lambda g: g("Slice", "x", g.ints(1), g.ints(END), g.ints(2), g.ints(3)))
case("split_and_concat", lambda g: g("Concat", *reversed(
    g("Split", "x", g.ints(4, 5), outputs=2, axis=2)), axis=2))
case("gather_a_run", lambda g: g("Gather", "x", g.ints(1, 2), axis=1))
cost("gather_turned", lambda g: g.conv(g("Gather", "x", g.ints(2, 1, 0), axis=1), 3, 4))
cost("gather_table", lambda g: g("Gather", "x", g.constant([[0, 8], [8, 1], [3, -1]], np.int64),
                                 axis=2))
cost("slice_backwards", lambda g: g("Slice", "x", g.ints(-1), g.ints(-END), g.ints(3), g.ints(-1)))
cost("slice_backwards_in_steps", lambda g: g(
    "Slice", "x", g.ints(7, 1), g.ints(1, END), g.ints(2, 3), g.ints(-2, 4)))
cost("depth_to_space", lambda g: g("DepthToSpace", g.conv("x", 3, 8), blocksize=2))
cost("sub_pixel_by_reshape", lambda g: g("Reshape", g("Transpose", g(
    "Reshape", g.conv("x", 3, 8), g.ints(1, 2, 2, 2, 9, 10)), perm=[0, 1, 4, 2, 5, 3]),
    g.ints(1, 2, 18, 20)))
cost("channel_shuffle", lambda g: g("Reshape", g("Transpose", g(
    "Reshape", g.conv("x", 3, 8), g.ints(1, 2, 4, 9, 10)), perm=[0, 2, 1, 3, 4]),
    g.ints(1, 8, 9, 10)))
case("tile", lambda g: g("Tile", "x", g.ints(1, 1, 2, 3)))
case("expand_by_shape", lambda g: g("Add", g("Expand", g("GlobalAveragePool", "x"),
                                             g("Shape", "x")), "x"))

# Functions ----------------------------------------------------------------------------------------
for function, attributes, opset in (
        ("Relu", {}, 13), ("LeakyRelu", {"alpha": 0.2}, 13), ("Sigmoid", {}, 13),
        ("HardSigmoid", {"alpha": 0.25, "beta": 0.4}, 13), ("HardSwish", {}, 14),
        ("Elu", {"alpha": 0.5}, 13), ("Selu", {}, 13), ("Tanh", {}, 13), ("Softplus", {}, 13),
        ("Mish", {}, 18), ("Gelu", {}, 20), ("Softmax", {"axis": 1}, 13), ("Identity", {}, 13)):
    case(f"function_{function}", opset=opset,
         build=lambda g, f=function, a=attributes: g(f, g.conv("x", 3, 4), **a))
for function, attributes in (
        ("Exp", {}), ("Sqrt", {}), ("Neg", {}), ("Abs", {}), ("Softsign", {}), ("Erf", {}),
        ("ThresholdedRelu", {}), ("Celu", {}), ("LogSoftmax", {"axis": 1}), ("LRN", {"size": 3}),
        ("Softmax", {"axis": -1}), ("Hardmax", {"axis": 1}), ("LpNormalization", {"axis": 1}),
        ("MeanVarianceNormalization", {})):
    cost(f"function_{function}_{'_'.join(attributes)}",
         lambda g, f=function, a=attributes: g(f, g.conv("x", 3, 4), **a))
cost("instance_normalization", lambda g: g("InstanceNormalization", "x", g.weights(3),
                                           g.weights(3)))
cost("layer_normalization", lambda g: g("LayerNormalization", "x", g.weights(10), g.weights(10)),
     opset=17)
cost("group_normalization", lambda g: g("GroupNormalization", g.conv("x", 3, 4), g.weights(4),
                                        g.weights(4), num_groups=2), opset=21)
cost("prelu_of_channels", lambda g: g("PRelu", g.conv("x", 3, 4), g.weights(4, 1, 1)))
cost("choice", lambda g: g("Where", g("Greater", "x", g.constant(0.0)), "x",
                           g("Mul", "x", g.constant(0.1))), more_macs=270)  # a scaling is kept as a depthwise convolution

# Constants that exporters leave to be computed ----------------------------------------------------


def torch_scales(g, op_type, keeps_sizes=False):
    """interpolate(scale_factor=2) of PyTorch 1.x: sizes and scales by arithmetic on the shape."""
    parts = []
    for axis in (2, 3):
        size = g("Cast", g.size_of("x", axis), to=TensorProto.FLOAT)
        scaled = g("Cast", g("Mul", size, g.constant(2.0)), to=TensorProto.FLOAT)
        floor = g("Floor", scaled)
        if g.opset < 13:
            parts.append(g("Unsqueeze", floor, axes=[0]))
        else:
            parts.append(g("Unsqueeze", floor, g.ints(0)))
    sizes = g("Concat", *parts, axis=0)
    shape = g("Shape", "x")
    if keeps_sizes:
        front = g("Slice", shape, g.ints(0), g.ints(2), g.ints(0))
        whole = g("Concat", front, g("Cast", sizes, to=TensorProto.INT64), axis=0)
        return g("Resize", "x", "", "", whole, mode="nearest", nearest_mode="floor",
                 coordinate_transformation_mode="asymmetric")
    if g.opset < 10:
        pixels = g("Slice", shape, axes=[0], starts=[2], ends=[4])
    else:
        pixels = g("Slice", shape, g.ints(2), g.ints(4), g.ints(0))
    ratio = g("Div", g("Cast", sizes, to=TensorProto.FLOAT),
              g("Cast", pixels, to=TensorProto.FLOAT))
    return g(op_type, "x", g("Concat", g.constant([1.0, 1.0]), ratio, axis=0), mode="nearest")


case("torch_interpolate_opset9", lambda g: torch_scales(g, "Upsample"), opset=9)
case("torch_interpolate_opset10", lambda g: torch_scales(g, "Resize"), opset=10)
case("torch_interpolate_opset11", lambda g: torch_scales(g, "Resize", True))


def torch_pad(g):
    """F.pad of PyTorch at opset 11 and later: pads in its order, turned round."""
    rest = g("ConstantOfShape", g("Sub", g("Mul", g("Unsqueeze", g(
        "Size", g("Shape", "x")), g.ints(0)), g.ints(2)), g("Shape", g.ints(1, 2, 0, 3))),
        value=numpy_helper.from_array(np.array([0], np.int64)))
    pairs = g("Reshape", g("Concat", g.ints(1, 2, 0, 3), rest, axis=0), g.ints(-1, 2))
    turned = g("Slice", pairs, g.ints(-1), g.ints(-END), g.ints(0), g.ints(-1))
    flat = g("Reshape", g("Transpose", turned, perm=[1, 0]), g.ints(-1))
    return g("Pad", "x", g("Cast", flat, to=TensorProto.INT64))


case("torch_pad", torch_pad)


def torch_expand(g):
    """expand() of PyTorch: -1 stands for the size that is there."""
    wanted = g.ints(1, -1, 9, 10)
    ones = g("ConstantOfShape", g("Shape", wanted),
             value=numpy_helper.from_array(np.array([1], np.int64)))
    kept = g("Equal", wanted, g("Mul", ones, g.int(-1)))
    return g("Add", "x", g("Expand", g("GlobalAveragePool", "x"), g("Where", kept, ones, wanted)))


case("torch_expand", torch_expand)


def torch_size(g):
    """x.view(x.size(0), -1) of PyTorch."""
    batch = g("Unsqueeze", g.size_of("x", 0), g.ints(0))
    return g("Reshape", "x", g("Concat", batch, g.ints(-1), axis=0))


case("torch_view", torch_size)


def tensorflow_flatten(g):
    """tf.keras Flatten by tf2onnx of old: the product of the sizes."""
    rest = g("Slice", g("Shape", "x"), g.ints(1), g.ints(4), g.ints(0))
    product = g("ReduceProd", rest, axes=[0], keepdims=1)
    return g("Reshape", "x", g("Concat", g.ints(1), product, axis=0))


case("tensorflow_flatten", tensorflow_flatten)


def yolo_grid(g):
    """The grid of box centres: Range, Expand, Unsqueeze, Concat of two dimensions and more."""
    across = g("Reshape", g("Range", g.int(0), g.size_of("x", 3), g.int(1)), g.ints(1, 10))
    down = g("Reshape", g("Range", g.int(0), g.size_of("x", 2), g.int(1)), g.ints(9, 1))
    whole = g("Concat", g.ints(9), g.ints(10), axis=0)
    grid = g("Concat", g("Unsqueeze", g("Expand", across, whole), g.ints(2)),
             g("Unsqueeze", g("Tile", down, g.ints(1, 10)), g.ints(2)), axis=2)
    channels = g("Transpose", g("Cast", grid, to=TensorProto.FLOAT), perm=[2, 0, 1])
    corner = g("ReduceMax", channels, axes=[1, 2], keepdims=0)  # 9 and 8
    sizes = g("Cast", g("Gather", corner, g.ints(-1, 0), axis=0), to=TensorProto.INT64)
    return g("Reshape", "x", g("Concat", g.ints(-1), g("Add", sizes, g.int(1)), axis=0))


case("yolo_grid", yolo_grid)


def mixed_arithmetic(g):
    """9 and 10 by whatever operator has not been seen yet."""
    shape = g("Cast", g("Shape", "x"), to=TensorProto.FLOAT)  # 1 3 9 10
    nine = g("Pow", g("Sqrt", g("Gather", shape, g.ints(-2), axis=0)), g.constant(2.0))
    ten = g("Neg", g("Neg", g("ReduceMax", shape, axes=[0], keepdims=1)))
    least = g("Min", g("Max", g("ReduceMin", shape, axes=[0], keepdims=1), g.constant([3.0])),
              g.constant([7.0, 3.0]))
    total = g("Sum", nine, ten, g("Slice", least, g.ints(1), g.ints(2)))  # 9 + 10 + 3
    twenty_two = g("Cast", g("Round", total), to=TensorProto.INT64)
    rest = g("Mod", twenty_two, g.ints(12))  # 10
    first, second = g("Split", g("Concat", rest, g("Sub", rest, g.ints(1)), axis=0), g.ints(1, 1),
                      outputs=2, axis=0)
    total = g("ReduceSum", g("Concat", first, second, axis=0), g.ints(0), keepdims=1)  # 19
    mean = g("ReduceMean", g("Cast", total, to=TensorProto.FLOAT), axes=[0])
    nine = g("Sub", g("Cast", mean, to=TensorProto.INT64), g.ints(10))
    return g("Reshape", "x", g("Concat", g.ints(-1), nine, first, axis=0))


case("mixed_arithmetic", mixed_arithmetic)
case("weights_in_two_parts", lambda g: g("Conv", "x", g(
    "Concat", g.weights(2, 3, 3, 3), g.weights(2, 3, 3, 3), axis=0)))
case("weights_along_inputs", lambda g: g("Conv", "x", g(
    "Concat", g.weights(4, 1, 3, 3), g.weights(4, 2, 3, 3), axis=1)))
case("weights_cut_out", lambda g: g("Conv", "x", g(
    "Slice", g.weights(6, 5, 3, 3), g.ints(1, 4), g.ints(5, 1), g.ints(0, 1), g.ints(1, -1))))
case("weights_split", lambda g: g("Conv", "x", g("Split", g.weights(4, 6, 3, 3), outputs=2, axis=1)[
    1]))
case("weights_gathered", lambda g: g("Conv", "x", g(
    "Gather", g.weights(4, 5, 3, 3), g.ints(4, -5, 2), axis=1)))
case("weights_of_one_row", lambda g: g("Gemm", g("Flatten", "x"), g(
    "Gather", g.weights(2, 270, 5), g.int(1), axis=0)))
# onnx does not know the sizes behind NonZero: three of five, so 3 * 7 * 8 outputs of 27 MACs.
case("weights_that_are_not_zero", lambda g: g("Conv", "x", g("Gather", g.weights(5, 3, 3, 3), g(
    "Squeeze", g("NonZero", g.constant([0, 1, 1, 0, 1])), g.ints(0)), axis=0)),
    more_macs=3 * 7 * 8 * 27)
case("weights_normalised", lambda g: g("Conv", "x", g("Div", g("Sub", g.weights(4, 3, 3, 3), g(
    "ReduceMean", g.weights(4, 3, 3, 3), axes=[1, 2, 3])), g.constant(2.0))))
case("weights_repeated", lambda g: g("Conv", "x", g("Tile", g.weights(2, 3, 1, 3),
                                                    g.ints(2, 1, 3, 1))))
case("weights_chosen", lambda g: g("Conv", "x", g("Where", g.constant(
    [[[[1]], [[0]], [[1]]]], np.bool_), g.weights(4, 3, 3, 3), g.weights(1, 3, 3, 3))))

# Graphs -------------------------------------------------------------------------------------------


def dead_branch(g):
    y = g("Relu", g.conv("x", 3, 4))
    g.conv(y, 4, 64)
    return g.head(y, 4)


def late_head_first(g):
    y = g("Relu", g.conv("x", 3, 4))
    early = g.head(y, 4)
    return [g.head(g.conv(y, 4, 6), 6), early]


def output_with_readers(g):
    y = g("Relu", g.conv("x", 3, 4))
    return [g.head(y, 4), y]


def residual(g):
    y = g("Relu", g.norm(g.conv("x", 3, 8, strides=[2, 2]), 8))
    y = g("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    y = g("Relu", g("Add", y, g.norm(g.conv(y, 8, 8), 8)))
    gate = g("Sigmoid", g.conv(g("GlobalAveragePool", y), 8, 8, 1))
    return g("Softmax", g.head(g("Mul", y, gate), 8), axis=1)


def googlenet_block(g):
    y = g("LRN", g("MaxPool", g("Relu", g.conv("x", 3, 8)), kernel_shape=[3, 3], strides=[2, 2],
                   ceil_mode=1), size=5)
    return g.head(g("Concat", g.conv(y, 8, 4, 1), g("Relu", g.conv(y, 8, 4)), axis=1), 8)


def unet(g):
    skip = g("Relu", g.conv("x", 3, 4))
    low = g("Relu", g.conv(g("MaxPool", skip, kernel_shape=[2, 2], strides=[2, 2]), 4, 8))
    up = g("ConvTranspose", low, g.weights(8, 4, 2, 2), strides=[2, 2])
    return g.conv(g("Concat", skip, up, axis=1), 8, 2)


def ssd_head(g):
    rows = g("Transpose", g.conv("x", 3, 12), perm=[0, 2, 3, 1])
    boxes = g("Reshape", rows, g.ints(0, -1, 4))
    scores = g("Reshape", g("Transpose", g.conv("x", 3, 6), perm=[0, 2, 3, 1]), g.ints(0, -1, 2))
    return [boxes, g("Softmax", scores, axis=-1)]


def attention(g):
    y = g("Reshape", "x", g.ints(1, 9, 30))
    split = [g("Transpose", g("Reshape", g("MatMul", y, g.weights(30, 30)), g.ints(1, 9, 3, 10)),
               perm=p) for p in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])]
    scores = g("Softmax", g("Div", g("MatMul", split[0], split[1]), g.constant(3.0)), axis=-1)
    joined = g("Transpose", g("MatMul", scores, split[2]), perm=[0, 2, 1, 3])
    return g("MatMul", g("Reshape", joined, g.ints(1, 9, 30)), g.weights(30, 30))


case("dead_branch", dead_branch)
case("late_head_first", late_head_first)
case("output_with_readers", output_with_readers)
case("residual", residual)
case("unet", unet, size=(1, 3, 8, 10))
cost("googlenet_block", googlenet_block)
cost("ssd_head", ssd_head)
cost("attention", attention, more_macs=3 * 9 * 9)
case("unread_part_of_a_split", lambda g: g("Relu", g(
    "Split", "x", g.ints(4, 5), outputs=2, axis=2)[1]))


def write(folder, index):
    name, build, kind, opset, size, more_macs = CASES[index]
    graph = Graph(index)
    graph.opset = opset
    outputs = build(graph)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    floats = TensorProto.FLOAT
    proto = helper.make_graph(
        graph.nodes, name, [helper.make_tensor_value_info("x", floats, list(size))],
        [helper.make_tensor_value_info(o, floats, None) for o in outputs], graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    image = graph.random.standard_normal(size).astype(np.float32)
    results = session.run(None, {"x": image})

    path = os.path.join(folder, name)
    onnx.save(model, path + ".onnx")
    image.tofile(path + ".in")
    np.concatenate([r.astype(np.float32).ravel() for r in results]).tofile(path + ".out")
    sizes = ["x".join(map(str, s)) for s in [size, *(r.shape for r in results)]]
    return f"{name} {kind} {macs_of(model) + more_macs} {' '.join(sizes)}\n"


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "cases.txt"), "w", encoding="ascii") as file:
        for index in range(len(CASES)):
            try:
                file.write(write(folder, index))
            except Exception as problem:
                raise RuntimeError(f"case {CASES[index][0]}") from problem


if __name__ == "__main__":
    main()
