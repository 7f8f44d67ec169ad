"""
Computes networks whose f32 outputs depend on the order of sums in float64, with ONNX's own reference implementation, and keeps a sample
of each output: what REFERENCE is held to. PYTHON scripts/record-exact-outputs.py, where PYTHON has the package onnx (../shared/oracle).

basic-pitch takes a logarithm where sums cancel: the outputs that its framework computed in f32 are off by 1.1e-4 of their range.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

networks = ["multi_basicpitch/nmp.onnx"]
# Every so many elements of an output, in row-major order, are kept: a prime, so that all rows and columns are met.
step = 13

root = pathlib.Path(__file__).resolve().parent.parent
models = root.parent / "shared" / "models"


def to_double(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))


def double_model(path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        to_double(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                to_double(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    return model


target = root / "test" / "fixtures" / "exact-outputs"
target.mkdir(parents=True, exist_ok=True)
for entry in json.loads((models / "expected" / "manifest.json").read_text()):
    if entry["model"] not in networks or entry["file"] is None:
        continue
    given = np.load(models / entry["file"])
    inputs = {port["name"]: given[port["key"]].astype(np.float64) for port in entry["inputs"]}
    exact = ReferenceEvaluator(double_model(models / entry["model"])).run([port["name"] for port in entry["outputs"]], inputs)
    for port, output in zip(entry["outputs"], exact):
        want = given[port["key"]]
        print(entry["file"], port["name"], "the framework's f32 is off by", np.abs(output - want).max() / np.ptp(want))
    sample = {port["key"]: output.ravel()[::step].astype(np.float32) for port, output in zip(entry["outputs"], exact)}
    np.savez_compressed(target / pathlib.Path(entry["file"]).name, **sample)
