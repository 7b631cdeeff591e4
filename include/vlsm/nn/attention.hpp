// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "vlsm/base/workload.hpp"
#include "vlsm/nn/dropout.hpp"
#include "vlsm/nn/linear.hpp"
#include "vlsm/ops/attention/attention.hpp"
#include "vlsm/ops/attention/backends.hpp"

namespace vlsm {

/// The words of sentences, those that count first: what `Attention::cross_attend` looks at. Made
/// once, however many layers look.
struct OrderedWords {
  at::Tensor keys;     ///< [B, L, width], what queries are compared with
  at::Tensor values;   ///< [B, L, width], what queries get
  at::Tensor lengths;  ///< int32 [B]: so many first words count; undefined: all do

  /// Words where `padding` [B, L] is true go behind the others: for attention they have no order
  /// but what their keys say.
  OrderedWords(at::Tensor const& all_keys, at::Tensor const& all_values, at::Tensor const& padding)
      : keys(all_keys), values(all_values) {
    if (!padding.defined()) return;
    at::Tensor const order = padding.argsort(/*stable=*/true, 1).unsqueeze(2);  // [B, L, 1]
    keys = keys.gather(1, order.expand_as(keys));
    values = values.gather(1, order.expand_as(values));
    lengths = padding.logical_not().sum(1).to(at::kInt);
  }
};

/// Which other tokens a token sees.
enum class AttentionMask {
  none,
  causal,  ///< a token sees itself and those before it
};

/// How many attentions a block has, all of one width and of the same queries: for `Lora`'s count of
/// parameters and operations.
struct Attentions {
  int count = 0;
  int width = 0;
  /// How many of them are cross attentions to the words; the others are self-attentions.
  int words = 0;
};

/// Which projections of an attention get low-rank changes (LoRA, Hu et al. 2022; queries and
/// values, as in its experiments).
struct LoraConfig {
  int rank = 8;
  int alpha = 16;  ///< the changes are scaled by alpha / rank
  bool query = true;
  bool key = false;
  bool value = true;
  bool out = false;
};

/// The sizes of an Attention.
struct AttentionConfig {
  int width = 0;
  int heads = 0;
  int out = 0;         ///< width of the result, 0: that of the input
  int dropout = 0;     ///< percent of the attention weights, in training
  bool apart = false;  ///< queries, keys and values come of different tokens, not of the same ones
};

/// Multi-head attention (Vaswani et al. 2017); the projections to queries, keys and values lie in
/// one matrix, in this order.
class Attention : public Module {
 public:
  explicit Attention(AttentionConfig c)
      : width_(c.width),
        heads_(c.heads),
        dropout_(c.dropout / 100.0),
        qkv_(child<Linear>("qkv", c.width, 3 * c.width)),
        out_(child<Linear>("out", c.width, c.out ? c.out : c.width)) {
    if (c.apart) qkv_->prepare_in_parts(3);
  }

  /// Self-attention, [B, N, width] -> [B, N, out]. Tokens where `padding` [B, N] is true are not
  /// looked at.
  at::Tensor forward(at::Tensor const& x, AttentionMask mask = AttentionMask::none,
                     at::Tensor const& padding = {}) const {
    at::Tensor const all =
        qkv_->forward(x).view({x.size(0), x.size(1), 3, heads_, width_ / heads_});
    return attend(all.select(2, 0), all.select(2, 1), all.select(2, 2), padding, mask);
  }

  /// Queries [B, N, width] look at keys and values [B, M, width] -> [B, N, out]. Keys where
  /// `padding` [B, M] is true are not looked at.
  at::Tensor forward(at::Tensor const& query, at::Tensor const& key, at::Tensor const& value,
                     at::Tensor const& padding = {}) const {
    return attend(heads_of(qkv_->rows(query, 0, width_)), heads_of(qkv_->rows(key, width_, width_)),
                  heads_of(qkv_->rows(value, 2 * width_, width_)), padding, AttentionMask::none);
  }

  /// The same for words, by the kernels that are made for few keys or by another `backend`.
  at::Tensor cross_attend(at::Tensor const& query, OrderedWords const& words,
                          Backend backend) const {
    at::Tensor const q = heads_of(qkv_->rows(query, 0, width_)),
                     k = heads_of(qkv_->rows(words.keys, width_, width_)),
                     v = heads_of(qkv_->rows(words.values, 2 * width_, width_));
    return out_->forward(
        ops::fusion_attention(q, k, v, options(words.lengths), backend).flatten(2));
  }

