// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

// One function a subcommand, each in the file of its name; it adds options and what runs.
namespace tool {

void add_attributes(CLI::App& app);
void add_convert(CLI::App& app);
void add_data(CLI::App& app);
void add_demo(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_finetune(CLI::App& app);
void add_models(CLI::App& app);
void add_prompts(CLI::App& app);
void add_segment(CLI::App& app);
void add_serve(CLI::App& app);
void add_study(CLI::App& app);
void add_tokenize(CLI::App& app);

}  // namespace tool
