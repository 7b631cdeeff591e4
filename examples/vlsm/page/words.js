// The parts of a sentence that prompt templates name: found in it, replaced by their opposites, or
// put in.
const pattern = value => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s+');

export class Words {
  /** `answer`: what /v1/words says. */
  constructor(answer) {
    this.attributes = answer.attributes ?? [];
    this.families = answer.families ?? [];
    this.owner = new Map();  // of a value, the first attribute that knows it
    for (const attribute of this.attributes) {
      for (const value of attribute.values) {
        if (!this.owner.has(value)) this.owner.set(value, attribute);
      }
    }
    const longestFirst = [...this.owner.keys()].sort((a, b) => b.length - a.length).map(pattern);
    this.find = longestFirst.length ? new RegExp(`(?<![\\p{L}\\p{N}])(?:${longestFirst.join('|')})(?![\\p{L}\\p{N}])`, 'giu') : null;
  }

  /** The values in a sentence: [{attribute, value, opposite, start, end}]. */
  in(sentence) {
    return this.find === null ? [] : [...sentence.matchAll(this.find)].map(found => {
      const value = found[0].toLowerCase().replace(/\s+/g, ' '), attribute = this.owner.get(value);
      return {attribute, value, opposite: attribute?.opposites?.[value], start: found.index, end: found.index + found[0].length};
    }).filter(found => found.attribute);
  }

  /** The sentence with every value that has an opposite replaced by it. */
  contrary(sentence) {
    return this.in(sentence).reverse().reduce((text, {start, end, opposite}) =>
      opposite === undefined ? text : text.slice(0, start) + opposite + text.slice(end), sentence);
  }

  /** The sentence with a value in it: in the place of its attribute's first, else at `caret`. */
  with(sentence, attribute, value, caret) {
    const there = this.in(sentence).find(found => attribute.values.includes(found.value));
    while (/[\p{L}\p{N}-]/u.test(sentence[caret] ?? '') && /[\p{L}\p{N}-]/u.test(sentence[caret - 1] ?? '')) ++caret;  // not within a word
    if (there) return sentence.slice(0, there.start) + value + sentence.slice(there.end);
    const before = sentence.slice(0, caret).trimEnd(), after = sentence.slice(caret).trimStart();
    return [before, value, after].filter(Boolean).join(' ');
  }

  /** A template's sentence: each slot filled with the first of its known values, or left as it is. */
  fill(template) {
    return template.replace(/\{([^}]+)\}/g, (slot, name) => {
      if (name === 's') return '';  // the plural's letter: the first number is one
      const value = this.attributes.find(attribute => attribute.name === name.toLowerCase())?.values[0];
      if (value === undefined) return slot;
      return name[0] === name[0].toUpperCase() ? value[0].toUpperCase() + value.slice(1) : value;
    });
  }
}

const button = (text, label, act) => {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  if (label) made.setAttribute('aria-label', label);
  made.addEventListener('click', act);
  return made;
};

/** Chips of the values in a sentence that have an opposite; a click replaces by it. */
export function chipsOf(words, sentence, change) {
  return words.in(sentence).filter(found => found.opposite !== undefined).map(found =>
    button(`${found.value} ⇄ ${found.opposite}`, `${found.attribute.name}: replace ${found.value} by ${found.opposite}`,
      () => change(sentence.slice(0, found.start) + found.opposite + sentence.slice(found.end))));
}

/** Fills `box` with the templates, and with all values to put in, an attribute a fold. */
export function showWords(box, words, insert, start) {
  box.hidden = !words.attributes.length;
  const choice = document.createElement('select');
  choice.setAttribute('aria-label', 'Begin with a template');
  choice.append(new Option('Begin with a template …', ''));
  for (const family of words.families) {
    const group = Object.assign(document.createElement('optgroup'), {label: family.name});
    const whole = Object.entries(family.templates).filter(([, text]) => text && !words.fill(text).includes('{'));
    group.append(...whole.map(([level, text]) => new Option(`${level}: ${text}`, text)));
    if (whole.length) choice.append(group);
  }
  choice.addEventListener('change', () => {
    if (choice.value) start(words.fill(choice.value));
    choice.value = '';
  });
  if (words.families.length) box.append(choice);
  for (const attribute of words.attributes) {
    const fold = document.createElement('details'), chips = document.createElement('div');
    chips.className = 'chips';
    fold.append(Object.assign(document.createElement('summary'), {textContent: `Add ${attribute.name.replaceAll('_', ' ')}`}), chips);
    chips.append(...attribute.values.map(value => button(value, '', () => insert(attribute, value))));
    box.append(fold);
  }
}
