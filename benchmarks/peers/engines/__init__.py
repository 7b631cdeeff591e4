# SPDX-License-Identifier: MIT
"""The engines in Python. Each file has a class Engine:

    version       of the package
    threads(count)
    load(model, precision, folder)   -> the precision that it computes in
    infer(arrays)                    pixels and, where the model reads text, ids -> logits
    train(model, precision, folder)  instead of load, where it can train: the decoder
    step(arrays, masks)              -> the loss before the step
"""
