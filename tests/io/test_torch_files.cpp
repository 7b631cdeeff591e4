// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/builders.hpp"
#include "io/open_bytes.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"

using namespace vlsm;
using namespace vlsm::test;
using io::Checkpoint;
using io::DType;

namespace {

/// The tensors whose names start with `prefix`, by the rest of the name.
std::map<std::string, io::Array> without_prefix(Checkpoint const& checkpoint,
                                                std::string const& prefix) {
  std::map<std::string, io::Array> arrays;
  for (io::NamedArray const& tensor : checkpoint.tensors)
    if (tensor.name.starts_with(prefix))
      arrays.emplace(tensor.name.substr(prefix.size()), tensor.array);
  return arrays;
}

/// How many tensors of `a` are in `b` with the same dtype, shape and bytes.
std::size_t equal_tensors(std::map<std::string, io::Array> const& a,
                          std::map<std::string, io::Array> const& b) {
  std::size_t equal = 0;
  for (auto const& item : a) {
    std::string const& name = item.first;
    io::Array const& array = item.second;
    auto const found = b.find(name);
    if (found == b.end()) continue;
    io::Array const& other = found->second;
    bool const same = array.dtype == other.dtype && array.shape == other.shape &&
                      content(array) == content(other);
    CHECK_MESSAGE(same, name);
    equal += same;
  }
  return equal;
}

std::string const storage = pickle_storage("FloatStorage", "0", 6);
std::string const matrix = pickle_tensor(storage, 0, {2, 3}, {3, 1});

Checkpoint open_tensor(std::string const& tensor) {
  return open_bytes(torch_zip(pickle(pickle_dict({{"a", tensor}})), {floats(6)}));
}

}  // namespace

TEST_CASE("torch files: the three formats of one CLIPSeg hold the same bytes") {
  auto const path = fixture("clipseg/tiny_a");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  Checkpoint const safe = io::open_checkpoint(*path / "model.safetensors");
  Checkpoint const zip = io::open_checkpoint(*path / "pytorch_model.bin");
  Checkpoint const lightning = io::open_checkpoint(*path / "lightning.ckpt");
  CHECK(safe.format == "safetensors");
  CHECK(zip.format == "torch zip");
  CHECK(lightning.format == "torch zip");
  CHECK(safe.tensors.size() == 208);
  CHECK(equal_tensors(without_prefix(safe, ""), without_prefix(zip, "")) == 208);
  // The wrapped model does not hold the two position_ids.
  auto const wrapped = without_prefix(lightning, "net.clipseg.");
  CHECK(wrapped.size() == 206);
  CHECK(wrapped.size() == lightning.tensors.size());
  CHECK(equal_tensors(wrapped, without_prefix(safe, "")) == 206);
  CHECK(std::count(lightning.notes.begin(), lightning.notes.end(), "'optimizer_states' skipped") ==
        1);
  CHECK(get(zip, "clip.text_model.embeddings.position_ids").dtype == DType::i64);
  // A folder gives its model.safetensors.
  CHECK(io::open_checkpoint(*path).format == "safetensors");
}

TEST_CASE("torch files: BiomedCLIPSeg's parts are in its Lightning checkpoint") {
  auto const path = fixture("biomedclipseg/tiny_a");
  VLSM_NEEDS(path, "biomedclipseg/tiny_a");
  Checkpoint const encoder = io::open_checkpoint(*path / "open_clip_pytorch_model.bin");
  Checkpoint const decoder = io::open_checkpoint(*path / "decoder.safetensors");
  Checkpoint const lightning = io::open_checkpoint(*path / "lightning.ckpt");
  CHECK(encoder.tensors.size() == 120);
  std::size_t const from_encoder =
      equal_tensors(without_prefix(lightning, "net.biomedclip."), without_prefix(encoder, ""));
  CHECK(from_encoder >= 119);
  CHECK(equal_tensors(without_prefix(lightning, "net."), without_prefix(decoder, "")) == 64);
  CHECK(from_encoder + 64 == lightning.tensors.size());
  CHECK(io::open_checkpoint(*path).tensors.size() == 120);
}

TEST_CASE("torch files: pickles of protocol 0 and 1 are told, not called damaged or text") {
  // torch.save({"a": tensor}, path, pickle_protocol=0), up to the tensor's storage.
  std::string const object =
      "(dp0\nVa\np1\nctorch._utils\n_rebuild_tensor_v2\np2\n"
      "(P('storage', <class 'torch.FloatStorage'>, '0', 'cpu', 6)\n.";
  CHECK_ERROR(open_bytes(torch_zip(object, {floats(6)})), "a pickle of protocol 0");
  CHECK_ERROR(open_bytes(torch_zip(object, {floats(6)})), "torch.save(model.state_dict(), path)");
  std::string const legacy = "L119547037146038801333356L\n.I1001\n.";
  CHECK_ERROR(open_bytes(legacy), "a pickle of protocol 0 or 1");
  CHECK_ERROR(open_bytes(legacy), "torch's default protocol");
}

