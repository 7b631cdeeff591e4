// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/write.hpp"

// `vlsm study` as its users run it: in one go, broken off, by several processes, with mistakes.
using namespace vlsm::test;

namespace {

using Json = nlohmann::ordered_json;

/// Two small sets and a study of them.
struct Studies : TempDir {
  Studies() {
    vlsm::write_synthetic(*this / "a", {.side = 64}, {.train = 2, .val = 1, .test = 2}, 1);
    vlsm::write_synthetic(*this / "b", {.side = 64}, {.train = 2, .val = 1, .test = 2}, 2);
  }

  Json config() const {
    return {{"name", "two sets"},
            {"models", {"clipseg-tiny", "unet-small"}},
            {"data", {"a", "b"}},
            {"pools", {{{"name", "both"}, {"sets", {"a", "b"}}, {"prompts", {"random"}}}}},
            {"prompts", {"p0", "p2"}},
            {"seeds", {0, 1}},
            {"tests",
             {{"out_of_distribution", "all"},
              {"perturbations", {"opposite", "uncommon", "underdescribed"}},
              {"attributes", {"color", "all"}}}},
            {"training", {{"epochs", 2}, {"batch", 4}}}};
  }
  std::string write(Json const& json, std::string const& name = "study.json") const {
    write_file(*this / name, json.dump());
    return as_word(*this / name);
  }
  Outcome run(std::string const& arguments) const {
    return run_tool("study " + arguments + " --threads 1");
  }
  std::string to(std::string const& out) const { return " --out " + as_word(*this / out); }
  bool has(std::string const& name) const { return std::filesystem::exists(*this / name); }

  /// All tables, and what cells found, as one text.
  std::string found(std::string const& out) const {
    std::string text;
    for (std::string const& name : files_in(*this / out))
      if (name.starts_with("tables/") || name.ends_with("metrics.json") ||
          name.ends_with("best.safetensors"))
        text += name + "\n" + read_file(*this / out / name);
    return text;
  }
  /// Starts the program without waiting for it.
  pid_t start(std::vector<std::string> words) const {
    words.insert(words.begin(), {"study", "--threads", "1"});
    return start_tool(std::move(words));
  }
};

}  // namespace

/// The first mask of a split of a set.
std::string first_mask(std::filesystem::path const& set, std::string const& split) {
  Json const rows = Json::parse(read_file(set / "anns" / (split + ".json")));
  return "masks/" + rows[0]["mask_name"].get<std::string>();
}

TEST_CASE("a study: cells, tables and a report, and a second run that has nothing to do") {
  Studies const studies;
  std::string const config = studies.write(studies.config());
  Outcome const plan = studies.run(config + " --dry-run");
  check_done(plan);
  // clipseg-tiny: 2 sets x 2 levels x 2 seeds, a pool x 2; unet-small: 2 x 2 + 2
  CHECK(plan.out.find("16 cells, about ") != std::string::npos);
  CHECK(plan.out.find(" hours here") != std::string::npos);
  CHECK(!studies.has("out"));
  Outcome const first = studies.run(config + studies.to("out"));
  check_done(first);
  CHECK(first.out.find("16 of 16 cells finished") != std::string::npos);
  for (char const* name : {"prompts", "pretraining", "perturbation", "ood", "pooled"})
    for (char const* ending : {".csv", ".md", ".tex"})
      CHECK(studies.has("out/tables/" + std::string(name) + ending));
  std::string const cell = "out/cells/clipseg-tiny.a.p2.fine100.s0/";
  for (char const* name : {"config.json", "metrics.json", "log.csv", "best.safetensors",
                           "figures/best.png", "figures/median.png", "figures/worst.png"})
    CHECK(studies.has(cell + name));
  CHECK(!studies.has(cell + "last.safetensors"));
  Json const metrics = Json::parse(read_file(studies / (cell + "metrics.json")));
  CHECK(metrics["tests"].size() == 1 + 5 + 1);  // own, perturbed, out of distribution
  CHECK(metrics["tests"][0]["per_image"].size() == 6);
  CHECK(metrics["tests"][1]["changed"] == 6);
  CHECK(metrics["tests"][1]["perturbation"] == "opposite");
  std::string const page = read_file(studies / "out/report.html");
  CHECK(page.find("src=\"http") == std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("Does it read the words?") != std::string::npos);

  std::string const before = studies.found("out");
  Outcome const second = studies.run(config + studies.to("out"));
  check_done(second);
  CHECK(second.out.find("16 of 16 cells finished") != std::string::npos);
  CHECK(studies.found("out") == before);

  // A study of other settings does not go on in this folder.
  Json other = studies.config();
  other["seeds"] = {0, 2};
  check_failed(studies.run(studies.write(other, "other.json") + studies.to("out")), 1,
               "another study: its \"seeds\" differs");
  CHECK(studies.found("out") == before);
}

