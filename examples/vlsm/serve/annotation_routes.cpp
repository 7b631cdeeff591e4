// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "serve/below.hpp"
#include "serve/open_picture.hpp"
#include "serve/service.hpp"
#include "vlsm/base/base64.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/mask_meaning.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"

namespace tool::serve {
namespace {

/// What is to be kept.
struct Correction {
  std::string picture, prompt, mask;  ///< the mask's PNG
};

Correction parse(std::string const& body, std::size_t longest) {
  nlohmann::json const json = parse_body(body);
  auto const text = [&](char const* name) {
    if (!json.is_object() || !json.contains(name) || !json[name].is_string())
      throw Refusal(400, "there is no such text", name, "send picture, prompt and mask");
    return json[name].get<std::string>();
  };
  Correction correction{text("picture"), text("prompt"), text("mask")};
  if (json.size() != 3)
    throw Refusal(400, "there are more members than these", "body",
                  "send picture, prompt and mask");
  if (correction.prompt.size() > longest)
    throw Refusal(400, "the prompt is longer than " + std::to_string(longest) + " bytes", "prompt",
                  "send a shorter one");
  auto mask = vlsm::from_base64(correction.mask);
  if (!mask) throw Refusal(400, "this is no base64", "mask", "send a PNG as base64");
  correction.mask = *std::move(mask);
  return correction;
}

/// The ending of a picture's file as data sets hold it; empty: a file of numbers, which none does.
std::string ending_of(std::string const& bytes) {
  if (format_of(bytes) != Format::picture) return "";
  using enum vlsm::PictureHeader::Format;
  switch (vlsm::parse_picture_header(bytes, "picture").format) {
    case png:
      return ".png";
    case jpeg:
      return ".jpg";
    case tiff:
      return ".tif";
  }
  return "";
}

/// A mask of 0 and 255, [H, W]. Throws Refusal (400) for one that holds anything else.
vlsm::Mask read_mask(std::string const& bytes) {
  vlsm::MaskValues const values = vlsm::mask_values(vlsm::parse_raw_picture(bytes, "mask"), "mask");
  vlsm::MaskMeaning const threshold{.kind = vlsm::MaskMeaning::Kind::threshold, .level = 127};
  for (vlsm::MaskValue const value : values.distinct)
    if (values.alpha || !value.is_gray() || (value.level() != 0 && value.level() != 255))
      throw Refusal(
          400,
          (values.alpha ? "the mask is drawn in its opacity" : "the mask holds " + value.text()),
          "mask", "send 0 for the background and 255 for the object");
  return threshold.apply(values);
}

Answer keep(Service& service, Request const& request) {
  Correction const correction = parse(request.body, service.settings.sentence);
  auto const picture = find_picture(service, correction.picture);
  HeavyWork const place(service);
  auto const header = vlsm::parse_picture_header(correction.mask, "mask");
  if (header.height > picture->height || header.width > picture->width)
    throw Refusal(400, "the mask is larger than its picture", "mask", "send one of its size");
  // Scaled by one factor, each side is rounded by less than a pixel.
  auto const across = static_cast<std::int64_t>(header.height * picture->width),
             along = static_cast<std::int64_t>(header.width * picture->height);
  if (std::abs(across - along) > static_cast<std::int64_t>(picture->width + picture->height))
    throw Refusal(400,
                  "the mask has another shape than its picture: " +
                      vlsm::strings::size_text(header.width, header.height) + " against " +
                      vlsm::strings::size_text(picture->width, picture->height),
                  "mask", "send one of its size, or scaled as a whole");
  vlsm::Mask mask = read_mask(correction.mask);
  if (mask.shape(0) != picture->height || mask.shape(1) != picture->width)
    mask = vlsm::resize_nearest_exact(mask, picture->height, picture->width);
  std::string const ending = ending_of(picture->bytes);
  std::string const as_png =
      ending.empty() ? vlsm::encode_png(open_picture(picture->bytes, picture->slice,
                                                     end_where_useless(service, request))
                                            .image)
                     : "";
  AnnotationWriter::Row row;
  try {
    row = service.annotations->add(correction.picture, ending.empty() ? ".png" : ending,
                                   ending.empty() ? as_png : picture->bytes, vlsm::encode_png(mask),
                                   correction.prompt);
  } catch (vlsm::Error const& e) {  // a full disk is no fault of the request
    throw Refusal(500, below(service.annotations->folder(), e.what()), "", "");
  }
  return json_answer(
      {{"file", row.file}, {"image", row.image}, {"mask", row.mask}, {"rows", row.rows}}, 201);
}

}  // namespace

void add_annotation_routes(std::vector<Route>& routes, Service& service) {
  routes.push_back(
      {"POST", "/v1/annotations", Body::json, false,
       [&service](Request const& request, Places const&) { return keep(service, request); }});
}

}  // namespace tool::serve
