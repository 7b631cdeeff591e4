// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/core/compiled.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/io/fill.hpp"
#include "vlsm/io/load.hpp"
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

VLSM_INLINE LoadReport load_tensors(torch::nn::Module& model,
                                    std::vector<NamedArray> const& tensors,
                                    std::string const& where, Omits const& omits,
                                    LoadOptions const& options) {
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

}  // namespace vlsm::io
