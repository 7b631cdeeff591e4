// SPDX-License-Identifier: MIT
#include "serve/words.hpp"

#include <string>

#include "vlsm/prompts/perturbation_words.hpp"
#include "vlsm/prompts/tables.hpp"

namespace tool::serve {
namespace {

Json attributes() {
  Json list = Json::array();
  auto const all = Json::parse(vlsm::perturbation_words);
  for (auto const& [name, words] : all.items()) {
    Json values = Json::array(), opposites = Json::object(), uncommon = Json::object();
    for (auto const& [value, pair] : words.items()) {
      values.push_back(value);
      uncommon[value] = pair[0];
      opposites[value] = pair[1];
    }
    list.push_back(
        {{"name", name}, {"values", values}, {"opposites", opposites}, {"uncommon", uncommon}});
  }
  return list;
}

/// A template with the words that its table itself has for some of its slots, the first of a list.
std::string filled(std::string text, nlohmann::json const& values) {
  for (auto const& [name, value] : values.items()) {
    std::string const slot = "{" + name + "}";
    std::string const word = value.is_array() ? value[0] : value;
    for (std::size_t at; (at = text.find(slot)) != std::string::npos;)
      text.replace(at, slot.size(), word);
  }
  return text;
}

Json families() {
  Json list = Json::array();
  auto const tables = Json::parse(vlsm::study_prompt_tables);
  for (auto const& [name, table] : tables.items()) {
    if (name.find('_') != std::string::npos) continue;  // kvasir_polyp and its kin are like polyp
    auto const whole = vlsm::resolve_prompt_table(nlohmann::json(table), name);
    Json templates = Json::object();
    auto const values = whole.value("values", nlohmann::json::object());
    for (auto const& [level, form] : whole.at("levels").items())
      templates[level] = filled(form.is_array() ? form[0] : form, values);
    list.push_back({{"name", name}, {"templates", templates}});
  }
  return list;
}

}  // namespace

Json words_json() { return {{"attributes", attributes()}, {"families", families()}}; }

}  // namespace tool::serve
