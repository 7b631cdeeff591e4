// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <set>

#include "vlsm/io/fill.hpp"
#include "vlsm/io/hf_config.hpp"
#include "vlsm/io/load_options.hpp"
#include "vlsm/io/native.hpp"
#include "vlsm/nn/adaptation.hpp"

namespace vlsm::io {

/// The parameters and buffers of the adaptations (adapters, LoRA) in `model`.
inline std::set<std::string> adaptation_names(torch::nn::Module const& model) {
  std::set<std::string> names;
  for (auto const& part : model.named_modules("", false))
    if (dynamic_cast<Adaptation const*>(part.value().get()))
      for (auto const& list : {part.value()->named_parameters(), part.value()->named_buffers()})
        for (auto const& item : list) names.insert(part.key() + "." + item.key());
  return names;
}

/// Gives `model` the weights of `tensors`, whose names follow any known scheme.
///
/// Strict: every parameter must be found once, with its shape and finite, and every tensor must be
/// known; else one Error names all that is missing, unused, wrongly shaped or not finite, and the
/// model is left as it was. The model is then set to evaluate (`fit` sets it to train).
/// `omits(name)` says which of our names a published model has and this one leaves out (blocks
/// beyond the deepest tap). float32 tensors are not copied: the parameters lie in the file's
/// private mapping.
template <class Omits>
LoadReport load_tensors(torch::nn::Module& model, std::vector<NamedArray> const& tensors,
                        std::string const& where, Omits omits, LoadOptions const& options = {}) {
  std::map<std::string, at::Tensor> parameters;
  for (auto const& item : model.named_parameters()) parameters.emplace(item.key(), item.value());
  for (auto const& item : model.named_buffers()) parameters.emplace(item.key(), item.value());
  auto const asked = [&](std::string_view name) {
    return std::ranges::any_of(options.slots, [&](std::string const& slot) {
      return name.starts_with(slot) && name.substr(slot.size()).starts_with('.');
    });
  };
  std::erase_if(parameters, [&](auto const& item) { return !asked(item.first); });

  Problems problems;
  NativeTensors const given = to_native(
      tensors, where,
      [&](std::string const& name) {
        if (parameters.contains(name)) return Use::keep;
        return !asked(name) || omits(name) ? Use::drop : Use::refuse;
      },
      problems);
  Recognized const& source = given.source;

  LoadReport report{.format = {}, .scheme = std::string(source.scheme.name)};
  report.dropped = given.dropped;
  std::set<std::string> const added = adaptation_names(model);
  std::vector<std::string> fresh;
  Filling filling(problems);
  for (auto const& [name, parameter] : parameters) {
    if (auto const found = given.tensors.find(name); found != given.tensors.end()) {
      filling.add(name, parameter, found->second);
      continue;
    }
    if (name.ends_with("num_batches_tracked")) continue;  // younger than batch norm
    // A file of the model without its adaptations starts their training, whatever its scheme.
    auto const origins =
        added.contains(name) ? std::vector<Origin>{} : origins_of(source.scheme, name);
    if (origins.empty()) fresh.push_back(name);
    for (Origin const& origin : origins) problems.add("missing", source.prefix + origin.theirs);
  }
  if (problems.any())
    throw Error("this checkpoint does not fit the model: " + problems.text(), where,
                "give the file of this very model (keys read as those of " +
                    std::string(source.scheme.title) + ")");
  if (!fresh.empty() && !options.partial)
    throw Error(
        "this checkpoint (" + std::string(source.scheme.title) + ") has no " + shared_slots(fresh) +
            ": " + std::to_string(fresh.size()) + " parameters, first " + fresh[0],
        where, "fine-tune from it first, or give the rest from another file (decoder weights)");
  filling.apply();
  model.eval();
  report.loaded = filling.size();
  report.fresh = fresh.size();
  return report;
}

/// Gives `segmenter` the weights of a checkpoint: a file of any supported format, or a folder as
/// downloaded from a hub, whose config.json must agree with the architecture. Throws as
/// `load_tensors` and `open_checkpoint` do.
template <class Segmenter>
LoadReport load(Segmenter& segmenter, std::filesystem::path const& path,
                LoadOptions const& options = {}) {
  if (std::filesystem::exists(path / "config.json"))
    check_hf_config<typename Segmenter::Architecture>(path / "config.json");
  Checkpoint const checkpoint = open_checkpoint(path);
  LoadReport report =
      load_tensors(segmenter, checkpoint.tensors, path.string(), omitted<Segmenter>, options);
  report.format = checkpoint.format;
  return report;
}

}  // namespace vlsm::io
