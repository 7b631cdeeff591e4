// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/text.hpp"
#include "vlsm/prompts/perturbation_words.hpp"
#include "vlsm/prompts/prompt_table.hpp"

namespace vlsm {

/// What replaces the words of a prompt.
enum class Perturbation {
  uncommon,  ///< rare English words: does the model read the word at all?
  opposite,  ///< words of another meaning: does it follow the word?
};

/// The names of the attributes that can be perturbed.
inline std::vector<std::string> perturbed_attributes() {
  std::vector<std::string> names;
  auto const all = nlohmann::json::parse(detail::perturbation_words);
  for (auto const& [name, words] : all.items()) names.push_back(name);
  return names;
}

/// Replaces the values of one attribute, or of all, in prompts.
class Perturber {
 public:
  /// `attribute` is one of perturbed_attributes() or "all". Throws Error for another one.
  Perturber(Perturbation kind, std::string attribute) : attribute_(std::move(attribute)) {
    std::size_t const column = kind == Perturbation::opposite;
    std::string all;
    auto const json = nlohmann::json::parse(detail::perturbation_words);
    for (auto const& [name, words] : json.items()) {
      all += name + ", ";
      if (attribute_ != "all" && attribute_ != name) continue;
      for (auto const& [value, pair] : words.items())
        words_[name][value] = pair[column].get<std::string>();
    }
    if (words_.empty())
      throw Error("there are no words to replace this attribute's", attribute_,
                  "choose one of " + all + "or all");
  }

  /// The counterpart of `text`, a value of `attribute`: that of the whole text, or of each element
  /// of a list ("small, large"). An empty text and the values of attributes that are not perturbed
  /// stay. Throws Error for a value without a counterpart.
  std::string value(std::string const& attribute, std::string const& text) const {
    auto const words = words_.find(attribute);
    if (words == words_.end() || text.empty()) return text;
    if (auto const whole = words->second.find(text); whole != words->second.end())
      return whole->second;
    std::vector<std::string> changed;
    for (std::string_view const part : detail::split_text(text, ", ")) {
      auto const item = words->second.find(std::string(part));
      if (item == words->second.end())
        throw Error("this value of " + attribute + " has no counterpart", "\"" + text + "\"",
                    "leave its rows out, or perturb another attribute");
      changed.push_back(item->second);
    }
    return detail::joined(changed);
  }

  /// A sentence of a table's level with other words for the attribute; one that does not name it
  /// stays. Throws Error where no template of the level made the sentence.
  std::string sentence(PromptTable const& table, std::string const& level,
                       std::string const& text) const {
    auto const changed =
        table.rewrite(level, text, [&](std::string const& slot, std::string const& old) {
          // Slots that follow from an attribute: "regular", of "benign", has a counterpart; the "s"
          // of "tumors", of the number, has none and stays.
          std::string const& source = table.source_of(slot);
          auto const words = words_.find(source);
          bool const derived = source != slot;
          if (derived && (words == words_.end() || !words->second.contains(old))) return old;
          return value(source, old);
        });
    if (!changed)
      throw Error("no template of " + level + " made this sentence", "\"" + text + "\"",
                  "name the data set that its prompts are of");
    return *changed;
  }

 private:
  std::string attribute_;
  std::map<std::string, std::map<std::string, std::string>> words_;  // attribute -> old -> new
};

}  // namespace vlsm
