// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace vlsm {

/// For each attribute and each of its values: an uncommon English word and a word of another
/// meaning. Those of "large" are the MIDL 2024 study's; all others are this library's proposal.
inline constexpr std::string_view perturbation_words = R"json({
"size": {
  "tiny": ["zymurgy", "large"], "small": ["usquebaugh", "large"], "medium": ["quidnunc", "tiny"],
  "large": ["xenogeny", "small"]
},
"position": {
  "top": ["yclept", "bottom"], "bottom": ["gallimaufry", "top"], "left": ["widdershins", "right"],
  "right": ["borborygmus", "left"], "center": ["petrichor", "top left"],
  "top left": ["yclept widdershins", "bottom right"], "top right": ["yclept borborygmus", "bottom left"],
  "bottom left": ["gallimaufry widdershins", "top right"],
  "bottom right": ["gallimaufry borborygmus", "top left"]
},
"number": {
  "one": ["absquatulate", "ten"], "two": ["bumfuzzle", "one"], "three": ["cattywampus", "one"],
  "four": ["dulcarnon", "one"], "five": ["eleemosynary", "one"], "six": ["fudgel", "one"],
  "seven": ["gobemouche", "one"], "eight": ["hobbledehoy", "one"], "nine": ["inaniloquent", "one"],
  "ten": ["jentacular", "one"], "eleven": ["kerfuffle", "one"], "twelve": ["lollygag", "one"],
  "thirteen": ["mugwump", "one"], "fourteen": ["nudiustertian", "one"], "fifteen": ["oxter", "one"],
  "sixteen": ["pauciloquent", "one"], "seventeen": ["quomodocunque", "one"], "eighteen": ["ratoon", "one"],
  "nineteen": ["snollygoster", "one"], "twenty": ["tatterdemalion", "one"]
},
"color": {
  "white": ["wabbit", "black"], "black": ["meldrop", "white"], "brown": ["jumentous", "blue"],
  "tan": ["kylix", "blue"], "pink": ["erinaceous", "green"], "peach": ["quockerwodger", "green"],
  "red": ["halfpace", "green"], "green": ["obelus", "red"], "yellow": ["frondescence", "purple"],
  "gold": ["tyrotoxism", "purple"], "purple": ["panurgic", "yellow"], "orange": ["impignorate", "blue"],
  "blue": ["nidificate", "orange"], "gray": ["ragmatical", "red"], "grey": ["ragmatical", "red"],
  "silver": ["sialoquent", "black"]
},
"shape": {
  "circle": ["tmesis", "square"], "square": ["vellichor", "circle"], "oval": ["ullage", "rectangle"],
  "round": ["winklepicker", "square"], "rectangle": ["xylology", "oval"],
  "triangle": ["yarborough", "circle"], "rectangular": ["xylology", "oval"],
  "triangular": ["yarborough", "circular"], "circular": ["tmesis", "square"],
  "heart": ["defenestrate", "square"], "octagon": ["zugzwang", "triangle"], "a circle": ["tmesis", "square"],
  "foot": ["kenspeckle", "circle"], "kidney": ["eructation", "square"], "toe": ["kenspeckle", "circle"],
  "thumb": ["kenspeckle", "circle"], "star": ["cynosure", "circle"], "diamond": ["brontide", "circle"],
  "a rectangle": ["xylology", "oval"], "a square": ["vellichor", "circle"],
  "large": ["kenspeckle", "circle"], "it is a round shape": ["winklepicker", "square"],
  "it is round": ["winklepicker", "square"], "ovoid": ["ullage", "rectangle"],
  "a protrusion": ["kenspeckle", "circle"], "apple": ["winklepicker", "square"],
  "a triangle": ["yarborough", "circle"], "bone": ["kenspeckle", "circle"], "flat": ["hiraeth", "round"],
  "an oval": ["ullage", "rectangle"], "a foot": ["kenspeckle", "circle"], "x ray": ["izzard", "circle"],
  "stomach": ["kenspeckle", "circle"], "x-rays": ["izzard", "circle"], "rib cage": ["kenspeckle", "circle"],
  "x-shaped": ["izzard", "circle"], "rectangles": ["xylology", "oval"], "a thumb": ["kenspeckle", "circle"],
  "a semicircle": ["groak", "square"], "mouth": ["kenspeckle", "circle"], "a knee": ["kenspeckle", "circle"],
  "right ear": ["kenspeckle", "circle"], "ankle": ["kenspeckle", "circle"],
  "ribcage": ["kenspeckle", "circle"], "x-ray": ["izzard", "circle"],
  "it is a triangular shape": ["yarborough", "circular"], "ear": ["kenspeckle", "circle"],
  "heart shape": ["defenestrate", "square"], "a heart": ["defenestrate", "square"],
  "it is a circle": ["tmesis", "square"], "a teardrop": ["farrago", "square"],
  "finger": ["kenspeckle", "circle"], "nail": ["kenspeckle", "circle"],
  "a fingerprint": ["kenspeckle", "circle"], "xbox": ["izzard", "circle"], "diagonal": ["jejune", "circle"],
  "right foot": ["kenspeckle", "circle"], "middle of ear": ["kenspeckle", "circle"],
  "a large bone": ["kenspeckle", "circle"], "middle of donut": ["kenspeckle", "circle"],
  "a nail": ["kenspeckle", "circle"], "a large, oval bump": ["ullage", "rectangle"],
  "hexagon": ["apricity", "triangle"], "heart shaped": ["defenestrate", "square"],
  "ossification": ["kenspeckle", "circle"], "a tooth": ["kenspeckle", "circle"],
  "middle of the ear": ["kenspeckle", "circle"], "a triangular shape": ["yarborough", "circular"],
  "a heart shape": ["defenestrate", "square"], "teat": ["kenspeckle", "circle"],
  "semicircle": ["groak", "square"], "bottom of ear": ["kenspeckle", "circle"],
  "a kidney": ["eructation", "square"], "middle": ["kenspeckle", "circle"],
  "thyroid gland": ["kenspeckle", "circle"], "end of ear": ["kenspeckle", "circle"],
  "center of the human body": ["kenspeckle", "circle"], "it is a rectangle": ["xylology", "oval"],
  "end of stomach": ["kenspeckle", "circle"], "a cyst": ["kenspeckle", "circle"],
  "triangular shape": ["yarborough", "circular"], "teardrop": ["farrago", "square"],
  "center of body": ["kenspeckle", "circle"], "a green square": ["vellichor", "circle"],
  "it is triangular": ["yarborough", "circular"], "it is triangular shaped": ["yarborough", "circular"],
  "an arm": ["kenspeckle", "circle"], "open": ["kenspeckle", "circle"], "fat": ["kenspeckle", "circle"],
  "leg": ["kenspeckle", "circle"], "a bone": ["kenspeckle", "circle"], "a wound": ["kenspeckle", "circle"],
  "frog": ["kenspeckle", "circle"], "ham": ["kenspeckle", "circle"], "hot dog": ["kenspeckle", "circle"],
  "a hot dog": ["kenspeckle", "circle"], "pinky": ["kenspeckle", "circle"],
  "ball": ["winklepicker", "square"], "a shadow": ["kenspeckle", "circle"], "vertical": ["jejune", "circle"],
  "x shape": ["izzard", "circle"], "xray": ["izzard", "circle"], "rectal": ["kenspeckle", "circle"]
},
"pathology": {
  "benign": ["kakistocracy", "malignant"], "malignant": ["lalochezia", "benign"],
  "regular": ["mumpsimus", "irregular"], "irregular": ["nychthemeron", "regular"]
},
"view": {
  "frontal": ["orgulous", "lateral"], "lateral": ["pogonotrophy", "frontal"],
  "two": ["quaquaversal", "four"], "four": ["rumbustious", "two"]
},
"cycle": {
  "systole": ["sciolist", "diastole"], "diastole": ["tergiversate", "systole"]
},
"sex": {
  "male": ["usufruct", "female"], "female": ["velleity", "male"]
},
"quality": {
  "good": ["wayzgoose", "poor"], "medium": ["xerophagy", "poor"], "poor": ["ylem", "good"]
}
})json";

}  // namespace vlsm
