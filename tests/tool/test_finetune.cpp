// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tool/small_study.hpp"

using namespace vlsm::test;

namespace {

void check_log(std::vector<std::string> const& lines, std::size_t epochs) {
  REQUIRE(lines.size() == epochs + 1);
  CHECK(lines[0] == "epoch,train_loss,val_loss,val_dice,learning_rate,gradient_norm,seconds");
  for (std::size_t i = 1; i <= epochs; ++i) CHECK(lines[i].starts_with(std::to_string(i) + ","));
}

// All columns but the last, which holds seconds.
std::vector<std::string> figures(std::vector<std::string> lines) {
  for (std::string& line : lines) line.erase(line.rfind(','));
  return lines;
}

}  // namespace

TEST_CASE("a run of two epochs is resumed to three and its best weights are evaluated") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 2"));
  check_log(study.log(), 2);
  for (std::string const& name :
       files_in(study / "run"))  // scalars, and pictures of the best epoch
    if (name.starts_with("events")) {
      CHECK(study.file("run/" + name).find("val/3") != std::string::npos);
      CHECK(study.file("run/" + name).find("\x89PNG") != std::string::npos);
    }
  check_done(run_tool(study.finetune() + "--epochs 3 --resume"));
  check_log(study.log(), 3);
  check_done(run_tool(study.finetune("unbroken") + "--epochs 3"));
  CHECK(figures(study.log()) == figures(study.log("unbroken")));
  CHECK(study.file("run/best.safetensors") == study.file("unbroken/best.safetensors"));
  CHECK(run_tool(study.finetune() + "--epochs 3 --resume").out.find("nothing left") !=
        std::string::npos);

  Outcome const run = run_tool(study.evaluate("run/best.safetensors") + "--prompt p2 --json");
  check_done(run);
  auto const json = nlohmann::json::parse(run.out);
  CHECK(json.at("model") == "clipseg-tiny");
  CHECK(json.at("data") == (study / "data").string());
  CHECK(json.at("split") == "test");
  CHECK(json.at("prompt") == "p2");
  CHECK(json.at("n") == 6);
  REQUIRE(json.at("per_image").size() == 6);
  double sum = 0;
  for (auto const& row : json.at("per_image")) {
    CHECK(row.at("mask").get<std::string>().starts_with("test_"));
    CHECK(row.at("prompt").get<std::string>().ends_with("polyp"));
    CHECK(row.at("iou").get<double>() <= row.at("dice").get<double>());
    sum += row.at("dice").get<double>();
  }
  CHECK(json.at("dice_mean").get<double>() == doctest::Approx(sum / 6));
  for (char const* field : {"dice_std", "iou_mean", "iou_std"})
    CHECK(json.at(field).get<double>() >= 0);

  check_done(run_tool(study.evaluate("run/best.safetensors") +
                      "--prompt p1 --split test_opposite --json " +
                      as_word(study / "scores.json")));
  CHECK(nlohmann::json::parse(study.file("scores.json")).at("split") == "test_opposite");
  check_done(run_tool(study.evaluate("run/best.safetensors") + "--prompt random --batch 1"));
}

TEST_CASE("a run goes on with the rows that it was begun with") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 1"));
  std::string const resumed = study.finetune() + "--epochs 2 --resume";
  std::string const rows = study.file("data/anns/train.json");
  auto fewer = nlohmann::json::parse(rows);
  fewer.erase(0);
  write_file(study / "data/anns/train.json", fewer.dump());
  check_failed(run_tool(resumed), 1, "begun with other rows of train or val");
  write_file(study / "data/anns/train.json", rows);
  // A run of an older version, which noted no rows.
  auto config = nlohmann::ordered_json::parse(study.file("run/config.json"));
  CHECK(config.erase("rows") == 1);
  write_file(study / "run/config.json", config.dump(1));
  Outcome const same = run_tool(resumed);
  check_done(same);
  CHECK(same.err.find("have changed") == std::string::npos);
  // A mask that is drawn anew is no other row, but it is said.
  std::filesystem::path const masks = study / "data/masks";
  std::string const name = nlohmann::json::parse(rows)[0].at("mask_name"),
                    other = nlohmann::json::parse(rows)[1].at("mask_name");
  std::filesystem::copy_file(masks / other, masks / name,
                             std::filesystem::copy_options::overwrite_existing);
  Outcome const changed = run_tool(study.finetune() + "--epochs 3 --resume");
  check_done(changed);
  CHECK(changed.err.find("pictures or masks of train or val have changed") != std::string::npos);
}

