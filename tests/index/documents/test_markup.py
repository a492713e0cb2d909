import pytest

from answerable.index.documents.email_text import email_to_text
from answerable.index.documents.html_text import HtmlText, decode_html, html_to_text

MAIL = b"""From: Ann <ann@example.org>
Subject: =?utf-8?q?Caf=C3=A9_plan?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=X

--X
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Caf=E9 opens at <b>nine</b>.</p>
--X
Content-Type: text/plain
Content-Disposition: attachment; filename=notes.txt

not shown
--X--
"""


def test_html_reads_as_a_person_sees_it() -> None:
    """Blocks, items and rows become lines; scripts and navigation are left out."""
    html = (
        "<html><head><title> A &amp;\n B </title><style>p{}</style></head><body>"
        "<nav><a>Home</a></nav><h2>Rates  of <i>pay</i></h2><p>One&nbsp;two<br>three</p>"
        "<ul><li>first<li><p>second</p></ul><script>x('<p>')</script>"
        "<table><tr><th>City<th>Rate<tr><td><p>Oslo</p><td>12</table><pre>a\n  b</pre>tail"
    )
    assert html_to_text(html) == HtmlText(
        "## Rates of pay\n\nOne\u00a0two\nthree\n\n- first\n- second\n\n"
        "City | Rate\nOslo | 12\n\na\n  b\n\ntail",
        "A & B",
    )


def test_email_has_headers_body_and_attachment_names() -> None:
    """Encoded headers and an HTML body are decoded; attachments are named, not read."""
    text, subject = email_to_text(MAIL)
    assert subject == "Café plan"
    assert text == (
        "Subject: Café plan\nFrom: Ann <ann@example.org>\nAttachments: notes.txt\n\n"
        "Café opens at nine."
    )


@pytest.mark.parametrize("declared", ["utf-16", "UTF-16LE", "utf-32", "u16"])
def test_a_declaration_that_can_be_read_is_not_of_wide_characters(declared: str) -> None:
    """A page that declares UTF-16 byte by byte is UTF-8, or else what its bytes look like."""
    page = f'<meta charset="{declared}"><p>Caf\u00e9 opens at nine.</p>'
    assert decode_html(page.encode()) == page
    assert decode_html(page.encode("latin-1")) == page
    assert decode_html(page.encode("utf-16")) == page


@pytest.mark.parametrize("tag", ["nav", "button", "select", "object", "svg", "noscript"])
def test_a_dropped_element_that_never_ends_is_overlooked(tag: str) -> None:
    """Only its tag is lost, not the rest of the page; those that end are dropped as ever."""
    html = f"<p>one</p><{tag}><p>two</p><{tag}>gone</{tag}><nav>gone</nav><p>three</p>"
    assert html_to_text(html).text == "one\n\ntwo\n\nthree"


def test_a_script_that_never_ends_stays_dropped() -> None:
    """What follows is script, as in a browser."""
    assert html_to_text("<p>one</p><script>x()<p>two</p>").text == "one"
    assert html_to_text("<nav><p>one</p><script>x()<p>two</p>").text == "one"
