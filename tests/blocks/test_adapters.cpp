// SPDX-License-Identifier: MIT
#include "blocks/adapted.hpp"
#include "support/doctest.hpp"
#include "support/tiny_biomedclipseg.hpp"
#include "support/tiny_cris.hpp"
#include "vlsm/segmenter/check.hpp"

// What adapters compute, against the same in plain tensors.
namespace {

using namespace vlsm;
using test::Dense, test::even_text, test::everywhere, test::LowRanks, test::of, test::Shallow;

void randomize(torch::nn::Module& module) {
  at::NoGradGuard const no_grad;
  for (at::Tensor& parameter : module.parameters()) parameter.normal_(0, 0.3);
}

at::Tensor linear(torch::nn::Module const& m, std::string const& name, at::Tensor const& x) {
  return at::matmul(x, of(m, name + ".weight").t()) + of(m, name + ".bias");
}

/// Both of VLSM-Adapter's activations stand inside the residual.
at::Tensor adapted(torch::nn::Module const& m, std::string const& name, at::Tensor const& x) {
  return x + linear(m, name + ".up", linear(m, name + ".down", x).clamp_min(0)).clamp_min(0);
}

at::Tensor norm(torch::nn::Module const& m, std::string const& name, at::Tensor const& x) {
  at::Tensor const centerd = x - x.mean(-1, true);
  return centerd / (centerd.square().mean(-1, true) + 1e-5).sqrt() * of(m, name + ".weight") +
         of(m, name + ".bias");
}

/// Two heads without a mask.
at::Tensor attention(torch::nn::Module const& m, at::Tensor const& x) {
  auto const qkv = linear(m, "attn.qkv", x).chunk(3, -1);
  std::vector<at::Tensor> heads;
  for (int head = 0; head < 2; ++head) {
    at::Tensor const q = qkv[0].chunk(2, -1)[head], k = qkv[1].chunk(2, -1)[head],
                     v = qkv[2].chunk(2, -1)[head];
    double const scale = 1 / std::sqrt(q.size(-1));
    heads.push_back(at::matmul(at::softmax(at::matmul(q, k.transpose(1, 2)) * scale, -1), v));
  }
  return linear(m, "attn.out", at::cat(heads, -1));
}

at::Tensor mlp(torch::nn::Module const& m, at::Tensor const& x) {
  return linear(m, "mlp.down", linear(m, "mlp.up", x).clamp_min(0));
}

bool close(at::Tensor const& a, at::Tensor const& b) { return at::allclose(a, b, 1e-4, 1e-5); }

constexpr LayerConfig layer_config{
    .width = 8, .heads = 2, .ffn = 12, .activation = Activation::relu};

/// PubMedBERT normalizes after; its second wrapper finds what the first one wraps.
struct Bert : test::TinyBiomed {
  using Text = Lora<ConditionAdapter<DenseAdapters<BertText<bert>, DenseConfig{.blocks = 2}>>>;
};
/// Maps as taps, and attentions that look at words.
struct CrisAdapted : test::TinyCris {
  using Vision = ShallowAdapters<test::TinyCris::Vision, ShallowConfig{.width = 6}>;
  using Decoder = Lora<test::TinyCris::Decoder, everywhere>;
};

template <class A>
void check_sound() {
  auto const found = check_architecture<A>();
  for (std::string const& line : found) MESSAGE(line);
  CHECK(found.empty());
  long long count = 0;
  for (at::Tensor const& parameter : Segmenter<A>().parameters()) count += parameter.numel();
  CHECK(count == parameter_count<A>());
}

TEST_CASE("adapters: wrapped towers are sound and as large as they say") {
  check_sound<Dense>();
  check_sound<Shallow>();
  check_sound<LowRanks>();
  check_sound<Bert>();
  check_sound<CrisAdapted>();
}

TEST_CASE("adapters: a bottleneck inside a residual") {
  Adapter adapter(8, 3);
  randomize(adapter);
  at::Tensor const x = at::randn({2, 5, 8});
  at::Tensor const inner =
      (at::matmul(x, of(adapter, "down.weight").t()) + of(adapter, "down.bias")).clamp_min(0);
  at::Tensor const outer =
      (at::matmul(inner, of(adapter, "up.weight").t()) + of(adapter, "up.bias")).clamp_min(0);
  CHECK(close(adapter.forward(x), x + outer));
  CHECK(outer.abs().max().item<float>() > 0.01);
}

TEST_CASE("adapters: a layer adapts its halves before the residual") {
  at::manual_seed(2);
  at::Tensor const x = at::randn({2, 5, 8});
  PreNormLayer before(layer_config);
  before.adapt(3);
  randomize(before);
  at::Tensor seen =
      x + adapted(before, "attn_adapter", attention(before, norm(before, "norm1", x)));
  CHECK(close(before.forward(x),
              seen + adapted(before, "mlp_adapter", mlp(before, norm(before, "norm2", seen)))));
  PostNormLayer after(layer_config);
  after.adapt(3);
  randomize(after);
  seen = norm(after, "norm1", x + adapted(after, "attn_adapter", attention(after, x)));
  CHECK(close(after.forward(x),
              norm(after, "norm2", seen + adapted(after, "mlp_adapter", mlp(after, seen)))));
}

TEST_CASE("adapters: dense ones sit in the first blocks, and are VLSM-Adapter's in size") {
  Dense::Vision const tower;
  auto const parameters = tower.named_parameters();
  CHECK(parameters.contains("blocks.0.attn_adapter.down.weight"));
  CHECK(parameters.contains("blocks.0.mlp_adapter.up.bias"));
  for (auto const& item : parameters)
    if (item.key().starts_with("blocks.1.")) CHECK(item.key().find("adapter") == std::string::npos);

  using Vision = VisionTransformer<clip_vit_b16>;
  using Text = ClipText<clip_text>;
  static_assert(DenseAdapters<Vision>::parameter_count() - Vision::parameter_count() ==
                9 * 2 * (2 * 768 * 64 + 768 + 64));
  static_assert(DenseAdapters<Text>::parameter_count() - Text::parameter_count() ==
                9 * 2 * (2 * 512 * 64 + 512 + 64));
  static_assert(ShallowAdapters<Vision>::parameter_count() - Vision::parameter_count() ==
                3 * (2 * 768 * 512 + 768 + 512));
  static_assert(ShallowTextAdapters<ConditionAdapter<Text>>::parameter_count() -
                    Text::parameter_count() ==
                3 * (2 * 512 * 512 + 512 + 512) + 2 * 512 * 256 + 512 + 256);
  static_assert(Lora<Vision>::parameter_count() - Vision::parameter_count() ==
                10 * 2 * 8 * (768 + 768));
  constexpr Workload load{.height = 352, .width = 352, .tokens = 20};
  static_assert(DenseAdapters<Vision>::flops(load) - Vision::flops(load) ==
                9LL * 2 * 2 * 485 * 768 * 2 * 64);
  static_assert(Lora<Text>::flops(load) - Text::flops(load) == 12 * 2 * 2 * 20 * 8 * 2 * 512);
  // Cross attentions project their keys and values from the words.
  using Decoder = Slots<test::TinyCris>::Decoder;  // 2 layers of width 64, 6 x 6 cells, 17 tokens
  constexpr Workload small{.height = 96, .width = 96, .tokens = 17};
  static_assert(Lora<Decoder, everywhere>::flops(small) - Decoder::flops(small) ==
                2 * 3 * 2 * 64 * 2 * (36 * 4 + 36 * 2 + 17 * 2));
}

TEST_CASE("adapters: shallow ones change the taps, whatever their layout") {
  at::manual_seed(3);
  Shallow::Vision tower;
  at::Tensor const image = at::randn({2, 3, 32, 32});
  auto const plain = tower.VisionTransformer<test::disk_vit>::forward(image).taps;
  auto const taps = tower.forward(image).taps;
  REQUIRE(taps.size() == 2);
  for (int i = 0; i < 2; ++i)
    CHECK(close(taps[i], adapted(tower, "shallow." + std::to_string(i), plain[i])));

  CrisAdapted::Vision resnet;
  resnet.eval();
  at::Tensor const larger = at::randn({2, 3, 96, 96});
  auto const maps = resnet.test::TinyCris::Vision::forward(larger).taps;
  auto const changed = resnet.forward(larger).taps;
  REQUIRE(changed.size() == 3);
  for (int i = 0; i < 3; ++i)
    CHECK(close(changed[i],
                adapted(resnet, "shallow." + std::to_string(i), maps[i].permute({0, 2, 3, 1}))
                    .permute({0, 3, 1, 2})));
}

TEST_CASE("adapters: a sentence is adapted, and the end token's states are added to it") {
  at::manual_seed(4);
  Shallow::Text tower;
  // The sentences end at their second and fourth token.
  at::Tensor const ids = at::tensor({5, 257, 257, 257, 5, 6, 7, 257}, at::kLong).view({2, 4});
  std::vector<at::Tensor> ends;
  at::Tensor x = of(tower, "tokens").index({ids}) + of(tower, "positions").slice(0, 0, 4);
  for (auto const& part : tower.modules(false))
    if (auto const* layer = dynamic_cast<PreNormLayer const*>(part.get())) {
      x = layer->forward(x, AttentionMask::causal);
      ends.push_back(at::stack({x[0][1], x[1][3]}));
    }
  REQUIRE(ends.size() == 3);
  at::Tensor const sentence =
      at::matmul(norm(tower, "norm_after", ends[2]), of(tower, "project.weight").t());
  at::Tensor const condition = adapted(tower, "condition", sentence);
  TextFeatures const said = tower.forward({ids});
  CHECK(close(said.sentence, condition + adapted(tower, "shallow.0", ends[0]) +
                                 adapted(tower, "shallow.1", ends[2])));
  CHECK(close(said.words, norm(tower, "norm_after", x)));

  // The other way around, the sum is adapted.
  ConditionAdapter<ShallowTextAdapters<ClipText<even_text>,
                                       ShallowTextConfig{.width = 6, .taps = {0, 2}, .count = 2}>,
                   ConditionConfig{.width = 7}>
      around;
  {
    at::NoGradGuard const no_grad;
    for (auto const& item : around.named_parameters()) item.value().copy_(of(tower, item.key()));
  }
  at::Tensor const sum =
      sentence + adapted(tower, "shallow.0", ends[0]) + adapted(tower, "shallow.1", ends[2]);
  CHECK(close(around.forward({ids}).sentence, adapted(tower, "condition", sum)));
}

TEST_CASE("lora: low-rank changes are those of the weights, in every way an attention is read") {
  at::manual_seed(5);
  constexpr AttentionConfig sizes{.width = 8, .heads = 2, .out = 6};
  Attention attention(sizes);
  attention.adapt({.rank = 2, .alpha = 6, .query = true, .key = true, .value = true, .out = true});
  randomize(attention);
  Attention merged(sizes);
  {
    at::NoGradGuard const no_grad;
    for (auto const& item : merged.named_parameters())
      item.value().copy_(of(attention, item.key()));
    auto const change = [&](std::string const& name) {
      return 3 * at::matmul(of(attention, name + ".up"), of(attention, name + ".down"));
    };
    of(merged, "qkv.weight")
        .add_(
            at::cat({change("qkv.lora_query"), change("qkv.lora_key"), change("qkv.lora_value")}));
    of(merged, "out.weight").add_(change("out.lora"));
  }
  at::Tensor const x = at::randn({2, 5, 8}), key = at::randn({2, 3, 8}),
                   value = at::randn({2, 3, 8});
  CHECK(close(attention.forward(x), merged.forward(x)));
  CHECK(
      close(attention.forward(x, AttentionMask::causal), merged.forward(x, AttentionMask::causal)));
  CHECK(close(attention.forward(x, key, value), merged.forward(x, key, value)));
  // Causal and padded: what is padding is as good as not there.
  at::Tensor const padding = at::zeros({2, 5}, at::kBool), rest = at::tensor({0, 2, 3, 4});
  padding.select(1, 1).fill_(true);
  CHECK(close(merged.forward(x, AttentionMask::causal, padding).index_select(1, rest),
              merged.forward(x.index_select(1, rest), AttentionMask::causal)));
  Attention plain(sizes);
  {
    at::NoGradGuard const no_grad;
    for (auto const& item : plain.named_parameters()) item.value().copy_(of(attention, item.key()));
  }
  CHECK_FALSE(close(attention.forward(x), plain.forward(x)));
}

TEST_CASE("lora: any rows of a changed layer are those of the whole") {
  Linear layer(4, 12);
  layer.change("low", 4, 4, 2, 2);
  randomize(layer);
  at::Tensor const x = at::randn({3, 4}), whole = layer.forward(x);
  for (int first = 0; first < 12; ++first)
    for (int count = 1; first + count <= 12; ++count)
      CHECK(close(layer.rows(x, first, count), whole.narrow(1, first, count)));
  CHECK_FALSE(close(whole, at::linear(x, of(layer, "weight"), of(layer, "bias"))));
}

}  // namespace
