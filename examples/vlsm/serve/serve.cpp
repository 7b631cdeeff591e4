// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <malloc.h>
#include <sys/random.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include "commands.hpp"
#include "common.hpp"
#include "serve/browser.hpp"
#include "serve/site.hpp"
#include "stop_signal.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/io/weights_files.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/weights/model_tokenizer.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  std::string host = "127.0.0.1", origin, token_file, data, mask_value, save = "vlsm-annotations";
  int port = 8642;
  bool open = false;
  std::size_t cache = 512, body = 128, waiting = 32;
};

/// The token of a file, or one of chance. Throws vlsm::Error for a file without one.
std::string token_of(std::string const& file) {
  if (file.empty()) {
    std::array<unsigned char, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      throw vlsm::Error("there are no random bytes for a token", "vlsm serve", "give --token-file");
    std::string token;
    for (unsigned char const byte : bytes) {
      constexpr char const* digits = "0123456789abcdef";
      token += {digits[byte >> 4], digits[byte & 15]};
    }
    return token;
  }
  auto const text = vlsm::io::read_whole_file(file);
  if (!text)
    throw vlsm::Error("the token's file cannot be read", file,
                      "check the path and its permissions");
  std::string const token = vlsm::strings::trimmed(*text);
  bool const plain = std::ranges::all_of(
      token, [](char c) { return vlsm::strings::is_letter_or_digit(c) || c == '-' || c == '_'; });
  if (token.size() < 16 || token.size() > 256 || !plain)
    throw vlsm::Error("this is no token", file,
                      "write 16 to 256 letters, digits, - and _ into the file");
  return token;
}

/// This machine's name, by which others may call it; where it has none, `otherwise`.
std::string machine_name(std::string const& otherwise) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return otherwise;
  return name.data();
}

/// The model in the form in which it infers fastest.
serve::LoadedModel load(Options const& options) {
  at::Device const device = options.common.apply();
  at::InferenceMode const inference;
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  auto const cut = std::make_shared<bool>(false);
  vlsm::Encode encode = vlsm::io::open_encode(info,
                                              {.tokenizer = options.choice.tokenizer,
                                               .vocabulary = options.choice.vocab,
                                               .weights = options.choice.weights,
                                               .tell_each = true},
                                              [cut](std::string const&) { *cut = true; });
  serve::LoadedModel loaded{.model = options.choice.open(options.common.seed),
                            .encode =
                                [cut, encode](std::string const& prompt, bool& is_cut) {
                                  *cut = false;
                                  auto ids = encode(prompt);
                                  is_cut = *cut;
                                  return ids;
                                },
                            .device = device};
  loaded.model->module().to(device);
  vlsm::prepare(*loaded.model, {.precision = options.common.computes_in()});
  return loaded;
}

void run(Options const& options) {
  serve::check_http();
  StopSignal const signal;
#ifdef __GLIBC__
  ::mallopt(M_ARENA_MAX, 2);  // a heap a thread would keep what each once needed
#endif
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  for (std::string const& file : {options.choice.weights, options.choice.decoder_weights})
    if (!file.empty() && file != "random") vlsm::io::check_weights(file);
  std::unique_ptr<serve::DataFolder> data;
  if (!options.data.empty()) {
    std::optional<vlsm::MaskChoice> mask;
    if (!options.mask_value.empty()) mask = vlsm::parse_mask_choice(options.mask_value);
    data = std::make_unique<serve::DataFolder>(options.data, mask, notice);
  }
  std::string const origin = options.origin.empty() ? "" : serve::public_origin(options.origin);
  serve::Listener listener(options.host, options.port);
  bool const alone = listener.local() && origin.empty();  // nobody else gets to it
  serve::Gate const gate{
      .host = listener.all() ? machine_name(options.host) : options.host,
      .port = listener.port(),
      .token = alone && options.token_file.empty() ? "" : token_of(options.token_file),
      .most_body = options.body << 20,
      .origin = origin};

  serve::ModelHost host(info, options.waiting, [&options] { return load(options); });
  bool const random = options.choice.weights == "random";
  std::filesystem::path const weights(options.choice.weights);
  serve::Service service(
      host,
      {.weights =
           random ? ""
                  : (weights.has_filename() ? weights : weights.parent_path()).filename().string(),
       .precision = options.common.precision == "fp32" ? "float32" : options.common.precision,
       .cache = options.cache << 20,
       .most_body = gate.most_body},
      std::move(data), std::make_unique<serve::AnnotationWriter>(options.save));
  serve::VlsmSite const site(service, gate);
  {
    serve::HttpServer const server(listener, site, {.bodies = 4 * gate.most_body});
    std::string const address = "http://" + serve::in_brackets(gate.host) + ":" +
                                std::to_string(gate.port) + "/" +
                                (gate.token.empty() ? "" : "?token=" + gate.token);
    std::printf("%s\n", address.c_str());
    flush_results();
    if (::isatty(STDERR_FILENO)) std::fprintf(stderr, "vlsm: Ctrl-C ends it\n");
    if (options.open) try {
        serve::open_browser(address);
      } catch (vlsm::Error const& e) {  // the page is there all the same
        std::fprintf(stderr, "vlsm: %s\n", e.what());
      }
    bool told = false;
    while (!signal.came() && !host.queue().failure()) {
      if (!told && host.queue().begun()) show_notices(), told = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    host.queue().stop();
  }
  if (auto const failure = host.queue().failure()) std::rethrow_exception(failure);
}

}  // namespace

void add_serve(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "serve", "A page in the browser: one picture, many sentences; and its HTTP interface");
  auto const options = std::make_shared<Options>();
  options->choice.add_to(*command, true);
  command
      ->add_option("--data", options->data, "a data set to look through (images/, masks/, anns/)")
      ->check(not_empty());
  command
      ->add_option("--mask-value", options->mask_value,
                   "which value of its masks is the object, as for evaluate")
      ->check(not_empty());
  command->add_option("--save", options->save, "folder for corrected masks and their sentences")
      ->check(not_empty())
      ->capture_default_str();
  command->add_option("--port", options->port, "0: a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command
      ->add_option("--host", options->host,
                   "address to listen at; one that others reach asks them for a token")
      ->check(not_empty())
      ->capture_default_str();
  command
      ->add_option("--origin", options->origin,
                   "where a proxy shows the page (https://clinic.example); asks for a token")
      ->check(not_empty());
  command
      ->add_option("--token-file", options->token_file,
                   "file with the token; default: one is made where others reach the server")
      ->check(not_empty());
  command->add_flag("--open", options->open, "open the page in the browser");
  command->add_option("--cache", options->cache, "MiB for pictures and what is seen in them")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--body", options->body, "MiB that a picture sent may have (sentences: 1)")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--waiting", options->waiting, "requests that may wait for the model")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  options->common.add_to(*command, /*infers=*/true);
  command->callback([options] { run(*options); });
}

}  // namespace tool
