// SPDX-License-Identifier: MIT
#include <filesystem>

#include "datasets/own_set.hpp"
#include "io/builders.hpp"
#include "support/error.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/write.hpp"

// A user's own pictures and masks as disks have them: links, kinds of files, names.
using namespace vlsm::test;
namespace fs = std::filesystem;

TEST_CASE("pictures that are symlinks are linked to what they lead to") {
  TempDir const folder;
  write_own_set(folder / "own", 2);
  fs::create_directories(folder / "cache");
  fs::rename(folder / "own/images/p0.png", folder / "cache/4f");
  fs::create_symlink("../../cache/4f", folder / "own/images/p0.png");
  vlsm::prepare(vlsm::read_folder(folder / "own"), folder / "deeper/set", {.link = true});
  CHECK(fs::is_regular_file(fs::symlink_status(folder / "deeper/set/images/p0.png")));
  CHECK(fs::equivalent(folder / "deeper/set/images/p0.png", folder / "cache/4f"));
  CHECK(fs::hard_link_count(folder / "own/images/p1.png") == 2);
  // The other way about the only file would be removed for a link to itself.
  fs::remove(folder / "own/images/p1.png");
  fs::create_symlink(folder / "deeper/set/images/p1.png", folder / "own/images/p1.png");
  CHECK(says(error_of([&] {
               vlsm::prepare(vlsm::read_folder(folder / "own"), folder / "deeper/set",
                             {.link = true});
             }),
             "read from this folder"));
  CHECK(fs::exists(folder / "own/images/p1.png"));
}
