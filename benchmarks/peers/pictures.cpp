// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>

#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"

// This library's part of pictures.py: `vlsm_pictures ROUNDS SIDE FOLDER FILE …` decodes each file
// and makes of its pixels what a model sees, ROUNDS times, and prints a line a file: the least
// milliseconds of the processor for either. FOLDER/N.rgb and FOLDER/N.f32 get the results.
namespace {

double processor_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

double least_ms(int rounds, std::function<void()> const& run) {
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < rounds; ++i) {
    double const begin = processor_ms();
    run();
    least = std::min(least, processor_ms() - begin);
  }
  return least;
}

void write(std::filesystem::path const& path, void const* data, std::size_t bytes) {
  std::ofstream(path, std::ios::binary)
      .write(static_cast<char const*>(data), static_cast<std::streamsize>(bytes));
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) {
    std::fprintf(stderr, "usage: vlsm_pictures ROUNDS SIDE FOLDER FILE ...\n");
    return 2;
  }
  try {
    int const rounds = std::atoi(words[1]);
    vlsm::Recipe const recipe{.image = std::atoi(words[2]),
                              .normalize = vlsm::imagenet_normalization};
    std::filesystem::path const folder = words[3];
    for (int i = 4; i < count; ++i) {
      vlsm::Image image;
      at::Tensor seen;
      double const decode = least_ms(rounds, [&] { image = vlsm::read_image(words[i]); });
      double const prepare = least_ms(rounds, [&] { seen = vlsm::prepare_image(image, recipe); });
      std::string const name = std::to_string(i - 4);
      write(folder / (name + ".rgb"), image.data(), image.size());
      write(folder / (name + ".f32"), seen.const_data_ptr(), seen.nbytes());
      std::printf("%.4f %.4f\n", decode, prepare);
    }
    return 0;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "vlsm_pictures: %s\n", error.what());
    return 1;
  }
}
