// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "serve/service.hpp"
#include "vlsm/base/base64.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"

namespace tool::serve {
namespace {

[[noreturn]] void refuse(std::string const& what, std::string const& where,
                         std::string const& remedy) {
  throw Refusal(400, what, where, remedy);
}

/// What is asked of a picture.
struct Asked {
  std::string picture;
  std::vector<std::string> prompts;
  bool model_size = false;
  std::array<std::size_t, 2> size{0, 0};  ///< height and width; 0: the picture's
  std::string format = "png";
  float threshold = 0;
};

std::size_t side_of(nlohmann::json const& number) {
  if (!number.is_number_integer() || number < 1 || number > 65'500)
    refuse("a side is no whole number from 1 to 65500", "size", "give [width, height]");
  return number.get<std::size_t>();
}

Asked parse(std::string const& body, Service const& service) {
  nlohmann::json const json = parse_body(body);
  if (!json.is_object()) refuse("the body is no JSON object", "body", "send one");
  vlsm::RegisteredModel const& info = service.host.info();
  Asked asked{.picture = {}, .prompts = {}, .threshold = info.recipe.threshold};
  bool threshold_given = false;
  for (auto const& [name, value] : json.items()) {
    if (name == "picture" && value.is_string()) {
      asked.picture = value.get<std::string>();
    } else if (name == "prompts" && value.is_array()) {
      for (auto const& prompt : value) {
        if (!prompt.is_string()) refuse("a prompt is no text", "prompts", "send a list of texts");
        asked.prompts.push_back(prompt.get<std::string>());
      }
    } else if (name == "size" && value.is_array() && value.size() == 2) {
      asked.size = {side_of(value[1]), side_of(value[0])};
    } else if (name == "size" && (value == "picture" || value == "model")) {
      asked.model_size = value == "model";
    } else if (name == "format" && (value == "png" || value == "float32" || value == "mask")) {
      asked.format = value.get<std::string>();
    } else if (name == "threshold" && value.is_number() && value >= 0 && value <= 1) {
      asked.threshold = value.get<float>();
      threshold_given = true;
    } else {
      refuse(
          "this is no member of a request, or not such a value", vlsm::strings::brief(name, 40),
          "send picture, prompts, size (picture, model or [width, height]), format (png, float32 "
          "or mask) and threshold (0 to 1)");
    }
  }
  if (asked.picture.empty()) refuse("no picture is named", "picture", "name one that was posted");
  if (threshold_given && asked.format != "mask")
    refuse("probabilities have no threshold", "threshold", "ask for the format mask");
  if (info.vocabulary == 0 && !asked.prompts.empty())
    refuse("this model reads no prompt", "prompts", "send none");
  if (info.vocabulary > 0 && asked.prompts.empty())
    refuse("there is no prompt", "prompts", "send one or more");
  if (asked.prompts.size() > service.settings.prompts)
    refuse("these are more than " + std::to_string(service.settings.prompts) + " prompts",
           "prompts", "send several requests");
  for (std::string const& prompt : asked.prompts)
    if (prompt.size() > service.settings.sentence)
      refuse("a prompt is longer than " + std::to_string(service.settings.sentence) + " bytes",
             "prompts", "send a shorter one");
  return asked;
}

/// A map [S, S] in the form that is asked for, at size [height, width].
std::string packed(at::Tensor const& map, Stored const& picture, std::array<std::size_t, 2> size,
                   Asked const& asked, vlsm::Recipe const& recipe) {
  std::array<std::size_t, 2> const whole{picture.height, picture.width};
  if (asked.format == "mask" && size == whole)
    return vlsm::encode_png(
        vlsm::restore_mask(map, asked.threshold, picture.height, picture.width, recipe));
  if (asked.format == "float32") {
    static_assert(std::endian::native == std::endian::little, "the answer's bytes are");
    std::string values(size[0] * size[1] * sizeof(float), '\0');
    vlsm::restore_rows_at(map, whole, size, recipe, [&](std::size_t y, float const* row) {
      std::memcpy(values.data() + y * size[1] * sizeof(float), row, size[1] * sizeof(float));
    });
    return values;
  }
  vlsm::Mask levels = vlsm::Mask::from_shape(size);
  vlsm::restore_rows_at(map, whole, size, recipe, [&](std::size_t y, float const* row) {
    std::transform(row, row + size[1], levels.data() + y * size[1], [&](float p) {
      if (asked.format == "mask") return static_cast<std::uint8_t>(p > asked.threshold ? 255 : 0);
      // Bicubic values may overshoot; a comparison with NaN is false.
      return static_cast<std::uint8_t>(p > 0 ? std::lround(255 * std::min(p, 1.0f)) : 0);
    });
  });
  return vlsm::encode_png(levels);
}

Answer find_masks(Service& service, Request const& request) {
  auto const begun = Clock::now();
  Asked const asked = parse(request.body, service);
  auto const picture = find_picture(service, asked.picture);
  vlsm::Recipe const& recipe = service.host.info().recipe;
  auto const side = static_cast<std::size_t>(recipe.image);
  std::array<std::size_t, 2> size = asked.size;
  if (size[0] == 0) size = {picture->height, picture->width};
  if (asked.model_size) size = {side, side};
  std::size_t const count = std::max<std::size_t>(asked.prompts.size(), 1),
                    most = service.settings.pixels / (asked.format == "float32" ? 16 : 1);
  if (size[0] * size[1] > most / count)
    throw Refusal(413, "the answer would have more than " + std::to_string(most) + " pixels",
                  "size", "ask for a smaller size, or fewer prompts at a time");
  FoundMaps const found = service.host.find(picture->features, asked.prompts, request.gone);
  Json masks = Json::array();
  {
    HeavyWork const place(service);
    for (std::size_t p = 0; p < count; ++p) {
      bool const reads = !asked.prompts.empty();
      masks.push_back(
          {{"prompt", reads ? Json(asked.prompts[p]) : Json(nullptr)},
           {"data", vlsm::to_base64(packed(found.probability[static_cast<std::int64_t>(p)],
                                           *picture, size, asked, recipe))},
           {"tokens", reads ? found.tokens[p] : 0},
           {"cut", reads && found.cut[p]}});
    }
  }
  return json_answer({{"picture", asked.picture},
                      {"width", size[1]},
                      {"height", size[0]},
                      {"masks", std::move(masks)},
                      {"milliseconds",
                       {{"wait", found.wait},
                        {"sentences", found.sentences},
                        {"decode", found.decode},
                        {"total", milliseconds_since(begun)}}}});
}

}  // namespace

nlohmann::json parse_body(std::string const& body) {
  // A number or an empty list takes as many bytes in memory as thirty of them in a body.
  if (std::ranges::count(body, ',') > 100'000)
    refuse("the JSON text has too many parts", "body", "send fewer or shorter prompts");
  try {
    return vlsm::parse_json(body, "body", "send JSON", {.deepest = 8, .unique_keys = true});
  } catch (vlsm::Error const& e) {
    throw Refusal(400, e.what(), "", "");
  }
}

void add_mask_routes(std::vector<Route>& routes, Service& service) {
  routes.push_back(
      {"POST",
       "/v1/masks",
       Body::json,
       false,
       [&service](Request const& request, Places const&) { return find_masks(service, request); },
       {},
       1 << 20});
}

}  // namespace tool::serve
