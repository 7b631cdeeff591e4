// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "serve/http.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"

namespace tool::serve {

/// Writes corrected masks with their sentences as rows of a data set in the study's layout. All
/// names are made here; what is there already is never replaced. The annotations of one start of
/// the server are one file, which appears with its first row and is renewed as a whole, unless
/// someone else has changed it since: then a new file begins.
class AnnotationWriter {
 public:
  explicit AnnotationWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path const& folder() const { return folder_; }

  /// Where a row has gone.
  struct Row {
    std::string file, image, mask;  ///< names below the folder
    std::size_t rows = 0;           ///< of the file, this one included
  };

  /// Adds a row: the bytes of a picture's file with the ending of its kind, those of a mask's PNG,
  /// and the sentence. `name` becomes part of names: letters and digits. Throws Error where a file
  /// cannot be written; the annotations are then those of before.
  Row add(std::string const& name, std::string_view ending, std::string_view picture,
          std::string_view mask, std::string const& prompt) {
    std::lock_guard const lock(mutex_);
    for (char const* part : {"images", "masks", "anns"})
      vlsm::io::make_folder(folder_ / part, "start the server with another --save");
    std::string const when = time_text();
    std::string const image = write_image(name, ending, picture);
    std::string const mask_name = write_new("masks", name + "-" + when, ".png", mask);
    bool const ours =
        !file_.empty() && vlsm::io::read_whole_file(folder_ / "anns" / file_) == text_;
    Json rows = ours ? rows_ : Json::array();
    rows.push_back({{"img_name", image},
                    {"mask_name", mask_name},
                    {"prompts", {{"p0", ""}, {"p1", {prompt}}}}});
    std::string text = rows.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (ours)
      vlsm::io::write_whole_file(folder_ / "anns" / file_, text);
    else
      file_ = write_new("anns", "page-" + when, ".json", text);
    rows_ = std::move(rows);
    text_ = std::move(text);
    return {"anns/" + file_, "images/" + image, "masks/" + mask_name, rows_.size()};
  }

 private:
  static std::string time_text() {
    std::time_t const now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &parts);
    return text.data();
  }

  /// Writes a file under the first name of these that nothing has: BASE.png, BASE-2.png, …
  std::string write_new(char const* part, std::string const& base, std::string const& ending,
                        std::string_view bytes) const {
    for (int number = 1;; ++number) {
      std::string const name = base + (number == 1 ? "" : "-" + std::to_string(number)) + ending;
      if (std::error_code ignored; std::filesystem::exists(folder_ / part / name, ignored))
        continue;
      if (vlsm::io::write_new_file(folder_ / part / name, bytes)) return name;
    }
  }

  /// The same of a picture, whose file is used again where it holds these bytes.
  std::string write_image(std::string const& base, std::string_view ending,
                          std::string_view bytes) const {
    for (int number = 1;; ++number) {
      std::string const name =
          base + (number == 1 ? "" : "-" + std::to_string(number)) + std::string(ending);
      if (vlsm::io::read_whole_file(folder_ / "images" / name) == bytes) return name;
      if (std::error_code ignored; std::filesystem::exists(folder_ / "images" / name, ignored))
        continue;
      if (vlsm::io::write_new_file(folder_ / "images" / name, bytes)) return name;
    }
  }

  std::filesystem::path const folder_;
  std::mutex mutex_;
  std::string file_;  // of this start; empty: no row yet
  std::string text_;  // of the file, as written last
  Json rows_ = Json::array();
};

}  // namespace tool::serve
