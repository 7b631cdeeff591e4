// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/torch/zip/zip.hpp"

using namespace vlsm;
using namespace vlsm::test;
using namespace std::string_literals;

namespace {

/// The contents of all entries, in order.
std::vector<std::string> read_all(std::string const& bytes) {
  TempDir const folder;
  write_file(folder / "a.zip", bytes);
  io::ZipArchive const archive(io::MappedFile::open(folder / "a.zip"));
  std::vector<std::string> result;
  for (io::ZipEntry const& entry : archive.entries()) {
    auto const content = archive.checked_bytes(entry);
    result.emplace_back(reinterpret_cast<char const*>(content.data()), content.size());
  }
  return result;
}

/// `bytes` with `text` written over position `at` (counted from the end where negative).
std::string patched(std::string bytes, std::ptrdiff_t at, std::string const& text) {
  std::size_t const begin =
      at < 0 ? bytes.size() - static_cast<std::size_t>(-at) : static_cast<std::size_t>(at);
  return bytes.replace(begin, text.size(), text);
}

/// The same archive with a zip64 end record, and its directory's sizes and offset in zip64 fields.
std::string with_zip64_end(std::string const& bytes) {
  auto const field = [&](int at) {
    return std::uint64_t{
        io::load_little<std::uint32_t>(as_bytes(bytes).data() + bytes.size() - at)};
  };
  std::uint64_t const count =
      io::load_little<std::uint16_t>(as_bytes(bytes).data() + bytes.size() - 12);
  std::string const body = bytes.substr(0, bytes.size() - 22);
  std::string const end64 = "PK\x06\x06" + little<std::uint64_t>(44) + little<std::uint32_t>(45) +
                            little<std::uint64_t>(0) + little(count) + little(count) +
                            little(field(10)) + little(field(6));
  return body + end64 + "PK\x06\x07" + little<std::uint32_t>(0) +
         little<std::uint64_t>(body.size()) + little<std::uint32_t>(1) + "PK\x05\x06" +
         std::string(4, '\0') + std::string(12, '\xff') + std::string(2, '\0');
}

std::string const two = zip({{"one", "first"}, {"folder/two", ""}}, 1);

}  // namespace

TEST_CASE("zip: CRC-32 has the check value of its definition") {
  CHECK(io::crc32(as_bytes("123456789")) == 0xcbf43926u);
}

TEST_CASE("zip: stored entries are read in place") {
  CHECK(read_all(two) == std::vector<std::string>{"first", ""});
  CHECK(read_all(with_zip64_end(two)) == std::vector<std::string>{"first", ""});
  CHECK(read_all(zip({})).empty());
  std::string const commented = patched(two, -2, little<std::uint16_t>(7)) + "comment";
  CHECK(read_all(commented) == std::vector<std::string>{"first", ""});

  TempDir const folder;
  write_file(folder / "a.zip", zip({{"x/data.pkl", "abc"}}));
  io::ZipArchive const archive(io::MappedFile::open(folder / "a.zip"));
  REQUIRE(archive.find("x/data.pkl") != nullptr);
  CHECK(archive.find("data.pkl") == nullptr);
  CHECK(archive.find("x/data.pkl")->begin % 64 == 0);
}

TEST_CASE("zip: 64-bit sizes in the extra field are used") {
  // One entry, its directory record rewritten with sizes and offset in a zip64 field.
  std::string const plain = zip({{"a", "data"}}, 1);
  std::string const local = plain.substr(0, 35);
  std::string record = plain.substr(35, 47);
  record.replace(20, 8, std::string(8, '\xff'));
  record.replace(42, 4, std::string(4, '\xff'));
  record.replace(30, 2, little<std::uint16_t>(28 + 5));
  std::string const other = "\x63\x00\x01\x00!"s;
  auto const with = [&](std::uint64_t size, std::uint64_t offset, std::uint16_t length = 24) {
    std::string const extra = other + little<std::uint16_t>(1) + little(length) + little(size) +
                              little(size) + little(offset);
    std::string const directory = record + extra;
    std::string end = plain.substr(82);
    end.replace(12, 4, little(static_cast<std::uint32_t>(directory.size())));
    return local + directory + end;
  };
  CHECK(read_all(with(4, 0)) == std::vector<std::string>{"data"});
  CHECK_ERROR(read_all(with(5, 0)), "reaches beyond");
  CHECK_ERROR(read_all(with(~0ull, 0)), "reaches beyond");
  CHECK_ERROR(read_all(with(4, ~0ull)), "not where");
  CHECK_ERROR(read_all(with(4, 0, 8)), "too short");
  CHECK_ERROR(read_all(with(4, 0, 100)), "is damaged");
}

TEST_CASE("zip: wrong checksums, compression, encryption and doubles are refused") {
  CHECK_ERROR(read_all(zip({{"a", "data", 0, 1}})), "its CRC does not fit");
  CHECK_ERROR(read_all(zip({{"a", "data", 8}})), "'a' is compressed");
  CHECK_ERROR(read_all(zip({{"a", "x"}, {"a", "y"}})), "two entries 'a'");
  std::string const one = zip({{"a", "data"}}, 1);
  CHECK_ERROR(read_all(patched(one, 35 + 8, "\x01")), "encrypted");
  CHECK_ERROR(read_all(patched(one, 35 + 24, "\x05")), "two sizes");
}

TEST_CASE("zip: ranges that do not fit the file or each other are refused") {
  std::string const one = zip({{"a", "data"}}, 1);
  CHECK_ERROR(read_all(patched(one, 35 + 42, little<std::uint32_t>(1))), "not where");
  CHECK_ERROR(read_all(patched(one, 35 + 42, little<std::uint32_t>(~0u - 1))), "not where");
  CHECK_ERROR(read_all(patched(one, 35 + 20, little<std::uint64_t>(0x0000000500000005))),
              "reaches beyond");
  CHECK_ERROR(read_all(patched(one, 30, "b")), "another name");
  CHECK_ERROR(read_all(patched(one, 26, little<std::uint16_t>(60000))), "ends too early");
  CHECK_ERROR(read_all(patched(one, 28, little<std::uint16_t>(60000))), "reaches beyond");
  CHECK_ERROR(read_all(patched(one, -12, little<std::uint16_t>(2))), "too short for its entries");
  CHECK_ERROR(read_all(patched(one, -10, little<std::uint32_t>(46))), "wrong size");
  CHECK_ERROR(read_all(patched(one, -6, little<std::uint32_t>(36))), "beyond the archive");
  CHECK_ERROR(read_all(patched(one, -6, little<std::uint32_t>(34))), "damaged");
  CHECK_ERROR(read_all(patched(one, -18, little<std::uint16_t>(1))), "one part of several");
  CHECK_ERROR(read_all(with_zip64_end(one).replace(35 + 47 + 56 + 8, 8, std::string(8, '\x7f'))),
              "zip64 directory");

  // Two records for one block: how small archives unpack to large ones.
  std::string const pair = zip({{"a", "data"}, {"a", "data"}}, 1);
  CHECK_ERROR(read_all(patched(pair, 70 + 47 + 42, little<std::uint32_t>(0))), "overlaps");
}

TEST_CASE("zip: cut off at any byte, an archive is refused") {
  for (std::size_t length = 1; length < two.size(); ++length)
    CHECK_THROWS_AS(read_all(two.substr(0, length)), Error);
  std::string const wide = with_zip64_end(two);
  for (std::size_t length = 1; length < wide.size(); ++length)
    CHECK_THROWS_AS(read_all(wide.substr(0, length)), Error);
  CHECK_THROWS_AS(read_all(two + "x"), Error);
}
