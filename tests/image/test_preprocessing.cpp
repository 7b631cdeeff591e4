// SPDX-License-Identifier: MIT
#include "support/reference.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"

// Decoding, resizing and normalizing against torchvision on Pillow.
namespace {

using namespace vlsm;
using test::Reference;

Image as_image(at::Tensor const& t) {
  Image image = Image::from_shape(
      {static_cast<std::size_t>(t.size(0)), static_cast<std::size_t>(t.size(1)), 3});
  std::copy_n(t.contiguous().const_data_ptr<std::uint8_t>(), image.size(), image.data());
  return image;
}
Mask first_channel(at::Tensor const& t) {
  Mask mask =
      Mask::from_shape({static_cast<std::size_t>(t.size(0)), static_cast<std::size_t>(t.size(1))});
  std::copy_n(t.contiguous().const_data_ptr<std::uint8_t>(), mask.size(), mask.data());
  return mask;
}
template <class Array>
int largest_difference(Array const& actual, at::Tensor const& expected) {
  at::Tensor const values = expected.contiguous();
  REQUIRE(static_cast<std::int64_t>(actual.size()) == values.numel());
  int worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i)
    worst = std::max(
        worst, std::abs(int(actual.data()[i]) - int(values.const_data_ptr<std::uint8_t>()[i])));
  return worst;
}

void check_case(std::string const& name, bool png) {
  auto const path = test::fixture("preprocessing/" + name + ".safetensors");
  VLSM_NEEDS(path, "preprocessing/*");
  Reference const reference(*path);
  auto const& info = reference.info();
  Image image;
  Mask mask;
  if (png) {
    auto const picture = test::shared("data/" + info["image"].get<std::string>());
    VLSM_NEEDS(picture, "data/");
    image = read_image(*picture);
    mask = read_mask(*test::shared("data/" + info["mask"].get<std::string>()));
  } else {
    image = as_image(reference["decoded"]);
    mask = first_channel(reference["mask_decoded_channel0"]);
  }
  for (std::int64_t side : {224, 352, 416}) {
    std::string const size = std::to_string(side) + "x" + std::to_string(side);
    auto const s = static_cast<std::size_t>(side);
    INFO(size);
    CHECK(largest_difference(resize_bilinear(image, s, s), reference["resized_" + size]) == 0);
    CHECK(largest_difference(resize_nearest(mask, s, s), reference["mask_nearest0_" + size]) == 0);
    CHECK(largest_difference(resize_nearest(mask, s, s), reference["mask_nearest_exact_" + size]) ==
          0);
    auto const& stored = info["subsampled"]["normalized_" + size];
    Normalization normalization{};
    for (std::size_t c = 0; c < 3; ++c) {
      normalization.mean[c] = stored["mean"][c];
      normalization.deviation[c] = stored["std"][c];
    }
    at::Tensor const normalized =
        prepare_image(image, {.image = static_cast<int>(side), .normalize = normalization});
    double const error = (normalized.slice(1, 0, std::nullopt, 7).slice(2, 0, std::nullopt, 7) -
                          reference["normalized_" + size])
                             .abs()
                             .max()
                             .item<double>();
    std::printf("%s at %s: normalized within %.2g\n", name.c_str(), size.c_str(), error);
    CHECK(error <= 1e-6);
  }
  at::Tensor const out = reference["writeback_out"];
  CHECK(largest_difference(resize_nearest_exact(first_channel(reference["writeback_in"]),
                                                static_cast<std::size_t>(out.size(0)),
                                                static_cast<std::size_t>(out.size(1))),
                           out) == 0);
}

TEST_CASE("a PNG of a normal breast becomes the reference's tensors to the last bit") {
  check_case("busi_1_normal", true);
}
TEST_CASE("a PNG of a malignant tumor becomes the reference's tensors to the last bit") {
  check_case("busi_44_malignant", true);
}
TEST_CASE("decoded JPEG pixels become the reference's tensors to the last bit") {
  check_case("kvasir_cju0roawvklrq0799vmjorwfv", false);
}

TEST_CASE("the shorter side is resized as torchvision does") {
  auto const path = test::fixture("preprocessing/int_size_256.safetensors");
  VLSM_NEEDS(path, "preprocessing/int_size_256");
  Reference const reference(*path);
  for (std::string const name : {"1_normal", "44_malignant"}) {
    auto const picture = test::shared("data/busi/images/" + name + ".png");
    VLSM_NEEDS(picture, "data/busi");
    Image const resized = resize_shorter_side(read_image(*picture), 256);
    CHECK(resized.shape(0) == 256);
    CHECK(largest_difference(resized, reference[name]) == 0);
  }
}

TEST_CASE("a JPEG is decoded as the reference, or within a few levels without libjpeg") {
  auto const path = test::fixture("preprocessing/kvasir_cju0roawvklrq0799vmjorwfv.safetensors");
  VLSM_NEEDS(path, "preprocessing/kvasir");
  Reference const reference(*path);
  auto const picture = test::shared("data/" + reference.info()["image"].get<std::string>());
  VLSM_NEEDS(picture, "data/kvasir_polyp");
  Image const image = read_image(*picture);
  at::Tensor const stored = reference["decoded"].contiguous();
  long long differing = 0, sum = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    int const d = std::abs(int(image.data()[i]) - int(stored.const_data_ptr<std::uint8_t>()[i]));
    differing += d > 0;
    sum += d;
  }
  int const worst = largest_difference(image, stored);
  std::printf("JPEG: largest difference %d levels, %.1f %% of values differ, mean %.3f\n", worst,
              100.0 * static_cast<double>(differing) / static_cast<double>(image.size()),
              static_cast<double>(sum) / static_cast<double>(image.size()));
  CHECK(worst <= (picture_readers().starts_with("JPEG by libjpeg") ? 0 : 8));
}

TEST_CASE("resizing to the own size changes nothing") {
  Image image = Image::from_shape({5, 7, 3});
  for (std::size_t i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<std::uint8_t>(i * 37);
  CHECK(resize_bilinear(image, 5, 7) == image);
  CHECK(resize_bilinear(resize_bilinear(image, 1, 1), 3, 3).shape(0) == 3);
}

}  // namespace
