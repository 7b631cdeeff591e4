// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/io/torch/pickle/calls.hpp"
#include "vlsm/io/torch/pickle/cursor.hpp"
#include "vlsm/io/torch/pickle/literals.hpp"
#include "vlsm/io/torch/pickle/machine.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"

namespace vlsm::io {

namespace detail {

// Runs the opcodes one by one; what a call would make is left to PickleCalls.
class Unpickler {
 public:
  Unpickler(std::span<std::byte const> bytes, std::string const& where)
      : cursor_(bytes, where), machine_(cursor_), literals_(cursor_, machine_), calls_(machine_) {}

  Pickle run() {
    for (;;) {
      std::uint8_t const op = cursor_.opcode();
      if (op == opcode::stop) return machine_.finish();
      if (literals_.push(op) || container(op) || memo(op) || object(op)) continue;
      char hex[8];
      std::snprintf(hex, sizeof hex, "0x%02x", op);
      cursor_.fail(std::string("the pickle opcode ") + hex + " is not known");
    }
  }

 private:
  bool container(std::uint8_t op) {
    // clang-format off
    switch (op) {
      case opcode::mark: machine_.mark(); break;
      case opcode::pop: machine_.drop(); break;
      case opcode::pop_mark: machine_.pop_to_mark(); break;
      case opcode::dup: machine_.push(machine_.top()); break;
      case opcode::empty_tuple: machine_.push_new(PickleTuple{}); break;
      case opcode::tuple: machine_.push_new(PickleTuple{machine_.pop_to_mark()}); break;
      case opcode::tuple1: machine_.push_new(PickleTuple{machine_.pop_count(1)}); break;
      case opcode::tuple2: machine_.push_new(PickleTuple{machine_.pop_count(2)}); break;
      case opcode::tuple3: machine_.push_new(PickleTuple{machine_.pop_count(3)}); break;
      case opcode::empty_list:
      case opcode::empty_set: machine_.push_new(PickleList{}); break;
      case opcode::list:
      case opcode::frozen_set: machine_.push_new(PickleList{machine_.pop_to_mark()}); break;
      case opcode::append: append(machine_.pop_count(1)); break;
      case opcode::appends:
      case opcode::add_items: append(machine_.pop_to_mark()); break;
      case opcode::empty_dict: machine_.push_new(PickleDict{}); break;
      case opcode::dict: dict_from_mark(); break;
      case opcode::set_item: set_items(machine_.pop_count(2)); break;
      case opcode::set_items: set_items(machine_.pop_to_mark()); break;
      default: return false;
    }
    // clang-format on
    return true;
  }

  bool memo(std::uint8_t op) {
    // clang-format off
    switch (op) {
      case opcode::put_line: machine_.remember(line_index()); break;
      case opcode::bin_put: machine_.remember(cursor_.number<std::uint8_t>()); break;
      case opcode::long_bin_put: machine_.remember(cursor_.number<std::uint32_t>()); break;
      case opcode::memoize: machine_.remember_next(); break;
      case opcode::get_line: machine_.recall(line_index()); break;
      case opcode::bin_get: machine_.recall(cursor_.number<std::uint8_t>()); break;
      case opcode::long_bin_get: machine_.recall(cursor_.number<std::uint32_t>()); break;
      default: return false;
    }
    // clang-format on
    return true;
  }

  bool object(std::uint8_t op) {
    // clang-format off
    switch (op) {
      case opcode::global: machine_.push(class_lines()); break;
      case opcode::stack_global: stack_global(); break;
      case opcode::reduce:
      case opcode::new_obj: call(machine_.pop_count(2)); break;
      // The third value are keywords, which no tensor is made with.
      case opcode::new_obj_ex: call(machine_.pop_count(3)); break;
      case opcode::inst: call_class(class_lines(), machine_.pop_to_mark()); break;
      case opcode::obj: call_first(machine_.pop_to_mark()); break;
      case opcode::build: build(); break;
      case opcode::pers_id: refuse_text_protocol(); break;
      case opcode::bin_pers_id: machine_.push(calls_.persistent(machine_.pop())); break;
      default: return false;
    }
    // clang-format on
    return true;
  }

