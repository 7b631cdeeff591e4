// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "vlsm/study/config.hpp"
#include "vlsm/study/impl/config_reader.hpp"
#include "vlsm/study/names.hpp"

// Whether what a config names is there, once, and goes together.
namespace vlsm::study::detail_config {

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

/// That sets are trained on where they are to be, and not where they are not.
inline void check_trained(Config const& config, Complaints& complaints) {
  auto const untrained = [&](std::string const& name) {
    return std::ranges::any_of(config.data,
                               [&](Set const& set) { return set.name == name && !set.trained; });
  };
  for (Pool const& pool : config.pools) {
    std::string const key = "pools." + pool.name;
    for (std::string const& set : pool.sets) {
      if (untrained(set))
        complaints.add(in_quotes(key + ".sets") + " names " + in_quotes(set) +
                       ", which is not to be trained on");
      if (std::ranges::count(pool.also_tested_on, set))
        complaints.add(in_quotes(key + ".also_tested_on") + " names " + in_quotes(set) +
                       ", which the pool is trained on");
    }
  }
  std::string const key = in_quotes("tests.out_of_distribution");
  for (Pair const& pair : config.tests.out_of_distribution) {
    if (untrained(pair.train))
      complaints.add(key + " begins a pair with " + in_quotes(pair.train) +
                     ", which is not to be trained on");
    if (pair.train == pair.test)
      complaints.add(key + " has a pair of " + in_quotes(pair.train) + " with itself");
  }
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
  check_trained(config, complaints);
  for (double const share : config.shares)
    if (!(share > 0 && share <= 100))
      complaints.add("\"shares\" holds " + nlohmann::json(share).dump() +
                     ", write percentages above 0, at most 100");
  if (!config.zero_shot && !config.fine_tuned)
    complaints.add("\"train\" is empty, write zero_shot, fine_tuned or both");
}

}  // namespace vlsm::study::detail_config
