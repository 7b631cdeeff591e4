// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/resource.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"

using namespace vlsm;
using namespace vlsm::test;
using io::DType;

namespace {

io::Safetensors read_bytes(std::string const& bytes) {
  TempDir const folder;
  write_file(folder / "w.safetensors", bytes);
  return io::read_safetensors(folder / "w.safetensors");
}

io::Safetensors read_header(std::string const& header, std::string const& data) {
  return read_bytes(little<std::uint64_t>(header.size()) + header + data);
}

/// {"a": F32 of `shape` at `offsets`}
std::string one(std::string const& shape, std::string const& offsets) {
  return R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

io::NamedArray make_array(std::string name, DType dtype, std::vector<std::int64_t> shape,
                          std::string const& bytes) {
  io::Array array{dtype, shape, io::row_major_strides(shape), nullptr, bytes.size(), nullptr};
  auto const memory = io::allocate_aligned(bytes.size());
  std::memcpy(memory.get(), bytes.data(), bytes.size());
  array.data = memory.get();
  array.owner = memory;
  return {std::move(name), std::move(array)};
}

}  // namespace

TEST_CASE("safetensors: tensors, shapes and metadata are read") {
  std::string const header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
      R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("none":{"dtype":"F16","shape":[0,4],"data_offsets":[32,32]}}   )";
  io::Safetensors const file = read_header(header, little<std::int64_t>(-5) + floats(6));
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.metadata == std::map<std::string, std::string>{{"format", "pt"}});
  CHECK(file.tensors[0].name == "a");
  CHECK(content(file.tensors[0].array) == little<std::int64_t>(-5));
  CHECK(file.tensors[1].array.shape == std::vector<std::int64_t>{2, 3});
  CHECK(file.tensors[1].array.strides == std::vector<std::int64_t>{3, 1});
  CHECK(content(file.tensors[1].array) == floats(6));
  CHECK(io::elements(file.tensors[2].array) == 0);
}

TEST_CASE("safetensors: data of any alignment end up aligned for their dtype") {
  for (int padding = 0; padding < 8; ++padding) {
    io::Safetensors const file =
        read_header(one("[3]", "[0,12]") + std::string(padding, ' '), floats(3));
    CHECK(reinterpret_cast<std::uintptr_t>(file.tensors[0].array.data) % 4 == 0);
    CHECK(content(file.tensors[0].array) == floats(3));
  }
}

TEST_CASE("safetensors: writing to the memory of a tensor leaves the file alone") {
  TempDir const folder;
  io::write_safetensors(folder / "w", {make_array("a", DType::f32, {4}, floats(4))});
  std::string const before = read_file(folder / "w");
  io::Safetensors const file = io::read_safetensors(folder / "w");
  const_cast<std::byte*>(file.tensors[0].array.data)[0] = std::byte{0x55};
  CHECK(file.tensors[0].array.data[0] == std::byte{0x55});
  CHECK(read_file(folder / "w") == before);
}

