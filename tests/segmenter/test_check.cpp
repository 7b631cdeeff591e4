// SPDX-License-Identifier: MIT
#include <string>

#include "support/disks.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/fusion/pass_through.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/nn/conv.hpp"
#include "vlsm/segmenter/check.hpp"

namespace {

using namespace vlsm;

TEST_CASE("the small models are sound") {
  CHECK(check_architecture<ClipSegTiny>().empty());
  CHECK(check_architecture<test::DiskSeg>().empty());
}

/// Keeps a parameter that it never uses, and forgets to enlarge.
template <FeatureSpec in_port = FeatureSpec{}>
class CarelessHead : public TransposedHead<in_port> {
 public:
  template <FeatureSpec in, TextSpec>
  using At = CarelessHead<in>;
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& said) const {
    at::Tensor const logits = TransposedHead<in_port>::forward(read, said);
    return small ? at::avg_pool2d(logits, 2) : logits;
  }
  static inline bool small = false;

 private:
  at::Tensor idle_ = this->constant("idle", {3}, 1);
};

struct Careless : test::DiskSeg {
  using Head = CarelessHead<>;
};

TEST_CASE("a parameter without a gradient is named, and one that is not counted") {
  Slots<Careless>::Head::small = false;
  auto const found = check_architecture<Careless>();
  REQUIRE(found.size() == 2);
  CHECK(found[0] == "head.idle gets no gradient");
  long long const counted = parameter_count<Careless>();
  CHECK(found[1] == "parameter_count() says " + std::to_string(counted) + ", the model has " +
                        std::to_string(counted + 3));
}

struct Deaf : test::DiskSeg {
  using Fusion = PassThrough<>;
};

TEST_CASE("a model that does not hear its prompt is named") {
  auto const found = check_architecture<Deaf>();
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "the logits do not depend on the prompt: no slot reads what Text writes");
}

/// Makes its features anew and forgets the picture.
template <FeatureSpec image_port, TextSpec text_port>
class Forgetful : public PassThrough<image_port, text_port> {
 public:
  ImageFeatures forward(ImageFeatures const& seen, TextFeatures const& /*said*/) const {
    return {.taps = seen.taps, .pooled = {}, .image = {}};
  }
};

struct Blind : Deaf {
  using Fusion = Forgetful<Vision::out, Text::out>;
};

TEST_CASE("a block that does not hand on the picture is named") {
  auto const found = check_architecture<Blind>();
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "Fusion's image is undefined where its port says [2, 3, 32, 32]");
}

/// Writes not what its port promises.
template <int kind>
class Forgets : public test::DiskSeg::Vision {
 public:
  ImageFeatures forward(at::Tensor const& image) const {
    ImageFeatures seen = test::DiskSeg::Vision::forward(image);
    if (kind == 0) seen.taps.clear();
    if (kind == 1) seen.image = at::Tensor();
    return seen;
  }
};
class Mute : public test::DiskSeg::Text {
 public:
  TextFeatures forward(Tokens const& tokens) const {
    return {.sentence = {}, .words = test::DiskSeg::Text::forward(tokens).words, .padding = {}};
  }
};
template <int kind>
struct ForgetsSeg : test::DiskSeg {
  using Vision = Forgets<kind>;
};
struct MuteSeg : test::DiskSeg {
  using Text = Mute;
};

template <class A>
std::string told_by() {
  Segmenter<A> model;
  return test::error_of([&] {
    model.forward(at::zeros({1, 3, 32, 32}), {at::zeros({1, 3}, at::kLong)});
  });
}

TEST_CASE("a tower that leaves out what its port promises is named by the model, too") {
  CHECK(test::says(told_by<ForgetsSeg<0>>(), "Vision wrote not as many taps as its port says"));
  CHECK(test::says(told_by<ForgetsSeg<1>>(),
                   "a block before this one handed on no image: ImageFeatures::image"));
  CHECK(test::says(told_by<MuteSeg>(), "Text wrote no sentence"));
  CHECK(check_architecture<ForgetsSeg<0>>().size() == 1);
}

TEST_CASE("a block that breaks its port is named") {
  Slots<Careless>::Head::small = true;
  auto const found = check_architecture<Careless>();
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "Head's logits has shape [2, 1, 16, 16] where its port says [2, 1, 32, 32]");
}

struct FewWords : test::DiskSeg {
  using Text = ClipText<[] {
    ClipTextConfig config = test::disk_text;
    config.vocabulary = 7;
    config.end = 6;
    return config;
  }()>;
};

TEST_CASE("a vocabulary may be small") { CHECK(check_architecture<FewWords>().empty()); }

/// A head whose one convolution has two names.
template <FeatureSpec in_port = FeatureSpec{}>
class TiedHead : public TransposedHead<in_port> {
  static constexpr ConvConfig mix{.in = in_port.width[0], .out = in_port.width[0]};

 public:
  template <FeatureSpec in, TextSpec>
  using At = TiedHead<in>;
  TiedHead() { this->register_module("again", mix_); }
  at::Tensor forward(ImageFeatures const& read, TextFeatures const& said) const {
    return TransposedHead<in_port>::forward(read.with(mix_->forward(mix_->forward(read.taps[0]))),
                                            said);
  }
  static constexpr long long parameter_count() {
    return TransposedHead<in_port>::parameter_count() + Conv::parameter_count(mix);
  }

 private:
  std::shared_ptr<Conv> mix_ = this->template child<Conv>("mix", mix);
};

struct Tied : test::DiskSeg {
  using Head = TiedHead<>;
};

TEST_CASE("a parameter of two names counts once") { CHECK(check_architecture<Tied>().empty()); }

}  // namespace
