"""GS1 keys of a made-up company (prefix 9506000, of GS1's examples) and their URIs."""

COMPANY = "9506000"
WEB = "https://id.gs1.org"


def with_check_digit(digits: str) -> str:
    """The digits and GS1's modulo-10 check digit behind them (GS1 General Specifications, 7.9)."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return digits + str(-total % 10)


def gtin(number: int) -> str:
    """A GTIN-14 of the brand's; ``number`` below 100."""
    return with_check_digit(f"0{COMPANY}001{number:02d}".rjust(13, "0"))


def gln(block: int, number: int) -> str:
    """A GLN; ``block`` tells brand 0, dealers 1, dealers' warehouses 2, own sites 3, outlets 4."""
    return with_check_digit(f"{COMPANY}{block:01d}{number:04d}")


def sscc_uri(number: int) -> str:
    """The Digital Link URI of a logistic unit; ``number`` below nine million."""
    return f"{WEB}/00/" + with_check_digit(f"3{COMPANY}00{1_000_000 + number:07d}")


def item_uri(gtin14: str, serial: str) -> str:
    """The canonical Digital Link URI of an item."""
    return f"{WEB}/01/{gtin14}/21/{serial}"


def party_uri(party_gln: str) -> str:
    """A party by its GLN (AI 417)."""
    return f"{WEB}/417/{party_gln}"


def site_uri(site_gln: str) -> str:
    """A place by its GLN (AI 414)."""
    return f"{WEB}/414/{site_gln}"
