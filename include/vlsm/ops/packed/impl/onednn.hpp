// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string_view>

#include "vlsm/ops/packed/linear.hpp"

// LibTorch's products with packed weights. They were made for its own compiler of graphs, so they
// are no part of its headers: what is not registered, or not as expected, is left alone.
namespace vlsm::ops::detail {

/// The operator `name`, or nothing where this LibTorch has none of that name and signature.
template <class Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find_operator(char const* name,
                                                                 char const* overload = "") {
  auto const found = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!found) return std::nullopt;
  try {
    return found->template typed<Signature>();
  } catch (c10::Error const&) {
    return std::nullopt;
  }
}

using Scalars = c10::List<std::optional<at::Scalar>>;

/// oneDNN's words for an epilogue, and the variant of it that is meant.
inline std::string_view name_of(Epilogue then) {
  switch (then) {
    case Epilogue::none:
      return "none";
    case Epilogue::relu:
      return "relu";
    case Epilogue::gelu:
      return "gelu";
    case Epilogue::swish:
      return "swish";
  }
  return "none";
}
inline std::string_view variant_of(Epilogue then) { return then == Epilogue::gelu ? "none" : ""; }

/// The epilogue of x [...] by ATen.
inline at::Tensor apply(Epilogue then, at::Tensor const& x) {
  switch (then) {
    case Epilogue::none:
      return x;
    case Epilogue::relu:
      return at::relu(x);
    case Epilogue::gelu:
      return at::gelu(x);
    case Epilogue::swish:
      return at::silu(x);
  }
  return x;
}

/// x [...], or nothing where it is undefined.
inline std::optional<at::Tensor> maybe(at::Tensor const& x) {
  return x.defined() ? std::optional<at::Tensor>(x) : std::nullopt;
}

/// Whether oneDNN computes in this type here.
inline bool onednn_takes(at::ScalarType type) {
  if (!at::globalContext().userEnabledMkldnn()) return false;
  if (type == at::kFloat) return true;
  if (type != at::kBFloat16) return false;
  static bool const supported = [] {
    auto const asked = find_operator<bool()>("mkldnn::_is_mkldnn_bf16_supported");
    return asked && asked->call();
  }();
  return supported;
}

}  // namespace vlsm::ops::detail
