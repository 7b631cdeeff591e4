// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/prompts/perturbation.hpp"

// Prompts that say too much, too little, or two things at once, for tests of robustness. What
// exactly they say is this library's proposal.
namespace vlsm {

/// How a sentence is changed as a whole.
enum class Description {
  contradictory,     ///< an attribute's value beside its opposite: "small and large"
  location_missing,  ///< of the sentences without the position, one that names most attributes
  overdescribed,     ///< the sentence, and behind it those of all levels that are shorter
  underdescribed,    ///< the sentence that names fewest attributes: the target alone
};

/// A sentence of a table's level, described otherwise. `attribute` is the one that is contradicted;
/// other kinds do not use it. A sentence that does not name it, or the position that is to be left
/// out, stays. Throws Error where no template of the level made the sentence, and for a value
/// without an opposite.
inline std::string describe_otherwise(PromptTable const& table, std::string const& level,
                                      std::string const& sentence, Description kind,
                                      std::string const& attribute = "size") {
  if (kind == Description::contradictory) {
    Perturber const opposite(Perturbation::opposite, attribute);
    std::string const other = opposite.sentence(table, level, sentence);
    if (other == sentence) return sentence;
    auto const both =
        table.rewrite(level, sentence, [&](std::string const& slot, std::string const& value) {
          if (slot != attribute || value.empty()) return value;
          return value + " and " + opposite.value(attribute, value);
        });
    return both.value_or(other);
  }
  auto slots = table.parse(level, sentence);
  if (!slots)
    throw Error("no template of " + level + " made this sentence", "\"" + sentence + "\"",
                "name the data set that its prompts are of");
  if (kind == Description::location_missing) {
    if (slots->erase("position") == 0) return sentence;
  }
  auto all = table.restate(*slots);
  std::erase_if(all, [](auto const& one) { return one.sentence.empty(); });
  std::ranges::stable_sort(all, {}, [](auto const& one) { return one.named; });
  if (all.empty()) return sentence;
  if (kind == Description::underdescribed) return all.front().sentence;
  if (kind == Description::location_missing) {
    // Of several that name as many, that of the first level.
    auto const most =
        std::ranges::find(all, all.back().named, [](auto const& one) { return one.named; });
    return most->sentence;
  }
  std::string result = sentence;
  for (auto one = all.rbegin(); one != all.rend(); ++one)
    if (one->sentence.size() < sentence.size())
      result += (result.ends_with('.') ? " " : ", ") + one->sentence;
  return result;
}

}  // namespace vlsm
