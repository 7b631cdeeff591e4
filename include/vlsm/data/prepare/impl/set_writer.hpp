// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/crc32.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/prepare/impl/workers.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm::detail {

inline void write_text_file(std::filesystem::path const& path, std::string const& text) {
  io::AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

/// What is remembered of a picture that was written.
struct WrittenPicture {
  std::size_t height = 0, width = 0;
  PictureKey key;
};

/// And of a mask.
struct WrittenMask {
  MaskAttributes attributes;
  std::string doubt;   ///< as SourceMask's
  std::string matter;  ///< attributes of the written mask, where they are others
};

/// Reads the pictures and masks of a set and writes them; without a target it only reads.
class SetWriter {
 public:
  std::vector<WrittenPicture> pictures;
  std::vector<WrittenMask> masks;
  std::vector<std::string> stale;  ///< files of an earlier run that are not this set's

  SetWriter(SourceSet const& set, std::filesystem::path const& target,
            PrepareOptions const& options)
      : set_(set), target_(target), options_(options) {}

  /// Throws Error.
  void write() {
    if (!target_.empty()) begin();
    pictures.resize(set_.images.size());
    masks.resize(set_.rows.size());
    std::size_t const all = pictures.size() + masks.size();
    auto const tell = [&](std::size_t before) {
      return [this, all, before](std::size_t done) {
        if (options_.progress) options_.progress(before + done, all);
      };
    };
    run_tasks(
        pictures.size(), options_.threads, [&](std::size_t i) { do_image(i); }, tell(0));
    run_tasks(
        masks.size(), options_.threads, [&](std::size_t i) { do_row(i); }, tell(pictures.size()));
  }

 private:
  /// The folder, without annotations until all is done.
  void begin() {
    namespace fs = std::filesystem;
    std::error_code failed;
    fs::path const mark = target_ / "preparing.json", old = target_ / "report.json";
    std::string before;
    for (fs::path const& path : {mark, old})
      if (before.empty() && is_file(path)) before = read_text_file(path);
    bool const empty = !fs::exists(target_, failed) || fs::is_empty(target_, failed);
    nlohmann::json const was = nlohmann::json::parse(before, nullptr, false);
    auto const says = [&](char const* key, std::string const& value) {
      return was.is_object() && was.contains(key) && was[key] == value;
    };
    if (!empty && !says("dataset", set_.dataset))
      throw Error("the folder is not empty, and no " + set_.dataset + " was prepared there",
                  target_.string(), "choose another folder");
    if (!empty && !says("source", set_.source))
      throw Error("another folder's pictures were prepared there", target_.string(),
                  "choose another folder, or remove that one");
    keep_sources();
    if (fs::create_directories(target_, failed); failed)
      throw Error("the folder cannot be made (" + failed.message() + ")", target_.string(),
                  "check the path and its permissions");
    write_text_file(
        mark, nlohmann::json{{"dataset", set_.dataset}, {"source", set_.source}}.dump() + "\n");
    std::set<fs::path> folders{target_ / "images", target_ / "masks"};
    for (SourceImage const& image : set_.images)
      folders.insert((target_ / "images" / image.name).parent_path());
    for (SourceRow const& row : set_.rows)
      folders.insert((target_ / "masks" / row.mask).parent_path());
    for (fs::path const& folder : folders)
      if (fs::create_directories(folder, failed); failed)
        throw Error("the folder cannot be made (" + failed.message() + ")", folder.string(),
                    "check the path and its permissions");
    fs::remove_all(target_ / "anns", failed);
    find_stale();
  }

  /// Throws Error where the target is, holds or lies in a folder that the set is read from.
  void keep_sources() const {
    namespace fs = std::filesystem;
    std::error_code failed;
    fs::path const target = fs::weakly_canonical(target_, failed) / "";
    auto const begins = [](fs::path const& whole, fs::path const& part) {
      return (whole / "").string().starts_with((part / "").string());
    };
    std::set<fs::path> sources;
    for (SourceImage const& image : set_.images) sources.insert(image.file.parent_path());
    for (SourceRow const& row : set_.rows)
      if (is_file(row.source)) sources.insert(fs::path(row.source).parent_path());
    for (fs::path const& folder : sources) {
      fs::path const source = fs::weakly_canonical(folder, failed);
      fs::path const clean = target.parent_path();
      if (begins(source, clean) || begins(clean, source))
        throw Error("the set is read from this folder", target_.string(),
                    "choose another folder to write to");
    }
  }

  void find_stale() {
    namespace fs = std::filesystem;
    std::set<std::string> own;
    for (SourceImage const& image : set_.images) own.insert("images/" + image.name);
    for (SourceRow const& row : set_.rows) own.insert("masks/" + row.mask);
    for (char const* part : {"images", "masks"}) {
      std::error_code failed, ignored;
      for (fs::recursive_directory_iterator one(target_ / part, failed), end; !failed && one != end;
           one.increment(failed))
        if (std::string name = one->path().lexically_relative(target_).generic_string();
            one->is_regular_file(ignored) && !own.contains(name) &&
            name.find(".partial-") == std::string::npos)
          stale.push_back(std::move(name));
    }
    std::ranges::sort(stale, natural_less);
  }

  void do_image(std::size_t i) {
    SourceImage const& image = set_.images[i];
    WrittenPicture& picture = pictures[i];
    std::filesystem::path const target = target_ / "images" / image.name;
    if (image.convert) {
      Image const pixels = image.convert();
      picture.height = pixels.shape(0), picture.width = pixels.shape(1);
      std::string const bytes = encode_png(pixels);
      put(target, bytes);
      picture.key = {key_of(bytes), set_.look_alikes ? perceptual_hash(pixels) : PerceptualHash{},
                     set_.look_alikes};
      return;
    }
    // Decoded to the end: a file that is cut off has a header all the same.
    if (set_.look_alikes) {
      Image const pixels = read_image(image.file);
      picture.height = pixels.shape(0), picture.width = pixels.shape(1);
      picture.key.look = perceptual_hash(pixels), picture.key.has_look = true;
    } else {
      RawPicture const pixels = read_raw_picture(image.file);
      picture.height = pixels.height, picture.width = pixels.width;
    }
    std::string const bytes = read_text_file(image.file);
    picture.key.bytes = key_of(bytes);
    std::error_code failed;
    if (options_.link && !target_.empty()) {
      std::filesystem::remove(target, failed);
      std::filesystem::create_hard_link(image.file, target, failed);
      if (!failed) return;
    }
    put(target, bytes);
  }

  /// Writes a file, unless it is there with these bytes.
  void put(std::filesystem::path const& path, std::string const& bytes) const {
    std::error_code failed;
    if (target_.empty()) return;
    if (std::filesystem::file_size(path, failed) == bytes.size() && !failed &&
        read_text_file(path) == bytes)
      return;
    io::AtomicFile file(path);
    file.write(bytes.data(), bytes.size());
    file.commit(/*flush=*/false);
  }

  static std::uint64_t key_of(std::string const& bytes) {
    auto const crc = io::crc32(std::as_bytes(std::span(bytes)));
    return std::uint64_t{crc} << 32 ^ bytes.size();
  }

  void do_row(std::size_t i) {
    SourceRow const& row = set_.rows[i];
    SourceMask const mask = row.read();
    auto const& [height, width, key] = pictures[row.image];
    if (mask.levels.shape(0) != height || mask.levels.shape(1) != width)
      throw Error("a mask has another size than its picture: " +
                      size_text(mask.levels.shape(1), mask.levels.shape(0)) + " against " +
                      size_text(width, height),
                  row.source, "fetch both again");
    WrittenMask& made = masks[i];
    made.doubt = mask.doubt;
    made.attributes = mask_attributes(mask.levels, options_.position);
    Mask written = mask.levels;
    bool two_valued = true;
    for (std::uint8_t& level : written) {
      two_valued &= level == 0 || level == 255;
      level = level >= 128 ? 255 : 0;
    }
    if (!two_valued) {
      MaskAttributes const other = mask_attributes(written, options_.position);
      if (other.size != made.attributes.size || other.position != made.attributes.position)
        made.matter = "size " + other.size + ", position " + other.position;
    }
    if (!target_.empty()) write_png(target_ / "masks" / row.mask, written, /*flush=*/false);
  }

  SourceSet const& set_;
  std::filesystem::path const& target_;
  PrepareOptions const& options_;
};

}  // namespace vlsm::detail
