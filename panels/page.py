"""The pieces that a panel is made of, each with the values that it shows.

Values travel apart from the layout, so that they are not sent back with every click.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from fiftyone.operators import types

from ..plugin.report.theme import Plot
from ..plugin.wording import plain

Handler = Callable[..., Any]

COLUMN = {"gridTemplateColumns": "minmax(0, 1fr)"}
TWO_COLUMNS = {
    "gridTemplateColumns": "repeat(2, minmax(0, 1fr))",
    "gridAutoFlow": "row",
    "alignItems": "stretch",
}
ROW = {"display": "flex", "flexWrap": "wrap", "alignItems": "center"}
"""How groups lie; without them a wide table would widen the whole panel."""

AS_WIDE_AS_ITS_WORDS = {"item": {"sx": {"width": "auto"}}}
ROOM_BESIDE_ICONS = {"button": {"sx": {"px": "8px"}}}
FRAMED = {
    "item": {"sx": {"border": "1px solid", "borderColor": "divider", "borderRadius": "4px", "p": "6px 12px"}}
}
"""How a piece lies in its group; a frame that is drawn around the piece would not be as high as its row."""


class Page:
    """A group of pieces.

    Attributes:
        schema: What the App draws.
        data: Name of a piece → what it shows.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.schema = types.Object()
        self.data: dict[str, Any] = {}

    def group(
        self,
        name: str,
        style: dict[str, str] = COLUMN,
        place: dict[str, dict] | None = None,
        **view: Any,
    ) -> "Page":
        """Add a group.

        Args:
            name: Name of the group.
            style: How its pieces lie: `COLUMN`, `TWO_COLUMNS` or `ROW`.
            place: How it lies itself, e.g. `FRAMED`.
            **view: Arguments of FiftyOne's `GridView`.
        """
        inner = Page()
        self.schema.define_property(name, inner.schema, view=grid(style, place, **view))
        self.data[name] = inner.data
        return inner

    def text(self, name: str, markdown: str) -> None:
        """Add a text in Markdown."""
        self.schema.str(name, view=types.MarkdownView(read_only=True))
        self.data[name] = markdown

    def button(self, name: str, label: str, on_click: Handler, **view: Any) -> None:
        """Add a button."""
        self.schema.btn(
            name,
            label=label,
            on_click=on_click,
            **{"variant": "outlined", "componentsProps": AS_WIDE_AS_ITS_WORDS | ROOM_BESIDE_ICONS} | view,
        )

    def choice(
        self,
        name: str,
        values: dict[str, str],
        on_change: Handler,
        *,
        view: types.Choices | None = None,
        **view_arguments: Any,
    ) -> None:
        """Add a choice; its value is part of the panel's state.

        Args:
            name: Name of the piece.
            values: Value → what it is called.
            on_change: Called with the new value.
            view: What it looks like, a dropdown if None.
            **view_arguments: Arguments of the dropdown.
        """
        view = view or types.DropdownView(**view_arguments)
        for value, words in values.items():
            view.add_choice(value, label=words)
        self.schema.enum(name, list(values), view=view, on_change=on_change)

    def slider(self, name: str, label: str, low: int, high: int, step: int, on_change: Handler) -> None:
        """Add a slider for a whole number of percent; its value is part of the panel's state."""
        view = types.SliderView(label=label, label_position="top", value_precision=0, view_multiple_of=step)
        self.schema.int(name, min=low, max=high, view=view, label=label, on_change=on_change)

    def field(self, name: str, label: str, on_change: Handler) -> None:
        """Add a field for a text, which is part of the panel's state."""
        self.schema.str(name, label=label, view=types.LazyFieldView(), on_change=on_change)

    def picture(self, name: str, address: str, height: int, on_click: Handler, params: dict) -> None:
        """Add a picture that can be clicked; `height` is in pixels."""
        view = types.ImageView(
            height=f"{height}px",
            alt=name,
            operator=on_click,
            params=params,
            componentsProps=AS_WIDE_AS_ITS_WORDS,
        )
        self.schema.str(name, view=view)
        self.data[name] = address

    def progress(self, name: str, share: float, label: str) -> None:
        """Add a bar; `share` is in [0, 1]."""
        self.schema.float(name, view=types.ProgressView(label=label))
        self.data[name] = share

    def plot(self, plot: Plot, on_click: Handler | None = None) -> None:
        """Add a figure with its title and how to read it, in a group of the figure's name."""
        group = self.group(plot.name)
        group.text("title", f"**{plain(plot.title)}**")
        figure = json.loads(plot.figure.to_json())
        layout = _explicit(figure["layout"])
        height = layout.pop("height")
        # Left to itself, a figure is as high as the panel.
        height_of_item = {"item": {"sx": {"height": f"{height}px"}}}
        view = {"layout": layout, "height": height, "componentsProps": height_of_item}
        group.schema.plot("figure", config={"scrollZoom": False}, on_click=on_click, **view)
        group.data["figure"] = figure["data"]
        if plot.note:
            group.text("note", plain(plot.note))

    def table(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], on_click_row: Handler | None
    ) -> None:
        """Add a table.

        Args:
            name: Name of the piece.
            columns: Titles of the columns.
            rows: Rows of values, one per column.
            on_click_row: Called with the number of a row, from 0.
        """
        as_narrow_as_the_panel = {"table": {"sx": {"minWidth": 0}}}
        view = types.TableView(on_click_row=on_click_row, componentsProps=as_narrow_as_the_panel)
        keys = [f"column{number}" for number in range(len(columns))]
        for key, title in zip(keys, columns, strict=True):
            view.add_column(key, label=title)
        self.schema.list(name, types.Object(), view=view)
        self.data[name] = [
            {"id": number} | dict(zip(keys, row, strict=True)) for number, row in enumerate(rows)
        ]


def grid(style: dict[str, str] = COLUMN, place: dict[str, dict] | None = None, **view: Any) -> types.GridView:
    """How a group looks."""
    props = {"grid": {"sx": style}} | (place or {})
    return types.GridView(**{"orientation": "vertical", "gap": 1, "componentsProps": props} | view)


def _explicit(layout: dict) -> dict:
    """The layout, with what the App would otherwise set to its own taste taken from the template."""
    ours = layout["template"]["layout"]
    axes = {
        name: {
            "gridcolor": ours["xaxis"]["gridcolor"],
            "zerolinecolor": ours["xaxis"]["zerolinecolor"],
            **axis,
        }
        for name, axis in layout.items()
        if name.startswith(("xaxis", "yaxis"))
    }
    clear = {"paper_bgcolor": ours["paper_bgcolor"], "plot_bgcolor": ours["plot_bgcolor"]}
    return {"margin": ours["margin"], "legend": ours["legend"], "font": {"size": 12}} | clear | layout | axes
