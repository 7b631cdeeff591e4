// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <numeric>

#include "vlsm/kernels/cpu/pack_rows.hpp"
#include "vlsm/kernels/linear/epilogue.hpp"

// A dense layer for inference: rows of x are rounded and packed, multiplied by packed weights, and
// finished while they are near. All that is not multiplied is float32.
namespace vlsm::kernels {

/// then(x W^T + bias + residual) of `rows` rows.
struct Linear {
  using Index = std::ptrdiff_t;

  float const* x = nullptr;         ///< [rows, in]
  float const* weight = nullptr;    ///< words of W [out, in] by cpu::pack_panels
  float const* units = nullptr;     ///< of bytes: what those of an output are multiples of
  float const* bias = nullptr;      ///< [outputs in whole panels]; so are `units`
  float const* residual = nullptr;  ///< [rows, out] or null
  float* y = nullptr;               ///< [rows, out]
  Index rows = 0, in = 0, out = 0;
  cpu::Operand operand = cpu::Operand::fp32;
  Epilogue then = Epilogue::none;

  Index inner() const { return cpu::words(in, operand); }
};

/// How a dense layer is cut into tasks: groups of rows times slices of the outputs, the slices of a
/// group one after the other. Which way has no influence on a result's bits.
struct LinearPlan {
  using Index = Linear::Index;
  static constexpr Index at_once = 4;  ///< panels whose sums wait for what follows
  Index groups = 1, slices = 1;
  Index rows, inner, panels;

  LinearPlan(Linear const& c, Index threads)
      : rows(c.rows), inner(c.inner()), panels(cpu::in_panels(c.out) / cpu::panel) {
    // The rows of a group stay in the second cache, unless so few of them would that the way of the
    // weights is not paid back.
    constexpr Index second_cache = 131072, fewest = 112;
    Index const most = std::max(fewest, second_cache / inner);
    Index const pairs = (panels + 1) / 2;  // panels are multiplied two at a time
    groups = (rows + most - 1) / most;
    slices = std::min(pairs, threads / std::gcd(groups, threads));
    if (groups * slices < threads)
      groups = std::min((rows + 13) / 14, (threads + slices - 1) / slices);
  }

  Index tasks() const { return groups * slices; }
  Index first_row(Index group) const { return rows * group / groups; }
  Index first_panel(Index slice) const {
    return std::min(panels, (panels + 1) / 2 * slice / slices * 2);
  }
  Index most_rows() const { return (rows + groups - 1) / groups; }
  Index packed() const { return most_rows() * cpu::in_panels(inner); }
  Index sums() const { return most_rows() * at_once * cpu::panel; }
  /// Floats that a thread works in: packed rows, sums, and two for each row.
  Index scratch() const { return packed() + sums() + 2 * most_rows(); }
};

namespace detail {

/// What follows the product: sums [rows, columns] of rows and outputs from `row` and `column` on.
struct FinishLinear {
  using Index = Linear::Index;
  Linear const& c;
  float const* sums;
  cpu::RowOfBytes const* scales;     ///< [rows]
  Index row, rows, column, columns;  ///< columns in whole panels

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using cpu::Lanes;
    using V = typename Lanes<T, bytes>::Vector;
    using I = typename Lanes<T, bytes>::Integers;
    constexpr Index lanes = Lanes<T, bytes>::count;
    Index const count = std::min(columns, c.out - column);
    for (Index i = 0; i < rows; ++i) {
      Index const begin = (row + i) * c.out + column;
      for (Index at = 0; at < count; at += lanes) {
        V value = VLSM_AT(sums + i * columns + at);
        if (c.operand == cpu::Operand::int8) {
          I const whole = reinterpret_cast<I>(value) - scales[i].excess;
          value =
              __builtin_convertvector(whole, V) * (VLSM_AT(c.units + column + at) * scales[i].unit);
        }
        value += VLSM_AT(c.bias + column + at);
        if (count - at >= lanes) {
          if (c.residual != nullptr) value += VLSM_AT(c.residual + begin + at);
          apply<bytes>(c.then, value);
          VLSM_TO(c.y + begin + at) = value;
        } else {
          auto const size = static_cast<std::size_t>(count - at) * sizeof(T);
          T part[lanes] = {};
          if (c.residual != nullptr) std::memcpy(part, c.residual + begin + at, size);
          value += VLSM_AT(part);
          apply<bytes>(c.then, value);
          VLSM_TO(part) = value;
          std::memcpy(c.y + begin + at, part, size);
        }
      }
    }
  }
};

template <cpu::Operand operand>
void run_linear(Linear const& c, LinearPlan const& plan, std::ptrdiff_t first, std::ptrdiff_t last,
                float* scratch, cpu::Isa isa) {
  using Index = Linear::Index;
  float* const sums = scratch + plan.packed();
  auto* const scales = reinterpret_cast<cpu::RowOfBytes*>(sums + plan.sums());
  Index const inner = c.inner();
  Index packed = -1;  // the group that lies in scratch
  for (Index task = first; task < last; ++task) {
    Index const group = task / plan.slices, slice = task % plan.slices;
    Index const row = plan.first_row(group), rows = plan.first_row(group + 1) - row;
    Index const panel = plan.first_panel(slice), panels = plan.first_panel(slice + 1) - panel;
    if (packed != group)
      cpu::dispatch(
          cpu::PackRows<operand>{scratch, c.x + row * c.in, c.in, rows, c.in, scales, isa}, isa);
    packed = group;
    // A few panels at a time: what follows finds the sums in a near cache.
    for (Index at = 0; at < panels; at += plan.at_once) {
      Index const columns = std::min(plan.at_once, panels - at) * cpu::panel,
                  column = (panel + at) * cpu::panel;
      cpu::dispatch_dot<cpu::Gemm, operand>(isa, sums, columns, scratch, c.weight + column * inner,
                                            rows, columns, inner, cpu::panel * inner, false);
      cpu::dispatch(FinishLinear{c, sums, scales, row, rows, column, columns}, isa);
    }
  }
}

}  // namespace detail

/// Tasks `first` to `last` - 1 of the plan, in `scratch` of plan.scratch() floats.
inline void run_linear(Linear const& c, LinearPlan const& plan, std::ptrdiff_t first,
                       std::ptrdiff_t last, float* scratch, cpu::Isa isa = cpu::best_isa()) {
  using cpu::Operand;
  if (c.operand == Operand::fp32)
    detail::run_linear<Operand::fp32>(c, plan, first, last, scratch, isa);
  else if (c.operand == Operand::bf16)
    detail::run_linear<Operand::bf16>(c, plan, first, last, scratch, isa);
  else
    detail::run_linear<Operand::int8>(c, plan, first, last, scratch, isa);
}

}  // namespace vlsm::kernels
