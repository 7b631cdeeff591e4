// SPDX-License-Identifier: MIT
#include <fstream>
#include <sstream>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

// Checkpoints as people report that theirs are, given to the program.
using namespace vlsm::test;

namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

/// A tensor for every line of a list of keys that begins with `prefix`: small files, since all
/// elements of a tensor are one. `rename(key)` gives its key in the file.
Items listed(std::filesystem::path const& path, auto&& rename) {
  std::string const half = pickle_storage("FloatStorage", "0", 1),
                    whole = pickle_storage("LongStorage", "1", 1);
  Items items;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key, type, shape;
    std::getline(words, key, '\t');
    std::getline(words, type, '\t');
    std::getline(words, shape);
    std::vector<std::int64_t> sizes;
    std::istringstream numbers(shape);
    for (std::string number; std::getline(numbers, number, ',');)
      sizes.push_back(std::stoll(number));
    std::string const name = rename(key);
    if (name.empty()) continue;
    items.emplace_back(name, pickle_tensor(type == "int64" ? whole : half, 0, sizes,
                                           std::vector<std::int64_t>(sizes.size(), 0)));
  }
  return items;
}

void write_torch(std::filesystem::path const& path, Items const& items) {
  write_file(path, torch_zip(pickle(pickle_dict(items)), {little(0.01f), little(std::int64_t{1})}));
}

/// A folder with a picture, and what makes files of the U-Net's 380 tensors.
struct Unet : TempDir {
  Unet() { write_file(*this / "scan.png", small_png()); }
  Items tensors(std::string const& prefix = "") const {
    return listed(*fixture("keys/smp_unet_resnet50.tsv"),
                  [&](std::string const& key) { return prefix + key; });
  }
  Outcome segment(std::string const& weights, std::string const& more = "",
                  std::string const& model = "unet") const {
    return run_tool("segment --model " + model + " --threads 2 --weights " +
                    as_word(*this / weights) + " --image " + as_word(*this / "scan.png") +
                    " --prompt x --out " + as_word(*this / "out") + " " + more);
  }
};

#define CHECK_LINE(run, words) CHECK_MESSAGE((run).err.find(words) != std::string::npos, (run).err)

}  // namespace

TEST_CASE("checkpoints: smp's tutorial keeps two buffers beside the model") {
  Unet const folder;
  Items state = folder.tensors("model.");
  std::string const three = pickle_tensor(pickle_storage("FloatStorage", "0", 1), 0, {3}, {0});
  state.insert(state.begin(), {{"std", three}, {"mean", three}});
  write_torch(folder / "epoch=3.ckpt",
              {{"epoch", "K\x03"},
               {"pytorch-lightning_version", pickle_text("2.4.0")},
               {"state_dict", pickle_dict(state)},
               {"optimizer_states", "]"},
               {"hyper_parameters", pickle_dict({{"arch", pickle_text("unet")}})}});
  Outcome const run = folder.segment("epoch=3.ckpt");
  check_done(run);
  CHECK_LINE(run, "vlsm: loaded 380 tensors (keys of segmentation_models_pytorch's Unet)");
  CHECK_LINE(run, "skipped 2: std, mean");
  check_failed(folder.segment("epoch=3.ckpt", "--strict"), 1, "2 unused (std, mean)");
}

TEST_CASE("checkpoints: a state dict under a key of a person's own choice") {
  Unet const folder;
  write_torch(folder / "net_key_metric=0.8.pt",
              {{"net", pickle_dict(folder.tensors())},
               {"optimizer", pickle_dict({{"state", "}"}, {"param_groups", "]"}})},
               {"epoch", "K\x01"}});
  Outcome run = folder.segment("net_key_metric=0.8.pt");
  check_done(run);
  CHECK_LINE(run, "loaded 380 tensors");
  write_torch(folder / "checkpoint_best.pth",
              {{"network_weights", pickle_dict(folder.tensors("module._orig_mod."))},
               {"current_epoch", "K\x01"}});
  check_done(folder.segment("checkpoint_best.pth"));
  write_torch(folder / "ema.pt", {{"model_ema", pickle_dict(folder.tensors("module."))},
                                  {"model", pickle_dict(folder.tensors())}});
  run = folder.segment("ema.pt");
  check_done(run);
  CHECK_LINE(run, "took 'model', not 'model_ema'");
  check_done(folder.segment("ema.pt", "--weights-key model_ema"));
  check_failed(folder.segment("ema.pt", "--weights-key best"), 1, "stands under 'best'");
  write_torch(folder / "two.pt",
              {{"net_a", pickle_dict(folder.tensors())}, {"net_b", pickle_dict(folder.tensors())}});
  check_failed(folder.segment("two.pt"), 1, "'net_a' (380 tensors), 'net_b' (380 tensors)");
}

