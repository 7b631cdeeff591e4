# SPDX-License-Identifier: MIT
"""Writes what the engines load: export.py CASE BATCH FOLDER FORMAT…

    weights.safetensors   the recipe's weights under the published keys
    pixels.bin, ids.bin   the inputs
    model.onnx            FORMAT onnx: the graph for these shapes
    model.xml, model.bin  FORMAT openvino: the same as OpenVINO's own file

What is there already is not made again. A format whose packages are missing is left out with a line.
"""
import sys
import tempfile
import warnings
from pathlib import Path

try:
    import torch
    from safetensors.torch import load_file, save_file
except ImportError as missing:
    sys.exit(f"it needs a package: {missing}")

import models
import recipe
from cases import CASES


def write_weights(model, path):
    """Tensors of whole numbers stay as the model makes them. BiomedCLIP's towers have the values of
    their own file, whose keys lack the prefix that BiomedCLIPSeg adds."""
    tensors = {}
    for key, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            seed = key.removeprefix("biomedclip.")
            tensor = torch.from_numpy(recipe.weight(seed, tuple(tensor.shape)))
        tensors[key] = tensor.clone()
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.rename(path)


def write_inputs(case, batch, folder):
    case.pixels(batch).tofile(folder / "pixels.bin")
    if case.prompts:
        case.ids(batch).tofile(folder / "ids.bin")


def write_onnx(model, arrays, _, part):
    import onnx  # noqa: F401 (named where it is missing)
    import onnxscript  # noqa: F401

    names = ["pixels", "ids"][: len(arrays)]
    torch.onnx.export(
        model, arrays, part / "model.onnx", dynamo=True, external_data=True, verbose=False,
        input_names=names, output_names=["logits"],
    )  # fmt: skip


def write_openvino(_, __, folder, part):
    import openvino

    converted = openvino.convert_model(str(folder / "model.onnx"))
    openvino.save_model(converted, part / "model.xml", compress_to_fp16=False)


# In this order: OpenVINO reads the graph of ONNX.
FORMATS = {"onnx": ("model.onnx", write_onnx), "openvino": ("model.xml", write_openvino)}


def main(name, batch, folder, *formats):
    case, batch, folder = CASES[name], int(batch), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.safetensors"
    try:
        model = models.build(case.model)
    except ImportError as error:
        sys.exit(f"it needs a package: {error}")
    if not weights.exists():
        shared = folder.parent / f"{case.model}.safetensors"
        if not shared.exists():
            write_weights(model, shared)
        weights.unlink(missing_ok=True)  # a link to a file that was deleted
        weights.symlink_to(Path("..") / shared.name)
    write_inputs(case, batch, folder)
    model.load_state_dict(load_file(weights))
    arrays = [torch.from_numpy(case.pixels(batch))]
    if case.prompts:
        arrays.append(torch.from_numpy(case.ids(batch)))
    for form, (file, write) in FORMATS.items():
        if form not in formats or (folder / file).exists():
            continue
        try:
            with torch.no_grad(), tempfile.TemporaryDirectory(dir=folder) as part:
                write(model, tuple(arrays), folder, Path(part))
                # The file that is looked for comes last.
                for made in sorted(Path(part).iterdir(), key=lambda path: path.name == file):
                    made.rename(folder / made.name)
        except ImportError as error:
            print(f"left out: {file} needs a package: {error}", file=sys.stderr)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
