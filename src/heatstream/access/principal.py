"""Somebody who asks: a machine with a key, or a person who signed in."""

from dataclasses import dataclass, replace

from heatstream.access.scope import Scope
from heatstream.store.accounts import Person
from heatstream.store.keys import ApiKey

SCOPES_OF_PEOPLE = ("read", "claims", "rejects")
"""What a key must be given, a person's role alone decides: `permits` holds both against a route."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, in which role, and which rows they see.

    Attributes
    ----------
    who : key:prefix or account:login, as the access log names them
    officer : 工号 of a person; None for a machine
    scopes : what a key may be used for
    """

    who: str
    name: str
    role: str
    officer: str | None
    scopes: frozenset[str]
    scope: Scope

    def allows(self, scope: str) -> bool:
        """Tell whether a key may do what `scope` names; of people the role alone decides."""
        return scope in self.scopes or "admin" in self.scopes

    def for_aggregates(self) -> Scope:
        """Give the scope that counts over every row, for answers that show none of them alone."""
        return replace(self.scope, role="aggregates")


def of_key(key: ApiKey) -> Principal:
    """Make the principal of a machine."""
    who = f"key:{key.prefix}"
    scope = Scope(key.role, who, district=key.district_id, company=key.company_id)
    return Principal(who, key.name, key.role, None, frozenset(key.scopes), scope)


def of_person(person: Person) -> Principal:
    """Make the principal of a person who signed in."""
    who = f"account:{person.login}"
    scope = Scope(
        person.role,
        who,
        district=person.district_id,
        company=person.company_id,
        street=person.street_office,
        household=person.household_id,
    )
    return Principal(who, person.name, person.role, person.officer, frozenset(SCOPES_OF_PEOPLE), scope)
