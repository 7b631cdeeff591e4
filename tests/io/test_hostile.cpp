// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"
#include "vlsm/io/torch/zip/zip.hpp"

// Damaged files must load or throw vlsm::Error: no other exception, no crash, no endless loop. Run
// these under the address and undefined behavior sanitizers.
using namespace vlsm;
using namespace vlsm::test;

namespace {

struct Region {
  std::size_t begin, end;
};

/// A file that is changed in place: a copy for each of thousands of trials would take minutes.
class Victim {
 public:
  explicit Victim(std::string bytes) : bytes_(std::move(bytes)) {
    write_file(folder_ / "weights", bytes_);
    file_ = ::open((folder_ / "weights").c_str(), O_RDWR | O_CLOEXEC);
  }
  ~Victim() { ::close(file_); }
  Victim(Victim const&) = delete;
  Victim& operator=(Victim const&) = delete;

  std::string const& bytes() const { return bytes_; }
  void write(std::size_t at, std::string const& text) {
    if (::pwrite(file_, text.data(), text.size(), static_cast<off_t>(at)) < 0)
      FAIL("the test's own file cannot be written");
  }
  void restore(std::size_t at, std::size_t count) { write(at, bytes_.substr(at, count)); }
  void cut(std::size_t size) { REQUIRE(::ftruncate(file_, static_cast<off_t>(size)) == 0); }

  /// Opens it and touches both ends of every tensor. Whether it loaded.
  bool loads() const {
    try {
      io::Checkpoint const file = io::open_checkpoint(folder_ / "weights");
      for (io::NamedArray const& tensor : file.tensors) touch(tensor.array);
      return true;
    } catch (Error const& error) {
      if (std::string(error.what()).size() > 600) FAIL("a message is too long");
      return false;
    }
  }

 private:
  static void touch(io::Array const& array) {
    if (io::elements(array) == 0) return;
    std::size_t last = 0;
    for (std::size_t i = 0; i < array.shape.size(); ++i)
      last += static_cast<std::size_t>((array.shape[i] - 1) * array.strides[i]);
    std::size_t const size = io::dtype_size(array.dtype);
    bool const inside = (last + 1) * size <= array.bytes;
    bool const aligned = reinterpret_cast<std::uintptr_t>(array.data) % size == 0;
    if (!inside || !aligned) FAIL("a tensor reaches outside its memory or is not aligned");
    auto volatile sum = std::to_integer<int>(array.data[0]);
    sum = sum + std::to_integer<int>(array.data[(last + 1) * size - 1]);
  }

  TempDir folder_;
  std::string bytes_;
  int file_;
};

/// Cuts the file at its first bytes, around each of `edges`, and at 200 random places.
void check_cuts(std::string bytes, std::vector<std::size_t> const& edges) {
  Victim victim(std::move(bytes));
  std::vector<std::size_t> cuts{0, 1, 7, 8, 9, victim.bytes().size() - 1};
  for (std::size_t edge : edges)
    for (std::size_t cut : {edge - 1, edge, edge + 1}) cuts.push_back(cut);
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) cuts.push_back(random() % victim.bytes().size());
  // From the longest to the shortest: the file only ever shrinks.
  std::sort(cuts.rbegin(), cuts.rend());
  for (std::size_t cut : cuts) {
    if (cut >= victim.bytes().size()) continue;
    victim.cut(cut);
    CHECK_MESSAGE(!victim.loads(), "loads, cut off at " << cut);
  }
}

/// Replaces one to four bytes of `regions` at a time, `trials` times; `repair` runs after each.
template <typename Repair>
void check_flips(std::string bytes, std::vector<Region> const& regions, int trials, Repair repair) {
  Victim victim(std::move(bytes));
  CHECK(victim.loads());
  std::mt19937 random(11);
  for (int i = 0; i < trials; ++i) {
    Region const region = regions[random() % regions.size()];
    std::string text(1 + random() % 4, '\0');
    std::size_t const at = region.begin + random() % (region.end - region.begin - text.size());
    // Ends of ranges are where checks go wrong: every other byte is one.
    for (char& c : text) c = random() % 2 != 0 ? "\x00\xff\x7f\x80"[random() % 4] : char(random());
    victim.write(at, text);
    repair(victim, at, text);
    victim.loads();
    victim.restore(at, text.size());
  }
  repair(victim, 0, victim.bytes().substr(0, 1));
  CHECK(victim.loads());
}

