"""Writes models as IR with the real OpenVINO: save-models.py FOLDER MODEL..., to FOLDER/0.xml (as they are) and FOLDER/0.fp16.xml and so on."""

import sys

import openvino as ov

folder, *paths = sys.argv[1:]
core = ov.Core()
for i, path in enumerate(paths):
    model = core.read_model(path)
    ov.serialize(model, f"{folder}/{i}.xml")
    ov.save_model(model, f"{folder}/{i}.fp16.xml", compress_to_fp16=True)
