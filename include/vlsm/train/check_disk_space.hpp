// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "vlsm/base/error.hpp"

namespace vlsm {

/// Throws NoSpace (an Error), with how much is needed, where `folder` has no room for the state of
/// a training of `model`.
inline void check_disk_space(std::filesystem::path const& folder, torch::nn::Module const& model) {
  std::size_t bytes = 1 << 20;
  for (at::Tensor const& tensor : model.parameters())  // a weight and its two moments
    bytes += tensor.nbytes() * (tensor.requires_grad() ? 3 : 1);
  std::error_code unseen;
  auto const space = std::filesystem::space(folder, unseen);
  if (unseen || space.available >= bytes) return;
  throw NoSpace("the disk is full", folder.string(),
                "free " + std::to_string(bytes / 1'000'000 + 1) +
                    " MB there (cached features can be made again; a finished run needs no "
                    "last.safetensors) and resume: the state before is whole");
}

}  // namespace vlsm
