// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "common.hpp"
#include "vlsm/data/folder_dataset.hpp"

// The folder of a run of `vlsm finetune`: what stands between it and a new or resumed run, and what
// a run that goes on takes from it.
namespace tool {

/// The config.json of a run: the options that it was begun with. A discarded value where there is
/// none or it is no JSON.
nlohmann::json read_run_config(std::filesystem::path const& out);

/// A text of the config.json of the run that goes on; empty where there is none.
std::string noted(nlohmann::json const& before, char const* key);

/// The weights that a run began from, where the command line names none.
void take_noted(ModelChoice& choice, nlohmann::json const& before);

/// A run that goes on reads no weights but its own: of others it takes the vocabulary beside them.
void take_vocabulary_alone(ModelChoice& choice, std::string const& begun_from);

/// The weights that the settings of a run name: those on the command line or, of one that goes on,
/// those that it began from, since what has been kept is of no other.
nlohmann::ordered_json weights_settings(ModelChoice const& choice, nlohmann::json const& before,
                                        bool goes_on);

/// A new run must not take the place of an older one, nor of a model and its configuration: throws
/// vlsm::Error.
void check_free(std::filesystem::path const& out);

/// Throws vlsm::Error where there is no run to go on with, nor one to begin again since no epoch
/// was kept.
void check_resumable(std::filesystem::path const& out);

/// A run is continued only as what it was begun as: throws vlsm::Error where `now`, its options,
/// differs from those of its config.json in what changes its weights.
void check_same_run(std::filesystem::path const& out, nlohmann::ordered_json const& now);

/// A hash of all rows that a run trains on and is validated on and, with `files`, of their pictures
/// and masks. Throws vlsm::Error for a file that cannot be read.
std::string hash_of(vlsm::FolderDataset const& train, vlsm::FolderDataset const& val, bool files);

}  // namespace tool
