// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vlsm::io {

/// Position of a value in `Pickle::values`. Values refer to each other by position, not by pointer:
/// a pickle may hold itself, and one of a million levels must not be destroyed by recursion.
using Ref = std::uint32_t;

/// None.
struct PickleNone {};

/// An integer that does not fit 64 bits: little-endian two's complement.
struct PickleBigInt {
  std::string bytes;
};

/// A bytes or bytearray object.
struct PickleBytes {
  std::string bytes;
};

/// A tuple.
struct PickleTuple {
  std::vector<Ref> items;
};

/// A list or a set.
struct PickleList {
  std::vector<Ref> items;
};

/// In the order of insertion; equal keys are all kept.
struct PickleDict {
  std::vector<std::pair<Ref, Ref>> items;
};

/// The name of a class or function, "module.name". It is never looked up or called.
struct PickleClass {
  std::string name;
};

/// What any call would have made: what was called, with what, and the state it would have got.
struct PickleObject {
  Ref callable = 0;
  Ref arguments = 0;
  Ref state = 0;  ///< 0: none (the value at 0 is None)
};

/// A storage of torch, still without its data.
struct PickleStorage {
  Ref type = 0;                  ///< PickleClass, "torch.FloatStorage"
  Ref key = 0;                   ///< text
  std::int64_t elements = 0;     ///< of the whole storage
  std::int64_t view_begin = 0;   ///< legacy views: the first element
  std::int64_t view_count = -1;  ///< legacy views: number of elements; -1: no view
};

/// A tensor over a storage. Shape and strides are read, and checked, when it is asked for.
struct PickleTensor {
  Ref storage = 0;
  Ref offset = 0;   ///< in elements
  Ref shape = 0;    ///< tuple or list of integers
  Ref strides = 0;  ///< in elements
  Ref dtype = 0;    ///< PickleClass, "torch.float32"; 0: that of the storage
};

using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string, PickleBigInt,
                                 PickleBytes, PickleTuple, PickleList, PickleDict, PickleClass,
                                 PickleObject, PickleStorage, PickleTensor>;

/// Everything a pickle holds, as data.
struct Pickle {
  std::vector<PickleValue> values;
  Ref root = 0;
  std::size_t consumed = 0;  ///< bytes up to and with the STOP opcode

  /// The value at `ref` if it is a T, else nullptr.
  template <typename T>
  T const* get(Ref ref) const {
    return std::get_if<T>(&values[ref]);
  }
};

/// Kind of a value, for messages.
inline char const* kind_name(PickleValue const& value) {
  constexpr char const* names[] = {"None",  "bool", "int",  "float", "text",   "int",     "bytes",
                                   "tuple", "list", "dict", "class", "object", "storage", "tensor"};
  return names[value.index()];
}

}  // namespace vlsm::io
