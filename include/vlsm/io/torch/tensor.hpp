// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/tensors/array.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"

namespace vlsm::io {

/// The bytes of one storage.
struct StorageMemory {
  std::byte const* data = nullptr;
  std::size_t bytes = 0;
  std::shared_ptr<void> owner;
};

/// What the class name of a storage says.
struct StorageType {
  std::string_view name;
  std::size_t size;            ///< of an element, in bytes
  std::optional<DType> dtype;  ///< nothing: such tensors are not held here
  std::string_view foreign{};  ///< what their type is, then
};

/// The type of a storage class such as "torch.FloatStorage", or nothing for an unknown one.
inline std::optional<StorageType> find_storage_type(std::string_view name) {
  static constexpr StorageType types[] = {
      {"torch.DoubleStorage", 8, DType::f64},
      {"torch.FloatStorage", 4, DType::f32},
      {"torch.HalfStorage", 2, DType::f16},
      {"torch.BFloat16Storage", 2, DType::bf16},
      {"torch.LongStorage", 8, DType::i64},
      {"torch.IntStorage", 4, DType::i32},
      {"torch.ShortStorage", 2, DType::i16},
      {"torch.CharStorage", 1, DType::i8},
      {"torch.ByteStorage", 1, DType::u8},
      {"torch.BoolStorage", 1, DType::boolean},
      {"torch.UntypedStorage", 1, std::nullopt, "without a type"},
      {"torch.storage.UntypedStorage", 1, std::nullopt, "without a type"},
      {"torch.ComplexFloatStorage", 8, std::nullopt, "complex64"},
      {"torch.ComplexDoubleStorage", 16, std::nullopt, "complex128"},
      {"torch.QInt8Storage", 1, std::nullopt, "quantized"},
      {"torch.QUInt8Storage", 1, std::nullopt, "quantized"},
      {"torch.QInt32Storage", 4, std::nullopt, "quantized"},
      {"torch.QUInt4x2Storage", 1, std::nullopt, "quantized"},
      {"torch.QUInt2x4Storage", 1, std::nullopt, "quantized"}};
  for (StorageType const& type : types)
    if (type.name == name || (name.starts_with("torch.cuda.") &&
                              type.name.substr(6) == name.substr(11)))  // files of torch < 0.4
      return type;
  return std::nullopt;
}

/// The same; throws Error for an unknown one.
inline StorageType storage_type(std::string_view name, std::string const& where) {
  if (auto const found = find_storage_type(name)) return *found;
  throw Error("the storage type " + shown(name) + " is not known", where,
              "save the tensor as float32, float16, bfloat16 or an integer type");
}

/// The storage type of `storage`.
inline StorageType storage_type(Pickle const& pickle, PickleStorage const& storage,
                                std::string const& where) {
  return storage_type(pickle.get<PickleClass>(storage.type)->name, where);
}

/// Bytes of the whole storage. Throws Error where that does not fit 63 bits.
inline std::size_t storage_bytes(PickleStorage const& storage, StorageType const& type,
                                 std::string const& where) {
  auto const bytes = checked_product(storage.elements, static_cast<std::int64_t>(type.size));
  if (!bytes) throw Error("a storage is too large", where, "the file is damaged");
  return static_cast<std::size_t>(*bytes);
}

/// `memory` at an address that suits elements of `alignment` bytes; a copy where it does not
/// already.
inline StorageMemory aligned_memory(StorageMemory const& memory, std::size_t alignment) {
  if (reinterpret_cast<std::uintptr_t>(memory.data) % alignment == 0) return memory;
  std::shared_ptr<std::byte> const copy = allocate_aligned(memory.bytes);
  if (memory.bytes > 0) std::memcpy(copy.get(), memory.data, memory.bytes);
  return {copy.get(), memory.bytes, copy};
}

namespace detail {

inline std::vector<std::int64_t> tensor_sizes(Pickle const& pickle, Ref ref,
                                              std::string const& where) {
  constexpr std::size_t most_dimensions = 16;
  auto const* tuple = pickle.get<PickleTuple>(ref);
  auto const* list = pickle.get<PickleList>(ref);
  if (tuple == nullptr && list == nullptr)
    throw Error("the shape or strides are not a tuple", where, "the file is damaged");
  std::vector<Ref> const& items = tuple != nullptr ? tuple->items : list->items;
  if (items.size() > most_dimensions)
    throw Error("the tensor has too many dimensions", where, "the file is damaged");
  std::vector<std::int64_t> sizes;
  for (Ref item : items) {
    auto const* size = pickle.get<std::int64_t>(item);
    if (size == nullptr || *size < 0)
      throw Error("a size or stride is negative or no integer", where, "the file is damaged");
    sizes.push_back(*size);
  }
  return sizes;
}

/// The type that stands with the tensor itself: of those that are held here, else nothing.
inline std::optional<DType> named_dtype(Pickle const& pickle, PickleTensor const& tensor) {
  auto const* name = pickle.get<PickleClass>(tensor.dtype);
  constexpr DType all[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64,
                           DType::i32, DType::i16, DType::i8,  DType::u8,   DType::boolean};
  for (DType dtype : all)
    if (name != nullptr && name->name == "torch." + std::string(dtype_name(dtype))) return dtype;
  return std::nullopt;
}

}  // namespace detail

/// The type of a tensor's elements where it is not read here ("complex64"); else empty.
inline std::string foreign_type(Pickle const& pickle, PickleTensor const& tensor) {
  auto const& storage = pickle.get<PickleClass>(pickle.get<PickleStorage>(tensor.storage)->type);
  auto const type = find_storage_type(storage->name);
  if (tensor.dtype != 0) {
    auto const* name = pickle.get<PickleClass>(tensor.dtype);
    if (type && detail::named_dtype(pickle, tensor)) return {};
    return name != nullptr ? name->name.substr(name->name.rfind('.') + 1) : "without a type";
  }
  if (!type) return storage->name.substr(storage->name.rfind('.') + 1);
  return type->dtype ? std::string() : std::string(type->foreign);
}

/// `tensor` as a view of `memory`, the memory of its storage. Throws Error where any element would
/// lie outside; offsets and strides are hostile input. Its type must be one of ours.
inline Array tensor_array(Pickle const& pickle, PickleTensor const& tensor,
                          StorageMemory const& memory, std::string const& where) {
  constexpr std::string_view remedy = "the file is damaged";
  auto const& storage = *pickle.get<PickleStorage>(tensor.storage);
  Array array;
  StorageType const type = storage_type(pickle, storage, where);
  auto const dtype = tensor.dtype != 0 ? detail::named_dtype(pickle, tensor) : type.dtype;
  if (!dtype)
    throw Error("the tensor's type is not read here", where, "save the tensor as float32");
  array.dtype = *dtype;
  array.shape = detail::tensor_sizes(pickle, tensor.shape, where);
  array.strides = detail::tensor_sizes(pickle, tensor.strides, where);
  auto const* offset = pickle.get<std::int64_t>(tensor.offset);
  if (offset == nullptr || *offset < 0)
    throw Error("the storage offset is negative or no integer", where, remedy);
  if (array.shape.size() != array.strides.size())
    throw Error("shape and strides differ in length", where, remedy);

  auto const size = static_cast<std::int64_t>(dtype_size(array.dtype));
  std::int64_t const available = static_cast<std::int64_t>(memory.bytes) / size;
  auto const count = element_count(array.shape);
  auto const bytes = count ? checked_product(*count, size) : std::nullopt;
  // An expanded view (stride 0) may have more elements than its storage, but not without limit: to
  // copy it must stay possible.
  constexpr std::int64_t expanded_limit = std::int64_t{1} << 28;
  if (!bytes || *bytes / 2 > static_cast<std::int64_t>(memory.bytes) / 2 + expanded_limit)
    throw Error("the shape is too large for its storage", where, remedy);
  array.owner = memory.owner;
  if (*count == 0) return array;

  std::optional<std::int64_t> last = *offset;
  for (std::size_t i = 0; i < array.shape.size() && last; ++i) {
    auto const reach = checked_product(array.shape[i] - 1, array.strides[i]);
    last = reach ? checked_sum(*last, *reach) : std::nullopt;
  }
  if (!last || *last >= available)
    throw Error(
        "the tensor reaches beyond its storage of " + std::to_string(available) + " elements",
        where, remedy);
  array.data = memory.data + *offset * size;
  array.bytes = memory.bytes - static_cast<std::size_t>(*offset * size);
  return array;
}

}  // namespace vlsm::io
