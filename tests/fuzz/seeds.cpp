// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/pictures.hpp"

// seeds FOLDER: writes what the fuzzing programs start from, a folder for each, out of the tests'
// own data and builders.
namespace {

using namespace vlsm::test;

/// The corpus of one program.
class Corpus {
 public:
  Corpus(std::filesystem::path const& root, std::string const& name) : folder_(root / name) {
    std::filesystem::create_directories(folder_);
  }
  void add(std::string const& bytes) {
    write_file(folder_ / ("seed-" + std::to_string(count_++)), bytes);
  }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

std::string safetensors(std::string header, std::string const& data) {
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return little<std::uint64_t>(header.size()) + header + data;
}

/// Objects as torch.save pickles them, over storages of 6 floats each.
std::vector<std::string> objects() {
  std::string const storage = pickle_storage("FloatStorage", "0", 6),
                    view = pickle_storage(
                        "FloatStorage", "0", 6,
                        "(" + pickle_text("1") + pickle_int(2) + pickle_int(3) + "t"),
                    other = pickle_storage("BFloat16Storage", "1", 6),
                    foreign = pickle_storage("ComplexFloatStorage", "0", 3),
                    a = pickle_tensor(storage, 0, {2, 3}, {3, 1}),
                    b = pickle_tensor(other, 2, {2}, {2}), none = pickle_tensor(storage, 5, {}, {});
  std::string const model = pickle_dict({{"vision.a", a}, {"vision.b", b}, {"text.c", none}});
  return {model,
          pickle_dict({{"state_dict", model}, {"epoch", "K\x07"}, {"optimizer", model}}),
          pickle_dict(
              {{"model", model}, {"model_ema", model}, {"args", "cargparse\nNamespace\n)\x81}b"}}),
          pickle_dict({{"encoder", model}, {"decoder", model}}),
          pickle_dict({{"a", pickle_tensor(view, 0, {3}, {1})}, {"b", a}}),
          pickle_dict({{"a", pickle_tensor(foreign, 0, {3}, {1})}, {"b", a}}),
          "c__torch__\nModule\n)\x81" +
              pickle_dict({{"training", "\x88"},
                           {"weight", a},
                           {"inner", "c__torch__\nInner\n)\x81" + pickle_dict({{"w", b}}) + "b"}}) +
              "b"};
}

void checkpoints(std::filesystem::path const& root) {
  Corpus corpus(root, "checkpoints");
  corpus.add(safetensors(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],)"
                         R"("data_offsets":[0,24]},"b":{"dtype":"BF16","shape":[],)"
                         R"("data_offsets":[24,26]}})",
                         floats(6) + "ab"));
  corpus.add(safetensors(R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", "ab"));
  for (std::string const& object : objects()) {
    corpus.add(torch_zip(pickle(object), {floats(6), std::string(12, 'x')}));
    corpus.add(legacy_file(object, {{6, floats(6)}, {6, std::string(12, 'x')}}));
  }
  corpus.add("version https://git-lfs.github.com/spec/v1\n");
  corpus.add("<html>");
}

void pictures(std::filesystem::path const& root) {
  Corpus png_files(root, "png"), jpeg_files(root, "jpeg");
  constexpr std::size_t largest = 1024;
  for (StoredPicture const& file : stored_pictures("png"))
    if (file.bytes.size() <= largest) png_files.add(file.bytes);
  for (StoredPicture const& file : stored_pictures("jpeg"))
    if (file.bytes.size() <= largest) jpeg_files.add(file.bytes);
  png_files.add(small_png());
  png_files.add(plain_png(3, 2, 'x'));
  std::string const colors = png_chunk("PLTE", std::string("\0\0\0\xff\0\0\0\xff\0", 9));
  std::string const clear = png_chunk("tRNS", std::string("\0\xff", 2));
  for (char depth : {1, 2, 4, 8}) {
    std::string const row(1 + static_cast<std::size_t>(depth), '\0');
    png_files.add(png(8, 2, depth, palette, row + row, colors + clear));
  }
  png_files.add(png_of_stream(516, 1, 8, grey, zlib_of_zeros(1)));
}

void annotations(std::filesystem::path const& root) {
  Corpus corpus(root, "annotations");
  corpus.add(
      R"([{"img_name": "a/b.png", "mask_name": "m.png", "bbox": [1, 2.5, null, true], )"
      R"("prompts": {"p0": "", "p6": ["one polyp", "a polyp"], "p10": "Gr\u00f6\u00dfe"}}])");
  corpus.add("[]");
  corpus.add("\xef\xbb\xbf[{}]");
  corpus.add(R"([{"img_name": "../a", "mask_name": "/b", "prompts": {"p0": []}}])");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: seeds FOLDER\n");
    return 2;
  }
  std::filesystem::path const root = arguments[1];
  checkpoints(root);
  pictures(root);
  annotations(root);
  return 0;
}
