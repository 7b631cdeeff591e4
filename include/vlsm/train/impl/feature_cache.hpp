// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <system_error>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/ops/tensor_bytes.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/weights/tensor.hpp"

namespace vlsm {

namespace detail {

inline std::size_t bytes_of(KeptFeatures const& features) {
  std::size_t bytes = 0;
  for (auto const& [name, value] : features) bytes += value.nbytes();
  return bytes;
}

/// Of names, shapes and values: what a file says of its content.
inline ContentHash hash_of(KeptFeatures const& features) {
  ContentHash hash;
  for (auto const& [name, value] : features) hash = tensor_hash(name, value, hash);
  return hash;
}

/// On the CPU, with memory of its own, and in half of the room where that loses no large value.
inline at::Tensor as_kept(at::Tensor const& value, bool half) {
  at::Tensor kept = value.detach().to(at::kCPU).contiguous();
  if (half && kept.scalar_type() == at::kFloat) {
    at::Tensor const halved = kept.to(at::kHalf);
    if (halved.isfinite().all().item<bool>()) return halved;
  }
  return kept.storage().nbytes() == kept.nbytes() ? kept : kept.clone();
}

}  // namespace detail

VLSM_INLINE FeatureCache::FeatureCache(FeatureCacheOptions options) : options_(std::move(options)) {
  if (!options_.folder.empty())
    io::make_folder(options_.folder, "choose another folder for the features");
}

VLSM_INLINE std::size_t FeatureCache::begin() {
  std::lock_guard const lock(mutex_);
  running_.insert(++runs_);
  return runs_;
}

VLSM_INLINE void FeatureCache::end(std::size_t run) {
  std::lock_guard const lock(mutex_);
  running_.erase(run);
}

VLSM_INLINE FeatureCache::Counts FeatureCache::counts() const {
  std::lock_guard const lock(mutex_);
  return counts_;
}

VLSM_INLINE std::string FeatureCache::trouble() const {
  std::lock_guard const lock(mutex_);
  return trouble_;
}

VLSM_INLINE std::optional<KeptFeatures> FeatureCache::find(ContentHash const& key,
                                                           std::size_t run) {
  {
    std::lock_guard const lock(mutex_);
    if (auto const place = places_.find(key); place != places_.end()) {
      entries_.splice(entries_.begin(), entries_, place->second);
      place->second->used = run;
      ++counts_.found;
      return place->second->features;
    }
  }
  std::optional<KeptFeatures> stored = read(key);
  if (!stored) return std::nullopt;
  std::lock_guard const lock(mutex_);
  ++counts_.found;
  return add(key, std::move(*stored), run, /*in_file=*/true);
}

VLSM_INLINE KeptFeatures FeatureCache::keep(ContentHash const& key, KeptFeatures features,
                                            std::size_t run) {
  for (auto& [name, value] : features) value = detail::as_kept(value, options_.half);
  bool const in_file = write(key, features);
  if (in_file)
    if (std::optional<KeptFeatures> stored = read(key)) features = std::move(*stored);
  std::lock_guard const lock(mutex_);
  ++counts_.computed;
  return add(key, std::move(features), run, in_file);
}

// Takes an entry into memory, or as a mapped file; the mutex is locked.
VLSM_INLINE KeptFeatures FeatureCache::add(ContentHash const& key, KeptFeatures features,
                                           std::size_t run, bool in_file) {
  constexpr std::size_t most_mapped = 20'000;  // the kernel allows 65,530 mappings a process
  if (places_.contains(key)) return features;  // another thread was faster
  std::size_t const bytes = detail::bytes_of(features);
  bool const in_memory = make_room(bytes);
  if (!in_memory && !in_file) ++counts_.dropped;
  if (!in_memory && (!in_file || mapped_ == most_mapped)) return features;
  if (in_memory && in_file)
    for (auto& [name, value] : features) value = value.clone();
  (in_memory ? counts_.memory : mapped_) += in_memory ? bytes : 1;
  entries_.push_front({key, features, in_memory ? bytes : 0, run});
  places_[key] = entries_.begin();
  return features;
}

// Whether so much may be kept in memory, once entries that nobody uses are gone.
VLSM_INLINE bool FeatureCache::make_room(std::size_t bytes) {
  if (bytes > options_.memory) return false;
  for (auto last = entries_.end(); counts_.memory + bytes > options_.memory;) {
    if (last == entries_.begin()) return false;
    if ((--last)->bytes == 0 || running_.contains(last->used)) continue;
    counts_.memory -= last->bytes;
    places_.erase(last->key);
    last = entries_.erase(last);
  }
  return true;
}

VLSM_INLINE std::filesystem::path FeatureCache::file_of(ContentHash const& key) const {
  return options_.folder / (key.text() + ".safetensors");
}

VLSM_INLINE std::optional<KeptFeatures> FeatureCache::read(ContentHash const& key) {
  std::error_code ignored;
  if (options_.folder.empty() || !std::filesystem::exists(file_of(key), ignored)) return {};
  try {
    auto const file = io::read_safetensors(file_of(key));
    KeptFeatures features;
    for (auto const& tensor : file.tensors)
      features.emplace_back(tensor.name, io::to_tensor(tensor.array));
    std::ranges::sort(features, {}, [](auto const& one) { return one.first; });
    auto const hash = file.metadata.find("hash");
    if (hash == file.metadata.end() || hash->second != detail::hash_of(features).text()) return {};
    return features;
  } catch (Error const&) {
    return {};  // cut short by a power cut, say: it is written again
  }
}

VLSM_INLINE bool FeatureCache::write(ContentHash const& key, KeptFeatures const& features) {
  if (options_.folder.empty() || !trouble().empty()) return false;
  std::vector<io::NamedArray> tensors;
  for (auto const& [name, value] : features) tensors.push_back({name, io::to_array(value)});
  KeptFeatures sorted = features;
  std::ranges::sort(sorted, {}, [](auto const& one) { return one.first; });
  try {
    // Not flushed: what a power cut damages is computed again.
    io::write_safetensors(file_of(key), tensors, {{"hash", detail::hash_of(sorted).text()}}, false);
  } catch (Error const& error) {
    std::lock_guard const lock(mutex_);
    trouble_ = error.what();
    return false;
  }
  std::lock_guard const lock(mutex_);
  counts_.written += detail::bytes_of(features);
  return true;
}

VLSM_INLINE std::size_t feature_bytes(ModelInfo const& model, bool half) {
  FeatureSpec const& port = model.vision;
  Workload const load{model.recipe.image, model.recipe.image, 0};
  long long values = port.pooled;
  for (int i = 0; i < port.count; ++i)
    values +=
        port.width[static_cast<std::size_t>(i)] *
        (positions_of(port, i, load) + (port.layout == Layout::tokens ? port.class_tokens : 0));
  return static_cast<std::size_t>(values) * (half ? 2 : 4);
}

VLSM_INLINE std::size_t usual_cache_memory() { return available_memory() / 2; }

}  // namespace vlsm
