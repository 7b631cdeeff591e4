// SPDX-License-Identifier: MIT
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/pictures.hpp"
#include "volume/builders.hpp"

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

void torch_pickles(std::filesystem::path const& root) {
  Corpus corpus(root, "torch_pickles");
  for (std::string const& object : objects())
    for (char flags : {0, 1, 4, 8}) corpus.add(flags + object);
  corpus.add("\2model_ema" + std::string(1, '\0') + objects()[2]);
  corpus.add("\3encoder" + std::string(1, '\0') + objects()[3]);
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
  Corpus png_files(root, "png"), jpeg_files(root, "jpeg"), both(root, "pictures_by_stb");
  constexpr std::size_t largest = 1024;
  for (StoredPicture const& file : stored_pictures("png"))
    if (file.bytes.size() <= largest) png_files.add(file.bytes), both.add(file.bytes);
  for (StoredPicture const& file : stored_pictures("jpeg"))
    if (file.bytes.size() <= largest) jpeg_files.add(file.bytes), both.add(file.bytes);
  png_files.add(small_png());
  png_files.add(plain_png(3, 2, 'x'));
  std::string const colors = png_chunk("PLTE", std::string("\0\0\0\xff\0\0\0\xff\0", 9));
  std::string const clear = png_chunk("tRNS", std::string("\0\xff", 2));
  for (char depth : {1, 2, 4, 8}) {
    std::string const row(1 + static_cast<std::size_t>(depth), '\0');
    png_files.add(png(8, 2, depth, palette, row + row, colors + clear));
  }
  png_files.add(png_of_stream(516, 1, 8, gray, zlib_of_zeros(1)));
}

/// Names of real checkpoints, some at a time.
void keys(std::filesystem::path const& root) {
  Corpus corpus(root, "keys");
  char scheme = 0;
  for (char const* file : {"cris_r50", "hf_blip_vqa_base", "hf_clipseg_rd64_refined",
                           "open_clip_biomedclip", "openai_clip_rn50", "smp_deeplabv3plus_resnet50",
                           "smp_unet_resnet50", "smp_unetplusplus_resnet50"}) {
    std::string const table = read_file(fixture(std::string("keys/") + file + ".tsv").value());
    std::istringstream lines(table);
    std::string names;
    for (std::string line; std::getline(lines, line);) {
      std::string const name = line.substr(0, line.find('\t'));
      if (names.size() + name.size() > 250) corpus.add(scheme++ + names), names.clear();
      names += name + "\n";
    }
  }
  corpus.add("\16vision.a.weight\nmodule.text.b.bias\nmodel_ema.decoder.c");
  corpus.add("\10model.film_mul.weight\nmodel.blocks.0.self_attn.in_proj_weight\nreduces.0.bias");
}

void sections(std::filesystem::path const& root) {
  Corpus corpus(root, "sections");
  corpus.add(std::string("\0\0\12\0\13", 5));
  corpus.add(std::string("\0\2\0\0\12\0\13\3\2\2\0\12\3\2\7\0\12", 17));
  corpus.add(std::string("\1\1\2\1\0\12\4\2\3\0\7\5\0\17", 14));
}

/// Bytes of the kinds that `masks` reads, from a picture's fields to its samples.
void masks(std::filesystem::path const& root) {
  Corpus corpus(root, "masks");
  for (int kind = 0; kind < 256; kind += 8) {
    std::string samples;
    for (int i = 0; i < 64; ++i) samples += static_cast<char>(i / 16 * 85);
    std::string const head =
        std::string(1, static_cast<char>(kind)) + "\5\5\1" + std::string("\0\xff", 2);
    corpus.add(std::string(1, '\0') + head + samples);
    corpus.add("\1any\n" + head + samples);
    corpus.add(
        "\7"
        "0,128,0\n" +
        head + samples + head + samples);
  }
}

