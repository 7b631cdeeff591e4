// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/image/perceptual_hash.hpp"
#include "vlsm/image/write.hpp"

// Which pictures are copies of others, and what is done with them.
using namespace vlsm::test;
namespace fs = std::filesystem;

namespace {

/// Names of pictures that a hash cannot tell apart, each with a mask of its own.
void write_pictures(fs::path const& root, std::size_t count, auto const& picture) {
  fs::create_directories(root / "images");
  fs::create_directories(root / "masks");
  for (std::size_t i = 0; i < count; ++i) {
    std::string const name = "p" + std::to_string(i) + ".png";
    vlsm::write_png(root / "images" / name, vlsm::as_image(picture(i)));
    vlsm::write_png(root / "masks" / name, disk(64, 20 + i % 20, 20 + i % 13, 6));
  }
}

/// Three bright spots on black, elsewhere in each picture.
vlsm::Mask spots(std::size_t i) {
  std::mt19937 random(static_cast<unsigned>(i));
  vlsm::Mask all = xt::zeros<std::uint8_t>({64, 64});
  for (int k = 0; k < 3; ++k) {
    std::size_t const x = 6 + random() % 52, y = 6 + random() % 52;
    vlsm::Mask const one = disk(64, x, y, 2 + random() % 4);
    for (std::size_t p = 0; p < all.size(); ++p) all.data()[p] |= one.data()[p];
  }
  return all;
}

}  // namespace

TEST_CASE("copies whose looks tell nothing are copies by their bytes, and stay together") {
  TempDir const folder;
  vlsm::Mask const gray = xt::ones<std::uint8_t>({64, 64}) * std::uint8_t{90};
  write_pictures(folder / "own", 12, [&](std::size_t) { return gray; });
  auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set",
                                            {.split = {50, 25, 25}});
  CHECK(report.rows == std::map<std::string, std::size_t>{{"train", 12}});
  auto const cleaned =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "clean", {.clean = true});
  CHECK(cleaned.rows.at("all") == 1);
}

TEST_CASE("dark pictures of other spots are no copies") {
  TempDir const folder;
  write_pictures(folder / "own", 20, spots);
  auto const report =
      vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set", {.clean = true});
  CHECK(!finds(report, "look_alikes"));
  CHECK(report.rows.at("all") == 20);
  CHECK(!finds(vlsm::check_dataset(folder / "set"), "look_alikes"));
}

TEST_CASE("how many bits may differ follows from how many are set") {
  auto const first_bits = [](int count, int from = 0) {
    vlsm::PerceptualHash hash{};
    for (int i = from; i < from + count; ++i)
      hash[static_cast<std::size_t>(i) / 64] |= std::uint64_t{1} << i % 64;
    return hash;
  };
  CHECK(vlsm::are_alike(first_bits(128), first_bits(128, 24)));
  CHECK(!vlsm::are_alike(first_bits(128), first_bits(128, 25)));
  CHECK(vlsm::are_alike(first_bits(40), first_bits(40, 12)));
  CHECK(!vlsm::are_alike(first_bits(40), first_bits(40, 14)));
  CHECK(!vlsm::are_alike(first_bits(24), first_bits(24, 1)));
  CHECK(!vlsm::are_alike(first_bits(230), first_bits(230, 1)));
}

TEST_CASE("two PNGs of one size and one CRC-32 are no copies of each other") {
  // The checksum that ends a PNG's chunk cancels half of the whole file's: of pictures of one size
  // every 65,536th pair has one CRC-32.
  std::map<std::pair<std::uint32_t, std::size_t>, vlsm::Image> seen;
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    vlsm::Image image = xt::zeros<std::uint8_t>({8, 8, 3});
    for (std::uint8_t& level : image) level = static_cast<std::uint8_t>(random());
    std::string const png = vlsm::encode_png(image);
    auto const [other, fresh] =
        seen.emplace(std::pair{vlsm::io::crc32(std::as_bytes(std::span(png))), png.size()}, image);
    if (fresh || other->second == image) continue;
    TempDir const folder;
    write_own_set(folder / "own", 0);
    for (char const* name : {"a.png", "b.png"}) {
      vlsm::write_png(folder / "own/images" / name, *name == 'a' ? image : other->second);
      vlsm::write_png(folder / "own/masks" / name, disk(8, 4, 4, 2));
    }
    auto const report = vlsm::prepare_dataset(vlsm::read_folder(folder / "own"), folder / "set");
    CHECK(!finds(report, "identical_pictures"));
    return;
  }
  FAIL("no two such pictures were found");
}

