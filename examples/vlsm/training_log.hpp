// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "progress.hpp"
#include "stop_signal.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/run_log.hpp"

namespace tool {

/// What is drawn of a best epoch.
using DrawBest = std::function<void(vlsm::RunLog& log, vlsm::Epoch const& epoch)>;

/// Trains `model`, which `what` names on stderr: a line of progress there, log.csv and TensorBoard
/// events in `options.run`, an existing folder; of several processes the first one tells. Returns
/// the epochs of this call; throws what fit throws, and Stopped where `signal` came and the run was
/// saved.
inline std::vector<vlsm::Epoch> fit_logged(vlsm::AnySegmenter& model, std::string const& what,
                                           vlsm::Dataset const& train, vlsm::Dataset const& val,
                                           vlsm::Encode const& encode,
                                           vlsm::FitOptions const& options,
                                           StopSignal const* signal = nullptr,
                                           DrawBest const& draw = {}) {
  bool const tells = !options.group || options.group->is_main();
  vlsm::RunLog log(options.run);
  std::size_t const steps = (train.size() + options.batch - 1) / options.batch;
  std::optional<Progress> progress;
  if (tells) progress.emplace(what, steps * static_cast<std::size_t>(options.epochs));
  bool first = true;
  std::string stopped;  // where
  std::string dice;     // of the epoch before
  vlsm::FitHooks const hooks{
      .on_step =
          [&](int epoch, std::size_t step, std::size_t, double loss) {
            if (!progress) return;
            std::size_t const before = static_cast<std::size_t>(epoch - 1) * steps;
            if (std::exchange(first, false)) progress->skip(before + step - 1);
            char note[64];
            std::snprintf(note, sizeof note, "epoch %d, loss %.4f", epoch, loss);
            progress->update(before + step, note + dice);
          },
      .on_epoch =
          [&](vlsm::Epoch const& epoch) {
            char note[32];
            std::snprintf(note, sizeof note, ", val Dice %.3f", epoch.val_dice);
            dice = note;
            if (tells) log.add(epoch);
            if (tells && epoch.best && draw) draw(log, epoch);
          },
      .stop = [&] { return signal && signal->came(); },
      .on_stop =
          [&](int epoch, std::size_t step, std::size_t of) {
            stopped = "epoch " + std::to_string(epoch) + ", step " + std::to_string(step) + " of " +
                      std::to_string(of);
          }};
  auto history = vlsm::fit(model, train, val, encode, options, hooks);
  if (progress) progress->finish();
  if (stopped.empty()) return history;
  // The signal may have come to another process.
  throw Stopped(signal->came() ? signal->came() : SIGTERM,
                stopped + ", which is saved; --resume goes on there");
}

}  // namespace tool
