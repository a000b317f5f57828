"""Check digits and check characters of the GS1 General Specifications and of ISO 13616."""

CHARSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""GS1 AI encodable character set 82, in the order of its check character values."""

_CHECK_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_VALUE_82 = {character: value for value, character in enumerate(CHARSET_82)}


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


_PRIMES = _primes(97)


def check_digit(digits: str) -> str:
    """The mod-10 check digit that belongs after ``digits`` (GTIN, SSCC, GLN, …).

    >>> check_digit("0950600013435")
    '2'
    """
    odd = sum(map(int, digits[-1::-2]))
    even = sum(map(int, digits[-2::-2]))
    return str(-(odd * 3 + even) % 10)


def has_check_digit(digits: str) -> bool:
    """Whether the last of ``digits`` is their check digit.

    >>> has_check_digit("09506000134352")
    True
    """
    return len(digits) > 1 and check_digit(digits[:-1]) == digits[-1]


def check_pair(text: str) -> str:
    """The check character pair that belongs after ``text`` (GMN; characters of set 82).

    >>> check_pair("1987654Ad4X4bL5ttr2310c")
    '2K'
    """
    weighted = zip(reversed(text), _PRIMES, strict=False)
    total = sum(_VALUE_82[character] * prime for character, prime in weighted) % 1021
    return _CHECK_32[total >> 5] + _CHECK_32[total & 31]


def has_check_pair(text: str) -> bool:
    """Whether the last two characters of ``text`` are its check character pair."""
    body = text[:-2]
    if not 2 <= len(text) <= len(_PRIMES) + 2 or not set(body) <= _VALUE_82.keys():
        return False
    return check_pair(body) == text[-2:]


def is_iban_checksum(text: str) -> bool:
    """Whether ``text`` (digits and upper-case letters) has the checksum of ISO 13616.

    >>> is_iban_checksum("BE71096123456769")
    True
    """
    if not (text.isascii() and text.isalnum() and text == text.upper()):
        return False
    rotated = text[4:] + text[:4]
    return int("".join(str(int(character, 36)) for character in rotated)) % 97 == 1
