"""What can go wrong in a simulator."""


class SimulatorError(Exception):
    """Something a person can mend: the message says what was seen, what was expected and where.

    SimulatorError
    ├── ScenarioError      a scenario file
    ├── MappingError       a mapping file, or the file that it maps
    ├── ReceiptAheadError  a receipt for a message that was never sent
    ├── StateError         a state folder that belongs to another story
    └── LinkError          the connection to the broker
        └── RefusedError   the broker said no
    """


class ScenarioError(SimulatorError):
    pass


class MappingError(SimulatorError):
    pass


class ReceiptAheadError(SimulatorError):
    def __init__(self, gateway: str, receipt: int, last: int) -> None:
        super().__init__(
            f"gateway {gateway}: the receipt says {receipt} is stored, but {last} is the last sequence that was given "
            "out here. The counter was lost, or another gateway sends under this name"
        )


class StateError(SimulatorError):
    pass


class LinkError(SimulatorError):
    pass


class RefusedError(LinkError):
    pass
