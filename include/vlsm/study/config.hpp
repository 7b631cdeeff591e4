// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"

// What a study is: models x data sets x prompts x training x seeds, and what each is tested on.
namespace vlsm::study {

/// How a model is trained; what is not set is the model's own (ModelNotes) or the study's.
struct Training {
  std::optional<int> epochs{};  ///< at most; 100
  std::optional<std::size_t> batch{}, pass{};
  std::optional<double> learning_rate{}, weight_decay{}, clip{};
  std::optional<std::string> loss{}, schedule{}, precision{}, towers{};
  std::optional<int> patience{};
  std::optional<std::vector<std::string>> augment{};

  /// This, and where it says nothing, what `other` says.
  Training over(Training const& other) const;
};

/// A model of a study: a registered architecture with weights.
struct Model {
  std::string label{};  ///< what tables call it; unique
  std::string model{};  ///< its registered name
  std::string weights = "random";
  std::string decoder_weights{}, weights_key{};
  std::string tokenizer{}, vocabulary{};
  std::string pretraining{};  ///< "natural", "medical", "none"; empty: the registered model's
  bool zero_shot = true;      ///< false: no zero-shot cells, since its weights hold no decoder
  Training training{};
};

/// A data set in the study's layout.
struct Set {
  std::string name{};  ///< what tables call it; unique
  std::filesystem::path path{};
  std::string dataset{};  ///< whose prompt templates it has; empty: told from its files
  std::string mask_value{};
  bool allow_empty = false;
  bool trained = true;                 ///< false: models are tested on it only
  std::vector<std::string> prompts{};  ///< empty: the study's
  std::vector<std::string> test_splits = {"test"};
};

/// Data sets that a model is trained on together.
struct Pool {
  std::string name{};
  std::vector<std::string> sets{};
  std::vector<std::string> also_tested_on{};  ///< sets that it is not trained on
  std::vector<std::string> prompts{};         ///< empty: the study's
};

/// A model trained on one set and tested on another.
struct Pair {
  std::string train{}, test{};
};

/// What a trained model is tested on, beside the set that it was trained on.
struct Tests {
  bool own = true;
  bool every_other_set = false;
  std::vector<Pair> out_of_distribution{};
  std::vector<std::string> perturbations{};  ///< perturbation_names of prompts/perturbation.hpp
  std::vector<std::string> attributes = {"all"};  ///< one at a time, or "all" at once
};

/// At most so many pictures of each split; 0: all. Those for training are picked by the cell's
/// seed, the others are the same for all cells.
struct Limits {
  std::size_t train = 0, val = 0, test = 0;
};

/// A study. Relative paths count from the folder that `read_config` was told.
struct Config {
  std::string name{};
  std::vector<Model> models{};
  std::vector<Set> data{};
  std::vector<Pool> pools{};
  std::vector<std::string> prompts{};  ///< levels, or "random"
  bool zero_shot = false, fine_tuned = true;
  std::vector<double> shares = {100};  ///< percent of the training pictures; 0 < share <= 100
  std::vector<std::uint64_t> seeds = {0};
  Tests tests{};
  Training training{};
  Limits limits{};
};

/// The data set of that name. Throws Error where there is none.
inline Set const& find_set(Config const& config, std::string_view name) {
  auto const found = std::ranges::find(config.data, name, &Set::name);
  if (found == config.data.end())
    throw Error("there is no such data set", std::string(name), "name it in the study's config");
  return *found;
}

/// Reads a study's JSON (docs/study.md lists its keys); `base` is what its relative paths count
/// from, `where` its file for messages. Throws Error that lists everything that is wrong with the
/// text itself: keys that are unknown or there twice, values of another type or out of range, names
/// that are used twice or stand for nothing. What needs the models and the files is
/// `check_config`'s: a list `wrong` is given these faults instead, for it to tell all at once; text
/// that is not a JSON object is thrown even so.
Config read_config(std::string_view text, std::filesystem::path const& base,
                   std::string const& where, std::vector<std::string>* wrong = nullptr);

/// The config as JSON with every key and absolute paths: what is kept in a study's folder.
nlohmann::ordered_json to_json(Config const& config);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/config.hpp"
#include "vlsm/study/impl/config_json.hpp"
#endif