auto const no_repair = [](Victim&, std::size_t, std::string const&) {};

std::size_t header_end(std::string const& bytes) {
  return 8 + io::load_little<std::uint64_t>(as_bytes(bytes).data());
}

/// Where things are in a torch zip file.
struct ZipLayout {
  std::vector<std::size_t> edges;
  Region pickle{};
  Region directory{};
  std::size_t crc = 0;  ///< of data.pkl, in the directory

  explicit ZipLayout(std::string const& bytes) {
    for (io::ZipEntry const& entry : io::read_zip_directory(as_bytes(bytes), "layout")) {
      edges.push_back(entry.header);
      edges.push_back(entry.begin);
      directory.begin = std::max<std::size_t>(directory.begin, entry.begin + entry.stored_size);
      if (!entry.name.ends_with("data.pkl")) continue;
      pickle = {entry.begin, entry.begin + entry.size};
      crc = bytes.rfind(little(entry.crc));
    }
    directory.end = bytes.size();
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    edges.erase(std::remove(edges.begin(), edges.end(), std::size_t{0}), edges.end());
    edges.push_back(directory.begin);
    edges.push_back(bytes.size() - 22);
  }
};

void check_zip(std::string const& bytes, int trials) {
  ZipLayout const layout(bytes);
  check_cuts(bytes, layout.edges);
  check_flips(bytes, {layout.directory, {0, 64}}, trials, no_repair);
  // With its checksum made right again, a damaged pickle reaches the unpickler.
  auto const repair = [&](Victim& victim, std::size_t at, std::string const& text) {
    std::string pickle = bytes.substr(layout.pickle.begin, layout.pickle.end - layout.pickle.begin);
    if (at >= layout.pickle.begin) pickle.replace(at - layout.pickle.begin, text.size(), text);
    victim.write(layout.crc, little(io::crc32(as_bytes(pickle))));
  };
  check_flips(bytes, {layout.pickle}, trials, repair);
}

std::string small_object() {
  std::string const storage = pickle_storage("FloatStorage", "0", 6);
  return pickle_dict({{"state_dict", pickle_dict({{"a", pickle_tensor(storage, 0, {2, 3}, {3, 1})},
                                                  {"b", pickle_tensor(storage, 2, {2}, {2})},
                                                  {"c", pickle_tensor(storage, 5, {}, {})}})},
                      {"epoch", "K\x07"},
                      {"lr", "G\x3f\xb9\x99\x99\x99\x99\x99\x9a"},
                      {"args", "cargparse\nNamespace\n)\x81}b"}});
}

}  // namespace

TEST_CASE("hostile: a cut or damaged safetensors file") {
  auto const path = fixture("clipseg/tiny_a/model.safetensors");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  std::string const bytes = read_file(*path);
  check_cuts(bytes, {8, 9, header_end(bytes) / 2, header_end(bytes), header_end(bytes) + 4});
  check_flips(bytes, {{0, header_end(bytes)}, {0, 16}}, 300, no_repair);
}

TEST_CASE("hostile: a cut or damaged torch zip file") {
  auto const path = fixture("clipseg/tiny_a/pytorch_model.bin");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  check_zip(read_file(*path), 150);
}

TEST_CASE("hostile: a cut or damaged Lightning checkpoint") {
  auto const path = fixture("clipseg/tiny_a/lightning.ckpt");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  check_zip(read_file(*path), 150);
}

TEST_CASE("hostile: a cut or damaged TorchScript archive") {
  auto const path = fixture("cris/tiny_a/RN50_tiny.pt");
  VLSM_NEEDS(path, "cris/tiny_a");
  check_zip(read_file(*path), 150);
}

TEST_CASE("hostile: a small torch zip file, where most bytes matter") {
  check_zip(torch_zip(pickle(small_object()), {floats(6)}), 1500);
}

TEST_CASE("hostile: a cut or damaged file of the old format") {
  std::string const bytes = legacy_file(small_object(), {{6, floats(6)}});
  std::size_t const storages = bytes.size() - 8 - floats(6).size();
  std::vector<std::size_t> every;
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) every.push_back(cut);
  check_cuts(bytes, every);
  check_flips(bytes, {{0, bytes.size()}, {storages - 20, storages + 10}}, 2000, no_repair);
}
