// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <torch/nn/module.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/fit.hpp"

// What a cache of the frozen towers' features is worth, at full size and with random weights:
//   vlsm_bench_training [clipseg|biomedclipseg] [pictures] [DATA LEVEL]
// Prints the time of the towers alone, of the first epoch and of the later ones. Without DATA, a
// folder in the study's layout, pictures are drawn.
namespace {

using namespace vlsm;

/// The first pictures of a split.
class First : public Dataset {
 public:
  First(Dataset const& all, std::size_t count) : all_(all), count_(std::min(count, all.size())) {}
  std::size_t size() const override { return count_; }
  Example at(std::size_t index, Random& random) const override { return all_.at(index, random); }

 private:
  Dataset const& all_;
  std::size_t count_;
};

/// Seconds on the clock, and of the processor: on a machine that others use, with one thread, the
/// second is the one to compare.
struct Times {
  double wall = 0, processor = 0;

  static Times now() {
    return {
        std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
        static_cast<double>(std::clock()) / CLOCKS_PER_SEC};
  }
  Times since(Times const& then) const { return {wall - then.wall, processor - then.processor}; }
};

/// Ids of words, one a letter: what a real vocabulary makes of these sentences is no longer.
template <class A>
Encode encode() {
  return [](std::string const& text) {
    std::vector<std::int64_t> ids{1};
    for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 60); i += 4)
      ids.push_back(1000 + static_cast<unsigned char>(text[i]));
    if constexpr (requires { A::Text::settings.end; })
      ids.push_back(A::Text::settings.end);
    else
      ids.push_back(3);
    return ids;
  };
}

template <class A>
void run(std::filesystem::path const& data, std::string const& level, std::size_t pictures) {
  FolderDataset const all(data, "train", level, A::recipe), others(data, "val", level, A::recipe);
  First const train(all, pictures), val(others, pictures / 4);
  Segmenter<A> model;
  freeze_encoders(model);
  Random random;
  Segmenter<A> alone;
  prepare(alone);
  // Once to warm up, then all: prepared and each by itself, as a training runs them.
  auto const see = [&](First const& examples, std::size_t count) {
    at::NoGradGuard const no_grad;
    for (std::size_t i = 0; i < count; ++i)
      alone.encode_image(examples.at(i, random).image.unsqueeze(0));
  };
  see(train, 2);
  std::vector<Times> times{Times::now()};
  see(train, train.size());
  see(val, val.size());
  std::set<std::vector<std::int64_t>> read;
  for (First const* examples : {&train, &val})
    for (std::size_t i = 0; i < examples->size(); ++i) {
      at::NoGradGuard const no_grad;
      auto const ids = encode<A>()(examples->at(i, random).prompt);
      if (read.insert(ids).second) alone.encode_text(Tokens{at::tensor(ids).unsqueeze(0)});
    }
  times.push_back(Times::now());
  auto const cache =
      std::make_shared<FeatureCache>(FeatureCacheOptions{.memory = std::size_t{8} << 30});
  FitOptions const options{.epochs = 5, .batch = 8, .features = cache};
  FitHooks const hooks{.on_epoch = [&](Epoch const&) { times.push_back(Times::now()); }};
  fit(model, train, val, encode<A>(), options, hooks);
  std::printf("%zu + %zu pictures, %d threads, %.2f GB kept\n", train.size(), val.size(),
              at::get_num_threads(), static_cast<double>(cache->counts().memory) / 1e9);
  auto const print = [&](char const* what, double Times::*time) {
    auto const between = [&](std::size_t from, std::size_t to) {
      return times[to].since(times[from]).*time;
    };
    double const towers = between(0, 1), first = between(1, 2), later = between(2, 6) / 4;
    std::printf(
        "%-9s towers alone %7.2f s, first epoch %7.2f s, later ones %7.3f s; first / towers %.3f, "
        "first / later %.1f\n",
        what, towers, first, later, first / towers, first / later);
  };
  print("clock", &Times::wall);
  print("processor", &Times::processor);
}

}  // namespace

int main(int count, char** words) {
  vlsm::keep_freed_memory();  // as `vlsm finetune`
  std::vector<std::string> const given(words + 1, words + count);
  std::string const model = given.empty() ? "clipseg" : given[0];
  std::size_t const pictures = given.size() < 2 ? 24 : std::stoul(given[1]);
  std::filesystem::path data = std::filesystem::temp_directory_path() / "vlsm-bench-training";
  std::string level = "p2";
  try {
    if (given.size() == 4) {
      data = given[2];
      level = given[3];
    } else {
      int const drawn = static_cast<int>(pictures);
      write_synthetic(data, {.side = 256}, {.train = drawn, .val = drawn / 4 + 1, .test = 0}, 1);
    }
    if (model == "biomedclipseg")
      run<BiomedClipSeg>(data, level, pictures);
    else
      run<ClipSeg>(data, level, pictures);
  } catch (Error const& error) {
    std::fprintf(stderr, "vlsm_bench_training: error: %s\n", error.what());
    return 1;
  }
}