TEST_CASE("a run that stopped early goes on with more patience") {
  Study const study;
  std::string const still = "--lr 0 --epochs 5 --patience ";  // no epoch is better than the first
  check_done(run_tool(study.finetune() + still + "1"));
  CHECK(study.log().size() == 1 + 2);
  Outcome const over = run_tool(study.finetune() + still + "1 --resume");
  check_done(over);
  CHECK(over.out.find("nothing left to do: ") != std::string::npos);
  CHECK(over.out.find("(--patience)") != std::string::npos);
  check_done(run_tool(study.finetune() + still + "3 --resume"));
  check_done(run_tool(study.finetune("unbroken") + still + "3"));
  CHECK(study.log().size() == 1 + 4);
  CHECK(figures(study.log()) == figures(study.log("unbroken")));
  CHECK(study.file("run/last.safetensors").size() ==
        study.file("unbroken/last.safetensors").size());
}

TEST_CASE("prompts are perturbed where they are evaluated") {
  Study const study;
  std::string const line =
      "evaluate --model clipseg-tiny --weights random --threads 1 --json --data " +
      as_word(study / "data") + " --prompt p2 ";
  auto const scored = [&](std::string const& options) {
    Outcome const run = run_tool(line + options);
    check_done(run);
    return nlohmann::json::parse(run.out);
  };
  auto const plain = scored(""), opposite = scored("--perturb opposite --attribute color");
  CHECK(!plain.contains("perturb"));
  CHECK(opposite.at("perturb") == "opposite");
  CHECK(opposite.at("attribute") == "color");
  CHECK(opposite.at("changed") == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    auto const &before = plain.at("per_image")[i], after = opposite.at("per_image")[i];
    CHECK(before.at("mask") == after.at("mask"));
    CHECK(before.at("prompt") != after.at("prompt"));
    CHECK(after.at("prompt").get<std::string>().ends_with(" polyp"));
  }
  auto const both = scored("--perturb contradictory");
  CHECK(both.at("attribute") == "all");
  CHECK(both.at("per_image")[0].at("prompt").get<std::string>().find(" and ") != std::string::npos);
  auto const under = scored("--perturb underdescribed");
  CHECK(!under.contains("attribute"));
  CHECK(under.at("per_image")[0].at("prompt") == "polyp");

  Outcome const text = run_tool(
      "evaluate --model clipseg-tiny --weights random --prompt p1 --perturb overdescribed --data " +
      as_word(study / "data"));
  check_done(text);
  CHECK(text.out.find("p1, overdescribed in 6 of 6 rows") != std::string::npos);

  check_failed(run_tool(line + "--perturb opposite --attribute size"), 1,
               "no prompt of level p2 names size");
  check_failed(run_tool(line + "--perturb opposite --attribute size"), 1, "choose one of color");
  check_failed(run_tool(line + "--perturb location_missing"), 1, "where the object is");
  check_failed(run_tool("evaluate --model unet-small --weights random --prompt p1 "
                        "--perturb opposite --data " +
                        as_word(study / "data")),
               1, "this model reads no prompt");
  check_failed(run_tool(line + "--perturb overdescribed"), 1, "choose another level");
  check_failed(run_tool(line + "--perturb opposite --attribute mood"), 1, "mood");
  check_failed(run_tool(line + "--perturb opposite --dataset brats"), 1, "brats");
  check_failed(run_tool(line + "--perturb underdescribed --attribute size"), 1,
               "leave out --attribute");
  check_failed(run_tool(line + "--perturb odd"), 2, "odd");
  check_failed(run_tool(line + "--attribute size"), 2, "--perturb");
  check_failed(run_tool("evaluate --model unet --weights random --perturb opposite --data " +
                        as_word(study / "data")),
               1, "reads no prompt");
  Outcome const told = run_tool("evaluate --model unet-small --weights random --prompt p1 --data " +
                                as_word(study / "data"));
  CHECK(told.status == 0);
  CHECK(told.err.find("unet-small reads no prompt: --prompt p1 changes nothing") !=
        std::string::npos);
}

