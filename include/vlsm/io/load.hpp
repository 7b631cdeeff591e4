// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "vlsm/core/error.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/hf_config.hpp"
#include "vlsm/io/keys/translate.hpp"
#include "vlsm/io/tensor.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/nn/shape_text.hpp"

namespace vlsm::io {

/// What a load did, for people who want to know.
struct LoadReport {
  std::string format;  ///< "safetensors", "torch zip", …
  std::string scheme;  ///< "native", "hf_clipseg", …
  std::size_t loaded = 0;
  std::size_t dropped = 0;  ///< known tensors that this architecture has no use for
};

namespace detail {

/// Problems, gathered so that one error can name them all.
class Problems {
 public:
  void add(std::string_view kind, std::string const& name) {
    found_[std::string(kind)].push_back(name);
  }
  bool any() const { return !found_.empty(); }
  std::string text() const {
    std::string line;
    for (auto const& [kind, names] : found_) {
      line += (line.empty() ? "" : "; ") + std::to_string(names.size()) + " " + kind + " (";
      for (std::size_t i = 0; i < names.size() && i < shown; ++i)
        line += (i ? ", " : "") + names[i];
      line += names.size() > shown ? ", …)" : ")";
    }
    return line;
  }

 private:
  static constexpr std::size_t shown = 8;
  std::map<std::string, std::vector<std::string>> found_;
};

inline bool all_finite(at::Tensor const& tensor) {
  if (!tensor.is_contiguous() || tensor.scalar_type() != at::kFloat)
    return at::isfinite(tensor).all().item<bool>();
  float const* values = tensor.const_data_ptr<float>();
  std::atomic<bool> finite{true};
  at::parallel_for(0, tensor.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    float sum = 0;  // x - x is 0 for finite x, NaN otherwise; the loop vectorises
    for (std::int64_t i = begin; i < end; ++i) sum += values[i] - values[i];
    if (!(sum == 0)) finite = false;
  });
  return finite;
}

inline bool fits_position_table(at::Tensor const& theirs, at::Tensor const& ours) {
  if (theirs.dim() != 2 || theirs.size(1) != ours.size(1) || theirs.size(0) < 2) return false;
  auto const side = std::llround(std::sqrt(static_cast<double>(theirs.size(0) - 1)));
  return side * side == theirs.size(0) - 1;
}

}  // namespace detail

