// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/weights/native.hpp"

namespace vlsm::io {

/// Tensors under a source's keys.
struct Converted {
  std::string scheme;
  std::vector<NamedArray> tensors;
};

/// Every tensor of a checkpoint, of any shape, under our names, those that no model of ours reads
/// included. Throws Error where the checkpoint follows no known scheme. Tensors that its scheme
/// does not know are left out, or with `strict` an Error.
inline std::map<std::string, at::Tensor> all_native(std::vector<NamedArray> const& tensors,
                                                    std::string const& where, bool strict = false) {
  Problems problems;
  NativeTensors const given = to_native(
      tensors, where, [](std::string const&) { return Use::keep; },
      [](std::string const&) { return false; }, problems);
  for (std::string const& key : given.unknown)
    if (strict || !given.source.near()) problems.add("unused", key);
  if (problems.any())
    throw Error("this checkpoint cannot be converted: " + problems.text(), where,
                "give the file of one model (keys read as those of " +
                    std::string(given.source.scheme.title) + ")");
  std::map<std::string, at::Tensor> native;
  for (auto const& [name, tensor] : given.tensors) native.emplace(name, tensor.value);
  return native;
}

/// The same tensors (any shape), bit for bit, under the keys of the first of `schemes` that has a
/// place for all of them. Throws Error that names what has no place. Tensors named `unused.` may
/// have none.
inline Converted to_scheme(std::map<std::string, at::Tensor> const& native,
                           std::span<KeyScheme const> schemes) {
  std::string unmapped;
  for (KeyScheme const& scheme : schemes) {
    Converted result{.scheme = std::string(scheme.name), .tensors = {}};
    unmapped.clear();
    for (auto const& [name, tensor] : native) {
      auto const origins = origins_of(scheme, name);
      if (origins.empty() && !name.starts_with("unused.") && unmapped.empty()) unmapped = name;
      for (Origin const& origin : origins) {
        if (!has_theirs(origin.rule, tensor))
          throw Error("a tensor of the shape " + shape_text(tensor.sizes()) +
                          " cannot be what it is called",
                      name, "give the file of one model");
        result.tensors.push_back({origin.theirs, to_array(to_theirs(origin.rule, tensor))});
      }
    }
    if (unmapped.empty()) return result;
  }
  throw Error("the keys of " + std::string(schemes.back().title) + " have no place for a tensor",
              unmapped, "choose the source that this model's weights come from");
}

/// Whose keys weights can be written under, and the key schemes that a name stands for.
struct ConversionTarget {
  std::string_view name;
  std::vector<KeyScheme> schemes;
};

/// All targets. A name with several schemes stands for the first that has a place for all tensors.
inline std::vector<ConversionTarget> const& conversion_targets() {
  static std::vector<ConversionTarget> const targets{
      {"native", {native}},
      {"hf", {hf_clip, hf_clipseg}},
      {"clipseg", {clipseg_authors}},
      {"open_clip", {open_clip, biomedclipseg}},
      {"openai", {openai_clip, openai_vit}},
      {"cris", {cris}},
      {"smp", {smp_unet, smp_unetpp, smp_deeplabv3plus}}};
  return targets;
}

/// The target of that name. Throws Error where there is none.
inline ConversionTarget const& find_target(std::string_view name) {
  std::string names;
  for (ConversionTarget const& target : conversion_targets()) {
    if (target.name == name) return target;
    names += (names.empty() ? "" : ", ") + std::string(target.name);
  }
  throw Error("weights cannot be written under these keys", std::string(name),
              "choose one of " + names);
}

}  // namespace vlsm::io
