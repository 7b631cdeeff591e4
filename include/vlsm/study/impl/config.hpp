// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/augmentation.hpp"
#include "vlsm/study/config.hpp"
#include "vlsm/study/impl/config_names.hpp"
#include "vlsm/study/impl/config_reader.hpp"
#include "vlsm/train/loss_name.hpp"

namespace vlsm::study {

namespace detail_config {

/// A text that must be one of a list.
template <class Names>
void check_one_of(Complaints& complaints, std::string const& key, std::string const& typed,
                  Names const& names) {
  if (std::ranges::find(names, typed) == std::ranges::end(names))
    complaints.add(in_quotes(key) + " is " + in_quotes(typed) + suggestion(typed, names));
}

inline void read_training(nlohmann::json const& json, std::string const& path, Training& training,
                          Complaints& complaints) {
  ConfigReader reader(json, path, complaints);
  reader.read("epochs", training.epochs);
  reader.read("batch", training.batch);
  reader.read("pass", training.pass);
  reader.read("learning_rate", training.learning_rate);
  reader.read("weight_decay", training.weight_decay);
  reader.read("clip", training.clip);
  reader.read("loss", training.loss);
  reader.read("schedule", training.schedule);
  reader.read("precision", training.precision);
  reader.read("towers", training.towers);
  reader.read("patience", training.patience);
  reader.read("augment", training.augment);
  for (auto const& [key, zero] : {std::pair{"epochs", training.epochs == 0},
                                  {"batch", training.batch == std::size_t{0}},
                                  {"pass", training.pass == std::size_t{0}},
                                  {"patience", training.patience == 0}})
    if (zero) reader.complain(key, "is 0, write 1 or more");
  for (auto const& [key, value] : {std::pair{"learning_rate", training.learning_rate},
                                   {"weight_decay", training.weight_decay},
                                   {"clip", training.clip}})
    if (value && *value < 0) reader.complain(key, "is below 0");
  for (auto const& [key, value, names] :
       {std::tuple{"loss", training.loss, loss_names({"auto"})},
        {"schedule", training.schedule, std::vector<std::string>{"plateau", "cosine"}},
        {"precision", training.precision, std::vector<std::string>{"fp32", "bf16"}},
        {"towers", training.towers, std::vector<std::string>{"auto", "frozen", "trained"}}})
    if (value) check_one_of(complaints, path + key, *value, names);
  for (std::string const& name : training.augment.value_or(std::vector<std::string>()))
    check_one_of(complaints, path + "augment", name, augmentation_names);
}

inline void read_models(nlohmann::json const& list, Config& config, Complaints& complaints) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Model model;
    if (list[i].is_string()) {
      model.model = list[i];
    } else {
      std::string const path = "models[" + std::to_string(i) + "].";
      ConfigReader reader(list[i], path, complaints);
      reader.read("model", model.model);
      reader.read("label", model.label);
      reader.read("weights", model.weights);
      reader.read("decoder_weights", model.decoder_weights);
      reader.read("weights_key", model.weights_key);
      reader.read("tokenizer", model.tokenizer);
      reader.read("vocab", model.vocabulary);
      reader.read("pretraining", model.pretraining);
      reader.read("zero_shot", model.zero_shot);
      if (auto const* const training = reader.find("training"))
        read_training(*training, path + "training.", model.training, complaints);
      if (model.model.empty()) reader.complain("model", "is missing");
      if (!model.pretraining.empty())
        check_one_of(complaints, path + "pretraining", model.pretraining,
                     std::vector<std::string>{"natural", "medical", "none"});
    }
    if (model.label.empty()) model.label = model.model;
    config.models.push_back(std::move(model));
  }
}

inline void read_sets(nlohmann::json const& list, Config& config, Complaints& complaints) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Set set;
    if (list[i].is_string()) {
      set.path = list[i].get<std::string>();
    } else {
      ConfigReader reader(list[i], "data[" + std::to_string(i) + "].", complaints);
      std::string path;
      reader.read("name", set.name);
      reader.read("path", path);
      reader.read("dataset", set.dataset);
      reader.read("mask_value", set.mask_value);
      reader.read("allow_empty", set.allow_empty);
      reader.read("trained", set.trained);
      reader.read("prompts", set.prompts);
      reader.read("test_splits", set.test_splits);
      if (path.empty()) reader.complain("path", "is missing");
      set.path = path;
    }
    if (set.name.empty()) set.name = name_of_folder(set.path);
    config.data.push_back(std::move(set));
  }
}

