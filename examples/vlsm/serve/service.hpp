// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <vector>

#include "serve/annotation_writer.hpp"
#include "serve/data_folder.hpp"
#include "serve/guard.hpp"
#include "serve/http.hpp"
#include "serve/model_host.hpp"
#include "serve/routes.hpp"
#include "vlsm/base/byte_lru.hpp"

namespace tool::serve {

/// A picture that was sent, and what the model saw in it.
struct Stored {
  std::string bytes;  ///< of the file, as sent
  std::size_t slice = 0, slices = 1, height = 0, width = 0;
  std::vector<std::string> notices{};
  vlsm::ImageFeatures features{};
};

/// What a server is started with.
struct Settings {
  std::string weights{};  ///< the file's name, without its folder; empty: random
  std::string precision = "float32";
  std::size_t cache = 512u << 20;      ///< bytes of pictures that are kept
  std::size_t most_body = 128u << 20;  ///< bytes of a request's body
  std::size_t prompts = 16;            ///< of one request
  std::size_t sentence = 4096;         ///< bytes of a prompt
  std::size_t pixels = 100'000'000;    ///< of all masks of an answer; a sixteenth as float32
};

/// What the routes share.
struct Service {
  Service(ModelHost& model, Settings const& set, std::unique_ptr<DataFolder> folder,
          std::unique_ptr<AnnotationWriter> writer)
      : host(model),
        settings(set),
        pictures(set.cache),
        data(std::move(folder)),
        annotations(std::move(writer)) {}

  ModelHost& host;
  Settings const settings;
  vlsm::ByteLru<std::string, std::shared_ptr<Stored const>> pictures;
  std::unique_ptr<DataFolder> const data;  ///< null: none
  std::unique_ptr<AnnotationWriter> const annotations;
  /// Pictures decoded or masks packed at a time: each may take hundreds of megabytes.
  std::counting_semaphore<> heavy{2};
};

/// One of the places for work that takes much memory. Throws Refusal (503) where none is free for
/// too long.
class HeavyWork {
 public:
  explicit HeavyWork(Service& service) : places_(service.heavy) {
    if (!places_.try_acquire_for(std::chrono::seconds(30)))
      throw Refusal(503, "too many pictures come at once", "the server", "send the request again");
  }
  ~HeavyWork() { places_.release(); }
  HeavyWork(HeavyWork const&) = delete;
  HeavyWork& operator=(HeavyWork const&) = delete;

 private:
  std::counting_semaphore<>& places_;
};

/// The whole number that a query names; `otherwise` where it names none. Throws Refusal (400) for
/// what is none from `low` to `high`.
std::size_t number_in(Request const& request, std::string const& name, std::size_t otherwise,
                      std::size_t low, std::size_t high);

/// The JSON of a body. Throws Refusal (400) for what is none, or has more parts than any request.
nlohmann::json parse_body(std::string const& body);

/// A picture that was posted. Throws Refusal (404) where it is not known any more.
std::shared_ptr<Stored const> find_picture(Service& service, std::string const& id);

/// What ends long work for a request between its steps: throws Refusal (503) where its client has
/// gone or the server stops.
inline std::function<void()> end_where_useless(Service const& service, Request const& request) {
  return [&service, gone = request.gone] {
    if (service.host.queue().stopped() || gone())
      throw Refusal(503, "the client has gone, or the server is stopping", "connection",
                    "send the request again");
  };
}

/// A picture as a PNG file whose longest side is at most `most`.
std::string display_png(vlsm::Image const& image, std::size_t most);

/// What the routes for pictures answer to a file; `more` goes into the answer, and `notice`, where
/// it is not empty, to its notices. Throws Error.
Answer take_picture(Service& service, Request const& request, std::string bytes, std::size_t slice,
                    Json more = Json::object(), std::string const& notice = "");

/// The routes, a group a file.
void add_model_routes(std::vector<Route>& routes, Service& service);
void add_picture_routes(std::vector<Route>& routes, Service& service);
void add_mask_routes(std::vector<Route>& routes, Service& service);
void add_data_routes(std::vector<Route>& routes, Service& service);
void add_annotation_routes(std::vector<Route>& routes, Service& service);
void add_page_routes(std::vector<Route>& routes, Gate const& gate);

}  // namespace tool::serve
