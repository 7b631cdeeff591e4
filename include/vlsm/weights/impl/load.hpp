// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/tensor_bytes.hpp"
#include "vlsm/weights/fill.hpp"
#include "vlsm/weights/hf_config.hpp"
#include "vlsm/weights/identify_model.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/native.hpp"
#include "vlsm/weights/unsupported_forms.hpp"

namespace vlsm::io {

/// The parameters and buffers of the adaptations (adapters, LoRA) in `model`.
inline std::set<std::string> adaptation_names(torch::nn::Module const& model) {
  std::set<std::string> names;
  for (auto const& part : model.named_modules("", false))
    if (dynamic_cast<Adaptation const*>(part.value().get()))
      for (auto const& list : {part.value()->named_parameters(), part.value()->named_buffers()})
        for (auto const& item : list) names.insert(part.key() + "." + item.key());
  return names;
}

namespace detail {

/// Forgets that what is `given` lacked a value in a model built without initialization, and draws
/// the rest of it, or only those of `fresh` where `more_follows`.
inline void settle(torch::nn::Module& model, std::set<std::string> const& fresh,
                   std::set<std::string> const& given, bool more_follows) {
  auto const each = [&](torch::nn::Module& part, std::string const& prefix) {
    auto* const module = dynamic_cast<Module*>(&part);
    if (module == nullptr) return;
    for (std::string const& name : module->unset_names()) {
      bool const has_value = given.contains(prefix + name);
      if (has_value || !more_follows || fresh.contains(prefix + name))
        module->settle(name, has_value);
    }
  };
  each(model, "");
  for (auto const& part : model.named_modules("", /*include_self=*/false))
    each(*part.value(), part.key() + ".");
}

/// What the report says beyond numbers.
inline void describe(LoadReport& report, Checkpoint const& checkpoint, Recognized const& source) {
  report.format = checkpoint.format;
  report.section = checkpoint.section;
  if (!checkpoint.chosen.empty()) report.notes.push_back("took " + checkpoint.chosen);
  std::string others;
  for (std::string const& rival : checkpoint.rivals)
    others += (others.empty() ? "" : ", ") + shown(rival);
  std::string taken = checkpoint.section;
  if (others.empty() && !source.rivals.empty()) {
    taken = source.prefix;
    for (KeyGroup const& rival : source.rivals)
      others += (others.empty() ? "" : ", ") + shown(rival.prefix);
  }
  if (!others.empty())
    report.notes.push_back("took " + (taken.empty() ? "the top level" : shown(taken)) + ", not " +
                           others);
  for (UnreadTensor const& tensor : checkpoint.unread)
    report.skipped.push_back(brief_name(tensor.name) + " (" + tensor.type + ")");
}

/// The slots of which a checkpoint holds a tensor.
inline std::set<std::string> slots_in(Checkpoint const& checkpoint, Recognized const& source) {
  std::set<std::string> slots;
  auto const note = [&](std::string_view key) {
    if (auto const place = source.place(key)) slots.insert(slot_of(place->ours));
    if (auto const place = source.literal_place(key)) slots.insert(slot_of(place->ours));
  };
  for (NamedArray const& tensor : checkpoint.tensors) note(tensor.name);
  for (UnreadTensor const& tensor : checkpoint.unread) note(tensor.name);
  return slots;
}

/// Throws Error for a checkpoint that a known scheme explains and that does not fit: it names the
/// slots of which it has nothing (`absent`), all problems, and how to save it where it is `altered`
/// or else the model that it is of (`owner`).
[[noreturn]] inline void refuse_misfit(Problems const& problems, std::string const& absent,
                                       std::string const& owner, Recognized const& source,
                                       std::string const& altered, std::string const& where) {
  std::string const title(source.scheme.title),
      keys = " (keys read as those of " + title + ")",
      what = absent.empty() ? "this checkpoint does not fit the model"
                            : "this checkpoint (" + title + ") has no " + absent;
  std::string remedy = "give the file of this very model" + keys;
  if (!altered.empty())
    remedy = altered;
  else if (!owner.empty())
    remedy = "these are weights of " + owner + ": choose that model, or " + remedy;
  else if (absent == "text" || absent == "vision" || absent == "text, vision")
    remedy = "give the towers by --weights and this file by --decoder-weights" + keys;
  else if (!absent.empty())
    remedy += ", or those slots from another file (--decoder-weights)";
  throw Error(what + ": " + problems.text(), where, remedy);
}

/// Throws Error for a slot that no model has: nothing would be read for it, without a word.
inline void check_slots(std::vector<std::string> const& asked) {
  std::vector<std::string> const all = LoadOptions{}.slots;
  for (std::string const& slot : asked)
    if (std::ranges::find(all, slot) == all.end())
      throw Error("there is no such slot", "LoadOptions.slots: " + slot,
                  "choose among " + vlsm::strings::joined(all));
}

/// Compares the config.json of a folder with the `slots` that are read. Throws Error.
inline void check_config_beside(std::filesystem::path const& folder, ClipSettings settings,
                                std::vector<std::string> const& slots) {
  auto const read = [&](char const* slot) { return std::ranges::find(slots, slot) != slots.end(); };
  if (!read("vision")) settings.vision.reset();
  if (!read("text")) settings.text.reset();
  if (!read("decoder")) settings.decoder.reset();
  bool const any = settings.vision || settings.text || settings.decoder;
  if (std::error_code ignored;
      any && std::filesystem::is_regular_file(folder / "config.json", ignored))
    check_hf_config(folder / "config.json", settings);
}

/// One load, from a checkpoint whose memory this model may keep or not.
inline LoadReport load_from(torch::nn::Module& model, Checkpoint const& checkpoint, bool shared,
                            std::string const& where, Omits const& omits,
                            LoadOptions const& options) {
  require_unprepared(model, "load");
  check_slots(options.slots);
  std::map<std::string, at::Tensor> parameters;
  for (auto const& item : model.named_parameters()) parameters.emplace(item.key(), item.value());
  for (auto const& item : model.named_buffers()) parameters.emplace(item.key(), item.value());
  std::vector<std::string> const slots = LoadOptions{}.slots;
  auto const is_among = [](std::vector<std::string> const& list, std::string const& slot) {
    return std::ranges::find(list, slot) != list.end();
  };
  bool const all = std::ranges::all_of(
      slots, [&](std::string const& slot) { return is_among(options.slots, slot); });
  auto const asked = [&](std::string_view name) {
    std::string const slot = slot_of(std::string(name));
    return is_among(options.slots, slot) || (all && !is_among(slots, slot));
  };
  std::erase_if(parameters, [&](auto const& item) { return !asked(item.first); });

  Problems problems;
  NativeTensors const given = to_native(
      checkpoint.tensors, where,
      [&](std::string const& name) {
        if (parameters.contains(name)) return Use::keep;
        return !asked(name) || omits(name) ? Use::drop : Use::refuse;
      },
      [&](std::string const& name) { return parameters.contains(name); }, problems);
  Recognized const& source = given.source;
  std::map<std::string, std::string> unread;  // ours -> what the file has instead
  for (UnreadTensor const& tensor : checkpoint.unread)
    for (auto const& place : {source.place(tensor.name), source.literal_place(tensor.name)})
      if (place) unread.emplace(place->ours, brief_name(tensor.name) + " is " + tensor.type);

  LoadReport report{.scheme = std::string(source.scheme.name),
                    .title = std::string(source.scheme.title),
                    .dropped = given.dropped};
  std::set<std::string> const added = adaptation_names(model), there = slots_in(checkpoint, source);
  // Towers alone under our names are as good a start as under those of their publisher.
  bool const may_be_part = options.partial && source.scheme.name == native.name &&
                           (there.contains("vision") || there.contains("text"));
  std::set<std::string> fresh, loaded, lacking, absent_slots;
  Filling filling(problems);
  for (auto const& [name, parameter] : parameters) {
    if (auto const found = given.tensors.find(name); found != given.tensors.end()) {
      filling.add(name, parameter, found->second);
      // The check has read it all; what is used comes again.
      for (auto const& file : checkpoint.files) file->forget(bytes_of(found->second.value));
      loaded.insert(name);
      report.tensors += found->second.parts;
      continue;
    }
    if (auto const found = unread.find(name); found != unread.end()) {
      problems.add("of a type that is not read", found->second);
      continue;
    }
    if (name.ends_with("num_batches_tracked")) continue;  // younger than batch norm
    // A file of the model without its adaptations starts their training, whatever its scheme.
    bool const elsewhere = added.contains(name) || (may_be_part && !there.contains(slot_of(name)));
    auto const origins = elsewhere ? std::vector<Origin>{} : origins_of(source.scheme, name);
    (origins.empty() ? fresh : lacking).insert(origins.empty() ? name : slot_of(name));
    for (Origin const& origin : origins) problems.add("missing", source.spelled + origin.theirs);
  }

  std::ranges::set_difference(lacking, there, std::inserter(absent_slots, absent_slots.end()));
  std::string const title(source.scheme.title),
      absent = shared_slots({absent_slots.begin(), absent_slots.end()});
  auto const owner = [&] {
    return whose_weights(native_shapes(checkpoint.tensors, source), model, omits);
  };
  bool const nothing = loaded.empty() && !parameters.empty() && !source.scheme.parts.empty();
  if (nothing && source.near() && absent.empty()) {
    std::string readers = owner();
    if (readers.empty()) readers = source.scheme.readers;
    throw Error("this is a checkpoint of " + title + " (" + std::to_string(source.known) + " of " +
                    std::to_string(source.keys) + " keys), and nothing of it is this model's",
                where,
                readers.empty() ? std::string("choose another model or checkpoint")
                                : "it is for " + readers +
                                      ": choose that model, or give a checkpoint of this one");
  }
  // What the scheme knows and this model lacks (blocks of a deeper tower, adapters) would compute
  // something else; what no scheme knows is no part of the model.
  for (std::string const& key : given.refused) problems.add("unused", key);
  if (options.strict || problems.any())
    for (std::string const& key : given.unknown) problems.add("unused", key);
  if (options.strict)
    for (UnreadTensor const& tensor : checkpoint.unread) problems.add("unused", tensor.name);
  if (problems.any()) {
    std::vector<std::string_view> keys;
    for (NamedArray const& tensor : checkpoint.tensors) keys.push_back(tensor.name);
    if (!source.near()) refuse_unknown(source, keys, where);
    refuse_misfit(problems, absent, owner(), source, unsupported_form_remedy(keys), where);
  }
  if (!fresh.empty() && !options.partial)
    throw Error(
        "this checkpoint (" + title + ") has no " + shared_slots({fresh.begin(), fresh.end()}) +
            ": " + std::to_string(fresh.size()) + " parameters, first " + *fresh.begin(),
        where, "fine-tune from it first, or give the rest from another file (decoder weights)");
  filling.apply(shared);
  settle(model, fresh, loaded, options.more_follows);
  model.eval();
  report.loaded = filling.size();
  report.fresh = fresh.size();
  report.fresh_slots = shared_slots({fresh.begin(), fresh.end()});
  describe(report, checkpoint, source);
  for (std::string const& key : given.unknown) report.skipped.push_back(brief_name(key));
  return report;
}

}  // namespace detail

VLSM_INLINE LoadReport load_tensors(torch::nn::Module& model,
                                    std::vector<NamedArray> const& tensors,
                                    std::string const& where, Omits const& omits,
                                    LoadOptions const& options) {
  Checkpoint checkpoint;
  checkpoint.tensors = tensors;
  return detail::load_from(model, checkpoint, /*shared=*/true, where, omits, options);
}

VLSM_INLINE LoadReport load_checkpoint(torch::nn::Module& model, Checkpoint&& checkpoint,
                                       std::string const& where, Omits const& omits,
                                       LoadOptions const& options) {
  Checkpoint mine = std::move(checkpoint);
  mine.files.clear();  // the tensors may have been changed since they were read
  return detail::load_from(model, mine, /*shared=*/false, where, omits, options);
}

VLSM_INLINE LoadReport load(AnySegmenter& model, std::filesystem::path const& path,
                            LoadOptions const& options) {
  Checkpoint const checkpoint = open_checkpoint(path, options.section);
  detail::check_config_beside(path, model.info.clip, options.slots);
  return detail::load_from(
      model.module(), checkpoint, /*shared=*/false, path.string(),
      [&](std::string_view name) { return model.omits(name); }, options);
}

}  // namespace vlsm::io
