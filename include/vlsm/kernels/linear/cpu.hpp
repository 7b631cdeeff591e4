// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <numeric>

#include "vlsm/kernels/cpu/gemm.hpp"
#include "vlsm/kernels/linear/epilogue.hpp"

// A dense layer for inference: rows of x are packed, multiplied by packed weights, and finished
// while they are near.
namespace vlsm::kernels {

/// then(x W^T + bias + residual) of `rows` rows.
struct Linear {
  using Index = std::ptrdiff_t;

  float const* x = nullptr;         ///< [rows, in]
  float const* weight = nullptr;    ///< W [out, in] by cpu::pack_panels: [panels][in][16]
  float const* bias = nullptr;      ///< [outputs in whole panels]
  float const* residual = nullptr;  ///< [rows, out] or null
  float* y = nullptr;               ///< [rows, out]
  Index rows = 0, in = 0, out = 0;
  Epilogue then = Epilogue::none;
};

/// How a dense layer is cut into tasks: groups of rows times slices of the outputs, the slices of a
/// group one after the other. Which way has no influence on a result's bits.
struct LinearPlan {
  using Index = Linear::Index;
  static constexpr Index at_once = 4;  ///< panels whose sums wait for what follows
  Index groups = 1, slices = 1;
  Index rows, in, panels;

  LinearPlan(Linear const& c, Index threads)
      : rows(c.rows), in(c.in), panels(cpu::in_panels(c.out) / cpu::panel) {
    // The rows of a group stay in the second cache, unless so few of them would that the way of the
    // weights is not paid back.
    constexpr Index second_cache = 131072, fewest = 112;
    Index const most = std::max(fewest, second_cache / in);
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
  Index packed() const { return most_rows() * cpu::in_panels(in); }
  /// Floats that a thread works in.
  Index scratch() const { return packed() + most_rows() * at_once * cpu::panel; }
};

namespace detail {

/// What follows the product: sums [rows, columns] of rows and outputs from `row` and `column` on.
struct FinishLinear {
  using Index = Linear::Index;
  Linear const& c;
  float const* sums;
  Index row, rows, column, columns;  ///< columns in whole panels

  template <int bytes>
  VLSM_ALWAYS_INLINE void operator()() const {
    using T = float;
    using cpu::Lanes;
    using V = typename Lanes<T, bytes>::Vector;
    constexpr Index lanes = Lanes<T, bytes>::count;
    Index const count = std::min(columns, c.out - column);
    for (Index i = 0; i < rows; ++i) {
      Index const begin = (row + i) * c.out + column;
      for (Index at = 0; at < count; at += lanes) {
        V value = VLSM_AT(sums + i * columns + at) + VLSM_AT(c.bias + column + at);
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

}  // namespace detail

/// Tasks `first` to `last` - 1 of the plan, in `scratch` of plan.scratch() floats.
inline void run_linear(Linear const& c, LinearPlan const& plan, std::ptrdiff_t first,
                       std::ptrdiff_t last, float* scratch, cpu::Isa isa = cpu::best_isa()) {
  using Index = Linear::Index;
  float* const sums = scratch + plan.packed();
  Index packed = -1;  // the group that lies in scratch
  for (Index task = first; task < last; ++task) {
    Index const group = task / plan.slices, slice = task % plan.slices;
    Index const row = plan.first_row(group), rows = plan.first_row(group + 1) - row;
    Index const panel = plan.first_panel(slice), panels = plan.first_panel(slice + 1) - panel;
    if (packed != group) cpu::pack_rows(scratch, c.x + row * c.in, c.in, rows, c.in, isa);
    packed = group;
    for (Index at = 0; at < panels; at += plan.at_once) {
      Index const columns = std::min(plan.at_once, panels - at) * cpu::panel,
                  column = (panel + at) * cpu::panel;
      cpu::dispatch(cpu::Gemm{.c = sums,
                              .c_row = columns,
                              .a = scratch,
                              .b = c.weight + column * c.in,
                              .rows = rows,
                              .columns = columns,
                              .inner = c.in,
                              .b_panel = cpu::panel * c.in},
                    isa);
      cpu::dispatch(detail::FinishLinear{c, sums, row, rows, column, columns}, isa);
    }
  }
}

}  // namespace vlsm::kernels