void vocabularies(std::filesystem::path const& root) {
  Corpus clip(root, "clip_vocabulary"), bert(root, "bert_vocabulary");
  std::string const zero(1, '\0');
  std::string const merges = "#version: 0.2\na b</w>\na a\naa b</w>\n";
  clip.add(zero + "aab" + zero + merges);
  clip.add("\1aab" + zero + merges);
  clip.add("\2aab" + zero + R"({"model":{"vocab":{"ab</w>":0},"merges":["a b</w>",["a","a"]]},)" +
           R"("added_tokens":[{"id":1,"content":"aa"}]})");
  clip.add("\3aab" + zero + R"({"ab</w>":0,"aa":1,"aab</w>":2})" + zero + merges);
  clip.add("\4aab" + zero + R"({"ab</w>":0,"aa":1,"aab</w>":2})" + zero + merges);
  bert.add(zero + zero + R"({"do_lower_case":false,"never_split":null,"unk_token":"[UNK]",)" +
           R"("added_tokens_decoder":{"0":{"content":"[PAD]"}}})");
  bert.add("\2" + zero + "ab b" + zero + R"({"normalizer":{"lowercase":false},"model":{)" +
           R"("max_input_chars_per_word":3,"vocab":{"c":6}}})");
  bert.add(
      "\2\1"
      "ab b" +
      zero + R"({"post_processor":{"type":"BertProcessing","cls":["[CLS]",1],"sep":["[SEP]",2]}})");
  bert.add("\3" + zero + "ab b [CLS]" + zero + "[PAD]\n[MASK]\na\nab\n##b\n");
  bert.add(
      "\4\1"
      "ab b" +
      zero + "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nab\n##b\n");
}

/// The prompts of the tokenizers' reference outputs.
void prompts(std::filesystem::path const& root) {
  Corpus clip(root, "clip_tokenizer"), bert(root, "wordpiece"), ftfy(root, "ftfy");
  for (char const* file : {"clip_hf", "clip_openai", "bert_wordpiece"}) {
    std::string const rows =
        read_file(fixture(std::string("tokenizers/") + file + ".jsonl").value());
    std::istringstream lines(rows);
    char flavor = 0;
    for (std::string line; std::getline(lines, line);) {
      std::string const text = nlohmann::json::parse(line).at("text");
      if (text.size() > 250) continue;
      clip.add(std::string{flavor, 77} + text);
      bert.add(std::string{flavor, 77} + text);
      ftfy.add(text);
      flavor = static_cast<char>((flavor + 1) % 4);
    }
  }
}

void packed(std::filesystem::path const& root) {
  Corpus corpus(root, "packed");
  std::string const stream = zlib_of_zeros(1).substr(2), zero(1, '\0');
  for (char flags : {1, 5, 9, 17, 29}) {
    corpus.add(flags + stream);
    corpus.add(flags + stored_zlib("a stored block").substr(2));
  }
  corpus.add(zero + "\x1f\x8b\x08" + std::string(7, '\0') + stream + std::string(8, '\0'));
  corpus.add("\2" + zip({{"a", "b"}, {"c/d", "efg"}}));
  corpus.add("\2" + zip({}));
}

void hf_config(std::filesystem::path const& root) {
  Corpus corpus(root, "hf_config");
  corpus.add(
      R"({"model_type":"clipseg","extract_layers":[1,2,4],"conditional_layer":0,)"
      R"("decoder_num_attention_heads":4,"vision_config":{"num_attention_heads":4,)"
      R"("hidden_act":"quick_gelu","layer_norm_eps":1e-05},"text_config":{"eos_token_id":2}})");
  corpus.add(R"({"model_type":"clip","text_config":{"eos_token_id":1e3,"hidden_act":"gelu"}})");
  corpus.add(R"({"model_type":"blip"})");
}

void tiff_pictures(std::filesystem::path const& root) {
  Corpus corpus(root, "tiff");
  for (auto const& file : stored_pictures("tiff"))
    if (file.bytes.size() <= 1024) corpus.add(file.bytes);
}

void nifti(std::filesystem::path const& root) {
  Corpus corpus(root, "nifti");
  std::string const zero(1, '\0');
  for (int type : {2, 256, 512, 4, 768, 8, 16, 64, 128, 32})
    for (bool big : {false, true}) {
      NiftiSpec spec{.type = type, .big = big};
      corpus.add(zero + spec.header() + std::string(48, '\1'));
      spec.sides = {2, 1, 1, 3}, spec.slope = 0.5f, spec.intercept = 1;
      corpus.add("\3" + spec.header() + std::string(48, '\2'));
    }
  corpus.add(zero + NiftiSpec{.magic = std::string("ni1\0", 4)}.header());
  corpus.add(zero + "\x1f\x8b\x08" + std::string(7, '\0') + zlib_of_zeros(1).substr(2) +
             std::string(8, '\0'));
}

