// SPDX-License-Identifier: MIT
#pragma once

#include "emulation/cuda.hpp"
#include "kernels/attention_reference.hpp"
#include "support/doctest.hpp"
#include "support/sanitized.hpp"

namespace vlsm::test {

inline AttentionInputs random_inputs(AttentionCase const& c) {
  return {random_numbers(c, c.queries, 1), random_numbers(c, c.keys, 2),
          random_numbers(c, c.keys, 3), random_numbers(c, c.queries, 4)};
}

/// Forward and backward by the kernels, under the emulation.
struct AttentionRun {
  Laid q, k, v, grad_out, out, grad_q, grad_k, grad_v;
  std::vector<float> lse;

  AttentionRun(AttentionCase const& c, AttentionInputs const& in)
      : q(c, c.queries, in.q),
        k(c, c.keys, in.k),
        v(c, c.keys, in.v),
        grad_out(c, c.queries, in.grad_out),
        out(c, c.queries),
        grad_q(c, c.queries),
        grad_k(c, c.keys),
        grad_v(c, c.keys),
        lse(static_cast<std::size_t>(c.batch) * c.heads * c.queries) {
    launch(
        kernels::FusionAttentionForward{c.shape(), q.data(), k.data(), v.data(), out.data(),
                                        lse.data(), q.strides, k.strides, v.strides, out.strides},
        nullptr);
  }

  void backward(AttentionCase const& c) {
    // NaN: what a kernel reads there without having written it shows.
    std::vector<float> workspace(kernels::workspace_bytes(c.shape()) / sizeof(float), NAN);
    launch(
        kernels::FusionAttentionBackward{c.shape(), q.data(), k.data(), v.data(), out.data(),
                                         grad_out.data(), lse.data(), grad_q.data(), grad_k.data(),
                                         grad_v.data(), workspace.data(), q.strides, k.strides,
                                         v.strides, out.strides, grad_out.strides, grad_q.strides,
                                         grad_k.strides, grad_v.strides},
        nullptr);
  }
};

/// Every pair of these sizes, each with another width, layout, lengths and dropout: in 28 cases
/// every width meets every layout.
inline std::vector<AttentionCase> covering_cases(Arithmetic arithmetic) {
  std::vector<AttentionCase> cases;
  int const widths[] = {16, 32, 64, 80, 128};
  int i = static_cast<int>(arithmetic);
  for (int queries : {1, 19, 99, 676})
    for (int keys : {1, 7, 17, 77, 128, 256, 300}) {
      if (sanitized && queries == 676) continue;  // large ones have cases of their own
      if (queries == 676 && keys > 77 && keys < 300) continue;  // 99 queries meet these
      bool const small = queries * keys < 10000;
      AttentionCase c{small ? 3 : 1, small ? 2 : 1, queries, keys, widths[i % 5], arithmetic};
      c.layout = static_cast<Layout>(i % 4);
      if (small && i % 2 == 0) c.lengths = {0, 1, keys};
      if (!small && i % 3 == 0) c.lengths = {keys - 5};
      if (i % 3 == 1) c.dropout = 0.2;
      cases.push_back(c);
      ++i;
    }
  return cases;
}

/// Checks ratios of errors, and names the largest ones in the log.
class WorstRatio {
 public:
  /// In the mean, and the largest one, the errors must be no more than twice those of the plain
  /// computation. (The largest of few errors is a matter of luck: the 38 rows of sentences of one
  /// word have one each, and reach the factor.)
  void take(AttentionCase const& c, char const* what, ErrorRatio ratio) {
    CHECK_MESSAGE(ratio.mean <= 2, what, " of ", c.name(), ": mean error ratio ", ratio.mean);
    CHECK_MESSAGE(ratio.largest <= 2, what, " of ", c.name(), ": largest error's ratio ",
                  ratio.largest);
    std::string const name = std::string(what) + " of " + c.name();
    mean_ = std::max(mean_, {ratio.mean, name});
    largest_ = std::max(largest_, {ratio.largest, name});
  }
  ~WorstRatio() {
    MESSAGE("error ratios: in the mean ", mean_.first, " (", mean_.second, "), of the largest ",
            largest_.first, " (", largest_.second, ")");
  }

 private:
  std::pair<double, std::string> mean_, largest_;
};

}  // namespace vlsm::test
