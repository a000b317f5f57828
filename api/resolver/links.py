"""The links of a target: those that the brand configured, and the page that there always is."""

from dataclasses import dataclass
from urllib.parse import quote

from api.resolver.target import Target
from api.services import Services
from api.wording import Wording
from registry.model import Link
from store.instants import to_us

VOCABULARY = "https://ref.gs1.org/voc/"
_PREFIXES = (VOCABULARY, "https://gs1.org/voc/", "http://gs1.org/voc/", "gs1:")
DEFAULT, DEFAULT_MULTI, PRODUCT_PAGE = (
    f"{VOCABULARY}{name}" for name in ("defaultLink", "defaultLinkMulti", "pip")
)
PAGE_LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class TypedLink:
    """One link: its relation as a URI, and what RFC 8288 calls target attributes.

    ``own`` marks the page of this service, to which a reading of the code leads.
    """

    rel: str
    href: str
    title: str
    hreflang: tuple[str, ...] = ()
    type: str | None = None
    own: bool = False


def relation(link_type: str) -> str:
    """The URI of a link type, however its namespace was written.

    >>> relation("gs1:pip")
    'https://ref.gs1.org/voc/pip'
    """
    for prefix in _PREFIXES:
        if link_type.startswith(prefix):
            return VOCABULARY + link_type.removeprefix(prefix)
    return link_type


def links_of(services: Services, target: Target) -> list[TypedLink]:
    """Every link of the target, the default link first.

    An item's default is always the page of the reading, since that is what its code was printed
    for; what a brand configures as default takes the place of the product's own page.
    """
    configured = [_typed(row) for row in _rows(services, target)]
    page = page_of(services, target)
    default = next((link for link in configured if link.rel == DEFAULT), None)
    if default is None or target.serial is not None:
        default = page
    others = [link for link in configured if link.rel != DEFAULT]
    return [
        TypedLink(DEFAULT, default.href, default.title, own=default.own),
        *([] if default.own else [_described(default)]),
        page,
        *others,
    ]


def page_of(services: Services, target: Target) -> TypedLink:
    """The service's own page: of an item the reading itself, else what the code names."""
    root = services.settings.public_url.rstrip("/")
    is_item = target.serial is not None
    query = f"?{target.own_query}" if is_item and target.own_query else ""
    href = f"{root}{target.path}{query}" if is_item else f"{root}/about{target.path}"
    words = Wording("api.resolver", "en", brand=services.settings.brand_name)
    title = words("item_page" if is_item else "about_page")
    return TypedLink(PRODUCT_PAGE, href, title, PAGE_LANGUAGES, "text/html", own=True)


def _rows(services: Services, target: Target) -> list[Link]:
    if target.gtin is None:
        return []
    return services.registry().links_of(target.gtin, to_us(services.clock()))


def _typed(row: Link) -> TypedLink:
    return TypedLink(
        relation(row.link_type), row.href, row.title, tuple(row.hreflang or ()), row.type
    )


def _described(default: TypedLink) -> TypedLink:
    """A default link carries a descriptive type, too (2.5.8)."""
    return TypedLink(
        PRODUCT_PAGE, default.href, default.title, default.hreflang, default.type
    )


def link_header(links: list[TypedLink], anchor: str) -> str:
    """RFC 8288: where the linkset lies, and the first links with their relations."""
    linkset = f'<{anchor}?linkType=linkset>; rel="linkset"; type="application/linkset+json"'
    return ", ".join([linkset, *(_header_value(link) for link in links[:MOST_IN_HEADER])])


MOST_IN_HEADER = 12
"""Links in a header; all of them stand in the linkset."""


def _header_value(link: TypedLink) -> str:
    parts = [f"<{link.href}>", f'rel="{link.rel}"']
    if link.type is not None:
        parts.append(f'type="{link.type}"')
    parts += [f'hreflang="{tag}"' for tag in link.hreflang]
    # RFC 8187, since a title may be in any script and a header is ASCII.
    parts.append(f"title*=UTF-8''{quote(link.title, safe='')}")
    return "; ".join(parts)