  /// Adds low-rank changes to the projections that `c` names.
  void adapt(LoraConfig c) {
    if (c.query) qkv_->change("lora_query", 0, width_, c.rank, c.alpha);
    if (c.key) qkv_->change("lora_key", width_, width_, c.rank, c.alpha);
    if (c.value) qkv_->change("lora_value", 2 * width_, width_, c.rank, c.alpha);
    if (c.out) out_->change("lora", 0, out_->out(), c.rank, c.alpha);
  }

  static constexpr long long parameter_count(long long width, long long out = 0) {
    return Linear::parameter_count(width, 3 * width) +
           Linear::parameter_count(width, out ? out : width);
  }
  /// `rows` queries that look at `keys` keys.
  static constexpr long long flops(long long width, long long rows, long long keys,
                                   long long out = 0) {
    return linear_flops(rows, width, width + (out ? out : width)) +
           linear_flops(keys, width, 2 * width) + 2 * linear_flops(rows, keys, width);
  }

 private:
  void make_ready(Preparation const& how) override {
    rounds_ = how.operand != ops::Operand::fp32;
    Module::make_ready(how);
  }

  // [B, N, width] -> [B, N, heads, D]
  at::Tensor heads_of(at::Tensor const& x) const {
    return x.view({x.size(0), x.size(1), heads_, width_ / heads_});
  }

  // Of the fused kernels; dropout draws a seed each time.
  ops::AttentionOptions options(at::Tensor const& lengths) const {
    ops::AttentionOptions with{.lengths = lengths};
    if (is_training() && dropout_ > 0) {
      with.dropout = dropout_;
      with.seed = fresh_seed();
    }
    return with;
  }

  // Fewer keys than this cost more to round than that saves.
  static constexpr std::int64_t least_to_round = 32;

  // queries [B, N, heads, D], keys and values [B, M, heads, D]
  at::Tensor attend(at::Tensor const& queries, at::Tensor const& keys, at::Tensor const& values,
                    at::Tensor const& padding, AttentionMask mask) const {
    if (queries.is_cpu() && !padding.defined() && mask == AttentionMask::none)
      return out_->forward((rounds_ && keys.size(1) >= least_to_round
                                ? ops::rounded_attention(queries, keys, values)
                                : ops::fusion_attention(queries, keys, values, options({})))
                               .flatten(2));
    at::Tensor const q = queries.transpose(1, 2), k = keys.transpose(1, 2),
                     v = values.transpose(1, 2);  // [B, heads, N or M, D]
    std::optional<at::Tensor> seen;
    if (padding.defined()) seen = padding.logical_not().view({padding.size(0), 1, 1, -1});
    double const dropout = is_training() ? dropout_ : 0.0;
    bool causal = mask == AttentionMask::causal;
    if (causal && seen) {  // LibTorch takes one of the two
      seen = seen->logical_and(at::ones({q.size(2), k.size(2)}, seen->options()).tril());
      causal = false;
    }
    at::Tensor mixed;  // [B, heads, N, D]
    if (q.is_cpu() && at::isReducedFloatingType(q.scalar_type()) && q.requires_grad()) {
      // LibTorch's derivative multiplies by MKL, which takes five times as long for 16 bits as for
      // float32 where it does not know the CPU.
      c10::impl::ExcludeDispatchKeyGuard const as_given(c10::DispatchKey::AutocastCPU);
      mixed = at::scaled_dot_product_attention(q.to(at::kFloat), k.to(at::kFloat), v.to(at::kFloat),
                                               seen, dropout, causal)
                  .to(q.scalar_type());
    } else {
      mixed = ops::scaled_attention(q, k, v, seen, dropout, causal);
    }
    return out_->forward(mixed.transpose(1, 2).reshape({q.size(0), q.size(2), width_}));
  }

  std::int64_t width_, heads_;
  double dropout_;
  bool rounds_ = false;  // prepared to multiply rounded factors
  std::shared_ptr<Linear> qkv_, out_;
};

}  // namespace vlsm
