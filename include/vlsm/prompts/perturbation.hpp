// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/perturbation_words.hpp"
#include "vlsm/prompts/prompt_table.hpp"
#include "vlsm/prompts/words_in_text.hpp"

namespace vlsm {

/// What is changed in a prompt. The study replaced words (`uncommon`, `opposite`); what the others
/// say exactly is this library's definition.
enum class Perturbation {
  uncommon,          ///< rare English words: does the model read the word at all?
  opposite,          ///< words of another meaning: does it follow the word?
  contradictory,     ///< a value and its opposite together: "large and small"
  location_missing,  ///< the phrase that says where is left out
  overdescribed,     ///< the row's richest prompt instead of the one that is asked for
  underdescribed,    ///< the row's p1 instead
};

/// Their names, in the order of the enumerators.
inline constexpr std::array<std::string_view, 6> perturbation_names{
    "uncommon", "opposite", "contradictory", "location_missing", "overdescribed", "underdescribed"};

/// The name of a perturbation.
inline std::string name_of(Perturbation kind) {
  return std::string(perturbation_names[static_cast<std::size_t>(kind)]);
}

/// The perturbation of a name. Throws Error for other names.
inline Perturbation parse_perturbation(std::string_view name) {
  auto const found = std::ranges::find(perturbation_names, name);
  if (found == perturbation_names.end())
    throw Error("there is no such perturbation", strings::brief(name, 60),
                "choose one of " + strings::joined(perturbation_names));
  return static_cast<Perturbation>(found - perturbation_names.begin());
}

/// Whether it is one attribute's, or that of all: the other perturbations change whole sentences.
constexpr bool takes_attribute(Perturbation kind) { return kind <= Perturbation::contradictory; }

/// The names of the attributes that can be perturbed.
inline std::vector<std::string> perturbed_attributes() {
  std::vector<std::string> names;
  auto const all = nlohmann::json::parse(perturbation_words);
  for (auto const& [name, words] : all.items()) names.push_back(name);
  return names;
}

/// Replaces the values of one attribute, or of all, in prompts.
class Perturber {
 public:
  /// `attribute` is one of perturbed_attributes() or "all". Throws Error for another one, and for a
  /// kind that takes none.
  Perturber(Perturbation kind, std::string attribute)
      : attribute_(std::move(attribute)), both_(kind == Perturbation::contradictory) {
    if (!takes_attribute(kind))
      throw Error("this perturbation replaces no words", name_of(kind),
                  "perturb the rows of a data set (prompts/perturb.hpp)");
    std::size_t const column = kind == Perturbation::uncommon ? 0 : 1;
    std::string all;
    auto const json = nlohmann::json::parse(perturbation_words);
    for (auto const& [name, words] : json.items()) {
      all += name + ", ";
      if (attribute_ != "all" && attribute_ != name) continue;
      for (auto const& [value, pair] : words.items()) {
        auto const other = pair[column].get<std::string>();
        words_[name][value] = both_ ? value + " and " + other : other;
        if (name != "shape" || detail::is_shape_in_text(pair[0].get<std::string>()))
          in_text_.push_back({name, value, words_[name][value]});
      }
    }
    if (words_.empty())
      throw Error("there are no words to replace this attribute's", strings::brief(attribute_, 60),
                  "choose one of " + all + "or all");
  }

  /// The counterpart of `text`, a value of `attribute`: that of the whole text, or of each element
  /// of a list ("small, large"). An empty text and the values of attributes that are not perturbed
  /// stay. Nothing for a value without a counterpart.
  std::optional<std::string> counterpart(std::string const& attribute,
                                         std::string const& text) const {
    auto const words = words_.find(attribute);
    if (words == words_.end() || text.empty()) return text;
    if (auto const whole = words->second.find(text); whole != words->second.end())
      return whole->second;
    std::vector<std::string> changed;
    for (std::string_view const part : strings::split_text(text, ", ")) {
      auto const item = words->second.find(std::string(part));
      if (item == words->second.end()) return std::nullopt;
      changed.push_back(item->second);
    }
    return strings::joined(changed);
  }

  /// A sentence, how many of its values were changed, and which have no counterpart and stay
  /// ("color \"mauve\"").
  struct Changed {
    std::string text;
    std::size_t known = 0;
    std::vector<std::string> unknown{};
  };

  /// A sentence of a table's level with other words for the attribute; one that does not name it
  /// stays. Nothing where no template of the level made the sentence.
  std::optional<Changed> change(PromptTable const& table, std::string_view level,
                                std::string_view text) const {
    Changed result;
    auto const changed =
        table.rewrite(level, text, [&](std::string const& slot, std::string const& old) {
          // Slots that follow from an attribute: "regular", of "benign", has a counterpart; the "s"
          // of "tumors", of the number, has none and stays.
          std::string const& source = table.source_of(slot);
          auto const other = counterpart(source, old);
          if (!other && source == slot) result.unknown.push_back(slot + " \"" + old + "\"");
          result.known += other && *other != old;
          return other.value_or(old);
        });
    if (!changed) return std::nullopt;
    result.text = *changed;
    return result;
  }

  /// The same, where a value without a counterpart and a sentence that no template of the level
  /// made throw Error.
  std::string sentence(PromptTable const& table, std::string const& level,
                       std::string const& text) const {
    auto changed = change(table, level, text);
    if (!changed)
      throw Error("no template of " + level + " made this sentence", "\"" + text + "\"",
                  "name the data set that its prompts are of, or use `words`");
    if (!changed->unknown.empty())
      throw Error("a value has no counterpart: " + changed->unknown[0], "\"" + text + "\"",
                  "leave its rows out, or perturb another attribute");
    return std::move(changed->text);
  }

  /// Any text with other words for the attribute, wherever its values stand: whole words, the
  /// longest value first, a capital kept. A value of several attributes ("medium") counts for the
  /// one that the words around it suit (words_in_text.hpp).
  std::string words(std::string_view text) const { return detail::replace_words(text, in_text_); }

 private:
  std::string attribute_;
  bool both_;
  std::map<std::string, std::map<std::string, std::string>> words_;  // attribute -> old -> new
  std::vector<detail::WordInText> in_text_;
};

}  // namespace vlsm
