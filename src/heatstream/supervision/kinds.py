"""Every kind of matter there is."""

from collections.abc import Mapping
from types import MappingProxyType

from heatstream.errors import BadInput
from heatstream.supervision.assessment_kind import ASSESSMENT
from heatstream.supervision.company_file import COMPANY_FILE
from heatstream.supervision.incident_kind import INCIDENT
from heatstream.supervision.matter import MatterKind
from heatstream.supervision.orders import ORDER
from heatstream.supervision.publications import PUBLICATION
from heatstream.supervision.task_kind import TASK
from heatstream.supervision.warning_kind import WARNING
from heatstream.supervision.work_orders import WORK_ORDERS

KINDS: Mapping[str, MatterKind] = MappingProxyType(
    {
        INCIDENT.name: INCIDENT,
        COMPANY_FILE.name: COMPANY_FILE,
        ORDER.name: ORDER,
        PUBLICATION.name: PUBLICATION,
        WORK_ORDERS.name: WORK_ORDERS,
        WARNING.name: WARNING,
        TASK.name: TASK,
        ASSESSMENT.name: ASSESSMENT,
    }
)


def kind_of(name: str) -> MatterKind:
    """Give a kind by its name.

    Raises
    ------
    BadInput
        There is no such kind.
    """
    if name not in KINDS:
        raise BadInput(f"kind {name!r}: there is none; expected one of {', '.join(sorted(KINDS))}")
    return KINDS[name]
