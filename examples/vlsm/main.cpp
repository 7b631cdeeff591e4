// SPDX-License-Identifier: MIT
#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>
#include <string>

#include "commands.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/version.hpp"

namespace {

enum Status { done = 0, failed = 1, wrong_usage = 2 };

// Every failure is one line; a message of LibTorch's may be many.
int fail(std::string message, Status status = failed) {
  message.erase(std::min(message.find('\n'), message.size()));
  std::fprintf(stderr, "vlsm: error: %s\n", message.c_str());
  return status;
}

}  // namespace

int main(int count, char** words) {
  CLI::App app("Vision-language segmentation of medical images: segment by a sentence, evaluate, fine-tune.", "vlsm");
  app.set_version_flag("--version", VLSM_VERSION);
  app.require_subcommand(1);
  tool::add_demo(app);
  tool::add_models(app);
  tool::add_segment(app);
  tool::add_tokenize(app);
  tool::add_evaluate(app);
  tool::add_finetune(app);
  try {
    app.parse(count, words);
    return done;
  } catch (CLI::ParseError const& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    return fail(std::string(e.what()) + ": command line: see `vlsm --help` and `vlsm COMMAND --help`", wrong_usage);
  } catch (vlsm::Error const& e) {
    return fail(e.what());
  } catch (std::bad_alloc const&) {
    return fail("memory ran out: this process: choose a smaller --batch or a smaller picture");
  } catch (c10::Error const& e) {
    return fail(std::string(e.what_without_backtrace()).substr(0, 400));
  } catch (std::exception const& e) {
    return fail(e.what());
  }
}