void metaimage(std::filesystem::path const& root) {
  Corpus corpus(root, "metaimage");
  std::string const zero(1, '\0'), pixels(48, '\1');
  for (char const* type : {"MET_UCHAR", "MET_CHAR", "MET_SHORT", "MET_USHORT", "MET_INT",
                           "MET_UINT", "MET_FLOAT", "MET_DOUBLE"})
    corpus.add(zero + metaimage_text({{"ElementType", type}}) + pixels);
  corpus.add("\3" + metaimage_text({{"NDims", "3"}, {"DimSize", "3 2 2"}}) + pixels);
  corpus.add(zero + metaimage_text({{"HeaderSize", "-1"}, {"ElementByteOrderMSB", "True"}}) +
             pixels);
  corpus.add(zero + metaimage_text({{"CompressedData", "True"}}) + stored_zlib("abcdef"));
  corpus.add(zero + metaimage_text({{"CompressedData", "True"}, {"DimSize", "43 12"}}) +
             zlib_of_zeros(1));
  corpus.add(zero + metaimage_text({{"ElementDataFile", "a/b.raw"}}, "\r\n") + pixels);
}

void dicom(std::filesystem::path const& root) {
  Corpus corpus(root, "dicom");
  auto const add = [&](DicomSpec const& spec) { corpus.add(spec.bytes().substr(128)); };
  add({});
  add({.syntax = "1.2.840.10008.1.2", .implicit = true});
  add({.syntax = "1.2.840.10008.1.2.2", .big = true});
  add({.kind = "MONOCHROME1",
       .allocated = 16,
       .stored = 12,
       .is_signed = true,
       .slope = "2",
       .intercept = "-10",
       .pixels = std::string(12, '\1')});
  add({.kind = "RGB", .samples = 3, .planes = true, .pixels = std::string(18, '\1')});
  add({.syntax = "1.2.840.10008.1.2.5",
       .pixels = run_length_fragments({"abcdef"}),
       .packed = true});
  add({.syntax = "1.2.840.10008.1.2.5",
       .allocated = 16,
       .stored = 16,
       .pixels = run_length_fragments({"abcdef", "ghijkl"}),
       .packed = true});
  add({.frames = "2"});
  DicomSpec nested;
  std::string const item("\xfe\xff\x00\xe0\xff\xff\xff\xff", 8);
  nested.early = nested.head(8, 0x1140, "SQ", 0xffffffff) + item +
                 nested.element(8, 0x100, "SH", "ab") + nested.head(8, 0x1140, "SQ", 8) +
                 item.substr(0, 4) + std::string(4, '\0') +
                 std::string("\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0", 16);
  add(nested);
}

void run_lengths(std::filesystem::path const& root) {
  Corpus corpus(root, "run_lengths");
  std::string const zero(1, '\0');
  corpus.add(zero + "\3\2" + "123");
  corpus.add(zero + "\3\2" + "0111111");
  corpus.add(zero + "\3\2" + "6");
  corpus.add(zero + "\144\144" + "oR1lPmR");
  corpus.add("\2\144" + zero + "\1" + "PX7");
  corpus.add("\1\3\2\1" + zero + "\2" + zero + "\3" + zero);
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

void attributes(std::filesystem::path const& root) {
  Corpus corpus(root, "attributes");
  corpus.add(R"({"": {"answerer": "blip", "model": "0f", "n": 1}, "a.png": {"shape": "round"}})");
  corpus.add(R"({"a/\u00e4.png": {"color": "pink", "shape": "it is round", "others": [1, {}]}})");
  corpus.add("{}");
  corpus.add(R"({"a": {"shape": ""}, "b": 3})");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: seeds FOLDER\n");
    return 2;
  }
  std::filesystem::path const root = arguments[1];
  checkpoints(root);
  torch_pickles(root);
  sections(root);
  keys(root);
  pictures(root);
  masks(root);
  annotations(root);
  attributes(root);
  tiff_pictures(root);
  nifti(root);
  metaimage(root);
  dicom(root);
  run_lengths(root);
  vocabularies(root);
  prompts(root);
  packed(root);
  hf_config(root);
  return 0;
}
