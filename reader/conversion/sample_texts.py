"""Questions and passages on which a reader is observed while it is quantized.

They show how large activations become; what they say does not matter, only that they are of
many kinds. The first two are also the golden windows.
"""

from collections.abc import Sequence

from tokenizers import Tokenizer

from ..windows import Window, WindowConfig, WindowMaker

GOLDEN_SAMPLES = 2

SAMPLES: Sequence[tuple[str, str]] = (
    (
        "How long does the lamp burn on one charge?",
        (
            "The lamp is charged with the cable in the box. A full charge takes 3 hours and lasts for "
            "about 14 hours of light."
        ),
    ),
    (
        "Who signed the treaty of 1761?",
        (
            "In 1748 the two towns, which had quarrelled over the river for decades, agreed to share "
            "the ferry; the duke himself sealed the letter."
        ),
    ),
    (
        "Which river did the engineers dam?",
        (
            "Work on the reservoir began in the spring of 1931, after a decade of dispute between the "
            "valley's farmers and the city, which had doubled in size since the war. The engineers "
            "dammed the upper Orle at a narrow gorge known locally as the Cat's Leap, and flooded two "
            "villages whose inhabitants were resettled downstream. The wall is 62 metres high and held "
            "back some 40 million cubic metres of water when it was finished in 1936; silt has since "
            "taken a fifth of that."
        ),
    ),
    (
        "What is the notice period during probation?",
        (
            "7.2 Termination. During the probationary period of six months either party may end the "
            "contract with two weeks' notice (14 days) to any date. After it, the notice period is "
            "one month to the end of a calendar month, rising to two months after five years of "
            "service. Notice must be given in writing; e-mail is not sufficient. The right to "
            "terminate for cause (§ 626) is unaffected."
        ),
    ),
    (
        "when was the album released",
        (
            'Their third album, "Paper Lanterns", was recorded in eleven days at a farmhouse near '
            "Leeds and released on 4 October 1994. It reached number 7 in the United Kingdom, sold "
            "over 300,000 copies, and won the group its only Mercury Prize nomination. Critics praised "
            "its spare arrangements and Mara Quill's voice, though NME called it \"a sulk set to "
            'cello".'
        ),
    ),
    (
        "What does the parameter timeout_ms default to?",
        (
            "## connect(host, port=5432, *, timeout_ms=2500, retries=3)\n\nOpens a connection and "
            "returns a `Session`. Raises `ConnectionRefused` when nothing listens at `host:port`. "
            "`timeout_ms` applies to each attempt, not to all of them together; set it to 0 to wait "
            "forever (not recommended). Since version 2.7.1 retries back off: 100, 200, 400 ms."
        ),
    ),
    (
        "How is the protein folded in the cell?",
        (
            "Chaperonins are large cylindrical complexes that help other proteins to fold. In "
            "bacteria, GroEL binds an unfolded chain inside its cavity; ATP and the co-chaperonin "
            "GroES close the lid, and for some ten seconds the chain can fold without sticking to its "
            "neighbours. Not every protein needs this: in Escherichia coli about 10 to 15 percent of "
            "all newly made chains pass through GroEL at least once."
        ),
    ),
    (
        "How do I reset the machine?",
        (
            "hi all, the label printer on floor 2 is acting up again :( if it blinks red, hold the "
            "power button for 10 sec, wait until the fan stops, then switch it back on. don't pull "
            "the plug!! if that doesn't help call Joanna (ext. 4471) or open a ticket. thx, Sam"
        ),
    ),
    (
        "What was the revenue in the second quarter?",
        (
            "Quarter | Revenue (EUR m) | Change | Staff\nQ1 2023 | 41.8 | +3.2% | 612\nQ2 2023 | 44.1 "
            "| +5.5% | 640\nQ3 2023 | 39.7 | -1.1% | 655\nThe decline in the third quarter reflects "
            "the sale of the Lyon branch, completed on 31 July, and a weaker dollar."
        ),
    ),
    (
        "Why did the parliament refuse the budget, and who proposed it?",
        (
            "The minority government of Prime Minister Elsa Brandt presented its second budget on 12 "
            "September. It foresaw higher excise duties on fuel and a freeze on pensions, and was "
            "refused by 91 votes to 84 after the Centre Party, which had until then tolerated the "
            "cabinet, withdrew its support over the pensions. Brandt, who had served as finance "
            "minister from 2009 to 2013 under her predecessor, resigned the next morning; elections "
            "were held in November."
        ),
    ),
    (
        "Does this place have parking?",
        (
            "We stayed three nights in May. Lovely old house, huge breakfast, and the owners could "
            "not have been kinder, but the walls are thin and our neighbours were, well, audible. "
            "Free parking behind the barn (narrow gate, mind your mirrors). 8/10, would come back."
        ),
    ),
    (
        "In what century did the spice trade shift to the Cape route?",
        (
            "Until the end of the Middle Ages pepper, cloves and nutmeg reached Europe through "
            "Alexandria and Venice. After Vasco da Gama's voyage of 1497-1499 a growing share went "
            "around the Cape of Good Hope, first in Portuguese and, from about 1600, in Dutch and "
            "English ships. The older road did not vanish at once: in the 1560s Venice bought as much "
            "pepper in Alexandria as before. Only in the seventeenth century did the sea route carry "
            "nearly everything, and prices in Amsterdam fell to a third."
        ),
    ),
)


def sample_windows(tokenizer: Tokenizer, config: WindowConfig) -> list[Window]:
    """Return the samples as windows, the golden ones first, one of each passage.

    Raises:
        ModelFolderInvalid: the tokenizer is not that of a BERT model.
    """
    maker = WindowMaker(tokenizer, config)
    return [maker.windows(question, [passage])[0] for question, passage in SAMPLES]
