#!/usr/bin/env python3
"""SampleCNN on the engines that one can install, as a program that answers questions: a line
`NAME PRECISION THREADS BATCH SECONDS` is answered by windows a second, or `-` where the engine has no such precision.
Names: torch-eager, torch-compile, onnxruntime, openvino. One process for each name keeps their thread pools apart."""
import numpy as np
import torch

import questions
from sample_cnn import WINDOW, sample_cnn


class Torch:
    def __init__(self, precision, threads, compiled):
        torch.set_num_threads(threads)
        self.bf16 = precision == "bf16"
        self.model = sample_cnn().eval()
        if compiled:
            self.model = torch.compile(self.model)

    def run(self, windows):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            self.model(torch.from_numpy(windows))


def onnx_file():
    path = "/tmp/timbre-bench-sample-cnn.onnx"
    example = torch.zeros(1, 1, WINDOW)
    torch.onnx.export(sample_cnn().eval(), (example,), path, input_names=["audio"], output_names=["embedding"],
                      dynamic_axes={"audio": {0: "batch"}, "embedding": {0: "batch"}}, dynamo=False)
    return path


class OnnxRuntime:
    def __init__(self, precision, threads):
        import onnxruntime
        if precision != "fp32":
            raise NotImplementedError
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(onnx_file(), options, providers=["CPUExecutionProvider"])

    def run(self, windows):
        self.session.run(None, {"audio": windows})


class OpenVino:
    def __init__(self, precision, threads, batch):
        import openvino
        core = openvino.Core()
        model = core.read_model(onnx_file())
        model.reshape([batch, 1, WINDOW])
        self.compiled = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"})
        self.request = self.compiled.create_infer_request()

    def run(self, windows):
        self.request.infer([windows])


def make(name, precision, threads, batch):
    if name == "torch-eager":
        return Torch(precision, threads, compiled=False)
    if name == "torch-compile":
        return Torch(precision, threads, compiled=True)
    if name == "onnxruntime":
        return OnnxRuntime(precision, threads)
    return OpenVino(precision, threads, batch)


def engine_call(name, precision, threads, batch):
    engine = make(name, precision, threads, batch)
    windows = np.random.default_rng(0).uniform(-0.5, 0.5, (batch, 1, WINDOW)).astype(np.float32)
    return lambda: engine.run(windows)


if __name__ == "__main__":
    questions.answer(engine_call)
