// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "vlsm/data/formats/source_set.hpp"

// Which rows belong to which split.
namespace vlsm::detail {

/// Pictures that a split has to keep together: of one patient or sequence, or the same.
inline std::vector<std::size_t> picture_groups(SourceSet const& set,
                                               std::vector<std::vector<std::size_t>> const& same) {
  std::vector<std::size_t> group(set.images.size());
  std::map<std::string, std::size_t> named;
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i] = i;
    if (std::string const& name = set.images[i].group; !name.empty())
      group[i] = named.emplace(name, i).first->second;
  }
  auto const rename = [&](std::size_t from, std::size_t to) {
    for (std::size_t& one : group)
      if (one == from) one = to;
  };
  for (auto const& members : same)
    for (std::size_t i : members)
      if (group[i] != group[members[0]]) rename(group[i], group[members[0]]);
  return group;
}

/// Gives each row a split by shares of train, val and test, whole groups at a time. The same seed
/// gives the same split everywhere.
inline void split_rows(SourceSet& set, std::vector<std::vector<std::size_t>> const& same,
                       std::array<int, 3> const& shares, std::uint64_t seed) {
  constexpr std::array<char const*, 3> names{"train", "val", "test"};
  auto const group = picture_groups(set, same);
  std::map<std::size_t, std::size_t> size;  // pictures of each group
  for (std::size_t one : group) ++size[one];
  std::vector<std::size_t> order;
  for (auto const& [one, count] : size) order.push_back(one);
  std::mt19937_64 random(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  // Large groups first, each to where most is missing.
  std::ranges::stable_sort(order, [&](auto a, auto b) { return size[a] > size[b]; });
  double const all = static_cast<double>(shares[0] + shares[1] + shares[2]);
  std::array<double, 3> missing;
  for (std::size_t s = 0; s < 3; ++s)
    missing[s] = shares[s] / all * static_cast<double>(set.images.size());
  std::map<std::size_t, std::string> chosen;
  for (std::size_t one : order) {
    std::size_t const s =
        static_cast<std::size_t>(std::ranges::max_element(missing) - missing.begin());
    chosen[one] = names[s];
    missing[s] -= static_cast<double>(size[one]);
  }
  std::set<std::string> seen;  // a picture that was in two splits had a row in each
  std::erase_if(set.rows, [&](SourceRow const& row) { return !seen.insert(row.mask).second; });
  for (SourceRow& row : set.rows) row.split = chosen.at(group[row.image]);
}

/// What is kept where pictures leak: test before val before all others.
inline int split_rank(std::string const& split) {
  return split.starts_with("test") ? 0 : split == "val" ? 1 : 2;
}

/// Takes out rows whose picture, or one that is the same, is in a split that is kept before theirs,
/// rows of a second copy within a split, and both where one picture has two pathologies. Returns
/// what was taken out.
inline std::vector<Finding> take_leaks_out(SourceSet& set,
                                           std::vector<std::vector<std::size_t>> const& same) {
  std::vector<std::size_t> twin(set.images.size());
  for (std::size_t i = 0; i < twin.size(); ++i) twin[i] = i;
  for (auto const& members : same)
    for (std::size_t i : members) twin[i] = members[0];
  struct Kept {
    int rank = 3;
    std::size_t image = 0;
    std::set<std::string> pathologies;
  };
  std::map<std::size_t, Kept> kept;
  for (SourceRow const& row : set.rows) {
    Kept& best = kept[twin[row.image]];
    if (int const rank = split_rank(row.split); rank < best.rank)
      best.rank = rank, best.image = row.image;
    if (auto const word = row.attributes.find("pathology"); word != row.attributes.end())
      best.pathologies.insert(word->second);
  }
  Finding leaks{
      "cleaned", {}, "left out: the picture is in a split that is kept before, or there twice"};
  Finding doubtful{"cleaned", {}, "left out: one picture in two classes"};
  std::erase_if(set.rows, [&](SourceRow const& row) {
    Kept const& best = kept.at(twin[row.image]);
    if (best.pathologies.size() > 1) {
      doubtful.names.push_back(row.split + ": " + row.mask);
      return true;
    }
    if (split_rank(row.split) == best.rank && row.image == best.image) return false;
    leaks.names.push_back(row.split + ": " + row.mask);
    return true;
  });
  std::vector<Finding> findings;
  for (Finding& finding : {std::ref(leaks), std::ref(doubtful)})
    if (!finding.names.empty()) findings.push_back(finding);
  return findings;
}

}  // namespace vlsm::detail
