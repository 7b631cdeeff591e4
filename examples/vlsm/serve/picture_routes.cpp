// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <algorithm>

#include "serve/open_picture.hpp"
#include "serve/service.hpp"
#include "vlsm/base/content_hash.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/image/to_tensor.hpp"

namespace tool::serve {

std::size_t number_in(Request const& request, std::string const& name, std::size_t otherwise,
                      std::size_t low, std::size_t high) {
  auto const entry = request.query.find(name);
  if (entry == request.query.end()) return otherwise;
  auto const number = vlsm::strings::parse_number<std::size_t>(entry->second);
  if (!number || *number < low || *number > high)
    throw Refusal(400,
                  "this is no number from " + std::to_string(low) + " to " + std::to_string(high),
                  name, "give one");
  return *number;
}

std::shared_ptr<Stored const> find_picture(Service& service, std::string const& id) {
  auto kept = service.pictures.find(id);
  if (!kept)
    throw Refusal(404, "this picture is not known, or not any more", "picture", "post it again");
  return *std::move(kept);
}

std::string display_png(vlsm::Image const& image, std::size_t most) {
  std::size_t const height = image.shape(0), width = image.shape(1);
  if (std::max(height, width) <= most) return vlsm::encode_png(image);
  double const scale = static_cast<double>(most) / static_cast<double>(std::max(height, width));
  auto const scaled = [&](std::size_t side) {
    return std::max<std::size_t>(
        1, static_cast<std::size_t>(std::lround(static_cast<double>(side) * scale)));
  };
  return vlsm::encode_png(vlsm::resize_bilinear(image, scaled(height), scaled(width)));
}

Answer take_picture(Service& service, Request const& request, std::string bytes, std::size_t slice,
                    Json more, std::string const& notice) {
  vlsm::Recipe const& recipe = service.host.info().recipe;
  std::string const id =
      vlsm::content_hash(bytes, vlsm::content_hash(std::to_string(slice))).text();
  double decode = 0;
  Seen seen;
  std::shared_ptr<Stored const> picture;
  if (auto const kept = service.pictures.find(id)) {
    picture = *kept;
    if (picture->bytes != bytes || picture->slice != slice)
      throw Refusal(409, "another picture has the same hash", "picture",
                    "save it again: its bytes then differ");
  } else {
    std::size_t const needs = bytes.size() + service.host.most_bytes();
    if (needs > service.settings.cache)
      throw Refusal(413,
                    "the picture and what is seen in it take " + std::to_string(needs) +
                        " bytes, more than all that is kept",
                    "picture", "send a smaller file, or start with a larger --cache");
    auto const fresh = std::make_shared<Stored>();
    at::Tensor pixels;
    {
      HeavyWork const place(service);
      auto const begun = Clock::now();
      Opened opened = open_picture(bytes, slice, end_where_useless(service, request));
      fresh->height = opened.image.shape(0);
      fresh->width = opened.image.shape(1);
      fresh->slice = slice;
      fresh->slices = opened.slices;
      fresh->notices = std::move(opened.notices);
      for (std::string& line : notices_of(bytes, opened.image, recipe))
        fresh->notices.push_back(std::move(line));
      pixels = vlsm::prepare_image(opened.image, recipe).unsqueeze(0);
      decode = milliseconds_since(begun);
    }
    seen = service.host.see(pixels, request.gone);
    fresh->features = std::move(seen.features);
    fresh->bytes = std::move(bytes);
    picture = fresh;
    service.pictures.keep(id, picture, fresh->bytes.size() + seen.bytes);
  }
  Json answer{{"picture", id},
              {"width", picture->width},
              {"height", picture->height},
              {"slices", picture->slices},
              {"slice", picture->slice},
              {"notices", picture->notices},
              {"milliseconds", {{"wait", seen.wait}, {"decode", decode}, {"encode", seen.encode}}}};
  if (!notice.empty()) answer["notices"].push_back(notice);
  answer.update(more);
  return json_answer(answer);
}

void add_picture_routes(std::vector<Route>& routes, Service& service) {
  routes.push_back({"POST",
                    "/v1/pictures",
                    Body::picture,
                    false,
                    [&service](Request const& request, Places const&) {
                      std::size_t const slice = number_in(request, "slice", 0, 0, 1'000'000);
                      return take_picture(service, request, request.body, slice);
                    },
                    {"slice"}});
  routes.push_back({"GET",
                    "/v1/pictures/{picture}",
                    Body::none,
                    false,
                    [&service](Request const& request, Places const& places) {
                      std::size_t const most = number_in(request, "most", 2048, 1, 2048);
                      auto const picture = find_picture(service, places[0]);
                      HeavyWork const place(service);
                      return Answer{
                          .type = "image/png",
                          .body = display_png(open_picture(picture->bytes, picture->slice,
                                                           end_where_useless(service, request))
                                                  .image,
                                              most)};
                    },
                    {"most"}});
}

}  // namespace tool::serve
