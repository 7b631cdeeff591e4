// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace vlsm {

/// Values under keys, of which those that were not asked for the longest make room: what they take
/// together stays within a budget of bytes. A value is copied out, so that one which is in use
/// outlives its eviction: hold large ones by a std::shared_ptr. Any number of threads may use it.
template <class Key, class Value>
class ByteLru {
 public:
  explicit ByteLru(std::size_t budget) : budget_(budget) {}

  /// What is kept under `key`, which counts as used now; nothing where it is not, or not any more.
  std::optional<Value> find(Key const& key) {
    std::lock_guard const lock(mutex_);
    auto const place = places_.find(key);
    if (place == places_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->value;
  }

  /// Keeps a value that takes `bytes` bytes, in the place of an older one of that key. False, and
  /// it is not kept, where it alone is beyond the budget; what is kept stays then.
  bool keep(Key const& key, Value value, std::size_t bytes) {
    if (bytes > budget_) return false;
    std::list<Entry> gone;  // destroyed after the lock is given back
    std::lock_guard const lock(mutex_);
    if (auto const place = places_.find(key); place != places_.end()) remove(place->second, gone);
    while (bytes_ + bytes > budget_) remove(std::prev(entries_.end()), gone);
    entries_.push_front({key, std::move(value), bytes});
    try {
      places_.emplace(key, entries_.begin());
    } catch (...) {
      entries_.pop_front();  // else its bytes would be given back without having been counted
      throw;
    }
    bytes_ += bytes;
    return true;
  }

  std::size_t budget() const { return budget_; }
  /// Bytes of what is kept now.
  std::size_t bytes() const {
    std::lock_guard const lock(mutex_);
    return bytes_;
  }
  /// How many values are kept now.
  std::size_t size() const {
    std::lock_guard const lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    Key key;
    Value value;
    std::size_t bytes;
  };

  void remove(typename std::list<Entry>::iterator entry, std::list<Entry>& gone) {
    bytes_ -= entry->bytes;
    places_.erase(entry->key);
    gone.splice(gone.begin(), entries_, entry);
  }

  std::size_t const budget_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::map<Key, typename std::list<Entry>::iterator> places_;
  std::size_t bytes_ = 0;
};

}  // namespace vlsm
