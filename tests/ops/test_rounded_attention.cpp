// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <cstdio>

#include "support/doctest.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/ops/attention/attention.hpp"

using namespace vlsm;

TEST_CASE("rounded attention on tensors: near the exact one, from any strides and threads") {
  at::NoGradGuard const no_grad;
  at::manual_seed(1);
  for (auto const [batch, queries, keys, heads, dim] :
       {std::array<std::int64_t, 5>{1, 485, 485, 12, 64},
        {2, 197, 77, 3, 64},
        {1, 300, 40, 1, 16}}) {
    at::Tensor const all = at::randn({batch, std::max(queries, keys), 3, heads, dim});
    at::Tensor const q = all.select(2, 0).narrow(1, 0, queries),
                     k = all.select(2, 1).narrow(1, 0, keys),
                     v = all.select(2, 2).narrow(1, 0, keys);
    auto const heads_first = [](at::Tensor const& x) { return x.to(at::kDouble).transpose(1, 2); };
    at::Tensor const exact =
        at::scaled_dot_product_attention(heads_first(q), heads_first(k), heads_first(v))
            .transpose(1, 2);
    at::Tensor const y = ops::rounded_attention(q, k, v);
    double const error = ((y - exact).abs().max() / exact.std()).item<double>();
    std::printf("rounded attention, %d keys: largest error %.2g of std\n", static_cast<int>(keys),
                error);
    CHECK(error < 0.05);
    int const before = at::get_num_threads();
    for (int threads : {1, 2, 5, 16}) {
      at::set_num_threads(threads);
      CHECK(
          ops::rounded_attention(q.contiguous(), k, v.transpose(1, 3).contiguous().transpose(1, 3))
              .equal(y));
    }
    at::set_num_threads(before);
  }
  at::Tensor const none = at::randn({0, 4, 2, 8});
  CHECK(ops::rounded_attention(none, none, none).sizes() == none.sizes());
}

TEST_CASE("rounded attention on tensors: what it does not take is refused in one line") {
  at::Tensor const x = at::randn({1, 4, 2, 8});
  CHECK_THROWS_WITH_AS(ops::rounded_attention(x, x.narrow(1, 0, 0), x.narrow(1, 0, 0)),
                       "the rounded attention takes float32 on the CPU, and at least one key: "
                       "rounded_attention: q [1, 4, 2, 8], k [1, 0, 2, 8]: use fusion_attention "
                       "there",
                       Error);
  at::Tensor const half = x.to(at::kHalf);
  CHECK_THROWS_AS(ops::rounded_attention(half, half, half), Error);
}
