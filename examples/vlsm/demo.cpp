// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <chrono>
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "demo_report.hpp"
#include "progress.hpp"
#include "training_log.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/weights/open_model.hpp"

namespace tool {
namespace {

constexpr char const* model_name = "clipseg-tiny";
constexpr char const* level = "p2";

struct Options {
  // One thread: the model is so small that a second one would mostly wait, on a busy machine for
  // its turn.
  Common common{.threads = 1};
  std::string out = "vlsm-demo";
  int epochs = 10;
};

void make_data(std::filesystem::path const& root, int side, std::uint64_t seed) {
  vlsm::SyntheticCounts const counts;
  Progress progress("make pictures",
                    static_cast<std::size_t>(counts.train + counts.val + counts.test));
  vlsm::write_synthetic(
      root, {.side = side}, counts, static_cast<unsigned>(seed),
      [&](int done, int) { progress.update(static_cast<std::size_t>(done), ""); });
  progress.finish();
}

std::vector<vlsm::Epoch> train(vlsm::AnySegmenter& model, vlsm::RegisteredModel const& info,
                               std::filesystem::path const& data, vlsm::Encode const& encode,
                               Options const& options) {
  vlsm::FolderDataset const train(data, "train", level, info.recipe),
      val(data, "val", level, info.recipe);
  vlsm::FitOptions const fit{.epochs = options.epochs,
                             .batch = 16,
                             .optimizer = {.learning_rate = 1e-3, .clip = 1.0},
                             .loss = vlsm::SegmentationLoss::dice_ce,
                             .precision = options.common.computes_in(),
                             .schedule = vlsm::Schedule::cosine,
                             .early_stop = {.patience = options.epochs},
                             .seed = options.common.seed,
                             .run = std::filesystem::path(options.out) / "run"};
  vlsm::io::make_folder(fit.run, "choose another --out");
  return fit_logged(model, "train", train, val, encode, fit);
}

void run(Options const& options) {
  auto const start = std::chrono::steady_clock::now();
  at::Device const device = options.common.apply();
  std::filesystem::path const out = options.out, data = out / "data";
  // An earlier demonstration is done anew, one that was stopped, too; what is something else's
  // stays.
  std::filesystem::path const mark = out / ".vlsm-demo";
  bool const again = std::filesystem::exists(mark);
  for (char const* name : {"run", "data", "overlays", "metrics.json", "report.html"})
    if (!again && std::filesystem::exists(std::filesystem::symlink_status(out / name)))
      throw vlsm::Error("what is no demonstration's is in the way", (out / name).string(),
                        "choose another --out");
  vlsm::io::make_folder(out, "choose another --out");
  vlsm::io::write_whole_file(mark, "");
  for (char const* name : {"run", "overlays", "metrics.json", "report.html"})
    std::filesystem::remove_all(out / name);
  vlsm::RegisteredModel const& info = vlsm::find_model(model_name);
  make_data(data, info.recipe.image, options.common.seed);
  auto const model = vlsm::io::open_model(info, {.weights = "random", .seed = options.common.seed});
  model->module().to(device);
  ModelChoice choice;
  choice.model = model_name;
  vlsm::Encode const encode = choice.encode();

  DemoFigures figures;
  figures.history = train(*model, info, data, encode, options);
  auto const best =
      vlsm::io::open_model(info, {.weights = (out / "run" / "best.safetensors").string()});
  best->module().to(device);
  auto const score = [&](std::string const& split, std::string const& prompts) {
    return vlsm::evaluate(*best, vlsm::FolderDataset(data, split, prompts, info.recipe), encode,
                          {.batch = 32, .precision = options.common.computes_in()});
  };
  figures.right = score("test", level);
  figures.empty = score("test", "p0");
  figures.opposite = score("test_opposite", level);
  figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  figures.peak_mb = peak_megabytes();

  vlsm::io::write_whole_file(out / "metrics.json",
                             nlohmann::ordered_json{{"dice_right", figures.right.dice().mean},
                                                    {"dice_empty", figures.empty.dice().mean},
                                                    {"dice_opposite", figures.opposite.dice().mean},
                                                    {"seconds", figures.seconds},
                                                    {"peak_mb", figures.peak_mb}}
                                     .dump(1) +
                                 "\n");
  best->module().to(at::kCPU);
  write_demo_report(out, *best, info, encode, figures);
  std::printf(
      "Dice on held-out pictures: right prompt %.3f, empty prompt %.3f, opposite words (against "
      "the object they name) %.3f\n%.0f s, at most %.0f MB; see %s\n",
      figures.right.dice().mean, figures.empty.dice().mean, figures.opposite.dice().mean,
      figures.seconds, figures.peak_mb, (out / "report.html").c_str());
}

}  // namespace

void add_demo(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "demo", "See a small model learn to follow prompts, on pictures made here");
  auto const options = std::make_shared<Options>();
  command
      ->add_option("--out", options->out,
                   "folder for the data set, the run, metrics.json and report.html")
      ->check(not_empty())
      ->capture_default_str();
  command->add_option("--epochs", options->epochs, "passes over the training pictures")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  options->common.add_to(*command);
  command->callback([options] { run(*options); });
}

}  // namespace tool
