// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>

#include "io/builders.hpp"
#include "io/open_bytes.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"

// What training scripts put around a state dict, and beside it.
using namespace vlsm;
using namespace vlsm::test;
using io::Checkpoint;

namespace {

using Items = std::vector<std::pair<std::string, std::string>>;

std::string const storage = pickle_storage("FloatStorage", "0", 6);
std::string const matrix = pickle_tensor(storage, 0, {2, 3}, {3, 1});

/// Keys of a ResNet, behind `prefix`.
std::string resnet(std::string const& prefix = "", int blocks = 3) {
  Items items{{prefix + "conv1.weight", matrix}, {prefix + "bn1.weight", matrix}};
  for (int i = 0; i < blocks; ++i)
    items.emplace_back(prefix + "layer1." + std::to_string(i) + ".conv1.weight", matrix);
  return pickle_dict(items);
}

Checkpoint open(std::string const& object, std::string const& section = "") {
  TempDir const folder;
  write_file(folder / "weights", torch_zip(pickle(object), {floats(6)}));
  return io::open_checkpoint(folder / "weights", section);
}

/// An optimizer's state as torch saves it: numbers for keys, tensors below.
std::string const adam =
    pickle_dict({{"state", "}(K\x01" + pickle_dict({{"exp_avg", matrix}, {"step", matrix}}) + "u"},
                 {"param_groups", "](" + pickle_dict({{"lr", "K\x01"}}) + "e"}});

std::string numpy_scalar(std::string const& package, std::string const& kind,
                         std::string const& bytes) {
  std::string const dtype = pickle_global("numpy", "dtype") + "(" + pickle_text(kind) +
                            "\x89\x88tR(K\x03" + pickle_text("<") +
                            "NNNJ\xff\xff\xff\xffJ\xff\xff"
                            "\xff\xffK" +
                            std::string(1, '\0') + "tb";
  return pickle_global(package + ".multiarray", "scalar") + "(" + dtype + "C" +
         std::string(1, static_cast<char>(bytes.size())) + bytes + "tR";
}

}  // namespace

TEST_CASE("sections: a state dict is found under any key and at any depth") {
  for (std::string const key : {"net", "network_weights", "module", "state_dict_ema", "student",
                                "weights", "generator", "params"}) {
    Checkpoint const file = open(pickle_dict({{"epoch", "K\x07"}, {key, resnet()}}));
    CHECK(file.tensors.size() == 5);
    CHECK(file.tensors[0].name == "conv1.weight");
    CHECK(file.section == key);
    CHECK(file.rivals.empty());
  }
  Checkpoint const deep =
      open(pickle_dict({{"checkpoint", pickle_dict({{"model", resnet("module.")}})}}));
  CHECK(deep.section == "checkpoint.model");
  CHECK(deep.tensors[0].name == "module.conv1.weight");
}

TEST_CASE("sections: optimizers, schedulers, averages in lists and logs do not disturb") {
  Checkpoint const file = open(pickle_dict(
      {{"optimizer", adam},
       {"optimizer_by_name", pickle_dict({{"conv1.weight", matrix}, {"bn1.weight", matrix}})},
       {"ema", pickle_dict({{"decay", "K\x01"}, {"shadow_params", "](" + matrix + matrix + "e"}})},
       {"lr_scheduler", pickle_dict({{"base_lrs",
                                      "](K\x01"
                                      "e"}})},
       {"callbacks", pickle_dict({{"ModelCheckpoint", pickle_dict({{"best", matrix}})}})},
       {"rng_state", matrix},
       {"net", resnet()}}));
  CHECK(file.section == "net");
  CHECK(file.tensors.size() == 5);
}

TEST_CASE("sections: of several the one is taken that the schemes explain best") {
  std::string const other = pickle_dict(
      {{"a.weight", matrix}, {"b.weight", matrix}, {"c.weight", matrix}, {"d.weight", matrix}});
  CHECK(open(pickle_dict({{"discriminator", other}, {"generator", resnet()}})).section ==
        "generator");
  // A model whose parts stand beside each other.
  Checkpoint const parts = open(
      pickle_dict({{"encoder", resnet("", 9)},
                   {"segmentation_head", pickle_dict({{"0.weight", matrix}, {"0.bias", matrix}})},
                   {"epoch", "K\x07"}}));
  CHECK(parts.tensors.size() == 13);
  CHECK(parts.tensors[0].name == "encoder.conv1.weight");
  CHECK(parts.section.empty());
}

