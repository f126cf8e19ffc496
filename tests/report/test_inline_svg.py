import re

import pytest

from lambdasim.report.inline_svg import inline

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 50">'
HOSTILE = [
    "<script>alert(1)</script>",
    '<g onload="alert(1)"><path d="M0 0L1 1" onclick="alert(1)"/></g>',
    '<image xlink:href="https://example.org/x.png" width="9" height="9"/>',
    '<use xlink:href="https://example.org/x.svg#a"/>',
    '<path d="M0 0" style="fill: url(https://example.org/#a)"/>',
    '<path d="M0 0" style="fill: expression(alert(1)); behavior: url(x)"/>',
    '<path d="M0 0" style="background: red; position: fixed"/>',
    "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></body></foreignObject>",
    '<a xlink:href="javascript:alert(1)"><text x="1" y="1">x</text></a>',
    "<style>@import url(https://example.org/x.css);</style>",
    '<animate attributeName="href" to="javascript:alert(1)"/>',
    '<path d="M0 0&quot; onload=&quot;alert(1)"/>',
    '<set attributeName="onload" to="alert(1)"/>',
]


@pytest.mark.parametrize("body", HOSTILE)
def test_only_drawing_is_let_in(body):
    markup = inline(f"{HEAD}{body}</svg>", "f").markup
    assert not re.search(r"script|onload|onclick|href|http|url\(|expression|behavior|background|position|alert", markup)


def test_what_is_written_is_escaped():
    drawing = inline(f"{HEAD}<text x='1' y='1'>&lt;script&gt; &amp; \"x\"</text></svg>", "f")
    assert "&lt;script&gt; &amp; &quot;x&quot;" in drawing.markup
    assert drawing.title == '<script> & "x"'
    assert "<script" not in drawing.markup


def test_ids_are_the_figures_own():
    body = '<defs><clipPath id="p"><rect x="0" y="0" width="9" height="9"/></clipPath><path id="m" d="M0 0"/></defs>'
    body += '<g id="unused" clip-path="url(#p)"><use xlink:href="#m" x="3" y="4"/></g>'
    markup = inline(f"{HEAD}{body}</svg>", "one").markup
    assert 'id="one-p"' in markup
    assert 'clip-path="url(#one-p)"' in markup
    assert 'href="#one-m"' in markup
    assert "unused" not in markup


def test_coordinates_move_by_a_twentieth_of_a_point_at_most():
    points = [(i * 1.23456, i * 0.98765) for i in range(200)]
    path = "M " + " \nL ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    markup = inline(f'{HEAD}<path d="{path}"/></svg>', "f").markup
    read = [float(number) for number in re.findall(r"[\d.]+", re.search(' d="(.*?)"', markup)[1])]
    flat = [value for point in points for value in point]
    assert len(read) == len(flat)
    assert max(abs(a - b) for a, b in zip(read, flat, strict=True)) <= 0.05 + 1e-9
    assert len(markup) < 0.7 * len(path)


def test_colours_become_variables_that_the_page_defines():
    drawing = inline(f'{HEAD}<path d="M0 0" style="fill: #ABCDEF; stroke: none; stroke-width: 0.8"/></svg>', "f")
    assert drawing.colours == {"#abcdef"}
    assert 'style="fill:var(--cabcdef);stroke:none;stroke-width:0.8"' in drawing.markup


def test_the_title_is_what_is_written_largest():
    texts = '<text style="font-size: 8px">axis</text><text style="font: bold 11.5px x">It peaked</text>'
    texts += '<text style="font: bold 11.5px x">at 9</text><path d="M0 0"/><path d="M1 1"/>'
    drawing = inline(f"{HEAD}{texts}</svg>", "f")
    assert drawing.title == "It peaked at 9"
    assert 'aria-label="It peaked at 9"' in drawing.markup
    assert drawing.sentence == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no well-formed SVG"),
        ("<svg", "no well-formed SVG"),
        ("<html/>", "no SVG"),
        ("<svg/>", "without a size"),
        ('<svg viewBox="0 0 0 5"/>', "without a size"),
        ('<svg viewBox="a b c d"/>', "without a size"),
    ],
)
def test_what_is_no_figure_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        inline(text, "f")


def test_entities_that_would_fill_the_memory_are_refused():
    laughs = '<!DOCTYPE svg [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 20}">' for i in range(8)
    )
    with pytest.raises(ValueError, match="no well-formed SVG"):
        inline(f"{laughs}]>{HEAD}<text>&i;</text></svg>", "f")