TEST_CASE("an interrupted run goes on where it was") {
  Study const study;
  std::string const program = VLSM_TOOL, data = (study / "data").string(),
                    out = (study / "run").string();
  pid_t const child = ::fork();
  if (child == 0) {
    [[maybe_unused]] FILE* const quiet = std::freopen("/dev/null", "w", stderr);
    ::execl(program.c_str(), "vlsm", "finetune", "--model", "clipseg-tiny", "--prompt", "p2",
            "--batch", "5", "--threads", "1", "--data", data.c_str(), "--out", out.c_str(),
            "--epochs", "500", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  for (int wait = 0; wait < 3000 && study.log().size() < 4; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::size_t const done = study.log().size() - 1;
  REQUIRE(done >= 3);
  std::string const epochs = "--epochs " + std::to_string(done + 1);
  check_failed(run_tool(study.finetune() + epochs), 1, "there is a run already");
  write_file(study / "run/best.safetensors.partial-0", "half");
  check_done(run_tool(study.finetune() + epochs + " --resume"));
  check_log(study.log(), done + 1);
  for (std::string const& name : files_in(study / "run"))
    CHECK(name.find("partial") == std::string::npos);
  check_done(run_tool(study.finetune("unbroken") + epochs));
  CHECK(figures(study.log()) == figures(study.log("unbroken")));
}

TEST_CASE("a batch in passes trains as the batch, and is resumed with the same passes") {
  Study const study;
  check_done(run_tool(study.finetune("whole") + "--epochs 2"));
  check_done(run_tool(study.finetune() + "--epochs 2 --pass 2 --workers 0"));
  auto const whole = study.log("whole"), parts = study.log();
  check_log(parts, 2);
  for (std::size_t i = 1; i < whole.size(); ++i)  // the first figure is the training's loss
    CHECK(std::stod(parts[i].substr(2)) ==
          doctest::Approx(std::stod(whole[i].substr(2))).epsilon(1e-4));
  check_failed(run_tool(study.finetune() + "--epochs 3 --resume"), 1, "begun with pass = 2");
  check_done(run_tool(study.finetune() + "--epochs 3 --pass 2 --resume"));
  check_failed(run_tool(study.finetune("other") + "--workers -2"), 2, "--workers");
  check_failed(run_tool(study.finetune("other") + "--pass x"), 2, "--pass");
}

TEST_CASE("a run with frozen encoders says what its cache needs, and --cache decides where it is") {
  Study const study;
  std::string const line = study.finetune() + "--epochs 2 --train decoder ";
  auto const with = [&](std::string const& run, std::string const& options) {
    Outcome const outcome = run_tool(study.finetune(run) + "--epochs 2 --train decoder " + options);
    check_done(outcome);
    return outcome.err;
  };
  // 9 + 3 rows of 3 x [65, 96] values.
  CHECK(with("memory", "").find("the features of 12 pictures are kept: up to 0.0 GB in memory") !=
        std::string::npos);
  CHECK(with("off", "--cache off").find("features") == std::string::npos);
  CHECK(with("small", "--cache-memory 0.0001").find("may be taken: the others are seen anew") !=
        std::string::npos);
  std::string const folder = "--cache " + as_word(study / "kept");
  CHECK(with("folder", folder).find(" in " + (study / "kept").string()) != std::string::npos);
  auto const kept = files_in(study / "kept");
  CHECK(kept.size() == 4 + 6);  // pictures, and the sentences
  with("again", folder);
  CHECK(files_in(study / "kept") == kept);
  for (char const* run : {"off", "small", "folder", "again"}) {
    auto const one = study.log("memory"), other = study.log(run);
    check_log(other, 2);
    for (std::size_t i = 1; i < one.size(); ++i)
      CHECK(std::stod(one[i].substr(2)) ==
            doctest::Approx(std::stod(other[i].substr(2))).epsilon(1e-3));
  }
  CHECK(study.file("memory/best.safetensors") == study.file("folder/best.safetensors"));
  CHECK(study.file("memory/best.safetensors") == study.file("small/best.safetensors"));
  with("half", "--cache-half");
  check_failed(run_tool(study.finetune("half") + "--epochs 3 --train decoder --resume"), 1,
               "begun with cache_half = true");
  check_failed(run_tool(line + "--cache " + as_word(study / "data/anns/val.json")), 1, "val.json");
  check_failed(run_tool(line + "--cache-memory nan"), 2, "--cache-memory");
  Outcome const all = run_tool(study.finetune("all") + "--epochs 1 --cache-half");
  check_done(all);
  CHECK(all.err.find("--cache keeps nothing") != std::string::npos);
  CHECK(study.file("all/config.json").find("cache_half") == std::string::npos);
}

TEST_CASE("batch and learning rate are the model's own where none is chosen") {
  Study const study;
  std::string line = study.finetune();
  line.erase(line.find("--batch 5"), 9);
  check_done(run_tool(line + "--epochs 1"));
  auto const config = nlohmann::json::parse(study.file("run/config.json"));
  std::istringstream models(run_tool("models --json").out);
  std::size_t found = 0;
  for (std::string row; std::getline(models, row);) {
    auto const model = nlohmann::json::parse(row);
    if (model.at("model") != "clipseg-tiny") continue;
    ++found;
    CHECK(config.at("batch") == model.at("batch"));
    CHECK(config.at("lr") == model.at("learning_rate"));
  }
  CHECK(found == 1);
  check_done(run_tool(study.finetune("chosen") + "--epochs 1 --lr 3e-4"));
  auto const chosen = nlohmann::json::parse(study.file("chosen/config.json"));
  CHECK(chosen.at("batch") == 5);
  CHECK(chosen.at("lr") == 3e-4);
}

TEST_CASE("augmentation is asked for by names, and kept through a resume") {
  Study const study;
  check_done(run_tool(study.finetune("plain") + "--epochs 1"));
  check_done(run_tool(study.finetune() + "--epochs 1 --augment rotate,flip --augment color"));
  CHECK(study.log("plain")[1] != study.log()[1]);
  CHECK(nlohmann::json::parse(study.file("run/config.json")).at("augment") == "flip,rotate,color");
  check_failed(run_tool(study.finetune() + "--epochs 2 --resume --augment flip"), 1,
               "begun with augment");
  check_done(run_tool(study.finetune() + "--epochs 2 --resume --augment color,flip,rotate"));
  check_failed(run_tool(study.finetune("other") + "--augment blur"), 2, "--augment");
}

TEST_CASE("a picture that breaks in the middle is named in one line") {
  Study const study;
  std::string const picture = study.file("data/images/train_1.png");
  write_file(study / "data/images/train_1.png", picture.substr(0, picture.size() / 2));
  check_failed(run_tool(study.finetune() + "--epochs 1"), 1, "train_1.png");
}

TEST_CASE("a full disk stops a run and leaves what was there") {
  Study const study;
  check_done(run_tool(study.finetune() + "--epochs 1"));
  std::string const last = study.file("run/last.safetensors"),
                    best = study.file("run/best.safetensors");
  auto const files = files_in(study / "run");
  check_failed(run_tool(study.finetune() + "--epochs 2 --resume", "ulimit -f 100; "), 1,
               ".safetensors");
  CHECK(study.file("run/last.safetensors") == last);
  CHECK(study.file("run/best.safetensors") == best);
  CHECK(files_in(study / "run").size() <= files.size() + 1);  // one more event file
  for (std::string const& name : files_in(study / "run"))
    CHECK(name.find("partial") == std::string::npos);
  check_done(run_tool(study.finetune() + "--epochs 2 --resume"));
  check_log(study.log(), 2);
}

TEST_CASE("a full disk is told with what it needs, and the run goes on once there is room") {
  Study const study;
  std::filesystem::create_directory(study / "disk");
  // A disk of 10 MB that only this line sees: two states do not fit.
  std::string const disk =
      "unshare -rm sh -c " + as_word("mount -t tmpfs -o size=10m none " + as_word(study / "disk"));
  if (std::system((disk + " 2>/dev/null").c_str()) != 0) VLSM_SKIP("no disk can be made here");
  std::string const line = as_word(std::string(VLSM_TOOL)) + " " + study.finetune("disk/run") +
                           "--epochs 3 2>" + as_word(study / "err") + " >/dev/null",
                    script = "mount -t tmpfs -o size=10m none " + as_word(study / "disk") + "; " +
                             line + "; echo $? >" + as_word(study / "status") + "; cp -r " +
                             as_word(study / "disk/run") + " " + as_word(study / "left");
  REQUIRE(std::system(("unshare -rm sh -c " + as_word(script)).c_str()) == 0);
  check_failed(
      {.command = script, .status = std::stoi(study.file("status")), .err = study.file("err")}, 1,
      "the disk is full: ");
  CHECK(study.file("err").find(" MB there ") != std::string::npos);
  for (std::string const& name : files_in(study / "left"))
    CHECK(name.find("partial") == std::string::npos);
  check_done(run_tool(study.finetune("left") + "--epochs 3 --resume"));
  check_done(run_tool(study.finetune("unbroken") + "--epochs 3"));
  CHECK(study.file("left/last.safetensors") == study.file("unbroken/last.safetensors"));
}

TEST_CASE("the data set is checked before anything is written") {
  Study const study;
  std::filesystem::remove(study / "data/images/train_1.png");
  check_failed(run_tool(study.finetune() + "--epochs 1"), 1, "train_1.png");
  check_failed(run_tool(study.finetune().replace(0, 8, "finetune --json")), 2, "--json");
  for (auto const& [options, words] :
       std::vector<std::pair<std::string, std::string>>{{"--prompt p7", "no prompt \"p7\""},
                                                        {"--split nonsense", "nonsense.json"},
                                                        {"--split ''", ".json"}})
    check_failed(run_tool("evaluate --model clipseg-tiny --weights random --data " +
                          as_word(study / "data") + " " + options),
                 1, words);
  check_failed(run_tool("evaluate --model clipseg-tiny --weights random --prompt p2 --data " +
                        as_word(study / "nowhere")),
               1, "nowhere");
  for (auto const& entry : std::filesystem::directory_iterator(study / "data/masks"))
    write_file(entry.path(), "no picture");
  check_failed(run_tool("evaluate --model clipseg-tiny --weights random --prompt p2 --data " +
                        as_word(study / "data") + " --json " + as_word(study / "s.json")),
               1, "no PNG or JPEG");
  CHECK(!std::filesystem::exists(study / "s.json"));
  CHECK(!std::filesystem::exists(study / "run"));
}

TEST_CASE("scores that cannot be written are no success") {
  Study const study;
  std::string const line =
      "evaluate --model clipseg-tiny --weights random --prompt p2 --threads 1 --data " +
      as_word(study / "data") + " ";
  check_failed(run_tool(line + "--json " + as_word(study / "no/scores.json")), 1, "no/scores.json");
  check_failed(run_tool(line + "--json " + as_word(study / "data")), 1, "data");
  Outcome const full = run_tool(line, "", ">/dev/full");
  CHECK(full.status == 1);
  CHECK(full.err.find("vlsm: error: the results cannot be written: standard output: ") !=
        std::string::npos);
}

TEST_CASE("paths that are no UTF-8 work") {
  Study const study;
  std::filesystem::rename(study / "data", study / "d\xff");
  std::string const data = " --data " + as_word(study / "d\xff") + " --prompt p2 --threads 1 ";
  std::string const train =
      "finetune --model clipseg-tiny --out " + as_word(study / "r\xfe") + data;
  check_done(run_tool(train + "--epochs 1"));
  check_done(run_tool(train + "--epochs 2 --resume"));
  Outcome const run = run_tool("evaluate --model clipseg-tiny --weights random" + data + "--json");
  check_done(run);
  CHECK(nlohmann::json::parse(run.out).at("n") == 6);
}
