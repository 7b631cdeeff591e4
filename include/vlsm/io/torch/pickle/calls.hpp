// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/torch/pickle/machine.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"

namespace vlsm::io {

/// What calling a name would give, for the few names that torch files are made of; anything else
/// becomes a PickleObject. Nothing is called: each case below only rearranges values.
class PickleCalls {
 public:
  explicit PickleCalls(PickleMachine& machine) : machine_(machine) {}

  /// REDUCE and NEWOBJ: `callable(*arguments)`. Throws Error.
  Ref call(Ref callable, Ref arguments, bool nested = false) {
    auto const* tuple = machine_.get<PickleTuple>(arguments);
    if (tuple == nullptr) machine_.fail("the arguments of a call are not a tuple");
    auto const* type = machine_.get<PickleClass>(callable);
    if (type == nullptr) {
      if (machine_.get<PickleObject>(callable) == nullptr)
        machine_.fail("the pickle calls a value that is no function");
      return machine_.make(PickleObject{callable, arguments, 0});
    }
    // Copies: adding a value moves the others.
    std::string_view const name = known(type->name);
    if (name.empty()) return machine_.make(PickleObject{callable, arguments, 0});
    machine_.spend(tuple->items.size());
    std::vector<Ref> const items = tuple->items;
    if (name.starts_with("torch._utils._rebuild_") || name.starts_with("torch._tensor."))
      return rebuild(name, callable, arguments, items, nested);
    if (name == "_codecs.encode") return encode(callable, arguments, items);
    if (name == "numpy.scalar") return scalar(callable, arguments, items);
    if (name == "torch.Size") return first_or(items, machine_.make(PickleTuple{}));
    if (name == "torch.device" || name.starts_with("torch.jit._pickle.")) return first_or(items, 0);
    return container(name, callable, arguments, items);
  }

  /// BINPERSID: a storage, described by `id` = ("storage", type, key, location, size[, view]).
  Ref persistent(Ref id) {
    auto const* tuple = machine_.get<PickleTuple>(id);
    if (tuple == nullptr || tuple->items.empty()) machine_.fail("a persistent id is not a tuple");
    std::vector<Ref> const& items = tuple->items;
    auto const* kind = machine_.get<std::string>(items[0]);
    // Whole modules in the old format come with their source text: ("module", class, file, text).
    if (kind != nullptr && *kind == "module" && items.size() >= 2) return items[1];
    if (kind == nullptr || *kind != "storage" || items.size() < 5 || items.size() > 6)
      machine_.fail("a persistent id is not a storage");
    PickleStorage storage{items[1], items[2], integer(items[4]), 0, -1};
    if (machine_.get<PickleClass>(storage.type) == nullptr ||
        machine_.get<std::string>(storage.key) == nullptr || storage.elements < 0)
      machine_.fail("a storage lacks its type, key or size");
    if (items.size() == 6) {
      if (auto const* view = machine_.get<PickleTuple>(items[5])) {
        if (view->items.size() != 3) machine_.fail("a storage view is not (key, offset, size)");
        storage.view_begin = integer(view->items[1]);
        storage.view_count = integer(view->items[2]);
        if (storage.view_begin < 0 || storage.view_count < 0)
          machine_.fail("a storage view has a negative range");
      }
    }
    return machine_.make(storage);
  }

 private:
  static std::string_view known(std::string const& name) {
    static constexpr std::string_view names[] = {
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._tensor._rebuild_from_type_v2",
        "torch.Size",
        "torch.device",
        "torch.jit._pickle.restore_type_tag",
        "torch.jit._pickle.build_intlist",
        "torch.jit._pickle.build_doublelist",
        "torch.jit._pickle.build_boollist",
        "torch.jit._pickle.build_tensorlist",
        "collections.OrderedDict",
        "collections.defaultdict",
        "builtins.dict",
        "__builtin__.dict",
        "builtins.set",
        "__builtin__.set",
        "builtins.frozenset",
        "__builtin__.frozenset",
        "_codecs.encode",
    };
    if (name == "numpy.core.multiarray.scalar" || name == "numpy._core.multiarray.scalar")
      return "numpy.scalar";
    auto const* const found = std::find(std::begin(names), std::end(names), name);
    return found == std::end(names) ? std::string_view{} : *found;
  }

  std::int64_t integer(Ref ref) {
    auto const* number = machine_.get<std::int64_t>(ref);
    if (number == nullptr) machine_.fail("a size is not an integer");
    return *number;
  }

  static Ref first_or(std::vector<Ref> const& items, Ref otherwise) {
    return items.empty() ? otherwise : items[0];
  }

  /// Whether a tensor's metadata says that it is negated or conjugated when it is read.
  bool is_lazy(Ref metadata) {
    auto const* dict = machine_.get<PickleDict>(metadata);
    if (dict == nullptr) return false;
    for (auto const& [key, value] : dict->items) {
      auto const* name = machine_.get<std::string>(key);
      auto const* on = machine_.get<bool>(value);
      if (name != nullptr && on != nullptr && *on && (*name == "neg" || *name == "conj"))
        return true;
    }
    return false;
  }