TEST_CASE("same bytes join what looks alike to one group") {
  std::vector<vlsm::PictureKey> keys(4);
  keys[0] = {.bytes = {0, 1}, .look = {~0ull, ~0ull, 0, 0}, .has_look = true};
  keys[1] = {.bytes = {0, 2}, .look = {~0ull, ~0ull << 8, 0, 0}, .has_look = true};
  keys[2] = {.bytes = {0, 2}, .look = {~0ull, ~0ull << 8, 0, 0}, .has_look = true};
  keys[3] = {.bytes = {0, 3}};
  std::vector<std::vector<std::size_t>> const by_bytes{{1, 2}}, by_looks{{0, 1, 2}};
  CHECK(vlsm::same_pictures(keys, false) == by_bytes);
  CHECK(vlsm::same_pictures(keys, true) == by_looks);
  // Neighbors of a sequence look alike; with the same bytes they are copies still.
  for (vlsm::PictureKey& key : keys) key.sequence = "one";
  CHECK(vlsm::same_pictures(keys, true) == by_bytes);
  for (vlsm::PictureKey& key : keys) key.file = "volume.nii";
  CHECK(vlsm::same_pictures(keys, true).empty());
}

TEST_CASE(
    "look-alikes, however many wait at a time, are grouped as if all were sorted by distance") {
  std::mt19937 random(5);
  auto const flip = [&](vlsm::PerceptualHash& hash, int count) {
    for (int i = 0; i < count; ++i) hash[random() % 4] ^= std::uint64_t{1} << random() % 64;
  };
  // Variants of three hashes that are 40 bits apart, some of them in sequences.
  vlsm::PerceptualHash base{0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f, 0xff00ff00};
  std::vector<vlsm::PictureKey> keys;
  for (std::size_t i = 0; i < 1300; ++i) {
    if (i % 500 == 0) flip(base, 40);
    vlsm::PictureKey key{.look = base, .has_look = true};
    flip(key.look, static_cast<int>(random() % 16));
    if (i % 4 > 0) key.sequence = "s" + std::to_string(random() % 200);
    keys.push_back(key);
  }
  struct Pair {
    int bits;
    std::size_t a, b;
    auto operator<=>(Pair const&) const = default;
  };
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < keys.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (vlsm::are_alike(keys[a].look, keys[b].look))
        pairs.push_back({vlsm::hash_distance(keys[a].look, keys[b].look), a, b});
  std::ranges::sort(pairs);
  std::vector<std::size_t> group(keys.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  std::vector<std::set<std::string>> sequences(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (!keys[i].sequence.empty()) sequences[i] = {keys[i].sequence};
  for (auto const& [bits, a, b] : pairs) {
    std::size_t const kept = std::min(group[a], group[b]), gone = std::max(group[a], group[b]);
    bool const apart = std::ranges::none_of(
        sequences[gone], [&](auto const& one) { return sequences[kept].contains(one); });
    if (kept == gone || !apart) continue;
    std::ranges::replace(group, gone, kept);
    sequences[kept].merge(sequences[gone]);
  }
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < group.size(); ++i) members[group[i]].push_back(i);
  std::vector<std::vector<std::size_t>> expected;
  for (auto const& [first, list] : members)
    if (list.size() > 1) expected.push_back(list);
  CHECK(expected.size() > 3);
  CHECK(vlsm::same_pictures(keys, true) == expected);
  for (std::size_t const most : {0, 50, 10'000}) {
    vlsm::detail::PictureSets sets(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (!keys[i].sequence.empty()) sets.put_in_sequence(i, keys[i].sequence);
    vlsm::detail::join_look_alikes(sets, keys, most);
    CHECK(sets.groups() == expected);
  }
}
