// SPDX-License-Identifier: MIT
#include "run_folder.hpp"

#include <cstddef>
#include <fstream>
#include <numeric>
#include <set>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/contents.hpp"
#include "vlsm/io/find_weights.hpp"
#include "vlsm/train/run_log.hpp"

namespace tool {

namespace {

/// Whether a folder holds a run of which no epoch has been kept: it was stopped in the first.
bool is_begun(std::filesystem::path const& out) {
  nlohmann::json const config = read_run_config(out);
  return config.is_object() && config.contains("prompt") && config.contains("lr") &&
         !std::filesystem::exists(out / "last.safetensors") && vlsm::read_run_log(out).size() <= 1;
}

}  // namespace

nlohmann::json read_run_config(std::filesystem::path const& out) {
  std::ifstream in(out / "config.json");
  return nlohmann::json::parse(in, nullptr, false);
}

std::string noted(nlohmann::json const& before, char const* key) {
  return before.is_object() && before.contains(key) && before[key].is_string()
             ? before[key].get<std::string>()
             : std::string();
}

void take_noted(ModelChoice& choice, nlohmann::json const& before) {
  if (choice.weights != "random" || noted(before, "weights").empty()) return;
  choice.weights = noted(before, "weights");
  choice.weights_key = noted(before, "weights_key");
  if (!choice.decoder_weights.empty()) return;
  choice.decoder_weights = noted(before, "decoder_weights");
  choice.decoder_weights_key = noted(before, "decoder_weights_key");
}

void take_vocabulary_alone(ModelChoice& choice, std::string const& begun_from) {
  std::string const& weights = choice.weights;
  if (weights != "random" && !std::filesystem::exists(weights)) {
    notice(weights + ": not there, and not needed to go on");
    choice.weights = "random";
  } else if (weights != "random" && weights != begun_from &&
             !vlsm::io::is_same_file(weights, begun_from)) {
    notice("the run goes on from what it has kept: of " + weights +
           " nothing but the vocabulary beside it is read");
  }
}

nlohmann::ordered_json weights_settings(ModelChoice const& choice, nlohmann::json const& before,
                                        bool goes_on) {
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();
  for (auto const& [key, value] : {std::pair{"weights", choice.weights},
                                   {"decoder_weights", choice.decoder_weights},
                                   {"weights_key", choice.weights_key},
                                   {"decoder_weights_key", choice.decoder_weights_key}}) {
    std::string const is = goes_on ? noted(before, key) : value;
    if (!is.empty() && is != "random") settings[key] = is;
  }
  return settings;
}

void check_free(std::filesystem::path const& out) {
  if (!std::filesystem::is_directory(out)) return;
  if (std::filesystem::exists(out / "last.safetensors"))
    throw vlsm::Error("there is a run already", out.string(),
                      "add --resume to go on with it, or choose another --out");
  if (std::filesystem::exists(out / "best.safetensors"))
    throw is_begun(out) ? vlsm::Error("a run was stopped here in its first epoch", out.string(),
                                      "add --resume to begin it again, or choose another --out")
                        : vlsm::Error("the folder holds the best weights of a run", out.string(),
                                      "choose another --out, or move best.safetensors away");
  if (auto const weights = vlsm::io::weights_names(out); !weights.empty())
    throw vlsm::Error("the folder holds other weights", (out / weights[0]).string(),
                      "choose another --out, so that a folder is one model");
  if (is_begun(out)) return;
  if (auto const config = out / "config.json"; std::filesystem::exists(config))
    throw vlsm::Error("the folder holds a configuration that is no run's", config.string(),
                      "choose another --out");
  if (auto const log = out / "log.csv"; std::filesystem::exists(log))
    throw vlsm::Error("the folder holds a log that is no run's", log.string(),
                      "choose another --out");
}

void check_resumable(std::filesystem::path const& out) {
  std::filesystem::path const last = out / "last.safetensors";
  if (std::filesystem::exists(last)) return;
  if (is_begun(out)) {
    notice(out.string() + ": it was stopped before anything was kept, so it begins again");
    return;
  }
  throw std::filesystem::exists(out / "best.safetensors")
      ? vlsm::Error("the state of the run is gone", last.string(),
                    "bring it back, or begin a new run with another --out")
      : vlsm::Error("there is no run to resume", last.string(), "leave --resume out to begin one");
}

void check_same_run(std::filesystem::path const& out, nlohmann::ordered_json const& now) {
  std::filesystem::path const config = out / "config.json";
  nlohmann::json const before = read_run_config(out), after(now);
  if (!before.is_object())
    throw vlsm::Error("the run's configuration cannot be read", config.string(),
                      "start a new run with another --out");
  std::set<std::string> keys;  // either may have one that the other leaves at its default
  for (auto const& [key, value] : after.items()) keys.insert(key);
  for (auto const& [key, value] : before.items()) keys.insert(key);
  // More epochs are the same run, unless a cosine bends to its end.
  if (now.at("schedule") != "cosine" || before.value("schedule", nlohmann::json()) != "cosine")
    keys.erase("epochs");
  for (char const* hash : {"rows", "files"})  // begun before they were noted
    if (!before.contains(hash)) keys.erase(hash);
  auto const same_file = [](nlohmann::json const& one, nlohmann::json const& other) {
    return one.is_string() && other.is_string() &&
           vlsm::io::is_same_file(one.get<std::string>(), other.get<std::string>());
  };
  for (std::string const& key : keys) {
    nlohmann::json const was = before.value(key, nlohmann::json()),
                         is = after.value(key, nlohmann::json());
    if (was != is && key == "rows")
      throw vlsm::Error("the run was begun with other rows of train or val", config.string(),
                        "resume with the same data set, or start a new run with another --out");
    if (was != is && key == "files") {  // a broken picture may have been mended
      notice(
          "pictures or masks of train or val have changed since the run was begun: its further "
          "epochs see them as they are now");
      continue;
    }
    bool const path = key == "data" || key == "weights" || key == "decoder_weights";
    if (was == is || (path && same_file(was, is))) continue;
    if (key == "data" && keys.contains("rows")) {  // which are the same, or this would be an error
      notice("the run was begun with the data set at " + was.dump() + ", which may have moved");
      continue;
    }
    auto const with = [&](nlohmann::json const& value) {
      return value.is_null() ? "without " + key : "with " + key + " = " + value.dump();
    };
    throw vlsm::Error("the run was begun " + with(was) + ", not " + with(is), config.string(),
                      "resume with the same options, or start a new run with another --out");
  }
}

std::string hash_of(vlsm::FolderDataset const& train, vlsm::FolderDataset const& val, bool files) {
  std::string hashes;
  for (vlsm::FolderDataset const* data : {&train, &val}) {
    std::vector<std::size_t> all(data->size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    hashes += vlsm::Contents().of(*data, all, files);
  }
  return hashes;
}

}  // namespace tool
