// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/parallel.hpp"
#include "vlsm/weights/native.hpp"

// How a model's parameters take the tensors of a file, once those bear our names.
namespace vlsm::io {

namespace detail {

inline bool all_finite(at::Tensor const& tensor) {
  if (!tensor.is_contiguous() || tensor.scalar_type() != at::kFloat)
    return at::isfinite(tensor).all().item<bool>();
  float const* values = tensor.const_data_ptr<float>();
  std::atomic<bool> finite{true};
  ops::parallel_for(tensor.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    float sum = 0;  // x - x is 0 for finite x, NaN otherwise; the loop vectorizes
    for (std::int64_t i = begin; i < end; ++i) sum += values[i] - values[i];
    if (!(sum == 0)) finite = false;
  });
  return finite;
}

inline bool fits_position_table(at::Tensor const& theirs, at::Tensor const& ours) {
  if (theirs.dim() != 2 || theirs.size(1) != ours.size(1) || theirs.size(0) < 2) return false;
  auto const side = std::llround(std::sqrt(static_cast<double>(theirs.size(0) - 1)));
  return side * side == theirs.size(0) - 1;
}

}  // namespace detail

/// Parameters and the values they will take, all at once or not at all.
class Filling {
 public:
  explicit Filling(Problems& problems) : problems_(problems) {}

  /// Checks shape, kind and finiteness; what is wrong goes to the problems.
  void add(std::string const& name, at::Tensor const& parameter, NativeTensor const& given) {
    at::Tensor value = given.value;
    // A model that took another position table saves it: a native file may hold one, too.
    bool const table =
        (resizable(given.change) || (given.key == name && name == "vision.positions")) &&
        detail::fits_position_table(value, parameter);
    if (value.sizes() != parameter.sizes() && !table)
      return problems_.add("wrongly shaped", given.key + " is " + shape_text(value.sizes()) +
                                                 " where the model has " +
                                                 shape_text(parameter.sizes()));
    // A count that was made a float with all else: batch norm goes on from its own.
    if (value.is_floating_point() && name.ends_with("num_batches_tracked")) return;
    if (value.is_floating_point() != parameter.is_floating_point())
      return problems_.add("of the wrong type",
                           given.key + " is " + at::toString(value.scalar_type()));
    value = value.to(parameter.scalar_type()).contiguous();
    if (value.is_floating_point() && !detail::all_finite(value))
      return problems_.add("not finite", given.key);
    ready_.emplace_back(parameter, value);
  }

  /// Gives every parameter its value. A value that shares memory with another (tied weights, views
  /// that overlap) is copied: training one parameter must not change another. Where the file's
  /// memory is `shared` with others than this model, all are copied.
  void apply(bool shared) {
    for (std::size_t i : overlapping()) ready_[i].second = ready_[i].second.clone();
    for (auto& [parameter, value] : ready_) {
      bool const ours = !shared || value.device() != parameter.device();
      parameter.set_data(ours ? value.to(parameter.device()) : value.clone());
    }
  }
  std::size_t size() const { return ready_.size(); }

 private:
  /// The values that begin before one ends that begins earlier.
  std::vector<std::size_t> overlapping() const {
    std::vector<std::pair<char const*, std::size_t>> order;
    for (std::size_t i = 0; i < ready_.size(); ++i)
      if (ready_[i].second.nbytes() > 0)
        order.emplace_back(static_cast<char const*>(ready_[i].second.const_data_ptr()), i);
    std::ranges::sort(order);
    std::vector<std::size_t> found;
    char const* end = nullptr;
    for (auto const& [begin, i] : order) {
      if (end != nullptr && begin < end) found.push_back(i);
      end = std::max(end, begin + ready_[i].second.nbytes());
    }
    return found;
  }

  Problems& problems_;
  std::vector<std::pair<at::Tensor, at::Tensor>> ready_;
};

/// "decoder" for the name of a parameter there.
inline std::string slot_of(std::string const& name) { return name.substr(0, name.find('.')); }

/// "fusion, decoder, head" for names of parameters in these slots.
inline std::string shared_slots(std::vector<std::string> const& names) {
  std::string list, before;
  for (std::string const& name : names) {
    std::string const slot = slot_of(name);
    if (slot != before) list += (list.empty() ? "" : ", ") + slot;
    before = slot;
  }
  return list;
}

}  // namespace vlsm::io
