"""Runs an ONNX file on a batch of images and writes its first output.

usage: run_onnx.py qdq|qonnx MODEL.onnx IMAGES.f32 C H W OUTPUT.f32

qdq models run in onnxruntime (graph optimisations off, so that what is written is what runs);
qonnx models in the executor of the qonnx package.
"""
import sys

import numpy as np


def run_qdq(model, images):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images})[0]


def run_qonnx(model, images):
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    wrapper = ModelWrapper(model)
    shape = [images.shape[0], *images.shape[1:]]
    wrapper.set_tensor_shape("image", shape)
    wrapper.graph.output[0].type.tensor_type.shape.dim[0].dim_value = images.shape[0]
    wrapper = wrapper.transform(InferShapes())
    return execute_onnx(wrapper, {"image": images})[wrapper.graph.output[0].name]


def main():
    flavour, model, images_file, channels, height, width, output = sys.argv[1:8]
    images = np.fromfile(images_file, dtype=np.float32)
    images = images.reshape(-1, int(channels), int(height), int(width))
    run = {"qdq": run_qdq, "qonnx": run_qonnx}[flavour]
    run(model, images).astype(np.float32).tofile(output)


if __name__ == "__main__":
    main()
