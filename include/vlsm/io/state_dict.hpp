// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/core/error.hpp"
#include "vlsm/io/bytes.hpp"
#include "vlsm/io/pickle.hpp"

namespace vlsm::io {

/// The tensors of a checkpoint by name, still without their data, and what was left out.
struct StateDict {
  std::vector<std::pair<std::string, Ref>> tensors;
  std::vector<std::string> notes;
  std::size_t name_bytes = 0;

  /// Adds a tensor. Names are copied, and a pickle can refer to one long text a million times:
  /// their lengths are bounded. Throws Error.
  void add(std::string name, Ref tensor, std::string const& where) {
    constexpr std::size_t longest = 4096;
    constexpr std::size_t most = std::size_t{64} << 20;
    name_bytes += name.size();
    if (name.size() > longest || name_bytes > most)
      throw Error("the tensors' names are too long", where, "the file is damaged");
    tensors.emplace_back(std::move(name), tensor);
  }

  void note(std::string text) {
    constexpr std::size_t most = 50;
    if (notes.size() < most)
      notes.push_back(std::move(text));
    else if (notes.size() == most)
      notes.emplace_back("more was left out");
  }
};

namespace detail {

inline bool holds_tensors(Pickle const& pickle, PickleDict const& dict) {
  for (auto const& [key, value] : dict.items)
    if (pickle.get<PickleTensor>(value) != nullptr) return true;
  return false;
}

/// The dict under the key `wanted`, or nullptr. Of equal keys the last counts, as in Python.
inline PickleDict const* inner_dict(Pickle const& pickle, PickleDict const& dict,
                                    std::string_view wanted) {
  for (std::size_t i = dict.items.size(); i-- > 0;) {
    auto const* name = pickle.get<std::string>(dict.items[i].first);
    if (name != nullptr && *name == wanted) return pickle.get<PickleDict>(dict.items[i].second);
  }
  return nullptr;
}

/// The state dict in `dict` or below one of the usual keys, at most `levels` deep; else nullptr.
/// `path` becomes the dicts that lead to it. The usual keys come first: training scripts store
/// tensors (a best score) beside "state_dict".
inline PickleDict const* find_state_dict(Pickle const& pickle, PickleDict const& dict, int levels,
                                         std::vector<PickleDict const*>& path) {
  path.push_back(&dict);
  if (levels > 0)
    for (std::string_view wanted : {"state_dict", "model_state_dict", "model"})
      if (auto const* inner = inner_dict(pickle, dict, wanted))
        if (auto const* found = find_state_dict(pickle, *inner, levels - 1, path)) return found;
  if (holds_tensors(pickle, dict)) return &dict;
  path.pop_back();
  return nullptr;
}

/// Attributes of a TorchScript module and, with dots, of the modules in it.
class ModuleFlattener {
 public:
  ModuleFlattener(Pickle const& pickle, std::string const& where)
      : pickle_(pickle), where_(where), visits_left_(8 * pickle.values.size() + 64) {}

  StateDict run() {
    visit(pickle_.root, "", 0);
    return std::move(result_);
  }

 private:
  void visit(Ref ref, std::string const& prefix, int depth) {
    constexpr int deepest = 64;
    auto const* object = pickle_.get<PickleObject>(ref);
    auto const* type = object != nullptr ? pickle_.get<PickleClass>(object->callable) : nullptr;
    if (type == nullptr || !type->name.starts_with("__torch__.")) return;
    auto const* attributes = pickle_.get<PickleDict>(object->state);
    if (attributes == nullptr) return;
    if (depth > deepest) fail("the modules are nested too deeply, or in each other");
    for (auto const& [key, value] : attributes->items) {
      // Modules that hold each other twice over would otherwise make 2^64 names.
      if (visits_left_-- == 0) fail("the modules hold each other too often");
      auto const* name = pickle_.get<std::string>(key);
      if (name == nullptr || name->size() > 1024) fail("an attribute's name is no short text");
      if (pickle_.get<PickleTensor>(value) != nullptr)
        result_.add(prefix + *name, value, where_);
      else
        visit(value, prefix + *name + ".", depth + 1);
    }
  }

  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, where_, "the archive is damaged");
  }

  Pickle const& pickle_;
  std::string const& where_;
  std::size_t visits_left_;
  StateDict result_;
};

}  // namespace detail

/// The state dict of what torch.save wrote: the value itself if it is a dict with tensors, else
/// below "state_dict", "model_state_dict" or "model". Throws Error where there is none.
inline StateDict find_state_dict(Pickle const& pickle, std::string const& where) {
  auto const* root = pickle.get<PickleDict>(pickle.root);
  if (root == nullptr)
    throw Error(std::string("a state dict was expected, not a value of kind ") +
                    kind_name(pickle.values[pickle.root]),
                where, "save model.state_dict() instead of the model");
  std::vector<PickleDict const*> path;
  PickleDict const* const dict = detail::find_state_dict(pickle, *root, 2, path);
  if (dict == nullptr)
    throw Error("the checkpoint holds no tensors by name", where,
                "save model.state_dict(), alone or under the key state_dict");

  StateDict result;
  for (std::size_t level = 0; level + 1 < path.size(); ++level)
    for (auto const& [key, value] : path[level]->items) {
      auto const* name = pickle.get<std::string>(key);
      if (pickle.get<PickleDict>(value) != path[level + 1])
        result.note((name != nullptr ? shown(*name) : "a key that is not text") + " skipped");
    }
  for (auto const& [key, value] : dict->items) {
    auto const* name = pickle.get<std::string>(key);
    bool const tensor = pickle.get<PickleTensor>(value) != nullptr;
    if (tensor && name == nullptr)
      throw Error("a tensor's name is not text", where, "save model.state_dict()");
    if (tensor)
      result.add(*name, value, where);
    else
      result.note((name != nullptr ? shown(*name) : "a key that is not text") +
                  " skipped: it is a " + kind_name(pickle.values[value]));
  }
  return result;
}

/// The tensors of a TorchScript module by dotted name, as its state_dict() would name them.
inline StateDict flatten_module(Pickle const& pickle, std::string const& where) {
  return detail::ModuleFlattener(pickle, where).run();
}

}  // namespace vlsm::io
