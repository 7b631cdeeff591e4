// SPDX-License-Identifier: MIT
// Trains each variant of examples/variants, or those named, in small on the demonstration's
// synthetic pictures, about a minute each:
//   03_variants [NAME...]
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <set>

#include "variants/biomedclipseg_adapters.hpp"
#include "variants/clipseg_cross_attention.hpp"
#include "variants/clipseg_stacked.hpp"
#include "variants/cris_biomedclip.hpp"
#include "variants/cris_lora.hpp"
#include "variants/small.hpp"
#include "variants/unet_film.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/vlsm.hpp"

namespace {

using namespace vlsm;
using namespace vlsm::variants;

std::filesystem::path const folder = std::filesystem::temp_directory_path() / "vlsm-variants";

/// A split of the pictures; as another camera would give them, red and blue are swapped.
class Pictures : public FolderDataset {
 public:
  Pictures(char const* split, char const* level, Recipe const& recipe, bool other_camera)
      : FolderDataset(folder, split, level, recipe), other_camera_(other_camera) {}

  Example at(std::size_t index, Random& random) const override {
    Example example = FolderDataset::at(index, random);
    if (other_camera_) example.image = example.image.flip(0);
    return example;
  }

 private:
  bool other_camera_;
};

std::vector<std::int64_t> encode(std::string const& text) {
  return tokenizer::ByteTokenizer().encode(text, ClipSegTiny::recipe.tokens);
}

template <class A>
void train(Segmenter<A>& model, int epochs, bool other_camera = false) {
  Pictures const train("train", "p2", A::recipe, other_camera),
      val("val", "p2", A::recipe, other_camera);
  fit(model, train, val, encode,
      {.epochs = epochs,
       .batch = 16,
       .optimizer = {.learning_rate = 1e-3, .clip = 1.0},
       .loss = SegmentationLoss::dice_ce,
       .schedule = Schedule::cosine,
       .early_stop = {.patience = epochs}},
      {.on_epoch = [](Epoch const& epoch) {
        std::cerr << "epoch " << epoch.epoch << ": validation Dice " << epoch.val_dice << "\n";
      }});
}

/// A row of the table: Dice on held-out pictures under the right prompts and under none.
template <class A>
void print_row(std::string const& name, Segmenter<A>& model, double seconds,
               bool other_camera = false) {
  long long trained = 0;
  for (at::Tensor const& parameter : trainable(model)) trained += parameter.numel();
  auto const dice = [&](char const* level) {
    return evaluate(model, Pictures("test", level, A::recipe, other_camera), encode, {.batch = 32})
        .dice()
        .mean;
  };
  std::printf("| %s | %lld | %lld | %.3f | %.3f | %.0f |\n", name.c_str(), parameter_count<A>(),
              trained, dice("p2"), dice("p0"), seconds);
  std::fflush(stdout);
}

/// Of a core, so that a busy machine does not show.
double seconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

struct Trial {
  char const* name;
  void (*run)(Trial const& trial);
  int epochs;       ///< from random weights; about a minute of one core
  int further = 0;  ///< of what is added to the trained base
};

template <class A>
void learn(Trial const& trial) {
  at::manual_seed(0);
  auto const start = std::clock();
  Segmenter<A> model;
  train(model, trial.epochs);
  print_row(trial.name, model, seconds_since(start));
}

/// The base is trained and saved; the variant starts from its file and trains only what it adds,
/// where `other_camera` on pictures that the base has not seen the like of.
template <class Base, class Variant, bool other_camera>
void extend(Trial const& trial) {
  at::manual_seed(0);
  std::string const name = trial.name;
  auto const file = folder / (name + ".safetensors");
  auto start = std::clock();
  Segmenter<Base> base;
  train(base, trial.epochs);
  io::save(base, file);
  print_row(name + ": the base", base, seconds_since(start));
  if (other_camera) print_row(name + ": the base, another camera", base, 0, true);

  start = std::clock();
  // [extend]
  Segmenter<Variant> model;
  io::load(model, file, {.partial = true});
  train_adapters_only(model);
  train(model, trial.further, other_camera);
  // [extend]
  print_row(name + (other_camera ? ", another camera" : ""), model, seconds_since(start),
            other_camera);
}

Trial const trials[] = {
    {"clipseg_cross_attention", learn<WithCrossAttention<ClipSegTiny>>, 10},
    {"cris_biomedclip", learn<OnTowersOf<CrisTiny, BiomedClipSegTiny>>, 6},
    {"unet", learn<UnetTiny>, 5},
    {"unet_film", learn<WithFilmSkips<UnetTiny, ClipText<byte_text>>>, 5},
    {"clipseg_stacked", extend<ClipSegTiny, WithStackedUnet<ClipSegTiny>, false>, 10, 3},
    {"biomedclipseg_adapters", extend<BiomedClipSegTiny, WithAdapters<BiomedClipSegTiny, 8>, true>,
     8, 8},
    {"cris_lora", extend<CrisTiny, WithLora<CrisTiny>, true>, 6, 6},
};

}  // namespace

int main(int count, char** words) {
  at::set_num_threads(1);  // the models are so small that a second one would mostly wait
  std::set<std::string> const named(words + 1, words + count);
  for (std::string const& name : named)
    if (std::ranges::none_of(trials, [&](Trial const& trial) { return name == trial.name; })) {
      std::cerr << "error: no variant is called " << name << ": choose one of";
      for (Trial const& trial : trials) std::cerr << " " << trial.name;
      std::cerr << "\n";
      return 2;
    }
  write_synthetic(folder, {.side = ClipSegTiny::recipe.image}, {}, 0);
  std::printf(
      "| | parameters | trained | Dice, right prompt | Dice, empty prompt | seconds |\n"
      "|---|---:|---:|---:|---:|---:|\n");
  for (Trial const& trial : trials)
    if (named.empty() || named.contains(trial.name)) trial.run(trial);
  std::filesystem::remove_all(folder);
}
