#!/usr/bin/python3
"""Lets ONNX's own checker look at files, shape inference included (Debian: python3-onnx), and prints what each holds.

usage: check.py FILE.onnx...
"""
import json
import sys

import onnx


def main():
    for path in sys.argv[1:]:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        # Shapes are inferred against those that the file says its outputs have.
        inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        print(json.dumps({
            "opset": model.opset_import[0].version,
            "inputs": {value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in inferred.graph.input},
            "outputs": {value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim] for value in inferred.graph.output},
            "initializers": {tensor.name: list(tensor.dims) for tensor in model.graph.initializer},
            "metadata": {pair.key: pair.value for pair in model.metadata_props},
        }))


if __name__ == "__main__":
    main()
