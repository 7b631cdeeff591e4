// SPDX-License-Identifier: MIT
#pragma once

#include <c10/util/Exception.h>

#include <chrono>
#include <cmath>
#include <map>
#include <new>
#include <set>
#include <system_error>
#include <thread>
#include <tuple>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/data/subset.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/study/cell_folder.hpp"
#include "vlsm/study/estimate.hpp"
#include "vlsm/study/run_study.hpp"
#include "vlsm/train/feature_cache.hpp"

namespace vlsm::study {

namespace detail_study {

inline std::string dump(nlohmann::ordered_json const& json) {
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Notes in `out`/study.json what study the folder is of, `now`, or compares.
inline void claim_folder(nlohmann::ordered_json const& now, std::filesystem::path const& out) {
  io::make_folder(out, "choose another --out");
  io::FileLock const lock(out / ".lock", /*wait=*/true);
  std::filesystem::path const file = out / "study.json";
  auto const text = io::read_whole_file(file);
  if (!text) {
    // What a study writes here must not take the place of another's.
    for (char const* name : {"report.html", "tables", "cells", "images", "masks", "anns"})
      if (std::error_code ignored; std::filesystem::exists(out / name, ignored))
        throw Error("the folder is not empty, and no study is there", (out / name).string(),
                    "choose another --out");
    return io::write_whole_file(file, dump(now));
  }
  auto const before = nlohmann::ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!before.is_object())
    throw Error("the folder's study cannot be read", file.string(), "choose another --out");
  for (auto const& [key, value] : now.items())
    if (auto const old = before.find(key); old == before.end() || *old != value)
      throw Error("the folder holds another study: its \"" + key + "\" differs", file.string(),
                  "choose another --out, or run that study");
}

/// What a cell is; `all` is the study as JSON.
inline nlohmann::ordered_json cell_json(Config const& config, nlohmann::ordered_json const& all,
                                        Cell const& cell) {
  FitOptions const fit = fit_options(config, cell);
  nlohmann::ordered_json json{{"cell", cell.id},       {"model", all["models"][cell.model]},
                              {"data", cell.subject},  {"trained_on", cell.trained_on},
                              {"prompt", cell.prompt}, {"share", cell.share},
                              {"seed", cell.seed},     {"tests", nlohmann::ordered_json::array()}};
  for (Test const& test : cell.tests)
    json["tests"].push_back({{"data", test.set},
                             {"split", test.split},
                             {"perturbation", test.perturbation},
                             {"attribute", test.attribute}});
  if (!cell.zero_shot())
    json["training"] = {{"epochs", fit.epochs},
                        {"batch", fit.batch},
                        {"pass", fit.pass},
                        {"learning_rate", fit.optimizer.learning_rate},
                        {"weight_decay", fit.optimizer.weight_decay},
                        {"clip", fit.optimizer.clip},
                        {"patience", fit.early_stop.patience},
                        {"limits", all["limits"]},
                        {"options", all["training"]}};
  return json;
}

/// Takes away what a finished cell needs no more; the process that finished it may have been killed
/// before it did.
inline void clean_up(CellFolder const& folder, CellOptions const& options) {
  std::error_code ignored;
  for (char const* file : {"last.safetensors", "begun.json"})
    std::filesystem::remove(folder.path() / file, ignored);
  if (!options.keep_checkpoint)
    std::filesystem::remove(folder.path() / "best.safetensors", ignored);
  folder.clear_lock();
}

/// Runs one cell that is locked. Returns whether it is finished.
inline bool run_locked(Config const& config, Cell const& cell, Sets& sets, CellFolder const& folder,
                       CellOptions const& options) {
  auto const result = run_cell(config, cell, sets, folder.path(), options);
  if (!result) return false;
  io::write_whole_file(folder.metrics(), to_text(*result));
  clean_up(folder, options);
  return true;
}

/// What went wrong in a cell, in one line; memory and LibTorch among it. Passes on NoSpace.
template <class Run>
std::string error_of(Run const& run) {
  try {
    run();
  } catch (NoSpace const&) {
    throw;  // the other cells would fail alike
  } catch (Error const& error) {
    return error.what();
  } catch (std::bad_alloc const&) {
    return "memory ran out: choose a smaller \"pass\"";
  } catch (c10::Error const& error) {
    std::string const text = error.what_without_backtrace();
    return "LibTorch: " + text.substr(0, std::min<std::size_t>(text.find('\n'), 400));
  } catch (std::filesystem::filesystem_error const& error) {
    return error.code().message() + ": " + error.path1().string();
  } catch (std::exception const& error) {
    return error.what();
  }
  return {};
}

}  // namespace detail_study

VLSM_INLINE std::vector<Cell> registered_cells(Config const& config) {
  return cells_of(config,
                  [](Model const& model) { return find_model(model.model).vocabulary > 0; });
}

VLSM_INLINE Outcome run_study(Config const& config, std::vector<Cell> const& cells,
                              std::filesystem::path const& out, Part part,
                              CellOptions const& options, StudyHooks const& hooks) {
  nlohmann::ordered_json const all = to_json(config);
  detail_study::claim_folder(all, out);
  Outcome outcome{.cells = cells.size(), .failed = {}};
  Sets sets(config, options.pictures, options.told);
  auto const begun = std::filesystem::file_time_type::clock::now();
  std::set<std::size_t> open;  // of this process's cells, those that are neither done nor failed
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (part.has(i)) open.insert(i);
  std::size_t const mine = open.size();
  auto const share = [&](double within) {
    return mine ? 1 - (static_cast<double>(open.size()) - within) / static_cast<double>(mine) : 1.0;
  };
  auto const stopped = [&] { return options.stop && options.stop(); };
  // Finished, or found failing by another process of this run.
  auto const settled = [&](CellFolder const& folder) {
    if (folder.finished()) detail_study::clean_up(folder, options);
    return folder.finished() || folder.failed_since(begun);
  };
  std::erase_if(open, [&](std::size_t i) { return settled(CellFolder(out, cells[i].id)); });
  if (hooks.on_start) hooks.on_start(share(0));

  auto const run = [&](Cell const& cell, CellFolder const& folder) {
    if (hooks.on_cell) hooks.on_cell(cell, mine - open.size() + 1, mine);
    std::error_code ignored;
    std::filesystem::remove(folder.error(), ignored);
    CellOptions of_cell = options;
    of_cell.progress = [&](double within) {
      if (hooks.on_progress) hooks.on_progress(share(within), cell.id);
    };
    bool finished = false;
    std::string const error = detail_study::error_of([&] {
      io::write_whole_file(folder.config(),
                           detail_study::dump(detail_study::cell_json(config, all, cell)),
                           /*flush=*/false);
      finished = detail_study::run_locked(config, cell, sets, folder, of_cell);
    });
    outcome.ran += finished;
    outcome.stopped = !finished && error.empty();
    if (error.empty()) return;
    outcome.failed.emplace_back(cell.id, error);
    if (hooks.on_failed) hooks.on_failed(cell, error);
    io::write_whole_file(folder.error(), error + "\n", /*flush=*/false);
  };
  while (!open.empty() && !outcome.stopped) {
    bool waits = true;  // all that is open is another process's
    for (auto at = open.begin(); at != open.end() && !outcome.stopped;) {
      if (stopped()) {
        outcome.stopped = true;
        break;
      }
      Cell const& cell = cells[*at];
      CellFolder const folder(out, cell.id);
      if (!settled(folder)) {
        io::FileLock const lock = folder.lock();
        if (!lock.held()) {
          ++at;
          continue;
        }
        if (!settled(folder)) run(cell, folder);  // or another process was faster
      }
      waits = false;
      at = open.erase(at);
      if (hooks.on_progress) hooks.on_progress(share(0), cell.id);
    }
    if (waits && !open.empty() && !outcome.stopped)
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  for (Cell const& cell : cells) outcome.finished += CellFolder(out, cell.id).finished();
  return outcome;
}

VLSM_INLINE std::vector<CellResult> finished_results(std::vector<Cell> const& cells,
                                                     std::filesystem::path const& out) {
  std::vector<CellResult> results;
  for (Cell const& cell : cells)
    if (CellFolder const folder(out, cell.id); folder.finished())
      results.push_back(read_result(folder.metrics()));
  return results;
}

VLSM_INLINE Estimate estimate(Config const& config, std::vector<Cell> const& cells,
                              std::filesystem::path const& out) {
  struct Counts {
    std::size_t rows = 0, pictures = 0;
  };
  std::map<std::tuple<std::string, std::string, std::size_t>, Counts> counts;
  auto const count_of = [&](std::string const& name, std::string const& split, std::size_t limit) {
    auto const [entry, fresh] = counts.emplace(std::tuple(name, split, limit), Counts{});
    if (!fresh) return entry->second;
    std::vector<std::string> pictures;
    for (Annotation const& row :
         read_annotations(find_set(config, name).path / "anns" / (split + ".json")))
      pictures.push_back(row.image);
    std::set<std::string> distinct;
    for (std::size_t const row : rows_of_share(pictures, {.most = limit})) {
      distinct.insert(pictures[row]);
      ++entry->second.rows;
    }
    entry->second.pictures = distinct.size();
    return entry->second;
  };
  Estimate sum;
  std::map<std::string, double> features;  // of each frozen model and split
  for (Cell const& cell : cells) {
    Model const& model = config.models[cell.model];
    RegisteredModel const& info = find_model(model.model);
    Load load{.epochs = fit_options(config, cell).epochs,
              .frozen_towers = freezes_towers(config, cell)};
    bool const kept = cell.zero_shot() || load.frozen_towers;
    auto const seen = [&](std::string const& set, std::string const& split, std::size_t limit) {
      Counts const count = count_of(set, split, limit);
      if (kept)
        features[model.label + "/" + set + "/" + split] =
            1e-9 * static_cast<double>(feature_bytes(info) * count.pictures);
      return count.rows;
    };
    for (std::string const& set : cell.trained_on) {
      auto const train = static_cast<double>(seen(set, "train", config.limits.train));
      load.train += static_cast<std::size_t>(std::ceil(train * cell.share / 100));
      load.val += seen(set, "val", config.limits.val);
    }
    for (Test const& test : cell.tests)
      load.tested += seen(test.set, test.split, config.limits.test);
    if (CellFolder(out, cell.id).finished()) continue;
    Cost const cost = cost_of(info, load);
    sum.gflop += cost.gflop;
    sum.disk_gb += cost.checkpoint_gb;
    sum.running_gb = std::max(sum.running_gb, cost.running_gb);
  }
  for (auto const& [name, gigabytes] : features) sum.features_gb += gigabytes;
  return sum;
}

}  // namespace vlsm::study
