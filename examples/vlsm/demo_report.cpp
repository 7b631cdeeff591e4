// SPDX-License-Identifier: MIT
#include "demo_report.hpp"

#include <ATen/ATen.h>

#include <cstdio>

#include "vlsm/base/file/files.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/report/html.hpp"
#include "vlsm/train/batch.hpp"

namespace tool {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

/// The picture with what the model finds for a prompt.
vlsm::Image shown(vlsm::AnySegmenter& model, vlsm::RegisteredModel const& info,
                  vlsm::Encode const& encode, vlsm::Image const& image, std::string const& prompt) {
  at::InferenceMode const inference;
  at::Tensor const input = vlsm::prepare_image(image, info.recipe).unsqueeze(0);
  at::Tensor const logits = model.segment(
      model.encode_image(input), model.encode_text(vlsm::tokenize({prompt}, encode, info.pad_to)));
  return vlsm::overlay(image, vlsm::to_mask((at::sigmoid(logits) > info.recipe.threshold)[0][0]),
                       {0, 255, 255});
}

/// The first test pictures, a row each: as it is, under each of its three prompts and the empty
/// one.
std::vector<vlsm::report::Gallery> overlays(std::filesystem::path const& out,
                                            vlsm::AnySegmenter& model,
                                            vlsm::RegisteredModel const& info,
                                            vlsm::Encode const& encode) {
  std::vector<vlsm::report::Gallery> rows;
  auto const annotations = vlsm::read_annotations(out / "data" / "anns" / "test.json");
  constexpr std::size_t pictures = 4, objects = 3;
  for (std::size_t p = 0; p < pictures; ++p) {
    vlsm::report::Gallery row{.title = p ? "" : "Held-out pictures and what each prompt finds",
                              .pictures = {}};
    vlsm::Image const image =
        vlsm::read_image(out / "data" / "images" / annotations[objects * p].image);
    row.pictures.push_back({"the picture", image, 2});
    for (std::size_t o = 0; o < objects; ++o) {
      std::string const prompt = annotations[objects * p + o].prompts.at("p2")[0];
      row.pictures.push_back({"\"" + prompt + "\"", shown(model, info, encode, image, prompt), 2});
    }
    row.pictures.push_back({"the empty prompt", shown(model, info, encode, image, ""), 2});
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<double> column(std::vector<vlsm::Epoch> const& history, double vlsm::Epoch::*member) {
  std::vector<double> values;
  for (vlsm::Epoch const& epoch : history) values.push_back(epoch.*member);
  return values;
}

}  // namespace

void write_demo_report(std::filesystem::path const& out, vlsm::AnySegmenter& model,
                       vlsm::RegisteredModel const& info, vlsm::Encode const& encode,
                       DemoFigures const& figures) {
  auto const row = [](std::string const& what, vlsm::Evaluation const& e) {
    return std::vector<std::string>{what, std::to_string(e.scores.size()), number(e.dice().mean),
                                    number(e.dice().deviation), number(e.iou().mean)};
  };
  vlsm::report::Table const scores{
      .title = "Held-out pictures",
      .headers = {"prompt", "examples", "Dice", "std", "IoU"},
      .rows = {row("right: the object's color", figures.right),
               row("empty: no words", figures.empty),
               row("opposite color, against the object it names", figures.opposite)},
      .note =
          "Dice and IoU per example, then the mean. Three objects a picture: without words none of "
          "them is meant."};
  vlsm::report::Plot const loss{
      .title = "Loss",
      .x_label = "epoch",
      .y_label = "Dice + 0.2 cross-entropy",
      .curves = {{"training", {}, column(figures.history, &vlsm::Epoch::train_loss)},
                 {"validation", {}, column(figures.history, &vlsm::Epoch::val_loss)}}};
  vlsm::report::Plot const dice{
      .title = "Dice on the validation pictures",
      .x_label = "epoch",
      .y_label = "Dice",
      .curves = {{"validation", {}, column(figures.history, &vlsm::Epoch::val_dice)}}};

  vlsm::report::Section learned{
      .title = "What it learned",
      .text = "Every picture holds three objects. Only the prompt tells which one is meant.",
      .parts = {scores}};
  vlsm::io::make_folder(out / "overlays", "choose another --out");
  for (vlsm::report::Gallery const& gallery : overlays(out, model, info, encode)) {
    for (std::size_t i = 0; i < gallery.pictures.size(); ++i)
      vlsm::write_png(out / "overlays" /
                          (std::to_string(learned.parts.size()) + "-" + std::to_string(i) + ".png"),
                      gallery.pictures[i].image, false);
    learned.parts.emplace_back(gallery);
  }

  char made[160];
  std::snprintf(made, sizeof made,
                "%s, %lld parameters, from random weights; %zu epochs, %.0f seconds in all, at "
                "most %.0f MB of memory.",
                std::string(info.name).c_str(), info.parameters, figures.history.size(),
                figures.seconds, figures.peak_mb);
  vlsm::report::Report("A small model learns to follow prompts", made)
      .add(learned)
      .add({.title = "How it learned", .text = {}, .parts = {loss, dice}})
      .write(out / "report.html");
}

}  // namespace tool
