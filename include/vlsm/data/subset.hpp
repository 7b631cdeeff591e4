// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/data/dataset.hpp"

namespace vlsm {

/// Some examples of a data set, in an order of their own.
class Subset : public Dataset {
 public:
  /// Throws Error for an index beyond the whole set's end.
  Subset(std::shared_ptr<Dataset const> whole, std::vector<std::size_t> indices)
      : whole_(std::move(whole)), indices_(std::move(indices)) {
    for (std::size_t const index : indices_)
      if (index >= whole_->size())
        throw Error("there is no example " + std::to_string(index),
                    "a set of " + std::to_string(whole_->size()), "choose examples of the set");
  }
  std::size_t size() const override { return indices_.size(); }
  Example at(std::size_t index, Random& random) const override {
    return whole_->at(indices_.at(index), random);
  }
  Mask mask(std::size_t index) const override { return whole_->mask(indices_.at(index)); }

 private:
  std::shared_ptr<Dataset const> whole_;
  std::vector<std::size_t> indices_;
};

/// Several data sets one behind another: what a pooled run trains on.
class Concatenated : public Dataset {
 public:
  explicit Concatenated(std::vector<std::shared_ptr<Dataset const>> parts)
      : parts_(std::move(parts)) {}
  std::size_t size() const override {
    std::size_t sum = 0;
    for (auto const& part : parts_) sum += part->size();
    return sum;
  }
  Example at(std::size_t index, Random& random) const override {
    auto const [part, within] = find(index);
    return part->at(within, random);
  }
  Mask mask(std::size_t index) const override {
    auto const [part, within] = find(index);
    return part->mask(within);
  }

 private:
  std::pair<Dataset const*, std::size_t> find(std::size_t index) const {
    for (auto const& part : parts_) {
      if (index < part->size()) return {part.get(), index};
      index -= part->size();
    }
    throw Error("there is no such example", "Concatenated", "choose one below size()");
  }
  std::vector<std::shared_ptr<Dataset const>> parts_;
};

/// Some of a set's pictures.
struct PictureShare {
  double percent = 100;    ///< of those that `most` leaves, rounded up
  std::size_t most = 0;    ///< pictures; 0: all
  std::uint64_t seed = 0;  ///< picks them; of one seed, fewer are some of more
};

/// The rows of a share, in rising order: `pictures[i]` names the picture of row i, and all rows of
/// a picture go together.
inline std::vector<std::size_t> rows_of_share(std::vector<std::string> const& pictures,
                                              PictureShare const& share) {
  std::vector<std::string> distinct = pictures;
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::size_t const all = share.most ? std::min(distinct.size(), share.most) : distinct.size();
  Random random = example_random(share.seed, 0, 0);
  shuffle(distinct, random);
  distinct.resize(
      static_cast<std::size_t>(std::ceil(static_cast<double>(all) * share.percent / 100 - 1e-9)));
  std::ranges::sort(distinct);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    if (std::ranges::binary_search(distinct, pictures[i])) rows.push_back(i);
  return rows;
}

}  // namespace vlsm
