// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/base/file/mapped_file.hpp"

using namespace vlsm::test;
using vlsm::io::MappedFile;

TEST_CASE("a file is read whole or not at all") {
  TempDir const folder;
  std::string const text(200'000, 'x');
  write_file(folder / "file", text);
  CHECK(vlsm::io::read_whole_file(folder / "file") == text);
  CHECK(!vlsm::io::read_whole_file(folder / "none"));
  CHECK(!vlsm::io::read_whole_file(folder / ""));
  CHECK(!vlsm::io::read_whole_file("/proc/self/mem"));  // fails at the first byte
}

TEST_CASE("a Git LFS pointer is no file, whoever reads it") {
  TempDir const folder;
  write_file(folder / "scan.nii.gz", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  CHECK_ERROR(MappedFile::open(folder / "scan.nii.gz"), "this is a Git LFS pointer");
}

namespace {

auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

/// Eight pages and a bit, none of whose bytes is 'w', mapped.
struct Mapped : TempDir {
  std::string const content = [] {
    std::string text(8 * page + 100, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 7);
    return text;
  }();
  std::shared_ptr<MappedFile const> file = [this] {
    write_file(*this / "file", content);
    return MappedFile::open(*this / "file");
  }();

  std::span<std::byte const> part(std::size_t from, std::size_t count) const {
    return file->bytes().subspan(from, count);
  }
  /// Where the file's memory still has what was written over all of it.
  std::vector<std::pair<std::size_t, std::size_t>> written() const {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    for (std::size_t i = 0; i < file->size(); ++i) {
      auto const here = static_cast<char>(file->bytes()[i]);
      if (here != 'w') {
        CHECK(here == content[i]);
        continue;
      }
      if (ranges.empty() || ranges.back().second != i) ranges.emplace_back(i, i);
      ranges.back().second = i + 1;
    }
    return ranges;
  }
  void write_all() const {
    auto* const memory = const_cast<std::byte*>(file->bytes().data());
    std::fill_n(memory, file->size(), static_cast<std::byte>('w'));
  }
};

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

}  // namespace

TEST_CASE("what nobody uses any more is the file's again, but for pages that neighbors share") {
  Mapped const mapped;
  std::size_t const all = mapped.content.size();
  mapped.write_all();
  CHECK(mapped.written() == Ranges{{0, all}});

  auto lent = vlsm::io::owner_of(mapped.file, mapped.part(page + 1, 3 * page));
  CHECK(lent.get() == mapped.file->bytes().data() + page + 1);
  auto second = lent;
  lent.reset();
  CHECK(mapped.written() == Ranges{{0, all}});  // it has another owner
  second.reset();
  CHECK(mapped.written() == Ranges{{0, 2 * page}, {4 * page, all}});

  // Less than a page, nothing, and the last pages with their end.
  for (auto const& [from, count] : Ranges{{5 * page, page - 1}, {5 * page + 1, page}, {9, 0}}) {
    vlsm::io::owner_of(mapped.file, mapped.part(from, count)).reset();
    CHECK(mapped.written() == Ranges{{0, 2 * page}, {4 * page, all}});
  }
  vlsm::io::owner_of(mapped.file, mapped.part(7 * page, page + 100)).reset();
  CHECK(mapped.written() == Ranges{{0, 2 * page}, {4 * page, 7 * page}, {8 * page, all}});
  CHECK(read_file(mapped / "file") == mapped.content);
}

TEST_CASE("an owner of a part keeps the mapping") {
  Mapped mapped;
  auto const part = mapped.part(3, 2 * page);
  auto const lent = vlsm::io::owner_of(mapped.file, part);
  mapped.file.reset();
  CHECK(static_cast<char>(part[0]) == mapped.content[3]);
  CHECK(static_cast<char>(part[2 * page - 1]) == mapped.content[2 * page + 2]);
}

TEST_CASE("memory that is no part of a file is not forgotten") {
  Mapped const mapped;
  mapped.write_all();
  std::vector<std::byte> other(4 * page, static_cast<std::byte>('o'));
  mapped.file->forget(other);
  mapped.file->forget({});
  mapped.file->forget({mapped.file->bytes().data(), mapped.file->size() + 1});
  CHECK(std::ranges::all_of(other, [](std::byte b) { return b == static_cast<std::byte>('o'); }));
  CHECK(mapped.written() == Ranges{{0, mapped.content.size()}});

  auto const copied = MappedFile::in_memory(other, "copy");
  auto* const memory = const_cast<std::byte*>(copied->bytes().data());
  memory[page] = static_cast<std::byte>('w');
  vlsm::io::owner_of(copied, copied->bytes()).reset();
  CHECK(copied->bytes()[page] == static_cast<std::byte>('w'));
}
