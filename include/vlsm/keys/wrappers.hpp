// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// What training scripts put around a module leaves parts in the keys of its state dict.
namespace vlsm::io {

/// Parts that mean a wrapper wherever they stand: DataParallel and DistributedDataParallel,
/// torch.compile, FSDP, activation checkpointing, Lightning Fabric. A model's own part may have
/// such a name where the key is the model's with it.
inline constexpr std::string_view wrapper_parts[] = {
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"};

/// Parts that mean a wrapper where a key is not known with them: a module's own name for what it
/// holds.
inline constexpr std::string_view holder_parts[] = {"model", "net", "network", "backbone"};

/// `key` without the parts of that list.
inline std::string without_parts(std::string_view key, std::span<std::string_view const> parts) {
  std::string rest;
  rest.reserve(key.size());
  while (!key.empty()) {
    std::size_t const dot = std::min(key.find('.'), key.size() - 1);
    std::string_view const whole = key.substr(0, dot + 1);
    std::string_view const part = whole.ends_with('.') ? whole.substr(0, dot) : whole;
    // The last part names a tensor, not a module.
    if (!whole.ends_with('.') || std::ranges::find(parts, part) == parts.end()) rest += whole;
    key.remove_prefix(whole.size());
  }
  return rest;
}

/// Whether a name says that it means an average over the training, or a copy that follows it
/// slowly: "model_ema", "ema.shadow", "teacher", "encoder_k".
inline bool means_average(std::string_view path) {
  constexpr std::string_view words[] = {"ema",     "teacher", "shadow", "momentum", "averaged",
                                        "average", "avg",     "swa",    "target"};
  if (path.ends_with("encoder_k") || path.find("encoder_k.") != std::string_view::npos) return true;
  while (!path.empty()) {
    std::size_t const end = std::min(path.find_first_of("._"), path.size());
    if (std::ranges::find(words, path.substr(0, end)) != std::end(words)) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

/// Whether a part of a name says that what lies below are an optimizer's moments, which may bear
/// the names of parameters.
inline bool means_moments(std::string_view part) {
  for (std::string_view start : {"optim", "adam", "sgd"})
    if (part.starts_with(start)) return true;
  return false;
}

/// The same of all that goes with an optimizer. A `scaler` may also be a model's own.
inline bool means_optimizer(std::string_view part) {
  for (std::string_view start : {"scheduler", "lr_scheduler", "scaler"})
    if (part.starts_with(start)) return true;
  return means_moments(part);
}

}  // namespace vlsm::io
