// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"

// Which rows belong to which split.
namespace vlsm::detail {

/// For each picture the number of its group, which a split keeps together: pictures of one patient
/// or sequence (SourceImage::group), and those of `same`, the groups of same_pictures.
inline std::vector<std::size_t> picture_groups(SourceSet const& set,
                                               std::vector<std::vector<std::size_t>> const& same) {
  std::vector<std::size_t> group(set.images.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::map<std::string, std::size_t> named;
  for (std::size_t i = 0; i < group.size(); ++i)
    if (std::string const& name = set.images[i].group; !name.empty())
      group[i] = named.emplace(name, i).first->second;
  auto const rename = [&](std::size_t from, std::size_t to) {
    for (std::size_t& one : group)
      if (one == from) one = to;
  };
  for (auto const& members : same)
    for (std::size_t i : members)
      if (group[i] != group[members[0]]) rename(group[i], group[members[0]]);
  return group;
}

/// The splits that shares are of, in their order.
inline constexpr std::array<char const*, 3> split_names{"train", "val", "test"};

/// Gives each row a split by shares of train, val and test, which count pictures, whole groups at a
/// time; of rows with the same mask the first stays. The same seed gives the same splits on every
/// machine. Returns how many groups there are.
inline std::size_t split_rows(SourceSet& set, std::vector<std::vector<std::size_t>> const& same,
                              std::array<int, 3> const& shares, std::uint64_t seed) {
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
    chosen[one] = split_names[s];
    missing[s] -= static_cast<double>(size[one]);
  }
  std::set<std::string> seen;  // a picture that was in two splits had a row in each
  std::erase_if(set.rows, [&](SourceRow const& row) { return !seen.insert(row.mask).second; });
  for (SourceRow& row : set.rows) row.split = chosen.at(group[row.image]);
  return order.size();
}

/// A finding "empty_split" for the splits with a share that are not among `named`, those of any
/// row; `groups` is split_rows's.
inline Finding empty_splits(std::array<int, 3> const& shares, std::set<std::string> const& named,
                            std::size_t groups) {
  Finding empty{"empty_split",
                {},
                "no picture was left for them: " + std::to_string(groups) +
                    (groups == 1 ? " group is" : " groups are") + " kept together"};
  for (std::size_t s = 0; s < shares.size(); ++s)
    if (shares[s] > 0 && !named.contains(split_names[s])) empty.names.emplace_back(split_names[s]);
  return empty;
}

/// Which split keeps a picture that is in several: the one of the lowest rank. Test comes before
/// val, val before all others.
inline int split_rank(std::string const& split) {
  return split.starts_with("test") ? 0 : split == "val" ? 1 : 2;
}

/// Why rows are left out that leak or are there twice.
inline constexpr std::string_view cleaned_leaks =
    "left out: the picture is in a split that is kept before, or there twice";

/// The findings "in_two_splits" of pictures and their splits, one for each combination of splits.
inline std::vector<Finding> shared_by_splits(
    std::vector<std::pair<std::string, std::set<std::string>>> const& pictures) {
  std::map<std::string, Finding> shared;  // by the text
  for (auto const& [picture, splits] : pictures) {
    if (splits.size() < 2) continue;
    std::string const text = "in " + strings::joined(splits, " and ");
    shared.emplace(text, Finding{"in_two_splits", {}, text}).first->second.names.push_back(picture);
  }
  std::vector<Finding> findings;
  for (auto& [text, finding] : shared) findings.push_back(std::move(finding));
  return findings;
}

/// Takes out rows whose picture, or one that is the same, is in a split of a lower split_rank, rows
/// of a second copy within a split, and all rows of a picture that has two pathologies. Returns
/// what was taken out, as findings.
inline std::vector<Finding> take_leaks_out(SourceSet& set,
                                           std::vector<std::vector<std::size_t>> const& same) {
  auto const first = first_of_same(same, set.images.size());
  struct Kept {
    int rank = 3;
    std::size_t image = 0;
    std::set<std::string> pathologies;
  };
  std::map<std::size_t, Kept> kept;
  for (SourceRow const& row : set.rows) {
    Kept& best = kept[first[row.image]];
    if (int const rank = split_rank(row.split); rank < best.rank)
      best.rank = rank, best.image = row.image;
    if (auto const word = row.attributes.find("pathology"); word != row.attributes.end())
      best.pathologies.insert(word->second);
  }
  Finding leaks{"cleaned", {}, std::string(cleaned_leaks)};
  Finding doubtful{"cleaned", {}, "left out: one picture in two classes"};
  std::erase_if(set.rows, [&](SourceRow const& row) {
    Kept const& best = kept.at(first[row.image]);
    if (best.pathologies.size() > 1) {
      doubtful.names.push_back(row.split + ": " + row.mask);
      return true;
    }
    if (split_rank(row.split) == best.rank && row.image == best.image) return false;
    leaks.names.push_back(row.split + ": " + row.mask);
    return true;
  });
  std::vector<Finding> findings;
  add_finding(findings, std::move(leaks));
  add_finding(findings, std::move(doubtful));
  return findings;
}

}  // namespace vlsm::detail