inline void read_pools(nlohmann::json const& list, Config& config, Complaints& complaints) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Pool pool;
    ConfigReader reader(list[i], "pools[" + std::to_string(i) + "].", complaints);
    reader.read("name", pool.name);
    reader.read("sets", pool.sets);
    reader.read("also_tested_on", pool.also_tested_on);
    reader.read("prompts", pool.prompts);
    if (pool.name.empty()) reader.complain("name", "is missing");
    if (pool.sets.empty()) reader.complain("sets", "is empty");
    config.pools.push_back(std::move(pool));
  }
}

inline void read_tests(nlohmann::json const& json, Tests& tests, Complaints& complaints) {
  ConfigReader reader(json, "tests.", complaints);
  reader.read("own", tests.own);
  reader.read("perturbations", tests.perturbations);
  reader.read("attributes", tests.attributes);
  if (auto const* const pairs = reader.find("out_of_distribution")) {
    if (*pairs == "all") {
      tests.every_other_set = true;
    } else if (!pairs->is_array()) {
      reader.complain("out_of_distribution", "is no list, write \"all\" or [[\"a\", \"b\"]]");
    } else {
      for (nlohmann::json const& pair : *pairs) {
        if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string())
          tests.out_of_distribution.push_back({pair[0], pair[1]});
        else
          reader.complain("out_of_distribution", "has an entry that is no pair of names: " +
                                                     strings::brief(pair.dump(-1, ' ', true), 40));
      }
    }
  }
}

/// A list of texts and objects, or a complaint.
template <class Read>
void read_list(ConfigReader& reader, std::string const& key, Config& config, Complaints& complaints,
               Read const& read) {
  if (auto const* const list = reader.find(key)) {
    if (list->is_array())
      read(*list, config, complaints);
    else
      reader.complain(key, "is no list");
  }
}

}  // namespace detail_config

VLSM_INLINE Training Training::over(Training const& other) const {
  Training both = *this;
  auto const fill = [](auto& mine, auto const& theirs) {
    if (!mine) mine = theirs;
  };
  fill(both.epochs, other.epochs);
  fill(both.batch, other.batch);
  fill(both.pass, other.pass);
  fill(both.learning_rate, other.learning_rate);
  fill(both.weight_decay, other.weight_decay);
  fill(both.clip, other.clip);
  fill(both.loss, other.loss);
  fill(both.schedule, other.schedule);
  fill(both.precision, other.precision);
  fill(both.towers, other.towers);
  fill(both.patience, other.patience);
  fill(both.augment, other.augment);
  return both;
}

VLSM_INLINE Config read_config(std::string_view text, std::filesystem::path const& base,
                               std::string const& where, std::vector<std::string>* wrong) {
  nlohmann::json const json =
      parse_json(text, where, "mend the study's config", {.object = true, .blank = true});
  Complaints complaints;
  for (std::string const& key : doubled_keys(text))
    complaints.add("the key " + in_quotes(key) + " is there twice");
  Config config;
  config.models.clear();
  {
    ConfigReader reader(json, "", complaints);
    reader.read("name", config.name);
    detail_config::read_list(reader, "models", config, complaints, detail_config::read_models);
    detail_config::read_list(reader, "data", config, complaints, detail_config::read_sets);
    detail_config::read_list(reader, "pools", config, complaints, detail_config::read_pools);
    reader.read("prompts", config.prompts);
    std::vector<std::string> train{"fine_tuned"};
    reader.read("train", train);
    for (std::string const& way : train)
      detail_config::check_one_of(complaints, "train", way,
                                  std::vector<std::string>{"zero_shot", "fine_tuned"});
    config.zero_shot = std::ranges::count(train, "zero_shot") > 0;
    config.fine_tuned = std::ranges::count(train, "fine_tuned") > 0;
    reader.read("shares", config.shares);
    reader.read("seeds", config.seeds);
    if (auto const* const tests = reader.find("tests"))
      detail_config::read_tests(*tests, config.tests, complaints);
    if (auto const* const training = reader.find("training"))
      detail_config::read_training(*training, "training.", config.training, complaints);
    if (auto const* const limits = reader.find("limits")) {
      ConfigReader limit(*limits, "limits.", complaints);
      limit.read("train", config.limits.train);
      limit.read("val", config.limits.val);
      limit.read("test", config.limits.test);
    }
  }
  detail_config::check_names(config, complaints);
  if (wrong)
    wrong->insert(wrong->end(), complaints.list().begin(), complaints.list().end());
  else
    complaints.raise(where);
  auto const absolute = [&](std::filesystem::path const& path) {
    return std::filesystem::absolute(path.is_absolute() ? path : base / path).lexically_normal();
  };
  for (Set& set : config.data) set.path = absolute(set.path);
  for (Model& model : config.models) {
    for (std::string* const file : {&model.weights, &model.decoder_weights, &model.vocabulary})
      if (!file->empty() && *file != "random") *file = absolute(*file).string();
  }
  return config;
}

}  // namespace vlsm::study
