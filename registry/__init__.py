"""What the brand knew: products, dealers, territories, authorisations, and who may sell where."""

from registry.authority import AreaKey, Authority, Window
from registry.book import Registry, SiteParty
from registry.model import Head
from registry.policy import Policy, PolicyError, read_policy
from registry.rows import RegistryRows

__all__ = [
    "AreaKey", "Authority", "Head", "Policy", "PolicyError", "Registry", "RegistryRows",
    "SiteParty", "Window", "read_policy",
]
