"""What columns and steps are called in Chinese and English, and what they mean in EPCIS."""

import re
from typing import NamedTuple

from events.errors import TracewardenError


class TableError(TracewardenError):
    """A file that is no table of item events; nothing of it can be read."""

    type = "table-invalid"


class RowError(TracewardenError):
    """A cell that is wrong; it names sheet, row (from 1, as a spreadsheet counts) and column."""

    type = "row-invalid"

    def __init__(self, detail: str, *, sheet: str, row: int, column: str) -> None:
        super().__init__(detail, field=f"{sheet}:{row}:{column}")
        self.sheet, self.row, self.column = sheet, row, column

    def as_dict(self) -> dict[str, str]:
        """The error with its place in members of their own, too."""
        place = {"sheet": self.sheet, "row": str(self.row), "column": self.column}
        return {**super().as_dict(), **place}


class Meaning(NamedTuple):
    """A step as EPCIS says it."""

    biz_step: str
    disposition: str | None
    action: str
    aggregates: bool = False


COLUMNS: dict[str, tuple[str, ...]] = {
    "time": ("time", "event time", "date", "时间", "日期", "业务时间"),
    "step": ("step", "event", "operation", "业务", "业务类型", "操作", "操作类型"),
    "code": ("code", "barcode", "epc", "item code", "编码", "码", "条码", "物流码",
             "商品码", "箱码"),
    "gtin": ("gtin", "商品条码", "产品条码"),
    "serial": ("serial", "serial number", "序列号"),
    "sscc": ("sscc", "logistic unit", "托盘码", "物流单元"),
    "container": ("container", "case", "parent", "上级码", "容器", "外箱码"),
    "from": ("from", "sender", "发货方", "出库方"),
    "to": ("to", "receiver", "收货方", "入库方"),
    "site": ("site", "location", "地点", "仓库", "网点"),
    "document": ("document", "delivery note", "单号", "单据号", "出库单号"),
}  # fmt: skip
"""Column → what it may be called; letter case and blanks do not matter."""
TITLES = {"en": {name: words[0] for name, words in COLUMNS.items()},
          "zh": {"time": "时间", "step": "业务", "code": "编码", "gtin": "商品条码",
                 "serial": "序列号", "sscc": "托盘码", "container": "上级码", "from": "发货方",
                 "to": "收货方", "site": "地点", "document": "单号"}}  # fmt: skip
"""What a template calls them."""

STEPS: dict[Meaning, tuple[str, ...]] = {
    Meaning("commissioning", "active", "ADD"): ("commissioning", "赋码", "激活", "生产"),
    Meaning("packing", None, "ADD", True): ("packing", "装箱", "组托", "关联"),
    Meaning("unpacking", None, "DELETE", True): ("unpacking", "拆箱", "拆托", "解除关联"),
    Meaning("shipping", "in_transit", "OBSERVE"): (
        "shipping", "shipped", "outbound", "出库", "发货",
    ),
    Meaning("void_shipping", None, "OBSERVE"): ("void_shipping", "撤销出库", "撤销发货"),
    Meaning("receiving", "in_progress", "OBSERVE"): (
        "receiving", "received", "inbound", "入库", "收货",
    ),
    Meaning("shipping", "returned", "OBSERVE"): (
        "return shipping", "return outbound", "退货出库", "退货发出",
    ),
    Meaning("receiving", "returned", "OBSERVE"): (
        "return", "returned", "return receipt", "退货", "退货入库",
    ),
    Meaning("retail_selling", "retail_sold", "OBSERVE"): (
        "retail_selling", "sold", "sale", "销售", "零售",
    ),
    Meaning("holding", "recalled", "OBSERVE"): ("recalled", "recall", "召回"),
    Meaning("decommissioning", "inactive", "DELETE"): ("decommissioning", "注销", "停用"),
    Meaning("destroying", "destroyed", "OBSERVE"): ("destroying", "destroyed", "销毁", "报废"),
}  # fmt: skip
"""Meaning → the words for it."""

_SPACES = re.compile(r"[\s_\-]+")


def plain(text: str) -> str:
    """A word without what people write differently: case, blanks, underscores, full-width signs."""
    narrow = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)
    return _SPACES.sub("", narrow).lower()


_COLUMN_OF = {plain(word): name for name, words in COLUMNS.items() for word in words}
_STEP_OF = {plain(word): meaning for meaning, words in STEPS.items() for word in words}


def column_of(title: str) -> str | None:
    """The column that a title names."""
    return _COLUMN_OF.get(plain(title))


def step_of(word: str) -> Meaning | None:
    """What a word for a step means."""
    return _STEP_OF.get(plain(word))
