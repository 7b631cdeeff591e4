// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/tensors/array.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"
#include "vlsm/io/torch/sections.hpp"

namespace vlsm::io {

/// The tensors of a checkpoint by name, still without their data, and what was left out.
struct StateDict {
  std::vector<std::pair<std::string, Ref>> tensors;
  std::vector<std::string> notes;
  std::vector<UnreadTensor> unread;
  std::string section;              ///< as in Checkpoint
  std::vector<std::string> rivals;  ///< as in Checkpoint

  /// Adds a tensor. Names are copied, and a pickle can refer to one long text a million times:
  /// their lengths are bounded. Throws Error.
  void add(std::string name, Ref tensor, std::string const& where) {
    count(name, where);
    tensors.emplace_back(std::move(name), tensor);
  }

  /// Adds a tensor of a kind that is not read (see detail::foreign_tensor), likewise.
  void add_unread(std::string name, std::string_view kind, std::string const& where) {
    count(name, where);
    std::string type(kind.substr(0, 40));
    if (kind == "qtensor") type = "quantized";
    if (kind.starts_with("tensor_v")) type = "negated or conjugated";
    unread.push_back({std::move(name), std::move(type)});
  }

  void note(std::string text) {
    constexpr std::size_t most = 50;
    if (notes.size() < most)
      notes.push_back(std::move(text));
    else if (notes.size() == most)
      notes.emplace_back("more was left out");
  }

 private:
  void count(std::string const& name, std::string const& where) {
    constexpr std::size_t longest = 4096;
    constexpr std::size_t most = std::size_t{64} << 20;
    name_bytes_ += name.size();
    if (name.size() > longest || name_bytes_ > most)
      throw Error("the tensors' names are too long", where, "the file is damaged");
  }
  std::size_t name_bytes_ = 0;
};

namespace detail {

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
      std::string_view const foreign = foreign_tensor(pickle_, value);
      if (pickle_.get<PickleTensor>(value) != nullptr)
        result_.add(prefix + *name, value, where_);
      else if (!foreign.empty())
        result_.add_unread(prefix + *name, foreign, where_);
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

namespace detail {

/// The class of a value that looks like a pickled torch.nn.Module; else empty.
inline std::string_view pickled_module(Pickle const& pickle, Ref ref) {
  auto const* object = pickle.get<PickleObject>(ref);
  auto const* type = object != nullptr ? pickle.get<PickleClass>(object->callable) : nullptr;
  auto const* state = object != nullptr ? pickle.get<PickleDict>(object->state) : nullptr;
  if (type == nullptr || state == nullptr) return {};
  for (auto const& [key, value] : state->items)
    if (auto const* name = pickle.get<std::string>(key); name != nullptr && *name == "_modules")
      return type->name;
  return {};
}

inline std::string key_text(Pickle const& pickle, Ref key) {
  auto const* name = pickle.get<std::string>(key);
  return name != nullptr ? shown(*name) : "a key that is not text";
}

/// Says why no state dict was found.
[[noreturn]] inline void refuse_pickle(Pickle const& pickle, std::string const& where) {
  constexpr std::string_view remedy =
      "in Python, where its class is known: torch.save(model.state_dict(), path)";
  auto const* root = pickle.get<PickleDict>(pickle.root);
  if (root == nullptr) {
    auto const* object = pickle.get<PickleObject>(pickle.root);
    auto const* type = object != nullptr ? pickle.get<PickleClass>(object->callable) : nullptr;
    if (type != nullptr)
      throw Error("this is a whole pickled object, " + shown(type->name) +
                      ", which only its own code can rebuild; that code is never run here",
                  where, remedy);
    throw Error(std::string("a state dict was expected, not a value of kind ") +
                    kind_name(pickle.values[pickle.root]),
                where, "save model.state_dict() instead of the model");
  }
  for (auto const& [key, value] : root->items) {
    if (auto const type = pickled_module(pickle, value); !type.empty())
      throw Error("under " + key_text(pickle, key) + " is a whole pickled model, " + shown(type) +
                      ", which only its own code can rebuild; that code is never run here",
                  where, remedy);
    if (is_tensor(pickle, value))
      throw Error("a tensor's name is not text", where, "save model.state_dict()");
  }
  throw Error("the checkpoint holds no tensors by name", where,
              "save model.state_dict(), alone or under any key");
}

/// Adds the tensors of one dict; what else it holds becomes a note.
inline void add_tensors(Pickle const& pickle, PickleDict const& dict, std::string const& prefix,
                        std::string const& where, StateDict& result) {
  for (auto const& [key, value] : dict.items) {
    auto const* name = pickle.get<std::string>(key);
    std::string_view const foreign = foreign_tensor(pickle, value);
    if (name == nullptr && is_tensor(pickle, value))
      throw Error("a tensor's name is not text", where, "save model.state_dict()");
    if (!foreign.empty())
      result.add_unread(prefix + *name, foreign, where);
    else if (name != nullptr && pickle.get<PickleTensor>(value) != nullptr)
      result.add(prefix + *name, value, where);
    else
      result.note(key_text(pickle, key) + " skipped: it is a " + kind_name(pickle.values[value]));
  }
}

/// Whether a section lies in this value or below it.
inline bool leads_to(Pickle const& pickle, Ref value, std::string const& path,
                     std::string_view key) {
  return pickle.get<PickleDict>(value) != nullptr &&
         (path == key || path.starts_with(std::string(key) + "."));
}

}  // namespace detail

/// The state dict of what torch.save wrote: the dict of tensors whose keys the schemes explain
/// best, wherever it is; `wanted` names another one. Throws Error where there is none, and where it
/// is not clear which of several is meant.
inline StateDict find_state_dict(Pickle const& pickle, std::string const& where,
                                 std::string_view wanted = {}) {
  auto const* root = pickle.get<PickleDict>(pickle.root);
  if (root == nullptr) detail::refuse_pickle(pickle, where);
  std::vector<Section> sections = detail::SectionFinder(pickle).run(*root);
  if (sections.empty()) detail::refuse_pickle(pickle, where);
  ChosenSection chosen = choose_section(std::move(sections), wanted, where);

  StateDict result;
  result.section = chosen.section.path;
  result.rivals = std::move(chosen.rivals);
  if (!result.section.empty())
    for (auto const& [key, value] : root->items) {
      auto const* name = pickle.get<std::string>(key);
      if (name == nullptr || !detail::leads_to(pickle, value, result.section, *name))
        result.note(detail::key_text(pickle, key) + " skipped");
    }
  for (auto const& [prefix, dict] : chosen.section.parts)
    detail::add_tensors(pickle, *dict, prefix, where, result);
  return result;
}

/// The tensors of a TorchScript module by dotted name, as its state_dict() would name them.
inline StateDict flatten_module(Pickle const& pickle, std::string const& where) {
  return detail::ModuleFlattener(pickle, where).run();
}

}  // namespace vlsm::io
