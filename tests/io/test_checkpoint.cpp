// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>

#include "io/builders.hpp"
#include "io/open_bytes.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"

using namespace vlsm;
using namespace vlsm::test;
using io::Checkpoint;

namespace {

std::string const storage = pickle_storage("FloatStorage", "0", 6);
std::string const matrix = pickle_tensor(storage, 0, {2, 3}, {3, 1});

}  // namespace

TEST_CASE("checkpoint: the state dict is found where training scripts put it") {
  auto const names = [](std::string const& object) {
    std::string text;
    for (io::NamedArray const& tensor : open_bytes(torch_zip(pickle(object), {floats(6)})).tensors)
      text += tensor.name + " ";
    return text;
  };
  std::string const weights = pickle_dict({{"w", matrix}, {"flag", "\x88"}});
  CHECK(names(weights) == "w ");
  CHECK(names(pickle_dict({{"state_dict", weights}, {"best", matrix}})) == "w ");
  CHECK(names(pickle_dict({{"model_state_dict", weights}})) == "w ");
  CHECK(names(pickle_dict({{"model", pickle_dict({{"state_dict", weights}})}})) == "w ");
  CHECK(names("ccollections\nOrderedDict\n)R(\x8c\x01w" + matrix + "u}\x8c\x09_metadata}sb") ==
        "w ");
  CHECK_ERROR(names("}"), "no tensors by name");
  CHECK_ERROR(names("](" + matrix + "e"), "not a value of kind list");
  CHECK_ERROR(names("cmy\nModel\n)\x81"), "a whole pickled object, 'my.Model'");
  CHECK_ERROR(names("}K\x01" + matrix + "s"), "name is not text");
  CHECK_ERROR(names(pickle_dict({{"w", matrix}, {"w", matrix}})), "two tensors are named 'w'");
  CHECK_ERROR(names(pickle_dict({{std::string(5000, 'x'), matrix}})), "names are too long");
}

TEST_CASE("checkpoint: a TorchScript module is flattened, cycles and explosions are refused") {
  auto const open_module = [](std::string const& object) {
    return open_bytes(zip({{"m/data.pkl", pickle(object)},
                           {"m/constants.pkl", pickle(")")},
                           {"m/data/0", floats(6)}}));
  };
  std::string const module = "c__torch__.my\nNet\n)\x81q\x01";
  Checkpoint const file = open_module(
      module +
      pickle_dict({{"weight", matrix},
                   {"training", "\x88"},
                   {"inner", "c__torch__\nSub\n)\x81" + pickle_dict({{"bias", matrix}}) + "b"}}) +
      "b");
  CHECK(file.format == "torchscript");
  CHECK(content(get(file, "weight")) == floats(6));
  CHECK(content(get(file, "inner.bias")) == floats(6));
  std::string const negated =
      matrix.substr(0, matrix.size() - 2) + pickle_dict({{"neg", "\x88"}}) + "tR";
  Checkpoint const lazy =
      open_module(module + pickle_dict({{"weight", matrix}, {"lazy", negated}}) + "b");
  REQUIRE(lazy.unread.size() == 1);
  CHECK(lazy.unread[0].name == "lazy");
  CHECK_ERROR(open_module(module + pickle_dict({{"self", "h\x01"}}) + "b"), "nested too deeply");
  // Each of 40 modules holds the next twice: 2^40 names.
  std::string levels = module + pickle_dict({{"w", matrix}}) + "b";
  for (char i = 2; i < 42; ++i)
    levels = levels + "q" + i +
             "0c__torch__\nSub\n)\x81}(\x8c\x01"
             "ah" +
             i +
             "\x8c\x01"
             "bh" +
             i + "ub";
  CHECK_ERROR(open_module(levels), "hold each other too often");
  CHECK_ERROR(open_module(module + pickle_dict({{"training", "\x88"}}) + "b"), "holds no tensors");
}

TEST_CASE("checkpoint: an archive's frame must be right") {
  std::string const good = pickle(pickle_dict({{"a", matrix}}));
  CHECK_ERROR(open_bytes(zip({{"readme.txt", "hello"}})), "holds no data.pkl");
  CHECK_ERROR(open_bytes(zip({{"a/data.pkl", good}, {"b/data.pkl", good}})), "two data.pkl");
  CHECK_ERROR(open_bytes(zip({{"a/data.pkl", good}, {"a/byteorder", "big"}})),
              "'big', not 'little'");
  CHECK_ERROR(open_bytes(zip({{"a/data.pkl", good}})), "'0' is not in the archive");
  CHECK_ERROR(open_bytes(zip({{"a/data.pkl", good, 0, 7}})), "CRC");
  CHECK_ERROR(open_bytes(zip({{"a/data.pkl", good}, {"a/data/0", floats(6), 8}})), "is compressed");
  CHECK_ERROR(open_bytes(torch_zip(pickle("cos\nsystem\n\x8c\x02id\x85R"), {})),
              "call 'os.system'");
}

