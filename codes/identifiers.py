"""GS1 keys by themselves: ``compact`` strips what people write between digits, ``validate`` gives
the canonical form or raises, ``is_valid`` only says.

>>> GTIN.validate("9 506000 134352")
'09506000134352'
>>> GLN.is_valid("9506000134377")
False
"""

from dataclasses import dataclass

from codes.checksums import check_digit
from codes.elements import SEPARATORS, problem
from codes.errors import CodeError


@dataclass(frozen=True, slots=True)
class Identifier:
    """A key of digits. ``lengths`` are the forms it is written in; the longest is canonical."""

    name: str
    ai: str
    lengths: tuple[int, ...]

    def compact(self, text: str) -> str:
        """``text`` without the blanks and hyphens that people put between digits."""
        return text.translate(SEPARATORS)

    def validate(self, text: str) -> str:
        """The canonical form: all digits, with zeros in front where a short form was given.

        Raises:
            CodeError: ``identifier-invalid``.
        """
        digits = self.compact(text)
        if len(digits) not in self.lengths:
            wanted = ", ".join(map(str, self.lengths))
            raise self._refused(f"a {self.name} has {wanted} digits, not {len(digits)}")
        canonical = digits.zfill(max(self.lengths))
        found = problem(self.ai, canonical)
        if found is not None:
            raise self._refused(f"{self.name}: {found}")
        return canonical

    def is_valid(self, text: str) -> bool:
        """Whether ``validate`` would take ``text``."""
        try:
            self.validate(text)
        except CodeError:
            return False
        return True

    def complete(self, digits: str) -> str:
        """The canonical form of digits that still lack their check digit.

        Raises:
            CodeError: as ``validate``.
        """
        compact = self.compact(digits)
        if not (compact.isascii() and compact.isdecimal()):
            raise self._refused(f"a {self.name} has digits only")
        return self.validate(compact + check_digit(compact))

    def _refused(self, detail: str) -> CodeError:
        return CodeError(detail, field=self.name.lower(), type="identifier-invalid")


GTIN = Identifier("GTIN", "01", (8, 12, 13, 14))
SSCC = Identifier("SSCC", "00", (18,))
GLN = Identifier("GLN", "417", (13,))