TEST_CASE("a study that is killed thirty times ends with the tables of an unbroken one") {
  Studies const studies;
  check_done(run_tool("finetune --model clipseg-tiny --prompt p2 --data " + as_word(studies / "a") +
                      " --out " + as_word(studies / "run") + " --epochs 1 --threads 1"));
  Json config = studies.config();
  // Frozen towers with their cache; dropout, batch norms and passes.
  config["models"] = {{{"model", "clipseg-tiny"},
                       {"label", "frozen"},
                       {"weights", (studies / "run/best.safetensors").string()},
                       {"training", {{"epochs", 6}}}},
                      {{"model", "cris-small"}, {"training", {{"pass", 2}}}}};
  config["pools"] = Json::array();
  config["data"] = {"a"};
  std::string const file = studies.write(config);
  check_done(studies.run(file + studies.to("unbroken")));
  std::mt19937 random(5);
  int kills = 0, rounds = 0;
  for (; kills < 30; ++rounds) {
    std::string const out = "out" + std::to_string(rounds);
    for (bool finished = false; !finished;) {
      auto const done = [&] {
        std::vector<std::string> names;
        if (studies.has(out))
          for (std::string const& name : files_in(studies / out))
            if (name.ends_with("metrics.json")) names.push_back(name);
        return names;
      };
      auto const before = done();
      pid_t const child =
          studies.start({(studies / "study.json").string(), "--out", (studies / out).string()});
      std::this_thread::sleep_for(std::chrono::milliseconds(300 + random() % 1500));
      int status = 0;
      pid_t const ended = ::waitpid(child, &status, WNOHANG);
      if (ended == 0 && kills < 30) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        ++kills;
        CHECK(std::ranges::includes(done(), before));
        continue;
      }
      if (ended == 0) ::waitpid(child, &status, 0);
      REQUIRE(WIFEXITED(status));
      REQUIRE(WEXITSTATUS(status) == 0);
      finished = true;
    }
    CHECK(studies.found(out) == studies.found("unbroken"));
    for (std::string const& name : files_in(studies / out))
      CHECK(name.find("partial") == std::string::npos);
  }
  std::printf("%d kills in %d studies survived\n", kills, rounds);
}

TEST_CASE("two processes share a folder: no cell is done twice") {
  Studies const studies;
  std::string const file = studies.write(studies.config());
  check_done(studies.run(file + studies.to("alone")));
  std::vector<std::string> const words{(studies / "study.json").string(), "--out",
                                       (studies / "shared").string()};
  pid_t const first = studies.start(words), second = studies.start(words);
  for (pid_t const child : {first, second}) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(studies.found("shared") == studies.found("alone"));
  // One line an epoch: an epoch that another process did as well would stand there again.
  std::string const log = read_file(studies / "shared/cells/clipseg-tiny.a.p2.fine100.s0/log.csv");
  CHECK(std::ranges::count(log, '\n') == 3);
  std::size_t events = 0;
  for (std::string const& name : files_in(studies / "shared"))
    events += name.find("tfevents") != std::string::npos;
  CHECK(events == 16);  // a process that trained a cell leaves one
}

