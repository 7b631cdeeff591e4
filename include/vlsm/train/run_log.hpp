// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/train/event_file.hpp"
#include "vlsm/train/options.hpp"

namespace vlsm {

/// log.csv and TensorBoard events of a run, in its folder.
class RunLog {
 public:
  explicit RunLog(std::filesystem::path const& folder)
      : folder_(folder), csv_(folder / "log.csv") {}

  /// Adds an epoch; the row of an epoch that is done again after a stop is replaced. Throws Error
  /// where a file cannot be written.
  void add(Epoch const& epoch) {
    std::string text = std::string(header) + "\n";
    std::ifstream in(csv_);
    for (std::string line; std::getline(in, line);)
      if (line != header && std::atoi(line.c_str()) < epoch.epoch) text += line + "\n";
    text += std::to_string(epoch.epoch);
    for (double const value : {epoch.train_loss, epoch.val_loss, epoch.val_dice,
                               epoch.learning_rate, epoch.gradient_norm})
      text += "," + strings::number_text(value);  // all digits: the best epoch is told from them
    text += "," + strings::number_text(epoch.seconds, std::chars_format::fixed, 3) + "\n";
    io::write_whole_file(csv_, text);
    if (!events_) events_.emplace(folder_);  // a run that fails at once leaves no empty file
    events_->add("loss/train", epoch.epoch, epoch.train_loss);
    events_->add("loss/val", epoch.epoch, epoch.val_loss);
    events_->add("dice/val", epoch.epoch, epoch.val_dice);
    events_->add("learning_rate", epoch.epoch, epoch.learning_rate);
    events_->add("gradient_norm", epoch.epoch, epoch.gradient_norm);
  }

  /// Adds a picture of an epoch to the events.
  void add_picture(std::string const& tag, int epoch, Image const& picture) {
    if (!events_) events_.emplace(folder_);
    events_->add_picture(tag, epoch, encode_png(picture), picture.shape(0), picture.shape(1));
  }

 private:
  static constexpr char const* header =
      "epoch,train_loss,val_loss,val_dice,learning_rate,gradient_norm,seconds";
  std::filesystem::path folder_, csv_;
  std::optional<EventFile> events_;
};

/// Removes what a training wrote into its folder: weights, state, log and events. Throws
/// std::filesystem::filesystem_error where a file cannot be removed.
inline void remove_run(std::filesystem::path const& folder) {
  for (char const* file : {"last.safetensors", "best.safetensors", "log.csv"})
    std::filesystem::remove(folder / file);
  std::vector<std::filesystem::path> events;
  for (auto const& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("events.out.tfevents."))
      events.push_back(entry.path());
  for (auto const& file : events) std::filesystem::remove(file);
}

/// The epochs in a folder's log.csv, as far as they stand there; `best` is set where the validation
/// Dice rose. Empty where there is no log.
inline std::vector<Epoch> read_run_log(std::filesystem::path const& folder) {
  std::vector<Epoch> epochs;
  std::ifstream in(folder / "log.csv");
  double best = -1;
  for (std::string line; std::getline(in, line);) {
    auto const cells = strings::split_text(line, ",");
    if (cells.size() != 7 || cells[0] == "epoch") continue;
    auto const value = [&](std::size_t i) {
      double number = 0;
      std::from_chars(cells[i].data(), cells[i].data() + cells[i].size(), number);
      return number;
    };
    Epoch epoch{.epoch = static_cast<int>(value(0)),
                .train_loss = value(1),
                .val_loss = value(2),
                .val_dice = value(3),
                .learning_rate = value(4),
                .gradient_norm = value(5),
                .seconds = value(6)};
    epoch.best = epoch.val_dice > best;
    best = std::max(best, epoch.val_dice);
    epochs.push_back(epoch);
  }
  return epochs;
}

}  // namespace vlsm