/// Gives `model` the weights of `tensors`, whose names follow any known scheme.
///
/// Strict: every parameter must be found once, with its shape and finite, and every tensor must be
/// known; else one Error names all that is missing, unused, wrongly shaped or not finite, and the
/// model is left as it was. `omits(name)` says which of our names a published model has and this
/// one leaves out (blocks beyond the deepest tap). float32 tensors are not copied: the parameters
/// lie in the file's private mapping.
template <class Omits>
LoadReport load_tensors(torch::nn::Module& model, std::vector<NamedArray> const& tensors,
                        std::string const& where, Omits omits) {
  std::vector<std::string_view> keys;
  for (NamedArray const& tensor : tensors) keys.push_back(tensor.name);
  Recognized const known = recognize(keys);
  if (known.known == 0)
    throw Error("no key of this file is known",
                where + (keys.empty() ? " (it holds no tensors)"
                                      : ", first key '" + std::string(keys[0]) + "'"),
                "give a checkpoint of this model: native, or Hugging Face CLIPSeg");

  std::map<std::string, at::Tensor> parameters;
  for (auto const& item : model.named_parameters()) parameters.emplace(item.key(), item.value());
  for (auto const& item : model.named_buffers()) parameters.emplace(item.key(), item.value());

  detail::Problems problems;
  LoadReport report{.format = {}, .scheme = std::string(known.scheme.name)};
  std::map<std::string, std::map<int, NamedArray const*>> found;  // ours -> part -> theirs
  std::map<std::string, KeyRule> rules;
  for (NamedArray const& tensor : tensors) {
    std::string_view key = tensor.name;
    std::optional<Place> place;
    if (key.starts_with(known.prefix))
      place = place_of(known.scheme, key.substr(known.prefix.size()));
    if (place &&
        (place->ours.empty() || (!parameters.contains(place->ours) && omits(place->ours)))) {
      ++report.dropped;
    } else if (!place || !parameters.contains(place->ours)) {
      problems.add("unused", tensor.name);
    } else if (!found[place->ours].emplace(place->rule.part, &tensor).second) {
      problems.add("duplicate", tensor.name);
    } else {
      rules[place->ours] = place->rule;
    }
  }

  std::vector<std::pair<at::Tensor, at::Tensor>> ready;  // parameter, value
  for (auto& [name, parameter] : parameters) {
    auto const parts = found.find(name);
    int const wanted = parts == found.end() ? 1 : rules[name].parts;
    if (parts == found.end() || static_cast<int>(parts->second.size()) != wanted) {
      for (Origin const& origin : origins_of(known.scheme, name))
        if (parts == found.end() || !parts->second.contains(origin.rule.part))
          problems.add("missing", known.prefix + origin.theirs);
      continue;
    }
    std::vector<at::Tensor> pieces;
    for (auto const& [part, tensor] : parts->second) pieces.push_back(to_tensor(tensor->array));
    std::string const& key = parts->second.begin()->second->name;
    bool const stackable = std::ranges::all_of(pieces, [&](at::Tensor const& piece) {
      return piece.dim() > 0 && piece.sizes() == pieces[0].sizes() && piece.is_floating_point();
    });
    if (pieces.size() > 1 && !stackable) {
      problems.add("wrongly shaped", key + " and its siblings differ");
      continue;
    }
    at::Tensor value = pieces.size() == 1 ? pieces[0] : at::cat(pieces);
    if (rules[name].change == Change::transpose && value.dim() == 2) value = value.t();
    // A model that took another table saves it: a native file may hold one, too.
    bool const resized = rules[name].change == Change::positions ||
                         (known.scheme.rules.empty() && name == "vision.positions");
    bool const table = resized && detail::fits_position_table(value, parameter);
    if (value.sizes() != parameter.sizes() && !table) {
      problems.add("wrongly shaped", key + " is " + shape_text(value.sizes()) +
                                         " where the model has " + shape_text(parameter.sizes()));
      continue;
    }
    if (value.is_floating_point() != parameter.is_floating_point()) {
      problems.add(
          "of the wrong type",
          key + " is " + std::string(dtype_name(parts->second.begin()->second->array.dtype)));
      continue;
    }
    value = value.to(parameter.scalar_type()).contiguous();
    if (value.is_floating_point() && !detail::all_finite(value)) {
      problems.add("not finite", key);
      continue;
    }
    ready.emplace_back(parameter, value);
  }
  if (problems.any())
    throw Error(
        "this checkpoint does not fit the model: " + problems.text(), where,
        "give the file of this very model (keys read as " + std::string(known.scheme.name) + ")");
  for (auto& [parameter, value] : ready) parameter.set_data(value.to(parameter.device()));
  report.loaded = ready.size();
  return report;
}

/// Gives `segmenter` the weights of a checkpoint: a file of any supported format, or a folder as
/// downloaded from a hub, whose config.json must agree with the architecture. Throws as
/// `load_tensors` and `open_checkpoint` do.
template <class Segmenter>
LoadReport load(Segmenter& segmenter, std::filesystem::path const& path) {
  if (std::filesystem::exists(path / "config.json"))
    check_hf_config<typename Segmenter::Architecture>(path / "config.json");
  Checkpoint const checkpoint = open_checkpoint(path);
  using Vision = typename Segmenter::Architecture::Vision;
  LoadReport report =
      load_tensors(segmenter, checkpoint.tensors, path.string(), [](std::string_view name) {
        if constexpr (requires { Vision::omits(name); })
          return name.starts_with("vision.") && Vision::omits(name.substr(7));
        else
          return false;
      });
  report.format = checkpoint.format;
  return report;
}

}  // namespace vlsm::io
