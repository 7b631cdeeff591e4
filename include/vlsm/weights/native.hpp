// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/keys/recognize.hpp"
#include "vlsm/weights/problems.hpp"
#include "vlsm/weights/reshape.hpp"
#include "vlsm/weights/tensor.hpp"
#include "vlsm/weights/unsupported_forms.hpp"

namespace vlsm::io {

/// A tensor under our name, and where it came from.
struct NativeTensor {
  at::Tensor value;
  std::string key;  ///< the source's, for messages (of the first part)
  Change change = Change::copy;
  std::size_t parts = 1;  ///< of the source's tensors
};

/// What becomes of a tensor with our name.
enum class Use { keep, drop, refuse };

/// The tensors of a checkpoint under our names.
struct NativeTensors {
  Recognized source;
  std::map<std::string, NativeTensor> tensors{};
  std::size_t dropped = 0;
  std::vector<std::string> unknown{};  ///< keys that the scheme does not know, but moments
  std::vector<std::string> refused{};  ///< keys whose place `use` refuses, and additions to blocks
};

/// The beginnings of a key, but for its first `from` bytes, that end in a number:
/// "decoder.blocks.0." of "decoder.blocks.0.conv1.weight".
inline std::vector<std::string_view> numbered_parts(std::string_view key, std::size_t from) {
  std::vector<std::string_view> parts;
  for (std::size_t at = from, dot; (dot = key.find('.', at)) != key.npos; at = dot + 1)
    if (std::string_view const part = key.substr(at, dot - at);
        !part.empty() && part.find_first_not_of("0123456789") == part.npos)
      parts.push_back(key.substr(0, dot + 1));
  return parts;
}

/// Throws Error for a file that no scheme explains: it says what the file looks like; `where` names
/// the file, and the message its first unknown key.
[[noreturn]] inline void refuse_unknown(Recognized const& source,
                                        std::vector<std::string_view> const& keys,
                                        std::string const& where) {
  std::string remedy = unsupported_form_remedy(keys);
  if (remedy.empty()) remedy = "give a checkpoint of a known source: " + titles();
  std::string first;
  for (std::string_view key : keys)
    if (first.empty() && !source.place(key)) first = shown(key);
  if (source.known == 0)
    throw Error("no key of this file is known",
                where + (keys.empty() ? " (it holds no tensors)" : ", first key " + first), remedy);
  throw Error("this file is of no known source: what comes nearest, " +
                  std::string(source.scheme.title) + ", explains " + std::to_string(source.known) +
                  " of its " + std::to_string(source.keys) + " keys",
              where + ", first unknown key " + first, remedy);
}

/// Brings a checkpoint's tensors, whose names follow any known scheme, under our names. `use(name)`
/// says which of ours are wanted, `is_own(name)` which are the model's to the letter; what is there
/// twice or there in part is added to `problems`. Throws Error where no key is known, or where the
/// file holds two models alike. float32 tensors that need no rearrangement are not copied.
template <class UseOf, class IsOwn>
NativeTensors to_native(std::vector<NamedArray> const& tensors, std::string const& where, UseOf use,
                        IsOwn is_own, Problems& problems) {
  std::vector<std::string_view> keys;
  for (NamedArray const& tensor : tensors) keys.push_back(tensor.name);
  NativeTensors result{.source = recognize(keys)};
  Recognized const& source = result.source;
  if (source.known == 0) refuse_unknown(source, keys, where);
  if (source.tied) {
    auto const named = [](std::string_view prefix) {  // as --weights-key takes it
      return prefix.empty() ? "the top level" : shown(prefix.substr(0, prefix.size() - 1));
    };
    std::string list = named(source.prefix);
    for (KeyGroup const& rival : source.rivals) list += ", " + named(rival.prefix);
    throw Error("the file holds several models (" + std::string(source.scheme.title) +
                    ") behind the prefixes " + list,
                where, "name the one that is meant (LoadOptions::section, --weights-key NAME)");
  }

  struct Part {
    NamedArray const* tensor;
    KeyRule rule;
  };
  std::map<std::string, std::map<int, Part>> found;  // ours -> part -> theirs
  std::vector<NamedArray const*> unknown;
  std::set<std::string_view> blocks;  // that hold parameters of ours
  auto const behind = [&](std::string const& key) {
    return key.starts_with(source.spelled) ? source.spelled.size() : 0;
  };
  for (NamedArray const& tensor : tensors) {
    std::optional<Place> place = source.place(tensor.name);
    if (auto const own = source.literal_place(tensor.name); own && is_own(own->ours)) place = own;
    if (!place) {
      // A run's own last.safetensors has the moments beside the weights.
      if (means_moments(without_parts(tensor.name, wrapper_parts)))
        ++result.dropped;
      else
        unknown.push_back(&tensor);
      continue;
    }
    Use const wanted = place->ours.empty() ? Use::drop : use(place->ours);
    if (wanted == Use::drop)
      ++result.dropped;
    else if (wanted == Use::refuse)
      result.refused.push_back(tensor.name);
    else if (!found[place->ours].emplace(place->rule.part, Part{&tensor, place->rule}).second)
      problems.add("duplicate", tensor.name);
    if (wanted == Use::keep)
      for (std::string_view const part : numbered_parts(tensor.name, behind(tensor.name)))
        blocks.insert(part);
  }
  // What is added to a block of the model (attention, adapters) changes what it computes; what
  // stands beside the model does not, nor do single numbers (a profiler's total_ops).
  for (NamedArray const* tensor : unknown) {
    bool const numbers =
        tensor->array.dtype <= DType::bf16 && element_count(tensor->array.shape).value_or(0) > 1;
    bool const added =
        numbers && std::ranges::any_of(numbered_parts(tensor->name, behind(tensor->name)),
                                       [&](auto part) { return blocks.contains(part); });
    (added ? result.refused : result.unknown).push_back(tensor->name);
  }

  for (auto const& [name, parts] : found) {
    KeyRule const& rule = parts.begin()->second.rule;
    std::string const& key = parts.begin()->second.tensor->name;
    if (static_cast<int>(parts.size()) != rule.parts) {
      for (Origin const& origin : origins_of(source.scheme, name))
        if (!parts.contains(origin.rule.part))
          problems.add("missing", source.spelled + origin.theirs);
      continue;
    }
    std::vector<at::Tensor> pieces;
    for (auto const& [part, piece] : parts) pieces.push_back(to_tensor(piece.tensor->array));
    bool const alike = std::ranges::all_of(pieces, [&](at::Tensor const& piece) {
      return piece.dim() > 0 && piece.sizes() == pieces[0].sizes() &&
             piece.scalar_type() == pieces[0].scalar_type();
    });
    if (pieces.size() > 1 && !alike) {
      problems.add("wrongly shaped", key + " and its siblings differ");
      continue;
    }
    at::Tensor const whole = pieces.size() == 1 ? pieces[0] : at::cat(pieces);
    result.tensors[name] = {to_ours(rule.change, whole), key, rule.change, parts.size()};
  }
  return result;
}

}  // namespace vlsm::io
