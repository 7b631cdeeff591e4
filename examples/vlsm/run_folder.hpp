// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "vlsm/data/folder_dataset.hpp"

// What stands between a new or resumed run of `vlsm finetune` and the folder that it is to have.
namespace tool {

/// The config.json of a run: the options that it was begun with. A discarded value where there is
/// none or it is no JSON.
nlohmann::json read_run_config(std::filesystem::path const& out);

/// A new run must not take the place of an older one, nor of a model and its configuration: throws
/// vlsm::Error.
void check_free(std::filesystem::path const& out);

/// Throws vlsm::Error where there is no run to go on with, nor one to begin again since no epoch
/// was kept.
void check_resumable(std::filesystem::path const& out);

/// A run is continued only as what it was begun as: throws vlsm::Error where `now`, its options,
/// differs from those of its config.json in what changes its weights.
void check_same_run(std::filesystem::path const& out, nlohmann::ordered_json const& now);

/// A hash of all rows that a run trains on and is validated on.
std::string rows_of(vlsm::FolderDataset const& train, vlsm::FolderDataset const& val);

}  // namespace tool