TEST_CASE("checkpoints: Hugging Face's CLIP starts a fine-tuning of CLIPSeg and nothing else") {
  auto const vocabulary = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  Unet const folder;
  write_torch(folder / "pytorch_model.bin",
              listed(*fixture("keys/hf_clipseg_rd64_refined.tsv"), [](std::string const& key) {
                return key.starts_with("clip.") ? key.substr(5) : std::string();
              }));
  vlsm::write_synthetic(folder / "data", 64, {.train = 1, .val = 1, .test = 1}, 1);
  std::string const vocab = " --vocab " + as_word(*vocabulary);
  Outcome const run = run_tool(
      "finetune --model clipseg --threads 2 --weights " + as_word(folder / "pytorch_model.bin") +
      vocab + " --data " + as_word(folder / "data") + " --prompt p2 --epochs 1 --batch 1 --out " +
      as_word(folder / "run"));
  check_done(run);
  CHECK_LINE(run, "tensors (keys of Hugging Face's CLIP)");
  CHECK_LINE(run, "parameters of decoder, fusion, head, which start from their initial values");
  CHECK(std::filesystem::exists(folder / "run/best.safetensors"));
  // A folder of that run gives its best weights.
  Outcome const again = folder.segment("run", vocab, "clipseg");
  check_done(again);
  CHECK_LINE(again, "took best.safetensors, not last.safetensors");

  check_failed(folder.segment("pytorch_model.bin", vocab, "clipseg"), 1,
               "(Hugging Face's CLIP) has no decoder, fusion, head");
  Outcome const other = folder.segment("pytorch_model.bin");
  check_failed(other, 1, "a checkpoint of Hugging Face's CLIP (398 of 398 keys)");
  CHECK_LINE(other, "it is for clipseg");
  check_failed(run_tool("finetune --model unet --weights " + as_word(folder / "pytorch_model.bin") +
                        " --data " + as_word(folder / "data") + " --prompt p2 --out " +
                        as_word(folder / "run2")),
               1, "a checkpoint of Hugging Face's CLIP");
}

TEST_CASE("checkpoints: the first thing that is wrong is said first") {
  Unet const folder;
  auto const clipseg = [&](std::string const& weights, std::string const& more = "") {
    return run_tool("segment --model clipseg --weights " + as_word(weights) + " --image " +
                    as_word(folder / "scan.png") + " --prompt tumor --out " +
                    as_word(folder / "out") + " " + more);
  };
  Outcome const hub = clipseg("CIDAS/clipseg-rd64-refined");
  check_failed(hub, 1, "there is no such file or folder: CIDAS/clipseg-rd64-refined");
  CHECK_LINE(hub, "download it first");
  check_failed(clipseg((folder / "none.pt").string(), "--vocab nowhere"), 1,
               "no such file or folder");
  check_failed(clipseg("https://example.org/model.pt"), 1, "download it first");
  write_file(folder / "model.safetensors",
             "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 603\n");
  check_failed(clipseg((folder / "model.safetensors").string(), "--vocab nowhere"), 1,
               "a Git LFS pointer");
  check_failed(clipseg((folder / "model.safetensors").string()), 1, "a Git LFS pointer");
  // The folder, too; then the vocabulary.
  check_failed(clipseg(folder.path().string()), 1, "a Git LFS pointer");
  std::filesystem::remove(folder / "model.safetensors");
  check_failed(clipseg(folder.path().string()), 1, "the folder holds no weights");
  write_torch(folder / "any name.ckpt", {{"net", pickle_dict(folder.tensors())}});
  check_failed(clipseg(folder.path().string()), 1, "need a vocabulary");
  check_failed(clipseg(std::string(300, 'x')), 1, "xxx");
  check_failed(clipseg(std::string(5000, 'x')), 1, "xxx");
}

TEST_CASE("checkpoints: a folder as a person fills it") {
  Unet const folder;
  auto const vocabulary = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  std::filesystem::create_directory(folder / "mine");
  for (std::string const name : {"a.pt", "b.pth", "c.ckpt", "d.bin"}) {
    write_torch(folder / ("mine/" + name), {{"net", pickle_dict(folder.tensors())}});
    write_file(folder / "mine/training_args.bin", "not weights");
    write_file(folder / "mine/optimizer.pt", "not weights");
    check_done(folder.segment("mine"));
    write_file(folder / "mine/readme.txt", "notes");
    write_torch(folder / ("mine/another-" + name), {{"net", pickle_dict(folder.tensors())}});
    check_failed(folder.segment("mine"), 1, "several weights: ");
    check_failed(folder.segment("mine"), 1, "another-" + name);
    std::filesystem::remove_all(folder / "mine");
    std::filesystem::create_directory(folder / "mine");
  }
  // The vocabulary beside the weights, packed as OpenAI gives it.
  write_torch(folder / "mine/model.pt", listed(*fixture("keys/hf_clipseg_rd64_refined.tsv"),
                                               [](std::string const& key) { return key; }));
  std::filesystem::copy_file(*vocabulary, folder / "mine/bpe_simple_vocab_16e6.txt.gz");
  check_done(folder.segment("mine", "", "clipseg"));
}
