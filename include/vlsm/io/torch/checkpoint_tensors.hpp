// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/tensors/array.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"
#include "vlsm/io/torch/state_dict.hpp"
#include "vlsm/io/torch/tensor.hpp"

namespace vlsm::io {

namespace detail {

inline std::string const& name_of(NamedArray const& tensor) { return tensor.name; }
inline std::string const& name_of(std::pair<std::string, Ref> const& tensor) {
  return tensor.first;
}

}  // namespace detail

/// Throws Error where two tensors have one name or there are none at all.
template <typename Tensors>
void check_names(Tensors const& tensors, std::string const& where) {
  if (tensors.empty())
    throw Error("the checkpoint holds no tensors", where, "check that this is the right file");
  std::unordered_set<std::string_view> names;
  for (auto const& tensor : tensors)
    if (!names.insert(detail::name_of(tensor)).second)
      throw Error("two tensors are named " + shown(detail::name_of(tensor)), where,
                  "the file is damaged");
}

/// Gives the tensors of `state` their data; `memory(storage, where)` returns that of a storage.
/// Tensors of types that are not read here are listed as unread. Throws Error where no others are
/// left, and for damaged tensors.
template <typename Memory>
Checkpoint resolve_tensors(std::string format, Pickle const& pickle, StateDict state,
                           Memory&& memory, std::string const& path) {
  Checkpoint result{std::move(format), {}, std::move(state.notes)};
  result.unread = std::move(state.unread);
  result.section = std::move(state.section);
  result.rivals = std::move(state.rivals);
  std::erase_if(state.tensors, [&](std::pair<std::string, Ref>& tensor) {
    std::string type = foreign_type(pickle, *pickle.get<PickleTensor>(tensor.second));
    if (type.empty()) return false;
    result.unread.push_back({std::move(tensor.first), std::move(type)});
    return true;
  });
  if (state.tensors.empty() && !result.unread.empty())
    throw Error("no tensor is of a type that is read here: " + shown(result.unread[0].name) +
                    " is " + result.unread[0].type,
                path, "save the tensors as float32, float16 or bfloat16");
  check_names(state.tensors, path);
  for (auto& [name, ref] : state.tensors) {
    std::string const where = path + ", tensor " + shown(name);
    auto const& tensor = *pickle.get<PickleTensor>(ref);
    auto const& storage = *pickle.get<PickleStorage>(tensor.storage);
    Array array = tensor_array(pickle, tensor, memory(storage, where), where);
    result.tensors.push_back({std::move(name), std::move(array)});
  }
  return result;
}

}  // namespace vlsm::io