TEST_CASE("sections: a model in parts is found by its name beside one that explains more") {
  std::string const parts = pickle_dict(
      {{"encoder", resnet()}, {"head", pickle_dict({{"0.weight", matrix}, {"0.bias", matrix}})}});
  std::string const object = pickle_dict({{"net", resnet("", 9)}, {"small", parts}});
  CHECK(open(object).section == "net");
  Checkpoint const file = open(object, "small");
  CHECK(file.section == "small");
  CHECK(file.tensors.size() == 7);
}

TEST_CASE("sections: weights come before their average, it is said, and the other can be asked") {
  for (auto const& names : {std::pair<std::string, std::string>{"model", "model_ema"},
                            {"state_dict", "state_dict_ema"},
                            {"student", "teacher"},
                            {"net", "ema_net"},
                            {"module", "shadow"}}) {
    std::string const plain = names.first, average = names.second;
    std::string const object = pickle_dict({{average, resnet("ema.")}, {plain, resnet()}});
    Checkpoint const file = open(object);
    CHECK(file.section == plain);
    CHECK(file.tensors[0].name == "conv1.weight");
    REQUIRE(file.rivals.size() == 1);
    CHECK(file.rivals[0] == average);
    CHECK(open(object, average).tensors[0].name == "ema.conv1.weight");
    CHECK(open(object, average).rivals.empty());
  }
  CHECK(open(pickle_dict({{"model_ema", resnet()}})).section == "model_ema");
}

TEST_CASE("sections: two of a kind are an error that lists them with their tensors") {
  std::string const object =
      pickle_dict({{"net_a", resnet()}, {"net_b", resnet()}, {"x", pickle_dict({{"y", matrix}})}});
  CHECK_ERROR(open(object), "several state dicts: 'net_a' (5 tensors), 'net_b' (5 tensors)");
  CHECK_ERROR(open(object), "--weights-key");
  CHECK(open(object, "net_b").section == "net_b");
  std::string const unknown = pickle_dict({{"u", matrix}, {"v", matrix}});
  CHECK_ERROR(open(pickle_dict({{"a", unknown}, {"b", unknown}})), "'a' (2 tensors)");
  CHECK_ERROR(open(object, "net_c"), "no state dict is called 'net_c'");
  CHECK_ERROR(open(object, "net_c"), "'net_a' (5 tensors), 'net_b' (5 tensors)");
  // One that is called neither, beside one that is the clear choice.
  CHECK_ERROR(open(pickle_dict({{"model", resnet()}, {"model_ema", resnet()}}), "Model"),
              "'model' (5 tensors), 'model_ema' (5 tensors)");
}

TEST_CASE("sections: no usual name tells which of two copies is meant") {
  for (auto const& names : {std::pair<std::string, std::string>{"model", "model_best"},
                            {"state_dict", "best_state_dict"},
                            {"model", "pretrained"},
                            {"old", "model"}}) {
    // One may lack what is not trained, or bear a wrapper's part.
    for (std::string const& second : {resnet(), resnet("module."), resnet("", 4)}) {
      std::string const object = pickle_dict({{names.first, resnet()}, {names.second, second}});
      CHECK_ERROR(open(object), "several state dicts: ");
      CHECK_ERROR(open(object), "'" + names.first + "' (5 tensors)");
      CHECK_ERROR(open(object), "--weights-key");
      CHECK(open(object, names.second).section == names.second);
    }
  }
  // An average beside them does not decide either, nor do two averages.
  std::string const three =
      pickle_dict({{"model", resnet()}, {"model_ema", resnet()}, {"model_best", resnet()}});
  CHECK_ERROR(open(three), "'model_best' (5 tensors), 'model_ema' (5 tensors)");
  CHECK_ERROR(open(pickle_dict({{"ema", resnet()}, {"swa", resnet("", 4)}})),
              "several state dicts");
  // The top level has a name, too.
  std::string const beside = pickle_dict({{"conv1.weight", matrix},
                                          {"bn1.weight", matrix},
                                          {"layer1.0.conv1.weight", matrix},
                                          {"layer1.1.conv1.weight", matrix},
                                          {"model", resnet()}});
  CHECK_ERROR(open(beside), "'model' (5 tensors), the top level (4 tensors)");
  CHECK(open(beside, ".").tensors.size() == 4);
  CHECK(open(beside, "model").tensors.size() == 5);
  // A model of another kind is no copy.
  std::string const clip = pickle_dict({{"visual.conv1.weight", matrix},
                                        {"visual.class_embedding", matrix},
                                        {"visual.proj", matrix},
                                        {"visual.ln_pre.weight", matrix}});
  CHECK(open(pickle_dict({{"model", resnet()}, {"clip", clip}})).section == "model");
}

