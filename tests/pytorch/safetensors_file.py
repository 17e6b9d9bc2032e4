"""Reads and writes safetensors with the standard library and NumPy: eight bytes of header length, a JSON header, the elements."""
import json
import struct

import numpy as np


def load(path):
    """The tensors of a file by name, as F32, and its metadata."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: tensor {name} is {entry['dtype']}")
        start, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[start:end], "<f4").reshape(entry["shape"]).copy()
    return tensors, metadata


def save(path, tensors, metadata=None):
    """Writes (type, shape, bytes) by name, in the order given."""
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