TEST_CASE("zero-shot, shares and limits are cells of their own") {
  Studies const studies;
  check_done(run_tool("finetune --model clipseg-tiny --prompt p2 --data " + as_word(studies / "a") +
                      " --out " + as_word(studies / "run") + " --epochs 2 --threads 1"));
  Json const config{
      {"models",
       {{{"model", "clipseg-tiny"}, {"weights", (studies / "run/best.safetensors").string()}}}},
      {"data", {{{"path", "b"}, {"test_splits", {"test", "val"}}}}},
      {"prompts", {"p2"}},
      {"train", {"zero_shot", "fine_tuned"}},
      {"shares", {50, 100}},
      {"limits", {{"train", 2}, {"test", 1}}},
      {"training", {{"epochs", 1}, {"batch", 4}}}};
  check_done(studies.run(studies.write(config) + studies.to("out")));
  auto const metrics = [&](std::string const& id) {
    return Json::parse(
        read_file(studies / ("out/cells/clipseg-tiny.b.p2." + id + "/metrics.json")));
  };
  CHECK(metrics("zero.s0")["train"] == "zero_shot");
  CHECK(metrics("zero.s0")["tests"].size() == 2);
  CHECK(metrics("zero.s0")["tests"][0]["n"] == 3);  // the rows of one picture
  CHECK(!studies.has("out/cells/clipseg-tiny.b.p2.zero.s0/best.safetensors"));
  CHECK(metrics("fine50.s0")["share"] == 50);
  CHECK(metrics("fine50.s0")["epochs"] == 1);
  std::string const half = read_file(studies / "out/cells/clipseg-tiny.b.p2.fine50.s0/log.csv"),
                    whole = read_file(studies / "out/cells/clipseg-tiny.b.p2.fine100.s0/log.csv");
  CHECK(half.substr(0, half.rfind(',')) != whole.substr(0, whole.rfind(',')));
  // What the zero-shot cell scores is what `evaluate` scores.
  check_done(
      run_tool("evaluate --model clipseg-tiny --prompt p2 --split val --threads 1 --weights " +
               as_word(studies / "run/best.safetensors") + " --data " + as_word(studies / "b") +
               " --hausdorff --json " + as_word(studies / "scores.json")));
  Json const scores = Json::parse(read_file(studies / "scores.json"));
  Json const found = metrics("zero.s0")["tests"][1];
  CHECK(scores["dice_mean"].get<double>() ==
        doctest::Approx(found["dice_mean"].get<double>()).epsilon(1e-6));
  CHECK(scores["hd95_n"] == found["hd95_n"]);
}

TEST_CASE("the parts of a study make the whole") {
  Studies const studies;
  std::string const file = studies.write(studies.config());
  check_done(studies.run(file + studies.to("alone")));
  for (char const* part : {"2/3", "3/3", "1/3"})
    check_done(studies.run(file + studies.to("parts") + " --cells " + part));
  CHECK(studies.found("parts") == studies.found("alone"));
  check_failed(studies.run(file + studies.to("parts") + " --cells 4/3"), 1, "write K/N");
}

TEST_CASE("a cell that fails is told of, the others are done, and it is tried again") {
  Studies const studies;
  std::string const file = studies.write(studies.config());
  // A picture that is found broken only when it is read.
  std::string const picture = read_file(studies / "b/images/test_1.png");
  write_file(studies / "b/images/test_1.png", picture.substr(0, picture.size() / 2));
  Outcome const run = studies.run(file + studies.to("out"));
  CHECK(run.status == 1);
  CHECK(run.err.find("test_1.png") != std::string::npos);
  CHECK(studies.has("out/cells/unet-small.b.none.fine100.s0/error.txt"));
  CHECK(studies.has("out/tables/prompts.csv"));
  std::string const page = read_file(studies / "out/report.html");
  CHECK(page.find("What is missing") != std::string::npos);
  write_file(studies / "b/images/test_1.png", picture);
  check_done(studies.run(file + studies.to("out")));
  CHECK(!studies.has("out/cells/unet-small.b.none.fine100.s0/error.txt"));
  check_done(studies.run(file + studies.to("alone")));
  CHECK(studies.found("out") == studies.found("alone"));
}

TEST_CASE("cells from before the data or the weights changed are no part of the tables") {
  Studies const studies;
  std::string const mask = "a/" + first_mask(studies / "a", "val");
  check_done(run_tool("finetune --model unet-small --epochs 1 --batch 2 --threads 1 --data " +
                      as_word(studies / "a") + studies.to("run")));
  Json config = studies.config();
  config.erase("pools");
  config["models"] = {{{"model", "unet-small"}, {"weights", "run/best.safetensors"}}};
  config["data"] = {"a"};
  config["tests"] = Json::object();
  std::string const line = studies.write(config) + studies.to("out");
  write_file(studies / mask, read_file(studies / mask) + " ");  // what stands behind is not read
  auto const again = [&] {
    std::filesystem::remove(studies / "out/cells/unet-small.a.none.fine100.s1/metrics.json");
    return studies.run(line);
  };
  check_done(studies.run(line));
  check_done(again());
  struct Change {
    std::string file, from, to, said;
  };
  for (Change const& change :
       {Change{"a/anns/train.json", "\"p0\"", "\"q\"", "a, train: other files"},
        Change{"a/anns/test.json", "\"p0\"", "\"q\"", "a, test: other files"},
        Change{"a/images/val_0.png", "", "more", "a, val: other files"},
        Change{mask, "", "", "a, val: other files"},
        Change{"run/best.safetensors", "", "", "the weights of unet-small: other files"}}) {
    std::string const before = read_file(studies / change.file);
    std::string after = before;
    if (!change.from.empty())
      after.replace(after.find(change.from), change.from.size(), change.to);
    else if (!change.to.empty())
      after += change.to;
    else
      after.back() = static_cast<char>(after.back() ^ 1);
    write_file(studies / change.file, after);
    Outcome const run = again();
    CHECK(run.status == 1);
    CHECK(run.err.find(change.said) != std::string::npos);
    write_file(studies / change.file, before);
    check_done(again());
  }
}

