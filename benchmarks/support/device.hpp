// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm::bench {

/// Measures the GPU's peaks and writes them and its name into the results' context; without a GPU,
/// one line to stderr.
void describe_device();

}  // namespace vlsm::bench
