// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/file/bytes.hpp"

namespace vlsm::io {

/// The element types that checkpoints of the supported models hold.
enum class DType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

/// Size of one element in bytes.
constexpr std::size_t dtype_size(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 1;
}

/// Name for messages, as torch spells it.
constexpr std::string_view dtype_name(DType dtype) {
  constexpr std::string_view names[] = {"float64", "float32", "float16", "bfloat16", "int64",
                                        "int32",   "int16",   "int8",    "uint8",    "bool"};
  return names[static_cast<std::size_t>(dtype)];
}

/// A strided view of memory that `owner` keeps alive: of a mapped file, or of a copy where the
/// file's data were not aligned. Readers guarantee that every element lies within `bytes` of
/// `data`, that `data` is aligned for `dtype`, and that the element count fits std::int64_t.
struct Array {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;    ///< empty for a scalar
  std::vector<std::int64_t> strides;  ///< in elements, none negative, as many as `shape`
  std::byte const* data = nullptr;    ///< first element; may be null where there are no elements
  std::size_t bytes = 0;              ///< readable from `data`
  std::shared_ptr<void> owner;        ///< mapped memory is private: writing changes no file
};

/// One entry of a state dict.
struct NamedArray {
  std::string name;
  Array array;
};

/// The product of `shape`, or nothing where a size is negative or the product does not fit.
inline std::optional<std::int64_t> element_count(std::vector<std::int64_t> const& shape) {
  std::int64_t count = 1;
  bool empty = false;
  // A zero anywhere makes the count zero, but the other sizes must be sane all the same.
  for (std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    if (size == 0) {
      empty = true;
      continue;
    }
    auto const next = checked_product(count, size);
    if (!next) return std::nullopt;
    count = *next;
  }
  return empty ? 0 : count;
}

/// Number of elements; arrays from the readers always have a valid count.
inline std::int64_t elements(Array const& array) { return element_count(array.shape).value_or(0); }

/// Strides of a row-major array, in elements. Sizes of 0 count as 1, as in torch.
inline std::vector<std::int64_t> row_major_strides(std::vector<std::int64_t> const& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step = checked_product(step, shape[i] > 1 ? shape[i] : 1).value_or(0);
  }
  return strides;
}

/// Whether the elements lie one behind the other in row-major order.
inline bool is_contiguous(Array const& array) {
  if (elements(array) == 0) return true;
  std::vector<std::int64_t> const wanted = row_major_strides(array.shape);
  for (std::size_t i = 0; i < array.shape.size(); ++i)
    if (array.shape[i] != 1 && array.strides[i] != wanted[i]) return false;
  return true;
}

/// Fresh memory, aligned to 64 bytes like an allocation of torch.
inline std::shared_ptr<std::byte> allocate_aligned(std::size_t bytes) {
  constexpr std::align_val_t alignment{64};
  auto* memory = static_cast<std::byte*>(::operator new(bytes > 0 ? bytes : 1, alignment));
  return {memory, [](std::byte* p) { ::operator delete (p, std::align_val_t{64}); }};
}

/// The same values in row-major order: the view itself where it has that order, else a copy.
inline Array contiguous(Array const& array) {
  Array result = array;
  result.strides = row_major_strides(array.shape);
  if (is_contiguous(array)) return result;
  std::size_t const size = dtype_size(array.dtype);
  auto const count = static_cast<std::size_t>(elements(array));
  std::shared_ptr<std::byte> const memory = allocate_aligned(count * size);
  std::vector<std::int64_t> index(array.shape.size(), 0);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(memory.get() + i * size, array.data + static_cast<std::size_t>(at) * size, size);
    // Step the index like an odometer, keeping the source offset in step with it.
    for (std::size_t d = index.size(); d-- > 0;) {
      at += array.strides[d];
      if (++index[d] < array.shape[d]) break;
      at -= array.strides[d] * array.shape[d];
      index[d] = 0;
    }
  }
  result.data = memory.get();
  result.bytes = count * size;
  result.owner = memory;
  return result;
}

/// A tensor of a type that is not held here; it matters only where a model needs it.
struct UnreadTensor {
  std::string name;
  std::string type;  ///< "complex64", "quantized", "float8_e4m3fn", …
};

class MappedFile;

/// The tensors of a checkpoint, whatever its format was.
struct Checkpoint {
  std::string format{};  ///< "safetensors", "torch zip", "torchscript" or "legacy pickle"
  std::vector<NamedArray> tensors{};
  std::vector<std::string> notes{};    ///< what was left out, one line each
  std::vector<UnreadTensor> unread{};  ///< beside `tensors`
  std::string section{};  ///< the keys that lead to the tensors ("checkpoint.model"); empty: none
  std::vector<std::string> rivals{};  ///< sections that hold a model of the same kind
  std::string chosen{};               ///< "best.safetensors, not last.safetensors": of a folder
  std::vector<std::shared_ptr<MappedFile const>> files{};  ///< in whose memory the tensors lie
};

}  // namespace vlsm::io
