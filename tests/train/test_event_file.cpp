// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/train/event_file.hpp"

using namespace vlsm;
using namespace vlsm::test;

namespace {

template <class T>
T number_at(std::string const& bytes, std::size_t at) {
  REQUIRE(at + sizeof(T) <= bytes.size());
  return io::load_little<T>(as_bytes(bytes).data() + at);
}

/// What a checksum is before TFRecord's mask; the inverse as the format's description has it.
std::uint32_t unmasked(std::uint32_t masked) {
  std::uint32_t const turned = masked - 0xa282ead8u;
  return (turned >> 17) | (turned << 15);
}

/// The data of all whole records; `rest` receives the bytes after them.
std::vector<std::string> records(std::string const& bytes, std::size_t& rest) {
  std::vector<std::string> result;
  std::size_t at = 0;
  while (at + 12 <= bytes.size()) {
    auto const length = number_at<std::uint64_t>(bytes, at);
    if (at + 16 + length > bytes.size()) break;
    CHECK(unmasked(number_at<std::uint32_t>(bytes, at + 8)) ==
          io::crc32c(as_bytes(bytes).subspan(at, 8)));
    result.push_back(bytes.substr(at + 12, length));
    CHECK(unmasked(number_at<std::uint32_t>(bytes, at + 12 + length)) ==
          io::crc32c(as_bytes(result.back())));
    at += 16 + length;
  }
  rest = bytes.size() - at;
  return result;
}

std::uint64_t read_varint(std::string const& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    REQUIRE(at < bytes.size());
    REQUIRE(shift < 64);
    auto const byte = static_cast<unsigned char>(bytes[at++]);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

/// The fields of one protobuf message by number, numbers as their bytes (varints as eight).
std::map<unsigned, std::string> fields(std::string const& message) {
  std::map<unsigned, std::string> result;
  for (std::size_t at = 0; at < message.size();) {
    std::uint64_t const key = read_varint(message, at);
    std::string& value = result[static_cast<unsigned>(key >> 3)];
    if ((key & 7) == 0) {
      value = little(read_varint(message, at));
      continue;
    }
    std::size_t const size = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : read_varint(message, at);
    REQUIRE(at + size <= message.size());
    value = message.substr(at, size);
    at += size;
  }
  return result;
}

struct Scalar {
  std::string tag;
  std::int64_t step;
  float value;
};

Scalar scalar(std::string const& event) {
  auto const outer = fields(event);
  auto const value = fields(fields(outer.at(5)).at(1));
  return {value.at(1), number_at<std::int64_t>(outer.at(2), 0), number_at<float>(value.at(2), 0)};
}

}  // namespace

TEST_CASE("event file: CRC-32C has the check value of its definition") {
  CHECK(io::crc32c(as_bytes("123456789")) == 0xe3069283u);
  CHECK(io::crc32c(as_bytes("")) == 0u);
  CHECK(unmasked(vlsm::detail::masked_crc32c("123456789")) == 0xe3069283u);
}

TEST_CASE("event file: the scalars come back in order, readable after every call") {
  TempDir const folder;
  EventFile file(folder / "runs/first");
  std::size_t rest = 0;
  auto const first = records(read_file(file.path()), rest);
  REQUIRE(first.size() == 1);
  CHECK(fields(first[0]).at(3) == "brain.Event:2");
  CHECK(number_at<double>(fields(first[0]).at(1), 0) > 1.7e9);

  std::vector<Scalar> const values{{"train/loss", 0, 0.5f},
                                   {"val/dice", 300, 0.1f},
                                   {"", -1, -2},
                                   {std::string(300, 't'), std::int64_t{1} << 40, INFINITY}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    file.add(values[i].tag, values[i].step, values[i].value);
    auto const now = records(read_file(file.path()), rest);
    REQUIRE(now.size() == i + 2);
    CHECK(rest == 0);
    Scalar const last = scalar(now.back());
    CHECK(last.tag == values[i].tag);
    CHECK(last.step == values[i].step);
    CHECK(last.value == values[i].value);
    CHECK(number_at<double>(fields(now.back()).at(1), 0) > 1.7e9);
  }
  file.add("nan", 1, std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(scalar(records(read_file(file.path()), rest).back()).value));
}

TEST_CASE("event file: a picture comes back with its size and its bytes") {
  TempDir const folder;
  EventFile file(folder.path());
  std::string const png = std::string("\x89PNG\0", 5) + std::string(70'000, 'x');
  file.add_picture("val/1 a.png", 7, png, 352, 96);
  std::size_t rest = 0;
  auto const event = fields(records(read_file(file.path()), rest).back());
  CHECK(rest == 0);
  CHECK(number_at<std::int64_t>(event.at(2), 0) == 7);
  auto const value = fields(fields(event.at(5)).at(1));
  CHECK(value.at(1) == "val/1 a.png");
  auto const picture = fields(value.at(4));
  CHECK(number_at<std::int64_t>(picture.at(1), 0) == 352);
  CHECK(number_at<std::int64_t>(picture.at(2), 0) == 96);
  CHECK(number_at<std::int64_t>(picture.at(3), 0) == 3);
  CHECK(picture.at(4) == png);
}

TEST_CASE("event file: two files of one second do not share a name") {
  TempDir const folder;
  EventFile one(folder / "run"), two(folder / "run");
  CHECK(one.path() != two.path());
  for (auto const& file : {one.path(), two.path()}) {
    CHECK(file.filename().string().starts_with("events.out.tfevents."));
  }
}

TEST_CASE("event file: a folder that cannot be written gives one line") {
  TempDir const folder;
  write_file(folder / "file", "");
  CHECK_ERROR(EventFile(folder / "file"), "the event file cannot be created");
  CHECK_ERROR(EventFile(folder / "file/run"), "file/run/events.out.tfevents.");
}

TEST_CASE("event file: a record that did not fit leaves no half behind") {
  TempDir const folder;
  EventFile file(folder / "run");
  file.add("loss", 1, 1);
  std::size_t const before = read_file(file.path()).size();
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit const tight{before + 10, old.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  CHECK_ERROR(file.add("loss", 2, 2), "the event file cannot be written");
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(read_file(file.path()).size() == before);
  file.add("loss", 3, 3);
  std::size_t rest = 0;
  auto const all = records(read_file(file.path()), rest);
  REQUIRE(all.size() == 3);
  CHECK(rest == 0);
  CHECK(scalar(all.back()).step == 3);
}
