"""The pieces that a panel is made of, each with the values that it shows and what a click on it does.

Values travel apart from the layout, so that they are not sent back with every click. Only the marks of
figures lie in it: beside a changed value, the App draws every figure anew whose marks are values.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fiftyone.operators import types

from ..plugin.report.theme import Plot
from ..plugin.wording import plain

Thing = TypeVar("Thing")
Action = Callable[..., Any]
"""What a click does; it is given the `event.Event`, and the mark or row that was clicked."""

ON_SHORT_SCREENS = "@media (max-height: 799px)"
ON_NARROW_SCREENS = "@media (max-width: 1199px)"

COLUMN = {"gridTemplateColumns": "minmax(0, 1fr)"}
TWO_COLUMNS = {
    "gridTemplateColumns": "repeat(2, minmax(0, 1fr))",
    "gridAutoFlow": "row",
    "alignItems": "stretch",
    ON_SHORT_SCREENS: COLUMN | {"gap": 0},
}
ROW = {"display": "flex", "flexWrap": "wrap", "alignItems": "center"}
"""How groups lie; without them a wide table would widen the whole panel."""

AS_WIDE_AS_ITS_WORDS = {"item": {"sx": {"width": "auto"}}}
ROOM_BESIDE_ICONS = {"button": {"sx": {"px": "8px", ON_NARROW_SCREENS: {"p": "2px 6px"}}}}
FRAME = {"border": "1px solid", "borderColor": "divider", "borderRadius": "4px", "p": "6px 12px"}
FRAMED = {"item": {"sx": FRAME}}
"""How a piece lies in its group; a frame that is drawn around the piece would not be as high as its row."""

ONE_LINE = {"m": 0, "whiteSpace": "nowrap", "overflow": "hidden", "textOverflow": "ellipsis"}
FOLDED = {
    "border": 0,
    "p": 0,
    "& p": ONE_LINE,
    "& p:first-of-type": {"display": "none"},
    "&:hover p": {"display": "block", "whiteSpace": "normal"},
}
CARD = {"item": {"sx": FRAME | {ON_SHORT_SCREENS: FOLDED}}}
"""A frame around a question and its answer; on short screens one line of the answer, all while pointed at."""


class Page:
    """A group of pieces.

    Attributes:
        schema: What the App draws.
        data: Name of a piece → what it shows.
        clicks: Path of a piece → what a click on it does, given the event and its parameters; of the whole
            page.
    """

    def __init__(self, on_choice: Action, on_click: Action, path: str = "") -> None:
        """Begin with nothing.

        Args:
            on_choice: Method of the panel that is called when something is chosen, moved or typed.
            on_click: Method that is called when a button, picture, mark or row is clicked.
            path: Where the group lies in the page, "" or with a dot at its end.
        """
        self.schema = types.Object()
        self.data: dict[str, Any] = {}
        self.clicks: dict[str, Callable[[Any, dict], Any]] = {}
        self._on_choice, self._on_click, self._path = on_choice, on_click, path

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
        inner = Page(self._on_choice, self._on_click, f"{self._path}{name}.")
        inner.clicks = self.clicks
        self.schema.define_property(name, inner.schema, view=grid(style, place, **view))
        self.data[name] = inner.data
        return inner

    def text(self, name: str, markdown: str) -> None:
        """Add a text in Markdown."""
        self.schema.str(name, view=types.MarkdownView(read_only=True))
        self.data[name] = markdown

    def button(self, name: str, label: str, on_click: Action, **view: Any) -> None:
        """Add a button."""
        look = {"variant": "outlined", "componentsProps": AS_WIDE_AS_ITS_WORDS | ROOM_BESIDE_ICONS}
        self.schema.btn(
            name,
            label=label,
            on_click=self._on_click,
            params=self._clicked(name, on_click),
            **look | view,
        )

    def choice(
        self, name: str, values: dict[str, str], view: types.Choices | None = None, **dropdown: Any
    ) -> None:
        """Add a choice; its value is part of the panel's state.

        Args:
            name: Name of the piece.
            values: Value → what it is called.
            view: What it looks like, a dropdown if None.
            **dropdown: Arguments of the dropdown.
        """
        view = view or types.DropdownView(**dropdown)
        for value, words in values.items():
            view.add_choice(value, label=words)
        self.schema.enum(name, list(values), view=view, on_change=self._on_choice)

    def slider(self, name: str, label: str, low: int, high: int, step: int) -> None:
        """Add a slider for a whole number of percent; its value is part of the panel's state."""
        view = types.SliderView(label=label, label_position="top", value_precision=0, view_multiple_of=step)
        on_change = self._on_choice
        self.schema.int(name, min=low, max=high, view=view, label=label, on_change=on_change)

    def field(self, name: str, label: str) -> None:
        """Add a field for a text, which is part of the panel's state."""
        view = types.LazyFieldView()
        self.schema.str(name, label=label, view=view, on_change=self._on_choice)

    def picture(self, name: str, address: str, height: int, on_click: Action) -> None:
        """Add a picture that can be clicked; `height` is in pixels."""
        view = types.ImageView(
            height=f"{height}px",
            alt=name,
            operator=self._on_click,
            params=self._clicked(name, on_click),
            componentsProps=AS_WIDE_AS_ITS_WORDS,
        )
        self.schema.str(name, view=view)
        self.data[name] = address

    def progress(self, name: str, share: float, label: str) -> None:
        """Add a bar; `share` is in [0, 1]."""
        self.schema.float(name, view=types.ProgressView(label=label))
        self.data[name] = share

    def plot(self, plot: Plot, on_click: Action | None = None) -> None:
        """Add a figure with its title and how to read it, in a group of the figure's name.

        Args:
            plot: The figure.
            on_click: What a click on a mark does; it is given the event and the `customdata` of the mark.
        """
        group = self.group(plot.name)
        group.text("title", f"**{plain(plot.title)}**")
        figure = json.loads(plot.figure.to_json())
        layout = _explicit(figure["layout"])
        height = layout.pop("height")
        # Left to itself, a figure is as high as the panel.
        height_of_item = {"item": {"sx": {"height": f"{height}px"}}}
        view = {"data": figure["data"], "layout": layout, "height": height, "componentsProps": height_of_item}
        handler = self._on_click if on_click else None
        config = {"scrollZoom": False, "responsive": True}  # follows the width of the window
        group.schema.plot("figure", config=config, on_click=handler, **view)
        if plot.note:
            group.text("note", plain(plot.note))
        if on_click:
            self.clicks[f"{group._path}figure"] = lambda event, params: on_click(
                event, _mark_at(figure["data"][params["trace_idx"]]["customdata"], params["idx"])
            )

    def table(
        self,
        name: str,
        columns: Sequence[str],
        things: Sequence[Thing],
        row: Callable[[Thing], Sequence[Any]],
        on_click: Action,
    ) -> None:
        """Add a table.

        Args:
            name: Name of the piece.
            columns: Titles of the columns.
            things: What the rows are about.
            row: From one of the things to its values, one per column.
            on_click: What a click on a row does; it is given the event and the thing.
        """
        as_narrow_as_the_panel = {"table": {"sx": {"minWidth": 0}}}
        view = types.TableView(on_click_row=self._on_click, componentsProps=as_narrow_as_the_panel)
        keys = [f"column{number}" for number in range(len(columns))]
        for key, title in zip(keys, columns, strict=True):
            view.add_column(key, label=title)
        self.schema.list(name, types.Object(), view=view)
        self.data[name] = [
            {"id": number} | dict(zip(keys, row(thing), strict=True)) for number, thing in enumerate(things)
        ]

        def open_row(event: Any, params: dict) -> None:
            if params["row"] >= 0:  # else the titles
                on_click(event, things[params["row"]])

        self.clicks[f"{self._path}{name}"] = open_row

    def _clicked(self, name: str, on_click: Action) -> dict[str, str]:
        """Parameters that tell which button or picture is clicked."""
        path = f"{self._path}{name}"
        self.clicks[path] = lambda event, _: on_click(event)
        return {"path": path}


def _mark_at(data: Any, index: int | list[int]) -> Any:
    """What a figure carries at the place of a mark."""
    for at in index if isinstance(index, list) else [index]:
        data = data[at]
    return data


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
