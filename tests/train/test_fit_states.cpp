// SPDX-License-Identifier: MIT
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "support/disk_runs.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/state.hpp"
#include "vlsm/weights/save.hpp"

// What of a run is kept, and how it goes on.
namespace {

using namespace vlsm;
using test::Disks;
using test::DiskSeg;

TEST_CASE("a resumed run ends with the same weights as an unbroken one") {
  test::TempDir const whole, broken;
  at::manual_seed(1);
  Segmenter<DiskSeg> unbroken;
  fit(unbroken, Disks(32), Disks(8, 1000), test::encode_bytes, test::disk_options(whole.path(), 6));
  at::manual_seed(1);
  Segmenter<DiskSeg> first, second;
  at::manual_seed(1);
  Segmenter<DiskSeg> start;
  fit(start, Disks(32), Disks(8, 1000), test::encode_bytes, test::disk_options(broken.path(), 3));
  auto go_on = test::disk_options(broken.path(), 6);
  go_on.resume = true;
  auto const history = fit(second, Disks(32), Disks(8, 1000), test::encode_bytes, go_on);
  CHECK(history.size() == 3);
  CHECK(history.front().epoch == 4);
  CHECK(test::equal_weights(unbroken, second));
}

TEST_CASE("a run that stopped within an epoch is not resumed with other batches") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto made = test::disk_options(run.path(), 3);
  int asked = 0;
  std::string heard;
  FitHooks const hooks{.stop = [&] { return ++asked == 3; },
                       .on_stop =
                           [&](int epoch, std::size_t step, std::size_t steps) {
                             heard = std::to_string(epoch) + " " + std::to_string(step) + "/" +
                                     std::to_string(steps);
                           }};
  CHECK(fit(model, Disks(32), Disks(8), test::encode_bytes, made, hooks).empty());
  CHECK(heard == "1 2/4");
  made.resume = true;
  // Others of four steps, too: a picture would be seen twice, or not at all.
  for (auto const& [pictures, batch] : {std::pair<int, std::size_t>{32, 4}, {32, 9}, {31, 8}}) {
    made.batch = batch;
    CHECK(test::says(
        test::error_of([&] {
          fit(model, Disks(static_cast<std::size_t>(pictures)), Disks(8), test::encode_bytes, made);
        }),
        "the run stopped within an epoch of 32 pictures in batches of 8, not of " +
            std::to_string(pictures) + " pictures in batches of " + std::to_string(batch) + ": "));
  }
}

TEST_CASE("a long epoch is saved on its way") {
  test::TempDir const run;
  at::manual_seed(1);
  Segmenter<DiskSeg> model;
  auto made = test::disk_options(run.path(), 1);
  made.save_minutes = 0;
  std::size_t saved = 0;
  FitHooks const hooks{.on_step = [&](int, std::size_t step, std::size_t, double) {
    if (step == 1) return;
    auto const file = io::read_safetensors(run / "last.safetensors");
    auto const state = nlohmann::json::parse(file.metadata.at("vlsm_train_state"));
    CHECK(state.at("step") == step - 1);
    CHECK(state.at("epoch") == 0);
    ++saved;
  }};
  fit(model, Disks(32), Disks(8), test::encode_bytes, made, hooks);
  CHECK(saved == 3);
}

TEST_CASE("a run without patience is resumed as it would have gone on") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  auto made = test::disk_options(run.path(), 1);
  made.early_stop = {.min_delta = -1, .patience = 0};  // each epoch is better
  CHECK(fit(model, Disks(8), Disks(8), test::encode_bytes, made).size() == 1);
  made.epochs = 3;
  made.resume = true;
  CHECK(fit(model, Disks(8), Disks(8), test::encode_bytes, made).size() == 2);
}

TEST_CASE("a state that does not fit changes nothing") {
  test::TempDir const run;
  Segmenter<DiskSeg> trained, model;
  fit(trained, Disks(8), Disks(8), test::encode_bytes, test::disk_options(run.path(), 1));
  auto file = io::read_safetensors(run / "last.safetensors");
  // The last tensor that is read is gone.
  std::string const last = "model." + model.named_parameters().back().key();
  std::erase_if(file.tensors, [&](auto const& tensor) { return tensor.name == last; });
  io::write_safetensors(run / "last.safetensors", file.tensors, file.metadata);
  std::vector<at::Tensor> before;
  for (at::Tensor const& parameter : model.parameters()) before.push_back(parameter.clone());
  Optimizer optimizer(model, {});
  TrainState state;
  CHECK_THROWS_AS(load_state(run / "last.safetensors", model, optimizer, state), Error);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(model.parameters()[i].equal(before[i]));
  CHECK(state.epoch == 0);
  CHECK(optimizer.adamw().state().empty());
}

TEST_CASE("a state of another model is refused") {
  test::TempDir const run;
  Segmenter<DiskSeg> model;
  io::save(model, run / "last.safetensors");
  auto wrong = test::disk_options(run.path(), 1);
  wrong.resume = true;
  CHECK_THROWS_AS(fit(model, Disks(8), Disks(8), test::encode_bytes, wrong), Error);
}

TEST_CASE("a state that holds a number that is not finite is refused and named") {
  test::TempDir const run;
  auto go_on = test::disk_options(run.path(), 2);
  Segmenter<DiskSeg> model;
  fit(model, Disks(8), Disks(8), test::encode_bytes, test::disk_options(run.path(), 1));
  go_on.resume = true;
  auto const file = io::read_safetensors(run / "last.safetensors");
  for (std::string const part : {"model.", ".mean", ".square"}) {
    auto tensors = file.tensors;
    auto const damaged = std::find_if(tensors.begin(), tensors.end(), [&](auto const& tensor) {
      return tensor.name.find(part) != std::string::npos;
    });
    REQUIRE(damaged != tensors.end());
    at::Tensor const values = io::to_tensor(damaged->array).clone();
    values.flatten()[-1] = std::numeric_limits<float>::infinity();
    damaged->array = io::to_array(values);
    io::write_safetensors(run / "last.safetensors", tensors, file.metadata);
    Segmenter<DiskSeg> again;
    std::string const told = "the training state holds numbers that are not finite: " +
                             (run / "last.safetensors").string() + ", " + damaged->name +
                             ": start the run anew, with a lower learning rate where it diverged";
    CHECK_THROWS_WITH_AS(fit(again, Disks(8), Disks(8), test::encode_bytes, go_on), told.c_str(),
                         Error);
  }
}

}  // namespace
