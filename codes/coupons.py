"""North American coupon codes: AI 8110 ('North American Coupon Application Guideline') and the
positive offer file of AI 8112 ('GS1 AI (8112) Coupon Data Specification').
"""

import calendar


class _UnreadableError(Exception):
    """What a reader found wrong; never leaves this module."""


class _Reader:
    """Reads fields of digits from the left."""

    def __init__(self, digits: str) -> None:
        self._digits = digits
        self._position = 0

    def take(self, length: int, what: str) -> str:
        """The next ``length`` digits."""
        end = self._position + length
        if end > len(self._digits):
            raise _UnreadableError(f"the {what} is cut off")
        field = self._digits[self._position : end]
        self._position = end
        return field

    def one_of(self, allowed: str, what: str) -> str:
        """The next digit, which is one of ``allowed``."""
        digit = self.take(1, what)
        if digit not in allowed:
            raise _UnreadableError(f"the {what} is none of {', '.join(allowed)}")
        return digit

    def sized(self, allowed: str, offset: int, what: str) -> str:
        """A field whose length, less ``offset``, stands in the digit before it."""
        return self.take(int(self.one_of(allowed, f"{what}'s length")) + offset, what)

    def option(self, digit: str) -> bool:
        """Whether the optional field that ``digit`` announces comes next."""
        if self._digits[self._position : self._position + 1] != digit:
            return False
        self._position += 1
        return True

    def end(self) -> None:
        """Nothing may be left."""
        if self._position != len(self._digits):
            raise _UnreadableError("something follows the last field")


def _date(reader: _Reader, what: str) -> str:
    text = reader.take(6, what)
    month, day = int(text[2:4]), int(text[4:])
    year = 2000 + int(text[:2])
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise _UnreadableError(f"the {what} is no date")
    return text


def _purchase(reader: _Reader, ordinal: str) -> None:
    reader.sized("12345", 0, f"{ordinal} purchase requirement")
    reader.one_of("012349", f"{ordinal} purchase requirement code")
    reader.take(3, f"{ordinal} purchase family code")


def _further_purchase(reader: _Reader, ordinal: str) -> None:
    _purchase(reader, ordinal)
    length = reader.one_of("01234569", f"{ordinal} purchase company prefix's length")
    if length != "9":
        reader.take(int(length) + 6, f"{ordinal} purchase company prefix")


def _dates(reader: _Reader) -> None:
    expires = _date(reader, "expiration date") if reader.option("3") else None
    if reader.option("4") and _date(reader, "start date") > (expires or "999999"):
        raise _UnreadableError("the coupon expires before it starts")


def _miscellaneous(reader: _Reader) -> None:
    reader.one_of("01256", "save value code")
    reader.one_of("012", "save value's item")
    reader.take(1, "store coupon flag")
    reader.one_of("01", "don't-multiply flag")


def _read_coupon(reader: _Reader) -> None:
    reader.sized("0123456", 6, "company prefix")
    reader.take(6, "offer code")
    reader.sized("12345", 0, "save value")
    _purchase(reader, "first")
    if reader.option("1"):
        reader.one_of("0123", "additional purchase rules code")
        _further_purchase(reader, "second")
    if reader.option("2"):
        _further_purchase(reader, "third")
    _dates(reader)
    if reader.option("5"):
        reader.sized("0123456789", 6, "serial number")
    if reader.option("6"):
        reader.sized("1234567", 6, "retailer")
    if reader.option("9"):
        _miscellaneous(reader)
    reader.end()


def _read_positive_offer(reader: _Reader) -> None:
    reader.one_of("01", "format code")
    reader.sized("0123456", 6, "funder")
    reader.take(6, "offer code")
    reader.sized("0123456789", 6, "serial number")
    reader.end()


def couponcode(text: str) -> str | None:
    """What is wrong with a coupon code of AI 8110, or ``None``."""
    if not text.isdecimal():
        return "it has something else than digits"
    try:
        _read_coupon(_Reader(text))
    except _UnreadableError as problem:
        return str(problem)
    return None


def couponposoffer(text: str) -> str | None:
    """What is wrong with a coupon code of AI 8112, or ``None``."""
    if not text.isdecimal():
        return "it has something else than digits"
    try:
        _read_positive_offer(_Reader(text))
    except _UnreadableError as problem:
        return str(problem)
    return None
