// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "common.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/train/event_file.hpp"
#include "vlsm/train/options.hpp"

namespace tool {

/// log.csv and TensorBoard events of a run.
class RunLog {
 public:
  explicit RunLog(std::filesystem::path const& folder)
      : folder_(folder), csv_(folder / "log.csv") {}

  /// Adds an epoch; the row of an epoch that is done again after a stop is replaced.
  void add(vlsm::Epoch const& epoch) {
    std::string text = std::string(header) + "\n";
    std::ifstream in(csv_);
    for (std::string line; std::getline(in, line);)
      if (line != header && std::atoi(line.c_str()) < epoch.epoch) text += line + "\n";
    char row[256];
    std::snprintf(row, sizeof row, "%d,%.8g,%.8g,%.8g,%.8g,%.8g,%.3f\n", epoch.epoch,
                  epoch.train_loss, epoch.val_loss, epoch.val_dice, epoch.learning_rate,
                  epoch.gradient_norm, epoch.seconds);
    vlsm::io::write_whole_file(csv_, text + row);
    if (!events_) events_.emplace(folder_);  // a run that fails at once leaves no empty file
    events_->add("loss/train", epoch.epoch, epoch.train_loss);
    events_->add("loss/val", epoch.epoch, epoch.val_loss);
    events_->add("dice/val", epoch.epoch, epoch.val_dice);
    events_->add("learning_rate", epoch.epoch, epoch.learning_rate);
    events_->add("gradient_norm", epoch.epoch, epoch.gradient_norm);
  }

  /// Adds a picture of an epoch to the events.
  void add_picture(std::string const& tag, int epoch, vlsm::Image const& picture) {
    if (!events_) events_.emplace(folder_);
    events_->add_picture(tag, epoch, vlsm::encode_png(picture), picture.shape(0), picture.shape(1));
  }

 private:
  static constexpr char const* header =
      "epoch,train_loss,val_loss,val_dice,learning_rate,gradient_norm,seconds";
  std::filesystem::path folder_, csv_;
  std::optional<vlsm::EventFile> events_;
};

}  // namespace tool
