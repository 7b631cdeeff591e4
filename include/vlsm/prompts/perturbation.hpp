// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/prompts/perturbation_words.hpp"
#include "vlsm/prompts/prompt_table.hpp"

namespace vlsm {

/// What replaces the words of a prompt.
enum class Perturbation {
  uncommon,  ///< rare English words: does the model read the word at all?
  opposite,  ///< words of another meaning: does it follow the word?
};

/// The attributes that have words to replace theirs.
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

  /// The value of a slot that follows from `attribute`: as a whole, or a list element by element;
  /// one of another attribute stays. Throws Error for a value without a counterpart.
  std::string value(std::string const& attribute, std::string const& text) const {
    auto const words = words_.find(attribute);
    if (words == words_.end() || text.empty()) return text;
    if (auto const whole = words->second.find(text); whole != words->second.end())
      return whole->second;
    std::string result;
    for (std::string_view rest = text;;) {
      std::size_t const comma = rest.find(", ");
      auto const item = words->second.find(std::string(rest.substr(0, comma)));
      if (item == words->second.end())
        throw Error("this value of " + attribute + " has no counterpart", "\"" + text + "\"",
                    "leave its rows out, or perturb another attribute");
      result += (result.empty() ? "" : ", ") + item->second;
      if (comma == std::string_view::npos) return result;
      rest.remove_prefix(comma + 2);
    }
  }

  /// A sentence of a table's level with other words for the attribute; one that does not name it
  /// stays. Throws Error where no template of the level made the sentence.
  std::string sentence(PromptTable const& table, std::string const& level,
                       std::string const& text) const {
    auto const changed =
        table.rewrite(level, text, [&](std::string const& slot, std::string const& old) {
          // "regular" stands for "benign": it has words of its own, "s" of "tumors" has none.
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
  std::map<std::string, std::map<std::string, std::string>> words_;
};

}  // namespace vlsm
