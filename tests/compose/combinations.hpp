// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compose/try_out.hpp"
#include "vlsm/decoder/cross_decoder.hpp"
#include "vlsm/decoder/transformer.hpp"
#include "vlsm/decoder/unet.hpp"
#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/fusion/film.hpp"
#include "vlsm/fusion/film_skips.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/fusion/text_fpn.hpp"
#include "vlsm/head/conv.hpp"
#include "vlsm/head/dynamic.hpp"
#include "vlsm/head/transposed.hpp"
#include "vlsm/text/bert_text.hpp"
#include "vlsm/text/clip_text.hpp"
#include "vlsm/text/no_text.hpp"

// Every text tower, fusion, decoder and head behind one vision tower, wherever their ports allow:
// each choice says by itself what it takes, and the compiler multiplies them out.
namespace vlsm::test {

inline constexpr int word_width = 32, sentence_width = 24, joint_width = 16;

// ---- text towers
struct HearsClip {
  static constexpr std::string_view name = "ClipText";
  using Block = ClipText<ClipTextConfig{.layer = {.width = word_width, .heads = 2, .ffn = 48},
                                        .blocks = 2,
                                        .vocabulary = 64,
                                        .positions = 8,
                                        .end = 63,
                                        .sentence = sentence_width}>;
};
struct HearsBert {
  static constexpr std::string_view name = "BertText";
  using Block = BertText<BertTextConfig{.layer = {.width = word_width, .heads = 2, .ffn = 48},
                                        .blocks = 2,
                                        .vocabulary = 64,
                                        .positions = 8,
                                        .hidden = 20,
                                        .sentence = sentence_width}>;
};
struct HearsNothing {
  static constexpr std::string_view name = "NoText";
  using Block = NoText;
};

// ---- fusions: what they take of the ports of Vision and Text
struct JoinsByFilm {
  static constexpr std::string_view name = "Film";
  static constexpr bool takes(FeatureSpec, TextSpec text) { return text.sentence > 0; }
  using Block = Film<FilmConfig{.width = joint_width}>;
};
struct JoinsByFilmSkips {
  static constexpr std::string_view name = "FilmSkips";
  static constexpr bool takes(FeatureSpec, TextSpec text) { return text.sentence > 0; }
  using Block = FilmSkips<>;
};
struct JoinsByAttention {
  static constexpr std::string_view name = "CrossAttention";
  static constexpr bool takes(FeatureSpec, TextSpec text) { return text.words > 0; }
  using Block = CrossAttention<CrossAttentionConfig{.width = joint_width, .heads = 2}>;
};
struct JoinsByFpn {
  static constexpr std::string_view name = "TextFpn";
  static constexpr bool takes(FeatureSpec image, TextSpec text) {
    return image.count == 3 && text.sentence > 0;
  }
  using Block = TextFpn<FpnConfig{.width = {16, word_width, word_width}}>;
};
struct JoinsNothing {
  static constexpr std::string_view name = "PassThrough";
  static constexpr bool takes(FeatureSpec, TextSpec text) { return text == TextSpec{}; }
  using Block = PassThrough<>;
};

// ---- decoders: what they take of the ports of Fusion and Text
struct ReadsByTransformer {
  static constexpr std::string_view name = "TransformerDecoder";
  static constexpr bool takes(FeatureSpec in, TextSpec) {
    return in ==
           FeatureSpec::alike(in.count, in.width[0], in.stride[0], in.layout, in.class_tokens);
  }
  using Block = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 32}>;
};
struct ReadsByCross {
  static constexpr std::string_view name = "CrossDecoder";
  static constexpr bool takes(FeatureSpec in, TextSpec text) {
    return in.count == 1 && text.words == in.width[0];
  }
  using Block = CrossDecoder<CrossConfig{.heads = 2, .ffn = 32, .layers = 2}>;
};
struct ReadsByUnet {
  static constexpr std::string_view name = "UnetDecoder";
  static constexpr bool takes(FeatureSpec, TextSpec) { return true; }
  using Block = UnetDecoder<UnetConfig{.width = 32, .least = 8}>;
};

// ---- heads: what they take of the ports of Decoder and Text
struct DrawsTransposed {
  static constexpr std::string_view name = "TransposedHead";
  static constexpr bool takes(FeatureSpec, TextSpec) { return true; }
  using Block = TransposedHead<>;
};
struct DrawsDynamic {
  static constexpr std::string_view name = "DynamicHead";
  static constexpr bool takes(FeatureSpec in, TextSpec text) {
    return text.sentence > 0 && in.stride[0] >= 4;
  }
  using Block = DynamicHead<>;
};
struct DrawsDynamicAtOnce {
  static constexpr std::string_view name = "DynamicHead of full size";
  static constexpr bool takes(FeatureSpec in, TextSpec text) {
    return text.sentence > 0 && in.stride[0] < 4;
  }
  using Block = DynamicHead<ProjectorConfig{.steps = 0}>;
};
struct DrawsByConv {
  static constexpr std::string_view name = "ConvHead";
  static constexpr bool takes(FeatureSpec, TextSpec) { return true; }
  using Block = ConvHead<>;
};

/// An architecture of five choices; `Sees` has a `Block` and a name.
template <class Sees, class Hears, class Joins, class Reads, class Draws>
struct Combination {
  using Vision = typename Sees::Block;
  using Text = typename Hears::Block;
  using Fusion = typename Joins::Block;
  using Decoder = typename Reads::Block;
  using Head = typename Draws::Block;
  static constexpr Recipe recipe{.image = 64, .normalize = clip_normalization, .tokens = 4};

  static std::string name() {
    std::string all;
    for (std::string_view choice : {Sees::name, Hears::name, Joins::name, Reads::name, Draws::name})
      all += (all.empty() ? "" : " + ") + std::string(choice);
    return all;
  }
};

template <class... Choices, class Visit>
constexpr void each(Visit visit) {
  (visit.template operator()<Choices>(), ...);
}

/// Calls visit.operator()<Combination<...>>() for every combination that the ports allow.
template <class Sees, class Visit>
constexpr void each_combination(Visit visit) {
  constexpr FeatureSpec seen = Sees::Block::out;
  each<HearsClip, HearsBert, HearsNothing>([&]<class Hears> {
    constexpr TextSpec text = Hears::Block::out;
    each<JoinsByFilm, JoinsByFilmSkips, JoinsByAttention, JoinsByFpn, JoinsNothing>(
        [&]<class Joins> {
          if constexpr (Joins::takes(seen, text)) {
            constexpr FeatureSpec joint = Joins::Block::template At<seen, text>::out;
            each<ReadsByTransformer, ReadsByCross, ReadsByUnet>([&]<class Reads> {
              if constexpr (Reads::takes(joint, text)) {
                constexpr FeatureSpec map = Reads::Block::template At<joint, text>::out;
                each<DrawsTransposed, DrawsDynamic, DrawsDynamicAtOnce, DrawsByConv>(
                    [&]<class Draws> {
                      if constexpr (Draws::takes(map, text))
                        visit.template operator()<Combination<Sees, Hears, Joins, Reads, Draws>>();
                    });
              }
            });
          }
        });
  });
}

template <class Sees>
consteval int count_combinations() {
  int count = 0;
  each_combination<Sees>([&]<class A> { ++count; });
  return count;
}

template <class Sees>
std::vector<Candidate> combinations() {
  std::vector<Candidate> all;
  each_combination<Sees>([&]<class A> { all.push_back({A::name(), any_segmenter<A>}); });
  return all;
}

}  // namespace vlsm::test