TEST_CASE("checkpoint: what is no checkpoint is told by name") {
  CHECK_ERROR(open_bytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "Git LFS");
  CHECK_ERROR(open_bytes("\n <!DOCTYPE html><html>"), "web page");
  CHECK_ERROR(open_bytes("{\"architectures\": []}"), "JSON");
  CHECK_ERROR(open_bytes("Entry not found"), "this is text");
  CHECK_ERROR(open_bytes("GGUF\x03\x01\x02\x03\x04 etc. etc."), "GGUF");
  CHECK_ERROR(open_bytes("\x1f\x8b\x08\x01"), "gzip");
  CHECK_ERROR(open_bytes("\x89HDF\r\n\x1a\n"), "HDF5");
  CHECK_ERROR(open_bytes(std::string(257, '\x01') + "ustar  "), "tar");
  CHECK_ERROR(open_bytes("\x01\x02\x03"), "no weights file");
}

TEST_CASE("checkpoint: of a folder whose weights lie below it, or that is one, the way is said") {
  TempDir const folder;
  std::filesystem::create_directories(folder / "models--x--y/snapshots/0a1b");
  std::filesystem::create_directories(folder / "models--x--y/refs");
  write_file(folder / "models--x--y/snapshots/0a1b/model.safetensors", "");
  for (char const* path : {"models--x--y", "models--x--y/snapshots"})
    CHECK_ERROR(io::open_checkpoint(folder / path), "models--x--y/snapshots/0a1b");
  std::filesystem::create_directories(folder / "unpacked/data");
  write_file(folder / "unpacked/data.pkl", "");
  CHECK_ERROR(io::open_checkpoint(folder / "unpacked"), "a torch archive that was unpacked");
}

TEST_CASE("checkpoint: a folder with parts and an index is one checkpoint") {
  TempDir const folder;
  auto const part = [&](std::string const& name, std::string const& key) {
    write_file(folder / name, torch_zip(pickle(pickle_dict({{key, matrix}})), {floats(6)}));
  };
  auto const index = [&](std::string const& map) {
    write_file(folder / "pytorch_model.bin.index.json", R"({"weight_map":)" + map + "}");
    return io::open_checkpoint(folder.path());
  };
  CHECK_ERROR(io::open_checkpoint(folder.path()), "the folder holds no weights");
  CHECK_ERROR(io::open_checkpoint(folder.path()), "looked for files that end with");
  part("one.bin", "a");
  part("two.bin", "b");
  Checkpoint const both = index(R"({"a":"one.bin","b":"two.bin"})");
  CHECK(both.tensors.size() == 2);
  CHECK(content(get(both, "b")) == floats(6));
  CHECK(io::open_checkpoint(folder / "pytorch_model.bin.index.json").tensors.size() == 2);
  CHECK_ERROR(index(R"({"a":"one.bin","c":"two.bin"})"), "promises 'c'");
  CHECK_ERROR(index(R"({"a":"one.bin","b":"three.bin"})"), "no such file");
  CHECK_ERROR(index(R"({"a":"../one.bin"})"), "must lie beside");
  CHECK_ERROR(index(R"({"a":"/etc/passwd"})"), "must lie beside");
  CHECK_ERROR(index(R"({"a":"..\\one.bin"})"), "must lie beside");
  CHECK_ERROR(index(R"({"a":".."})"), "must lie beside");
  CHECK_ERROR(index(R"({"a":"pytorch_model.bin.index.json"})"), "must lie beside");
  CHECK_ERROR(index(R"({"a":"one.bin","a":"two.bin"})"), "'a' occurs twice");
  CHECK_ERROR(index(R"({"a":7})"), "is not text");
  CHECK_ERROR(index(R"({"a":777777e060973661})"), "the JSON text cannot be read");
  CHECK_ERROR(index("[]"), "no weight_map");
  CHECK_ERROR(index("{}"), "holds no tensors");
}

TEST_CASE(
    "checkpoint: of several indexes that of the usual name counts, and of a part its section") {
  TempDir const folder;
  auto const part = [&](std::string const& name, std::string const& key) {
    std::string const weights = pickle_dict({{key, matrix}}), more = pickle_dict({{key, matrix}});
    write_file(folder / name,
               torch_zip(pickle(pickle_dict({{"model", weights}, {"ema", more}})), {floats(6)}));
  };
  part("one.bin", "a");
  part("two.bin", "b");
  std::string const map = R"({"weight_map":{"a":"one.bin","b":"two.bin"}})";
  write_file(folder / "flax_model.msgpack.index.json", R"({"weight_map":{"a":"x.msgpack"}})");
  write_file(folder / "model.fp16.bin.index.json", R"({"weight_map":{"a":"none.bin"}})");
  CHECK_ERROR(io::open_checkpoint(folder.path(), "model"), "none.bin");  // the only one so far
  write_file(folder / "other.bin.index.json", map);
  CHECK_ERROR(io::open_checkpoint(folder.path(), "model"), "several weights");
  write_file(folder / "pytorch_model.bin.index.json", map);
  Checkpoint const both = io::open_checkpoint(folder.path(), "model");
  CHECK(both.tensors.size() == 2);
  CHECK(both.section == "model");
  CHECK_ERROR(io::open_checkpoint(folder.path(), "none"), "none");
}

TEST_CASE("checkpoint: two parts must not hold the same tensor") {
  TempDir const folder;
  std::string const bytes =
      torch_zip(pickle(pickle_dict({{"a", matrix}, {"b", matrix}})), {floats(6)});
  write_file(folder / "one.bin", bytes);
  write_file(folder / "two.bin", bytes);
  write_file(folder / "x.bin.index.json", R"({"weight_map":{"a":"one.bin","b":"two.bin"}})");
  CHECK_ERROR(io::open_checkpoint(folder.path()), "two tensors are named 'a'");
}
