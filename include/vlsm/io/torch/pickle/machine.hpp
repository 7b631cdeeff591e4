// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "vlsm/io/torch/pickle/cursor.hpp"
#include "vlsm/io/torch/pickle/names.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"

namespace vlsm::io {

/// The stack, the memo and the values of an unpickler. Every access is checked, and what a pickle
/// of n bytes can make it allocate is bounded by a multiple of n.
class PickleMachine {
 public:
  explicit PickleMachine(PickleCursor& cursor)
      : cursor_(cursor), budget_(16 * std::min(cursor.size(), std::size_t{1} << 22) + 1024) {
    result_.values.emplace_back(PickleNone{});  // PickleObject::state counts on None at 0
  }

  [[noreturn]] void fail(std::string const& what) const { cursor_.fail(what); }
  [[noreturn]] void refuse(std::string const& what) const { cursor_.refuse(what); }

  /// Adds a value without pushing it.
  Ref make(PickleValue value) {
    // A real checkpoint has some 20 values a tensor.
    constexpr std::size_t most = 4'000'000;
    if (result_.values.size() >= most) refuse("the pickle holds too many values");
    result_.values.push_back(std::move(value));
    return static_cast<Ref>(result_.values.size() - 1);
  }
  void push(Ref ref) { stack_.push_back(ref); }
  void push_new(PickleValue value) { push(make(std::move(value))); }

  PickleValue& value(Ref ref) { return result_.values[ref]; }
  /// The value at `ref` if it is a T, else nullptr.
  template <typename T>
  T* get(Ref ref) {
    return std::get_if<T>(&result_.values[ref]);
  }

  void mark() { marks_.push_back(stack_.size()); }

  Ref pop() {
    need(1);
    Ref const ref = stack_.back();
    stack_.pop_back();
    return ref;
  }

  Ref top() {
    need(1);
    return stack_.back();
  }

  /// Everything above the last mark, in order; the mark goes too.
  std::vector<Ref> pop_to_mark() {
    if (marks_.empty()) fail("an opcode needs a mark that is not there");
    auto const first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Ref> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  /// POP: the top value, or the mark where that is on top.
  void drop() {
    if (!marks_.empty() && marks_.back() == stack_.size())
      marks_.pop_back();
    else
      pop();
  }

  std::vector<Ref> pop_count(std::size_t count) {
    need(count);
    auto const first = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<Ref> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    return items;
  }

  // A map, because a memo index is any 32-bit number in the file.
  void remember(std::uint64_t index) { memo_[index] = top(); }
  void remember_next() { remember(memo_.size()); }
  void recall(std::uint64_t index) {
    auto const found = memo_.find(index);
    if (found == memo_.end()) fail("the memo has no entry " + std::to_string(index));
    push(found->second);
  }

  /// Pays for copying `count` items. Copies of one memoized list could otherwise grow with n
  /// squared.
  void spend(std::size_t count) {
    if (count > budget_) fail("the pickle copies its lists too often");
    budget_ -= count;
  }

  /// "module.name" as a class value. Throws Error for names that only attacks use.
  Ref make_class(std::string_view module, std::string_view name) {
    constexpr std::size_t longest = 1024;
    if (module.size() > longest || name.size() > longest) fail("a class name is too long");
    spend((module.size() + name.size()) / sizeof(Ref));
    std::string full(module);
    full += '.';
    full += name;
    if (is_dangerous_name(full))
      refuse("the pickle asks to call " + shown(full) + ", which is never called here");
    return make(PickleClass{std::move(full)});
  }

  /// Ends the run: exactly one value must be left.
  Pickle finish() {
    result_.root = pop();
    if (!stack_.empty() || !marks_.empty()) fail("the pickle leaves values on its stack");
    result_.consumed = cursor_.offset();
    return std::move(result_);
  }

 private:
  // Values below the last mark are out of reach, as in CPython.
  void need(std::size_t count) const {
    std::size_t const floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - floor < count) fail("an opcode needs a value that is not there");
  }

  PickleCursor& cursor_;
  Pickle result_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Ref> memo_;
  std::size_t budget_;
};

}  // namespace vlsm::io
