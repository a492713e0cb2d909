"""Porter's stemmer: "paying", "paid" no, but "pays" and "payment" become one term with "pay".

Source: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the author's
two later changes of step 2 (``abli`` became ``bli``, and ``logi`` was added).
"""

import re

# A word is [C](VC)^m[V] in runs of consonants and vowels; m counts the steps from V to C.
_SUFFIXES_2 = {
    "ational": "ate",
    "tional": "tion",
    "enci": "ence",
    "anci": "ance",
    "izer": "ize",
    "bli": "ble",
    "alli": "al",
    "entli": "ent",
    "eli": "e",
    "ousli": "ous",
    "ization": "ize",
    "ation": "ate",
    "ator": "ate",
    "alism": "al",
    "iveness": "ive",
    "fulness": "ful",
    "ousness": "ous",
    "aliti": "al",
    "iviti": "ive",
    "biliti": "ble",
    "logi": "log",
}
_SUFFIXES_3 = {
    "icate": "ic",
    "ative": "",
    "alize": "al",
    "iciti": "ic",
    "ical": "ic",
    "ful": "",
    "ness": "",
}
_SUFFIXES_4 = tuple(
    "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split()
)
_SHORTEST = 3
_VOWEL_RUNS = re.compile("v+c")


def stem(word: str) -> str:
    """Return the stem of a lower-case English word; words of one or two letters are kept."""
    if len(word) < _SHORTEST:
        return word
    for step in (_plurals, _past_forms, _final_y, _double_suffixes, _suffixes, _endings, _tidy):
        word = step(word)
    return word


def _shape(word: str) -> str:
    """Return ``c`` and ``v`` for each letter, consonant or vowel."""
    shape = ""
    for letter in word:
        is_vowel = letter in "aeiou" or (letter == "y" and shape.endswith("c"))
        shape += "v" if is_vowel else "c"
    return shape


def _measure(word: str) -> int:
    """Return how often a consonant follows a vowel: m of the paper."""
    return len(_VOWEL_RUNS.findall(_shape(word)))


def _has_vowel(word: str) -> bool:
    return "v" in _shape(word)


def _ends_in_double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _shape(word)[-1] == "c"


def _ends_short(word: str) -> bool:
    """Say whether it ends consonant, vowel, consonant, the last not w, x or y: *o of the paper."""
    return _shape(word)[-3:] == "cvc" and word[-1] not in "wxy"


def _plurals(word: str) -> str:
    # SQLite asks for one letter more before these endings than Porter does.
    if (word.endswith("sses") and len(word) > 4) or (word.endswith("ies") and len(word) > 3):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _past_forms(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        if word.endswith(suffix) and _has_vowel(word[: -len(suffix)]):
            return _restored(word[: -len(suffix)])
    return word


def _restored(word: str) -> str:
    """Repair what is left after "ed" or "ing": "hop(ping)", "fil(ing)", "conflat(ed)"."""
    if word.endswith(("at", "bl", "iz")):
        return f"{word}e"
    if _ends_in_double(word) and not word.endswith(("l", "s", "z")):
        return word[:-1]
    if _measure(word) == 1 and _ends_short(word):
        return f"{word}e"
    return word


def _final_y(word: str) -> str:
    return f"{word[:-1]}i" if word.endswith("y") and _has_vowel(word[:-1]) else word


def _replaced(word: str, suffixes: dict[str, str]) -> str:
    """Replace the longest suffix, if the word before it has a measure."""
    if not word.endswith(tuple(suffixes)):
        return word
    found = max((s for s in suffixes if word.endswith(s)), key=len)
    rest = word[: len(word) - len(found)]
    return rest + suffixes[found] if _measure(rest) > 0 else word


def _double_suffixes(word: str) -> str:
    return _replaced(word, _SUFFIXES_2)


def _suffixes(word: str) -> str:
    return _replaced(word, _SUFFIXES_3)


def _endings(word: str) -> str:
    if not word.endswith(_SUFFIXES_4):
        return word
    found = max((s for s in _SUFFIXES_4 if word.endswith(s)), key=len)
    rest = word[: len(word) - len(found)]
    if _measure(rest) < 2 or (found == "ion" and not rest.endswith(("s", "t"))):
        return word
    return rest


def _tidy(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _ends_short(rest)):
            word = rest
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word
