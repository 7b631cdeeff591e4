// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/result.hpp"
#include "vlsm/study/series.hpp"

namespace vlsm::study {

namespace detail_result {

using Json = nlohmann::ordered_json;

inline constexpr std::array<std::pair<char const*, Purpose>, 4> purposes{
    {{"own", Purpose::own},
     {"perturbed", Purpose::perturbed},
     {"out_of_distribution", Purpose::out_of_distribution},
     {"pooled", Purpose::pooled}}};

inline Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Means over the rows, as `_mean`, `_std` of the population; of a measure that some masks lack,
/// over the others, with their number.
inline void add_means(Json& json, std::vector<RowResult> const& rows, Measures RowResult::*size) {
  for (NamedMeasure const& measure : named_measures) {
    std::string const name = measure.name;
    Spread const spread = spread_of(scores_of(rows, size, measure.value));
    json[name + "_mean"] = number(spread.mean);
    json[name + "_std"] = number(spread.deviation);
    if (measure.may_lack) json[name + "_n"] = spread.count;
  }
}

inline Json to_json(Measures const& measures) {
  Json json;
  for (NamedMeasure const& measure : named_measures)
    json[measure.name] = number(measures.*measure.value);
  return json;
}

inline Measures measures_of(nlohmann::json const& json) {
  Measures measures;
  for (NamedMeasure const& measure : named_measures) {
    nlohmann::json const& value = json.at(measure.name);
    if (!(measure.may_lack && value.is_null())) value.get_to(measures.*measure.value);
  }
  return measures;
}

inline Json test_json(TestResult const& result) {
  Json json;
  for (auto const& [name, purpose] : purposes)
    if (purpose == result.test.purpose) json["purpose"] = name;
  json["data"] = result.test.set;
  json["split"] = result.test.split;
  json["perturbation"] = result.test.perturbation;
  json["attribute"] = result.test.attribute;
  json["changed"] = result.changed;
  json["n"] = result.rows.size();
  add_means(json, result.rows, &RowResult::model);
  add_means(json["picture"], result.rows, &RowResult::picture);
  json["per_image"] = Json::array();
  for (RowResult const& row : result.rows) {
    Json entry{{"mask", row.mask}, {"prompt", row.prompt}};
    if (!row.row_class.empty()) entry["class"] = row.row_class;
    entry.update(to_json(row.model));
    entry["picture"] = to_json(row.picture);
    json["per_image"].push_back(std::move(entry));
  }
  return json;
}

inline TestResult test_of(nlohmann::json const& json) {
  TestResult result;
  for (auto const& [name, purpose] : purposes)
    if (json.at("purpose") == name) result.test.purpose = purpose;
  result.test.set = json.at("data");
  result.test.split = json.at("split");
  result.test.perturbation = json.at("perturbation");
  result.test.attribute = json.at("attribute");
  result.changed = json.at("changed");
  for (nlohmann::json const& row : json.at("per_image"))
    result.rows.push_back({row.at("mask"), row.at("prompt"), row.value("class", std::string()),
                           measures_of(row), measures_of(row.at("picture"))});
  return result;
}

}  // namespace detail_result

VLSM_INLINE std::string to_text(CellResult const& result) {
  using detail_result::Json;
  Json json{{"cell", result.id},       {"label", result.label},
            {"model", result.model},   {"pretraining", result.pretraining},
            {"data", result.subject},  {"trained_on", result.trained_on},
            {"prompt", result.prompt}, {"train", result.zero_shot() ? "zero_shot" : "fine_tuned"},
            {"share", result.share},   {"seed", result.seed}};
  if (result.training)
    json.update({{"epochs", result.training->epochs},
                 {"best_epoch", result.training->best_epoch},
                 {"val_dice", result.training->val_dice}});
  json["read"] = result.read;
  json["tests"] = Json::array();
  for (TestResult const& test : result.tests)
    json["tests"].push_back(detail_result::test_json(test));
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

VLSM_INLINE CellResult read_result(std::filesystem::path const& path) {
  constexpr char const* remedy = "remove the cell's folder, so that it is done again";
  nlohmann::json const json =
      parse_json(io::read_whole_file(path).value_or(""), path.string(), remedy);
  try {
    CellResult result{.id = json.at("cell"),
                      .label = json.at("label"),
                      .model = json.at("model"),
                      .pretraining = json.at("pretraining"),
                      .subject = json.at("data"),
                      .trained_on = json.at("trained_on"),
                      .prompt = json.at("prompt"),
                      .share = json.at("share"),
                      .seed = json.at("seed"),
                      .training = {},
                      .tests = {}};
    if (json.contains("epochs"))
      result.training =
          TrainingResult{json.at("epochs"), json.at("best_epoch"), json.at("val_dice")};
    if (json.contains("read")) json.at("read").get_to(result.read);  // not of older versions
    for (nlohmann::json const& test : json.at("tests"))
      result.tests.push_back(detail_result::test_of(test));
    return result;
  } catch (nlohmann::json::exception const&) {
    throw Error("the results of this cell are damaged", path.string(), remedy);
  }
}

}  // namespace vlsm::study