TEST_CASE("a cell that was stopped goes on only from what it began from") {
  Studies const studies;
  check_done(run_tool("finetune --model clipseg-tiny --prompt p2 --epochs 1 --threads 1 --data " +
                      as_word(studies / "a") + studies.to("run")));
  Json config = studies.config();
  config.erase("pools");
  config["models"] = {{{"model", "clipseg-tiny"}, {"weights", "run/best.safetensors"}}};
  config["data"] = {"a"};
  config["prompts"] = {"p2"};
  config["seeds"] = {0};
  config["tests"] = Json::object();
  config["training"] = {{"epochs", 12}, {"batch", 2}, {"patience", 12}};
  std::string const file = studies.write(config), cell = "/cells/clipseg-tiny.a.p2.fine100.s0/";
  auto const stop = [&](std::string const& out) {
    pid_t const child =
        studies.start({(studies / "study.json").string(), "--out", (studies / out).string()});
    while (!studies.has(out + cell + "last.safetensors"))
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(!studies.has(out + cell + "metrics.json"));
  };
  std::string const mask = "a/" + first_mask(studies / "a", "train");
  write_file(studies / mask, read_file(studies / mask) + " ");  // what stands behind is not read
  for (std::string const& change :
       {std::string("run/best.safetensors"), std::string("a/anns/train.json"), mask}) {
    std::string const out = change.substr(change.rfind('/') + 1) + "-out";
    stop(out);
    std::string text = read_file(studies / change);
    if (change.ends_with("json"))
      text.replace(text.find("polyp"), 5, "thing");
    else
      text.back() = static_cast<char>(text.back() ^ 1);
    write_file(studies / change, text);
    Outcome const run = studies.run(file + studies.to(out));
    check_done(run);
    CHECK(run.err.find("so anew") != std::string::npos);
    check_done(studies.run(file + studies.to(out + "-fresh")));
    CHECK(studies.found(out) == studies.found(out + "-fresh"));
    CHECK(!studies.has(out + cell + "begun.json"));
    auto const files = files_in(studies / (out + cell));
    CHECK(std::ranges::count_if(files, [](std::string const& name) {
            return name.starts_with("events.");
          }) == 1);  // nothing is left of what was begun from something else
  }
}