TEST_CASE("sections: one file's names may say what belongs together, and be asked for") {
  std::string const flat = pickle_dict({{"student.conv1.weight", matrix},
                                        {"student.bn1.weight", matrix},
                                        {"teacher.conv1.weight", matrix}});
  CHECK(open(flat).tensors.size() == 3);
  CHECK(open(flat, "teacher").tensors.size() == 1);
  CHECK(open(flat, "teacher.").tensors.size() == 1);  // as messages write prefixes
  CHECK_ERROR(open(flat, "professor"), "no tensor stands under 'professor'");
  CHECK_ERROR(open(flat, "professor"), "'student' (2), 'teacher' (1)");
}

TEST_CASE("sections: dicts that hold each other, and many names, cost no more than the file") {
  std::string loop = pickle_dict({{"w", matrix}});
  loop = "}q\x01(" + pickle_text("w") + matrix + pickle_text("self") + "h\x01u";
  CHECK(open(loop).tensors.size() == 1);
  std::string levels = resnet();
  for (int i = 0; i < 100; ++i) levels = pickle_dict({{"m", levels}});
  CHECK_ERROR(open(levels), "no tensors by name");
  // One long text, a hundred thousand times.
  std::string many = pickle_text(std::string(4000, 'x')) +
                     "q\x05"
                     "0" +
                     storage +
                     "q\x06"
                     "0" +
                     matrix +
                     "q\x07"
                     "0}(";
  for (int i = 0; i < 100'000; ++i) many += "h\x05h\x07";
  CHECK_ERROR(open(many + "u"), "names");
}

TEST_CASE("values: numpy's numbers, types and arrays, paths, dates and settings are passed over") {
  std::string const bytes =
      pickle_global("_codecs", "encode") + "(" + pickle_text("ab") + pickle_text("latin1") + "tR";
  std::string const array = pickle_global("numpy.core.multiarray", "_reconstruct") + "(" +
                            pickle_global("numpy", "ndarray") + "K" + std::string(1, '\0') +
                            "\x85" + bytes + "tR" + "(K\x01K\x02\x85" +
                            pickle_global("numpy", "dtype") + "(" + pickle_text("i1") +
                            "\x89\x88tR\x89" + bytes + "tb";
  Items const items{
      {"best_dice", numpy_scalar("numpy.core", "f8", little(0.75))},
      {"best_iou", numpy_scalar("numpy._core", "f4", little(0.5f))},
      {"steps", numpy_scalar("numpy._core", "i8", little(std::int64_t{12}))},
      {"half", numpy_scalar("numpy._core", "f2", "ab")},
      {"history", array},
      {"when", pickle_global("datetime", "datetime") + "(" + bytes + "tR"},
      {"path", pickle_global("pathlib", "PosixPath") + "(" + pickle_text("/") + "tR"},
      {"path_local", pickle_global("pathlib._local", "PosixPath") + "(" + pickle_text("/") + "tR"},
      {"args", pickle_global("argparse", "Namespace") + ")\x81}" + pickle_text("lr") + "K\x01sb"},
      {"config",
       pickle_global("omegaconf.dictconfig", "DictConfig") + ")\x81" +
           pickle_dict({{"_metadata",
                         pickle_global("omegaconf.base", "ContainerMetadata") + ")\x81" +
                             pickle_dict({{"object_type", pickle_global("typing", "Any")}}) + "b"},
                        {"_content", "}"}}) +
           "b"},
      {"counts", pickle_global("collections", "Counter") + "(}tR"},
      {"ordered",
       pickle_global("collections", "OrderedDict") + "(}" + pickle_text("a") + "K\x01stR"},
      {"odd", pickle_global("builtins", "set") + "(" + pickle_global("my", "Thing") + ")RtR"},
      {"device", pickle_global("torch", "device") + "(" + pickle_text("cuda") + "K\x01tR"},
      {"dtype", pickle_global("torch", "float16")},
      {"deque", pickle_global("collections", "deque") + ")RK\x01"
                                                        "a"},
      {"state_dict", resnet()}};
  Checkpoint const file = open(pickle_dict(items));
  CHECK(file.section == "state_dict");
  CHECK(file.tensors.size() == 5);
}

TEST_CASE("values: what a pickle asks for and does not get is called that, not damage") {
  for (std::string const name : {"builtins\ngetattr", "torch.storage\n_load_from_bytes",
                                 "__builtin__\neval", "os\nsystem"}) {
    std::string const call = "c" + name + "\n(" + pickle_text("x") + "tR";
    std::string message;
    try {
      open(pickle_dict({{"hyper_parameters", call}, {"state_dict", resnet()}}));
    } catch (Error const& error) {
      message = error.what();
    }
    CHECK_MESSAGE(message.find("asks to call '") != std::string::npos, message);
    CHECK_MESSAGE(message.find("torch.save(model.state_dict(), path)") != std::string::npos,
                  message);
    CHECK_MESSAGE(message.find("damaged") == std::string::npos, message);
  }
  std::string const module = pickle_global("my.nets", "Unet") + ")\x81" +
                             pickle_dict({{"_modules", "}"}, {"_parameters", "}"}}) + "b";
  CHECK_ERROR(open(module), "a whole pickled object, 'my.nets.Unet'");
  CHECK_ERROR(open(pickle_dict({{"epoch", "K\x07"}, {"model", module}})),
              "under 'model' is a whole pickled model, 'my.nets.Unet'");
  // Where the state dict is beside it, the whole model is of no interest.
  CHECK(open(pickle_dict({{"model", module}, {"state_dict", resnet()}})).tensors.size() == 5);
}

TEST_CASE("values: tensors of types that are not held are skipped with their type") {
  std::string const complex =
      pickle_tensor(pickle_storage("ComplexFloatStorage", "1", 2), 0, {2}, {1});
  std::string const quantized = pickle_global("torch._utils", "_rebuild_qtensor") + "(" +
                                pickle_storage("QInt8Storage", "1", 2) + pickle_int(0) +
                                pickle_ints({2}) + pickle_ints({1}) + "N\x89NtR";
  auto const typed = [](std::string const& type) {
    return pickle_global("torch._utils", "_rebuild_tensor_v3") + "(" +
           pickle_storage("UntypedStorage", "1", 16) + pickle_int(0) + pickle_ints({2}) +
           pickle_ints({1}) + "\x89N" + pickle_global("torch", type) + "}tR";
  };
  Items const items{{"conv1.weight", matrix},
                    {"freqs", complex},
                    {"packed", quantized},
                    {"eight", typed("float8_e4m3fn")},
                    {"sixteen", typed("uint16")},
                    {"new", pickle_tensor(pickle_storage("FutureStorage", "1", 2), 0, {2}, {1})},
                    {"sparse", pickle_global("torch._utils", "_rebuild_sparse_tensor") + ")R"}};
  TempDir const folder;
  write_file(folder / "weights", torch_zip(pickle(pickle_dict(items)), {floats(6), floats(4)}));
  Checkpoint const file = io::open_checkpoint(folder / "weights");
  REQUIRE(file.tensors.size() == 1);
  std::string said;
  for (io::UnreadTensor const& tensor : file.unread) said += tensor.name + " " + tensor.type + ", ";
  CHECK(said ==
        "packed quantized, sparse sparse_tensor, freqs complex64, eight float8_e4m3fn, sixteen "
        "uint16, new FutureStorage, ");
  CHECK_ERROR(open(pickle_dict({{"freqs", complex}})), "no tensor is of a type that is read here");
}
