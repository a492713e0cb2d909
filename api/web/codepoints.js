// Places in a text: the service counts code points, the browser UTF-16 units. They differ after
// every character beyond U+FFFF, such as most emoji.

export class CodePoints {
  #high = []; // where the characters of two units begin

  constructor(text) {
    for (const pair of text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) this.#high.push(pair.index);
  }

  /** The place in code points of a place in UTF-16; inside a character, that of its beginning. */
  fromUnits(units) {
    return units - this.#count((high) => high < units);
  }

  /** The place in UTF-16 of a place in code points. */
  toUnits(codePoints) {
    return codePoints + this.#count((high, index) => high - index < codePoints);
  }

  /** How many characters of two units come before; `isBefore` holds for a first part of them. */
  #count(isBefore) {
    let low = 0;
    let high = this.#high.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#high[middle], middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
