// SPDX-License-Identifier: MIT
#include <fstream>
#include <sstream>
#include <tuple>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/key_list.hpp"
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
  for (auto const& [key, type, sizes] : read_key_list(path)) {
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
  check_failed(folder.segment("ema.pt", "--weights-key best"), 1, "no state dict is called 'best'");
  write_torch(folder / "two.pt",
              {{"net_a", pickle_dict(folder.tensors())}, {"net_b", pickle_dict(folder.tensors())}});
  check_failed(folder.segment("two.pt"), 1, "'net_a' (380 tensors), 'net_b' (380 tensors)");
  write_torch(folder / "best.pt", {{"model", pickle_dict(folder.tensors())},
                                   {"model_best", pickle_dict(folder.tensors())}});
  check_failed(folder.segment("best.pt"), 1, "'model' (380 tensors), 'model_best' (380 tensors)");
  run = folder.segment("best.pt", "", "unetpp");
  check_failed(run, 1, "several state dicts");
  run = folder.segment("best.pt", "--weights-key model_best", "unetpp");
  check_failed(run, 1, "these are weights of unet: choose that model");
}

TEST_CASE("checkpoints: Hugging Face's CLIP starts a fine-tuning of CLIPSeg and nothing else") {
  auto const vocabulary = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  Unet const folder;
  write_torch(folder / "pytorch_model.bin",
              listed(*fixture("keys/hf_clipseg_rd64_refined.tsv"), [](std::string const& key) {
                return key.starts_with("clip.") ? key.substr(5) : std::string();
              }));
  vlsm::write_synthetic(folder / "data", {.side = 64}, {.train = 1, .val = 1, .test = 1}, 1);
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

TEST_CASE("checkpoints: the decoders of CLIPSeg's authors beside OpenAI's CLIP") {
  Unet const folder;
  auto const vocabulary = fixture("tokenizers/bpe_simple_vocab_16e6.txt.gz");
  std::string const half = pickle_storage("FloatStorage", "0", 1);
  auto const filled = [&](std::vector<std::int64_t> const& sizes) {
    return pickle_tensor(half, 0, sizes, std::vector<std::int64_t>(sizes.size(), 0));
  };
  Items clip{{"logit_scale", filled({})},
             {"positional_embedding", filled({77, 512})},
             {"text_projection", filled({512, 512})},
             {"token_embedding.weight", filled({49408, 512})},
             {"ln_final.weight", filled({512})},
             {"ln_final.bias", filled({512})},
             {"visual.class_embedding", filled({768})},
             {"visual.positional_embedding", filled({197, 768})},
             {"visual.proj", filled({768, 512})},
             {"visual.conv1.weight", filled({768, 3, 16, 16})}};
  for (std::string const norm : {"visual.ln_pre", "visual.ln_post"})
    for (char const* leaf : {".weight", ".bias"}) clip.emplace_back(norm + leaf, filled({768}));
  for (auto const& tower :
       {std::pair<std::string, std::int64_t>{"visual.transformer.", 768}, {"transformer.", 512}})
    for (int i = 0; i < 12; ++i) {
      std::string const block = tower.first + "resblocks." + std::to_string(i) + ".";
      std::int64_t const width = tower.second;
      for (auto const& layer :
           {std::tuple<std::string, std::int64_t, std::int64_t>{"attn.in_proj_", 3 * width, width},
            {"attn.out_proj.", width, width},
            {"mlp.c_fc.", 4 * width, width},
            {"mlp.c_proj.", width, 4 * width}}) {
        clip.emplace_back(block + std::get<0>(layer) + "weight",
                          filled({std::get<1>(layer), std::get<2>(layer)}));
        clip.emplace_back(block + std::get<0>(layer) + "bias", filled({std::get<1>(layer)}));
      }
      for (char const* leaf : {"ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias"})
        clip.emplace_back(block + leaf, filled({width}));
    }
  write_torch(folder / "ViT-B-16.pt", clip);
  auto const decoder = [&](std::int64_t width, bool refined) {
    Items items{{"reduce.weight", filled({width, 768})}, {"reduce.bias", filled({width})}};
    for (std::string const film : {"film_mul", "film_add"}) {
      items.emplace_back(film + ".weight", filled({width, 512}));
      items.emplace_back(film + ".bias", filled({width}));
    }
    for (int i = 0; i < 3; ++i) {
      std::string const tap = "reduces." + std::to_string(i) + ".",
                        block = "blocks." + std::to_string(i) + ".";
      items.emplace_back(tap + "weight", filled({width, 768}));
      items.emplace_back(tap + "bias", filled({width}));
      items.emplace_back(block + "self_attn.in_proj_weight", filled({3 * width, width}));
      items.emplace_back(block + "self_attn.in_proj_bias", filled({3 * width}));
      items.emplace_back(block + "self_attn.out_proj.weight", filled({width, width}));
      items.emplace_back(block + "self_attn.out_proj.bias", filled({width}));
      items.emplace_back(block + "linear1.weight", filled({2048, width}));
      items.emplace_back(block + "linear1.bias", filled({2048}));
      items.emplace_back(block + "linear2.weight", filled({width, 2048}));
      items.emplace_back(block + "linear2.bias", filled({width}));
      for (char const* leaf : {"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"})
        items.emplace_back(block + leaf, filled({width}));
    }
    if (!refined) {
      items.emplace_back("trans_conv.weight", filled({width, 1, 16, 16}));
      items.emplace_back("trans_conv.bias", filled({1}));
      return items;
    }
    items.emplace_back("trans_conv.0.weight", filled({width, width, 3, 3}));
    items.emplace_back("trans_conv.0.bias", filled({width}));
    items.emplace_back("trans_conv.2.weight", filled({width, width / 2, 4, 4}));
    items.emplace_back("trans_conv.2.bias", filled({width / 2}));
    items.emplace_back("trans_conv.4.weight", filled({width / 2, 1, 4, 4}));
    items.emplace_back("trans_conv.4.bias", filled({1}));
    return items;
  };
  write_torch(folder / "rd64-uni-refined.pth", decoder(64, true));
  write_torch(folder / "rd64-uni.pth", decoder(64, false));
  write_torch(folder / "rd16-uni.pth", decoder(16, false));
  auto const with = [&](std::string const& model, std::string const& file) {
    return folder.segment(
        "ViT-B-16.pt",
        "--vocab " + as_word(*vocabulary) + " --decoder-weights " + as_word(folder / file), model);
  };
  Outcome const run = with("clipseg", "rd64-uni-refined.pth");
  check_done(run);
  CHECK_LINE(run, "(keys of OpenAI's CLIP with a vision transformer)");
  CHECK_LINE(run, "(keys of CLIPSeg's authors)");
  CHECK(run.err.find("skipped") == std::string::npos);
  check_done(with("clipseg-simple", "rd64-uni.pth"));
  check_done(with("clipseg-rd16", "rd16-uni.pth"));
  check_failed(with("clipseg", "rd64-uni.pth"), 1, "trans_conv.0.weight");
  check_failed(with("clipseg-simple", "rd16-uni.pth"), 1, "wrongly shaped");
  // Alone it lacks the towers, for a fine-tuning, too.
  std::string const vocab = " --vocab " + as_word(*vocabulary);
  Outcome const alone = folder.segment("rd64-uni-refined.pth", vocab, "clipseg");
  check_failed(alone, 1, "(CLIPSeg's authors) has no text, vision: ");
  CHECK_LINE(alone, "give the towers by --weights and this file by --decoder-weights");
  vlsm::write_synthetic(folder / "data", {.side = 64}, {.train = 1, .val = 1, .test = 1}, 1);
  check_failed(run_tool("finetune --model clipseg --weights " +
                        as_word(folder / "rd64-uni-refined.pth") + vocab + " --data " +
                        as_word(folder / "data") + " --prompt p2 --out " + as_word(folder / "run")),
               1, "has no text, vision: ");
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
