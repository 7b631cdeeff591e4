# SPDX-License-Identifier: MIT
"""ONNX Runtime on the graph that PyTorch exports."""
import onnxruntime


class Engine:
    version = onnxruntime.__version__

    def __init__(self):
        self.options = onnxruntime.SessionOptions()
        # Its threads spin while they have work, and not between inferences.
        self.options.add_session_config_entry("session.force_spinning_stop", "1")

    def threads(self, count):
        self.options.intra_op_num_threads = count

    def load(self, _, precision, folder):
        if precision != "fp32":
            raise ValueError(f"ONNX Runtime is timed in fp32, not in {precision}")
        self.session = onnxruntime.InferenceSession(
            f"{folder}/model.onnx", self.options, providers=["CPUExecutionProvider"]
        )
        self.names = [entry.name for entry in self.session.get_inputs()]
        return precision

    def infer(self, arrays):
        return self.session.run(None, dict(zip(self.names, arrays)))[0]
