// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <thread>

#include "io/builders.hpp"
#include "vlsm/base/file/atomic_file.hpp"

using namespace vlsm::test;
using vlsm::io::AtomicFile;

namespace {

std::vector<std::string> names(TempDir const& folder) {
  std::vector<std::string> list;
  for (auto const& entry : std::filesystem::directory_iterator(folder.path()))
    list.push_back(entry.path().filename());
  std::sort(list.begin(), list.end());
  return list;
}

void put(AtomicFile& file, std::string const& text) { file.write(text.data(), text.size()); }

/// A process that has begun the file and is killed, as by kill -9, when the object dies.
class Writer {
 public:
  explicit Writer(std::filesystem::path const& path) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      AtomicFile file(path);
      put(file, "half");
      [[maybe_unused]] ssize_t const told = ::write(ready[1], "", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    for (int end : ready) ::close(end);
  }
  ~Writer() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Writer(Writer const&) = delete;
  Writer& operator=(Writer const&) = delete;

 private:
  pid_t child_ = 0;
};

}  // namespace

TEST_CASE("a file appears when it is complete and not before") {
  TempDir const folder;
  write_file(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    put(file, "new");
    CHECK(read_file(folder / "a") == "old");
    CHECK(names(folder).size() == 2);
  }
  CHECK(names(folder) == std::vector<std::string>{"a"});
  AtomicFile file(folder / "a");
  put(file, "new");
  file.commit();
  CHECK(read_file(folder / "a") == "new");
  CHECK(names(folder) == std::vector<std::string>{"a"});
}

TEST_CASE("what a killed process left is removed by the next that writes the file") {
  TempDir const folder;
  { Writer const one(folder / "a"), two(folder / "a"), other(folder / "b"); }
  REQUIRE(names(folder).size() == 3);
  {
    AtomicFile file(folder / "a");
    put(file, "whole");
    file.commit();
  }
  CHECK(names(folder) == std::vector<std::string>{"a", "b.partial-0"});
  CHECK(read_file(folder / "a") == "whole");
  AtomicFile::clean_up(folder / "b");
  CHECK(names(folder) == std::vector<std::string>{"a"});
}

TEST_CASE("what another process is writing stays") {
  TempDir const folder;
  Writer const writer(folder / "a");
  auto const partial = names(folder);
  {
    AtomicFile file(folder / "a");
    put(file, "whole");
    CHECK(names(folder).size() == 2);
    file.commit();
  }
  AtomicFile::clean_up(folder / "a");
  CHECK(names(folder) == std::vector<std::string>{"a", partial.at(0)});
  CHECK(read_file(folder / partial.at(0)) == "half");
}

TEST_CASE("a link in the place of a partial file is left alone with what it points to") {
  TempDir const folder;
  write_file(folder / "precious", "kept");
  std::filesystem::create_symlink(folder / "precious", folder / "a.partial-0");
  AtomicFile file(folder / "a");
  put(file, "whole");
  file.commit();
  CHECK(read_file(folder / "precious") == "kept");
  CHECK(names(folder) == std::vector<std::string>{"a", "a.partial-0", "precious"});
}

TEST_CASE("a pipe, a device and a folder are not replaced, a link to a file is") {
  TempDir const folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::filesystem::create_directory(folder / "folder");
  std::filesystem::create_symlink("/dev/null", folder / "device");
  for (char const* name : {"pipe", "folder", "device"}) {
    CHECK_ERROR(AtomicFile(folder / name), "this is no regular file");
    CHECK_ERROR(vlsm::io::write_whole_file(folder / name, "x"), "name a file");
    CHECK_FALSE(vlsm::io::write_new_file(folder / name, "x"));
  }
  CHECK(std::filesystem::is_fifo(folder / "pipe"));
  CHECK(std::filesystem::is_symlink(folder / "device"));
  CHECK(std::filesystem::is_directory(folder / "folder"));
  write_file(folder / "old", "old");
  std::filesystem::create_symlink(folder / "old", folder / "link");
  vlsm::io::write_whole_file(folder / "link", "new");
  CHECK(read_file(folder / "link") == "new");
  CHECK(names(folder) == std::vector<std::string>{"device", "folder", "link", "old", "pipe"});
}

TEST_CASE("many writers of one file at once leave one whole file") {
  TempDir const folder;
  std::vector<std::thread> threads;
  std::string const texts[] = {std::string(100'000, 'x'), std::string(90'000, 'y')};
  for (std::string const& text : texts)
    for (int thread = 0; thread < 3; ++thread)
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          AtomicFile file(folder / "a");
          put(file, text);
          file.commit(false);
        }
      });
  for (std::thread& thread : threads) thread.join();
  CHECK(names(folder) == std::vector<std::string>{"a"});
  std::string const text = read_file(folder / "a");
  CHECK((text == texts[0] || text == texts[1]));
}

TEST_CASE("a file of a new name replaces none") {
  TempDir const folder;
  CHECK(vlsm::io::write_new_file(folder / "a", "first"));
  CHECK_FALSE(vlsm::io::write_new_file(folder / "a", "second"));
  CHECK(read_file(folder / "a") == "first");
  CHECK(names(folder) == std::vector<std::string>{"a"});
  std::filesystem::create_symlink(folder / "nowhere", folder / "b");  // a name that is taken
  CHECK_FALSE(vlsm::io::write_new_file(folder / "b", "third"));
  CHECK_FALSE(std::filesystem::exists(folder / "nowhere"));
  {
    AtomicFile file(folder / "c");
    put(file, "late");
    write_file(folder / "c", "of another process meanwhile");
    CHECK_FALSE(file.commit_new());
  }
  CHECK(read_file(folder / "c") == "of another process meanwhile");
  CHECK(names(folder) == std::vector<std::string>{"a", "b", "c"});
}
