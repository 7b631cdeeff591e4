// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "benchmarks/support/case.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"

// What writes the JPEG file that is read.
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

// From a PNG file of 640 x 480 pixels to what CLIPSeg sees of it; files of 600 x 500 read and
// written.
namespace vlsm::bench {
namespace {

constexpr std::size_t height = 480, width = 640, side = 352;
constexpr Recipe recipe{.image = side, .normalize = imagenet_normalization};

/// Soft waves with grain: compresses about as well as a photograph.
Image picture(std::size_t rows = height, std::size_t columns = width) {
  Image image = Image::from_shape({rows, columns, 3});
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < columns; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        double const wave =
            std::sin(0.013 * static_cast<double>(x * (c + 1)) + 0.021 * static_cast<double>(y));
        double const grain = test::recipe_unit(7, (y * columns + x) * 3 + c);
        image(y, x, c) = static_cast<std::uint8_t>(128 + 100 * wave + 8 * grain);
      }
  return image;
}

std::string jpeg_of(Image const& image) {
  std::string bytes;
  stbi_write_jpg_to_func(
      [](void* out, void* data, int size) {
        static_cast<std::string*>(out)->append(static_cast<char const*>(data),
                                               static_cast<std::size_t>(size));
      },
      &bytes, static_cast<int>(image.shape(1)), static_cast<int>(image.shape(0)), 3, image.data(),
      90);
  return bytes;
}

/// A file of its own, removed with the last benchmark that reads it.
class PictureFile {
 public:
  explicit PictureFile(std::string const& bytes)
      : path_(std::filesystem::temp_directory_path() /
              ("vlsm_bench_" + std::to_string(::getpid()))) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~PictureFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  PictureFile(PictureFile const&) = delete;
  PictureFile& operator=(PictureFile const&) = delete;
  std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The weights [out, in] of an antialiased triangle filter, in double precision.
at::Tensor triangle(std::size_t in, std::size_t out) {
  at::Tensor const center = (at::arange(static_cast<double>(out), at::kDouble) + 0.5) *
                            (static_cast<double>(in) / static_cast<double>(out));
  at::Tensor const source = at::arange(static_cast<double>(in), at::kDouble) + 0.5;
  double const support = std::max(1.0, static_cast<double>(in) / static_cast<double>(out));
  at::Tensor const weight =
      (1 - (source.unsqueeze(0) - center.unsqueeze(1)).abs() / support).clamp_min(0);
  return weight / weight.sum(1, true);
}

/// Against two products in double precision. The library rounds to 8 bit after each of the two
/// passes, as PIL does: half a level each, one level at most.
std::string check_prepared(Image const& image, at::Tensor const& prepared) {
  at::Tensor const pixels =
      at::from_blob(const_cast<std::uint8_t*>(image.data()), {height, width, 3}, at::kByte)
          .to(at::kDouble)
          .permute({2, 0, 1});
  at::Tensor const resized =
      at::matmul(at::matmul(triangle(height, side), pixels), triangle(width, side).t());
  for (std::int64_t c = 0; c < 3; ++c) {
    auto const channel = static_cast<std::size_t>(c);
    at::Tensor const levels = (prepared[c].to(at::kDouble) * recipe.normalize.deviation[channel] +
                               recipe.normalize.mean[channel]) *
                              255;
    double const error = (levels - resized[c]).abs().max().item<double>();
    if (!(error <= 1.01))
      return "resized pixels differ by " + std::to_string(error) + " levels, allowed is 1";
  }
  return {};
}

Prepared reading(std::string const& bytes, std::string const& wrong) {
  auto const file = std::make_shared<PictureFile const>(bytes);
  return {.wrong = wrong, .run = [file] {
            Image const result = read_image(file->path());
            benchmark::DoNotOptimize(result.data());
          }};
}

Prepared prepare_read_png(std::size_t rows, std::size_t columns) {
  Image const image = picture(rows, columns);
  std::string const bytes = encode_png(image);
  bool const right = read_image(PictureFile(bytes).path()) == image;
  return reading(bytes, right ? "" : "the file's pixels are others than those written");
}

Prepared prepare_read_jpeg() {
  Image const image = picture(500, 600);
  std::string const bytes = jpeg_of(image);
  Image const result = read_image(PictureFile(bytes).path());
  double sum = 0;
  for (std::size_t i = 0; i < image.size(); ++i)
    sum += std::abs(int(result.data()[i]) - int(image.data()[i]));
  bool const near = sum / static_cast<double>(image.size()) < 8;
  return reading(bytes, near ? "" : "the file's pixels are far from those written");
}

Prepared prepare_write(Image const& image) {
  bool const right = read_image(PictureFile(encode_png(image)).path()) == image;
  return {.wrong = right ? "" : "the file's pixels are others than those written", .run = [image] {
            std::string const result = encode_png(image);
            benchmark::DoNotOptimize(result.data());
          }};
}

Image mask_picture() {
  Mask mask = Mask::from_shape({500, 600});
  for (std::size_t y = 0; y < 500; ++y)
    for (std::size_t x = 0; x < 600; ++x)
      mask(y, x) = (y - 240) * (y - 240) + (x - 320) * (x - 320) < 14'400 ? 255 : 0;
  return as_image(mask);
}

Prepared prepare_resize() {
  Image const image = picture();
  return {.wrong = check_prepared(image, prepare_image(image, recipe)), .run = [image] {
            at::Tensor const result = prepare_image(image, recipe);
            benchmark::DoNotOptimize(result.const_data_ptr());
          }};
}

Prepared prepare_all() {
  Image const image = picture();
  auto const file = std::make_shared<PictureFile const>(encode_png(image));
  return {.wrong = check_prepared(image, prepare_image(read_image(file->path()), recipe)),
          .run = [file] {
            at::Tensor const result = prepare_image(read_image(file->path()), recipe);
            benchmark::DoNotOptimize(result.const_data_ptr());
          }};
}

Registration const all([] {
  // Bytes that must move: pixels in or out at 8 bit, the tensor at 32 bit.
  constexpr double pixels = 3.0 * height * width, tensor = 4.0 * 3 * side * side;
  std::string const axes = "/from:640x480/to:352";
  constexpr double file = 3.0 * 500 * 600;
  add({.name = "BM_Image/part:read_png/from:640x480", .work = {.bytes = pixels}, .prepare = [] {
         return prepare_read_png(height, width);
       }});
  add({.name = "BM_Image/part:read_png/from:600x500/by:vlsm",
       .work = {.bytes = file},
       .prepare = [] { return prepare_read_png(500, 600); }});
  add({.name = "BM_Image/part:read_jpeg/from:600x500/by:vlsm",
       .work = {.bytes = file},
       .prepare = prepare_read_jpeg});
  add({.name = "BM_Image/part:write_picture/from:600x500/by:vlsm",
       .work = {.bytes = file},
       .prepare = [] { return prepare_write(picture(500, 600)); }});
  add({.name = "BM_Image/part:write_mask/from:600x500/by:vlsm",
       .work = {.bytes = file},
       .prepare = [] { return prepare_write(mask_picture()); }});
  add({.name = "BM_Image/part:resize_normalize" + axes,
       .work = {.bytes = pixels + tensor},
       .prepare = prepare_resize});
  add({.name = "BM_Image/part:all" + axes,
       .work = {.bytes = pixels + tensor},
       .prepare = prepare_all});
});

}  // namespace
}  // namespace vlsm::bench
