// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/file_lock.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/file/folders.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/source_files.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/data/formats/source_set.hpp"
#include "vlsm/data/picture_doubts.hpp"
#include "vlsm/data/prepare/impl/kept_lists.hpp"
#include "vlsm/data/prepare/impl/workers.hpp"
#include "vlsm/data/prepare/impl/written_files.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/data/prepare/same_pictures.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

namespace vlsm::detail {

/// What to do where the target cannot be written.
inline constexpr std::string_view check_path = "check the path and its permissions";

/// Reads the pictures and masks of a set and writes them; without a target it only reads.
class SetWriter {
 public:
  std::vector<WrittenPicture> pictures;  ///< of SourceSet::images, after `write`
  std::vector<WrittenMask> masks;        ///< of SourceSet::rows, after `write`
  std::vector<std::string> stale;        ///< files of an earlier run that are not this set's

  SetWriter(SourceSet const& set, std::filesystem::path const& target,
            PrepareOptions const& options)
      : set_(set), target_(target), options_(options) {}

  /// Does it. Throws Error for files that cannot be read or written, a mask of another size than
  /// its picture, and a target that holds anything but this set.
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
    check_masks(set_, masks);
  }

 private:
  /// Makes the folders and takes anns/ away, which comes back when all else is written. Throws
  /// Error where the target holds anything but this set, or cannot be written.
  void begin() {
    namespace fs = std::filesystem;
    check_target();
    keep_sources();
    io::make_folder(target_, check_path);
    lock_ = io::FileLock::of_folder(target_);
    if (!lock_.held())
      throw Error("another run is preparing this folder", target_.string(),
                  "wait until it ends, or choose another folder");
    check_target();  // what that run may have written since
    io::write_whole_file(
        target_ / "preparing.json",
        nlohmann::json{{"dataset", set_.dataset}, {"source", strings::as_utf8(set_.source)}}
                .dump() +
            "\n");
    for (fs::path const& folder : written_folders()) io::make_folder(folder, check_path);
    set_lists_aside(target_);
    find_stale();
  }

  /// The folders of the target that files are written to.
  std::set<std::filesystem::path> written_folders() const {
    std::set<std::filesystem::path> folders{target_ / "images", target_ / "masks"};
    for (SourceImage const& image : set_.images)
      folders.insert((target_ / "images" / image.name).parent_path());
    for (SourceRow const& row : set_.rows)
      folders.insert((target_ / "masks" / row.mask).parent_path());
    return folders;
  }

  /// Whether the target holds nothing but what a run that was stopped at its start leaves, and what
  /// file managers add.
  bool is_target_free() const {
    std::error_code failed;
    if (std::filesystem::is_empty(target_, failed) || !io::is_folder(target_)) return true;
    return io::folders_in(target_).empty() &&
           std::ranges::all_of(io::files_in(target_), [](std::string const& name) {
             return name.starts_with("preparing.json.partial-");
           });
  }

  /// Throws Error unless the target is empty, or a run that was stopped (preparing.json) or
  /// finished (report.json) wrote the same set there.
  void check_target() const {
    namespace fs = std::filesystem;
    std::error_code failed;
    std::string before;
    for (char const* name : {"preparing.json", "report.json"})
      if (before.empty() && io::is_file(target_ / name)) before = read_text_file(target_ / name);
    bool const empty = is_target_free();
    nlohmann::json const was = nlohmann::json::parse(before, nullptr, false);
    auto const says = [&](char const* key, std::string const& value) {
      return was.is_object() && was.contains(key) && was[key] == value;
    };
    if (!empty && !says("dataset", set_.dataset))
      throw Error("the folder is not empty, and no " + set_.dataset + " was prepared there",
                  target_.string(), "choose another folder");
    // However the path is written: with a slash at its end, by way of a symlink.
    auto const place = [&](std::string const& path) {
      return path.empty() ? path
                          : strings::as_utf8((fs::weakly_canonical(path, failed) / "").string());
    };
    bool const given = was.is_object() && was.contains("source") && was["source"].is_string();
    if (!empty && !says("source", strings::as_utf8(set_.source)) &&
        !(given && place(was["source"].get<std::string>()) == place(set_.source)))
      throw Error("another folder's pictures were prepared there", target_.string(),
                  "choose another folder, or remove that one");
  }

