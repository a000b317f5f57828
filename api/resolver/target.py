"""What a request to the resolver names: the Digital Link as it came, and what is known of it."""

from dataclasses import dataclass

from starlette.requests import Request

from api.services import Services
from codes.digital_link import CANONICAL_STEM, DigitalLink, decode, parse, path_of
from codes.epc import logistic_unit_uri
from codes.errors import CodeError
from registry.model import Product
from store.instants import to_us
from store.unit_views import is_known_unit

PRODUCT_KEYS = frozenset(["01", "8006"])
"""Keys that begin with a product's GTIN: the product itself, and a piece of it (ITIP)."""

ASSET_KEYS = frozenset(["8003", "8004"])
"""Returnable and individual assets: crates, pallets, containers that item events name."""

SUPPORTED_KEYS = frozenset(["00"]) | PRODUCT_KEYS | ASSET_KEYS
"""Keys of which the service can know anything."""

LONGEST_ADDRESS = 2000
"""Characters of path and query; a code with every GS1 attribute has a few hundred."""

LINK_TYPE = "linkType"


@dataclass(frozen=True, slots=True)
class Target:
    """``uri`` as it was read, under the public address; ``query`` as sent, without ``?``."""

    uri: str
    link: DigitalLink
    query: str

    @property
    def gtin(self) -> str | None:
        """The product's GTIN, where the key holds one."""
        key, value = self.link.path[0]
        return value[:14] if key in PRODUCT_KEYS else None

    @property
    def serial(self) -> str | None:
        """The item's serial."""
        return self.link.value("21") if self.link.path[0][0] == "01" else None

    @property
    def path(self) -> str:
        """The identifier as a path, in normal form."""
        return path_of(self.link.path)

    @property
    def own_query(self) -> str:
        """The query without what is said to the resolver alone."""
        parts = (part for part in self.query.split("&") if part)
        return "&".join(part for part in parts if part.partition("=")[0] != LINK_TYPE)

    @property
    def link_type(self) -> str | None:
        """The link type that is asked for; of several the first."""
        for part in self.query.split("&"):
            key, _, value = part.partition("=")
            if decode(key, in_query=True) == LINK_TYPE:
                return decode(value, in_query=True)
        return None


def read_target(services: Services, request: Request, *, behind: str = "") -> Target:
    """The request's address, after what it stands ``behind``, as a Digital Link; one slash at its
    end is forgiven.

    Raises:
        CodeError: ``uri-invalid``: it is none, or is too long.
    """
    raw = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    path = raw.partition("?")[0].removeprefix(behind).removesuffix("/")
    query = request.scope["query_string"].decode("latin-1")
    target = path + ("?" + query if query else "")
    if len(target) > LONGEST_ADDRESS:
        raise CodeError(
            f"it has more than {LONGEST_ADDRESS} characters", field="uri", type="uri-invalid"
        )
    uri = services.settings.public_url.rstrip("/") + target
    return Target(uri, parse(uri), query)


def product_of(services: Services, target: Target) -> Product | None:
    """The brand's product that the target names or belongs to."""
    if target.gtin is None:
        return None
    return services.registry().product(target.gtin, to_us(services.clock()))


def is_known(services: Services, target: Target) -> bool:
    """Whether anything is known of the target; may ask the database, and runs in a thread."""
    key, value = target.link.path[0]
    if key in PRODUCT_KEYS:
        return product_of(services, target) is not None
    if key in ASSET_KEYS:
        return is_known_unit(services.engine, CANONICAL_STEM + path_of(target.link.path[:1]))
    if key != "00":
        return False
    unit = logistic_unit_uri(value)
    return bool(services.registry().shipments_of_unit(unit)) or is_known_unit(
        services.engine, unit
    )