  // torch/_utils.py of torch 2.15: (storage, offset, size, stride[, requires_grad, hooks[, dtype][,
  // metadata]]), the type in v3.
  Ref rebuild(std::string_view name, Ref callable, Ref arguments, std::vector<Ref> const& items,
              bool nested) {
    if (name.starts_with("torch._utils._rebuild_parameter")) {
      if (items.empty()) machine_.fail("a parameter holds no tensor");
      return items[0];
    }
    if (name == "torch._tensor._rebuild_from_type_v2") {
      // (function, type, arguments, state): a parameter or subclass with attributes of its own.
      // Whatever else it may be is no tensor of ours.
      auto const* tuple = items.size() == 4 ? machine_.get<PickleTuple>(items[2]) : nullptr;
      if (tuple == nullptr || nested) return machine_.make(PickleObject{callable, arguments, 0});
      return call(items[0], items[2], true);
    }
    if (items.size() < 4 || machine_.get<PickleStorage>(items[0]) == nullptr)
      machine_.fail("a tensor has no storage");
    // The values of a lazily negated or conjugated tensor are not those that lie in the file.
    bool const typed = name == "torch._utils._rebuild_tensor_v3";
    if (std::size_t const last = typed ? 7 : 6; items.size() > last && is_lazy(items[last]))
      return machine_.make(PickleObject{callable, arguments, 0});
    PickleTensor tensor{items[0], items[1], items[2], items[3], 0};
    if (typed) {
      if (items.size() < 7) machine_.fail("a tensor has no dtype");
      tensor.dtype = items[6];
    }
    return machine_.make(tensor);
  }

  // Python 3 writes bytes for protocol 2 as encode(text, "latin1").
  Ref encode(Ref callable, Ref arguments, std::vector<Ref> const& items) {
    auto const* text = items.empty() ? nullptr : machine_.get<std::string>(items[0]);
    if (text == nullptr) return machine_.make(PickleObject{callable, arguments, 0});
    machine_.spend(text->size() / sizeof(Ref));
    std::string bytes;
    for (std::size_t i = 0; i < text->size(); ++i) {
      auto const lead = static_cast<unsigned char>((*text)[i]);
      // Two-byte UTF-8 holds all of latin1's upper half.
      if (lead >= 0xc0 && i + 1 < text->size())
        bytes += static_cast<char>(((lead & 3) << 6) | ((*text)[++i] & 0x3f));
      else
        bytes += (*text)[i];
    }
    return machine_.make(PickleBytes{std::move(bytes)});
  }

  // numpy's number: (dtype("f8", …), bytes). The eight types a training log holds become plain
  // numbers; others stay objects.
  Ref scalar(Ref callable, Ref arguments, std::vector<Ref> const& items) {
    auto const* bytes = items.size() == 2 ? machine_.get<PickleBytes>(items[1]) : nullptr;
    auto const* dtype = bytes != nullptr ? machine_.get<PickleObject>(items[0]) : nullptr;
    auto const* made = dtype != nullptr ? machine_.get<PickleTuple>(dtype->arguments) : nullptr;
    auto const* kind = made != nullptr && !made->items.empty()
                           ? machine_.get<std::string>(made->items[0])
                           : nullptr;
    auto const is = [&](std::string_view name, std::size_t size) {
      return kind != nullptr && *kind == name && bytes->bytes.size() == size;
    };
    auto const* from =
        bytes != nullptr ? reinterpret_cast<std::byte const*>(bytes->bytes.data()) : nullptr;
    if (is("f8", 8)) return machine_.make(load_little<double>(from));
    if (is("f4", 4)) return machine_.make(static_cast<double>(load_little<float>(from)));
    if (is("i8", 8)) return machine_.make(load_little<std::int64_t>(from));
    if (is("i4", 4)) return machine_.make(std::int64_t{load_little<std::int32_t>(from)});
    if (is("b1", 1)) return machine_.make(bytes->bytes[0] != 0);
    return machine_.make(PickleObject{callable, arguments, 0});
  }

  // OrderedDict([pairs]), defaultdict(factory[, pairs]), set(items). Made of anything else than
  // lists it is an object, whose content is of no interest.
  Ref container(std::string_view name, Ref callable, Ref arguments, std::vector<Ref> const& items) {
    bool const is_set = name.ends_with("set");
    std::size_t const source = name == "collections.defaultdict" ? 1 : 0;
    std::optional<std::vector<Ref>> content{std::in_place};
    if (items.size() > source) {
      if (auto const* dict = machine_.get<PickleDict>(items[source]); dict != nullptr && !is_set) {
        machine_.spend(2 * dict->items.size() + 1);
        return machine_.make(PickleDict{*dict});
      }
      content = items_of(items[source]);
    }
    PickleDict dict;
    bool plain = content.has_value();
    if (is_set && plain) return machine_.make(PickleList{std::move(*content)});
    for (std::size_t i = 0; plain && i < content->size(); ++i) {
      auto const pair = items_of((*content)[i]);
      plain = pair && pair->size() == 2;
      if (plain) dict.items.emplace_back((*pair)[0], (*pair)[1]);
    }
    return plain ? machine_.make(std::move(dict))
                 : machine_.make(PickleObject{callable, arguments, 0});
  }

  std::optional<std::vector<Ref>> items_of(Ref ref) {
    auto const* list = machine_.get<PickleList>(ref);
    auto const* tuple = machine_.get<PickleTuple>(ref);
    if (list == nullptr && tuple == nullptr) return std::nullopt;
    std::vector<Ref> const& items = list != nullptr ? list->items : tuple->items;
    machine_.spend(items.size() + 1);
    return items;
  }

  PickleMachine& machine_;
};

}  // namespace vlsm::io