  /// Throws Error where the target, or a folder in it that is a symlink, is, holds or lies in a
  /// folder that the set is read from, and where it holds what a symlink of the set leads to, or
  /// the published lists.
  void keep_sources() const {
    namespace fs = std::filesystem;
    std::error_code failed;
    auto const begins = [](fs::path const& whole, fs::path const& part) {
      return (whole / "").string().starts_with((part / "").string());
    };
    auto const place = [&](fs::path const& folder) {
      return (fs::weakly_canonical(folder, failed) / "").parent_path();
    };
    std::vector<fs::path> targets{place(target_)};
    for (fs::path const& folder : written_folders())  // nearly all lie in the first
      if (fs::path const real = place(folder); !begins(real, targets[0])) targets.push_back(real);
    std::set<fs::path> sources, links;
    auto const add = [&](fs::path const& file) {
      sources.insert(file.parent_path());
      if (fs::is_symlink(file, failed)) links.insert(fs::weakly_canonical(file, failed));
    };
    for (SourceImage const& image : set_.images) add(image.file);
    for (SourceRow const& row : set_.rows)
      if (io::is_file(row.source)) add(row.source);
    auto const in_target = [&](fs::path const& path) {
      return std::ranges::any_of(targets, [&](auto const& target) { return begins(path, target); });
    };
    bool mixed = std::ranges::any_of(links, in_target);
    for (fs::path const& folder : sources) {
      fs::path const source = fs::weakly_canonical(folder, failed);
      mixed |= in_target(source) || std::ranges::any_of(targets, [&](auto const& target) {
                 return begins(target, source);
               });
    }
    fs::path lists = options_.published;
    if (io::is_folder(lists / "anns")) lists /= "anns";
    if (!lists.empty() && in_target(fs::weakly_canonical(lists, failed)))
      throw Error("the published lists lie in the folder that is written", lists.string(),
                  "copy them elsewhere, and name that folder with --anns");
    if (mixed)
      throw Error("the set is read from this folder", target_.string(),
                  "choose another folder to write to");
  }

  /// Fills `stale`. Parts of files that are being written (".partial-") do not count.
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
    std::ranges::sort(stale, strings::natural_less);
  }

  /// Reads picture `i`, which may be on any thread, and writes it.
  void do_image(std::size_t i) {
    SourceImage const& image = set_.images[i];
    WrittenPicture& picture = pictures[i];
    std::filesystem::path const target = target_ / "images" / image.name;
    if (!image.convert || is_picture_name(image.file.filename().string()))
      picture.look_at(read_picture_header(image.file));
    if (image.convert) {
      Image const pixels = image.convert();
      picture.height = pixels.shape(0), picture.width = pixels.shape(1);
      std::string const bytes = encode_png(pixels);
      put(target, bytes);
      picture.key = {content_hash(bytes),
                     set_.look_alikes ? perceptual_hash(pixels) : PerceptualHash{},
                     set_.look_alikes};
      return;
    }
    // Decoded to the end, not the header alone: that of a file that is cut off is sound.
    if (set_.look_alikes) {
      Image const pixels = read_image(image.file);
      picture.height = pixels.shape(0), picture.width = pixels.shape(1);
      picture.key.look = perceptual_hash(pixels), picture.key.has_look = true;
    } else {
      RawPicture const pixels = read_raw_picture(image.file);
      picture.height = pixels.height, picture.width = pixels.width;
    }
    std::string const bytes = read_text_file(image.file);
    picture.key.bytes = content_hash(bytes);
    std::error_code failed;
    if (options_.link && !target_.empty()) {
      std::filesystem::remove(target, failed);
      // A link to a symlink is one, too, and points elsewhere from here: DVC and git-annex keep
      // pictures so.
      auto const file = std::filesystem::canonical(image.file, failed);
      if (!failed) std::filesystem::create_hard_link(file, target, failed);
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
    io::write_whole_file(path, bytes, /*flush=*/false);
  }

  /// Reads the mask of row `i`, whose picture was read, and writes it.
  void do_row(std::size_t i) {
    SourceRow const& row = set_.rows[i];
    SourceMask const mask = row.read();
    WrittenPicture const& picture = pictures[row.image];
    std::size_t const height = mask.levels.shape(0), width = mask.levels.shape(1);
    if (height != picture.height || width != picture.width) {
      PictureHeader const header{
          .height = picture.height, .width = picture.width, .orientation = picture.orientation};
      bool const turned = fits_turned(header, height, width);
      throw Error("a mask has another size than its picture: " + strings::size_text(width, height) +
                      " against " + strings::size_text(picture.width, picture.height) +
                      (turned ? exif_text(header) : ""),
                  row.source, turned ? exif_remedy : "fetch both again");
    }
    WrittenMask& made = masks[i];
    made.doubt = mask.doubt;
    made.levels = content_hash(std::as_bytes(std::span(mask.levels.data(), mask.levels.size())));
    if (std::filesystem::path const file = row.source; is_picture_name(file.filename().string()))
      made.turned_otherwise =
          io::is_file(file) &&
          turned_otherwise(read_picture_header(file),
                           {.orientation = picture.orientation, .turned = picture.turned});
    made.attributes = mask_attributes(mask.levels, options_.position);
    Mask written = mask.levels;
    bool two_valued = true;
    for (std::uint8_t& level : written) {
      two_valued &= level == 0 || level == 255;
      level = level >= 128 ? 255 : 0;
    }
    if (!two_valued) {
      MaskAttributes const other = mask_attributes(written, options_.position);
      made.written_otherwise =
          other.size != made.attributes.size || other.position != made.attributes.position;
    }
    if (!target_.empty()) write_png(target_ / "masks" / row.mask, written, /*flush=*/false);
  }

  SourceSet const& set_;
  std::filesystem::path const& target_;
  io::FileLock lock_;
  PrepareOptions const& options_;
};

}  // namespace vlsm::detail
