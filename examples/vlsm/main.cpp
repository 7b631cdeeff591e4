// SPDX-License-Identifier: MIT
#include <c10/util/Exception.h>
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
#include <string>

#include "commands.hpp"
#include "common.hpp"
#include "processes.hpp"
#include "stop_signal.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/version.hpp"

namespace {

enum Status { done = 0, failed = 1, wrong_usage = 2 };

int fail(vlsm::Error const& error, Status status = failed) {
  tool::let_first_speak(dynamic_cast<vlsm::FailedElsewhere const*>(&error) != nullptr);
  std::fprintf(stderr, "vlsm: error: %s\n", error.what());
  return status;
}

// A message of LibTorch's may be many lines.
std::string first_line(std::string const& message) {
  return message.substr(0, std::min<std::size_t>(message.find('\n'), 400));
}

// The number of a closed standard stream would be the next file's, and what is printed would go
// into it.
void open_standard_streams() {
  for (int const stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) == -1)
      ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

// CLI11 takes "[a, b]" for a list, "++" for the end of a command, and "--prompt=" for none. What a
// person typed is passed on letter for letter: such words get a mark in front, which each option
// takes off again.
constexpr char verbatim = '\x1f';

std::string marked(std::string word) {
  std::size_t const equals = word.starts_with("--") ? word.find('=') : std::string::npos;
  std::size_t const value = equals == std::string::npos ? 0 : equals + 1;
  bool const list = word.size() > value && word[value] == '[' && word.back() == ']';
  if (list || word == "++" || word == "--prompt=") word.insert(value, 1, verbatim);
  return word;
}

void unmark_options(CLI::App& app) {
  for (CLI::Option* option :
       app.get_options([](CLI::Option const* one) { return one->get_items_expected_max() > 0; }))
    option->transform(CLI::Validator(
        [](std::string& text) {
          if (!text.empty() && text[0] == verbatim) text.erase(0, 1);
          return std::string();
        },
        "", ""));
  for (CLI::App* command : app.get_subcommands({})) unmark_options(*command);
}

// Throws where an option of the command stands where the value of another one should: CLI11 takes
// it for the value, of `--prompt $P --out DIR` with an empty $P.
void check_values(CLI::App const& app, int count, char** words) {
  CLI::App const* command = &app;
  CLI::Option const* waiting = nullptr;
  for (int i = 1; i < count && std::string_view(words[i]) != "--"; ++i) {
    std::string const word = words[i];
    auto const named = [&](CLI::App const* one) { return one->get_name() == word; };
    if (auto const subs = command->get_subcommands(named); !waiting && !subs.empty()) {
      command = subs[0];
      continue;
    }
    CLI::Option const* const option =
        word.starts_with('-') ? command->get_option_no_throw(word) : nullptr;
    if (command != &app && !waiting && !option && word.starts_with("--") && word != "--help" &&
        !command->get_option_no_throw(word.substr(0, word.find('='))))
      throw CLI::ExtrasError({word});  // before what is missing for it
    if (waiting && option)
      throw CLI::ArgumentMismatch(waiting->get_name() + ": its value is missing before " + word +
                                  " (" + waiting->get_name() + "=" + word + " where this is it)");
    waiting = option && option->get_items_expected_min() > 0 ? option : nullptr;
  }
}

// The words before `--` as CLI11 wants them, the last one first; those after it go to
// tool::plain_words().
std::vector<std::string> split(int count, char** words) {
  std::vector<std::string> before;
  int i = 1;
  for (; i < count && std::string_view(words[i]) != "--"; ++i)
    before.insert(before.begin(), marked(words[i]));
  for (++i; i < count; ++i) tool::plain_words().emplace_back(words[i]);
  if (!tool::plain_words().empty() && (before.empty() || before.back() != "segment"))
    throw CLI::ExtrasError({"-- " + tool::plain_words().front()});
  // `--prompt -- -dark`: the option's words are those behind.
  if (!tool::plain_words().empty() && !before.empty() && before.front() == "--prompt")
    before.erase(before.begin());
  return before;
}

}  // namespace

int main(int count, char** words) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the limit is an error like any other
  CLI::App app(
      "Vision-language segmentation of medical images: segment by a sentence, evaluate, fine-tune.",
      "vlsm");
  app.set_version_flag("--version",
                       std::string("vlsm " VLSM_VERSION ", ") + vlsm::picture_readers());
  app.require_subcommand(0, 1);  // none is checked below: first of all a wrong word is named
  tool::add_demo(app);
  tool::add_models(app);
  tool::add_segment(app);
  tool::add_serve(app);
  tool::add_tokenize(app);
  tool::add_evaluate(app);
  tool::add_finetune(app);
  tool::add_study(app);
  tool::add_convert(app);
  tool::add_data(app);
  tool::add_attributes(app);
  tool::add_prompts(app);
  try {
    try {
      unmark_options(app);
      check_values(app, count, words);
      app.parse(split(count, words));
      if (app.get_subcommands().empty()) throw CLI::RequiredError("a subcommand (segment, say)");
    } catch (CLI::Success const& e) {  // --help, --version
      if (auto const wrong = app.remaining(); !wrong.empty()) throw CLI::ExtrasError(wrong);
      app.exit(e);
    }
    tool::show_notices();
    tool::flush_results();
    return done;
  } catch (CLI::ParseError const& e) {
    std::string words = e.what();
    std::erase(words, verbatim);
    return fail({words, "command line", "see `vlsm --help` and `vlsm COMMAND --help`"},
                wrong_usage);
  } catch (vlsm::Error const& e) {
    return fail(e);
  } catch (tool::Stopped const& e) {
    if (tool::launch_or_alone().rank == 0) std::fprintf(stderr, "vlsm: %s\n", e.what());
    return 128 + e.signal;
  } catch (std::bad_alloc const&) {
    return fail(
        {"memory ran out", "this process", "choose a smaller --batch or a smaller picture"});
  } catch (c10::Error const& e) {
    return fail(
        {first_line(e.what_without_backtrace()), "LibTorch",
         "choose a smaller --batch if memory ran out, else report this line with the command"});
  } catch (std::filesystem::filesystem_error const& e) {
    return fail({e.code().message(), e.path1().string(), "check the path"});
  } catch (std::exception const& e) {
    return fail({first_line(e.what()), "this program", "report this line with the command"});
  }
}
