// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include "vlsm/ops/backend.hpp"

namespace vlsm::ops {

/// What FiLM adds beside its shift. Undefined: nothing.
struct FilmOptions {
  at::Tensor bias{};      ///< [C], to x before it is scaled
  at::Tensor residual{};  ///< like x, to the result
};

/// Feature-wise linear modulation (Perez et al. 2018, equation 2): scale (x + bias) + shift +
/// residual; in CLIPSeg scale and shift are its film_mul and film_add of the sentence.
///
/// x is tokens [B, N, C] or a map [B, C, H, W], whose channels may come last in memory: then it is
/// taken as tokens, without a copy, and result and gradient lie as it does. scale and shift are
/// [B, C]. Differentiable, without atomics: the same bits every time. Backend::fused reads x once
/// in each direction, float32, float16 and bfloat16 alike; anything else is left to ATen's
/// operations. Throws Error for shapes that do not fit each other.
at::Tensor film(at::Tensor const& x, at::Tensor const& scale, at::Tensor const& shift,
                FilmOptions const& options = {}, Backend backend = Backend::fused);

}  // namespace vlsm::ops

#ifndef VLSM_COMPILED
#include "vlsm/ops/film/impl/film.hpp"
#endif