TEST_CASE("torch files: CRIS's checkpoint and its protocol 5 conversion hold the same bytes") {
  auto const first = fixture("cris/tiny_a/cris.pt"),
             second = fixture("cris/tiny_a/cris_converted.pt");
  VLSM_NEEDS(first && second ? first : std::nullopt, "cris/tiny_a");
  Checkpoint const original = io::open_checkpoint(*first);
  Checkpoint const converted = io::open_checkpoint(*second);
  CHECK(original.tensors.size() == 320);
  CHECK(converted.tensors.size() == 320);
  CHECK(equal_tensors(without_prefix(original, "module."), without_prefix(converted, "")) == 320);
}

TEST_CASE("torch files: a TorchScript archive gives its state dict") {
  auto const path = fixture("cris/tiny_a/RN50_tiny.pt");
  auto const listing = fixture("cris/tiny_a_archive_openai_clip_io.json");
  VLSM_NEEDS(path && listing ? path : std::nullopt, "cris/tiny_a");
  Checkpoint const archive = io::open_checkpoint(*path);
  CHECK(archive.format == "torchscript");
  auto const expected = nlohmann::json::parse(read_file(*listing))["archive_state_dict"];
  CHECK(archive.tensors.size() == expected.size());
  for (auto const& item : expected.items()) {
    io::Array const& array = get(archive, item.key());
    CHECK("torch." + std::string(io::dtype_name(array.dtype)) == item.value()[0]);
    CHECK(array.shape == item.value()[1].get<std::vector<std::int64_t>>());
  }
  CHECK(get(archive, "text_projection").dtype == DType::f16);
  CHECK(content(get(archive, "input_resolution")) == little<std::int64_t>(64));
}

TEST_CASE("torch files: views of one storage share its memory, whatever its alignment") {
  std::string const object = pickle_dict({{"rows", matrix},
                                          {"columns", pickle_tensor(storage, 0, {3, 2}, {1, 3})},
                                          {"tail", pickle_tensor(storage, 4, {2}, {1})},
                                          {"scalar", pickle_tensor(storage, 5, {}, {})},
                                          {"none", pickle_tensor(storage, 0, {0, 3}, {3, 1})},
                                          {"repeated", pickle_tensor(storage, 1, {4}, {0})}});
  for (std::string const& bytes :
       {torch_zip(pickle(object), {floats(6)}), torch_zip(pickle(object), {floats(6)}, 1),
        legacy_file(object, {{6, floats(6)}})}) {
    Checkpoint const file = open_bytes(bytes);
    REQUIRE(file.tensors.size() == 6);
    io::Array const& rows = get(file, "rows");
    CHECK(content(rows) == floats(6));
    CHECK(reinterpret_cast<std::uintptr_t>(rows.data) % 4 == 0);
    CHECK_FALSE(io::is_contiguous(get(file, "columns")));
    CHECK(content(get(file, "columns")).substr(0, 8) == little(0.f) + little(3.f));
    CHECK(get(file, "tail").data == rows.data + 16);
    CHECK(get(file, "tail").bytes == 8);
    CHECK(content(get(file, "scalar")) == little(5.f));
    CHECK(content(get(file, "none")).empty());
    CHECK(content(get(file, "repeated")) == little(1.f) + little(1.f) + little(1.f) + little(1.f));
  }
}

TEST_CASE("torch files: every dtype is read, others are named") {
  std::vector<std::pair<std::string, DType>> const types{
      {"DoubleStorage", DType::f64},  {"FloatStorage", DType::f32},     {"HalfStorage", DType::f16},
      {"LongStorage", DType::i64},    {"BFloat16Storage", DType::bf16}, {"IntStorage", DType::i32},
      {"ShortStorage", DType::i16},   {"CharStorage", DType::i8},       {"ByteStorage", DType::u8},
      {"BoolStorage", DType::boolean}};
  for (auto const& [name, dtype] : types) {
    std::string const tensor = pickle_tensor(pickle_storage(name, "0", 2), 0, {2}, {1});
    std::string const data(2 * io::dtype_size(dtype), '\x01');
    Checkpoint const file = open_bytes(torch_zip(pickle(pickle_dict({{"a", tensor}})), {data}));
    CHECK(get(file, "a").dtype == dtype);
    CHECK(content(get(file, "a")) == data);
  }
  CHECK_ERROR(open_tensor(pickle_tensor(pickle_storage("ComplexFloatStorage", "0", 1), 0, {}, {})),
              "'a' is complex64");
  CHECK_ERROR(open_tensor(pickle_tensor(pickle_storage("OddStorage", "0", 1), 0, {}, {})),
              "'a' is OddStorage");
  // A lazy sign is not in the values: such a tensor is not read as another one.
  std::string const plain = pickle_tensor(pickle_storage("FloatStorage", "0", 2), 0, {2}, {1});
  auto const with = [&](char const* name, std::string const& on) {
    return plain.substr(0, plain.size() - 2) + pickle_dict({{name, on}}) + "tR";
  };
  CHECK_ERROR(open_tensor(with("neg", "\x88")), "'a' is negated or conjugated");
  CHECK(content(get(open_tensor(with("neg", "\x89")), "a")) == floats(2));
  // Newer dtypes have no storage class of their own: the tensor says what it is.
  auto const untyped = [](std::string const& dtype) {
    return pickle_global("torch._utils", "_rebuild_tensor_v3") + "(" + "(" +
           pickle_text("storage") + pickle_global("torch.storage", "UntypedStorage") +
           pickle_text("0") + pickle_text("cpu") + pickle_int(8) + "tQ" + pickle_int(0) +
           pickle_ints({2}) + pickle_ints({1}) + "\x89N" + pickle_global("torch", dtype) + "tR";
  };
  CHECK(content(get(open_tensor(untyped("float32")), "a")) == floats(2));
  CHECK_ERROR(open_tensor(untyped("uint64")), "'a' is uint64");
}

