// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "siblings.hpp"
#include "stop_signal.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/study/cell_folder.hpp"
#include "vlsm/study/presets.hpp"
#include "vlsm/study/report.hpp"
#include "vlsm/study/run_study.hpp"
#include "vlsm/train/feature_cache.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  std::string config, preset, data, weights, out, part, cache = "memory";
  int jobs = 0;
  bool dry_run = false, discard = false, sibling = false;
};

/// What is wrong with the text of a config goes to `wrong`.
vlsm::study::Config read(Options const& options, std::vector<std::string>& wrong) {
  if (options.preset == "smoke") return vlsm::study::smoke_study(options.data);
  if (options.preset == "midl2024")
    return vlsm::study::midl2024_study(
        options.data, options.weights.empty() ? std::filesystem::path(options.data) / "weights"
                                              : std::filesystem::path(options.weights));
  auto const text = vlsm::io::read_whole_file(options.config);
  if (!text)
    throw vlsm::Error("the study's config cannot be read", options.config, "give a JSON file");
  auto const base = std::filesystem::absolute(options.config).parent_path();
  return vlsm::study::read_config(*text, base, options.config, &wrong);
}

/// What keeps the features of frozen towers for all cells, and a notice of the room that it takes;
/// null where no tower is frozen, or --cache is off.
std::shared_ptr<vlsm::FeatureCache> open_cache(Options const& options, double needed_gb, int jobs) {
  if (options.cache == "off" || needed_gb == 0) return nullptr;
  bool const in_memory = options.cache == "memory";
  vlsm::FeatureCacheOptions how{.memory =
                                    vlsm::usual_cache_memory() / static_cast<std::size_t>(jobs)};
  if (!in_memory) how.folder = options.cache;
  char line[160];
  std::snprintf(line, sizeof line,
                "features of frozen towers are kept: up to %.2f GB, of which %.2f GB in memory",
                needed_gb, std::min(needed_gb, 1e-9 * static_cast<double>(how.memory)));
  notice(line + (in_memory ? std::string(" and the rest nowhere (--cache DIR)")
                           : ", the rest in " + options.cache));
  return std::make_shared<vlsm::FeatureCache>(how);
}

/// What products of matrices reach here, in GFLOP a second.
double measured_speed() {
  at::Tensor const a = at::rand({768, 768}), b = at::rand({768, 768});
  at::mm(a, b);
  auto const start = std::chrono::steady_clock::now();
  int count = 0;
  double seconds = 0;
  for (; seconds < 0.2; ++count) {
    at::mm(a, b);
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return 2e-9 * 768 * 768 * 768 * count / seconds;
}

void print_plan(Options const& options, vlsm::study::Config const& config,
                std::vector<vlsm::study::Cell> const& cells) {
  auto const part = vlsm::study::parse_part(options.part);
  std::vector<vlsm::study::Cell> mine;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (part.has(i)) mine.push_back(cells[i]);
  for (vlsm::study::Cell const& cell : mine)
    std::printf("%s  %zu tests%s\n", cell.id.c_str(), cell.tests.size(),
                vlsm::study::CellFolder(options.out, cell.id).finished() ? "  finished" : "");
  auto const cost = vlsm::study::estimate(config, mine, options.out);
  // Half of what large products reach is usual for whole models.
  double const hours = cost.gflop / (0.5 * measured_speed()) / 3600;
  std::printf(
      "%zu cells, about %.2g hours here if no early stop shortens them (%.3g GFLOP on %d threads), "
      "%.2f GB of disk%s",
      mine.size(), hours, cost.gflop, at::get_num_threads(),
      (options.discard ? 0 : cost.disk_gb) + cost.running_gb,
      options.discard ? "" : " (--discard-checkpoints: less)");
  if (cost.features_gb > 0) std::printf(", %.2f GB of features of frozen towers", cost.features_gb);
  std::printf("\n");
}

/// Writes the tables and says what there is. Throws vlsm::Error where cells failed, whichever
/// process ran them.
void finish(vlsm::study::Config const& config, std::vector<vlsm::study::Cell> const& cells,
            vlsm::study::Part const part, std::filesystem::path const& out) {
  vlsm::study::write_tables(config, cells, out);
  std::size_t finished = 0;
  std::vector<std::pair<std::string, std::string>> failed;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    vlsm::study::CellFolder const folder(out, cells[i].id);
    finished += folder.finished();
    if (auto const error = folder.failure(); part.has(i) && !folder.finished() && !error.empty())
      failed.emplace_back(cells[i].id, error);
  }
  std::printf("%s: %zu of %zu cells finished; see %s\n", out.c_str(), finished, cells.size(),
              (out / "report.html").c_str());
  if (!failed.empty())
    throw vlsm::Error(
        std::to_string(failed.size()) + " cells failed, the first is " + failed[0].first,
        failed[0].second, "mend it and run the same command again");
}

int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

/// How many processes share the cells: as asked, or one a core for small models on a CPU, whose
/// steps more threads would not shorten.
int jobs_of(Options const& options, vlsm::study::Config const& config, std::size_t cells) {
  constexpr double small = 5;  // GFLOP a picture
  int jobs = options.jobs;
  if (jobs == 0) {
    bool const all_small = std::ranges::all_of(config.models, [](auto const& model) {
      return vlsm::find_model(model.model).gflop < small;
    });
    jobs = all_small && options.common.device == "cpu" ? cores() : 1;
  }
  return std::min(jobs, static_cast<int>(std::max<std::size_t>(cells, 1)));
}

