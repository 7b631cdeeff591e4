// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "vlsm/base/compiled.hpp"
#include "vlsm/study/config.hpp"

namespace vlsm::study {

namespace detail_config {

inline nlohmann::ordered_json training_json(Training const& training) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  auto const add = [&](char const* key, auto const& value) {
    if (value) json[key] = *value;
  };
  add("epochs", training.epochs);
  add("batch", training.batch);
  add("pass", training.pass);
  add("learning_rate", training.learning_rate);
  add("weight_decay", training.weight_decay);
  add("clip", training.clip);
  add("loss", training.loss);
  add("schedule", training.schedule);
  add("precision", training.precision);
  add("towers", training.towers);
  add("patience", training.patience);
  add("augment", training.augment);
  return json;
}

}  // namespace detail_config

VLSM_INLINE nlohmann::ordered_json to_json(Config const& config) {
  using Json = nlohmann::ordered_json;
  Json json{{"name", config.name}, {"models", Json::array()}, {"data", Json::array()}};
  for (Model const& model : config.models)
    json["models"].push_back({{"label", model.label},
                              {"model", model.model},
                              {"weights", model.weights},
                              {"decoder_weights", model.decoder_weights},
                              {"weights_key", model.weights_key},
                              {"tokenizer", model.tokenizer},
                              {"vocab", model.vocabulary},
                              {"pretraining", model.pretraining},
                              {"zero_shot", model.zero_shot},
                              {"training", detail_config::training_json(model.training)}});
  for (Set const& set : config.data)
    json["data"].push_back({{"name", set.name},
                            {"path", set.path.string()},
                            {"dataset", set.dataset},
                            {"mask_value", set.mask_value},
                            {"allow_empty", set.allow_empty},
                            {"trained", set.trained},
                            {"prompts", set.prompts},
                            {"test_splits", set.test_splits}});
  json["pools"] = Json::array();
  for (Pool const& pool : config.pools)
    json["pools"].push_back({{"name", pool.name},
                             {"sets", pool.sets},
                             {"also_tested_on", pool.also_tested_on},
                             {"prompts", pool.prompts}});
  json["prompts"] = config.prompts;
  json["train"] = Json::array();
  if (config.zero_shot) json["train"].push_back("zero_shot");
  if (config.fine_tuned) json["train"].push_back("fine_tuned");
  json["shares"] = config.shares;
  json["seeds"] = config.seeds;
  Json pairs = Json::array();
  for (Pair const& pair : config.tests.out_of_distribution)
    pairs.push_back(Json::array({pair.train, pair.test}));
  if (config.tests.every_other_set) pairs = "all";
  json["tests"] = {{"own", config.tests.own},
                   {"out_of_distribution", pairs},
                   {"perturbations", config.tests.perturbations},
                   {"attributes", config.tests.attributes}};
  json["training"] = detail_config::training_json(config.training);
  json["limits"] = {
      {"train", config.limits.train}, {"val", config.limits.val}, {"test", config.limits.test}};
  // A path need not be valid UTF-8, JSON must be.
  return Json::parse(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace vlsm::study
