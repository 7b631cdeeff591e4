// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/job_queue.hpp"
#include "vlsm/base/byte_lru.hpp"
#include "vlsm/segmenter/registry.hpp"

namespace tool::serve {

using Clock = std::chrono::steady_clock;

/// Milliseconds from then to now.
inline double milliseconds_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

/// A model, ready to infer, with what makes ids of its prompts.
struct LoadedModel {
  std::unique_ptr<vlsm::AnySegmenter> model;
  /// Ids of a prompt; `cut` says whether it has more than the model reads.
  std::function<std::vector<std::int64_t>(std::string const&, bool& cut)> encode;
  at::Device device = at::kCPU;
};

/// What was seen in a picture, and how long that took.
struct Seen {
  vlsm::ImageFeatures features;
  std::size_t bytes = 0;
  double wait = 0, encode = 0;  ///< milliseconds
};

/// What was found in a picture, a map for each prompt, and how long that took.
struct FoundMaps {
  at::Tensor probability;                      ///< [P, S, S] on the CPU
  std::vector<std::size_t> tokens;             ///< of each prompt, start and end included
  std::vector<bool> cut;                       ///< whether the prompt has more than the model reads
  double wait = 0, sentences = 0, decode = 0;  ///< milliseconds
};

/// The one model of a server, used by one thread. What it has read of a sentence is kept.
class ModelHost {
 public:
  /// Loads the model beside; what is asked meanwhile waits, at most `waiting` requests.
  ModelHost(vlsm::RegisteredModel const& info, std::size_t waiting,
            std::function<LoadedModel()> load);

  /// Encodes a picture as the model sees it, [1, 3, S, S]. Throws as JobQueue::run does.
  Seen see(at::Tensor const& pixels, std::function<bool()> const& gone);
  /// What the prompts name in a picture, in one batch; of a model that reads no prompt one map.
  /// Throws as JobQueue::run does.
  FoundMaps find(vlsm::ImageFeatures const& seen, std::vector<std::string> const& prompts,
                 std::function<bool()> const& gone);

  /// Bytes that what is seen in a picture takes at most.
  std::size_t most_bytes() const;
  vlsm::RegisteredModel const& info() const { return info_; }
  JobQueue& queue() { return queue_; }

 private:
  struct Sentence {
    vlsm::TextFeatures said;
    std::size_t tokens = 0;
    bool cut = false;
  };
  std::shared_ptr<Sentence const> read(std::string const& prompt);

  vlsm::RegisteredModel const& info_;
  LoadedModel loaded_;
  vlsm::ByteLru<std::string, std::shared_ptr<Sentence const>> sentences_{64u << 20};
  JobQueue queue_;  // last: its thread uses all else
};

}  // namespace tool::serve
