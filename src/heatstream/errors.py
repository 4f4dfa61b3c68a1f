"""Everything heatstream raises by itself.

HeatstreamError
├── SettingsError        a setting is unknown, missing or out of range
├── BadInput             a file or a message that a person or a machine gave us
│   └── RegistryError    a registry file, line by line
├── Refused              the law, or a choice that nobody made, forbids an answer
├── StoreError           the database is not what this release expects
│   └── LockLost         another may be writing by now
└── BrokerError          the broker ended the session or is set up unsafely
    ├── BrokerLost       the connection ended; connect again
    └── TakenOver        another client came under our name

Beside it FieldError, a ValueError: what a pydantic model finds wrong with a field.
"""


class HeatstreamError(Exception):
    """The root: its text is the message for a person, saying what was seen, what was expected and where.

    Attributes
    ----------
    zh : the same in Chinese, for the pages; empty where no page can meet it
    """

    def __init__(self, text: str = "", *, zh: str = "") -> None:
        super().__init__(text)
        self.zh = zh


class SettingsError(HeatstreamError):
    """A setting is unknown, missing or out of range."""


class BadInput(HeatstreamError):
    """Something given from outside cannot be used."""


class RegistryError(BadInput):
    """Registry files with faults.

    Attributes
    ----------
    faults : one line a fault, `file:line: column: what was seen, what was expected`
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Refused(HeatstreamError):
    """The rule pack or the operator's choices do not say what to answer; the text names what must be chosen."""


class StoreError(HeatstreamError):
    """The database is not what this release expects."""


class LockLost(StoreError):
    """The connection that holds the writers' lock is gone: another may be writing by now."""


class BrokerError(HeatstreamError):
    """The broker ended the session, or is set up so that messages would be lost."""


class BrokerLost(BrokerError):
    """The connection to the broker ended; what was not acknowledged comes again on the next."""


class TakenOver(BrokerError):
    """Another client came under our name: two would take turns at one session."""


class FieldError(ValueError):
    """A field contradicts another: raised within a pydantic model, which gathers it with the other faults.

    Attributes
    ----------
    zh : the same in Chinese, without the field's name, which a form has in words
    """

    def __init__(self, text: str, *, zh: str) -> None:
        super().__init__(text)
        self.zh = zh
