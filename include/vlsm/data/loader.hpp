// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/data/batch.hpp"
#include "vlsm/data/check_example.hpp"
#include "vlsm/data/dataset.hpp"
#include "vlsm/data/prompt_ids.hpp"
#include "vlsm/ops/tensor_bytes.hpp"

namespace vlsm {

/// Which examples come together: positions from one end to the next, all below the last.
using BatchEnds = std::vector<std::size_t>;

/// The ends of batches of `size` out of `count` examples, the last of which may be smaller; each is
/// cut into passes of `pass`. Both are at least 1.
inline BatchEnds batch_ends(std::size_t count, std::size_t size, std::size_t pass) {
  BatchEnds ends;
  size = std::clamp<std::size_t>(size, 1, count + 1);  // so that no sum overflows
  pass = std::clamp<std::size_t>(pass, 1, size);
  for (std::size_t first = 0; first < count; first += size) {
    std::size_t const last = std::min(count, first + size);
    for (std::size_t at = first; at < last;) ends.push_back(at = std::min(last, at + pass));
  }
  return ends;
}

/// The threads of a Loader where nothing else is said: half of the cores, at least 1, at most 8.
inline int usual_workers() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 1, 8);
}

/// How a Loader loads. Each example draws from example_random(seed, epoch, its position).
struct LoaderOptions {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::size_t first = 0;  ///< batches that are left out at the start
  /// Where in the epoch each example of `order` stands, if `order` is a part of it (Shard); empty:
  /// at its own place.
  std::vector<std::size_t> positions = {};
  int workers = -1;          ///< threads; 0: the caller's own; -1: usual_workers()
  std::size_t ahead = 2;     ///< batches that are loaded before they are asked for
  bool pinned = false;       ///< memory from which a GPU copies by itself
  bool hash_pixels = false;  ///< fills Batch::pixels
  std::function<void(Example&, Random&)> change = {};  ///< an augmentation
};

/// Loads batches of a data set in an order that is given, ahead of who reads them: decoding,
/// resizing, augmentation and tokenization run in threads. The batches are the same, bit for bit,
/// whatever the number of threads. Data set and `ids` must live as long.
class Loader {
 public:
  /// `order`: an index of the data set for each position; `ends` as in batch_ends.
  Loader(Dataset const& examples, PromptIds& ids, std::vector<std::size_t> order, BatchEnds ends,
         LoaderOptions options)
      : examples_(examples),
        ids_(ids),
        order_(std::move(order)),
        options_(std::move(options)),
        parts_(ends.size()),
        taken_(std::min(options_.first, ends.size())) {
    for (std::size_t i = 0, first = 0; i < ends.size(); first = ends[i++]) {
      parts_[i].first = first;
      parts_[i].size = parts_[i].left = ends[i] - first;
    }
    next_ = taken_ < parts_.size() ? parts_[taken_].first : order_.size();
    auto const workers =
        static_cast<std::size_t>(options_.workers < 0 ? usual_workers() : options_.workers);
    try {
      for (std::size_t i = 0; i < std::min(workers, order_.size()); ++i)
        workers_.emplace_back([this] { work(); });
    } catch (std::system_error const&) {
      // The system starts no more: those that there are load, or the caller.
    }
  }