void run(Options& options) {
  if (options.sibling) Siblings::end_with_parent();
  vlsm::keep_freed_memory();
  std::string const where = options.config.empty() ? "--preset " + options.preset : options.config;
  std::vector<std::string> wrong;
  vlsm::study::Config const config = read(options, wrong);
  vlsm::study::Part const part = vlsm::study::parse_part(options.part);
  vlsm::study::check_config(config, where, wrong);
  auto const cells = vlsm::study::registered_cells(config);
  int const jobs = jobs_of(options, config, cells.size());
  if (options.common.threads == 0 && jobs > 1) options.common.threads = std::max(1, cores() / jobs);
  at::Device const device = options.common.apply();
  if (options.dry_run) return print_plan(options, config, cells);
  if (options.out.empty())
    throw vlsm::Error("no folder for the study is named", "--out", "give --out DIR");
  auto const cache =
      open_cache(options, vlsm::study::estimate(config, cells, options.out).features_gb, jobs);
  show_notices();
  Progress progress("study", 1000);
  StopSignal const signal;
  Siblings siblings(options.sibling ? 0 : jobs - 1);
  auto const shares = static_cast<std::size_t>(jobs);  // of the memory
  vlsm::study::CellOptions const how{.device = device,
                                     .pictures = (std::size_t{3} << 30) / shares,
                                     .tested_features = (std::size_t{1} << 30) / shares,
                                     .features = cache,
                                     .stop = [&] { return signal.came() != 0; },
                                     .told = notice,
                                     .keep_checkpoint = !options.discard};
  vlsm::study::StudyHooks const hooks{
      .on_start = [&](double share) { progress.skip(static_cast<std::size_t>(1000 * share)); },
      .on_progress =
          [&](double share, std::string const& what) {
            progress.update(static_cast<std::size_t>(1000 * share), what);
          },
      .on_failed =
          [&](vlsm::study::Cell const& cell, std::string const& error) {
            notice(cell.id + " failed: " + error);
            show_notices();
          }};
  auto const outcome = vlsm::study::run_study(config, cells, options.out, part, how, hooks);
  if (outcome.stopped) {
    siblings.send(signal.came());
    siblings.wait();
    throw Stopped(signal.came(), options.out + ", which is saved; the same command goes on there");
  }
  siblings.wait();
  show_notices();
  if (options.sibling) return;
  progress.update(1000);
  progress.finish();
  finish(config, cells, part, options.out);
  if (cache && !cache->trouble().empty())
    notice("no more features could be kept: " + cache->trouble());
}

}  // namespace

void add_study(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "study", "Train and test models x data sets x prompts, and answer with tables and a report");
  auto const options = std::make_shared<Options>();
  auto* const config =
      command->add_option("CONFIG", options->config, "the study as a JSON file (docs/study.md)")
          ->check(not_empty());
  auto* const preset = command
                           ->add_option("--preset", options->preset,
                                        "a study that needs no file: smoke (small models, minutes) "
                                        "or midl2024 (the paper's matrix)")
                           ->check(CLI::IsMember(vlsm::study::preset_names()))
                           ->excludes(config);
  auto* const data =
      command
          ->add_option("--data", options->data,
                       "for smoke: a data set in the study's layout; for midl2024: the folder of "
                       "the data sets")
          ->check(not_empty())
          ->needs(preset);
  preset->needs(data);
  command
      ->add_option("--weights", options->weights,
                   "for midl2024: folder with clipseg-rd64-refined/, cris.pt, biomedclip/, "
                   "resnet50.pth; default: DATA/weights")
      ->check(not_empty())
      ->needs(preset);
  command
      ->add_option("--out", options->out,
                   "folder for cells/, tables/ and report.html; one that holds the study goes on")
      ->check(not_empty());
  command->add_flag("--dry-run", options->dry_run, "print cells, hours and disk, and run nothing");
  command
      ->add_option("--cells", options->part,
                   "K/N: the K-th of N parts of the cells (a job of a Slurm array)")
      ->check(not_empty());
  command
      ->add_option("--cache", options->cache,
                   "where features of frozen towers are kept: off, memory, or a folder for what "
                   "memory does not hold")
      ->check(not_empty())
      ->capture_default_str();
  command
      ->add_option(
          "--jobs", options->jobs,
          "processes that share the cells and the cores; 0: one a core for small models on "
          "a CPU, else 1")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--sibling", options->sibling)->group("");  // Siblings' own
  command->add_flag("--discard-checkpoints", options->discard,
                    "remove a cell's weights once it is finished");
  options->common.add_machine_to(*command);
  command->callback([options, config] {
    if (!options->weights.empty() && options->preset != "midl2024")
      throw CLI::ValidationError("--weights", "is for --preset midl2024");
    if (config->count() == 0 && options->preset.empty())
      throw CLI::RequiredError("a CONFIG or --preset");
    run(*options);
  });
}

}  // namespace tool
