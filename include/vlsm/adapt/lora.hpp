// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/compose/ports.hpp"
#include "vlsm/nn/attention.hpp"

namespace vlsm {

namespace detail {

/// The projections that `c` names and those that Lora changes inside of `Block` already.
template <class Block>
consteval LoraConfig changed_with(LoraConfig c) {
  if constexpr (requires { Block::changed; }) {
    c.query = c.query || Block::changed.query;
    c.key = c.key || Block::changed.key;
    c.value = c.value || Block::changed.value;
    c.out = c.out || Block::changed.out;
  }
  return c;
}

/// Whether Lora changes a projection that `c` names inside of `Block` already.
template <class Block>
consteval bool changes_again(LoraConfig c) {
  if constexpr (requires { Block::changed; })
    return (c.query && Block::changed.query) || (c.key && Block::changed.key) ||
           (c.value && Block::changed.value) || (c.out && Block::changed.out);
  return false;
}

}  // namespace detail

/// LoRA (Hu et al. 2022) on every attention of a tower or a decoder: a block like the one it wraps,
/// with its ports and its weights, and at first with its outputs.
template <class Block, LoraConfig config = LoraConfig{}>
class Lora : public Block {
  static_assert(
      requires { Block::attentions; },
      "Lora wraps a block that says which attentions it holds: it needs `static constexpr "
      "Attentions attentions`");
  static_assert(config.rank > 0 && config.alpha > 0, "LoraConfig: .rank or .alpha is not positive");
  static_assert(config.query || config.key || config.value || config.out,
                "LoraConfig: no projection is chosen");
  static_assert(!detail::changes_again<Block>(config),
                "Lora wraps a block in which Lora changes one of these projections already: wrap "
                "it once, with a larger .rank");

 public:
  /// Its projections with a change, by this Lora and by those that it wraps.
  static constexpr LoraConfig changed = detail::changed_with<Block>(config);
  template <FeatureSpec in, TextSpec text, class Wrapped = Block>
  using At = Lora<typename Wrapped::template At<in, text>, config>;

  Lora() {
    for (auto const& part : this->modules(false))
      if (auto* attention = dynamic_cast<Attention*>(part.get())) attention->adapt(config);
  }

  static constexpr long long parameter_count() {
    return Block::parameter_count() +
           held.count * (of_queries + of_keys) *
               LowRank::parameter_count(held.width, held.width, config.rank);
  }
  static constexpr long long flops(Workload load) {
    long long const queries = held.count * rows_of(Block::out, load),
                    keys = (held.count - held.words) * rows_of(Block::out, load) +
                           1LL * held.words * load.tokens;
    return Block::flops(load) +
           linear_flops(of_queries * queries + of_keys * keys, config.rank, 2LL * held.width);
  }

 private:
  static constexpr Attentions held = Block::attentions;
  // projections with a change, by whose rows they project
  static constexpr int of_queries = config.query + config.out, of_keys = config.key + config.value;
};

}  // namespace vlsm