  ~Loader() {
    {
      std::lock_guard const lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  Loader(Loader const&) = delete;
  Loader& operator=(Loader const&) = delete;

  /// The next batch: images [B, 3, S, S], masks [B, 1, S, S] on the CPU; nothing after the last.
  /// Throws what the first of its examples that failed threw, a file's name included, and Error
  /// where an example is not what a Dataset promises (check_example) or examples differ in size.
  std::optional<Batch> next() {
    if (taken_ == parts_.size()) return std::nullopt;
    Part& part = parts_[taken_];
    if (workers_.empty()) {
      for (std::size_t i = 0; i < part.size && !part.failed; ++i) load(part, part.first + i);
    } else {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [&] { return part.left == 0; });
    }
    {
      std::lock_guard const lock(mutex_);
      ++taken_;
    }
    room_.notify_all();
    if (part.failed) std::rethrow_exception(part.failed);
    return std::move(part.batch);
  }

 private:
  struct Part {
    std::size_t first = 0, size = 0, left = 0;  // positions
    Batch batch{};
    std::exception_ptr failed{};
    std::size_t failed_at = 0;
  };

  // Positions below this may be loaded now.
  std::size_t limit() const {
    std::size_t const ahead = std::clamp<std::size_t>(options_.ahead, 1, parts_.size() + 1),
                      last = std::min(parts_.size(), taken_ + ahead);
    return last == parts_.size() ? order_.size() : parts_[last].first;
  }

  void work() {
    at::NoGradGuard const no_grad;
    std::size_t at = 0;  // the part of `next_` or one before it
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [&] { return stop_ || next_ == order_.size() || next_ < limit(); });
      if (stop_ || next_ == order_.size()) return;
      std::size_t const position = next_++;
      while (parts_[at].first + parts_[at].size <= position) ++at;
      lock.unlock();
      load(parts_[at], position);
      lock.lock();
      if (--parts_[at].left == 0) ready_.notify_one();
    }
  }

  void load(Part& part, std::size_t position) {
    try {
      Random random =
          example_random(options_.seed, options_.epoch,
                         options_.positions.empty() ? position : options_.positions[position]);
      std::size_t const index = order_[position];
      Example example = examples_.at(index, random);
      check_example(example);
      if (options_.change) options_.change(example, random);
      put(part, position - part.first, index, std::move(example));
    } catch (...) {
      std::lock_guard const lock(mutex_);
      if (part.failed && part.failed_at < position) return;
      part.failed = std::current_exception();
      part.failed_at = position;
    }
  }

  void put(Part& part, std::size_t row, std::size_t index, Example example) {
    example.image = example.image.contiguous();
    example.mask = example.mask.contiguous();
    prepare(part, example);
    Batch& batch = part.batch;
    copy(batch.image, row, example.image, example.name);
    copy(batch.mask, row, example.mask, example.name);
    if (options_.hash_pixels) batch.pixels[row] = tensor_hash("", example.image);
    batch.indices[row] = index;
    batch.ids[row] = ids_(example.prompt);
    batch.names[row] = std::move(example.name);
    batch.prompts[row] = std::move(example.prompt);
  }

  // Room for the batch, once its first example says how much.
  void prepare(Part& part, Example const& example) {
    std::lock_guard const lock(mutex_);
    Batch& batch = part.batch;
    if (batch.image.defined()) return;
    auto const room = [&](at::Tensor const& one) {
      std::vector<std::int64_t> shape{static_cast<std::int64_t>(part.size)};
      shape.insert(shape.end(), one.sizes().begin(), one.sizes().end());
      return at::empty(shape, one.options().pinned_memory(options_.pinned));
    };
    batch.mask = room(example.mask);
    batch.image = room(example.image);
    batch.names.resize(part.size);
    batch.prompts.resize(part.size);
    batch.ids.resize(part.size);
    batch.indices.resize(part.size);
    if (options_.hash_pixels) batch.pixels.resize(part.size);
  }

  // Not copy_: it would start threads of LibTorch's for each worker.
  static void copy(at::Tensor const& into, std::size_t row, at::Tensor const& one,
                   std::string const& name) {
    if (into.sizes().slice(1) != one.sizes() || into.scalar_type() != one.scalar_type())
      throw Error("the examples of a batch differ: " + shape_text(one.sizes()) + " after " +
                      shape_text(into.sizes().slice(1)),
                  name, "give all examples one size and one type");
    std::memcpy(static_cast<std::byte*>(into.mutable_data_ptr()) + row * one.nbytes(),
                one.const_data_ptr(), one.nbytes());
  }

  Dataset const& examples_;
  PromptIds& ids_;
  std::vector<std::size_t> order_;
  LoaderOptions options_;
  std::vector<Part> parts_;
  std::size_t taken_ = 0;  // parts
  std::size_t next_ = 0;   // position
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  std::vector<std::thread> workers_;
};

}  // namespace vlsm