TEST_CASE("everything that a study names is looked at before anything runs") {
  Studies const studies;
  auto const fails = [&](Json const& json, std::vector<std::string> const& said) {
    Outcome const run = studies.run(studies.write(json) + studies.to("out"));
    for (std::string const& words : said) check_failed(run, 1, words);
    CHECK(!studies.has("out"));
  };
  Json config = studies.config();
  config["models"] = {"clipsg-tiny", {{"model", "unet-small"}, {"weights", "nowhere.pt"}}};
  config["data"] = {"a", "b", "nowhere"};
  config["prompts"] = {"p2", "p7"};
  config["tests"]["perturbations"] = {"oposite"};
  config["tests"]["attributes"] = {"sise", "size"};
  fails(config,
        {"unknown model \"clipsg-tiny\", did you mean \"clipseg-tiny\"?", "nowhere.pt",
         "unknown perturbation \"oposite\", did you mean \"opposite\"?",
         "no words to replace the attribute \"sise\", did you mean \"size\"?", "nowhere/anns"});
  config = studies.config();
  config["prompts"] = {"p2", "p7"};
  fails(config, {"not all rows of \"train\" have a prompt of level \"p7\", they have p0, p1, p2"});
  config = studies.config();
  config["tests"]["attributes"] = {"size"};
  fails(config, {"no prompt of the study's sets and levels names the attribute \"size\", they name "
                 "color"});
  // Weights of another model.
  check_done(run_tool("finetune --model unet-small --data " + as_word(studies / "a") + " --out " +
                      as_word(studies / "run") + " --epochs 1 --threads 1"));
  config = studies.config();
  config["models"] = {
      {{"model", "clipseg-tiny"}, {"weights", (studies / "run/best.safetensors").string()}}};
  fails(config, {"clipseg-tiny: "});
  // Levels of pools and of sets that a model is only tested on; folders that would be shared.
  config = studies.config();
  config["pools"][0]["prompts"] = {"p3"};
  fails(config, {"a: not all rows of \"train\" have a prompt of level \"p3\""});
  config = studies.config();
  config["data"][1] = {{"path", "b"}, {"prompts", {"p1"}}};
  std::string const rows = read_file(studies / "b/anns/val.json");
  write_file(studies / "b/anns/val.json", "[]");
  fails(config, {"b: its split \"val\" is empty"});
  write_file(studies / "b/anns/val.json", rows);
  config = studies.config();
  config["pools"][0]["name"] = "a b";
  config["data"][0] = {{"path", "a"}, {"name", "a-b"}};
  config["pools"][0]["sets"] = {"a-b", "b"};
  fails(config, {"two cells would share the folder"});
  config = studies.config();
  config["seeds"] = {0, 0};
  config["sedes"] = 1;
  fails(config, {"2 problems", "unknown key \"sedes\", did you mean \"seeds\"?"});
  // What the masks are is known before the first cell.
  for (std::string const where : {"a/masks", "b/masks"}) {
    std::vector<std::string> const names = files_in(studies / where);
    std::string const mask = read_file(studies / where / names[0]);
    vlsm::Mask two = vlsm::read_mask(studies / where / names[0]);
    for (std::uint8_t& level : two) level = level ? 2 : 1;
    vlsm::write_png(studies / where / names[0], two);
    fails(studies.config(), {"the masks hold several classes", where.substr(0, 1) + "/anns/"});
    write_file(studies / where / names[0], mask);
  }
  config = studies.config();
  config["prompts"] = {"p2", ""};
  fails(config, {"names a level without a name"});
  // What is wrong with the text and what is wrong with models and files: one error.
  config = studies.config();
  config["sedes"] = 1;
  config["models"] = {"clipsg-tiny"};
  config["data"] = {"a", "nowhere"};
  config["tests"] = {{"perturbations", {"oposite"}}};
  fails(config, {"unknown key \"sedes\"", "unknown model \"clipsg-tiny\"",
                 "unknown perturbation \"oposite\"", "nowhere/anns"});
  config = studies.config();
  config["pools"] = Json::array();
  config["tests"] = {{"own", false}};
  fails(config, {"the study tests nothing"});
  // A folder of something else.
  std::filesystem::create_directories(studies / "mine");
  write_file(studies / "mine/report.html", "my own");
  check_failed(studies.run(studies.write(studies.config()) + studies.to("mine")), 1,
               "not empty, and no study is there");
  CHECK(read_file(studies / "mine/report.html") == "my own");
  check_failed(studies.run(studies.write(studies.config()) + studies.to("a")), 1,
               "not empty, and no study is there");
  check_failed(studies.run(studies.write(studies.config())), 1, "give --out DIR");
  check_failed(studies.run(as_word(studies / "no.json") + studies.to("out")), 1,
               "give a JSON file");
  check_failed(studies.run(studies.to("out")), 2, "CONFIG");
  check_failed(studies.run("--preset smoke" + studies.to("out")), 2, "--data");
  check_failed(studies.run("--preset smoke --data " + as_word(studies / "no") + studies.to("out")),
               1, "no");
  std::filesystem::create_directories(studies / "one/anns");
  write_file(studies / "one/anns/all.json", "[]");
  check_failed(studies.run("--preset smoke --data " + as_word(studies / "one") + studies.to("out")),
               1, "--split 80,10,10");
  check_failed(
      studies.run("--preset midl2024 --data " + as_word(studies.path()) + studies.to("out")), 1,
      "none of the study's data sets is there");
}

TEST_CASE("the smoke preset takes any set") {
  Studies const studies;
  Outcome const run =
      studies.run("--preset smoke --data " + as_word(studies / "a") + studies.to("out"));
  check_done(run);
  CHECK(studies.has("out/tables/perturbation.csv"));
  CHECK(run.out.find("3 of 3 cells finished") != std::string::npos);
}

TEST_CASE("a full disk stops a study, and what is finished stays") {
  Studies const studies;
  std::string const file = studies.write(studies.config());
  Outcome const run = run_tool("study " + file + studies.to("out") + " --threads 1",
                               "ulimit -f 500; ");  // half a megabyte a file
  CHECK(run.status == 1);
  CHECK(run.err.find("free space") != std::string::npos);
  std::filesystem::directory_iterator const begun(studies / "out/cells");
  CHECK(std::distance(begin(begun), end(begun)) <=
        2);  // each of two processes stopped at its first
  for (std::string const& name : files_in(studies / "out")) {
    CHECK(name.find("partial") == std::string::npos);
    CHECK(!name.ends_with("metrics.json"));
  }
  check_done(studies.run(file + studies.to("out")));
}
