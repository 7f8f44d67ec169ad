"""The same with the real OpenVINO: python openvino.py MODEL INPUTS."""
import time

begin = time.perf_counter()
import json
import os
import re
import sys

sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # this file's own name hides the package
import numpy as np
import openvino as ov

imported = time.perf_counter()
core = ov.Core()
model = core.read_model(sys.argv[1])
read = time.perf_counter()
compiled = core.compile_model(model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
compiled_at = time.perf_counter()
types = {"f32": np.float32, "i64": np.int64, "i32": np.int32, "u8": np.uint8, "boolean": np.bool_}
compiled.create_infer_request().infer({i["name"]: np.ones(i["shape"], types[i["type"]]) for i in json.loads(sys.argv[2])})
answered = time.perf_counter()
times = {"import": imported - begin, "read": read - imported, "compile": compiled_at - read, "infer": answered - compiled_at}
times = {name: seconds * 1000 for name, seconds in times.items()}
print(json.dumps({**times, "peak": int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1])}), flush=True)
os._exit(0)
