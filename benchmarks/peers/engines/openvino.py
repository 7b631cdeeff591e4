# SPDX-License-Identifier: MIT
"""OpenVINO in float32, or in the precision that it chooses for this CPU ("default")."""
import openvino

TYPES = {"fp32": "f32", "bf16": "bf16"}


class Engine:
    version = openvino.__version__.split("-")[0]

    def __init__(self):
        self.options = {"PERFORMANCE_HINT": "LATENCY"}

    def threads(self, count):
        self.options["INFERENCE_NUM_THREADS"] = count

    def load(self, _, precision, folder):
        if precision != "default":
            self.options["INFERENCE_PRECISION_HINT"] = TYPES[precision]
        core = openvino.Core()
        compiled = core.compile_model(f"{folder}/model.xml", "CPU", self.options)
        self.request = compiled.create_infer_request()
        hint = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        return {"f32": "fp32", "f16": "fp16"}.get(hint, hint)

    def infer(self, arrays):
        results = self.request.infer(arrays, share_inputs=True, share_outputs=True)
        return results[0]
