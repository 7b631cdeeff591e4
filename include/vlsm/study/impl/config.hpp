// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>

#include "vlsm/base/compiled.hpp"
#include "vlsm/data/augmentation.hpp"
#include "vlsm/study/config.hpp"
#include "vlsm/study/impl/config_reader.hpp"
#include "vlsm/study/names.hpp"
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
                                                     detail::brief(pair.dump(-1, ' ', true), 40));
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

template <class List, class Name>
void check_unique(List const& list, Name const& name, std::string const& what,
                  Complaints& complaints) {
  std::map<std::string, std::string> taken;  // as a folder's name -> name
  for (auto const& item : list) {
    auto const [before, fresh] = taken.emplace(folder_name(name(item)), name(item));
    if (!fresh)
      complaints.add(before->second == name(item)
                         ? "two " + what + " are called " + in_quotes(name(item)) +
                               ", give one another name"
                         : "the " + what + " " + in_quotes(before->second) + " and " +
                               in_quotes(name(item)) + " would share a folder, rename one");
  }
}

/// No value twice: cells and tests would be counted as seeds.
template <class T>
void check_repeated(std::vector<T> const& list, std::string const& key, Complaints& complaints,
                    bool may_be_empty = false) {
  if (list.empty() && !may_be_empty) complaints.add(in_quotes(key) + " is empty");
  if (std::set<T>(list.begin(), list.end()).size() != list.size())
    complaints.add(in_quotes(key) + " names a value twice");
}

/// Levels of prompts: an empty one would train and test without a word.
inline void check_prompts(std::vector<std::string> const& prompts, std::string const& key,
                          Complaints& complaints, bool may_be_empty = false) {
  check_repeated(prompts, key, complaints, may_be_empty);
  if (std::ranges::count(prompts, ""))
    complaints.add(in_quotes(key) + " names a level without a name, give p0 for no words");
}

/// What the config says of itself: that names are unique and stand for something.
inline void check_names(Config const& config, Complaints& complaints) {
  auto const label = [](Model const& model) { return model.label; };
  auto const name = [](auto const& named) { return named.name; };
  check_unique(config.models, label, "models", complaints);
  check_unique(config.data, name, "data sets", complaints);
  check_unique(config.pools, name, "pools", complaints);
  if (config.models.empty()) complaints.add("\"models\" is empty");
  if (config.data.empty()) complaints.add("\"data\" is empty");
  check_prompts(config.prompts, "prompts", complaints);
  check_repeated(config.seeds, "seeds", complaints);
  check_repeated(config.shares, "shares", complaints);
  check_repeated(config.tests.perturbations, "tests.perturbations", complaints, true);
  check_repeated(config.tests.attributes, "tests.attributes", complaints,
                 config.tests.perturbations.empty());
  for (Set const& set : config.data) {
    check_repeated(set.test_splits, set.name + ".test_splits", complaints);
    check_prompts(set.prompts, set.name + ".prompts", complaints, true);
  }
  for (Pool const& pool : config.pools) {
    check_repeated(pool.sets, "pools." + pool.name + ".sets", complaints);
    check_repeated(pool.also_tested_on, "pools." + pool.name + ".also_tested_on", complaints, true);
    check_prompts(pool.prompts, "pools." + pool.name + ".prompts", complaints, true);
  }
  std::vector<std::string> sets;
  for (Set const& set : config.data) sets.push_back(set.name);
  auto const check_set = [&](std::string const& key, std::string const& typed) {
    if (!std::ranges::count(sets, typed))
      complaints.add(in_quotes(key) + " names " + in_quotes(typed) +
                     ", which is no set of \"data\"" + suggestion(typed, sets));
  };
  for (Pool const& pool : config.pools) {
    if (std::ranges::count(sets, pool.name))
      complaints.add("a pool and a data set are both called " + in_quotes(pool.name));
    for (auto const& set : pool.sets) check_set("pools." + pool.name, set);
    for (auto const& set : pool.also_tested_on)
      check_set("pools." + pool.name + ".also_tested_on", set);
  }
  for (Pair const& pair : config.tests.out_of_distribution)
    for (auto const& set : {pair.train, pair.test}) check_set("tests.out_of_distribution", set);
  for (double const share : config.shares)
    if (!(share > 0 && share <= 100))
      complaints.add("\"shares\" holds " + nlohmann::json(share).dump() +
                     ", write percentages above 0, at most 100");
  if (!config.zero_shot && !config.fine_tuned)
    complaints.add("\"train\" is empty, write zero_shot, fine_tuned or both");
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
