// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

// The templates of the MIDL 2024 study's prompts as tables (prompt_table.hpp), a family a text, and
// which data set uses which. Sentences are spelled as in the published annotations.
namespace vlsm {

inline constexpr std::string_view builtin_prompt_tables = R"json({
"photographic": {
  "levels": {
    "p0": "",
    "p1": "{target}",
    "p2": "{shape} {target}",
    "p3": "{color} {shape} {target}",
    "p4": "{size} {color} {shape} {target}",
    "p5": "{number} {size} {color} {shape} {target}",
    "p6": "{number} {size} {color} {shape} {target}, located in {position} of the image",
    "p7": ["{target} which is {description}"],
    "p8": ["{number} {size} {color} {shape} {target} which is {description}"],
    "p9": ["{number} {size} {color} {shape} {target} which is {description} located in {position} of the image"]
  },
  "empty": {
    "p0": "",
    "p1": "no {target}", "p2": "no {target}", "p3": "no {target}", "p4": "no {target}",
    "p5": "no {target}", "p6": "no {target}",
    "p7": ["no {target}"], "p8": ["no {target}"], "p9": ["no {target}"]
  }
},
"breast_ultrasound": {
  "levels": {
    "p0": "",
    "p1": "Tumor in the breast ultrasound image.",
    "p2": ["{Pathology} tumor in the breast ultrasound image.",
           "{Regularity}-shaped tumor in the breast ultrasound image."],
    "p3": ["{Number} {pathology} tumor{s} in the breast ultrasound image.",
           "{Number} {regularity}-shaped tumor{s} in the breast ultrasound image."],
    "p4": ["{Number} {size} {pathology} tumor{s} in the breast ultrasound image.",
           "{Number} {size} {regularity}-shaped tumor{s} in the breast ultrasound image."],
    "p5": ["{Number} {size} {pathology} tumor{s} at the {position} in the breast ultrasound image.",
           "{Number} {size} {regularity}-shaped tumor{s} at the {position} in the breast ultrasound image."],
    "p6": ["{Number} {size} {shape}-shaped {pathology} tumor{s} at the {position} in the breast ultrasound image.",
           "{Number} {size} {shape}-shaped {regularity} tumor{s} at the {position} in the breast ultrasound image."]
  },
  "empty": {
    "p0": "",
    "p1": "No tumor in the breast ultrasound image.", "p2": "No tumor in the breast ultrasound image.",
    "p3": "No tumor in the breast ultrasound image.", "p4": "No tumor in the breast ultrasound image.",
    "p5": "No tumor in the breast ultrasound image.", "p6": "No tumor in the breast ultrasound image."
  },
  "words": {
    "regularity": {"from": "pathology", "benign": "regular", "malignant": "irregular"},
    "s": {"from": "number", "one": "", "*": "s"}
  },
  "known": {"pathology": ["benign", "malignant"]}
},
"cardiac_ultrasound": {
  "levels": {
    "p0": "",
    "p1": ["{structure} {context}."],
    "p2": ["{structure} in {view}-chamber view {context}."],
    "p3": ["{structure} in {view}-chamber view {context} at end of the {cycle} cycle."],
    "p4": ["{structure} in {view}-chamber view {context} at end of the {cycle} cycle of a {sex}."],
    "p5": ["{structure} in {view}-chamber view {context} at end of the {cycle} cycle of a {age}-year-old {sex}."],
    "p6": ["{structure} in {view}-chamber view {context} at end of the {cycle} cycle of a {age}-year-old {sex} with {quality} image quality."],
    "p7": ["{structure} of {shape} shape in {view}-chamber view {context} at end of the {cycle} cycle of a {age}-year-old {sex} with {quality} image quality."]
  },
  "values": {"context": ["of the heart", "in the cardiac ultrasound"]},
  "known": {
    "structure": ["Left ventricular cavity", "Myocardium", "Left atrium cavity"],
    "view": ["two", "four"], "cycle": ["diastole", "systole"], "sex": ["male", "female"],
    "quality": ["good", "medium", "poor"]
  }
},
"chest_x_ray": {
  "levels": {
    "p0": "",
    "p1": "{finding} in a chest Xray.",
    "p2": "{finding} in the {view} view of a Chest Xray.",
    "p3": "{finding} of shape {shape} in the {view} view of a Chest Xray.",
    "p4": "{finding} of shape {shape}, and located in {position} of the {view} view of a Chest Xray.",
    "p5": "{finding} of shape {shape}, and located in {position} of the {view} view of a Chest Xray. {findings} are present.",
    "p6": "{finding} in a Chest Xray. {findings} are present. "
  },
  "known": {
    "view": ["frontal", "lateral"],
    "finding": ["Airspace Opacity", "Support Devices", "Enlarged Cardiomediastinum", "Atelectasis",
                "Cardiomegaly", "Pleural Effusion", "Edema", "Consolidation", "Pneumothorax", "Lung Lesion"],
    "findings": ["Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
                 "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion",
                 "Pleural Other", "Fracture", "Support Devices"]
  }
}
})json";

/// What every table knows of the words that masks give.
inline constexpr std::string_view mask_words = R"json({
  "size": ["tiny", "small", "medium", "large"],
  "position": ["top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right"]
})json";

/// The table of each data set of the study, and the values of its own.
inline constexpr std::string_view study_prompt_tables = R"json({
"polyp": {"like": "photographic", "values": {"target": "polyp", "description": [
  "a projecting growth of tissue",
  "often a bumpy flesh in rectum",
  "a small lump in the lining of colon",
  "a tissue growth that often resemble mushroom like stalks",
  "an abnormal growth of tissues projecting from a mucuos membrane"]}},
"isic": {"like": "photographic", "values": {"target": "skin melanoma", "description": [
  "a spot with dark speckles",
  "a spot with irregular texture",
  "a dark sore with irregular texture",
  "an irregular sore with speckles",
  "a rough wound on skin"]}},
"dfu": {"like": "photographic", "values": {"target": "foot ulcer", "description": [
  "a wound in foot and toes",
  "a sore in foot and toes",
  "a sore in skin of foot and toes",
  "an abnormailty in foot and toes",
  "an open sore or lesion in foot and toes"]}},
"busi": {"like": "breast_ultrasound"},
"camus": {"like": "cardiac_ultrasound"},
"chexlocalize": {"like": "chest_x_ray"},
"kvasir_polyp": {"like": "polyp"},
"clinicdb_polyp": {"like": "polyp"},
"bkai_polyp": {"like": "polyp"},
"cvc300_polyp": {"like": "polyp"},
"colondb_polyp": {"like": "polyp"},
"etis_polyp": {"like": "polyp"}
})json";

}  // namespace vlsm
