// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>

#include "vlsm/base/file/crc32.hpp"
#include "vlsm/ops/tensor_bytes.hpp"

namespace vlsm::io {

/// 16 hexadecimal digits that tell a model's weights from others: CRC-32 and CRC-32C of the names,
/// types, shapes and bytes of its parameters and buffers in the order of their names. The same
/// whatever format the weights were read from; no protection against forgery.
inline std::string model_hash(torch::nn::Module const& model) {
  std::map<std::string, at::Tensor> tensors;
  for (auto const& item : model.named_parameters()) tensors.emplace(item.key(), item.value());
  for (auto const& item : model.named_buffers()) tensors.emplace(item.key(), item.value());
  std::uint32_t zip = 0, castagnoli = 0;
  std::string line;  // what was found so far, with the next tensor's
  for (auto const& [name, tensor] : tensors) {
    at::Tensor const value = tensor.detach().cpu().contiguous();
    auto const bytes = bytes_of(value);
    line = std::to_string(zip) + " " + std::to_string(castagnoli) + " " + name + " " +
           at::toString(value.scalar_type());
    for (std::int64_t size : value.sizes()) line += " " + std::to_string(size);
    line += " " + std::to_string(crc32(bytes)) + " " + std::to_string(crc32c(bytes));
    zip = crc32(std::as_bytes(std::span(line)));
    castagnoli = crc32c(std::as_bytes(std::span(line)));
  }
  char text[17];
  std::snprintf(text, sizeof text, "%08x%08x", zip, castagnoli);
  return text;
}

}  // namespace vlsm::io