TEST_CASE("safetensors: damaged headers are refused") {
  CHECK_ERROR(read_bytes("1234567"), "too short");
  CHECK_ERROR(read_bytes(little<std::uint64_t>(~0ull) + "{}"), "bytes long");
  CHECK_ERROR(read_bytes(little<std::uint64_t>(~0ull - 7) + "{}"), "bytes long");
  CHECK_ERROR(read_bytes(little<std::uint64_t>(100) + "{}"), "98 bytes are missing");
  CHECK_ERROR(read_header("", ""), "does not start with an object");
  CHECK_ERROR(read_header("[]", ""), "does not start with an object");
  CHECK_ERROR(read_header("{", ""), "not valid JSON");
  CHECK_ERROR(read_header(std::string("{}\0{", 4), ""), "zero byte");
  CHECK_ERROR(read_header("{} x", ""), "not valid JSON");
  CHECK_ERROR(read_header("{\"\xff\":1}", ""), "not valid JSON");
  CHECK_ERROR(read_header(R"({"a":1})", ""), "missing or of the wrong kind");
  CHECK_ERROR(read_header(R"({"__metadata__":{"a":1}})", ""), "is not text");
  CHECK_ERROR(read_header(R"({"__metadata__":7})", ""), "not an object");
  std::string const entry = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  CHECK_ERROR(read_header("{" + entry + "," + entry + "}", floats(1)), "'a' occurs twice");
  CHECK_ERROR(read_header(R"({"a":{"dtype":"F32","dtype":"F32"}})", ""), "'dtype' occurs twice");
  std::string const deep(100'000, '[');
  CHECK_ERROR(read_header(R"({"a":)" + deep, ""), "nested too deeply");
  CHECK_ERROR(read_header(R"({"a":{"dtype":"F99","shape":[],"data_offsets":[0,1]}})", "x"),
              "'F99' is not known");
  CHECK_ERROR(
      read_header(R"({"a":{"dtype":"C64","shape":[2],"data_offsets":[0,8]}})", std::string(8, 'x')),
      "need 16 bytes");
  CHECK_ERROR(
      read_header(R"({"a":{"dtype":"F32","shape":[777777e060973661],"data_offsets":[0,4]}})",
                  floats(1)),
      "JSON");
}

TEST_CASE("safetensors: types that are not held are listed apart, and the others read") {
  TempDir const folder;
  std::string const json = R"({"a":{"dtype":"C64","shape":[2],"data_offsets":[0,16]},)"
                           R"("b":{"dtype":"F8_E5M2","shape":[3],"data_offsets":[16,19]},)"
                           R"("c":{"dtype":"F4","shape":[3],"data_offsets":[19,21]},)"
                           R"("d":{"dtype":"U16","shape":[1],"data_offsets":[21,23]},)"
                           R"("w":{"dtype":"F32","shape":[1],"data_offsets":[23,27]}})";
  write_file(folder / "x", little(static_cast<std::uint64_t>(json.size())) + json +
                               std::string(23, 'x') + floats(1));
  io::Safetensors const file = io::read_safetensors(folder / "x");
  REQUIRE(file.tensors.size() == 1);
  CHECK(content(file.tensors[0].array) == floats(1));
  REQUIRE(file.unread.size() == 4);
  CHECK(file.unread[0].name == "a");
  CHECK(file.unread[0].type == "C64");
  CHECK(file.unread[2].type == "F4");
}

TEST_CASE("safetensors: shapes and offsets must fit each other and the file") {
  CHECK_ERROR(read_header(one("[-1]", "[0,4]"), floats(1)), "whole number");
  CHECK_ERROR(read_header(one("[1.0]", "[0,4]"), floats(1)), "whole number");
  CHECK_ERROR(read_header(one("[1]", "[0,4,4]"), floats(1)), "wrong kind");
  CHECK_ERROR(read_header(one("[2]", "[0,4]"), floats(1)), "need 8 bytes");
  CHECK_ERROR(read_header(one("[1]", "[4,0]"), floats(1)), "need 4 bytes");
  CHECK_ERROR(read_header(one("[4294967296,4294967296]", "[0,0]"), ""), "too large");
  CHECK_ERROR(read_header(one("[0,4294967296,4294967296]", "[0,0]"), ""), "too large");
  CHECK_ERROR(read_header(one("[18446744073709551615]", "[0,0]"), ""), "too large");
  CHECK_ERROR(read_header(one("[4611686018427387904]", "[0,0]"), ""), "too large");
  CHECK_ERROR(read_header(one("[1]", "[4,8]"), floats(2)), "a hole");
  CHECK_ERROR(read_header(one("[2]", "[0,8]"), floats(1)), "4 bytes are missing");
  CHECK_ERROR(read_header(one("[1]", "[0,4]"), floats(3)), "8 bytes follow");
  CHECK_ERROR(read_header(one("[1]", "[18446744073709551612,18446744073709551615]"), floats(1)),
              "need 4 bytes");
  CHECK_ERROR(read_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                          floats(3)),
              "overlap");
}

TEST_CASE("safetensors: names in messages are short and printable") {
  std::string const name(5000, 'n');
  std::string message;
  try {
    read_header("{\"" + name + "\\n\\u001b\":1}", "");
  } catch (Error const& error) {
    message = error.what();
  }
  CHECK(message.size() < 300);
  CHECK(message.find('\x1b') == std::string::npos);
}

TEST_CASE("safetensors: files that are no regular readable files are named as such") {
  TempDir const folder;
  write_file(folder / "empty", "");
  CHECK_ERROR(io::read_safetensors(folder / "missing"), "no such file");
  CHECK_ERROR(io::read_safetensors(folder.path()), "folder");
  CHECK_ERROR(io::read_safetensors(folder / "empty"), "empty");
  CHECK_ERROR(io::read_safetensors(std::filesystem::path("/dev/null")), "not a regular file");
}

TEST_CASE("safetensors: what is written reads back, in the reference's order and aligned") {
  TempDir const folder;
  std::vector<io::NamedArray> const tensors{
      make_array("z.flag", DType::boolean, {1}, "\x01"),
      make_array("b", DType::f32, {2}, floats(2)),
      make_array("half", DType::f16, {1}, "hh"),
      make_array("brain", DType::bf16, {1}, "bb"),
      make_array("a \"quoted\" \xc3\xa4", DType::f32, {1, 1}, floats(1)),
      make_array("ids", DType::i64, {}, little<std::int64_t>(7)),
      make_array("none", DType::f64, {0, 3}, "")};
  io::write_safetensors(folder / "w", tensors, {{"k", "v\n"}, {"format", "pt"}});
  std::string const bytes = read_file(folder / "w");
  CHECK((io::load_little<std::uint64_t>(as_bytes(bytes).data()) + 8) % 64 == 0);

  io::Safetensors const file = io::read_safetensors(folder / "w");
  std::vector<std::string> names;
  for (auto const& tensor : file.tensors) names.push_back(tensor.name);
  // The reference sorts by dtype (I64 > F64 > F32 > BF16 > F16 > … > BOOL), then by name.
  CHECK(names == std::vector<std::string>{"ids", "none", "a \"quoted\" \xc3\xa4", "b", "brain",
                                          "half", "z.flag"});
  CHECK(content(file.tensors[3].array) == floats(2));
  CHECK(file.metadata.at("k") == "v\n");

  io::write_safetensors(folder / "again", {tensors.rbegin(), tensors.rend()},
                        {{"format", "pt"}, {"k", "v\n"}});
  CHECK(read_file(folder / "again") == bytes);
}

TEST_CASE("safetensors: the reference's own file is written again with the same order and data") {
  auto const path = fixture("clipseg/tiny_a/model.safetensors");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  TempDir const folder;
  io::Safetensors const file = io::read_safetensors(*path);
  io::write_safetensors(folder / "w", file.tensors, file.metadata);
  auto const trimmed = [](std::string bytes) {
    auto const length = io::load_little<std::uint64_t>(as_bytes(bytes).data());
    std::string const header = bytes.substr(8, length);
    return header.substr(0, header.find_last_not_of(' ') + 1) + bytes.substr(8 + length);
  };
  CHECK(trimmed(read_file(folder / "w")) == trimmed(read_file(*path)));
}

TEST_CASE("safetensors: tensors that cannot be written are refused before anything is") {
  TempDir const folder;
  auto const a = make_array("a", DType::f32, {2, 3}, floats(6));
  auto transposed = a;
  transposed.array.shape = {3, 2};
  transposed.array.strides = {1, 3};
  CHECK_ERROR(io::write_safetensors(folder / "w", {transposed}), "not contiguous");
  auto shorter = a;
  shorter.array.bytes = 20;
  CHECK_ERROR(io::write_safetensors(folder / "w", {shorter}), "too few bytes");
  CHECK_ERROR(io::write_safetensors(folder / "w", {a, a}), "two tensors are named 'a'");
  auto reserved = a;
  reserved.name = "__metadata__";
  CHECK_ERROR(io::write_safetensors(folder / "w", {reserved}), "must not be named");
  auto broken = a;
  broken.name = "\xff\xfe";
  CHECK_ERROR(io::write_safetensors(folder / "w", {broken}), "not UTF-8");
  CHECK(std::filesystem::is_empty(folder.path()));

  transposed.array = io::contiguous(transposed.array);
  io::write_safetensors(folder / "w", {transposed});
  CHECK(content(io::read_safetensors(folder / "w").tensors[0].array) ==
        little(0.f) + little(3.f) + little(1.f) + little(4.f) + little(2.f) + little(5.f));
}

TEST_CASE("safetensors: a failed write leaves the old file and no other") {
  TempDir const folder;
  auto const a = make_array("a", DType::f32, {50000}, std::string(200000, 'x'));
  io::write_safetensors(folder / "w", {make_array("old", DType::f32, {1}, floats(1))});
  std::string const before = read_file(folder / "w");

  // A file size limit stands for the full disk: write() fails halfway, like there.
  rlimit old_limit{};
  ::getrlimit(RLIMIT_FSIZE, &old_limit);
  rlimit const small{64 * 1024, old_limit.rlim_max};
  auto* const old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  CHECK_ERROR(io::write_safetensors(folder / "w", {a}), "cannot be written");
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  ::signal(SIGXFSZ, old_handler);

  CHECK(read_file(folder / "w") == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK_ERROR(io::write_safetensors(folder / "no" / "w", {a}), "cannot be created");
  std::filesystem::create_directory(folder / "taken");
  CHECK_ERROR(io::write_safetensors(folder / "taken", {a}), "no regular file");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
}
