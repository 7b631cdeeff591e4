// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>

#include "vlsm/ops/cuda_state.hpp"

// Maps and tables at another size.
namespace vlsm {

/// How resize_map interpolates: from 2 x 2 or from 4 x 4 neighbors.
enum class Resize : std::int64_t { bilinear, bicubic };

namespace detail {

inline at::Tensor resize_by_torch(at::Tensor const& x, std::int64_t height, std::int64_t width,
                                  Resize by, bool align_corners) {
  return by == Resize::bilinear ? at::upsample_bilinear2d(x, {height, width}, align_corners)
                                : at::upsample_bicubic2d(x, {height, width}, align_corners);
}

/// What each of `from` rows adds to each of `to`, [to, from] of float32 or float64. Kept, since a
/// model asks for the same few sizes in each pass.
inline at::Tensor resize_weights(std::int64_t from, std::int64_t to, Resize by, bool align_corners,
                                 at::TensorOptions const& options) {
  using Key = std::tuple<std::int64_t, std::int64_t, Resize, bool, at::ScalarType, at::DeviceType,
                         at::DeviceIndex>;
  static std::mutex mutex;
  // Never destroyed: what lies on a GPU may not outlive the driver.
  static auto& kept = *new std::map<Key, at::Tensor>;
  at::Device const device = options.device();
  Key const key{from,
                to,
                by,
                align_corners,
                c10::typeMetaToScalarType(options.dtype()),
                device.type(),
                device.index()};
  std::lock_guard const lock(mutex);
  if (auto const found = kept.find(key); found != kept.end()) return found->second;
  at::NoGradGuard const no_gradients;
  c10::InferenceMode const usual(false);  // a training may use them next
  at::Tensor const each = at::eye(from, options.device(at::kCPU)).view({1, from, from, 1});
  at::Tensor const made =
      resize_by_torch(each, to, 1, by, align_corners).view({from, to}).t().contiguous().to(device);
  // A model asks for a few; without a bound, pictures of any size would fill the memory.
  constexpr std::size_t most_kept = 256;
  if (kept.size() >= most_kept) kept.clear();
  kept.emplace(key, made);
  return made;
}

/// float64 where x is, else float32; where x lies.
inline at::TensorOptions wide_options(at::Tensor const& x) {
  return at::TensorOptions(x.device())
      .dtype(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
}

/// rows [h, H], columns [w, W], x [.., H, W] -> [.., h, w] of x's type, under an autocast too.
inline at::Tensor resize_by_products(at::Tensor const& x, at::Tensor const& rows,
                                     at::Tensor const& columns) {
  c10::impl::ExcludeDispatchKeyGuard const exact(c10::autocast_dispatch_keyset);
  at::Tensor const wide = x.to(rows.scalar_type());
  return at::matmul(rows, at::matmul(wide, columns.t())).to(x.scalar_type());
}

/// Both ways as products of matrices.
class ProductResize : public torch::autograd::Function<ProductResize> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, at::Tensor const& x,
                            at::Tensor const& rows, at::Tensor const& columns) {
    context->saved_data["rows"] = rows;
    context->saved_data["columns"] = columns;
    return resize_by_products(x, rows, columns);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list const& grads) {
    return {resize_by_products(grads[0], context->saved_data["rows"].toTensor().t(),
                               context->saved_data["columns"].toTensor().t()),
            at::Tensor(), at::Tensor()};
  }
};

}  // namespace detail

/// x [B, C, H, W] at another size, [B, C, height, width], as PyTorch's `interpolate`.
///
/// On a GPU a thread of LibTorch's kernel walks over all channels of all maps, and its derivative
/// adds up in an order that changes: there, maps of many channels, and after `deterministic()` all
/// whose derivative is wanted, are two products of matrices.
inline at::Tensor resize_map(at::Tensor const& x, std::int64_t height, std::int64_t width,
                             Resize by, bool align_corners) {
  bool const many = x.size(0) * x.size(1) >= 32 && !x.is_contiguous(at::MemoryFormat::ChannelsLast);
  if (!x.is_cuda() || !(many || needs_deterministic_gradient(x)))
    return detail::resize_by_torch(x, height, width, by, align_corners);
  auto const weights = [&](std::int64_t from, std::int64_t to) {
    return detail::resize_weights(from, to, by, align_corners, detail::wide_options(x));
  };
  return detail::ProductResize::apply(x, weights(x.size(2), height), weights(x.size(3), width));
}

}  // namespace vlsm