TEST_CASE("torch files: tensors that reach beyond their storage are refused") {
  std::int64_t const huge = INT64_MAX;
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 1, {2, 3}, {3, 1})), "beyond its storage of 6");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 6, {}, {})), "beyond its storage");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, huge, {1}, {1})), "beyond its storage");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {2, 2}, {huge, huge})), "beyond its storage");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {3}, {huge})), "beyond its storage");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {huge}, {0})), "too large");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {huge / 8}, {0})), "too large");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {huge, huge}, {1, 1})), "too large");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {0, huge, huge}, {1, 1, 1})), "too large");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {-1}, {1})), "negative");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {2}, {-1})), "negative");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, -1, {2}, {1})), "negative");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, {2}, {1, 1})), "differ in length");
  CHECK_ERROR(open_tensor(pickle_tensor(storage, 0, std::vector<std::int64_t>(17, 1),
                                        std::vector<std::int64_t>(17, 1))),
              "too many dimensions");
  CHECK_ERROR(open_tensor(pickle_tensor(pickle_storage("FloatStorage", "0", 7), 0, {1}, {1})),
              "shorter than its tensors need");
  CHECK_ERROR(open_tensor(pickle_tensor(pickle_storage("FloatStorage", "0", huge), 0, {1}, {1})),
              "a storage is too large");
  CHECK_ERROR(open_tensor(pickle_tensor(pickle_storage("FloatStorage", "../x", 6), 0, {1}, {1})),
              "'../x' is not in the archive");
}

TEST_CASE("torch files: the old format, its views and its damages") {
  std::string const object = pickle_dict({{"a", matrix}});
  Checkpoint const file = open_bytes(legacy_file(object, {{6, floats(6)}}));
  CHECK(file.format == "legacy pickle");
  CHECK(content(get(file, "a")) == floats(6));

  auto const view = [](std::int64_t begin, std::int64_t count) {
    std::string const part =
        pickle_storage("FloatStorage", "0", 6,
                       "(" + pickle_text("v") + pickle_int(begin) + pickle_int(count) + "t");
    return legacy_file(pickle_dict({{"a", pickle_tensor(part, 1, {2}, {1})}}), {{6, floats(6)}});
  };
  CHECK(content(get(open_bytes(view(2, 3)), "a")) == little(3.f) + little(4.f));
  CHECK_ERROR(open_bytes(view(2, 2)), "beyond its storage of 2");
  CHECK_ERROR(open_bytes(view(4, 3)), "a view reaches beyond");
  CHECK_ERROR(open_bytes(view(INT64_MAX, INT64_MAX)), "a view reaches beyond");

  CHECK_ERROR(open_bytes(legacy_file(object, {{5, floats(5)}})), "has another size");
  CHECK_ERROR(open_bytes(legacy_file(object, {{6, floats(5)}})), "4 bytes are missing");
  CHECK_ERROR(open_bytes(legacy_file(object, {{6, floats(6)}, {6, floats(6)}})), "no tensor uses");
  CHECK_ERROR(open_bytes(legacy_file(object, {})), "is not in the file");
  CHECK(open_bytes(legacy_file(object, {{6, floats(6)}}) + "more").notes.back() ==
        "skipped: 4 bytes at the end");
  std::string big = legacy_file(object, {{6, floats(6)}});
  big[big.find("little_endian") + 13] = '\x89';
  CHECK_ERROR(open_bytes(big), "big-endian");
  CHECK_ERROR(open_bytes(pickle(pickle_dict({{"a", "K\x01"}}))), "plain pickle");
  CHECK_ERROR(open_bytes("\x80\x04N."), "plain pickle");
}
