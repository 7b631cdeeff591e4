// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/segmenter/model_info.hpp"

namespace vlsm {

/// What a tower wrote of one picture or one prompt, each tensor under a name and without the batch.
using KeptFeatures = std::vector<std::pair<std::string, at::Tensor>>;

/// Where features are kept.
struct FeatureCacheOptions {
  std::size_t memory = 0;             ///< most bytes in memory
  std::filesystem::path folder = {};  ///< what is beyond them; empty: nowhere
  bool half = false;                  ///< float32 is kept as float16, in half of the room
};

/// Features of frozen towers, so that each picture and each prompt is encoded once. A key tells
/// contents and weights, so several trainings (at a time, too) and, by a folder, several programs
/// share one: there is a file an entry, written aside and renamed, and mapped for reading. What is
/// in nobody's memory and in no folder is computed again; of what is in memory, entries that no run
/// uses any more make room, the longest unused first.
class FeatureCache {
 public:
  /// Throws Error where the folder cannot be made.
  explicit FeatureCache(FeatureCacheOptions options);

  /// A training or an evaluation begins, and gets a number; what it finds or keeps stays in memory
  /// until it ends.
  std::size_t begin();
  void end(std::size_t run);

  /// What is kept under `key`. A damaged file counts as none.
  std::optional<KeptFeatures> find(ContentHash const& key, std::size_t run);

  /// Keeps `features`, on the CPU, and returns what `find` gives from now on. A folder that takes
  /// no more is no failure of the training: see `trouble`.
  KeptFeatures keep(ContentHash const& key, KeptFeatures features, std::size_t run);

  /// What has happened so far.
  struct Counts {
    std::size_t found = 0, computed = 0;  ///< entries
    std::size_t memory = 0;               ///< bytes in memory now
    std::size_t written = 0;              ///< bytes of files
    std::size_t dropped = 0;              ///< entries that were computed and found no room
  };
  Counts counts() const;
  /// Why the folder takes no more entries; empty: it does.
  std::string trouble() const;
  FeatureCacheOptions const& options() const { return options_; }

 private:
  struct Entry {
    ContentHash key;
    KeptFeatures features;
    std::size_t bytes = 0;  ///< of memory; 0: a mapped file
    std::size_t used = 0;   ///< by which run last
  };

  std::filesystem::path file_of(ContentHash const& key) const;
  std::optional<KeptFeatures> read(ContentHash const& key);
  bool write(ContentHash const& key, KeptFeatures const& features);
  KeptFeatures add(ContentHash const& key, KeptFeatures features, std::size_t run, bool in_file);
  bool make_room(std::size_t bytes);

  FeatureCacheOptions options_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::map<ContentHash, std::list<Entry>::iterator> places_;
  std::size_t mapped_ = 0, runs_ = 0;
  std::set<std::size_t> running_;
  Counts counts_;
  std::string trouble_;
};

/// Bytes that a cache needs for what the vision tower of a model writes of one picture, in float32
/// (`half`: in float16).
std::size_t feature_bytes(ModelInfo const& model, bool half = false);

/// A budget for a cache: half of the memory that this process may still take, in bytes.
std::size_t usual_cache_memory();

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/train/impl/feature_cache.hpp"
#endif