  // How protocol 0, and it alone, writes where a tensor has its numbers.
  [[noreturn]] void refuse_text_protocol() const {
    cursor_.refuse(
        "this is a pickle of protocol 0, whose opcode 0x50 is not known here (torch's default is "
        "2)");
  }

  void call(std::vector<Ref> const& items) { machine_.push(calls_.call(items[0], items[1])); }
  void call_class(Ref type, std::vector<Ref> arguments) {
    machine_.push(calls_.call(type, machine_.make(PickleTuple{std::move(arguments)})));
  }
  void call_first(std::vector<Ref> items) {
    if (items.empty()) cursor_.fail("an object has no class");
    Ref const type = items[0];
    items.erase(items.begin());
    call_class(type, std::move(items));
  }

  std::uint64_t line_index() {
    std::int64_t const index = cursor_.line_number();
    if (index < 0) cursor_.fail("a memo index is negative");
    return static_cast<std::uint64_t>(index);
  }

  Ref class_lines() {
    std::string_view const module = cursor_.line();
    std::string_view const name = cursor_.line();
    return machine_.make_class(module, name);
  }

  void stack_global() {
    std::vector<Ref> const pair = machine_.pop_count(2);
    auto const* module = machine_.get<std::string>(pair[0]);
    auto const* name = machine_.get<std::string>(pair[1]);
    if (module == nullptr || name == nullptr) cursor_.fail("a class name is not text");
    machine_.push(machine_.make_class(*module, *name));
  }

  // Subclasses of list and dict are objects here; their items are of no interest.
  void append(std::vector<Ref> const& items) {
    Ref const target = machine_.top();
    if (auto* list = machine_.get<PickleList>(target))
      list->items.insert(list->items.end(), items.begin(), items.end());
    else if (machine_.get<PickleObject>(target) == nullptr)
      cursor_.fail("something is appended to a value that is no list");
  }

  void dict_from_mark() {
    std::vector<Ref> const items = machine_.pop_to_mark();
    machine_.push_new(PickleDict{});
    set_items(items);
  }

  void set_items(std::vector<Ref> const& items) {
    Ref const target = machine_.top();
    if (items.size() % 2 != 0) cursor_.fail("a dict key has no value");
    auto* dict = machine_.get<PickleDict>(target);
    if (dict == nullptr) {
      if (machine_.get<PickleObject>(target) == nullptr)
        cursor_.fail("a key is set in a value that is no dict");
      return;
    }
    for (std::size_t i = 0; i < items.size(); i += 2)
      dict->items.emplace_back(items[i], items[i + 1]);
  }

  // Attributes of a dict (torch's `_metadata`) or of a tensor do not matter here.
  void build() {
    Ref const state = machine_.pop();
    Ref const target = machine_.top();
    if (auto* object = machine_.get<PickleObject>(target))
      object->state = state;
    else if (machine_.get<PickleDict>(target) == nullptr &&
             machine_.get<PickleTensor>(target) == nullptr &&
             machine_.get<PickleList>(target) == nullptr)
      cursor_.fail("a state is given to a value that takes none");
  }

  PickleCursor cursor_;
  PickleMachine machine_;
  PickleLiterals literals_;
  PickleCalls calls_;
};

}  // namespace detail

/// Reads the pickle at the start of `bytes` (protocols 0 to 5) as data: no name in it is looked up,
/// no function called. `where` is for messages. Throws Error for damaged pickles and for those that
/// name what only attacks call (`os.system`).
inline Pickle unpickle(std::span<std::byte const> bytes, std::string const& where) {
  return detail::Unpickler(bytes, where).run();
}

}  // namespace vlsm::io
